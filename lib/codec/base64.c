/* SPDX-License-Identifier: MIT */
/*
 * Bodies are encoded 12 bits at a time from a table of character pairs (8 kB, in cache while a body goes
 * out), what may be a secret by arithmetic; decoding (which no secret of ours goes through) ORs four tables,
 * each with its character's bits already in place and a mark of its own above them, so that whatever is not
 * listed below is 0, and refused.
 */
#include "codec/base64.h"

#include <stdint.h>
#include <string.h>

/* Every pair that begins with `a`. */
#define PAIRS(a) \
	a, 'A', a, 'B', a, 'C', a, 'D', a, 'E', a, 'F', a, 'G', a, 'H', a, 'I', a, 'J', a, 'K', a, 'L', a, \
		'M', a, 'N', a, 'O', a, 'P', a, 'Q', a, 'R', a, 'S', a, 'T', a, 'U', a, 'V', a, 'W', a, 'X', \
		a, 'Y', a, 'Z', a, 'a', a, 'b', a, 'c', a, 'd', a, 'e', a, 'f', a, 'g', a, 'h', a, 'i', a, \
		'j', a, 'k', a, 'l', a, 'm', a, 'n', a, 'o', a, 'p', a, 'q', a, 'r', a, 's', a, 't', a, 'u', \
		a, 'v', a, 'w', a, 'x', a, 'y', a, 'z', a, '0', a, '1', a, '2', a, '3', a, '4', a, '5', a, \
		'6', a, '7', a, '8', a, '9', a, '+', a, '/'

static const char pairs[64 * 64 * 2] = {
	PAIRS('A'), PAIRS('B'), PAIRS('C'), PAIRS('D'), PAIRS('E'), PAIRS('F'), PAIRS('G'), PAIRS('H'),
	PAIRS('I'), PAIRS('J'), PAIRS('K'), PAIRS('L'), PAIRS('M'), PAIRS('N'), PAIRS('O'), PAIRS('P'),
	PAIRS('Q'), PAIRS('R'), PAIRS('S'), PAIRS('T'), PAIRS('U'), PAIRS('V'), PAIRS('W'), PAIRS('X'),
	PAIRS('Y'), PAIRS('Z'), PAIRS('a'), PAIRS('b'), PAIRS('c'), PAIRS('d'), PAIRS('e'), PAIRS('f'),
	PAIRS('g'), PAIRS('h'), PAIRS('i'), PAIRS('j'), PAIRS('k'), PAIRS('l'), PAIRS('m'), PAIRS('n'),
	PAIRS('o'), PAIRS('p'), PAIRS('q'), PAIRS('r'), PAIRS('s'), PAIRS('t'), PAIRS('u'), PAIRS('v'),
	PAIRS('w'), PAIRS('x'), PAIRS('y'), PAIRS('z'), PAIRS('0'), PAIRS('1'), PAIRS('2'), PAIRS('3'),
	PAIRS('4'), PAIRS('5'), PAIRS('6'), PAIRS('7'), PAIRS('8'), PAIRS('9'), PAIRS('+'), PAIRS('/'),
};

/* One decoding table: the 64 characters with their values shifted to where they belong, and the place's mark. */
#define V(c, v, shift) [c] = (1u << (28 + (shift) / 6) | (uint32_t)(v) << (shift))
#define VALUES(s) \
	V('A', 0, s), V('B', 1, s), V('C', 2, s), V('D', 3, s), V('E', 4, s), V('F', 5, s), V('G', 6, s), \
		V('H', 7, s), V('I', 8, s), V('J', 9, s), V('K', 10, s), V('L', 11, s), V('M', 12, s), \
		V('N', 13, s), V('O', 14, s), V('P', 15, s), V('Q', 16, s), V('R', 17, s), V('S', 18, s), \
		V('T', 19, s), V('U', 20, s), V('V', 21, s), V('W', 22, s), V('X', 23, s), V('Y', 24, s), \
		V('Z', 25, s), V('a', 26, s), V('b', 27, s), V('c', 28, s), V('d', 29, s), V('e', 30, s), \
		V('f', 31, s), V('g', 32, s), V('h', 33, s), V('i', 34, s), V('j', 35, s), V('k', 36, s), \
		V('l', 37, s), V('m', 38, s), V('n', 39, s), V('o', 40, s), V('p', 41, s), V('q', 42, s), \
		V('r', 43, s), V('s', 44, s), V('t', 45, s), V('u', 46, s), V('v', 47, s), V('w', 48, s), \
		V('x', 49, s), V('y', 50, s), V('z', 51, s), V('0', 52, s), V('1', 53, s), V('2', 54, s), \
		V('3', 55, s), V('4', 56, s), V('5', 57, s), V('6', 58, s), V('7', 59, s), V('8', 60, s), \
		V('9', 61, s), V('+', 62, s), V('/', 63, s)

const uint32_t email__base64_values[4][256] = {{VALUES(18)}, {VALUES(12)}, {VALUES(6)}, {VALUES(0)}};

static inline void
put_pair(char *out, uint64_t twelve)
{
	memcpy(out, pairs + (twelve & 0xFFF) * 2, 2);
}

/* The first eight bytes, the first one highest. */
static inline uint64_t
load(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/*
 * RFC 4648 4, table 1, by arithmetic: each range is a step from the one before it, taken where v is past its end. A
 * table's place in the cache would tell another process which letters a password has; this has neither look-ups nor
 * branches.
 */
static char
letter(uint32_t v)
{
	uint32_t c = 'A' + v;

	c += (25 - v) >> 8 & ('a' - 'Z' - 1);
	c -= (51 - v) >> 8 & ('z' + 1 - '0');
	c -= (61 - v) >> 8 & ('9' + 1 - '+');
	c += (62 - v) >> 8 & ('/' - '+' - 1);
	return (char)c;
}

static void
put_group(char *out, uint32_t v)
{
	out[0] = letter(v >> 18);
	out[1] = letter(v >> 12 & 63);
	out[2] = letter(v >> 6 & 63);
	out[3] = letter(v & 63);
}

size_t
email__base64_encode(char *out, const void *in, size_t n)
{
	const unsigned char *p = in;
	char *o = out;

	for (; n >= 3; n -= 3, p += 3, o += 4)
		put_group(o, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
	if (n) {
		put_group(o, (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0));
		if (n == 1)
			o[2] = '=';
		o[3] = '=';
		o += 4;
	}
	return (size_t)(o - out);
}

/* Bodies: no secrets, and much of it. Whole groups. */
static char *
put_groups(char *o, const unsigned char *p, size_t n)
{
	/* six bytes a turn; the load looks at two more */
	for (; n >= 8; n -= 6, p += 6, o += 8) {
		uint64_t v = load(p);

		put_pair(o, v >> 52);
		put_pair(o + 2, v >> 40);
		put_pair(o + 4, v >> 28);
		put_pair(o + 6, v >> 16);
	}
	for (; n >= 3; n -= 3, p += 3, o += 4) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		put_pair(o, v >> 12);
		put_pair(o + 2, v);
	}
	return o;
}

size_t
email__base64_rows(unsigned char *out, const unsigned char *in, size_t n)
{
	char *o = (char *)out;

	while (n) {
		size_t row = n < EMAIL__BASE64_ROW ? n : EMAIL__BASE64_ROW, rest = row % 3;

		o = put_groups(o, in, row - rest);
		o += email__base64_encode(o, in + row - rest, rest);
		*o++ = '\r';
		*o++ = '\n';
		in += row;
		n -= row;
	}
	return (size_t)(o - (char *)out);
}

/* The last group, with its padding. */
static email_code
decode_last(unsigned char *out, size_t *written, const unsigned char *in)
{
	size_t pad = in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
	uint32_t v = email__base64_values[0][in[0]] | email__base64_values[1][in[1]] |
	             email__base64_values[2][pad == 2 ? 'A' : in[2]] |
	             email__base64_values[3][pad ? 'A' : in[3]];

	if (!EMAIL__BASE64_WHOLE(v))
		return EMAIL_E_VALUE;
	out[0] = (unsigned char)(v >> 16);
	if (pad < 2)
		out[1] = (unsigned char)(v >> 8);
	if (pad < 1)
		out[2] = (unsigned char)v;
	*written += 3 - pad;
	return EMAIL_OK;
}

email_code
email__base64_decode(unsigned char *out, size_t *written, const char *in, size_t n)
{
	const unsigned char *p = (const unsigned char *)in;

	*written = 0;
	if (n % 4 != 0)
		return EMAIL_E_VALUE;
	for (; n > 4; n -= 4, p += 4, out += 3, *written += 3) {
		uint32_t v = email__base64_values[0][p[0]] | email__base64_values[1][p[1]] |
		             email__base64_values[2][p[2]] | email__base64_values[3][p[3]];

		if (!EMAIL__BASE64_WHOLE(v))
			break;
		out[0] = (unsigned char)(v >> 16);
		out[1] = (unsigned char)(v >> 8);
		out[2] = (unsigned char)v;
	}
	if (n > 4 || (n && decode_last(out, written, p))) {
		*written = 0;
		return EMAIL_E_VALUE;
	}
	return EMAIL_OK;
}
