/* SPDX-License-Identifier: MIT */
#include "mime/header.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/fold.h"
#include "codec/word.h"

email_code
email__header_check(const char *text, email_error *e)
{
	size_t at = 0, n = strlen(text);

	while (at < n) {
		unsigned long c;
		size_t step = email__utf8_decode((const unsigned char *)text + at, n - at, &c);

		if (step == 0)
			return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
			                        "it is not UTF-8, at character %zu", at + 1);
		if ((c < ' ' && c != '\t') || (c >= 0x7F && c < 0xA0))
			return email__error_set(
				e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
				"it has a line end or another control character, at character %zu", at + 1);
		at += step;
	}
	return EMAIL_OK;
}

/* What the library writes itself, and what names hidden recipients or the way that a message took. */
static const char *const reserved[] = {"From",         "To",         "Cc",          "Bcc",
                                       "Reply-To",     "Subject",    "Date",        "Message-ID",
                                       "MIME-Version", "Resent-Bcc", "Return-Path", "Received"};

email_code
email__header_check_name(const char *name, email_error *e)
{
	size_t i, n = strlen(name);

	if (n == 0)
		return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "a header needs a name");
	/* ftext: printable ASCII but the colon */
	for (i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			return email__error_set(
				e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
				"a header's name has a character that may not be there, at %zu", i + 1);
	if (n > EMAIL__HEADER_NAME_MAX)
		return email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "a header's name is longer than %d", EMAIL__HEADER_NAME_MAX);
	for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (email__str_equal(name, reserved[i]))
			break;
	if (i < sizeof reserved / sizeof *reserved || (n >= 8 && email__str_equal_n(name, "Content-", 8)))
		return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                        "the header %s is not the caller's to add", name);
	return EMAIL_OK;
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

/* Plain text folds at its own white space, which stays as it was (RFC 5322 2.2.3). White space at an
 * end would get lost, and a word too long for a line cannot be folded: both are encoded. */
static bool
goes_plain(const char *s, size_t n)
{
	size_t i, run = 0;

	if (n && (is_white(s[0]) || is_white(s[n - 1])))
		return false;
	for (i = 0; i < n; i++) {
		run = is_white(s[i]) == is_white(s[i ? i - 1 : 0]) ? run + 1 : 1;
		if (run > EMAIL__LINE_MAX - EMAIL__FOLD_WIDTH ||
		    (s[i] != '\t' && email__word_needed(s + i, 1)))
			return false;
		if (s[i] == '=' && s[i + 1] == '?')
			return false;
	}
	return true;
}

static void
write_plain(email__fold *f, const char *s)
{
	while (*s && !f->rc) {
		const char *white = s, *word;

		while (is_white(*s))
			s++;
		for (word = s; *s && !is_white(*s); s++)
			;
		if (word == white)
			email__fold_word(f, word, (size_t)(s - word));
		else
			email__fold_piece(f, white, (size_t)(word - white), word, (size_t)(s - word));
	}
}

email_code
email__header_write_text(email__buf *out, const char *name, const char *value)
{
	email__fold f;
	size_t n = strlen(value);

	email__fold_begin(&f, out, name);
	if (n == 0)
		email__fold_glue(&f, " ");
	else if (goes_plain(value, n))
		write_plain(&f, value);
	else
		email__word_write(&f, value, n);
	return email__fold_end(&f);
}

/* A phrase of atoms, with single spaces between them (RFC 5322 3.2.5). */
static bool
is_phrase(const char *s)
{
	bool word = false;

	for (; *s; s++) {
		if (*s == ' ') {
			if (!word)
				return false;
			word = false;
		} else if (email__is_alpha(*s) || email__is_digit(*s) || strchr("!#$%&'*+-/=?^_`{|}~", *s)) {
			word = true;
		} else {
			return false;
		}
	}
	return word;
}

static void
write_quoted(email__fold *f, const char *name)
{
	char piece[2 * EMAIL__FOLD_WIDTH + 2];
	size_t n = 0;

	piece[n++] = '"';
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			piece[n++] = '\\';
		piece[n++] = *name;
	}
	piece[n++] = '"';
	email__fold_word(f, piece, n);
}

/* As atoms, a quoted string, or encoded words. */
static void
write_name(email__fold *f, const char *name)
{
	size_t n = strlen(name);

	if (email__word_needed(name, n) || n > EMAIL__WORD_MAX - 2)
		email__word_write(f, name, n);
	else if (is_phrase(name))
		email__fold_word(f, name, n);
	else
		write_quoted(f, name);
}

static void
write_mailbox(email__fold *f, const email__address *a)
{
	char address[EMAIL__ADDRESS_MAX + EMAIL__LOCAL_PART_MAX];
	size_t n = strlen(a->address);

	if (!a->name) {
		email__fold_word(f, a->address, n);
		return;
	}
	if (n > sizeof address - 3)
		n = sizeof address - 3;
	write_name(f, a->name);
	email__fold_word(f, address, (size_t)snprintf(address, sizeof address, "<%.*s>", (int)n, a->address));
}

email_code
email__header_write_addresses(email__buf *out, const char *name, const email__address *a, size_t n)
{
	bool first = true; /* of the field, or of a group */
	email__fold f;
	size_t i;

	email__fold_begin(&f, out, name);
	f.tail = 2; /* what a group's last mailbox has behind it: ";," */
	for (i = 0; i < n; i++) {
		if (a[i].kind == EMAIL__ADDRESS_GROUP_END) {
			email__fold_glue(&f, ";");
			first = false;
			continue;
		}
		if (!first)
			email__fold_glue(&f, ",");
		first = a[i].kind == EMAIL__ADDRESS_GROUP;
		if (first) {
			write_name(&f, a[i].name);
			email__fold_glue(&f, ":");
		} else {
			write_mailbox(&f, &a[i]);
		}
	}
	return email__fold_end(&f);
}
