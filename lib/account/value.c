/* SPDX-License-Identifier: MIT */
#include "account/value.h"

#include <stdio.h>
#include <string.h>

#include "account/accept.h"
#include "account/duration.h"
#include "base/alloc.h"
#include "base/calendar.h"
#include "base/error.h"

/* --- numbers as text --- */

typedef email_code write_fn(const email__property *row, int64_t value, email__buf *out);

static email_code
write_boolean(const email__property *row, int64_t value, email__buf *out)
{
	(void)row;
	return email__buf_adds(out, value ? "true" : "false");
}

static email_code
write_integer(const email__property *row, int64_t value, email__buf *out)
{
	(void)row;
	return email__buf_addf(out, "%lld", (long long)value);
}

static email_code
write_duration(const email__property *row, int64_t value, email__buf *out)
{
	char text[EMAIL__DURATION_TEXT];

	(void)row;
	email__duration_print(value, text);
	return email__buf_adds(out, text);
}

static email_code
write_enum(const email__property *row, int64_t value, email__buf *out)
{
	size_t n = 0;
	const char *word = email__words_at(row->p.range, value, &n);

	return word ? email__buf_add(out, word, n) : EMAIL_OK;
}

static email_code
write_time(const email__property *row, int64_t value, email__buf *out)
{
	char text[EMAIL__TIME_TEXT];

	(void)row;
	if (value == 0)
		return EMAIL_OK;
	email__time_write(value, text);
	return email__buf_adds(out, text);
}

static email_code
write_status(const email__property *row, int64_t value, email__buf *out)
{
	static const struct {
		int64_t bit;
		const char *word;
	} words[] = {
		{EMAIL__STATUS_DOWN, "down"},
		{EMAIL__STATUS_DISABLED, "disabled"},
		{EMAIL__STATUS_FAULT, "fault"},
		{EMAIL__STATUS_UNVERIFIED, "unverified"},
	};
	const char *comma = "";
	email_code rc = EMAIL_OK;
	size_t i;

	(void)row;
	if (value == 0)
		return email__buf_adds(out, "ok");
	for (i = 0; i < sizeof words / sizeof words[0] && rc == EMAIL_OK; i++) {
		if (!(value & words[i].bit))
			continue;
		rc = email__buf_addf(out, "%s%s", comma, words[i].word);
		comma = ",";
	}
	return rc;
}

/* --- the types --- */

typedef enum storage { FLAG, NUMBER, STRING, SECRET } storage;

static const struct {
	storage storage;
	write_fn *write; /* of flags and numbers */
} types[EMAIL__TYPE_COUNT] = {
	[EMAIL__TYPE_BOOLEAN] = {FLAG, write_boolean},
	[EMAIL__TYPE_INTEGER] = {NUMBER, write_integer},
	[EMAIL__TYPE_DURATION] = {NUMBER, write_duration},
	[EMAIL__TYPE_ENUM] = {NUMBER, write_enum},
	[EMAIL__TYPE_TIME] = {NUMBER, write_time},
	[EMAIL__TYPE_STATUS] = {NUMBER, write_status},
	[EMAIL__TYPE_WORD] = {STRING, NULL},
	[EMAIL__TYPE_TEXT] = {STRING, NULL},
	[EMAIL__TYPE_NAME] = {STRING, NULL},
	[EMAIL__TYPE_HOST] = {STRING, NULL},
	[EMAIL__TYPE_EHLO] = {STRING, NULL},
	[EMAIL__TYPE_ADDRESS] = {STRING, NULL},
	[EMAIL__TYPE_URL] = {STRING, NULL},
	[EMAIL__TYPE_SECRET] = {SECRET, NULL},
};

static void *
place(const email__property *row, const void *values)
{
	return (unsigned char *)(uintptr_t)values + row->offset;
}

email__secret *
email__value_secret(const email__property *row, void *values)
{
	return place(row, values);
}

const email__property *
email__value_secret_row(const email__table *table, const void *values, const email__secret *secret)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->row[i].p.secret && place(&table->row[i], values) == secret)
			return &table->row[i];
	return NULL;
}

/* The sentence for a value that was refused. A secret is never quoted: it may be one given by mistake. */
static email_code
refuse(const email__property *row, const char *text, email_error *e)
{
	char expected[256], given[64], near[64];

	email__property_expected(row, expected, sizeof expected);
	if (row->p.secret)
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET, "%s takes %s", row->p.name,
		                        expected);
	email__printable(given, sizeof given, text, strlen(text));
	email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET, "\"%s\" is not valid for %s: expected %s",
	                 given, row->p.name, expected);
	if (row->type == EMAIL__TYPE_ENUM || row->type == EMAIL__TYPE_WORD) {
		email__words_nearest(row->p.range, text, near, sizeof near);
		if (near[0])
			email__error_remedy(e, "did you mean %s?", near);
	}
	return EMAIL_E_VALUE;
}

email_code
email__value_parse(const email__property *row, void *values, const char *text, email_error *e)
{
	email_code rc = email__accept(row, place(row, values), text);

	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	return rc ? refuse(row, text, e) : EMAIL_OK;
}

static int64_t
number_at(const email__property *row, const void *values)
{
	const void *at = place(row, values);

	return types[row->type].storage == FLAG ? *(const bool *)at : *(const int64_t *)at;
}

email_code
email__value_print_number(const email__property *row, int64_t value, email__buf *out)
{
	return types[row->type].write(row, value, out);
}

static email_code
print_secret(const email__secret *secret, email__buf *out)
{
	email_code rc = email__buf_adds(out, email__secret_tag(secret->kind));

	return rc || !secret->text ? rc : email__buf_adds(out, secret->text);
}

/* A word's first name is kept as "". */
static email_code
print_string(const email__property *row, const char *text, email__buf *out)
{
	return row->type == EMAIL__TYPE_WORD && !text[0] ? write_enum(row, 0, out)
	                                                 : email__buf_adds(out, text);
}

email_code
email__value_print(const email__property *row, const void *values, email__buf *out)
{
	const void *at = place(row, values);

	switch (types[row->type].storage) {
	case FLAG:
	case NUMBER: return email__value_print_number(row, number_at(row, values), out);
	case STRING: return print_string(row, *(char *const *)at, out);
	case SECRET: return print_secret(at, out);
	}
	return EMAIL_E_USAGE;
}

static bool
secret_equal(const email__secret *a, const email__secret *b)
{
	return a->kind == b->kind && (a->kind == EMAIL__SECRET_NONE || strcmp(a->text, b->text) == 0);
}

bool
email__value_equal(const email__property *row, const void *a, const void *b)
{
	switch (types[row->type].storage) {
	case FLAG:
	case NUMBER: return number_at(row, a) == number_at(row, b);
	case STRING: return strcmp(*(char **)place(row, a), *(char **)place(row, b)) == 0;
	case SECRET: return secret_equal(place(row, a), place(row, b));
	}
	return false;
}

email_code
email__value_reset(const email__property *row, void *values)
{
	/* there is no default name: an account keeps the one it has, and a new one waits for its own */
	if (row->type == EMAIL__TYPE_NAME)
		return *(char **)place(row, values) ? EMAIL_OK : email__text_keep(place(row, values), "", 0);
	return email__accept(row, place(row, values), row->p.default_text);
}

/* --- all of them --- */

static void
dispose(const email__property *row, void *values)
{
	void *at = place(row, values);

	switch (types[row->type].storage) {
	case FLAG:
	case NUMBER: break;
	case STRING:
		email__free(*(char **)at);
		*(char **)at = NULL;
		break;
	case SECRET: email__secret_dispose(at); break;
	}
}

void
email__values_free(const email__table *table, void *values)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (!table->row[i].compute)
			dispose(&table->row[i], values);
}

email_code
email__values_init(const email__table *table, void *values)
{
	email_code rc = EMAIL_OK;
	size_t i;

	for (i = 0; i < table->count && rc == EMAIL_OK; i++)
		if (!table->row[i].compute)
			rc = email__value_reset(&table->row[i], values);
	if (rc)
		email__values_free(table, values);
	return rc;
}

/* Takes the row's memory away from a plain copy, so that it is safe to free. */
static void
detach(const email__property *row, void *values)
{
	void *at = place(row, values);

	if (types[row->type].storage == STRING)
		*(char **)at = NULL;
	else if (types[row->type].storage == SECRET)
		memset(at, 0, sizeof(email__secret));
}

static email_code
copy(const email__property *row, void *target, const void *source)
{
	const void *at = place(row, source);
	const email__secret *secret = at;
	email_code rc = EMAIL_OK;

	if (types[row->type].storage == STRING)
		return email__text_keep(place(row, target), *(char *const *)at, strlen(*(char *const *)at));
	if (types[row->type].storage == SECRET &&
	    (rc = email__secret_keep(place(row, target), secret->kind, secret->text)) == EMAIL_OK)
		email__value_secret(row, target)->origin = secret->origin;
	return rc;
}

email_code
email__values_copy(const email__table *table, void *target, const void *source, size_t size)
{
	email_code rc = EMAIL_OK;
	size_t i;

	memcpy(target, source, size);
	for (i = 0; i < table->count; i++)
		if (!table->row[i].compute)
			detach(&table->row[i], target);
	for (i = 0; i < table->count && rc == EMAIL_OK; i++)
		if (!table->row[i].compute)
			rc = copy(&table->row[i], target, source);
	if (rc)
		email__values_free(table, target);
	return rc;
}
