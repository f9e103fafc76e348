/* SPDX-License-Identifier: MIT */
/* POP3: one row a command, in the order of RFC 1939; CAPA and its extensions (RFC 2449), STLS (2595), AUTH (5034). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "server_internal.h"

/* RFC 2449 4 */
#define LINE_MAX_POP3 255

static const char extensions[] = "TOP UIDL RESP-CODES AUTH-RESP-CODE PIPELINING USER UTF8";

static bool
yes(conn *c, const char *stage, const char *text)
{
	return email_test_reply(c, stage, NULL, text) > 0;
}

static bool
no(conn *c, const char *stage, const char *text)
{
	return email_test_replyf(c, stage, "-ERR %s", text) > 0;
}

/* --- AUTHORIZATION --- */

static bool
in_clear(const conn *c)
{
	return !c->tls && !c->s->o.auth_in_clear;
}

static bool
capa(conn *c, char *argument)
{
	const email_test_server_options *o = &c->s->o;
	char text[2048] = "";

	(void)argument;
	if (email_test_reply(c, "capa", NULL, "+OK Capability list follows") != 2 || c->bent)
		return !c->broken;
	for (const char *p = extensions; *p; p += strspn(p, " ")) {
		char word[32];
		size_t n = strcspn(p, " ");
		(void)snprintf(word, sizeof word, "%.*s", (int)n, p);
		if (strcmp(word, "USER") || !in_clear(c))
			email_test_offer(c, word, *text ? "\r\n" : "", text, sizeof text);
		p += n;
	}
	email_test_offer(c, o->with, "\r\n", text, sizeof text);
	if (o->tls == EMAIL_TEST_STARTTLS && !c->tls)
		email_test_offer(c, "STLS", "\r\n", text, sizeof text);
	if (!in_clear(c) && email_test_offers(c, "SASL", "SASL")) {
		size_t used = strlen(text);
		(void)snprintf(text + used, sizeof text - used, "\r\nSASL %s", o->mechanisms);
	}
	return email_test_putf(c, "%s\r\n.", text);
}

static bool
stls(conn *c, char *argument)
{
	const email_test_server_options *o = &c->s->o;
	bool alone = email_test_last_in_flight(c, "bytes in one flight behind STLS");

	(void)argument;
	if (o->tls != EMAIL_TEST_STARTTLS || c->tls) {
		email_test_violation(c, "STLS is not offered");
		return no(c, "stls", "STLS is not offered");
	}
	if (email_test_reply(c, "stls", NULL, "+OK Begin TLS negotiation") != 2)
		return !c->broken;
	if (o->inject)
		(void)email_test_puts(c, o->inject);
	c->user[0] = '\0';
	return alone && email_test_flush(c) && email_test_stage(c, "tls") && email_test_tls_accept(c);
}

static bool
log_in(conn *c, const char *stage, const char *what)
{
	if (!in_clear(c))
		return true;
	email_test_violation(c, what);
	(void)no(c, stage, "[AUTH] Not in the clear");
	return false;
}

static const email_test_login_words words = {
	.prompt = "+ ",
	.cancelled = "-ERR Cancelled",
	.not_base64 = "-ERR Cannot decode base64",
	.unknown = "-ERR Unknown mechanism",
	.invalid = "-ERR [AUTH] Authentication failed",
	.welcome = "+OK Logged in",
};

/* TRANSACTION begins: the mailbox is as it is now. */
static bool
open_box(conn *c)
{
	if (!c->authenticated)
		return !c->broken;
	return email_test_box_open(c, "INBOX") || no(c, "pass", "[SYS/TEMP] No mailbox");
}

static bool
auth(conn *c, char *argument)
{
	if (!log_in(c, "auth", "AUTH in the clear"))
		return !c->broken;
	return email_test_authenticate(c, argument, &words) && open_box(c);
}

static bool
user(conn *c, char *argument)
{
	if (!log_in(c, "user", "USER in the clear"))
		return !c->broken;
	(void)snprintf(c->user, sizeof c->user, "%s", argument);
	if (email_test_reply(c, "user", NULL, "+OK") != 2)
		c->user[0] = '\0';
	return !c->broken;
}

static bool
pass(conn *c, char *argument)
{
	if (!log_in(c, "pass", "PASS in the clear"))
		return !c->broken;
	if (!c->user[0])
		return no(c, "pass", "USER first");
	(void)email_test_last_in_flight(c, "commands in one flight behind a login");
	return email_test_login(c, "pass", c->user, argument, &words) && open_box(c);
}

/* --- TRANSACTION --- */

static bool
stat_(conn *c, char *argument)
{
	unsigned long long bytes = 0;
	size_t n = 0;

	(void)argument;
	for (size_t i = 0; i < c->box.n; i++) {
		n += !c->box.m[i].gone;
		bytes += c->box.m[i].gone ? 0 : c->box.m[i].size;
	}
	return email_test_replyf(c, "stat", "+OK %zu %llu", n, bytes) > 0;
}

/* The message that the argument names, and the rest of the argument; NULL after an -ERR. */
static box_message *
message(conn *c, const char *stage, char *argument, char **rest)
{
	char *space = strchr(argument, ' ');
	int64_t n;

	if (space)
		*space++ = '\0';
	if (rest)
		*rest = space;
	if (email__str_number(argument, 1, (int64_t)c->box.n, &n) && !c->box.m[n - 1].gone)
		return &c->box.m[n - 1];
	email_test_violation(c, "a message that is not there");
	(void)no(c, stage, "No such message");
	return NULL;
}

/* What LIST or UIDL says of one message. */
static void
describe(conn *c, bool uids, const box_message *m, char *text, size_t size)
{
	char number[16], usual[64];

	(void)snprintf(number, sizeof number, "%zu", (size_t)(m - c->box.m) + 1);
	if (uids)
		(void)snprintf(usual, sizeof usual, "uid-%lu", (unsigned long)m->uid);
	else
		(void)snprintf(usual, sizeof usual, "%llu", (unsigned long long)m->size);
	(void)snprintf(text, size, "%s %s", number,
	               email_test_text(c, uids ? "uid" : "listed", number, usual));
}

static bool
listing(conn *c, const char *stage, char *argument, bool uids)
{
	char text[IN_MAX];

	if (*argument) {
		box_message *m = message(c, stage, argument, NULL);
		if (!m)
			return !c->broken;
		describe(c, uids, m, text, sizeof text);
		return email_test_replyf(c, stage, "+OK %s", text) > 0;
	}
	if (email_test_reply(c, stage, NULL, "+OK") != 2 || c->bent)
		return !c->broken;
	for (size_t i = 0; i < c->box.n; i++) {
		if (c->box.m[i].gone)
			continue;
		describe(c, uids, &c->box.m[i], text, sizeof text);
		if (!email_test_puts(c, text) || !email_test_puts(c, "\r\n"))
			return false;
	}
	return email_test_puts(c, ".\r\n");
}

static bool
list(conn *c, char *argument)
{
	return listing(c, "list", argument, false);
}

static bool
uidl(conn *c, char *argument)
{
	/* RFC 1939 7 has it without CAPA: to ask is no violation */
	if (email_test_offers(c, extensions, "UIDL"))
		return listing(c, "uidl", argument, true);
	return no(c, "uidl", "UIDL is not offered");
}

/* The header, its empty line, and `lines` of what follows. */
static size_t
top_of(const unsigned char *p, size_t n, int64_t lines)
{
	bool body = false;
	size_t at = 0;

	while (at < n && (!body || lines > 0)) {
		const unsigned char *nl = memchr(p + at, '\n', n - at);
		size_t end = nl ? (size_t)(nl - p) + 1 : n;
		if (body)
			lines--;
		else
			body = end - at <= 2;
		at = end;
	}
	return at;
}

static bool
send_message(conn *c, const char *stage, const box_message *m, int64_t lines)
{
	unsigned char *p;
	char number[16];
	size_t n;
	bool ok = true;

	(void)snprintf(number, sizeof number, "%zu", (size_t)(m - c->box.m) + 1);
	if ((p = email_test_box_read(c, m, &n)) == NULL)
		return no(c, stage, "[SYS/TEMP] Cannot read it");
	if (email_test_reply(c, stage, number, "+OK Message follows") == 2 && !c->bent) {
		ok = email_test_body(c, number, p, lines < 0 ? n : top_of(p, n, lines), true);
		if (ok && lines < 0) {
			c->n.messages++;
			email_test_log(c, "message %lu %zu bytes", (unsigned long)m->uid, n);
		}
	}
	free(p);
	return ok && !c->broken;
}

static bool
retr(conn *c, char *argument)
{
	box_message *m = message(c, "retr", argument, NULL);

	return m ? send_message(c, "retr", m, -1) : !c->broken;
}

static bool
top(conn *c, char *argument)
{
	char *rest;
	box_message *m = message(c, "top", argument, &rest);
	int64_t lines;

	if (!m)
		return !c->broken;
	if (!email_test_offers(c, extensions, "TOP") || !rest ||
	    !email__str_number(rest, 0, INT32_MAX, &lines)) {
		email_test_violation(c, "TOP is not offered, or not so");
		return no(c, "top", "TOP number lines");
	}
	return send_message(c, "top", m, lines);
}

static bool
dele(conn *c, char *argument)
{
	box_message *m = message(c, "dele", argument, NULL);
	char number[16];

	if (!m)
		return !c->broken;
	(void)snprintf(number, sizeof number, "%zu", (size_t)(m - c->box.m) + 1);
	m->gone = email_test_reply(c, "dele", number, "+OK Marked to be deleted") == 2;
	return !c->broken;
}

static bool
noop(conn *c, char *argument)
{
	(void)argument;
	return yes(c, "noop", "+OK");
}

static bool
rset(conn *c, char *argument)
{
	(void)argument;
	for (size_t i = 0; i < c->box.n; i++)
		c->box.m[i].gone = false;
	return yes(c, "rset", "+OK");
}

static bool
utf8(conn *c, char *argument)
{
	(void)argument;
	if (!email_test_offers(c, extensions, "UTF8"))
		email_test_violation(c, "UTF8 is not offered");
	return yes(c, "utf8", "+OK");
}

/* RFC 1939 6: what was marked goes now, and only now; before the answer, which may be lost. */
static bool
quit(conn *c, char *argument)
{
	bool commit = !email_test_refused(c, "quit");

	(void)argument;
	for (size_t i = 0; commit && i < c->box.n; i++)
		if (c->box.m[i].gone)
			(void)email_test_box_remove(c, &c->box.m[i]);
	(void)email_test_reply(c, "quit", NULL, "+OK Bye");
	(void)email_test_flush(c);
	return false;
}

/* Where a command may be given: before the login, after it. */
enum { BEFORE = 1, AFTER = 2 };

static const struct {
	const char *verb;
	int when;
	bool (*run)(conn *c, char *argument);
} commands[] = {
	{"CAPA", BEFORE | AFTER, capa}, {"STLS", BEFORE, stls}, {"AUTH", BEFORE, auth},
	{"USER", BEFORE, user},         {"PASS", BEFORE, pass}, {"UTF8", BEFORE | AFTER, utf8},
	{"STAT", AFTER, stat_},         {"LIST", AFTER, list},  {"UIDL", AFTER, uidl},
	{"RETR", AFTER, retr},          {"TOP", AFTER, top},    {"DELE", AFTER, dele},
	{"NOOP", AFTER, noop},          {"RSET", AFTER, rset},  {"QUIT", BEFORE | AFTER, quit},
};

static bool
command(conn *c, char *line)
{
	char *argument = line + strcspn(line, " ");
	int now = c->authenticated ? AFTER : BEFORE;

	if (strlen(line) > LINE_MAX_POP3 && strncasecmp(line, "AUTH ", 5) != 0)
		email_test_violation(c, "a command of more than 255 bytes");
	if (*argument)
		*argument++ = '\0';
	if (c->bent && strcmp(line, "*") == 0) /* gives up a login that a rule has made longer */
		return no(c, "auth-end", "Cancelled");
	if (c->in_start != c->in_end && !email_test_offers(c, extensions, "PIPELINING"))
		email_test_violation(c, "pipelining was not offered");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcasecmp(line, commands[i].verb) != 0)
			continue;
		if (commands[i].when & now)
			return commands[i].run(c, argument);
		email_test_violation(c, "a command at the wrong time");
		return no(c, "wrong", "Not now");
	}
	email_test_violation(c, "unknown command");
	return no(c, "unknown", "Unknown command");
}

static void
dialogue(conn *c)
{
	bool more = email_test_reply(c, "greeting", NULL, "+OK POP3 ready") > 0;

	while (more) {
		char *line = email_test_line(c);
		more = line && command(c, line);
	}
	(void)email_test_flush(c);
}

static int
digit(const char *reply)
{
	return strncmp(reply, "+OK", 3) == 0 ? 2 : strncmp(reply, "+ ", 2) == 0 ? 3 : 5;
}

const email_test_dialect email_test_pop3 = {dialogue, digit};
