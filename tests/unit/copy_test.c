/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "account/connection.h"
#include "account/copy.h"
#include "account/value.h"
#include "support/failalloc.h"
#include "support/samples.h"

static email_account *account;

static int
setup(void **state)
{
	(void)state;
	account = email_account_new(EMAIL_OUTGOING, "Out");
	return account ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_account_free(account);
	return 0;
}

static void
set(email_account *a, const char *property, const char *text)
{
	assert_int_equal(email_account_set(a, property, text), EMAIL_OK);
}

static void
expect(email_account *a, const char *property, const char *value)
{
	char text[512];

	assert_int_equal(email_account_get(a, property, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, value);
}

static void
log_line(void *context, const char *name, char who, const char *line)
{
	(void)context;
	(void)name;
	(void)who;
	(void)line;
}

static email_code
credential(void *context, bool again, char *secret, size_t size, bool *token)
{
	(void)context;
	(void)again;
	(void)secret;
	(void)size;
	(void)token;
	return EMAIL_E_SECRET;
}

static void
fill(void)
{
	const email_error down = {.code = EMAIL_E_TIMEOUT, .text = "no answer"};

	set(account, "hostname", "mail.example.com");
	set(account, "port", "2525");
	set(account, "emailAuthenticator.type", "basic");
	set(account, "emailAuthenticator.account", "plant");
	assert_int_equal(email_account_set_basic_authenticator(account, "plant", "hunter2"), EMAIL_OK);
	set(account, "maxQueueSize", "7");
	set(account, "failoverAccount", "Other");
	email__status_of_session(account, &down);
	email__status_of_mail(account, EMAIL_E_TIMEOUT, &down);
	email_account_set_log(account, log_line, &account);
	email_account_set_credential_callback(account, credential, account);
	account->has_handler = true;
	email_account_set_poll_limit(account, 3);
}

/* All that was set and all that is known of it; nothing of it is shared, so either may be changed and freed alone. */
static void
has_all_that_was_set(void **state)
{
	email_trust *trust = email_trust_new();
	email_account *copy;

	(void)state;
	fill();
	email_account_set_trust(account, trust);
	copy = email__account_copy(account);
	assert_non_null(copy);
	assert_true(email__account_same(account, copy));
	assert_int_equal(copy->kind, EMAIL_OUTGOING);
	assert_string_equal(copy->name, "Out");
	assert_ptr_equal(copy->name, copy->v.name);
	assert_ptr_not_equal(copy->name, account->name);
	assert_ptr_equal(copy->trust, trust);
	assert_ptr_equal(copy->log_context, &account);
	assert_ptr_equal(copy->credential_context, account);
	assert_true(copy->has_handler);
	assert_int_equal(copy->poll_limit, 3);
	assert_ptr_not_equal(copy->connection, account->connection);
	expect(copy, "status", "down,unverified");
	expect(copy, "faultCause", "no answer");
	expect(copy, "lastSendFailureCause", "no answer");
	/* whose it is, and where its secrets' files lie, its new place says */
	assert_null(copy->owner);
	assert_null(copy->sheet_path);
	set(account, "hostname", "elsewhere.example.com");
	email_account_free(account);
	account = copy;
	expect(account, "hostname", "mail.example.com");
	expect(account, "port", "2525");
	expect(account, "maxQueueSize", "7");
	assert_string_equal(account->v.auth_password.text, "hunter2");
	email_account_set_trust(account, NULL);
	email_trust_free(trust);
}

/* The authenticator's rows go with its type, useStartTls without useSsl. */
static void
prepare(email_account *a, const email__property *row)
{
	if (email__property_field(row) && strcmp(row->p.name, EMAIL__AUTHENTICATOR_TYPE) != 0)
		set(a, EMAIL__AUTHENTICATOR_TYPE, email_test_authenticator(row));
	if (strcmp(row->p.name, "useStartTls") == 0)
		set(a, "useSsl", "false");
}

static void
makes_another(email_account_kind kind, const email__property *row)
{
	email_account *a = email_account_new(kind, "A"), *copy;

	prepare(a, row);
	copy = email__account_copy(a);
	assert_true(email__account_same(a, copy));
	set(copy, row->p.name, email_test_good(row));
	/* transport has one word */
	if (email__account_same(a, copy) != email__value_equal(row, &a->v, &copy->v))
		fail_msg("%s makes no difference", row->p.name);
	if (email__account_same(a, copy) && strcmp(row->p.name, "transport") != 0)
		fail_msg("the sample of %s is its default", row->p.name);
	email_account_free(copy);
	/* and it is copied */
	set(a, row->p.name, email_test_good(row));
	copy = email__account_copy(a);
	assert_true(email__account_same(a, copy));
	email_account_free(copy);
	email_account_free(a);
}

/* Whatever is set differently, another connection or another queue is needed. */
static void
each_property_makes_another(void **state)
{
	size_t i, changed = 0;
	email_account_kind kind;

	(void)state;
	for (i = 0; i < email__account_table.count; i++)
		for (kind = EMAIL_OUTGOING; kind <= EMAIL_INCOMING; kind++) {
			const email__property *row = &email__account_table.row[i];

			if (row->compute || row->p.read_only || !email__property_of_kind(row, kind) ||
			    row->type == EMAIL__TYPE_NAME)
				continue;
			makes_another(kind, row);
			changed++;
		}
	assert_true(changed > 60);
}

static void
the_rest_makes_another_too(void **state)
{
	email_trust *trust = email_trust_new();
	email_account *copy = email__account_copy(account), *in = email_account_new(EMAIL_INCOMING, "Out");
	const email_error down = {.code = EMAIL_E_TIMEOUT, .text = "no answer"};

	(void)state;
	assert_false(email__account_same(account, in));
	email_account_free(in);
	email__status_of_session(copy, &down);
	assert_true(email__account_same(account, copy));
	/* in a sheet by now: it is the same */
	copy->in_sheet = true;
	assert_true(email__account_same(account, copy));
	copy->in_sheet = false;
	email_account_set_trust(copy, trust);
	assert_false(email__account_same(account, copy));
	email_account_set_trust(copy, NULL);
	email_account_set_log(copy, log_line, NULL);
	assert_false(email__account_same(account, copy));
	email_account_set_log(copy, NULL, NULL);
	email_account_set_credential_callback(copy, credential, NULL);
	assert_false(email__account_same(account, copy));
	email_account_set_credential_callback(copy, NULL, NULL);
	email_account_set_poll_limit(copy, 1);
	assert_false(email__account_same(account, copy));
	email_account_set_poll_limit(copy, 0);
	assert_true(email__account_same(account, copy));
	/* another name is another account */
	email_account_free(copy);
	copy = email_account_new(EMAIL_OUTGOING, "Out2");
	assert_false(email__account_same(account, copy));
	email_account_free(copy);
	email_trust_free(trust);
}

static void
want_of_memory_makes_none(void **state)
{
	size_t n, blocks;

	(void)state;
	fill();
	for (n = 1;; n++) {
		email_account *copy;
		bool failed;

		email_test_fail_alloc(n);
		copy = email__account_copy(account);
		failed = email_test_alloc_failed();
		assert_int_equal(copy != NULL, !failed);
		email_account_free(copy);
		blocks = email_test_blocks();
		email_test_fail_alloc_off();
		assert_int_equal(blocks, 0);
		if (!failed)
			break;
	}
	assert_true(n > 20);
	expect(account, "hostname", "mail.example.com");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_all_that_was_set, setup, teardown),
		cmocka_unit_test_setup_teardown(each_property_makes_another, setup, teardown),
		cmocka_unit_test_setup_teardown(the_rest_makes_another_too, setup, teardown),
		cmocka_unit_test_setup_teardown(want_of_memory_makes_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
