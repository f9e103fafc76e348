/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <string.h>

bool
email__str_equal_n(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (email__lower(a[i]) != email__lower(b[i]))
			return false;
		if (a[i] == '\0')
			return true;
	}
	return true;
}

bool
email__str_equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strlen(b) == n && email__str_equal_n(a, b, n);
}

bool
email__str_contains(const char *text, size_t n, const char *word)
{
	size_t len = strlen(word), i;

	for (i = 0; i + len <= n; i++)
		if (email__str_equal_n(text + i, word, len))
			return true;
	return false;
}

bool
email__str_breaks_line(const char *s, size_t n)
{
	return memchr(s, '\r', n) || memchr(s, '\n', n) || memchr(s, '\0', n);
}

bool
email__str_number(const char *s, int64_t least, int64_t most, int64_t *value)
{
	bool negative = *s == '-';
	int64_t v = 0;

	s += negative;
	if (!email__is_digit(*s))
		return false;
	for (; email__is_digit(*s); s++) {
		if (v > (INT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (*s - '0');
	}
	if (negative)
		v = -v;
	if (*s != '\0' || v < least || v > most)
		return false;
	*value = v;
	return true;
}

unsigned
email__str_distance(const char *a, const char *b, unsigned limit)
{
	unsigned row[65];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > 64 || lb > 64)
		return limit + 1;
	for (j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			unsigned above = row[j];
			unsigned best = diagonal + (email__lower(a[i - 1]) != email__lower(b[j - 1]));

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[lb] > limit ? limit + 1 : row[lb];
}

uint64_t
email__hash(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = UINT64_C(0xCBF29CE484222325);

	for (; n; n--)
		h = (h ^ *p++) * UINT64_C(0x100000001B3);
	return h ^ h >> 32;
}

char *
email__hex_write(char *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	return out;
}
