/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t
email__utf8_decode(const unsigned char *p, size_t n, unsigned long *c)
{
	static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len, i;
	unsigned long v;

	if (n == 0)
		return 0;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if ((p[0] & 0xE0) == 0xC0)
		len = 2;
	else if ((p[0] & 0xF0) == 0xE0)
		len = 3;
	else if ((p[0] & 0xF8) == 0xF0)
		len = 4;
	else
		return 0;
	if (n < len)
		return 0;
	v = p[0] & (0x7Fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3Fu);
	}
	if (v < least[len] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
		return 0;
	*c = v;
	return len;
}

/* RFC 3629 4, UTF8-2 to UTF8-4: how long the sequence is that this byte begins; 0 where it begins none. */
static inline size_t
sequence(unsigned char lead)
{
	return lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* Its second byte: what is overlong, a surrogate or over U+10FFFF is seen here. */
static inline bool
second(unsigned char lead, unsigned char c)
{
	unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;

	return c >= least && c <= most;
}

static inline bool
tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/* The length of the character over 127 at p, or 0. */
static inline size_t
character(const unsigned char *p, size_t n)
{
	size_t len = sequence(p[0]);

	if (len == 0 || n < len || !second(p[0], p[1]) || (len > 2 && !tail(p[2])) ||
	    (len > 3 && !tail(p[3])))
		return 0;
	return len;
}

size_t
email__utf8_ascii_run(const unsigned char *p, size_t n)
{
	size_t at = 0;
	uint64_t word[2];

	for (; n - at >= sizeof word; at += sizeof word) {
		memcpy(word, p + at, sizeof word);
		if ((word[0] | word[1]) & 0x8080808080808080u)
			break;
	}
	while (at < n && p[at] < 0x80)
		at++;
	return at;
}

size_t
email__utf8_run(const unsigned char *p, size_t n)
{
	size_t at = 0, len;

	while (at < n) {
		len = p[at] < 0x80 ? email__utf8_ascii_run(p + at, n - at) : character(p + at, n - at);
		if (len == 0)
			break;
		at += len;
	}
	return at;
}

size_t
email__utf8_bad(const unsigned char *p, size_t n)
{
	size_t len = sequence(p[0]), i;

	if (len == 0)
		return 1;
	for (i = 1; i < len && i < n; i++)
		if (i == 1 ? !second(p[0], p[1]) : !tail(p[i]))
			return i;
	return 0;
}

bool
email__utf8_valid(const char *s, size_t n)
{
	return email__utf8_run((const unsigned char *)s, n) == n;
}

size_t
email__utf8_encode(unsigned long c, unsigned char out[4])
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xC0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xE0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (unsigned char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (unsigned char)(0xF0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (unsigned char)(0x80 | (c & 0x3F));
	return 4;
}
