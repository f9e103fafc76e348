/* SPDX-License-Identifier: MIT */
/* What people and programs read: tables, JSON, errors, exit status. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

void *
need_memory(void *p)
{
	if (p)
		return p;
	fputs("emailctl: out of memory\n", stderr);
	exit(RETRY);
}

/* --- colour --- */

static bool
coloured(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && no[0]) && term && strcmp(term, "dumb") != 0;
}

const char *
tint_on(tint t)
{
	static const char *const code[] = {[PLAIN] = "",
	                                   [GOOD] = "\033[32m",
	                                   [BAD] = "\033[31m",
	                                   [FAINT] = "\033[2m",
	                                   [STRONG] = "\033[1m"};

	return coloured() ? code[t] : "";
}

const char *
tint_off(void)
{
	return coloured() ? "\033[0m" : "";
}

/* --- tables --- */

typedef struct cell {
	char *text;
	tint colour;
} cell;

struct table {
	size_t columns, count;
	cell *cell;
};

/* Characters, not bytes: those of UTF-8 that begin one. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
add_cell(table *t, tint colour, char *text)
{
	t->cell = need_memory(realloc(t->cell, (t->count + 1) * sizeof *t->cell));
	t->cell[t->count++] = (cell){text, colour};
}

table *
table_new(const char *columns)
{
	table *t = need_memory(calloc(1, sizeof *t));
	size_t n;

	for (;; columns += n + 1) {
		n = strcspn(columns, "|");
		add_cell(t, STRONG, need_memory(strndup(columns, n)));
		t->columns++;
		if (!columns[n])
			return t;
	}
}

void
table_add(table *t, tint colour, const char *format, ...)
{
	va_list list;
	char text[1024];

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	add_cell(t, colour, need_memory(strdup(text)));
}

/* Of each column. Owns: the caller; free(). */
static size_t *
column_widths(const table *t)
{
	size_t *widest = need_memory(calloc(t->columns, sizeof *widest)), i;

	for (i = 0; i < t->count; i++)
		if (width(t->cell[i].text) > widest[i % t->columns])
			widest[i % t->columns] = width(t->cell[i].text);
	return widest;
}

/* Nothing follows in the row: no spaces at the ends of lines. */
static bool
rest_is_empty(const table *t, size_t i)
{
	while (++i % t->columns)
		if (t->cell[i].text[0])
			return false;
	return true;
}

void
table_print(table *t)
{
	size_t *widest = column_widths(t), i;

	for (i = 0; i < t->count; i++) {
		const cell *at = &t->cell[i];
		bool last = (i + 1) % t->columns == 0;
		size_t pad = rest_is_empty(t, i) ? 0 : widest[i % t->columns] - width(at->text) + 2;

		printf("%s%s%s%*s%s", tint_on(at->colour), at->text, at->colour ? tint_off() : "", (int)pad,
		       "", last ? "\n" : "");
	}
	free(widest);
}

void
table_free(table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		free(t->cell[i].text);
	free(t->cell);
	free(t);
}

void
print_field(const char *name, const char *value)
{
	if (value[0])
		printf("  %s%-22s%s %s\n", tint_on(FAINT), name, tint_off(), value);
}

/* --- JSON --- */

json_t *
json_need(json_t *value)
{
	return need_memory(value);
}

void
json_text(json_t *object, const char *key, const char *text)
{
	json_t *value;

	if (!text || !text[0])
		return;
	/* the library's texts are UTF-8; what is not (a file's name) must not lose the whole document */
	value = json_string(text);
	json_object_set_new(object, key, json_need(value ? value : json_string("?")));
}

void
json_number(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, json_need(json_integer(number)));
}

void
json_flag(json_t *object, const char *key, bool flag)
{
	json_object_set_new(object, key, json_boolean(flag));
}

void
json_time(json_t *object, const char *key, int64_t seconds)
{
	char text[WHEN_SIZE];

	json_text(object, key, when_text(seconds, text));
}

static bool a_line_each;

void
json_lines(void)
{
	a_line_each = true;
}

void
json_print(json_t *document)
{
	if (json_dumpf(document, stdout, a_line_each ? JSON_COMPACT : JSON_INDENT(2)) == 0)
		putchar('\n');
	if (a_line_each)
		fflush(stdout);
	json_decref(document);
}

void
print_done(const cli *c)
{
	json_t *document;

	if (!c->json)
		return;
	document = json_need(json_object());
	json_flag(document, "ok", true);
	json_print(document);
}

/* --- errors --- */

int
exit_status(email_code code)
{
	static const int status[EMAIL_CODE_COUNT] = {
		[EMAIL_OK] = DONE,
		[EMAIL_E_MEMORY] = RETRY,
		[EMAIL_E_USAGE] = USAGE,
		[EMAIL_E_VALUE] = CONFIG,
		[EMAIL_E_UNKNOWN] = CONFIG,
		[EMAIL_E_SHEET] = CONFIG,
		[EMAIL_E_FILE] = BAD_DATA,
		[EMAIL_E_SECRET] = CONFIG,
		[EMAIL_E_MESSAGE] = BAD_DATA,
		[EMAIL_E_CERTIFICATE] = BAD_DATA,
		[EMAIL_E_LIMIT] = BAD_DATA,
		[EMAIL_E_DISABLED] = CONFIG,
		[EMAIL_E_RESOLVE] = RETRY,
		[EMAIL_E_CONNECT] = RETRY,
		[EMAIL_E_TIMEOUT] = RETRY,
		[EMAIL_E_CLOSED] = RETRY,
		[EMAIL_E_PROTOCOL] = PROTOCOL,
		[EMAIL_E_STARTTLS] = PROTOCOL,
		[EMAIL_E_TLS] = PROTOCOL,
		[EMAIL_E_TLS_VERSION] = PROTOCOL,
		[EMAIL_E_TRUST] = NO_TRUST,
		[EMAIL_E_CLOCK] = RETRY,
		[EMAIL_E_LOGIN] = NO_TRUST,
		[EMAIL_E_MECHANISM] = NO_TRUST,
		[EMAIL_E_EXTENSION] = REFUSED,
		[EMAIL_E_TEMPORARY] = RETRY,
		[EMAIL_E_REFUSED] = REFUSED,
		[EMAIL_E_PARTIAL] = REFUSED,
		[EMAIL_E_UNSURE] = RETRY,
		[EMAIL_E_CANCELLED] = RETRY,
		[EMAIL_E_QUEUE_FULL] = RETRY,
		[EMAIL_E_SUPPRESSED] = REFUSED,
		[EMAIL_E_INDETERMINATE] = RETRY,
	};

	return code >= 0 && code < EMAIL_CODE_COUNT ? status[code] : USAGE;
}

static json_t *
error_json(const email_error *e)
{
	json_t *o = json_need(json_object());

	json_text(o, "code", email_code_name(e->code));
	json_text(o, "stage", email_stage_name(e->stage));
	json_flag(o, "temporary", e->temporary);
	if (e->reply)
		json_number(o, "reply", e->reply);
	json_text(o, "enhanced", e->enhanced);
	json_text(o, "file", e->file);
	if (e->line)
		json_number(o, "line", e->line);
	json_text(o, "property", e->property);
	json_text(o, "text", e->text[0] ? e->text : email_code_text(e->code));
	json_text(o, "remedy", e->remedy);
	return o;
}

int
fail(const cli *c, const email_error *e, json_t *document)
{
	const char *text = e->text[0] ? e->text : email_code_text(e->code);
	const char *stage = email_stage_name(e->stage);

	fflush(stdout);
	fputs("emailctl: ", stderr);
	if (stage[0])
		fprintf(stderr, "%s: ", stage);
	if (e->file[0] && !strstr(text, e->file))
		fprintf(stderr, "%s: ", e->file);
	if (e->line)
		fprintf(stderr, "line %d: ", e->line);
	/* which field of the message it is, where the sentence does not say so itself */
	if (e->property[0] && !strstr(text, e->property))
		fprintf(stderr, "%s: ", e->property);
	fprintf(stderr, "%s%s%s\n", text, e->remedy[0] ? "; " : "", e->remedy);
	if (c->json) {
		if (!document)
			document = json_need(json_object());
		json_object_set_new(document, "error", error_json(e));
		json_print(document);
	} else if (document) {
		json_decref(document);
	}
	/* the data are well where the disk is full */
	return e->code == EMAIL_E_FILE && (e->os == ENOSPC || e->os == EDQUOT) ? RETRY : exit_status(e->code);
}

int
fail_with(const cli *c, email_code code, const char *remedy, const char *format, ...)
{
	email_error e = {.code = code, .temporary = email_code_class(code) == EMAIL_CLASS_RETRY};
	va_list list;

	va_start(list, format);
	vsnprintf(e.text, sizeof e.text, format, list);
	va_end(list);
	snprintf(e.remedy, sizeof e.remedy, "%s", remedy);
	return fail(c, &e, NULL);
}

int
usage(const cli *c, const char *format, ...)
{
	email_error e = {.code = EMAIL_E_USAGE};
	va_list list;

	va_start(list, format);
	vsnprintf(e.text, sizeof e.text, format, list);
	va_end(list);
	snprintf(e.remedy, sizeof e.remedy, "see emailctl %s%s--help", c->command ? c->command : "",
	         c->command ? " " : "");
	return fail(c, &e, NULL);
}
