/* SPDX-License-Identifier: MIT */
/* IMAP: commands with their literals, and those up to an open folder, in the order of RFC 3501 6. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "server_internal.h"

/* A command with its literals. */
#define WHOLE_MAX 65536

static const char before_login[] = "SASL-IR LITERAL+ ID ENABLE";
static const char after_login[] = "SASL-IR LITERAL+ ID ENABLE IDLE UIDPLUS MOVE ESEARCH UTF8=ACCEPT UNSELECT";

/* --- words --- */

/* RFC 3501 9, astring. A literal stands as it came: "{5}", CRLF, five bytes. */
bool
email_test_imap_string(char **p, char *out, size_t size)
{
	char *s = *p;
	size_t n = 0;

	if (*s == '"') {
		for (s++; *s && *s != '"'; s++) {
			if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
				s++;
			if (n + 1 < size)
				out[n++] = *s;
		}
		if (*s++ != '"')
			return false;
	} else if (*s == '{') {
		size_t len = strtoul(s + 1, &s, 10);
		s += *s == '+';
		if (strncmp(s, "}\r\n", 3) != 0)
			return false;
		for (s += 3; len && *s; len--, s++)
			if (n + 1 < size)
				out[n++] = *s;
	} else {
		for (; *s && !strchr(" (){\"%*", *s) && *s > ' '; s++)
			if (n + 1 < size)
				out[n++] = *s;
		if (n == 0)
			return false;
	}
	out[n] = '\0';
	*p = s;
	return true;
}

static bool
syntax(conn *c, const char *what)
{
	email_test_violation(c, what);
	return email_test_replyf(c, "syntax", "{tag} BAD %s", what) > 0;
}

/* --- any time --- */

static bool
in_clear(const conn *c)
{
	return !c->tls && !c->s->o.auth_in_clear;
}

static const char *
usual(const conn *c)
{
	return c->authenticated ? after_login : before_login;
}

static bool
login_disabled(const conn *c)
{
	return in_clear(c) || email_test_offers(c, "", "LOGINDISABLED");
}

static void
list_capabilities(const conn *c, char *text, size_t size)
{
	const email_test_server_options *o = &c->s->o;

	(void)snprintf(text, size, "CAPABILITY");
	email_test_offer(c, "IMAP4rev1", " ", text, size);
	email_test_offer(c, usual(c), " ", text, size);
	email_test_offer(c, o->with, " ", text, size);
	if (c->authenticated)
		return;
	if (o->tls == EMAIL_TEST_STARTTLS && !c->tls)
		email_test_offer(c, "STARTTLS", " ", text, size);
	if (in_clear(c))
		email_test_offer(c, "LOGINDISABLED", " ", text, size);
	else
		email_test_offer(c, o->mechanisms, " AUTH=", text, size);
}

static bool
capability(conn *c, char *arguments)
{
	char text[2048];

	(void)arguments;
	list_capabilities(c, text, sizeof text);
	return email_test_replyf(c, "capability-list", "* %s", text) > 0 &&
	       email_test_reply(c, "capability", NULL, "{tag} OK That is all") > 0;
}

static bool
noop(conn *c, char *arguments)
{
	(void)arguments;
	if (c->box.open && email_test_box_look(c) && !email_test_putf(c, "* %zu EXISTS", c->box.n))
		return false;
	return email_test_reply(c, "noop", NULL, "{tag} OK Nothing") > 0;
}

static bool
id(conn *c, char *arguments)
{
	(void)arguments;
	if (!email_test_offers(c, usual(c), "ID"))
		return syntax(c, "ID is not offered");
	return email_test_putf(c, "* ID (\"name\" \"mail.test\" \"version\" NIL)") &&
	       email_test_reply(c, "id", NULL, "{tag} OK Pleased to meet you") > 0;
}

static bool
logout(conn *c, char *arguments)
{
	(void)arguments;
	(void)email_test_reply(c, "bye", NULL, "* BYE Bye");
	(void)email_test_reply(c, "logout", NULL, "{tag} OK Done");
	(void)email_test_flush(c);
	return false;
}

/* --- before the login --- */

static bool
starttls(conn *c, char *arguments)
{
	const email_test_server_options *o = &c->s->o;
	bool alone = email_test_last_in_flight(c, "bytes in one flight behind STARTTLS");

	(void)arguments;
	if (o->tls != EMAIL_TEST_STARTTLS || c->tls)
		return syntax(c, "STARTTLS is not offered");
	if (email_test_reply(c, "starttls", NULL, "{tag} OK Begin TLS negotiation") != 2)
		return !c->broken;
	if (o->inject)
		(void)email_test_puts(c, o->inject);
	return alone && email_test_flush(c) && email_test_stage(c, "tls") && email_test_tls_accept(c);
}

static const email_test_login_words words = {
	.prompt = "+ ",
	.cancelled = "{tag} BAD Cancelled",
	.not_base64 = "{tag} BAD Cannot decode base64",
	.unknown = "{tag} NO [CANNOT] Unknown mechanism",
	.invalid = "{tag} NO [AUTHENTICATIONFAILED] Authentication failed",
	.welcome = NULL, /* with the capabilities as they are then */
};

/* The words with a welcome that lists what is offered behind the login. */
static email_test_login_words
welcoming(conn *c, char *text, size_t size)
{
	email_test_login_words w = words;
	char list[1800];

	c->authenticated = true;
	list_capabilities(c, list, sizeof list);
	c->authenticated = false;
	(void)snprintf(text, size, "{tag} OK [%s] Logged in", list);
	w.welcome = text;
	return w;
}

static bool
authenticate(conn *c, char *arguments)
{
	char text[2048];
	email_test_login_words w = welcoming(c, text, sizeof text);

	if (in_clear(c)) {
		email_test_violation(c, "AUTHENTICATE in the clear");
		return email_test_reply(c, "auth", NULL, "{tag} NO [PRIVACYREQUIRED] Not in the clear") > 0;
	}
	if (strchr(arguments, ' ') && !email_test_offers(c, usual(c), "SASL-IR"))
		return syntax(c, "an initial response without SASL-IR");
	return email_test_authenticate(c, arguments, &w);
}

static bool
login(conn *c, char *arguments)
{
	char text[2048], password[256];
	email_test_login_words w = welcoming(c, text, sizeof text);

	if (login_disabled(c)) {
		email_test_violation(c,
		                     in_clear(c) ? "LOGIN in the clear" : "LOGIN in spite of LOGINDISABLED");
		return email_test_reply(c, "login", NULL, "{tag} NO [PRIVACYREQUIRED] LOGINDISABLED") > 0;
	}
	if (!email_test_imap_string(&arguments, c->user, sizeof c->user) || *arguments++ != ' ' ||
	    !email_test_imap_string(&arguments, password, sizeof password) || *arguments)
		return syntax(c, "LOGIN name password");
	return email_test_login(c, "login", c->user, password, &w);
}

/* --- behind it --- */

static bool
enable(conn *c, char *arguments)
{
	char text[256] = "* ENABLED";

	if (!email_test_offers(c, usual(c), "ENABLE"))
		return syntax(c, "ENABLE is not offered");
	if (c->box.open)
		email_test_violation(c, "ENABLE with an open folder");
	for (const char *p = arguments; *p; p += strspn(p, " ")) {
		char word[32];
		size_t n = strcspn(p, " ");
		(void)snprintf(word, sizeof word, "%.*s", (int)n, p);
		p += n;
		if (!email_test_offers(c, usual(c), word))
			continue;
		c->utf8 |= strncasecmp(word, "UTF8=", 5) == 0;
		email_test_offer(c, word, " ", text, sizeof text);
	}
	return email_test_putf(c, "%s", text) && email_test_reply(c, "enable", NULL, "{tag} OK Enabled") > 0;
}

static bool
open_folder(conn *c, char *arguments, bool read_only)
{
	char folder[256], number[16];
	size_t n;

	if (!email_test_imap_string(&arguments, folder, sizeof folder) || *arguments)
		return syntax(c, "a folder's name");
	if (!email_test_box_open(c, folder))
		return email_test_reply(c, "select", NULL, "{tag} NO [NONEXISTENT] There is no such folder") >
		       0;
	c->read_only = read_only;
	n = c->box.n;
	(void)snprintf(number, sizeof number, "%zu", n);
	if (!email_test_putf(c, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)") ||
	    !email_test_putf(c, "* OK [PERMANENTFLAGS (%s)] Flags", read_only ? "" : "\\Deleted \\Seen") ||
	    !email_test_putf(c, "* %s EXISTS", email_test_text(c, "exists", NULL, number)) ||
	    !email_test_putf(c, "* 0 RECENT"))
		return false;
	if (!email_test_putf(c, "* OK [UIDVALIDITY %s] UIDs",
	                     email_test_text(c, "uidvalidity", NULL, "1795442268")))
		return false;
	(void)snprintf(number, sizeof number, "%lu", n ? (unsigned long)c->box.m[n - 1].uid + 1 : 1);
	if (!email_test_putf(c, "* OK [UIDNEXT %s] Next", email_test_text(c, "uidnext", NULL, number)))
		return false;
	if (email_test_reply(c, "select", NULL,
	                     read_only ? "{tag} OK [READ-ONLY] Open" : "{tag} OK [READ-WRITE] Open") != 2)
		email_test_box_close(c);
	return !c->broken;
}

static bool
select_(conn *c, char *arguments)
{
	return open_folder(c, arguments, false);
}

static bool
examine(conn *c, char *arguments)
{
	return open_folder(c, arguments, true);
}

static bool
create(conn *c, char *arguments)
{
	char folder[256];

	if (!email_test_imap_string(&arguments, folder, sizeof folder) || *arguments)
		return syntax(c, "a folder's name");
	return email_test_reply(c, "create", NULL,
	                        email_test_box_make(c, folder) ? "{tag} OK Made" : "{tag} NO Not made") > 0;
}

/* RFC 3501 6.4.2: it expunges what anybody marked. */
static bool
close_(conn *c, char *arguments)
{
	(void)arguments;
	return syntax(c, "CLOSE, which expunges");
}

static bool
expunge(conn *c, char *arguments)
{
	(void)arguments;
	return syntax(c, "EXPUNGE without UIDs");
}

static bool
unselect(conn *c, char *arguments)
{
	(void)arguments;
	email_test_box_close(c);
	return email_test_reply(c, "unselect", NULL, "{tag} OK Closed") > 0;
}

/* RFC 2177: news until DONE. Whether a line waits, or the connection is over. */
static bool
something_comes(conn *c)
{
	struct pollfd p = {c->fd, POLLIN, 0};

	return c->in_start != c->in_end || (c->tls && mbedtls_ssl_get_bytes_avail(&c->ssl)) ||
	       poll(&p, 1, 20) != 0;
}

static bool
idle(conn *c, char *arguments)
{
	char *line;

	(void)arguments;
	if (!email_test_offers(c, usual(c), "IDLE"))
		return syntax(c, "IDLE is not offered");
	(void)email_test_last_in_flight(c, "bytes in one flight behind IDLE");
	if (email_test_reply(c, "idling", NULL, "+ idling") != 3)
		return !c->broken;
	if (!email_test_flush(c))
		return false;
	while (!something_comes(c))
		if (email_test_box_look(c) &&
		    (!email_test_putf(c, "* %zu EXISTS", c->box.n) || !email_test_flush(c)))
			return false;
	line = email_test_line(c);
	if (!line)
		return false;
	if (strcasecmp(line, "DONE") != 0)
		email_test_violation(c, "DONE was expected");
	return email_test_reply(c, "idle", NULL, "{tag} OK Done") > 0;
}

/* --- commands --- */

enum { BEFORE = 1, AFTER = 2, OPEN = 4 };

static const struct {
	const char *verb;
	int when;
	bool (*run)(conn *c, char *arguments);
} commands[] = {
	{"CAPABILITY", BEFORE | AFTER | OPEN, capability},
	{"NOOP", BEFORE | AFTER | OPEN, noop},
	{"ID", BEFORE | AFTER | OPEN, id},
	{"LOGOUT", BEFORE | AFTER | OPEN, logout},
	{"STARTTLS", BEFORE, starttls},
	{"AUTHENTICATE", BEFORE, authenticate},
	{"LOGIN", BEFORE, login},
	{"ENABLE", AFTER | OPEN, enable},
	{"SELECT", AFTER | OPEN, select_},
	{"EXAMINE", AFTER | OPEN, examine},
	{"CREATE", AFTER | OPEN, create},
	{"CLOSE", OPEN, close_},
	{"UNSELECT", OPEN, unselect},
	{"EXPUNGE", OPEN, expunge},
	{"IDLE", AFTER | OPEN, idle},
};

static const struct {
	const char *verb;
	const char *needs; /* an extension, or NULL */
	bool (*run)(conn *c, char *arguments);
} of_messages[] = {
	{"FETCH", NULL, email_test_imap_fetch},          {"SEARCH", NULL, email_test_imap_search},
	{"STORE", NULL, email_test_imap_store},          {"COPY", NULL, email_test_imap_copy},
	{"EXPUNGE", "UIDPLUS", email_test_imap_expunge}, {"MOVE", "MOVE", email_test_imap_move},
};

/* "FETCH ...", behind "UID". */
static bool
uid_command(conn *c, char *verb)
{
	char *arguments = verb + strcspn(verb, " ");

	if (*arguments)
		*arguments++ = '\0';
	if (!c->box.open)
		return syntax(c, "no folder is open");
	for (size_t i = 0; i < sizeof of_messages / sizeof *of_messages; i++) {
		const char *needs = of_messages[i].needs;
		if (strcasecmp(verb, of_messages[i].verb) != 0)
			continue;
		if (needs && !email_test_offers(c, after_login, needs))
			return syntax(c, "an extension that is not offered");
		return of_messages[i].run(c, arguments);
	}
	return syntax(c, "unknown command behind UID");
}

static bool
command(conn *c, char *line)
{
	int now = c->box.open ? OPEN : c->authenticated ? AFTER : BEFORE;
	char *verb = line + strcspn(line, " "), *arguments;

	if (c->bent && strcmp(line, "*") == 0) /* gives up a login that a rule has made longer */
		return email_test_reply(c, "auth-end", NULL, "{tag} BAD Cancelled") > 0;
	if (*verb)
		*verb++ = '\0';
	if (!*line || strlen(line) >= sizeof c->tag || strpbrk(line, "+(){%*\"\\]"))
		return syntax(c, "a tag that is none");
	if (strcmp(c->tag, line) == 0)
		email_test_violation(c, "a tag twice");
	(void)snprintf(c->tag, sizeof c->tag, "%s", line);
	arguments = verb + strcspn(verb, " ");
	if (*arguments)
		*arguments++ = '\0';
	if (strcasecmp(verb, "UID") == 0)
		return uid_command(c, arguments);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcasecmp(verb, commands[i].verb) != 0)
			continue;
		return commands[i].when & now ? commands[i].run(c, arguments)
		                              : syntax(c, "a command at the wrong time");
	}
	/* FETCH, STORE .. by sequence numbers hit another message where one was expunged */
	return syntax(c, "unknown command");
}

/* The length of the literal that the line ends with; -1: none. */
static long
literal_at_end(const char *line, size_t n, bool *waits)
{
	const char *p = memchr(line, '{', n);
	long length;
	char *end;

	if (!p || line[n - 1] != '}')
		return -1;
	for (const char *next; (next = strchr(p + 1, '{')) != NULL;)
		p = next;
	length = strtol(p + 1, &end, 10);
	*waits = *end != '+';
	return end == p + 1 || strcmp(*waits ? end : end + 1, "}") != 0 ? -1 : length;
}

/* Takes `n` bytes of a literal to the end of the command. */
static bool
take_literal(conn *c, char *whole, size_t *len, size_t n)
{
	memcpy(whole + *len, "\r\n", 2);
	*len += 2;
	while (n) {
		size_t k = c->in_end - c->in_start;
		if (k == 0 && !email_test_fill(c))
			return false;
		k = c->in_end - c->in_start;
		k = k < n ? k : n;
		memcpy(whole + *len, c->in + c->in_start, k);
		c->in_start += k;
		*len += k;
		n -= k;
	}
	return true;
}

/* A command with its literals into `whole`; false: the connection is over. */
static bool
read_command(conn *c, char *whole)
{
	size_t len = 0;

	for (;;) {
		char *line = email_test_line(c);
		size_t n = line ? strlen(line) : 0;
		bool waits = false;
		long literal;
		if (!line || len + n + 3 > WHOLE_MAX)
			return false;
		memcpy(whole + len, line, n + 1);
		len += n;
		literal = n ? literal_at_end(line, n, &waits) : -1;
		if (literal < 0)
			return true;
		if (len + (size_t)literal + 3 > WHOLE_MAX)
			return false;
		if (!waits && !email_test_offers(c, usual(c), "LITERAL+"))
			email_test_violation(c, "LITERAL+ is not offered");
		if (waits && (!email_test_last_in_flight(c, "a literal that did not wait") ||
		              email_test_reply(c, "go", NULL, "+ go ahead") != 3))
			return false;
		if (!take_literal(c, whole, &len, (size_t)literal))
			return false;
	}
}

static void
dialogue(conn *c)
{
	char *whole = malloc(WHOLE_MAX), text[2048];
	const char *greeting;
	bool more;

	if (!whole)
		return;
	list_capabilities(c, text, sizeof text);
	greeting = email_test_peek(c, "greeting", NULL);
	c->authenticated = greeting && strncmp(greeting, "* PREAUTH", 9) == 0;
	more = email_test_replyf(c, "greeting", "* OK [%s] IMAP ready", text) > 0;
	while (more)
		more = read_command(c, whole) && command(c, whole);
	(void)email_test_flush(c);
	free(whole);
}

/* Of the last line, behind its tag. */
static int
digit(const char *reply)
{
	const char *line = strrchr(reply, '\n');

	line = line ? line + 1 : reply;
	if (*line == '+')
		return 3;
	line += strcspn(line, " ");
	return strncmp(line, " OK", 3) == 0 || strncmp(line, " PREAUTH", 8) == 0 ? 2 : 5;
}

const email_test_dialect email_test_imap = {dialogue, digit};
