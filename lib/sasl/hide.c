/* SPDX-License-Identifier: MIT */
#include "sasl/hide.h"

#include <string.h>

#include "base/str.h"
#include "base/wipe.h"
#include "codec/base64.h"

#define LEAST 3

static bool
of_base64(char c)
{
	return email__is_alpha(c) || email__is_digit(c) || c == '+' || c == '/' || c == '=';
}

/* How much of the text the secret takes that stands at its beginning, 0: it does not. `quoted` is as IMAP's strings are: a
 * backslash before quotes and backslashes (RFC 3501 9). What was cut off shows its beginning. */
static size_t
stands_plain(const char *text, size_t n, const char *secret, size_t len, bool quoted)
{
	size_t i, k;

	for (i = k = 0; i < n && k < len; i++, k++) {
		if (quoted && (secret[k] == '"' || secret[k] == '\\') && text[i] == '\\' && i + 1 < n)
			i++;
		if (text[i] != secret[k])
			return 0;
	}
	return k < LEAST ? 0 : i;
}

static void
hide_plain(char *text, size_t n, const char *secret, size_t len)
{
	size_t i, here;

	for (i = 0; i < n; i++)
		if ((here = stands_plain(text + i, n - i, secret, len, false)) > 0 ||
		    (here = stands_plain(text + i, n - i, secret, len, true)) > 0) {
			memset(text + i, '*', here);
			i += here - 1;
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
email__credentials_hide(const email__credentials *c, char *text, size_t n)
{
	size_t len = c && c->password ? strlen(c->password) : 0;

	if (len < LEAST)
		return;
	hide_plain(text, n, c->password, len);
	hide_encoded(text, n, c->password, len);
}
