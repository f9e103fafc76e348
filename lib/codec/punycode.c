/* SPDX-License-Identifier: MIT */
#include "codec/punycode.h"

#include <stdint.h>

/* RFC 3492 5 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 0x80 };

/* RFC 3492 6.1 */
static uint64_t
adapt(uint64_t delta, uint64_t points, bool first)
{
	uint64_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static char
digit(uint64_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

typedef struct output {
	char *text;
	size_t size, n;
	bool full;
} output;

static void
put(output *o, char c)
{
	if (o->n == o->size)
		o->full = true;
	else
		o->text[o->n++] = c;
}

/* A generalized variable-length integer (RFC 3492 3.3). */
static void
put_delta(output *o, uint64_t delta, uint64_t bias)
{
	uint64_t k, q = delta;

	for (k = BASE;; k += BASE) {
		uint64_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;

		if (q < t)
			break;
		put(o, digit(t + (q - t) % (BASE - t)));
		q = (q - t) / (BASE - t);
	}
	put(o, digit(q));
}

/* The smallest code point that is not below `least`. */
static uint64_t
next_point(const unsigned long *in, size_t n, uint64_t least)
{
	uint64_t best = UINT64_MAX;
	size_t i;

	for (i = 0; i < n; i++)
		if (in[i] >= least && in[i] < best)
			best = in[i];
	return best;
}

/* RFC 3492 6.3. Code points are below 2^21 and labels short, so 64 bits cannot overflow; the caller's
 * `size` bounds the time, since every turn writes at least one character or ends. */
bool
email__punycode_encode(char *out, size_t size, size_t *written, const unsigned long *in, size_t n)
{
	output o = {out, size, 0, false};
	uint64_t at = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
	size_t done, basic, i;

	for (i = 0; i < n; i++)
		if (in[i] < INITIAL_N)
			put(&o, (char)in[i]);
	done = basic = o.n;
	if (basic)
		put(&o, '-');
	while (done < n && !o.full) {
		uint64_t next = next_point(in, n, at);

		delta += (next - at) * (done + 1);
		at = next;
		for (i = 0; i < n; i++) {
			if (in[i] < at)
				delta++;
			if (in[i] != at)
				continue;
			put_delta(&o, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		at++;
	}
	*written = o.n;
	return !o.full;
}
