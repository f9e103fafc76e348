/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/utf8.h"

static void
every_character_goes_there_and_back(void **state)
{
	unsigned char out[4];
	unsigned long c, back;

	(void)state;
	for (c = 0; c <= 0x10FFFF; c++) {
		size_t n = email__utf8_encode(c, out);

		if (c >= 0xD800 && c <= 0xDFFF) {
			assert_int_equal(n, 0);
			continue;
		}
		if (email__utf8_decode(out, n, &back) != n || back != c)
			fail_msg("U+%lX", c);
		if (n > 1 && email__utf8_decode(out, n - 1, &back) != 0)
			fail_msg("U+%lX cut", c);
	}
	assert_int_equal(email__utf8_encode(0x110000, out), 0);
}

static void
ill_formed_is_refused(void **state)
{
	static const char *const bad[] = {"\x80",
	                                  "\xC0\x8A",
	                                  "\xC1\xBF",
	                                  "\xE0\x80\x8A",
	                                  "\xED\xA0\x80",
	                                  "\xF0\x80\x80\x8A",
	                                  "\xF4\x90\x80\x80",
	                                  "\xF8\x88\x80\x80\x80",
	                                  "\xC3",
	                                  "\xC3(",
	                                  "\xFF"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(email__utf8_valid(bad[i], strlen(bad[i])));
	assert_true(email__utf8_valid("", 0));
	assert_true(email__utf8_valid("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\xA5", 10));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_goes_there_and_back),
		cmocka_unit_test(ill_formed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
