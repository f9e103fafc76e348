/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/limits.h"
#include "service/contents.h"
#include "support/failalloc.h"

static void
accounts_are_found_by_name(void **state)
{
	email__contents c;
	email_account *a = email_account_new(EMAIL_OUTGOING, "A"),
		      *b = email_account_new(EMAIL_INCOMING, "b");

	(void)state;
	assert_int_equal(email__contents_init(&c), EMAIL_OK);
	assert_true(c.v.enabled);
	assert_string_equal(c.v.state_folder, "state");
	assert_null(email__contents_find(&c, "A"));
	assert_int_equal(email__contents_add(&c, a, NULL), EMAIL_OK);
	assert_int_equal(email__contents_add(&c, b, NULL), EMAIL_OK);
	assert_ptr_equal(email__contents_find(&c, "A")->account, a);
	assert_ptr_equal(email__contents_find(&c, "b")->account, b);
	assert_null(email__contents_find(&c, "B"));
	email__contents_dispose(&c);
	assert_null(c.entry);
}

static void
not_more_than_the_limit(void **state)
{
	email__contents c;
	email_account *one_too_many = email_account_new(EMAIL_OUTGOING, "x");
	char name[16];
	int i;

	(void)state;
	assert_int_equal(email__contents_init(&c), EMAIL_OK);
	for (i = 0; i < EMAIL__ACCOUNTS_MAX; i++) {
		snprintf(name, sizeof name, "a%d", i);
		assert_int_equal(email__contents_add(&c, email_account_new(EMAIL_OUTGOING, name), NULL),
		                 EMAIL_OK);
	}
	assert_int_equal(email__contents_add(&c, one_too_many, NULL), EMAIL_E_LIMIT);
	email_account_free(one_too_many);
	email__contents_dispose(&c);
}

static void
without_memory_nothing_is_taken_over(void **state)
{
	email__contents c;
	email_account *a = email_account_new(EMAIL_OUTGOING, "A");

	(void)state;
	email_test_fail_alloc(1);
	assert_int_equal(email__contents_init(&c), EMAIL_E_MEMORY);
	email_test_fail_alloc(0);
	assert_int_equal(email__contents_init(&c), EMAIL_OK);
	email_test_fail_alloc(1);
	assert_int_equal(email__contents_add(&c, a, NULL), EMAIL_E_MEMORY);
	assert_int_equal(c.count, 0);
	email_account_free(a);
	email__contents_dispose(&c);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_are_found_by_name),
		cmocka_unit_test(not_more_than_the_limit),
		cmocka_unit_test(without_memory_nothing_is_taken_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
