/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/buf.h"
#include "support/failalloc.h"

static void
keeps_bytes_in_order(void **state)
{
	email__buf b;

	(void)state;
	email__buf_init(&b, 100);
	assert_int_equal(email__buf_adds(&b, "abc"), EMAIL_OK);
	assert_int_equal(email__buf_addf(&b, "%d-%s", 42, "x"), EMAIL_OK);
	assert_string_equal(email__buf_text(&b), "abc42-x");
	email__buf_consume(&b, 3);
	assert_string_equal(email__buf_text(&b), "42-x");
	assert_int_equal(email__buf_len(&b), 4);
	assert_int_equal(email__buf_left(&b), 96);
	email__buf_consume(&b, 4);
	assert_int_equal(b.start, 0);
	email__buf_dispose(&b);
}

static void
never_goes_over_its_maximum(void **state)
{
	email__buf b;

	(void)state;
	email__buf_init(&b, 5);
	assert_int_equal(email__buf_adds(&b, "12345"), EMAIL_OK);
	assert_int_equal(email__buf_adds(&b, "6"), EMAIL_E_LIMIT);
	assert_int_equal(email__buf_addf(&b, "%d", 6), EMAIL_E_LIMIT);
	assert_null(email__buf_room(&b, 1));
	assert_string_equal(email__buf_text(&b), "12345");
	/* a request that would overflow the sum */
	assert_int_equal(email__buf_reserve(&b, SIZE_MAX), EMAIL_E_LIMIT);
	email__buf_consume(&b, 2);
	assert_int_equal(email__buf_adds(&b, "67"), EMAIL_OK);
	assert_string_equal(email__buf_text(&b), "34567");
	/* formatting up to the last byte of the maximum */
	email__buf_clear(&b);
	assert_int_equal(email__buf_addf(&b, "%s", "abcde"), EMAIL_OK);
	assert_string_equal(email__buf_text(&b), "abcde");
	email__buf_dispose(&b);
}

static void
want_of_memory_leaves_it_as_it_was(void **state)
{
	email__buf b;

	(void)state;
	email_test_fail_alloc(2);
	email__buf_init(&b, 1000);
	assert_int_equal(email__buf_adds(&b, "kept"), EMAIL_OK);
	assert_int_equal(email__buf_addf(&b, "%0200d", 1), EMAIL_E_MEMORY);
	assert_string_equal(email__buf_text(&b), "kept");
	email__buf_dispose(&b);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

static void
a_secret_is_wiped(void **state)
{
	email__buf b;
	size_t i;

	(void)state;
	email__buf_init(&b, 100);
	b.secret = true;
	assert_int_equal(email__buf_adds(&b, "password"), EMAIL_OK);
	email__buf_clear(&b);
	assert_int_equal(b.data[0], 0);
	assert_int_equal(b.data[7], 0);
	/* later, where it is filled again and again */
	assert_int_equal(email__buf_adds(&b, "password"), EMAIL_OK);
	email__buf_rewind(&b);
	assert_int_equal(email__buf_len(&b), 0);
	assert_int_equal(email__buf_adds(&b, "new"), EMAIL_OK);
	assert_memory_equal(email__buf_head(&b), "newsword", 8);
	email__buf_clear(&b);
	/* what makes room by moving to the front leaves no copy behind */
	assert_int_equal(email__buf_reserve(&b, 64), EMAIL_OK);
	memset(email__buf_room(&b, 60), 'p', 60);
	email__buf_added(&b, 60);
	email__buf_consume(&b, 50);
	assert_int_equal(email__buf_reserve(&b, 40), EMAIL_OK);
	assert_int_equal(b.start, 0);
	for (i = 10; i < 60; i++)
		assert_int_equal(b.data[i], 0);
	email__buf_dispose(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_bytes_in_order),
		cmocka_unit_test(never_goes_over_its_maximum),
		cmocka_unit_test(want_of_memory_leaves_it_as_it_was),
		cmocka_unit_test(a_secret_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
