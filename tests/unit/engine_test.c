/* SPDX-License-Identifier: MIT */
#include "account/engine.h"

#include <string.h>

#include "support/cm.h"
#include "support/failalloc.h"

static void
nothing_listed(void *context, const email__entry *entry)
{
	(void)context;
	(void)entry;
}

/* Which protocol an account speaks, and what that protocol can do. */
static void
by_kind_and_store(void **state)
{
	const email__mailbox_events events = {.listed = nothing_listed};
	email_account *out = email_account_new(EMAIL_OUTGOING, "out"),
		      *in = email_account_new(EMAIL_INCOMING, "in");
	email__engine e;

	(void)state;
	assert_int_equal(email__engine_make(&e, out, NULL, &events, false), EMAIL_OK);
	assert_non_null(e.smtp);
	assert_non_null(e.link);
	assert_null(e.mailbox);
	email__engine_free(&e);
	assert_null(e.link);
	email__engine_quit(&e); /* of none: nothing */

	assert_int_equal(email__engine_make(&e, in, NULL, &events, true), EMAIL_OK);
	assert_null(e.smtp);
	assert_false(e.mailbox->settles_by_quit);
	assert_true(e.read_only);
	/* before the login nothing can be asked for */
	assert_int_equal(e.mailbox->list(e.box, true), EMAIL_E_USAGE);
	assert_int_not_equal(e.mailbox->wait(e.box), EMAIL_OK);
	email__engine_free(&e);

	assert_int_equal(email_account_set_store(in, EMAIL_STORE_POP3), EMAIL_OK);
	assert_int_equal(email__engine_make(&e, in, NULL, &events, false), EMAIL_OK);
	assert_true(e.mailbox->settles_by_quit);
	assert_int_equal(e.mailbox->list(e.box, true), EMAIL_E_USAGE);
	assert_int_equal(e.mailbox->wait(e.box), EMAIL_E_EXTENSION);
	email__engine_free(&e);
	email_account_free(out);
	email_account_free(in);
}

static void
no_memory(void **state)
{
	const email__mailbox_events events = {.listed = nothing_listed};
	email_account *in = email_account_new(EMAIL_INCOMING, "in");
	email_store store;

	(void)state;
	for (store = EMAIL_STORE_IMAP; store <= EMAIL_STORE_POP3; store++) {
		bool failed = true;
		size_t n;

		assert_int_equal(email_account_set_store(in, store), EMAIL_OK);
		for (n = 1; failed; n++) {
			email__engine e;
			email_code rc;

			email_test_fail_alloc(n);
			rc = email__engine_make(&e, in, NULL, &events, false);
			failed = email_test_alloc_failed();
			assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
			email__engine_free(&e);
			assert_int_equal(email_test_blocks(), 0);
			email_test_fail_alloc_off();
		}
		assert_true(n > 2);
	}
	email_account_free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_kind_and_store), cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
