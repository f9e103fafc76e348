/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "account/connection.h"
#include "support/cm.h"

static email_account *account;

static int
setup(void **state)
{
	(void)state;
	account = email_account_new(EMAIL_OUTGOING, "out");
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
set(const char *property, const char *text)
{
	assert_int_equal(email_account_set(account, property, text), EMAIL_OK);
}

static void
by_type(void **state)
{
	const email__credentials *c = &account->connection->credentials;

	(void)state;
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_null(c->user);
	assert_int_equal(email_account_set_basic_authenticator(account, "plant", "secret"), EMAIL_OK);
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_int_equal(c->kind, EMAIL__CREDENTIAL_PASSWORD);
	assert_string_equal(c->user, "plant");
	assert_string_equal(c->password, "secret");
	assert_non_null(c->binding);
	assert_null(c->binding->type);
	email__connection_drop(account);
	set("emailAuthenticator.type", "external");
	set("emailAuthenticator.account", "station");
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_int_equal(c->kind, EMAIL__CREDENTIAL_CERTIFICATE);
	assert_string_equal(c->user, "station");
	assert_string_equal(c->password, "");
}

static void
iterations_have_their_time(void **state)
{
	const email__credentials *c = &account->connection->credentials;
	uint32_t most;

	(void)state;
	assert_int_equal(email_account_set_basic_authenticator(account, "plant", "secret"), EMAIL_OK);
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	most = c->max_iterations;
	assert_true(most >= EMAIL__SCRAM_ITERATIONS_MIN && most <= EMAIL__SCRAM_ITERATIONS_MAX);
	email__connection_drop(account);
	/* a processor that is a thousand times slower */
	account->connection->iterations_a_second = 1000;
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_int_equal(c->max_iterations, 15000); /* a quarter of a minute */
	email__connection_drop(account);
	set("responseTimeout", "PT1S");
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_int_equal(c->max_iterations, EMAIL__SCRAM_ITERATIONS_MIN);
}

static void
no_secret(void **state)
{
	(void)state;
	set("emailAuthenticator.type", "basic");
	set("emailAuthenticator.account", "plant");
	set("emailAuthenticator.password", "env:NO_SUCH_VARIABLE_HERE");
	assert_int_equal(email__credentials_read(account), EMAIL_E_SECRET);
	assert_int_equal(email_account_error(account)->stage, EMAIL_STAGE_AUTHENTICATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_type, setup, teardown),
		cmocka_unit_test_setup_teardown(iterations_have_their_time, setup, teardown),
		cmocka_unit_test_setup_teardown(no_secret, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
