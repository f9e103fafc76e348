/* SPDX-License-Identifier: MIT */
#include "account/accept.h"

#include <stdio.h>
#include <string.h>

#include "account/duration.h"
#include "base/alloc.h"
#include "base/calendar.h"
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

/* `at` is the value's place. */
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

email_code
email__text_keep(void *at, const char *text, size_t n)
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

	return i < 0 ? EMAIL_E_VALUE : email__text_keep(at, text, i == 0 ? 0 : strlen(text));
}

static email_code
read_text(const email__property *row, void *at, const char *text)
{
	size_t n = strlen(text);

	if ((int64_t)n < row->least || (row->most && (int64_t)n > row->most) || !email__text_valid(text, n) ||
	    !is_trimmed(text, n))
		return EMAIL_E_VALUE;
	return email__text_keep(at, text, n);
}

static email_code
read_name(const email__property *row, void *at, const char *text)
{
	(void)row;
	return email_account_name_valid(text) ? email__text_keep(at, text, strlen(text)) : EMAIL_E_VALUE;
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
	return email__text_keep(at, text, n);
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
	return email__text_keep(at, text, n);
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

	if (text[0] &&
	    (strncmp(text, https, sizeof https - 1) != 0 || !text[sizeof https - 1] || strchr(text, ' ')))
		return EMAIL_E_VALUE;
	return read_text(row, at, text);
}

/* --- secrets --- */

/* By email__secret_kind. */
static const char *const tags[] = {"", "value:", "env:", "file:", "sealed:"};

const char *
email__secret_tag(email__secret_kind kind)
{
	return tags[kind];
}

/* POSIX XBD 8.1 */
static bool
variable_valid(const char *s)
{
	const char *p;

	for (p = s; email__is_alpha(*p) || *p == '_' || (p > s && email__is_digit(*p)); p++)
		;
	return p > s && *p == '\0' && p - s <= 255;
}

/* Base64 (RFC 4648 4) in whole groups; what it holds is looked at when it is needed. */
static bool
sealed_valid(const char *s, size_t n)
{
	size_t body = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

	return n > 0 && n <= EMAIL__SEALED_MAX && n % 4 == 0 && n - body <= 2 &&
	       strspn(s + body, "=") == n - body;
}

static bool
secret_valid(email__secret_kind kind, const char *text)
{
	size_t n = strlen(text);

	switch (kind) {
	case EMAIL__SECRET_NONE: return true;
	case EMAIL__SECRET_VALUE: return n <= EMAIL__SECRET_MAX && email__utf8_valid(text, n);
	case EMAIL__SECRET_ENV: return variable_valid(text);
	case EMAIL__SECRET_FILE: return n > 0 && n <= EMAIL__TEXT_MAX && email__text_valid(text, n);
	case EMAIL__SECRET_SEALED: return sealed_valid(text, n);
	}
	return false;
}

void
email__secret_dispose(email__secret *secret)
{
	email__wipe_free(secret->text);
	secret->text = NULL;
	secret->kind = EMAIL__SECRET_NONE;
	secret->origin = EMAIL__SECRET_GIVEN;
}

email_code
email__secret_keep(email__secret *secret, email__secret_kind kind, const char *text)
{
	char *copy = NULL;

	if (kind != EMAIL__SECRET_NONE && !(copy = email__strdup(text)))
		return EMAIL_E_MEMORY;
	email__secret_dispose(secret);
	secret->kind = kind;
	secret->text = copy;
	return EMAIL_OK;
}

static email_code
read_secret(const email__property *row, void *at, const char *text)
{
	static const email__secret_kind kinds[] = {EMAIL__SECRET_VALUE, EMAIL__SECRET_ENV, EMAIL__SECRET_FILE,
	                                           EMAIL__SECRET_SEALED};
	size_t i;

	(void)row;
	if (text[0] == '\0' || strcmp(text, "value:") == 0)
		return email__secret_keep(at, EMAIL__SECRET_NONE, NULL);
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		size_t n = strlen(tags[kinds[i]]);

		if (strncmp(text, tags[kinds[i]], n) != 0)
			continue;
		return secret_valid(kinds[i], text + n) ? email__secret_keep(at, kinds[i], text + n)
		                                        : EMAIL_E_VALUE;
	}
	return EMAIL_E_VALUE;
}

/* Midnight (UTC), where there is a date alone. Nothing before 1970: 0 is no time. */
static email_code
read_time(const email__property *row, void *at, const char *text)
{
	char whole[EMAIL__TIME_TEXT];
	int64_t v;

	(void)row;
	if (text[0] == '\0')
		return keep_number(at, 0);
	snprintf(whole, sizeof whole, "%s%s", text, strlen(text) == strlen("YYYY-MM-DD") ? "T00:00:00Z" : "");
	return strlen(text) < sizeof whole && email__time_read(whole, &v) && v > 0 ? keep_number(at, v)
	                                                                           : EMAIL_E_VALUE;
}

/* Never set, but reset when an account is made. */
static email_code
read_status(const email__property *row, void *at, const char *text)
{
	(void)row;
	return strcmp(text, "unverified") == 0 ? keep_number(at, EMAIL__STATUS_UNVERIFIED) : EMAIL_E_VALUE;
}

/* --- the types --- */

email_code
email__accept(const email__property *row, void *at, const char *text)
{
	static read_fn *const types[EMAIL__TYPE_COUNT] = {
		[EMAIL__TYPE_BOOLEAN] = read_boolean,   [EMAIL__TYPE_INTEGER] = read_integer,
		[EMAIL__TYPE_DURATION] = read_duration, [EMAIL__TYPE_ENUM] = read_enum,
		[EMAIL__TYPE_TIME] = read_time,         [EMAIL__TYPE_STATUS] = read_status,
		[EMAIL__TYPE_WORD] = read_word,         [EMAIL__TYPE_TEXT] = read_text,
		[EMAIL__TYPE_NAME] = read_name,         [EMAIL__TYPE_HOST] = read_host,
		[EMAIL__TYPE_EHLO] = read_ehlo,         [EMAIL__TYPE_ADDRESS] = read_address,
		[EMAIL__TYPE_URL] = read_url,           [EMAIL__TYPE_SECRET] = read_secret,
	};

	return types[row->type](row, at, text);
}
