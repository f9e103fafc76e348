/* SPDX-License-Identifier: MIT */
#include "codec/word.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/base64.h"

#define PREFIX_Q "=?UTF-8?Q?"
#define PREFIX_B "=?UTF-8?B?"
#define AROUND (sizeof PREFIX_Q - 1 + 2) /* what is not text in an encoded word */
/* Less is not worth beginning a word for at the end of a line: four characters of four bytes in Q. */
#define LEAST 30

static const char hex[] = "0123456789ABCDEF";

/* The narrowest set, of phrases (RFC 2047 5 (3)), is right everywhere else too. */
static bool
plain_in_q(unsigned char c)
{
	return email__is_alpha((char)c) || email__is_digit((char)c) || c == '!' || c == '*' || c == '+' ||
	       c == '-' || c == '/' || c == ' ';
}

static size_t
q_len(const char *s, size_t n)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += plain_in_q((unsigned char)s[i]) ? 1 : 3;
	return len;
}

bool
email__word_needed(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c > '~' || (c == '=' && i + 1 < n && text[i + 1] == '?'))
			return true;
	}
	return false;
}

static size_t
encode_q(char *out, const char *s, size_t n)
{
	char *o = out;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (plain_in_q(c)) {
			*o++ = c == ' ' ? '_' : (char)c;
		} else {
			*o++ = '=';
			*o++ = hex[c >> 4];
			*o++ = hex[c & 15];
		}
	}
	return (size_t)(o - out);
}

/* One word of as many whole characters as fit into `room`; *used is how much of the text they are. */
static size_t
next_word(char out[EMAIL__WORD_MAX + 1], size_t room, bool q, const char *s, size_t n, size_t *used)
{
	size_t at = 0, len;

	while (at < n) {
		unsigned long c;
		size_t step = email__utf8_decode((const unsigned char *)s + at, n - at, &c);

		if (step == 0)
			step = 1;
		len = q ? q_len(s, at + step) : EMAIL__BASE64_LEN(at + step);
		if (at && AROUND + len > room)
			break;
		at += step;
	}
	memcpy(out, q ? PREFIX_Q : PREFIX_B, sizeof PREFIX_Q);
	len = sizeof PREFIX_Q - 1;
	len += q ? encode_q(out + len, s, at) : email__base64_encode(out + len, s, at);
	memcpy(out + len, "?=", 3);
	*used = at;
	return len + 2;
}

/* `after` characters will be glued to the last word, and `before` stand in front of the first. */
static void
write_words(email__fold *f, const char *before, const char *text, size_t n, const char *after)
{
	bool q = q_len(text, n) <= EMAIL__BASE64_LEN(n);

	while (n && !f->rc) {
		char word[EMAIL__FOLD_WIDTH + EMAIL__WORD_MAX];
		size_t lead = strlen(before), tail = strlen(after), used, len, room;

		memcpy(word, before, lead + 1);
		room = f->column + 1 + lead + tail + LEAST > EMAIL__FOLD_WIDTH
		               ? EMAIL__FOLD_WIDTH - 1
		               : EMAIL__FOLD_WIDTH - 1 - f->column;
		room -= lead + tail;
		if (room > EMAIL__WORD_MAX)
			room = EMAIL__WORD_MAX;
		len = lead + next_word(word + lead, room, q, text, n, &used);
		text += used;
		n -= used;
		if (n == 0) {
			memcpy(word + len, after, tail + 1);
			len += tail;
		}
		email__fold_word(f, word, len);
		before = "";
	}
}

void
email__word_write(email__fold *f, const char *text, size_t n)
{
	write_words(f, "", text, n, "");
}

void
email__word_write_quoted(email__fold *f, const char *parameter, const char *text)
{
	char before[32];

	snprintf(before, sizeof before, "%.20s=\"", parameter);
	write_words(f, before, text, strlen(text), "\"");
}

static bool
decode_q(unsigned char *out, size_t *written, const char *s, size_t n)
{
	unsigned char *o = out;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == '=') {
			int high = i + 2 < n ? email__hex_value(s[i + 1]) : -1,
			    low = i + 2 < n ? email__hex_value(s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			*o++ = (unsigned char)(high << 4 | low);
			i += 2;
		} else {
			*o++ = s[i] == '_' ? ' ' : (unsigned char)s[i];
		}
	}
	*written = (size_t)(o - out);
	return true;
}

/* Appends decoded bytes as UTF-8; false where they are not valid in their charset, or a control. */
static bool
append(email__buf *out, const unsigned char *s, size_t n, bool latin1, email_code *rc)
{
	size_t at = 0, begun = email__buf_len(out);

	while (at < n) {
		unsigned char utf8[4];
		unsigned long c = s[at];
		size_t step = latin1 ? 1 : email__utf8_decode(s + at, n - at, &c);

		if (step == 0 || c < ' ' || (c >= 0x7F && c < 0xA0) ||
		    (*rc = email__buf_add(out, utf8, email__utf8_encode(c, utf8))) != EMAIL_OK) {
			out->end = out->start + begun;
			return false;
		}
		at += step;
	}
	return true;
}

bool
email__word_decode(const char *word, size_t n, email__buf *out, email_code *rc)
{
	unsigned char bytes[EMAIL__WORD_MAX];
	const char *charset = word + 2, *encoding, *text, *end = word + n - 2;
	size_t written, charset_n;
	bool latin1;

	*rc = EMAIL_OK;
	/* the longest that RFC 2047 2 allows bounds `bytes` too */
	if (n > EMAIL__WORD_MAX || n < 8 || memcmp(word, "=?", 2) != 0 || memcmp(end, "?=", 2) != 0)
		return false;
	encoding = memchr(charset, '?', (size_t)(end - charset));
	if (!encoding || end - encoding < 3 || encoding[2] != '?')
		return false;
	text = encoding + 3;
	charset_n = (size_t)(encoding - charset);
	latin1 = charset_n == 10 && email__str_equal_n(charset, "iso-8859-1", 10);
	if (!latin1 && !(charset_n == 5 && email__str_equal_n(charset, "utf-8", 5)) &&
	    !(charset_n == 8 && email__str_equal_n(charset, "us-ascii", 8)))
		return false;
	if (memchr(text, '?', (size_t)(end - text)))
		return false;
	if (email__lower(encoding[1]) == 'q') {
		if (!decode_q(bytes, &written, text, (size_t)(end - text)))
			return false;
	} else if (email__lower(encoding[1]) != 'b' ||
	           email__base64_decode(bytes, &written, text, (size_t)(end - text)))
		return false;
	return append(out, bytes, written, latin1, rc);
}
