/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/alloc.h"
#include "base/wipe.h"
#include "support/failalloc.h"

static void
the_applications_allocator_is_used(void **state)
{
	char *s;

	(void)state;
	email_test_fail_alloc(0);
	s = email__strndup("abcdef", 3);
	assert_string_equal(s, "abc");
	s = email__realloc(s, 100);
	assert_string_equal(s, "abc");
	assert_int_equal(email_test_allocs(), 2);
	assert_int_equal(email_test_blocks(), 1);
	email__free(s);
	email__free(NULL);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc(1);
	assert_null(email__strdup("x"));
	assert_true(email_test_alloc_failed());
	email_test_fail_alloc_off();
}

static void
a_product_that_overflows_is_refused(void **state)
{
	unsigned char *p;
	size_t i;

	(void)state;
	assert_null(email__calloc(SIZE_MAX / 2, 3));
	p = email__calloc(7, 3);
	for (i = 0; i < 21; i++)
		assert_int_equal(p[i], 0);
	email__free(p);
	p = email__calloc(0, 3);
	assert_non_null(p);
	email__free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_applications_allocator_is_used),
		cmocka_unit_test(a_product_that_overflows_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
