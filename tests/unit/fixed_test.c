/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "queue/fixed.h"
#include "support/failalloc.h"

static email__fixed
over(const char *text)
{
	return (email__fixed){text, text + strlen(text), false};
}

static void
reads_what_it_wrote(void **state)
{
	email__fixed f = over("size 0042 00000000000000ff +ab   rest\n");
	char text[6];
	const char *line;
	size_t n;

	(void)state;
	email__fixed_word(&f, "size ");
	assert_int_equal(email__fixed_number(&f, 4), 42);
	email__fixed_word(&f, " ");
	assert_int_equal(email__fixed_sum(&f), 255);
	email__fixed_word(&f, " ");
	assert_int_equal(email__fixed_char(&f, "-+"), '+');
	email__fixed_text(&f, 5, text);
	assert_string_equal(text, "ab");
	line = email__fixed_line(&f, &n);
	assert_int_equal(n, 4);
	assert_memory_equal(line, "rest", 4);
	assert_false(f.bad);
	assert_ptr_equal(f.at, f.end);
}

static void
what_is_wrong_stays_wrong(void **state)
{
	static const char *const numbers[] = {"", "12", "12a", " 12", "-12", "+12"};
	email__fixed f;
	char text[9];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		f = over(numbers[i]);
		email__fixed_number(&f, 3);
		assert_true(f.bad);
		assert_int_equal(email__fixed_number(&f, 0), 0);
		email__fixed_word(&f, "");
		assert_true(f.bad);
		assert_string_equal(email__fixed_line(&f, &n), "");
	}
	f = over("9223372036854775807");
	assert_true(email__fixed_number(&f, 19) == INT64_MAX && !f.bad);
	f = over("9223372036854775808");
	email__fixed_number(&f, 19);
	assert_true(f.bad);
	f = over("00000000000000FF");
	email__fixed_sum(&f);
	assert_true(f.bad);
	f = over("x");
	assert_int_equal(email__fixed_char(&f, "-+"), '-');
	assert_true(f.bad);
	f = over("a\tb");
	email__fixed_text(&f, 3, text);
	assert_true(f.bad);
	f = over("no end");
	email__fixed_line(&f, &n);
	assert_true(f.bad);
	f = over("cr\rlf\n");
	email__fixed_line(&f, &n);
	assert_true(f.bad);
}

static void
texts_have_their_width(void **state)
{
	email__buf b;

	(void)state;
	email__buf_init(&b, 16);
	assert_int_equal(email__fixed_add_text(&b, "a\r\nb", 6), EMAIL_OK);
	/* a character is not cut in two */
	assert_int_equal(email__fixed_add_text(&b, "xy\xC3\xA4", 3), EMAIL_OK);
	assert_string_equal(email__buf_text(&b), "a??b  xy ");
	assert_int_equal(email__fixed_add_text(&b, "", 10), EMAIL_E_LIMIT);
	email__buf_dispose(&b);
	email_test_fail_alloc(1);
	assert_int_equal(email__fixed_add_text(&b, "", 10), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(what_is_wrong_stays_wrong),
		cmocka_unit_test(texts_have_their_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
