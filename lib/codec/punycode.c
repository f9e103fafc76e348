/* SPDX-License-Identifier: MIT */
#include "codec/punycode.h"

#include <stdint.h>

#include "base/utf8.h"

/* RFC 3492 5. */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 0x80 };
#define POINTS_MAX 63

/* 6.1 */
static uint32_t
adapt(uint32_t delta, uint32_t points, int first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static char
digit(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + d - 26);
}

static size_t
decode(const char *in, size_t n, uint32_t points[POINTS_MAX])
{
	size_t count = 0, at = 0, len;
	unsigned long c;

	for (; at < n; at += len) {
		len = email__utf8_decode((const unsigned char *)in + at, n - at, &c);
		if (len == 0 || count == POINTS_MAX)
			return 0;
		points[count++] = (uint32_t)c;
	}
	return count;
}

/* One delta as a number of variable length (3.3). */
static email_code
put_number(char *out, size_t size, size_t *used, uint32_t q, uint32_t bias)
{
	uint32_t k, t;

	for (k = BASE;; k += BASE) {
		t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
		if (*used == size)
			return EMAIL_E_LIMIT;
		if (q < t) {
			out[(*used)++] = digit(q);
			return EMAIL_OK;
		}
		out[(*used)++] = digit(t + (q - t) % (BASE - t));
		q = (q - t) / (BASE - t);
	}
}

/* 6.3; 63 points and code points below 2^21 keep every delta below 2^32. */
email_code
email__punycode_encode(char *out, size_t size, size_t *written, const char *in, size_t n)
{
	uint32_t points[POINTS_MAX], next, delta = 0, bias = INITIAL_BIAS, at = INITIAL_N;
	size_t count = decode(in, n, points), i, used = 0, basic, done;
	email_code rc;

	if (count == 0)
		return EMAIL_E_VALUE;
	for (i = 0; i < count; i++)
		if (points[i] < INITIAL_N) {
			if (used == size)
				return EMAIL_E_LIMIT;
			out[used++] = (char)points[i];
		}
	basic = done = used;
	if (basic) {
		if (used == size)
			return EMAIL_E_LIMIT;
		out[used++] = '-';
	}
	for (; done < count; delta++, at++) {
		for (next = UINT32_MAX, i = 0; i < count; i++)
			if (points[i] >= at && points[i] < next)
				next = points[i];
		delta += (next - at) * (uint32_t)(done + 1);
		at = next;
		for (i = 0; i < count; i++) {
			if (points[i] < at)
				delta++;
			if (points[i] != at)
				continue;
			if ((rc = put_number(out, size, &used, delta, bias)))
				return rc;
			bias = adapt(delta, (uint32_t)done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
	*written = used;
	return EMAIL_OK;
}
