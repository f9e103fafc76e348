/* SPDX-License-Identifier: MIT */
#include "account/value.h"

#include <stdio.h>
#include <string.h>

#include "account/duration.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "mime/address.h"
#include "trust/verdict.h"

/* --- text --- */

/* The characters of XML 1.0 (2.2 Char) without its control characters: whatever is valid here can be saved. */
static bool
character_valid(unsigned long c)
{
	return c >= 0x20 && (c < 0x7F || c >= 0xA0) && c != 0xFFFE && c != 0xFFFF;
}

bool
email__text_valid(const char *s, size_t n)
{
	size_t at = 0, len;
	unsigned long c;

	for (; at < n; at += len) {
		len = email__utf8_decode((const unsigned char *)s + at, n - at, &c);
		if (len == 0 || !character_valid(c))
			return false;
	}
	return true;
}

static bool
is_trimmed(const char *s, size_t n)
{
	return n == 0 || (s[0] != ' ' && s[n - 1] != ' ');
}

bool
email_account_name_valid(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	return n >= 1 && n <= EMAIL__NAME_MAX && name[0] != '.' && name[0] != '-' && !strchr(name, '/') &&
	       email__text_valid(name, n);
}

/* --- what the types accept --- */

/* EMAIL_E_VALUE without a sentence: the caller has one for every type. */
typedef email_code read_fn(const email__property *row, void *at, const char *text);

static email_code
read_boolean(const email__property *row, void *at, const char *text)
{
	/* the lexical forms of xs:boolean */
	static const char words[] = "false true 0 1";
	int i = email__words_index(words, text);

	(void)row;
	if (i < 0)
		return EMAIL_E_VALUE;
	*(bool *)at = i & 1;
	return EMAIL_OK;
}

static email_code
keep_number(void *at, int64_t v)
{
	*(int64_t *)at = v;
	return EMAIL_OK;
}

#define DIGITS_MAX 18

static email_code
read_integer(const email__property *row, void *at, const char *text)
{
	int64_t v;

	if (row->minus_one && strcmp(text, "-1") == 0)
		return keep_number(at, -1);
	/* more digits are a mistake, whatever they say (and not every XML validator reads them) */
	if (strlen(text) > DIGITS_MAX || !email__str_number(text, row->least, row->most, &v))
		return EMAIL_E_VALUE;
	return keep_number(at, v);
}

static email_code
read_duration(const email__property *row, void *at, const char *text)
{
	int64_t v;

	if (!email__duration_parse(text, &v) || v < row->least || v > row->most)
		return EMAIL_E_VALUE;
	return keep_number(at, v);
}

static email_code
read_enum(const email__property *row, void *at, const char *text)
{
	int i = email__words_index(row->p.range, text);

	return i < 0 ? EMAIL_E_VALUE : keep_number(at, i);
}

static email_code
keep_text(void *at, const char *text, size_t n)
{
	char *copy = email__strndup(text, n);

	if (!copy)
		return EMAIL_E_MEMORY;
	email__free(*(char **)at);
	*(char **)at = copy;
	return EMAIL_OK;
}

static email_code
read_word(const email__property *row, void *at, const char *text)
{
	int i = email__words_index(row->p.range, text);

	return i < 0 ? EMAIL_E_VALUE : keep_text(at, text, i == 0 ? 0 : strlen(text));
}

static email_code
read_text(const email__property *row, void *at, const char *text)
{
	size_t n = strlen(text);

	if ((int64_t)n < row->least || (row->most && (int64_t)n > row->most) ||
	    !email__text_valid(text, n) || !is_trimmed(text, n))
		return EMAIL_E_VALUE;
	return keep_text(at, text, n);
}

static email_code
read_name(const email__property *row, void *at, const char *text)
{
	(void)row;
	return email_account_name_valid(text) ? keep_text(at, text, strlen(text)) : EMAIL_E_VALUE;
}

/* Any host; *address: an IP address. An IPv6 literal may stand in brackets, as people copy it from URLs. */
static bool
host_valid(const char *text, size_t n, bool *address)
{
	char plain[EMAIL__HOST_MAX], canonical[EMAIL__HOST_MAX];

	if (n == 0 || n >= sizeof plain || strpbrk(text, " /@") || !email__text_valid(text, n))
		return false;
	memcpy(plain, text, n);
	plain[n] = '\0';
	return email__host_canonical(plain, canonical, address) == EMAIL_OK;
}

static email_code
read_host(const email__property *row, void *at, const char *text)
{
	size_t n = strlen(text);
	bool address, brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';

	(void)row;
	if (brackets) {
		text++;
		n -= 2;
	}
	if (n && (!host_valid(text, n, &address) || (brackets && !memchr(text, ':', n))))
		return EMAIL_E_VALUE;
	return keep_text(at, text, n);
}

/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool
literal_valid(const char *text, size_t n)
{
	static const char tag[] = "IPv6:";
	bool six = n > sizeof tag && email__str_equal_n(text + 1, tag, sizeof tag - 1);
	size_t skip = six ? sizeof tag : 1;
	bool address = false;

	if (n < 3 || text[0] != '[' || text[n - 1] != ']')
		return false;
	return host_valid(text + skip, n - skip - 1, &address) && address &&
	       (memchr(text + skip, ':', n - skip) != NULL) == six;
}

static email_code
read_ehlo(const email__property *row, void *at, const char *text)
{
	size_t n = strlen(text);
	bool address;

	(void)row;
	if (n && !literal_valid(text, n) && (!host_valid(text, n, &address) || address))
		return EMAIL_E_VALUE;
	return keep_text(at, text, n);
}

static email_code
read_address(const email__property *row, void *at, const char *text)
{
	email__address address;
	email_code rc;

	if (text[0]) {
		if ((rc = email__address_parse_one(text, &address, NULL)))
			return rc == EMAIL_E_MEMORY ? rc : EMAIL_E_VALUE;
		email__address_dispose(&address);
	}
	return read_text(row, at, text);
}

static email_code
read_url(const email__property *row, void *at, const char *text)
{
	static const char https[] = "https://";

	if (text[0] && (strncmp(text, https, sizeof https - 1) != 0 || !text[sizeof https - 1] ||
	                strchr(text, ' ')))
		return EMAIL_E_VALUE;
	return read_text(row, at, text);
}

/* --- secrets --- */

static const struct {
	const char *tag;
	email__secret_kind kind;
} secret_tags[] = {
        {"value:", EMAIL__SECRET_VALUE},
        {"env:", EMAIL__SECRET_ENV},
        {"file:", EMAIL__SECRET_FILE},
};
#define SECRET_TAGS (sizeof secret_tags / sizeof secret_tags[0])

/* POSIX XBD 8.1 */
static bool
variable_valid(const char *s)
{
	const char *p;

	for (p = s; email__is_alpha(*p) || *p == '_' || (p > s && email__is_digit(*p)); p++)
		;
	return p > s && *p == '\0' && p - s <= 255;
}

static bool
secret_valid(email__secret_kind kind, const char *text)
{
	size_t n = strlen(text);

	switch (kind) {
	case EMAIL__SECRET_NONE:
		return true;
	case EMAIL__SECRET_VALUE:
		return n <= EMAIL__SECRET_MAX && email__utf8_valid(text, n);
	case EMAIL__SECRET_ENV:
		return variable_valid(text);
	case EMAIL__SECRET_FILE:
		return n > 0 && n <= EMAIL__TEXT_MAX && email__text_valid(text, n);
	}
	return false;
}

static void
dispose_secret(email__secret *secret)
{
	email__wipe_free(secret->text);
	secret->text = NULL;
	secret->kind = EMAIL__SECRET_NONE;
}

static email_code
keep_secret(email__secret *secret, email__secret_kind kind, const char *text)
{
	char *copy = NULL;

	if (kind != EMAIL__SECRET_NONE && !(copy = email__strdup(text)))
		return EMAIL_E_MEMORY;
	dispose_secret(secret);
	secret->kind = kind;
	secret->text = copy;
	return EMAIL_OK;
}

static email_code
read_secret(const email__property *row, void *at, const char *text)
{
	size_t i;

	(void)row;
	if (text[0] == '\0' || strcmp(text, "value:") == 0)
		return keep_secret(at, EMAIL__SECRET_NONE, NULL);
	for (i = 0; i < SECRET_TAGS; i++) {
		size_t n = strlen(secret_tags[i].tag);

		if (strncmp(text, secret_tags[i].tag, n) != 0)
			continue;
		if (!secret_valid(secret_tags[i].kind, text + n))
			return EMAIL_E_VALUE;
		return keep_secret(at, secret_tags[i].kind, text + n);
	}
	return EMAIL_E_VALUE;
}

/* Status only: never set, but reset when an account is made. */
static email_code
read_time(const email__property *row, void *at, const char *text)
{
	(void)row;
	return text[0] ? EMAIL_E_VALUE : keep_number(at, 0);
}

static email_code
read_status(const email__property *row, void *at, const char *text)
{
	(void)row;
	return strcmp(text, "unverified") == 0 ? keep_number(at, EMAIL__STATUS_UNVERIFIED) : EMAIL_E_VALUE;
}

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
	email__time_print(value, text);
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
	read_fn *read;
	write_fn *write; /* of flags and numbers */
} types[EMAIL__TYPE_COUNT] = {
        [EMAIL__TYPE_BOOLEAN] = {FLAG, read_boolean, write_boolean},
        [EMAIL__TYPE_INTEGER] = {NUMBER, read_integer, write_integer},
        [EMAIL__TYPE_DURATION] = {NUMBER, read_duration, write_duration},
        [EMAIL__TYPE_ENUM] = {NUMBER, read_enum, write_enum},
        [EMAIL__TYPE_TIME] = {NUMBER, read_time, write_time},
        [EMAIL__TYPE_STATUS] = {NUMBER, read_status, write_status},
        [EMAIL__TYPE_WORD] = {STRING, read_word, NULL},
        [EMAIL__TYPE_TEXT] = {STRING, read_text, NULL},
        [EMAIL__TYPE_NAME] = {STRING, read_name, NULL},
        [EMAIL__TYPE_HOST] = {STRING, read_host, NULL},
        [EMAIL__TYPE_EHLO] = {STRING, read_ehlo, NULL},
        [EMAIL__TYPE_ADDRESS] = {STRING, read_address, NULL},
        [EMAIL__TYPE_URL] = {STRING, read_url, NULL},
        [EMAIL__TYPE_SECRET] = {SECRET, read_secret, NULL},
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

/* The sentence for a value that was refused. A secret is never quoted: it may be one given by mistake. */
static email_code
refuse(const email__property *row, const char *text, email_error *e)
{
	char expected[256], given[64], near[64];

	email__property_expected(row, expected, sizeof expected);
	if (row->p.secret)
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET, "%s takes %s", row->p.name, expected);
	email__printable(given, sizeof given, text, strlen(text));
	email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET, "\"%s\" is not valid for %s: expected %s", given,
	                 row->p.name, expected);
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
	email_code rc = types[row->type].read(row, place(row, values), text);

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
	email_code rc;
	size_t i;

	for (i = 0; i < SECRET_TAGS; i++)
		if (secret_tags[i].kind == secret->kind)
			return (rc = email__buf_adds(out, secret_tags[i].tag)) ? rc
			                                                       : email__buf_adds(out, secret->text);
	return EMAIL_OK;
}

/* A word's first name is kept as "". */
static email_code
print_string(const email__property *row, const char *text, email__buf *out)
{
	return row->type == EMAIL__TYPE_WORD && !text[0] ? write_enum(row, 0, out) : email__buf_adds(out, text);
}

email_code
email__value_print(const email__property *row, const void *values, email__buf *out)
{
	const void *at = place(row, values);

	switch (types[row->type].storage) {
	case FLAG:
	case NUMBER:
		return email__value_print_number(row, number_at(row, values), out);
	case STRING:
		return print_string(row, *(char *const *)at, out);
	case SECRET:
		return print_secret(at, out);
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
	case NUMBER:
		return number_at(row, a) == number_at(row, b);
	case STRING:
		return strcmp(*(char **)place(row, a), *(char **)place(row, b)) == 0;
	case SECRET:
		return secret_equal(place(row, a), place(row, b));
	}
	return false;
}

email_code
email__value_reset(const email__property *row, void *values)
{
	/* an account has no default name, and keeps the one it has */
	if (row->type == EMAIL__TYPE_NAME)
		return EMAIL_OK;
	return types[row->type].read(row, place(row, values), row->p.default_text);
}

/* --- all of them --- */

static void
dispose(const email__property *row, void *values)
{
	void *at = place(row, values);

	switch (types[row->type].storage) {
	case FLAG:
	case NUMBER:
		break;
	case STRING:
		email__free(*(char **)at);
		*(char **)at = NULL;
		break;
	case SECRET:
		dispose_secret(at);
		break;
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

	if (types[row->type].storage == STRING)
		return keep_text(place(row, target), *(char *const *)at, strlen(*(char *const *)at));
	if (types[row->type].storage == SECRET)
		return keep_secret(place(row, target), ((const email__secret *)at)->kind,
		                   ((const email__secret *)at)->text);
	return EMAIL_OK;
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
