/* SPDX-License-Identifier: MIT */
/* Signing in by a code, as far as it goes without a server; tests/oauth has the rest. */
#include <string.h>

#include <emailservice/account.h>

#include "support/cm.h"

static void
show(void *context, const email_device *device)
{
	(void)device;
	++*(int *)context;
}

static void
refusals(void **state)
{
	email_account *account = email_account_new(EMAIL_INCOMING, "in");
	int shown = 0;

	(void)state;
	assert_int_equal(email_account_login(account, show, &shown), EMAIL_E_USAGE);
	assert_non_null(strstr(email_account_error(account)->remedy, "oAuthRefreshToken"));
	assert_int_equal(email_account_set(account, "emailAuthenticator.type", "oAuthRefreshToken"),
	                 EMAIL_OK);
	assert_int_equal(email_account_login(account, show, &shown), EMAIL_E_VALUE);
	assert_int_equal(email_account_error(account)->stage, EMAIL_STAGE_TOKEN);
	/* nobody is there */
	assert_int_equal(email_account_set(account, "emailAuthenticator.authServerMetadataEndpoint",
	                                   "https://127.0.0.1:1/"),
	                 EMAIL_OK);
	assert_int_equal(email_account_set(account, "emailAuthenticator.clientId", "panel"), EMAIL_OK);
	assert_int_equal(email_account_login(account, show, &shown), EMAIL_E_CONNECT);
	assert_int_equal(shown, 0);
	/* and the account is free for the next operation */
	assert_int_equal(email_account_login(account, show, &shown), EMAIL_E_CONNECT);
	email_account_free(account);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(refusals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
