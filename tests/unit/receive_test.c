/* SPDX-License-Identifier: MIT */
/* The public calls of receiving, as far as they go without a server; tests/live has the rest. */
#include <emailservice/receive.h>

#include <emailservice/service.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/handed.h"
#include "support/cm.h"

static email_code
take(void *context, const email_received *received)
{
	(void)received;
	++*(int *)context;
	return EMAIL_OK;
}

static void
only_incoming_accounts(void **state)
{
	email_account *out = email_account_new(EMAIL_OUTGOING, "out");
	int calls = 0;

	(void)state;
	assert_int_equal(email_account_receive(out, take, &calls), EMAIL_E_USAGE);
	assert_int_equal(email_account_peek(out, take, &calls), EMAIL_E_USAGE);
	assert_string_equal(email_account_error(out)->text, "not an incoming account");
	email_account_free(out);
	assert_int_equal(calls, 0);
}

static void
refusals_before_the_network(void **state)
{
	email_account *in = email_account_new(EMAIL_INCOMING, "in");
	email_message *m = email_message_new();
	int calls = 0;

	(void)state;
	assert_int_equal(email_account_receive(in, take, &calls), EMAIL_E_VALUE);
	assert_string_equal(email_account_error(in)->text, "hostname is empty");
	assert_int_equal(email_account_set_hostname(in, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_enabled(in, false), EMAIL_OK);
	assert_int_equal(email_account_receive(in, take, &calls), EMAIL_E_DISABLED);
	assert_int_equal(email_account_send(in, m, NULL), EMAIL_E_USAGE);
	assert_int_equal(calls, 0);
	email_message_free(m);
	email_account_free(in);
}

static void
one_operation_at_a_time(void **state)
{
	email_account *in = email_account_new(EMAIL_INCOMING, "in");
	email_operation *op;
	int calls = 0;

	(void)state;
	assert_int_equal(email_account_set_hostname(in, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_port(in, 1), EMAIL_OK);
	assert_non_null(op = email_account_start_receive(in, take, &calls, true));
	assert_null(email_account_start_receive(in, take, &calls, false));
	assert_int_equal(email_account_receive(in, take, &calls), EMAIL_E_USAGE);
	email_account_cancel(in);
	while (email_operation_step(op) == EMAIL_PENDING)
		;
	assert_int_not_equal(email_operation_result(op), EMAIL_OK);
	email_operation_free(op);
	/* and the next one may */
	assert_non_null(op = email_account_start_receive(in, take, &calls, false));
	email_operation_free(op);
	email_account_free(in);
}

/* Freed before it is done: another process may read the mailbox. */
static void
nothing_is_kept_locked(void **state)
{
	char folder[] = "/tmp/receive_test.XXXXXX", path[64];
	static const char *const left[] = {"/uids/in", "/uids/in.lock", "/uids", "/status.lock", "/status", "/trust.lock"};
	email_service *service = email_service_new();
	email_account *in;
	email_operation *op;
	email_error e = {0};
	email__handed *h;
	int calls = 0;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(email_service_set_state_folder(service, folder), EMAIL_OK);
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, "in", &in), EMAIL_OK);
	assert_int_equal(email_account_set_hostname(in, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_port(in, 1), EMAIL_OK);
	snprintf(path, sizeof path, "%s/uids/in", folder);
	assert_non_null(op = email_account_start_receive(in, take, &calls, true));
	assert_null(email__handed_open(path, "x", &e));
	email_operation_free(op);
	assert_non_null(h = email__handed_open(path, "x", &e));
	email__handed_close(h);
	email_service_free(service);
	for (i = 0; i < sizeof left / sizeof *left; i++) {
		snprintf(path, sizeof path, "%s%s", folder, left[i]);
		(void)remove(path);
	}
	rmdir(folder);
}

static void
figures(void **state)
{
	email_account *in = email_account_new(EMAIL_INCOMING, "in");

	(void)state;
	assert_int_equal(email_account_pollrate(in), 60000);
	assert_int_equal(email_account_set(in, "pollrate", "PT30S"), EMAIL_OK);
	assert_int_equal(email_account_pollrate(in), 30000);
	assert_int_equal(email_account_left(in), 0);
	email_account_free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_incoming_accounts),
		cmocka_unit_test(refusals_before_the_network),
		cmocka_unit_test(one_operation_at_a_time),
		cmocka_unit_test(nothing_is_kept_locked),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
