/* SPDX-License-Identifier: MIT */
#include "codec/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 64 marks what is not in the alphabet. */
static unsigned
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

size_t
email__base64_encode(char *out, const void *in, size_t n)
{
	const unsigned char *p = in;
	char *o = out;

	for (; n >= 3; n -= 3, p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = alphabet[v >> 6 & 63];
		*o++ = alphabet[v & 63];
	}
	if (n) {
		uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);

		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = n == 2 ? alphabet[v >> 6 & 63] : '=';
		*o++ = '=';
	}
	return (size_t)(o - out);
}

email_code
email__base64_decode(unsigned char *out, size_t *written, const char *in, size_t n)
{
	unsigned char *o = out;
	size_t i;

	*written = 0;
	if (n % 4 != 0)
		return EMAIL_E_VALUE;
	for (i = 0; i < n; i += 4) {
		size_t pad = i + 4 == n ? (size_t)(in[i + 3] == '=') + (in[i + 3] == '=' && in[i + 2] == '=') : 0;
		unsigned a = value(in[i]), b = value(in[i + 1]);
		unsigned c = pad == 2 ? 0 : value(in[i + 2]), d = pad ? 0 : value(in[i + 3]);
		uint32_t v = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;

		if ((a | b | c | d) > 63)
			return EMAIL_E_VALUE;
		*o++ = (unsigned char)(v >> 16);
		if (pad < 2)
			*o++ = (unsigned char)(v >> 8);
		if (pad < 1)
			*o++ = (unsigned char)v;
	}
	*written = (size_t)(o - out);
	return EMAIL_OK;
}
