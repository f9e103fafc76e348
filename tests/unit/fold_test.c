/* SPDX-License-Identifier: MIT */
#include "codec/fold.h"

#include "support/cm.h"

static email__buf out;

static const char *
text(void)
{
	return email__buf_text(&out);
}

static int
setup(void **state)
{
	(void)state;
	email__buf_init(&out, 4096);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__buf_dispose(&out);
	return 0;
}

static void
short_field(void **state)
{
	email__fold f;

	(void)state;
	email__fold_begin(&f, &out, "To");
	email__fold_words(&f, "a@b");
	email__fold_glue(&f, ",");
	email__fold_words(&f, "c@d");
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_string_equal(text(), "To: a@b, c@d\r\n");
}

static void
folds_at_78(void **state)
{
	char word[80];
	email__fold f;

	(void)state;
	memset(word, 'x', sizeof word);
	/* "N: " and 75 make 78; one more goes to the next line */
	email__fold_begin(&f, &out, "N");
	email__fold_word(&f, word, 75);
	email__fold_word(&f, word, 1);
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_int_equal(strlen(text()), 78 + 2 + 2 + 2);
	assert_string_equal(text() + 78, "\r\n x\r\n");
	email__buf_clear(&out);
	email__fold_begin(&f, &out, "N");
	email__fold_word(&f, word, 76);
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_memory_equal(text(), "N:\r\n x", 6);
	/* too long for any line: it stays beside the name */
	email__buf_clear(&out);
	email__fold_begin(&f, &out, "N");
	email__fold_word(&f, word, 79);
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_memory_equal(text(), "N: x", 4);
	/* but not beside another piece */
	email__buf_clear(&out);
	email__fold_begin(&f, &out, "N");
	email__fold_words(&f, "y");
	email__fold_word(&f, word, 79);
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_memory_equal(text(), "N: y\r\n x", 8);
}

static void
keeps_white_space(void **state)
{
	char word[75];
	email__fold f;

	(void)state;
	memset(word, 'x', sizeof word);
	email__fold_begin(&f, &out, "N");
	email__fold_word(&f, word, 70);
	email__fold_piece(&f, " \t ", 3, "yyy", 3);
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_non_null(strstr(text(), "x\r\n \t yyy\r\n"));
}

static void
first_failure_stays(void **state)
{
	email__buf small;
	email__fold f;

	(void)state;
	email__buf_init(&small, 8);
	email__fold_begin(&f, &small, "Name");
	email__fold_words(&f, "too long");
	email__fold_words(&f, "x");
	assert_int_equal(email__fold_end(&f), EMAIL_E_LIMIT);
	email__buf_dispose(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(short_field, setup, teardown),
		cmocka_unit_test_setup_teardown(folds_at_78, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_white_space, setup, teardown),
		cmocka_unit_test_setup_teardown(first_failure_stays, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
