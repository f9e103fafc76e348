/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

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

bool
email__utf8_valid(const char *s, size_t n)
{
	size_t at = 0;
	unsigned long c;

	while (at < n) {
		size_t len = email__utf8_decode((const unsigned char *)s + at, n - at, &c);

		if (len == 0)
			return false;
		at += len;
	}
	return true;
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
