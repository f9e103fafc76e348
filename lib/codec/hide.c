/* SPDX-License-Identifier: MIT */
#include "codec/hide.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "base/wipe.h"
#include "codec/base64.h"

#define LEAST 4

static bool
of_base64(char c)
{
	return email__is_alpha(c) || email__is_digit(c) || c == '+' || c == '/' || c == '=';
}

enum spelling {
	AS_IS,
	QUOTED, /* IMAP's strings: a backslash before quotes and backslashes (RFC 3501 9) */
	FORM,   /* forms and URLs: "%40", "+" for a blank (RFC 3986 2.1) */
	SPELLINGS
};

/* The next byte of the text, *i moves on; -1: it was cut off. */
static int
next_byte(const char *text, size_t n, size_t *i, enum spelling spelling)
{
	const char *p = text + *i;
	size_t left = n - *i;
	int high, low;

	if (spelling == QUOTED && p[0] == '\\' && left > 1) {
		*i += 2;
		return (unsigned char)p[1];
	}
	if (spelling == FORM && p[0] == '%' && left < 3) {
		*i = n;
		return -1;
	}
	if (spelling == FORM && p[0] == '%' && (high = email__hex_value(p[1])) >= 0 &&
	    (low = email__hex_value(p[2])) >= 0) {
		*i += 3;
		return high << 4 | low;
	}
	++*i;
	return spelling == FORM && p[0] == '+' ? ' ' : (unsigned char)p[0];
}

/* How much of the text the secret takes that stands at its beginning; 0: it does not. What was cut off shows its
 * beginning. */
static size_t
stands(const char *text, size_t n, const char *secret, size_t len, enum spelling spelling)
{
	size_t i = 0, k;
	int byte;

	for (k = 0; i < n && k < len; k++)
		if ((byte = next_byte(text, n, &i, spelling)) >= 0 && byte != (unsigned char)secret[k])
			return 0;
	return k < LEAST ? 0 : i;
}

static void
hide_spelled(char *text, size_t n, const char *secret, size_t len)
{
	size_t i, here;
	int spelling;

	for (i = 0; i < n; i++)
		for (spelling = AS_IS; spelling < SPELLINGS; spelling++)
			if ((here = stands(text + i, n - i, secret, len, (enum spelling)spelling)) > 0) {
				memset(text + i, '*', here);
				i += here - 1;
				break;
			}
}

/* Whether base64 of the secret's whole groups from `skip` on stands here, two of them at most: the rest may have been cut
 * off. What is left over at its ends shares its characters with what stands around it, which is not known. */
static bool
stands_encoded(const char *text, size_t n, const char *secret, size_t len, size_t skip)
{
	char groups[8];
	size_t whole = len >= skip + 6 ? 6 : len >= skip + 3 ? 3 : 0, size = EMAIL__BASE64_LEN(whole);
	bool same;

	if (whole == 0 || n < size)
		return false;
	email__base64_encode(groups, secret + skip, whole);
	same = memcmp(text, groups, size) == 0;
	email__wipe(groups, sizeof groups);
	return same;
}

static size_t
hide_word(char *text, size_t n, size_t at)
{
	while (at > 0 && of_base64(text[at - 1]))
		at--;
	for (; at < n && of_base64(text[at]); at++)
		text[at] = '*';
	return at;
}

static void
hide_encoded(char *text, size_t n, const char *secret, size_t len)
{
	size_t i, skip;

	for (i = 0; i + 4 <= n; i++)
		for (skip = 0; skip < 3; skip++)
			if (stands_encoded(text + i, n - i, secret, len, skip)) {
				i = hide_word(text, n, i);
				break;
			}
}

void
email__hide(char *text, size_t n, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;

	if (len < LEAST)
		return;
	hide_spelled(text, n, secret, len);
	hide_encoded(text, n, secret, len);
}
