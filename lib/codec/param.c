/* SPDX-License-Identifier: MIT */
#include "codec/param.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "codec/word.h"

/* What fits on a folded line: a space before, a semicolon behind. */
#define PIECE_MAX (EMAIL__FOLD_WIDTH - 2)
#define CHARSET "UTF-8''"

static const char hex[] = "0123456789ABCDEF";

bool
email__param_plain(const char *value)
{
	size_t n = strlen(value);

	return n <= 50 && !email__word_needed(value, n);
}

/* attribute-char of RFC 2231 7. */
static bool
attribute_char(char c)
{
	return email__is_alpha(c) || email__is_digit(c) || (c && strchr("!#$&+-.^_`{|}~", c));
}

static size_t
percent(char *out, const char *s, size_t n)
{
	char *o = out;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (attribute_char(s[i])) {
			*o++ = s[i];
		} else {
			*o++ = '%';
			*o++ = hex[c >> 4];
			*o++ = hex[c & 15];
		}
	}
	return (size_t)(o - out);
}

static void
write_quoted(email__fold *f, const char *name, const char *value)
{
	char piece[256];
	size_t n = (size_t)snprintf(piece, sizeof piece, "%.32s=\"", name);

	/* a plain value is at most 50, so that it fits with every character escaped */
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			piece[n++] = '\\';
		piece[n++] = *value;
	}
	piece[n++] = '"';
	email__fold_word(f, piece, n);
}

static size_t
percent_len(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += attribute_char(*s) ? 1 : 3;
	return n;
}

/* As many whole characters as fit; returns how much of the value they are. */
static size_t
fill(char *piece, size_t *n, const char *value, size_t left)
{
	size_t at = 0;

	while (at < left) {
		char coded[12];
		unsigned long c;
		size_t step = email__utf8_decode((const unsigned char *)value + at, left - at, &c), len;

		if (step == 0)
			step = 1;
		len = percent(coded, value + at, step);
		if (*n + len > PIECE_MAX)
			break;
		memcpy(piece + *n, coded, len);
		*n += len;
		at += step;
	}
	return at;
}

/* RFC 2231 3 and 4. */
static void
write_extended(email__fold *f, const char *name, const char *value)
{
	bool whole = strlen(name) + 2 + strlen(CHARSET) + percent_len(value) <= PIECE_MAX;
	size_t left = strlen(value), used;
	unsigned section = 0;

	do {
		char piece[PIECE_MAX + 1];
		const char *charset = section ? "" : CHARSET;
		size_t n;

		if (section)
			email__fold_glue(f, ";");
		if (whole)
			n = (size_t)snprintf(piece, sizeof piece, "%.32s*=%s", name, charset);
		else
			n = (size_t)snprintf(piece, sizeof piece, "%.32s*%u*=%s", name, section, charset);
		used = fill(piece, &n, value, left);
		email__fold_word(f, piece, n);
		value += used;
		left -= used;
		section++;
	} while (left && used && !f->rc);
}

void
email__param_write(email__fold *f, const char *name, const char *value)
{
	email__fold_glue(f, ";");
	if (email__param_plain(value))
		write_quoted(f, name, value);
	else
		write_extended(f, name, value);
}

void
email__param_write_old(email__fold *f, const char *name, const char *value)
{
	email__fold_glue(f, ";");
	if (email__param_plain(value))
		write_quoted(f, name, value);
	else
		email__word_write_quoted(f, name, value);
}
