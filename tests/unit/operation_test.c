/* SPDX-License-Identifier: MIT */
/* The pollable face, as an application's event loop uses it. */
#include "support/cm.h"

#include <poll.h>
#include <string.h>

#include "support/post.h"

static email_code
drive(email_operation *op, int *waits)
{
	for (*waits = 0; email_operation_step(op) == EMAIL_PENDING; ++*waits) {
		struct pollfd p = {.fd = email_operation_fd(op), .events = (short)email_operation_events(op)};
		long timeout = email_operation_timeout(op);

		assert_true(timeout >= 0);
		assert_int_equal(email_operation_result(op), EMAIL_E_USAGE);
		poll(&p, 1, (int)timeout);
		assert_true(*waits < 10000);
	}
	assert_int_equal(email_operation_step(op), EMAIL_DONE);
	return email_operation_result(op);
}

static void
sends_without_ever_blocking(void **state)
{
	static const email_test_tls transports[] = {EMAIL_TEST_SSL, EMAIL_TEST_STARTTLS};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		email_operation *op;
		int waits, k;
		post p;

		post_init(&p, transports[i]);
		post_open(&p, true);
		for (k = 0; k < 2; k++) {
			op = email_account_start_send(p.account, p.message);
			assert_non_null(op);
			assert_null(email_account_start_send(p.account, p.message));
			assert_int_equal(drive(op, &waits), EMAIL_OK);
			assert_true(waits > 0);
			assert_int_equal(email_operation_report(op)->count, 2);
			assert_true(email_operation_report(op) == email_operation_report(op));
			email_operation_free(op);
		}
		email_account_close(p.account);
		assert_int_equal(post_counts(&p).messages, 2);
		post_close(&p);
	}
}

/* The mail of before is over, and says nothing about the connection that is made for the next one. */
static void
sends_again_over_a_new_connection(void **state)
{
	email_operation *op;
	int waits, k;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	for (k = 0; k < 3; k++) {
		op = email_account_start_send(p.account, p.message);
		assert_int_equal(drive(op, &waits), EMAIL_OK);
		assert_int_equal(email_operation_report(op)->count, 2);
		assert_int_equal(email_operation_report(op)->recipients[0].outcome, EMAIL_OUTCOME_ACCEPTED);
		email_operation_free(op);
		email_account_close(p.account);
	}
	assert_int_equal(post_counts(&p).messages, 3);
	post_close(&p);
}

static email_code
hand_over(void *context, bool again, char *secret, size_t size, bool *token)
{
	(void)again;
	(void)token;
	assert_true(size > 16000);
	strcpy(secret, context);
	return EMAIL_OK;
}

/* Who logs in is said in the sheet, with which password by the program. */
static void
logs_in_with_what_the_program_hands_over(void **state)
{
	char password[] = "hunter2", wrong[] = "hunter3";
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	p.options.user = "plant";
	p.options.password = "hunter2";
	post_open(&p, true);
	assert_int_equal(email_account_set(p.account, "emailAuthenticator.type", "callback"), EMAIL_OK);
	assert_int_equal(email_account_set(p.account, "emailAuthenticator.account", "plant"), EMAIL_OK);
	email_account_set_credential_callback(p.account, hand_over, password);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	email_account_close(p.account);
	email_account_set_credential_callback(p.account, hand_over, wrong);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_E_LOGIN);
	post_close(&p);
}

/* A second start is refused, and takes nothing from the first. */
static void
a_second_start_leaves_the_first_alone(void **state)
{
	email_operation *op;
	int waits;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	assert_int_equal(email_account_set_enabled(p.account, false), EMAIL_OK);
	op = email_account_start_send(p.account, p.message);
	assert_null(email_account_start_send(p.account, p.message));
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_E_USAGE);
	assert_int_equal(email_account_test(p.account, NULL, NULL), EMAIL_E_USAGE);
	assert_int_equal(drive(op, &waits), EMAIL_E_DISABLED);
	assert_int_equal(email_account_error(p.account)->code, EMAIL_E_DISABLED);
	email_operation_free(op);

	assert_int_equal(email_account_set_enabled(p.account, true), EMAIL_OK);
	op = email_account_start_send(p.account, p.message);
	assert_null(email_account_start_send(p.account, p.message));
	assert_int_equal(drive(op, &waits), EMAIL_OK);
	assert_int_equal(email_account_error(p.account)->code, EMAIL_OK);
	email_operation_free(op);
	post_close(&p);
}

static void
a_refused_peer_ends_it(void **state)
{
	email_operation *op;
	int waits;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, false);
	op = email_account_start_send(p.account, p.message);
	assert_int_equal(drive(op, &waits), EMAIL_E_TRUST);
	assert_null(email_operation_report(op));
	email_operation_free(op);
	post_close(&p);
}

static void
can_be_left_at_any_point(void **state)
{
	int steps, k;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	post_open(&p, true);
	for (steps = 0; steps < 14; steps++) {
		email_operation *op = email_account_start_send(p.account, p.message);

		assert_non_null(op);
		for (k = 0; k < steps && email_operation_step(op) == EMAIL_PENDING; k++) {
			struct pollfd f = {.fd = email_operation_fd(op),
			                   .events = (short)email_operation_events(op)};

			poll(&f, 1, 1000);
		}
		email_operation_free(op);
	}
	email_operation_free(NULL);
	/* and the account still works */
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	post_close(&p);
}

static void
is_cancelled(void **state)
{
	email_operation *op;
	int waits;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_rule(&p, "ehlo", EMAIL_TEST_STALL, NULL);
	post_open(&p, true);
	op = email_account_start_send(p.account, p.message);
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	email_operation_cancel(op);
	assert_int_equal(drive(op, &waits), EMAIL_E_CANCELLED);
	email_operation_free(op);
	post_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_without_ever_blocking),
		cmocka_unit_test(sends_again_over_a_new_connection),
		cmocka_unit_test(logs_in_with_what_the_program_hands_over),
		cmocka_unit_test(a_second_start_leaves_the_first_alone),
		cmocka_unit_test(a_refused_peer_ends_it),
		cmocka_unit_test(can_be_left_at_any_point),
		cmocka_unit_test(is_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
