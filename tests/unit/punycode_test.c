/* SPDX-License-Identifier: MIT */
#include "codec/punycode.h"

#include "base/utf8.h"
#include "support/cm.h"

static size_t
points(unsigned long *out, const char *s)
{
	size_t n = 0, left = strlen(s);

	while (left) {
		size_t step = email__utf8_decode((const unsigned char *)s, left, &out[n++]);

		s += step;
		left -= step;
	}
	return n;
}

/* RFC 3492 7.1 (B, D, L, M, S and others in lower case). */
static void
rfc_vectors(void **state)
{
	static const char *const c[][2] = {
		{"他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
		{"почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
		{"3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"},
		{"パフィーdeルンバ", "de-jg4avhby1noc0d"},
		{"-> $1.00 <-", "-> $1.00 <--"},
		{"bücher", "bcher-kva"},
		{"안녕하세요", "o70b841ad5c9qb763b"},
	};
	unsigned long in[64];
	char out[128];
	size_t i, n, written;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		n = points(in, c[i][0]);
		assert_true(email__punycode_encode(out, sizeof out, &written, in, n));
		assert_int_equal(written, strlen(c[i][1]));
		assert_memory_equal(out, c[i][1], written);
		/* just fits; one less does not */
		assert_true(email__punycode_encode(out, written, &n, in, points(in, c[i][0])));
		assert_false(email__punycode_encode(out, written - 1, &n, in, points(in, c[i][0])));
	}
}

static void
extremes(void **state)
{
	unsigned long in[63];
	char out[128];
	size_t i, written;

	(void)state;
	for (i = 0; i < 63; i++)
		in[i] = i % 2 ? 0x10FFFF - i : 0x80 + i;
	assert_false(email__punycode_encode(out, 59, &written, in, 63));
	assert_true(email__punycode_encode(out, sizeof out, &written, in, 0));
	assert_int_equal(written, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rfc_vectors), cmocka_unit_test(extremes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
