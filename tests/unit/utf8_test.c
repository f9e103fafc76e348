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

/* Every sequence of two bytes, three with every second byte, and four: as the decoder sees them. */
static void
run_agrees_with_decode(void **state)
{
	unsigned long a, b, c;

	(void)state;
	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++)
			for (c = 0; c < 6; c++) {
				static const unsigned char third[] = {0x7F, 0x80, 0x9F, 0xBF, 0xC0, 0xFF};
				unsigned char p[4] = {(unsigned char)a, (unsigned char)b, third[c], 0x85};
				unsigned long code;
				size_t n, at, len;

				for (n = 0; n <= 4; n++) {
					for (at = 0; (len = email__utf8_decode(p + at, n - at, &code)) != 0;)
						at += len;
					if (email__utf8_run(p, n) != at)
						fail_msg("%02lX %02lX %02X, %zu bytes", a, b, third[c], n);
				}
			}
}

static void
run_goes_over_words(void **state)
{
	char text[80];
	size_t n, at;

	(void)state;
	for (n = 0; n < sizeof text; n++)
		for (at = 0; at < n; at++) {
			memset(text, 'x', sizeof text);
			text[at] = (char)0x80;
			assert_int_equal(email__utf8_run((unsigned char *)text, n), at);
			assert_int_equal(email__utf8_ascii_run((unsigned char *)text, n), at);
			assert_false(email__utf8_valid(text, n));
			text[at] = 'x';
			assert_true(email__utf8_valid(text, n));
		}
}

/* Unicode 3.9, table 3-8 and its neighbours. */
static void
one_replacement_for_a_maximal_subpart(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, bad;
	} c[] = {{"\x80", 1, 1},         {"\xC0\xAF", 2, 1}, {"\xFF", 1, 1},         {"\xE0\x9F", 2, 1},
	         {"\xED\xA0\x80", 3, 1}, {"\xF4\x91", 2, 1}, {"\xE1\x80\xE2", 3, 2}, {"\xF1\x80\x80x", 4, 3},
	         {"\xC2x", 2, 1},        {"\xC2", 1, 0},     {"\xE1\x80", 2, 0},     {"\xF1\x80\x80", 3, 0}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		if (email__utf8_bad((const unsigned char *)c[i].bytes, c[i].n) != c[i].bad)
			fail_msg("case %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_goes_there_and_back),
		cmocka_unit_test(ill_formed_is_refused),
		cmocka_unit_test(run_agrees_with_decode),
		cmocka_unit_test(run_goes_over_words),
		cmocka_unit_test(one_replacement_for_a_maximal_subpart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
