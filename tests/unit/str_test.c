/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/str.h"

static void
compares_without_case(void **state)
{
	(void)state;
	assert_true(email__str_equal("StartTLS", "STARTTLS"));
	assert_false(email__str_equal("STARTTL", "STARTTLS"));
	assert_false(email__str_equal("STARTTLS", "STARTTL"));
	assert_true(email__str_equal_n("AUTH PLAIN", "auth=", 4));
	/* no locale: bytes over 127 are themselves */
	assert_false(email__str_equal("\xC4", "\xE4"));
	assert_true(email__str_contains("is Locked by", 12, "locked"));
	assert_false(email__str_contains("is Locked by", 8, "locked"));
	assert_true(email__str_contains("", 0, ""));
	assert_true(email__str_breaks_line("a\rb", 3));
	assert_true(email__str_breaks_line("a\0b", 3));
	assert_false(email__str_breaks_line("a b", 3));
}

static void
numbers_are_whole_or_nothing(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_true(email__str_number("65535", 1, 65535, &v));
	assert_int_equal(v, 65535);
	assert_true(email__str_number("-1", -1, 65535, &v));
	assert_int_equal(v, -1);
	v = 7;
	assert_false(email__str_number("65536", 1, 65535, &v));
	assert_false(email__str_number("", 0, 9, &v));
	assert_false(email__str_number("-", -9, 9, &v));
	assert_false(email__str_number("1 ", 0, 9, &v));
	assert_false(email__str_number(" 1", 0, 9, &v));
	assert_false(email__str_number("0x1", 0, 9, &v));
	assert_false(email__str_number("99999999999999999999", 0, INT64_MAX, &v));
	assert_int_equal(v, 7);
}

static void
distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(email__str_distance("useSsl", "useSsl", 3), 0);
	assert_int_equal(email__str_distance("useSSL", "useSsl", 3), 0);
	assert_int_equal(email__str_distance("hostnane", "hostname", 3), 1);
	assert_int_equal(email__str_distance("pot", "port", 3), 1);
	assert_int_equal(email__str_distance("abc", "xyz", 2), 3);
	assert_int_equal(email__str_distance("", "abc", 5), 3);
}

static void
hashes(void **state)
{
	(void)state;
	assert_true(email__hash("", 0) != email__hash("a", 1));
	assert_true(email__hash("ab", 2) != email__hash("ba", 2));
	assert_true(email__hash("ab", 2) == email__hash("abc", 2));
}

static void
hexadecimal_digits(void **state)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		const char *at = c ? strchr(digits, c) : NULL;
		int value = at ? (int)(at - digits) : -1;

		assert_int_equal(email__hex_value((char)c), value > 15 ? value - 6 : value);
	}
}

static void
bytes_in_hexadecimal(void **state)
{
	char text[9] = "........";

	(void)state;
	assert_ptr_equal(email__hex_write(text, (const unsigned char *)"\x00\x9a\xff", 3), text + 6);
	assert_string_equal(text, "009aff..");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_without_case),        cmocka_unit_test(hashes),
		cmocka_unit_test(numbers_are_whole_or_nothing), cmocka_unit_test(hexadecimal_digits),
		cmocka_unit_test(bytes_in_hexadecimal),         cmocka_unit_test(distance_counts_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
