/* SPDX-License-Identifier: MIT */
#include "codec/base64.h"

#include <stdlib.h>

#include "support/cm.h"

/* RFC 4648 10 */
static const char *const vectors[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};

static void
rfc_vectors(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		char text[16];
		unsigned char back[16];
		size_t n = email__base64_encode(text, vectors[i][0], strlen(vectors[i][0])), written;

		assert_int_equal(n, strlen(vectors[i][1]));
		assert_memory_equal(text, vectors[i][1], n);
		assert_int_equal(email__base64_decode(back, &written, text, n), EMAIL_OK);
		assert_int_equal(written, strlen(vectors[i][0]));
		assert_memory_equal(back, vectors[i][0], written);
	}
}

/* The textbook's way, one sextet at a time. */
static size_t
slow_encode(char *out, const unsigned char *in, size_t n)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t bits = n * 8, i, o = 0;

	for (i = 0; i < bits; i += 6) {
		unsigned v = 0, k;

		for (k = 0; k < 6; k++)
			v = v << 1 |
			    (i + k < bits ? (unsigned)in[(i + k) / 8] >> (7 - (i + k) % 8) & 1u : 0u);
		out[o++] = alphabet[v];
	}
	while (o % 4)
		out[o++] = '=';
	return o;
}

/* Every length, in memory of just that length, so that reading beyond it shows. */
static void
all_lengths(void **state)
{
	size_t n, i;

	(void)state;
	for (n = 0; n < 300; n++) {
		unsigned char *in = malloc(n + 1), *back = malloc(n + 4);
		unsigned char *exact = n ? malloc(n) : NULL;
		char *fast = malloc(EMAIL__BASE64_LEN(n) + 1), *slow = malloc(EMAIL__BASE64_LEN(n) + 1);
		size_t written;

		for (i = 0; i < n; i++)
			in[i] = (unsigned char)(i * 151 + n * 37 + (i >> 3));
		if (n)
			memcpy(exact, in, n);
		assert_int_equal(email__base64_encode(fast, exact, n), EMAIL__BASE64_LEN(n));
		assert_int_equal(slow_encode(slow, in, n), EMAIL__BASE64_LEN(n));
		assert_memory_equal(fast, slow, EMAIL__BASE64_LEN(n));
		assert_int_equal(email__base64_decode(back, &written, fast, EMAIL__BASE64_LEN(n)), EMAIL_OK);
		assert_int_equal(written, n);
		assert_memory_equal(back, in, n);
		free(in);
		free(exact);
		free(back);
		free(fast);
		free(slow);
	}
}

static void
hostile(void **state)
{
	static const char *const bad[] = {
		"A",        "AB",       "ABC",  "ABCDE", "====", "A===", "=AAA",    "AA=A",
		"AB==CDEF", "ABC=DEFG", "AB C", "AB\nC", "AB-C", "AB_C", "ABC\xFF", "\x80\x42\x43\x44",
		"ABCDAB*="};
	unsigned char out[16];
	size_t i, written;
	unsigned c;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		written = 99;
		assert_int_equal(email__base64_decode(out, &written, bad[i], strlen(bad[i])), EMAIL_E_VALUE);
		assert_int_equal(written, 0);
	}
	/* each byte at each place of an inner group */
	for (c = 0; c < 256; c++)
		for (i = 0; i < 4; i++) {
			char text[9] = "AAAAAAAA";
			int in = c &&
			         strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			                (int)c);

			text[i] = (char)c;
			assert_int_equal(email__base64_decode(out, &written, text, 8),
			                 in ? EMAIL_OK : EMAIL_E_VALUE);
		}
}

static void
rows(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n < 400; n++) {
		size_t count = (n + EMAIL__BASE64_ROW - 1) / EMAIL__BASE64_ROW, i, got, at = 0;
		size_t gap = count * (EMAIL__BASE64_ROW_LEN - EMAIL__BASE64_ROW);
		unsigned char *apart = malloc(count * EMAIL__BASE64_ROW_LEN + 1);
		unsigned char *within = malloc(gap + n + 3 + count * 3 + 1), *in = within + gap;
		unsigned char copy[400];

		for (i = 0; i < n; i++)
			copy[i] = in[i] = (unsigned char)(i * 73 + n);
		got = email__base64_rows(apart, copy, n);
		/* where it was read: the same */
		assert_int_equal(email__base64_rows(within, in, n), got);
		assert_memory_equal(apart, within, got);
		for (i = 0; i < n; i += EMAIL__BASE64_ROW) {
			char row[80];
			size_t part = n - i < EMAIL__BASE64_ROW ? n - i : EMAIL__BASE64_ROW;
			size_t len = email__base64_encode(row, copy + i, part);

			assert_memory_equal(apart + at, row, len);
			assert_memory_equal(apart + at + len, "\r\n", 2);
			at += len + 2;
		}
		assert_int_equal(at, got);
		free(apart);
		free(within);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rfc_vectors), cmocka_unit_test(all_lengths),
	                                   cmocka_unit_test(hostile), cmocka_unit_test(rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
