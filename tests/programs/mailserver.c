/* SPDX-License-Identifier: MIT */
/*
 * The loopback mail server of tests/support/server.h as a program. It prints "port N" once it listens,
 * runs until SIGTERM or SIGINT (or, with --until-stdin-closes, until its parent is gone), and says its
 * counts at the end.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/server.h"

static const char usage[] =
	"usage: mailserver [--protocol smtp|imap|pop3] [--port N] [--mode ssl|starttls|plain] [--cert FILE "
	"--key FILE] [--client-ca "
	"FILE]\n"
	"       [--tls-min 1.2|1.3] [--tls-max 1.2|1.3] [--no-tickets]\n"
	"       [--no-pipelining] [--no-chunking] [--no-8bitmime] [--no-smtputf8] [--no-dsn] [--no-size]\n"
	"       [--no-enhanced] [--size N] [--user NAME --password-file FILE] [--mechanisms 'PLAIN LOGIN']\n"
	"       [--auth-before-tls] [--out DIR] [--log FILE] [--until-stdin-closes]\n"
	"       [--mail DIR] [--without 'CAPABILITY...'] [--with 'CAPABILITY...']\n"
	"       [--reply 'STAGE[*TIMES]=TEXT'] [--first 'STAGE[*TIMES]=TEXT'] [--flood "
	"'STAGE[*TIMES]=TEXT']\n"
	"       [--delay STAGE=MS] [--slow STAGE=MS] [--delay-ms N] [--drip MS]\n"
	"       [--drop-at STAGE[:drop|:reset|:half|:stall][*TIMES]] [--inject-after-starttls TEXT]\n"
	"TEXT knows \\r \\n \\t \\\\ and \\xHH; in a reply \\n alone ends a line with CRLF, {tag} is IMAP's "
	"tag.\n"
	"Stages: connect tls greeting auth auth-prompt body, commands in lower case, and more: see "
	"server.h.\n";

enum {
	OPT = 256,
	PROTOCOL,
	PORT,
	MODE,
	CERT,
	KEY,
	CLIENT_CA,
	TLS_MIN,
	TLS_MAX,
	SIZE,
	USER,
	PASSWORD,
	MECHANISMS,
	OUT,
	LOG,
	MAIL,
	WITHOUT,
	WITH,
	REPLY,
	FIRST,
	FLOOD,
	SLOW,
	DELAY,
	DELAY_MS,
	DRIP,
	DROP,
	INJECT,
	HELP
};

static int until_stdin_closes;
static int no[8], auth_in_clear;

static const struct option longs[] = {
	{"protocol", 1, NULL, PROTOCOL},
	{"port", 1, NULL, PORT},
	{"mode", 1, NULL, MODE},
	{"cert", 1, NULL, CERT},
	{"key", 1, NULL, KEY},
	{"client-ca", 1, NULL, CLIENT_CA},
	{"tls-min", 1, NULL, TLS_MIN},
	{"tls-max", 1, NULL, TLS_MAX},
	{"size", 1, NULL, SIZE},
	{"user", 1, NULL, USER},
	{"password-file", 1, NULL, PASSWORD},
	{"mechanisms", 1, NULL, MECHANISMS},
	{"out", 1, NULL, OUT},
	{"log", 1, NULL, LOG},
	{"mail", 1, NULL, MAIL},
	{"without", 1, NULL, WITHOUT},
	{"with", 1, NULL, WITH},
	{"reply", 1, NULL, REPLY},
	{"first", 1, NULL, FIRST},
	{"flood", 1, NULL, FLOOD},
	{"slow", 1, NULL, SLOW},
	{"delay", 1, NULL, DELAY},
	{"delay-ms", 1, NULL, DELAY_MS},
	{"drip", 1, NULL, DRIP},
	{"drop-at", 1, NULL, DROP},
	{"inject-after-starttls", 1, NULL, INJECT},
	{"no-pipelining", 0, &no[0], 1},
	{"no-chunking", 0, &no[1], 1},
	{"no-8bitmime", 0, &no[2], 1},
	{"no-smtputf8", 0, &no[3], 1},
	{"no-dsn", 0, &no[4], 1},
	{"no-size", 0, &no[5], 1},
	{"no-enhanced", 0, &no[6], 1},
	{"no-tickets", 0, &no[7], 1},
	{"auth-before-tls", 0, &auth_in_clear, 1},
	{"until-stdin-closes", 0, &until_stdin_closes, 1},
	{"help", 0, NULL, HELP},
	{NULL, 0, NULL, 0},
};

static void
die(const char *what, const char *value)
{
	(void)fprintf(stderr, "mailserver: %s%s%s\n", what, value ? ": " : "", value ? value : "");
	exit(64);
}

static int
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 0 || n > 1000000000)
		die("not a number", text);
	return (int)n;
}

/* In place. A line end of a reply is CRLF, however it was written. */
static char *
unescape(char *text, int crlf)
{
	char *out = calloc(strlen(text) * 2 + 1, 1), *o = out;

	if (!out)
		die("out of memory", NULL);
	for (char *p = text; *p; p++) {
		char hex[3] = "";
		if (*p != '\\' || !p[1]) {
			*o++ = *p;
			continue;
		}
		switch (*++p) {
		case 'n':
			if (crlf && (o == out || o[-1] != '\r'))
				*o++ = '\r';
			*o++ = '\n';
			break;
		case 'r': *o++ = '\r'; break;
		case 't': *o++ = '\t'; break;
		case 'x':
			memcpy(hex, p + 1, strnlen(p + 1, 2));
			*o++ = (char)strtol(hex, NULL, 16);
			p += strlen(hex);
			break;
		default: *o++ = *p;
		}
	}
	return out;
}

static email_test_rule *
add_rule(email_test_server_options *o, char *stage, email_test_deed deed)
{
	email_test_rule *r;
	char *star = strrchr(stage, '*');

	if (o->rules == EMAIL_TEST_RULES_MAX)
		die("too many rules", NULL);
	r = &o->rule[o->rules++];
	r->times = star ? number(star + 1) : -1;
	if (star)
		*star = '\0';
	r->stage = stage;
	r->deed = deed;
	return r;
}

static void
add_drop(email_test_server_options *o, char *text)
{
	static const struct {
		const char *name;
		email_test_deed deed;
	} deeds[] = {{"drop", EMAIL_TEST_DROP},
	             {"reset", EMAIL_TEST_RESET},
	             {"rst", EMAIL_TEST_RESET},
	             {"half", EMAIL_TEST_HALF},
	             {"stall", EMAIL_TEST_STALL}};
	email_test_rule *r = add_rule(o, text, EMAIL_TEST_DROP);
	char *colon = strrchr(text, ':');

	for (size_t i = 0; colon && i < sizeof deeds / sizeof *deeds; i++) {
		if (strcmp(colon + 1, deeds[i].name) == 0) {
			r->deed = deeds[i].deed;
			*colon = '\0';
			return;
		}
	}
}

static char *
split(char *text)
{
	char *equals = strchr(text, '=');

	if (!equals)
		die("STAGE=VALUE expected", text);
	*equals = '\0';
	return equals + 1;
}

static int
tls_version(const char *text)
{
	if (strcmp(text, "1.2") && strcmp(text, "1.3"))
		die("1.2 or 1.3 expected", text);
	return text[2] - '0';
}

static const char *
password_of(const char *file)
{
	static char line[1024];
	FILE *f = fopen(file, "r");

	if (!f || !fgets(line, sizeof line, f))
		die("cannot read", file);
	if (f)
		(void)fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static void
set_mode(email_test_server_options *o, const char *text)
{
	if (strcmp(text, "ssl") == 0)
		o->tls = EMAIL_TEST_SSL;
	else if (strcmp(text, "starttls") == 0)
		o->tls = EMAIL_TEST_STARTTLS;
	else if (strcmp(text, "plain") == 0)
		o->tls = EMAIL_TEST_PLAIN;
	else
		die("ssl, starttls or plain expected", text);
}

static void
set_protocol(email_test_server_options *o, const char *text)
{
	if (strcmp(text, "smtp") == 0)
		o->protocol = EMAIL_TEST_SMTP;
	else if (strcmp(text, "imap") == 0)
		o->protocol = EMAIL_TEST_IMAP;
	else if (strcmp(text, "pop3") == 0)
		o->protocol = EMAIL_TEST_POP3;
	else
		die("smtp, imap or pop3 expected", text);
}

static void
add_text(email_test_server_options *o, char *text, email_test_deed deed)
{
	char *value = split(text);

	add_rule(o, text, deed)->text = unescape(value, 1);
}

static void
add_time(email_test_server_options *o, char *text, email_test_deed deed)
{
	char *value = split(text);

	add_rule(o, text, deed)->ms = number(value);
}

static FILE *
open_log(const char *file)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "a") : stdout;

	if (!f)
		die("cannot write", file);
	return f;
}

static void
set(email_test_server_options *o, int option, char *text)
{
	switch (option) {
	case PROTOCOL: set_protocol(o, text); break;
	case PORT: o->port = number(text); break;
	case MODE: set_mode(o, text); break;
	case CERT: o->cert = text; break;
	case KEY: o->key = text; break;
	case CLIENT_CA: o->client_ca = text; break;
	case TLS_MIN: o->tls_min = tls_version(text); break;
	case TLS_MAX: o->tls_max = tls_version(text); break;
	case SIZE: o->size = (uint64_t)number(text); break;
	case USER: o->user = text; break;
	case PASSWORD: o->password = password_of(text); break;
	case MECHANISMS: o->mechanisms = text; break;
	case OUT: o->out = text; break;
	case LOG: o->log = open_log(text); break;
	case MAIL: o->mail = text; break;
	case WITHOUT: o->without = text; break;
	case WITH: o->with = text; break;
	case REPLY: add_text(o, text, EMAIL_TEST_REPLY); break;
	case FIRST: add_text(o, text, EMAIL_TEST_FIRST); break;
	case FLOOD: add_text(o, text, EMAIL_TEST_FLOOD); break;
	case DELAY: add_time(o, text, EMAIL_TEST_DELAY); break;
	case SLOW: add_time(o, text, EMAIL_TEST_SLOW); break;
	case DELAY_MS: o->delay_ms = number(text); break;
	case DRIP: o->drip_ms = number(text); break;
	case DROP: add_drop(o, text); break;
	case INJECT: o->inject = unescape(text, 0); break;
	case HELP: (void)fputs(usage, stdout); exit(0);
	case 0: break;
	default: (void)fputs(usage, stderr); exit(64);
	}
}

static void
parse(email_test_server_options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
		set(o, option, optarg);
	if (optind != argc)
		die("what is this", argv[optind]);
	o->no_pipelining = no[0];
	o->no_chunking = no[1];
	o->no_8bitmime = no[2];
	o->no_smtputf8 = no[3];
	o->no_dsn = no[4];
	o->no_size = no[5];
	o->no_enhanced = no[6];
	o->no_tickets = no[7];
	o->auth_in_clear = auth_in_clear || o->tls == EMAIL_TEST_PLAIN;
}

static int wake[2];

static void
on_signal(int number_of_it)
{
	(void)number_of_it;
	if (write(wake[1], "", 1) < 0)
		_exit(0);
}

static void
wait_for_the_end(void)
{
	struct pollfd p[2] = {{.fd = wake[0], .events = POLLIN},
	                      {.fd = until_stdin_closes ? 0 : -1, .events = POLLIN}};
	char sink[256];

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			return;
		if (p[1].revents && read(0, sink, sizeof sink) <= 0)
			return;
	}
}

int
main(int argc, char **argv)
{
	static email_test_server_options o = {
		.tls = EMAIL_TEST_PLAIN}; /* static: what it points to stays reachable */
	struct sigaction act = {.sa_handler = on_signal};
	const struct timespec pause = {.tv_nsec = 5000000};
	int tries = 0;
	email_test_counts n;
	email_test_server *s;
	char why[512];

	parse(&o, argc, argv);
	if (pipe(wake))
		die("pipe", NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	act.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &act, NULL);
	s = email_test_server_start(&o, why, sizeof why);
	if (!s)
		die(why, NULL);
	(void)printf("port %d\n", email_test_server_port(s));
	(void)fflush(stdout);
	wait_for_the_end();
	/* what a connection that still runs has counted is lost with it: clients end first, and theirs a moment later */
	do {
		email_test_server_counts(s, &n);
		(void)nanosleep(&pause, NULL);
	} while (n.open > 0 && tries++ < 100);
	email_test_server_stop(s);
	(void)printf("total connections=%llu handshakes=%llu resumed=%llu refused=%llu messages=%llu "
	             "recipients=%llu "
	             "violations=%llu clear=%llu tls=%llu wireIn=%llu wireOut=%llu turns=%llu\n",
	             (unsigned long long)n.connections, (unsigned long long)n.handshakes,
	             (unsigned long long)n.resumed, (unsigned long long)n.refused,
	             (unsigned long long)n.messages, (unsigned long long)n.recipients,
	             (unsigned long long)n.violations, (unsigned long long)n.clear_in,
	             (unsigned long long)n.tls_in, (unsigned long long)n.wire_in,
	             (unsigned long long)n.wire_out, (unsigned long long)n.turns);
	if (o.log && o.log != stdout)
		(void)fclose(o.log);
	return 0;
}
