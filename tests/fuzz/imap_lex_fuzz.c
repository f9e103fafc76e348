/* SPDX-License-Identifier: MIT */
/*
 * Framing and words of IMAP, and names in modified UTF-7: byte 0 is how much comes at a time. However it is cut, the
 * pieces are the same, no token lies outside of its piece, and a name that was decoded is encoded to what it was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/utf7.h"
#include "wire/imap_frame.h"
#include "wire/imap_lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that stands for all pieces and tokens in their order. */
static uint64_t
mix(uint64_t sum, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)p[i]) * 1099511628211u;
	return sum;
}

static void
names(const email__imap_lex *l)
{
	char name[400], again[400], text[400];
	size_t n = email__imap_lex_text(l, text, sizeof text);

	if (email__utf7_decode(name, sizeof name, text, n) == EMAIL_OK &&
	    (email__utf7_encode(again, sizeof again, name) != EMAIL_OK || strcmp(again, text) != 0))
		abort();
}

static uint64_t
words(uint64_t sum, const char *p, size_t n)
{
	email__imap_lex l;
	size_t count = 0;

	email__imap_lex_start(&l, p, n, 3);
	for (;;) {
		email__imap_token t = email__imap_lex_next(&l);
		char sign = (char)t;

		sum = mix(sum, &sign, 1);
		if (t == EMAIL__IMAP_END || t == EMAIL__IMAP_BAD)
			return sum;
		if (++count > n || l.depth > EMAIL__IMAP_DEPTH_MAX)
			abort();
		if (l.n && (l.text < p || l.n > n || l.text > p + n - l.n))
			abort();
		if (t == EMAIL__IMAP_STRING || t == EMAIL__IMAP_ATOM)
			names(&l);
	}
}

static uint64_t
run(const uint8_t *data, size_t size, size_t by)
{
	email__imap_frame f = {.pass_long = size % 2 != 0};
	uint64_t sum = 0;
	email_code rc = EMAIL_OK;
	email__buf in;
	size_t at = 0, n;
	const char *p;

	email__buf_init(&in, EMAIL__IMAP_LINE_MAX + 256);
	while (at < size && rc == EMAIL_OK) {
		size_t more = size - at < by ? size - at : by;
		email__imap_piece piece = EMAIL__IMAP_RESPONSE;

		if (email__buf_add(&in, data + at, more))
			abort(); /* what is held has a bound */
		at += more;
		while (rc == EMAIL_OK && piece != EMAIL__IMAP_MORE) {
			n = email__imap_frame_body(&f, &in, &p);
			sum = mix(sum, p, n);
			if (f.literal)
				break;
			rc = email__imap_frame_next(&f, &in, &piece, &p, &n);
			if (rc == EMAIL_OK && piece != EMAIL__IMAP_MORE)
				sum = words(mix(sum, p, n), p, n);
		}
	}
	email__buf_dispose(&in);
	return rc ? 0 : sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 60000)
		return 0;
	if (run(data + 1, size - 1, size) != run(data + 1, size - 1, data[0] % 64u + 1))
		abort();
	return 0;
}
