/* SPDX-License-Identifier: MIT */
/* What outcomes of sessions, and a trust sheet that cannot be read, do to status and faultCause (status.c). */
#include "support/cm.h"

#include <stdlib.h>
#include <unistd.h>

#include "account/connection.h"
#include "base/error.h"

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
outcome(email_code code)
{
	email_error e = {0};

	if (code)
		email__error_set(&e, code, EMAIL_STAGE_TRUST, "because");
	email__status_of_session(account, &e);
}

static void
sessions(void **state)
{
	(void)state;
	assert_int_equal(account->v.status_bits, EMAIL__STATUS_UNVERIFIED);
	outcome(EMAIL_E_TRUST);
	assert_int_equal(account->v.status_bits, EMAIL__STATUS_UNVERIFIED | EMAIL__STATUS_FAULT);
	assert_string_equal(account->v.fault_cause, "because");
	outcome(EMAIL_E_CANCELLED);
	assert_string_equal(account->v.fault_cause, "because");
	outcome(EMAIL_E_CLOCK);
	assert_int_equal(account->v.status_bits, EMAIL__STATUS_UNVERIFIED | EMAIL__STATUS_DOWN);
	outcome(EMAIL_OK);
	assert_int_equal(account->v.status_bits, 0);
	assert_string_equal(account->v.fault_cause, "");
}

static bool
nobody(void *context, const email_allowed_host *row)
{
	(void)context;
	(void)row;
	return true;
}

/* A session that a root vouched for is no proof that exemptions are in order. */
static void
unreadable_trust_sheet(void **state)
{
	char folder[] = "/tmp/emailstatusXXXXXX", path[64];
	email_trust *trust = email_trust_new();
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/trust.xml", folder);
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	email_account_set_trust(account, trust);
	outcome(EMAIL_OK);
	assert_int_equal(account->v.status_bits, 0);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(email_trust_list_hosts(trust, nobody, NULL), EMAIL_E_SHEET); /* looked at again */
	outcome(EMAIL_OK);
	assert_int_equal(account->v.status_bits, EMAIL__STATUS_FAULT);
	assert_non_null(strstr(account->v.fault_cause, "the trust sheet cannot be read"));
	assert_int_equal(remove(path), 0);
	assert_int_equal(email_trust_list_hosts(trust, nobody, NULL), EMAIL_OK);
	outcome(EMAIL_OK);
	assert_int_equal(account->v.status_bits, 0);
	assert_int_equal(rmdir(folder), 0);
	email_account_set_trust(account, NULL);
	email_trust_free(trust);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(unreadable_trust_sheet, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
