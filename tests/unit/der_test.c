/* SPDX-License-Identifier: MIT */
#include "trust/der.h"

#include "support/cm.h"

#define SPAN(literal) email__span_of(literal, sizeof(literal) - 1)

static void
test_lengths(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool good;
	} rows[] = {
		{"\x04\x00", 2, true},
		{"\x04\x01x", 3, true},
		{"\x04\x01", 2, false}, /* cut off */
		{"\x04", 1, false},
		{"\x04\x80\x00\x00", 4, false}, /* indefinite: BER */
		{"\x04\x81\x01x", 4, false},    /* longer than needed */
		{"\x04\x82\x00\x80", 4, false},
		{"\x04\x85\x01\x00\x00\x00\x00", 7, false},
		{"\x04\x84\xFF\xFF\xFF\xFF", 6, false},
		{"\x1F\x01x", 3, false}, /* a tag of several bytes */
	};
	unsigned char big[3 + 128] = {0x04, 0x81, 0x80};
	email__span in;
	email__der d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		in = email__span_of(rows[i].bytes, rows[i].n);
		assert_int_equal(email__der_next(&in, &d), rows[i].good);
	}
	in = email__span_of(big, sizeof big);
	assert_true(email__der_next(&in, &d));
	assert_int_equal(d.value.n, 128);
	assert_int_equal(d.whole.n, 131);
	assert_int_equal(in.n, 0);
	assert_false(email__der_next(&in, &d));
}

static void
test_take(void **state)
{
	email__span in = SPAN("\x02\x01\x05\x04\x01x"), v;
	int n;

	(void)state;
	assert_false(email__der_take(&in, EMAIL__DER_OCTET_STRING, &v));
	assert_int_equal(in.n, 6);
	assert_true(email__der_take(&in, EMAIL__DER_INTEGER, &v));
	assert_true(email__der_small(v, &n));
	assert_int_equal(n, 5);
	assert_true(email__der_take_whole(&in, EMAIL__DER_OCTET_STRING, &v));
	assert_int_equal(v.n, 3);
	assert_false(email__der_small(SPAN("\xFF"), &n));
	assert_false(email__der_small(SPAN(""), &n));
	assert_false(email__der_small(SPAN("\x01\x00\x00\x00\x00"), &n));
}

static void
test_times(void **state)
{
	static const struct {
		unsigned tag;
		const char *text;
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{0x17, "700101000000Z", 0},
		{0x17, "491231235959Z", INT64_C(2524607999)},
		{0x17, "500101000000Z", INT64_C(-631152000)},
		{0x18, "20261101000000Z", INT64_C(1793491200)},
		{0x18, "20000229120000Z", INT64_C(951825600)},
		{0x18, "99991231235959Z", INT64_C(253402300799)},
		{0x18, "19000229000000Z", -1}, /* no leap year */
		{0x17, "7001010000Z", -1},     /* seconds are not left out (RFC 5280 4.1.2.5.1) */
		{0x17, "700101000000+0100", -1},
		{0x18, "20261101000000.5Z", -1},
		{0x17, "701301000000Z", -1},
		{0x17, "700132000000Z", -1},
		{0x17, "700101240000Z", -1},
		{0x17, "70010100000xZ", -1},
		{0x16, "700101000000Z", -1},
	};
	unsigned char der[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].text);
		email__span in = email__span_of(der, n + 2);
		int64_t seconds = -1;

		der[0] = (unsigned char)rows[i].tag;
		der[1] = (unsigned char)n;
		memcpy(der + 2, rows[i].text, n);
		if (!email__der_time(&in, &seconds))
			seconds = -1;
		if (seconds != rows[i].seconds)
			fail_msg("%s: %lld", rows[i].text, (long long)seconds);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lengths), cmocka_unit_test(test_take),
	                                   cmocka_unit_test(test_times)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
