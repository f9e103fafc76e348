/* SPDX-License-Identifier: MIT */
/*
 * What the commands of emailctl share. A command gets its arguments sorted, prints one document, and
 * returns the exit status.
 */
#ifndef EMAILCTL_CLI_H
#define EMAILCTL_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/emailservice.h>
#include <jansson.h>

/* sysexits.h has no portable home */
enum {
	DONE = 0,
	FINDINGS = 1,
	USAGE = 64,
	BAD_DATA = 65,
	REFUSED = 69,
	RETRY = 75,
	PROTOCOL = 76,
	NO_TRUST = 77,
	CONFIG = 78
};

/* --- arguments --- */

typedef struct option {
	const char *name;  /* without the dashes */
	const char *value; /* "" where it takes none */
} option;

typedef struct cli {
	const char *sheet;    /* NULL: $EMAILSERVICE_SHEET, else email.xml */
	const char *state;    /* NULL: the sheet says */
	const char *seal_key; /* NULL: $EMAILSERVICE_SEAL_KEY, else none */
	bool json, trace, help;
	const char *command;
	size_t count; /* words behind the command */
	const char **word;
	size_t options;
	option *option;
	email_service *service; /* NULL until sheet_open() */
	int lines_read;         /* secrets taken from standard input */
} cli;

/* The last value of an option; NULL where it was not given. */
const char *cli_option(const cli *c, const char *name);

/* --- output.c --- */

/* Colours of a terminal; without one they print nothing. */
typedef enum tint { PLAIN, GOOD, BAD, FAINT, STRONG } tint;
const char *tint_on(tint t);
const char *tint_off(void);

typedef struct table table;
/* Columns are named by one string, separated by '|'. Ends the program for want of memory. */
table *table_new(const char *columns);
/* One cell a call, row by row. */
void table_add(table *t, tint colour, const char *format, ...) __attribute__((format(printf, 3, 4)));
void table_print(table *t);
void table_free(table *t);

/* Name and value on a line; nothing where the value is empty. */
void print_field(const char *name, const char *value);

/* A new JSON object or array; the program ends where there is no memory. */
json_t *json_need(json_t *value);
/* Absent is left out: nothing is set for "" and NULL, for 0 as a time. */
void json_text(json_t *object, const char *key, const char *text);
void json_number(json_t *object, const char *key, int64_t number);
void json_flag(json_t *object, const char *key, bool flag);
void json_time(json_t *object, const char *key, int64_t seconds);
/* Prints the document and frees it. */
void json_print(json_t *document);
/* From now on a document is a line, which is out at once: of a command that goes on there is no end to wait for. */
void json_lines(void);
/* The document of a command that has nothing else to say. */
void print_done(const cli *c);

int exit_status(email_code code);
/* Errors go to standard error as one sentence with stage and remedy; with --json also into the document,
 * which may be NULL, and is freed. Returns the exit status. */
int fail(const cli *c, const email_error *e, json_t *document);
/* The same for an error of one's own. */
int fail_with(const cli *c, email_code code, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int usage(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *need_memory(void *p);

/* --- when.c --- */

#define WHEN_SIZE 32
/* RFC 3339 in UTC; "" for 0. */
const char *when_text(int64_t seconds, char text[WHEN_SIZE]);
/* RFC 3339, or a date, which means its last second. False: neither. */
bool when_parse(const char *text, int64_t *seconds);

/* --- sheet.c --- */

const char *sheet_path(const cli *c);
/* Loads the sheet into c->service. Returns DONE, or the exit status of an error that was told. */
int sheet_open(cli *c);
/* The same, but a sheet that is not there is an empty one. */
int sheet_open_or_new(cli *c);
int sheet_save(cli *c);
/* Trust alone: a sheet is read only for its state folder. NULL: *status is the exit status. */
email_trust *trust_open(cli *c, int *status);
/* NULL: *status is the exit status. */
email_account *sheet_account(cli *c, const char *name, int *status);
/* Bytes of a file, "-" for standard input; ended by NUL. NULL: told, *status. Owns: the caller; free(). */
char *read_bytes(const cli *c, const char *path, size_t most, size_t *size, int *status);
/* Puts the transcript on standard error where --trace says so, for this run only. */
void trace_start(const cli *c, email_account *account);

/* --- secret.c and values.c --- */

typedef struct values {
	size_t count;
	email_property_value *value;
	char **owned; /* what is freed, and wiped first */
	size_t owned_count;
} values;
/* PROPERTY=VALUE of the words from `first` on. DONE, or the exit status. values_free() in any case. */
int values_parse(cli *c, size_t first, values *out);
/* Adds a value unless the property is there already. */
void values_default(values *v, const char *property, const char *text);
bool values_have(const values *v, const char *property);
void values_free(values *v);
const email_property *property_find(const char *name);

/* The text for the library of "file:PATH", "env:NAME" or "-"; NULL: told, *status. Owns: the caller,
 * secret_free(). */
char *secret_text(cli *c, const char *property, const char *given, int *status);
void secret_free(char *text);
void wipe(void *p, size_t n);

/* --- folder.c --- */

/* A folder that received mail goes into, a file a message. */
typedef struct mail_folder {
	int fd;
	char why[320]; /* why a message could not be written; "" where the last one could */
} mail_folder;
/* Opens it, 0700 where it has to be made. DONE, or the exit status of an error that was told. */
int folder_open(const cli *c, mail_folder *f, const char *path);
/* Writes the message's raw bytes into a file that is named by its UID: `name`. It is durable when this
 * returns true. `in` is a folder inside, made where it is missing; NULL: the folder itself. */
#define FOLDER_NAME_SIZE 300
bool folder_save(mail_folder *f, const char *in, const email_received *m, char name[FOLDER_NAME_SIZE]);
void folder_close(mail_folder *f);

/* --- signals.c --- */

/* SIGTERM and SIGINT end the program in good order, the second one of them at once. With `reload` SIGHUP is taken too.
 * DONE, or the exit status of an error that was told. */
int signals_catch(const cli *c, bool reload);
/* Readable where one came: for poll(2), so that none slips in between a look and the wait. */
int signals_fd(void);
bool signals_ended(void);
/* Whether SIGHUP came since the last call. It empties the pipe: signals_ended() is to be asked behind it. */
bool signals_reload(void);

/* --- certificate.c --- */

void certificate_print(const email_certificate *certificate);
void certificate_json(json_t *object, const email_certificate *certificate);
void host_print(const email_allowed_host *entry);
json_t *host_json(const email_allowed_host *entry);
const char *approval_name(email_approval approval);
/* The names of reasons, separated by ", ". */
const char *reasons_text(email_reasons reasons, char *text, size_t size);
json_t *reasons_json(email_reasons reasons);
/* Two certificates side by side. */
void certificate_compare(const email_certificate *before, const email_certificate *now);

/* --- challenge.c --- */

/* Whether a person is there to be asked: standard input and standard error are terminals. */
bool person_present(void);
/* Asks on the terminal whenever a certificate does not verify; does nothing where nobody is there. */
void challenge_start(email_trust *trust);
/* Shows the entry, and beside it the approved one where the key changed, and asks whether to approve it. */
bool challenge_confirm(email_trust *trust, const email_allowed_host *entry);

/* --- queue.c --- */

/* DONE; or, for no outgoing account and for a queue in memory, which ends with each command: the exit status, told. */
int queue_usable(const cli *c, const email_account *account);

/* --- commands --- */

int command_new(cli *c);
int command_show(cli *c);
int command_get(cli *c);
int command_set(cli *c);
int command_unset(cli *c);
int command_remove(cli *c);
int command_rename(cli *c);
int command_reset(cli *c);
int command_check(cli *c);
int command_test(cli *c);
int command_send(cli *c);
int command_receive(cli *c);
int command_queue(cli *c);
int command_run(cli *c);
int command_login(cli *c);
int command_hosts(cli *c);
int command_trust(cli *c);
int command_keys(cli *c);
int command_verify(cli *c);
int command_schema(cli *c);
int command_parse(cli *c);

#endif
