/* SPDX-License-Identifier: MIT */
/*
 * Whole groups go eight characters at a time, until one of them is none of the alphabet: then character by
 * character, until groups begin anew. A row of 76 is nine turns, one group, and its CRLF, which is stepped over.
 */
#include "codec/unbase64.h"

#include <stdint.h>
#include <string.h>

#include "codec/base64.h"

void
email__unbase64_init(email__unbase64 *u)
{
	*u = (email__unbase64){0};
}

/* Four characters at the top of v: their 24 bits, and a mark for each that is of the alphabet. */
static inline uint32_t
group(uint64_t v)
{
	return email__base64_values[0][v >> 56] | email__base64_values[1][v >> 48 & 0xFF] |
	       email__base64_values[2][v >> 40 & 0xFF] | email__base64_values[3][v >> 32 & 0xFF];
}

static inline uint64_t
big_endian(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Whole groups and the line ends between them. Eight bytes are written where six count: see _ROOM. */
static const unsigned char *
groups(unsigned char **out, const unsigned char *p, const unsigned char *end)
{
	unsigned char *o = *out;

	while (end - p >= 8) {
		uint64_t v;
		uint32_t a, b;

		memcpy(&v, p, 8);
		v = big_endian(v);
		a = group(v);
		b = group(v << 32);
		v = big_endian((uint64_t)a << 40 | (uint64_t)(b & 0xFFFFFF) << 16);
		if (!EMAIL__BASE64_WHOLE(a)) {
			if (p[0] != '\r' || p[1] != '\n')
				break;
			p += 2;
			continue;
		}
		memcpy(o, &v, 8);
		if (!EMAIL__BASE64_WHOLE(b)) {
			p += 4;
			o += 3;
			if (p[0] != '\r' || p[1] != '\n')
				break;
			p += 2;
			continue;
		}
		p += 8;
		o += 6;
	}
	*out = o;
	return p;
}

/* What a group that is not whole holds. Its last bits are zero (RFC 4648 3.5) unless something is missing. */
static unsigned char *
finish(email__unbase64 *u, unsigned char *o)
{
	if (u->held >= 2)
		*o++ = (unsigned char)(u->group >> 16);
	if (u->held == 3)
		*o++ = (unsigned char)(u->group >> 8);
	u->held = 0;
	u->group = 0;
	return o;
}

static unsigned char *
padding(email__unbase64 *u, unsigned char *o)
{
	if (u->held == 1)
		u->cut = true;
	else if (u->held == 0 && !u->padded)
		u->foreign = true;
	u->padded = true;
	return finish(u, o);
}

static unsigned char *
step(email__unbase64 *u, unsigned char *o, unsigned char c)
{
	uint32_t v = email__base64_values[0][c];

	if (!v) {
		if (c == '=')
			return padding(u, o);
		if (c != '\r' && c != '\n' && c != ' ' && c != '\t')
			u->foreign = true;
		return o;
	}
	if (u->padded)
		u->foreign = true;
	u->padded = false;
	u->group |= (v & 0xFFFFFF) >> 6 * u->held;
	if (++u->held < 4)
		return o;
	*o++ = (unsigned char)(u->group >> 16);
	*o++ = (unsigned char)(u->group >> 8);
	*o++ = (unsigned char)u->group;
	u->held = 0;
	u->group = 0;
	return o;
}

size_t
email__unbase64_push(email__unbase64 *u, unsigned char *out, const char *in, size_t n)
{
	const unsigned char *p = (const unsigned char *)in, *end = p + n;
	unsigned char *o = out;

	while (p < end) {
		if (u->held == 0 && !u->padded)
			p = groups(&o, p, end);
		if (p < end)
			o = step(u, o, *p++);
	}
	return (size_t)(o - out);
}

size_t
email__unbase64_end(email__unbase64 *u, unsigned char *out)
{
	uint32_t left = u->held == 1 ? 1 : u->held == 2 ? 0xFFFF : u->held == 3 ? 0xFF : 0;

	if (u->held == 1 || (u->group & left))
		u->cut = true;
	return (size_t)(finish(u, out) - out);
}
