/* SPDX-License-Identifier: MIT */
#include "wire/line.h"

#include "support/cm.h"

static void
each_line(void **state)
{
	static const char text[] = "250 one\r\n\r\n250 two\n\nrest";
	static const char *const lines[] = {"250 one", "", "250 two", ""};
	email__buf in;
	const char *line;
	size_t n, i;

	(void)state;
	email__buf_init(&in, 64);
	assert_int_equal(email__buf_adds(&in, text), EMAIL_OK);
	for (i = 0; i < 4; i++) {
		assert_int_equal(email__line_next(&in, 32, &line, &n), EMAIL_OK);
		assert_non_null(line);
		assert_int_equal(n, strlen(lines[i]));
		assert_memory_equal(line, lines[i], n);
	}
	assert_int_equal(email__line_next(&in, 32, &line, &n), EMAIL_OK);
	assert_null(line);
	assert_int_equal(email__buf_len(&in), 4);
	email__buf_dispose(&in);
}

static void
nothing_held(void **state)
{
	email__buf in;
	const char *line = "x";
	size_t n = 1;

	(void)state;
	email__buf_init(&in, 64);
	assert_int_equal(email__line_next(&in, 8, &line, &n), EMAIL_OK);
	assert_null(line);
	assert_int_equal(n, 0);
}

/* The end of the line counts: 8 bytes with it are a line, 9 are not, and 8 without it are too many already. */
static void
too_long(void **state)
{
	static const struct {
		const char *text;
		email_code code;
		bool whole;
	} rows[] = {{"123456\r\n", EMAIL_OK, true},
	            {"1234567\n", EMAIL_OK, true},
	            {"12345678\n", EMAIL_E_LIMIT, false},
	            {"12345678", EMAIL_E_LIMIT, false},
	            {"1234567", EMAIL_OK, false}};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__buf in;
		const char *line;

		email__buf_init(&in, 64);
		assert_int_equal(email__buf_adds(&in, rows[i].text), EMAIL_OK);
		assert_int_equal(email__line_next(&in, 8, &line, &n), rows[i].code);
		assert_int_equal(line != NULL, rows[i].whole);
		email__buf_dispose(&in);
	}
}

static void
bare_cr(void **state)
{
	static const char *const bad[] = {"a\rb\r\n", "\r\r\n", "a\rb\n", "\ra\n"};
	size_t i, n;

	(void)state;
	for (i = 0; i < 4; i++) {
		email__buf in;
		const char *line;

		email__buf_init(&in, 64);
		assert_int_equal(email__buf_adds(&in, bad[i]), EMAIL_OK);
		assert_int_equal(email__line_next(&in, 32, &line, &n), EMAIL_E_PROTOCOL);
		assert_null(line);
		email__buf_dispose(&in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_line), cmocka_unit_test(nothing_held),
	                                   cmocka_unit_test(too_long), cmocka_unit_test(bare_cr)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
