/* SPDX-License-Identifier: MIT */
/* The dialogue: one row a command, in the order of RFC 5321 4.1.1. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "server_internal.h"

#define ADDRESS_MAX 512

void
email_test_reset(conn *c)
{
	email_test_message_abandon(c);
	c->has_from = c->eight_bit = c->utf8 = false;
	c->recipients = 0;
	c->envelope_len = 0;
}

/* --- EHLO --- */

static void
offer(char *text, size_t size, bool on, const char *keyword)
{
	size_t n = strlen(text);

	if (on)
		(void)snprintf(text + n, size - n, "\r\n250-%s", keyword);
}

static bool
ehlo(conn *c, char *argument)
{
	const email_test_server_options *o = &c->s->o;
	char text[1024] = "250-mail.test greets you", line[128], *last;

	if (!*argument)
		return email_test_reply(c, "ehlo", NULL, "501 5.5.4 Syntax: EHLO hostname") > 0;
	(void)email_test_last_in_flight(c, "commands in one flight behind EHLO");
	email_test_reset(c);
	c->greeted = true;
	offer(text, sizeof text, !o->no_pipelining, "PIPELINING");
	(void)snprintf(line, sizeof line, o->size ? "SIZE %llu" : "SIZE", (unsigned long long)o->size);
	offer(text, sizeof text, !o->no_size, line);
	offer(text, sizeof text, o->tls == EMAIL_TEST_STARTTLS && !c->tls, "STARTTLS");
	(void)snprintf(line, sizeof line, "AUTH %s", o->mechanisms);
	offer(text, sizeof text, o->user && !c->authenticated && (c->tls || o->auth_in_clear), line);
	offer(text, sizeof text, !o->no_enhanced, "ENHANCEDSTATUSCODES");
	offer(text, sizeof text, !o->no_8bitmime, "8BITMIME");
	offer(text, sizeof text, !o->no_dsn, "DSN");
	offer(text, sizeof text, !o->no_smtputf8, "SMTPUTF8");
	offer(text, sizeof text, !o->no_chunking, "CHUNKING");
	last = strrchr(text, '\n');
	(last ? last + 1 : text)[3] = ' ';
	return email_test_reply(c, "ehlo", NULL, text) > 0;
}

static bool
helo(conn *c, char *argument)
{
	(void)argument;
	email_test_reset(c);
	c->greeted = true;
	return email_test_reply(c, "ehlo", NULL, "250 mail.test") > 0;
}

static bool
starttls(conn *c, char *argument)
{
	const email_test_server_options *o = &c->s->o;
	bool alone = email_test_last_in_flight(c, "bytes in one flight behind STARTTLS");

	if (*argument)
		return email_test_reply(c, "starttls", NULL, "501 5.5.4 Syntax: STARTTLS") > 0;
	if (o->tls != EMAIL_TEST_STARTTLS || c->tls)
		return email_test_reply(c, "starttls", NULL, "502 5.5.1 STARTTLS is not offered") > 0;
	if (email_test_reply(c, "starttls", NULL, "220 2.0.0 Ready to start TLS") != 2)
		return !c->broken;
	if (o->inject) {
		size_t n = strlen(o->inject), room = sizeof c->out - c->out_len;
		n = n < room ? n : room;
		memcpy(c->out + c->out_len, o->inject, n);
		c->out_len += n;
	}
	/* RFC 3207 4.2: forget all that was said in the clear */
	email_test_reset(c);
	c->greeted = c->authenticated = false;
	return alone && email_test_flush(c) && email_test_stage(c, "tls") && email_test_tls_accept(c);
}

static bool
auth(conn *c, char *argument)
{
	static const email_test_login_words words = {
		.prompt = "334 ",
		.cancelled = "501 5.7.0 Authentication cancelled",
		.not_base64 = "501 5.5.2 Cannot decode base64",
		.unknown = "504 5.5.4 Unknown mechanism",
		.invalid = "535 5.7.8 Authentication credentials invalid",
		.welcome = "235 2.7.0 Authentication successful",
	};

	if (!c->s->o.user || (!c->tls && !c->s->o.auth_in_clear))
		return email_test_reply(c, "auth", NULL, "503 5.5.1 AUTH is not offered here") > 0;
	if (c->authenticated || c->has_from)
		return email_test_reply(c, "auth", NULL, "503 5.5.1 AUTH not now") > 0;
	return email_test_authenticate(c, argument, &words);
}

/* --- the envelope --- */

/* The address of "FROM:<address> parameters" into `address`, and the parameters; NULL: a syntax error. */
static char *
path(char *argument, const char *prefix, char address[ADDRESS_MAX])
{
	size_t n = strlen(prefix);
	char *end;
	bool quoted = false;

	if (strncasecmp(argument, prefix, n) || argument[n] != '<')
		return NULL;
	argument += n + 1;
	for (end = argument; *end && (quoted || *end != '>'); end++) {
		if (*end == '\\' && end[1])
			end++;
		else if (*end == '"')
			quoted = !quoted;
	}
	if (!*end || end - argument >= ADDRESS_MAX || (end[1] && end[1] != ' '))
		return NULL;
	memcpy(address, argument, (size_t)(end - argument));
	address[end - argument] = '\0';
	return end[1] ? end + 2 : end + 1;
}

static bool
is_utf8(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s > 127)
			return true;
	return false;
}

/* One of MAIL's parameters (RFC 1870, 6152, 6531, 3461); the complaint, or NULL. */
static const char *
mail_parameter(conn *c, const char *p)
{
	const email_test_server_options *o = &c->s->o;
	int64_t size;

	if (!o->no_size && strncasecmp(p, "SIZE=", 5) == 0) {
		if (!email__str_number(p + 5, 0, INT64_MAX, &size))
			return "501 5.5.4 Bad SIZE";
		return o->size && (uint64_t)size > o->size ? "552 5.3.4 Message size exceeds fixed limit"
		                                           : NULL;
	}
	if (!o->no_8bitmime && email__str_equal(p, "BODY=7BIT"))
		return NULL;
	if (!o->no_8bitmime && email__str_equal(p, "BODY=8BITMIME")) {
		c->eight_bit = true;
		return NULL;
	}
	if (!o->no_smtputf8 && email__str_equal(p, "SMTPUTF8")) {
		c->utf8 = true;
		return NULL;
	}
	if (!o->no_dsn && (strncasecmp(p, "RET=", 4) == 0 || strncasecmp(p, "ENVID=", 6) == 0))
		return NULL;
	if (o->user && strncasecmp(p, "AUTH=", 5) == 0)
		return NULL;
	email_test_violation(c, "MAIL parameter that was not offered");
	return "555 5.5.4 Unknown MAIL parameter";
}

static const char *
rcpt_parameter(conn *c, const char *p)
{
	if (!c->s->o.no_dsn && (strncasecmp(p, "NOTIFY=", 7) == 0 || strncasecmp(p, "ORCPT=", 6) == 0))
		return NULL;
	email_test_violation(c, "RCPT parameter that was not offered");
	return "555 5.5.4 Unknown RCPT parameter";
}

static const char *
parameters(conn *c, char *p, const char *(*one)(conn *, const char *))
{
	const char *complaint = NULL;

	while (*p && !complaint) {
		char *end = strchr(p, ' ');
		if (end)
			*end = '\0';
		complaint = one(c, p);
		p = end ? end + 1 : p + strlen(p);
	}
	return complaint;
}

/* Keeps the command as it came, for the envelope's file. */
static bool
note(conn *c, const char *verb, const char *argument, size_t *before)
{
	int n = snprintf(c->envelope + c->envelope_len, sizeof c->envelope - c->envelope_len, "%s %s\n", verb,
	                 argument);

	*before = c->envelope_len;
	if (n < 0 || (size_t)n >= sizeof c->envelope - c->envelope_len)
		return false;
	c->envelope_len += (size_t)n;
	return true;
}

static bool
mail(conn *c, char *argument)
{
	const email_test_server_options *o = &c->s->o;
	char address[ADDRESS_MAX], *rest;
	const char *text = NULL;
	size_t before = 0;

	c->eight_bit = c->utf8 = false;
	if (o->user && !c->authenticated)
		return email_test_reply(c, "mail", NULL, "530 5.7.0 Authentication required") > 0;
	if (!c->greeted || c->has_from)
		return email_test_reply(c, "mail", NULL, "503 5.5.1 Bad sequence of commands") > 0;
	(void)note(c, "MAIL", argument, &before);
	rest = path(argument, "FROM:", address);
	if (!rest) {
		email_test_violation(c, "MAIL syntax");
		text = "501 5.5.4 Syntax: MAIL FROM:<address>";
	} else if ((text = parameters(c, rest, mail_parameter)) == NULL && is_utf8(address) && !c->utf8) {
		email_test_violation(c, "UTF-8 address without SMTPUTF8");
		text = "553 5.6.7 Address needs SMTPUTF8";
	}
	c->has_from = email_test_reply(c, "mail", NULL, text ? text : "250 2.1.0 Ok") == 2;
	if (!c->has_from)
		c->envelope_len = before;
	return !c->broken;
}

static bool
rcpt(conn *c, char *argument)
{
	char address[ADDRESS_MAX], *rest;
	const char *text = NULL;
	size_t before = 0;

	if (!c->has_from)
		return email_test_reply(c, "rcpt", NULL, "503 5.5.1 MAIL first") > 0;
	if (!note(c, "RCPT", argument, &before))
		return email_test_reply(c, "rcpt", NULL, "452 4.5.3 Too many recipients") > 0;
	rest = path(argument, "TO:", address);
	if (!rest || !*address) {
		email_test_violation(c, "RCPT syntax");
		c->envelope_len = before;
		return email_test_reply(c, "rcpt", NULL, "501 5.5.4 Syntax: RCPT TO:<address>") > 0;
	}
	if ((text = parameters(c, rest, rcpt_parameter)) == NULL && is_utf8(address) && !c->utf8) {
		email_test_violation(c, "UTF-8 address without SMTPUTF8");
		text = "553 5.6.7 Address needs SMTPUTF8";
	}
	if (email_test_reply(c, "rcpt", address, text ? text : "250 2.1.5 Ok") == 2)
		c->recipients++;
	else
		c->envelope_len = before;
	return !c->broken;
}

/* --- the rest --- */

static bool
data(conn *c, char *argument)
{
	(void)argument;
	if (!c->has_from || c->in_chunks)
		return email_test_reply(c, "data", NULL, "503 5.5.1 Bad sequence of commands") > 0;
	if (!c->recipients) /* RFC 5321 3.3: the client pipelined, and is told with the data command */
		return email_test_reply(c, "data", NULL, "554 5.5.1 No valid recipients") > 0;
	(void)email_test_last_in_flight(c, "data in one flight with DATA");
	if (email_test_reply(c, "data", NULL, "354 End data with <CR><LF>.<CR><LF>") != 3)
		return !c->broken;
	email_test_message_begin(c);
	return email_test_data(c);
}

static bool
bdat(conn *c, char *argument)
{
	if (c->s->o.no_chunking) {
		email_test_violation(c, "BDAT was not offered");
		(void)email_test_reply(c, "data", NULL, "500 5.5.1 Unknown command");
		return false; /* what follows cannot be told from commands */
	}
	return email_test_chunk(c, argument);
}

static bool
rset(conn *c, char *argument)
{
	(void)argument;
	email_test_reset(c);
	return email_test_reply(c, "rset", NULL, "250 2.0.0 Ok") > 0;
}

static bool
noop(conn *c, char *argument)
{
	(void)argument;
	return email_test_reply(c, "noop", NULL, "250 2.0.0 Ok") > 0;
}

static bool
vrfy(conn *c, char *argument)
{
	(void)argument;
	return email_test_reply(c, "vrfy", NULL, "252 2.0.0 Cannot VRFY") > 0;
}

static bool
quit(conn *c, char *argument)
{
	(void)argument;
	(void)email_test_reply(c, "quit", NULL, "221 2.0.0 Bye");
	(void)email_test_flush(c);
	return false;
}

static const struct {
	const char *verb;
	bool (*run)(conn *c, char *argument);
} commands[] = {
	{"EHLO", ehlo}, {"HELO", helo}, {"STARTTLS", starttls}, {"AUTH", auth},
	{"MAIL", mail}, {"RCPT", rcpt}, {"DATA", data},         {"BDAT", bdat},
	{"RSET", rset}, {"NOOP", noop}, {"VRFY", vrfy},         {"QUIT", quit},
};

static bool
command(conn *c, char *line)
{
	char *argument = line + strcspn(line, " ");

	if (*argument)
		*argument++ = '\0';
	if (c->s->o.no_pipelining && c->in_start != c->in_end && strcasecmp(line, "BDAT")) {
		email_test_violation(c, "pipelining was not offered");
		(void)email_test_reply(c, "pipelining", NULL, "500 5.5.1 Pipelining not supported");
		(void)email_test_flush(c);
		return false;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcasecmp(line, commands[i].verb) == 0)
			return commands[i].run(c, argument);
	email_test_violation(c, "unknown command");
	return email_test_reply(c, "unknown", NULL, "500 5.5.1 Unknown command") > 0;
}

static void
dialogue(conn *c)
{
	bool more = email_test_reply(c, "greeting", NULL, "220 mail.test ESMTP") > 0;

	while (more) {
		char *line = email_test_line(c);
		more = line && command(c, line);
	}
	(void)email_test_flush(c);
	email_test_message_abandon(c);
}

/* What is not a reply at all counts as a refusal: the client will have its own view. */
static int
digit(const char *reply)
{
	return reply[0] >= '1' && reply[0] <= '5' ? reply[0] - '0' : 5;
}

const email_test_dialect email_test_smtp = {dialogue, digit};
