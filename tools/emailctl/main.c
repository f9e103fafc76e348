/* SPDX-License-Identifier: MIT */
/* emailctl: the one table of commands, the arguments sorted by it, and help. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct command {
	const char *name;
	const char *arguments;
	const char *options; /* words; one that takes a value ends in '=' */
	size_t least, most;  /* words behind the command */
	const char *summary;
	const char *help;
	int (*run)(cli *c);
} commands[] = {
	{"new", "outgoing|incoming NAME [PROPERTY=VALUE...]", "", 2, SIZE_MAX, "add an account to the sheet",
         "The sheet is made, 0600, where there is none. preset=microsoft365 or preset=google fills in what\n"
         "is known. Properties may come in any order; all are taken, or none.\n"
         "A secret takes file:PATH (relative to the sheet), env:NAME, or - (one line from standard input, "
         "or\n"
         "a prompt on a terminal: kept in the sheet, sealed where there is a --seal-key), never the secret "
         "itself.",
         command_new},
	{"show", "[ACCOUNT]", "", 0, 1, "the accounts, or one account's property sheet",
         "With ACCOUNT: configuration, effective values, status.", command_show},
	{"get", "ACCOUNT PROPERTY", "", 2, 2, "one value",
         "ACCOUNT may be service or trust: their own properties. Of a secret: whether it is set.",
         command_get},
	{"set", "ACCOUNT PROPERTY=VALUE...", "", 2, SIZE_MAX, "change values: all, or none",
         "The sheet is changed in place, its comments kept. ACCOUNT may be service or trust.\n"
         "A secret takes file:PATH (relative to the sheet), env:NAME, or - (one line from standard input, "
         "or\n"
         "a prompt on a terminal: kept in the sheet, sealed where there is a --seal-key), never the secret "
         "itself.",
         command_set},
	{"unset", "ACCOUNT PROPERTY...", "", 2, SIZE_MAX, "values back to their defaults",
         "ACCOUNT may be service or trust.", command_unset},
	{"remove", "ACCOUNT", "", 1, 1, "remove an account from the sheet", "", command_remove},
	{"rename", "ACCOUNT NAME", "", 2, 2, "give an account another name", "", command_rename},
	{"reset", "ACCOUNT sent|discarded", "", 2, 2, "set a counter back to 0", "", command_reset},
	{"check", "[ACCOUNT]", "", 0, 1, "what is legal but probably wrong",
         "Exit status 1: there is something.", command_check},
	{"test", "ACCOUNT [PROPERTY=VALUE...]", "", 1, SIZE_MAX, "connect, TLS, login; no mail is sent",
         "Step by step, each ok or failed and what to do. The values given are tried, not saved.",
         command_test},
	{"send", "ACCOUNT --to ADDRESS... [options]",
         "to= cc= bcc= from= reply-to= subject= text= html= attach= inline= header= priority= "
         "in-reply-to= references= dsn= raw= queue key=",
         1, 1, "compose a mail, and send it now or queue it",
         "  --to, --cc, --bcc ADDRESS   recipients; may be repeated\n"
         "  --from, --reply-to ADDRESS  in place of the account's\n"
         "  --subject TEXT\n"
         "  --text FILE                 the text; - is standard input\n"
         "  --html FILE                 the HTML form\n"
         "  --attach FILE               may be repeated\n"
         "  --inline FILE               shown by the HTML as cid:NAME; what is no ASCII letter, digit or "
         "one\n"
         "                              of +-.@_ is _ in it; may be repeated\n"
         "  --header NAME:VALUE         may be repeated\n"
         "  --priority N                0 to 9, 5 is normal; 7 and above say so in the mail\n"
         "  --in-reply-to ID            the Message-ID of the mail that this one answers, and with\n"
         "  --references IDS            what that mail has in its References\n"
         "  --dsn LIST                  never, or of success,failure,delay\n"
         "  --raw FILE                  a ready message; --from and --to then make the envelope\n"
         "  --queue                     takes it durably, by --priority; prints its id; a running service "
         "sends\n"
         "                              it. Exit status 75: the queue is full, or may have it\n"
         "  --key KEY                   with --queue: a second mail of the same key is not queued, and the "
         "first\n"
         "                              one's id is printed",
         command_send},
	{"queue", "ACCOUNT list|dead|view ID|requeue ID|delete ID|poll|clear", "", 2, 3,
         "mail that waits to be sent, and dead letters",
         "  list         the mail that waits, in the order in which it goes\n"
         "  dead         the dead letters, oldest first, and why\n"
         "  view ID      what is known of it, an empty line, and the message as it goes out; with --json "
         "the\n"
         "               message is in \"message\" where it is UTF-8, else it is left out\n"
         "  requeue ID   a dead letter waits again, for those who did not get it\n"
         "  delete ID    a waiting mail becomes a dead letter; a dead letter is gone\n"
         "  poll         tries all of it now, whatever its next time; a running service is told to, and\n"
         "               nothing is waited for\n"
         "  clear        all that waits becomes dead letters\n"
         "Exit status 65: there is no mail of this id. 75: it is being sent just now, or what is left could "
         "not\n"
         "be sent for now.",
         command_queue},
	{"run", "[--out DIR]", "out=", 0, 0, "the service, until SIGTERM: queues and mailboxes",
         "Sends what is queued and reads the mailboxes, each account at its pollrate. What happens is a line "
         "on\n"
         "standard error; with --json a document a line on standard output.\n"
         "  --out DIR   received mail goes into files in DIR/ACCOUNT, as receive does it. Without it "
         "mailboxes\n"
         "              are looked at, and nothing there is changed\n"
         "SIGHUP loads the sheet again; one that is not valid is told, and it goes on as it was. SIGTERM or\n"
         "SIGINT end it within 10 seconds, a second one at once; nothing is lost.",
         command_run},
	{"receive", "ACCOUNT [--out DIR] [--max N] [--watch]", "out= max= watch", 1, 1,
         "read the mailbox once, or keep watching it",
         "  --out DIR   a file for each message, its raw bytes; the server is told when it is on the disk.\n"
         "              Without it what would come is shown, and nothing changes anywhere\n"
         "  --max N     at most so many\n"
         "  --watch     stays: IMAP IDLE where the server offers it, else a look every pollrate",
         command_receive},
	{"login", "ACCOUNT", "", 1, 1, "sign a mailbox in once (OAuth device authorization)",
         "Shows a code, and where to enter it on another machine; waits; keeps the refresh token as the "
         "account's\n"
         "secret. The authenticator is of the type oAuthRefreshToken.",
         command_login},
	{"hosts", "list|view|approve|reject|unapprove|accept-key|delete|prune [HOST:PORT]",
         "sha256= until=", 1, 2, "Allowed Hosts: servers that no root verifies",
         "  --sha256 HEX   of the certificate or of its public key; approve needs it, unless a person\n"
         "                 confirms on a terminal\n"
         "  --until TIME   when the approval ends: 2027-01-31, or 2027-01-31T12:00:00Z\n"
         "An IPv6 address is written in brackets: [2001:db8::1]:465.",
         command_hosts},
	{"trust", "list|view ALIAS|import FILE|export ALIAS|delete ALIAS", "alias= system", 1, 2,
         "User Trust Store: roots that were imported",
         "  --alias NAME   for import: the name of the root\n"
         "  --system       for list and view: the System Trust Store",
         command_trust},
	{"keys", "list|import [CERT] KEY|delete ALIAS", "alias=", 1, 3,
         "User Key Store: client certificates and their keys",
         "  --alias NAME   for import: what clientCertificate names; client without it\n"
         "CERT and KEY are PEM or DER; one PEM file may hold both. No key ever comes out again.",
         command_keys},
	{"verify", "--host NAME --chain FILE [--roots FILE] [--time TIME] | --batch",
         "host= chain= roots= time= batch", 0, 0, "the verdict on a certificate chain",
         "ACCEPT, or REFUSE and the reasons, without Allowed Hosts. Roots given replace the stores, a time\n"
         "given is a good clock. --batch reads lines of JSON and answers with one for each.",
         command_verify},
	{"parse", "FILE", "", 1, 1, "what a message says, as JSON",
         "Header, parts, text and HTML, attachments with their SHA-256, delivery reports, and what is wrong\n"
         "with it, which is no error. FILE is a message as it was received; - is standard input.",
         command_parse},
	{"schema", "", "", 0, 0, "the XML Schema of property sheets", "", command_schema},
};

/* They belong to parts that are not there yet: no guess at their arguments is better than a wrong one. */
static const struct {
	const char *name, *what;
} later[] = {
	{"discover", "finding settings"},
};

static const char global_options[] = "sheet= state= seal-key= json trace help version";

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

const char *
cli_option(const cli *c, const char *name)
{
	size_t i;

	for (i = c->options; i-- > 0;)
		if (strcmp(c->option[i].name, name) == 0)
			return c->option[i].value;
	return NULL;
}

/* --- help --- */

static void
help(void)
{
	size_t i;

	puts("emailctl: the e-mail accounts of a station\n\n"
	     "usage: emailctl [--sheet FILE] [--state DIR] [--seal-key FILE] [--json] [--trace] COMMAND "
	     "...\n");
	for (i = 0; i < COUNT(commands); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	puts("\n  --sheet FILE     the property sheet (else $EMAILSERVICE_SHEET, else email.xml)\n"
	     "  --state DIR      the state folder (else the sheet's stateFolder)\n"
	     "  --seal-key FILE  the key that secrets in the sheet are sealed under (else "
	     "$EMAILSERVICE_SEAL_KEY)\n"
	     "  --json           one JSON document on standard output\n"
	     "  --trace          the protocol on standard error, secrets masked\n"
	     "  --help           this, or a command's own help\n"
	     "  --version");
}

static void
help_command(const struct command *command)
{
	printf("usage: emailctl %s %s\n\n%s\n%s%s", command->name, command->arguments, command->summary,
	       command->help, command->help[0] ? "\n" : "");
}

/* --- arguments --- */

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* The name as the list has it, and whether it takes a value; NULL: it is not in the list. */
static const char *
find_option(const char *list, const char *name, size_t n, bool *takes_value)
{
	size_t len;

	for (; *list; list += len, list += *list == ' ') {
		len = strcspn(list, " ");
		*takes_value = list[len - 1] == '=';
		if (len - *takes_value == n && memcmp(list, name, n) == 0)
			return list;
	}
	return NULL;
}

static void
keep_option(cli *c, const char *listed, size_t n, const char *value)
{
	static const struct {
		const char *name;
		size_t flag;
	} flags[] = {{"json", offsetof(cli, json)},
	             {"trace", offsetof(cli, trace)},
	             {"help", offsetof(cli, help)}};
	option *o = &c->option[c->options++];
	size_t i;

	o->name = need_memory(strndup(listed, n));
	o->value = value;
	for (i = 0; i < COUNT(flags); i++)
		if (strcmp(flags[i].name, o->name) == 0)
			*(bool *)((char *)c + flags[i].flag) = true;
	if (strcmp(o->name, "sheet") == 0)
		c->sheet = value;
	if (strcmp(o->name, "state") == 0)
		c->state = value;
	if (strcmp(o->name, "seal-key") == 0)
		c->seal_key = value;
}

/* One argument that begins with "--"; *i moves on where the value is the next one. */
static int
take_option(cli *c, const struct command *command, char **argv, int argc, int *i)
{
	const char *name = argv[*i] + 2;
	size_t n = strcspn(name, "=");
	bool takes_value;
	const char *listed = find_option(global_options, name, n, &takes_value), *value = "";

	if (!listed && command)
		listed = find_option(command->options, name, n, &takes_value);
	if (!listed)
		return usage(c, "there is no option --%.*s%s%s", (int)(n < 40 ? n : 40), name,
		             command ? " for " : "", command ? command->name : "");
	if (!takes_value && name[n])
		return usage(c, "the option --%.*s takes no value", (int)n, name);
	if (takes_value && name[n])
		value = name + n + 1;
	else if (takes_value && ++*i < argc)
		value = argv[*i];
	else if (takes_value)
		return usage(c, "the option --%.*s needs a value", (int)n, name);
	keep_option(c, listed, n, value);
	return DONE;
}

static int
no_command(cli *c, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(later); i++)
		if (strcmp(later[i].name, name) == 0)
			return usage(c, "%s (%s) is not part of this version", name, later[i].what);
	return usage(c, "there is no command %.40s", name);
}

/* Sorts the arguments into command, words and options. A command that was found is in *command also where
 * something else is wrong. */
static int
sort_arguments(cli *c, int argc, char **argv, const struct command **command)
{
	bool words_only = false;
	int i, status = DONE;

	*command = NULL;
	for (i = 1; i < argc && status == DONE; i++) {
		const char *word = argv[i];

		if (!words_only && strcmp(word, "--") == 0) {
			words_only = true;
		} else if (!words_only && word[0] == '-' && word[1] == '-') {
			status = take_option(c, *command, argv, argc, &i);
		} else if (!words_only && word[0] == '-' && word[1]) {
			status = usage(c, "there is no option %.40s", word);
		} else if (!*command) {
			if (!(*command = find_command(word)))
				return no_command(c, word);
			c->command = (*command)->name;
		} else {
			c->word[c->count++] = word;
		}
	}
	return status;
}

static int
run(cli *c, const struct command *command)
{
	if (cli_option(c, "version")) {
		printf("emailctl %s\n", email_version());
		return DONE;
	}
	if (c->help) {
		if (command)
			help_command(command);
		else
			help();
		return DONE;
	}
	if (!command)
		return usage(c, "a command is missing");
	if (c->count < command->least || c->count > command->most)
		return usage(c, "expected emailctl %s %s", command->name, command->arguments);
	return command->run(c);
}

/* Where a standard descriptor is closed the next file would get its number, and what is printed would be written into a queue's
 * file, or a lock. */
static bool
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int
main(int argc, char **argv)
{
	const struct command *command;
	cli c = {0};
	int status;
	size_t i;

	if (!open_standard())
		return RETRY;
	c.word = need_memory(calloc((size_t)argc + 1, sizeof *c.word));
	c.option = need_memory(calloc((size_t)argc + 1, sizeof *c.option));
	/* known before the others, so that a complaint about them is JSON too */
	for (i = 1; i < (size_t)argc; i++)
		c.json = c.json || strcmp(argv[i], "--json") == 0;
	status = sort_arguments(&c, argc, argv, &command);
	if (status == DONE)
		status = run(&c, command);
	email_service_free(c.service);
	for (i = 0; i < c.options; i++)
		free((char *)(uintptr_t)c.option[i].name);
	free(c.option);
	free(c.word);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == DONE) {
		fputs("emailctl: standard output could not be written\n", stderr);
		status = RETRY;
	}
	return status;
}
