/* SPDX-License-Identifier: MIT */
/* The pollable face, as an application's event loop uses it. */
#include "support/cm.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/receive.h>

#include "account/turn.h"
#include "os/clock.h"
#include "os/file.h"
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

/* --- whose turn it is to renew a token --- */

static char state_path[] = "/tmp/email-operation-XXXXXX";

static char *
state_folder(void *service)
{
	(void)service;
	return email__path_join(state_path, "");
}

static void
no_status(void *service, email_account *account)
{
	(void)service;
	(void)account;
}

static void
no_event(void *service, const email_event *event)
{
	(void)service;
	(void)event;
}

static email_trust *
no_trust(void *service)
{
	(void)service;
	return NULL;
}

static const email__owner owner = {.state_folder = state_folder,
                                   .status_load = no_status,
                                   .status_save = no_status,
                                   .tell = no_event,
                                   .trust = no_trust};

/* One that another account's turn keeps from its token; nobody answers at its endpoint. */
static email_account *
kept_waiting(email_account *other, email__turn *turn)
{
	email_account *account = email_account_new(EMAIL_INCOMING, "In");
	email_account *list[2];
	size_t i;

	list[0] = account;
	list[1] = other;
	setenv("EMAIL_TEST_REFRESH", "first", 1);
	for (i = 0; i < 2; i++) {
		assert_non_null(list[i]);
		list[i]->owner = &owner;
		assert_int_equal(email_account_set(list[i], "emailAuthenticator.type", "oAuthRefreshToken"),
		                 EMAIL_OK);
		assert_int_equal(email_account_set(list[i], "emailAuthenticator.refreshToken",
		                                   "env:EMAIL_TEST_REFRESH"),
		                 EMAIL_OK);
	}
	assert_int_equal(
		email_account_set(account, "emailAuthenticator.tokenEndpoint", "https://127.0.0.1:1/token"),
		EMAIL_OK);
	assert_int_equal(email_account_set(account, "emailAuthenticator.clientId", "station"), EMAIL_OK);
	assert_int_equal(email_account_set(account, "hostname", "127.0.0.1"), EMAIL_OK);
	email__turn_init(turn);
	assert_int_equal(email__turn_take(turn, other), EMAIL__TURN_OURS);
	return account;
}

static email_code
handler(void *context, const email_received *received)
{
	(void)context;
	(void)received;
	return EMAIL_OK;
}

static void
waits_for_its_turn_without_blocking(void **state)
{
	email_account *other = email_account_new(EMAIL_OUTGOING, "Out"), *account;
	email_operation *op;
	email__turn turn;
	int64_t began, took, shortest = INT64_MAX;
	int waits, i;

	(void)state;
	account = kept_waiting(other, &turn);
	op = email_account_start_receive(account, handler, NULL, true);
	assert_non_null(op);
	for (i = 0; i < 3; i++) {
		began = email__clock_ms();
		assert_int_equal(email_operation_step(op), EMAIL_PENDING);
		took = email__clock_ms() - began;
		shortest = took < shortest ? took : shortest;
		assert_int_equal(email_operation_fd(op), -1);
		assert_int_equal(email_operation_events(op), 0);
		assert_in_range(email_operation_timeout(op), 1, 1000);
		email__clock_sleep(email_operation_timeout(op));
	}
	assert_true(shortest <
	            50); /* each of them would wait; one may be long on a machine with other work */
	email__turn_release(&turn);
	/* it is its own by now: the endpoint is asked */
	assert_int_equal(drive(op, &waits), EMAIL_E_CONNECT);
	assert_int_equal(email_account_error(account)->stage, EMAIL_STAGE_CONNECT);
	email_operation_free(op);
	/* and given back */
	assert_int_equal(email__turn_take(&turn, other), EMAIL__TURN_OURS);
	email__turn_release(&turn);
	email_account_free(account);
	email_account_free(other);
}

static void
is_cancelled_or_left_while_it_waits(void **state)
{
	email_account *other = email_account_new(EMAIL_OUTGOING, "Out"), *account;
	email_operation *op;
	email__turn turn;
	int waits;

	(void)state;
	account = kept_waiting(other, &turn);
	op = email_account_start_receive(account, handler, NULL, true);
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	email_operation_cancel(op);
	assert_int_equal(drive(op, &waits), EMAIL_E_CANCELLED);
	email_operation_free(op);
	op = email_account_start_receive(account, handler, NULL, true);
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	email_operation_free(op);
	/* of one that asks already, too */
	email__turn_release(&turn);
	op = email_account_start_receive(account, handler, NULL, true);
	(void)email_operation_step(op);
	email_operation_free(op);
	assert_int_equal(email__turn_take(&turn, other), EMAIL__TURN_OURS);
	email__turn_release(&turn);
	email_account_free(account);
	email_account_free(other);
}

static void
waits_no_longer_than_for_a_connection(void **state)
{
	email_account *other = email_account_new(EMAIL_OUTGOING, "Out"), *account;
	email__turn turn;
	int64_t began = email__clock_ms();

	(void)state;
	account = kept_waiting(other, &turn);
	assert_int_equal(email_account_set(account, "connectionTimeout", "PT1S"), EMAIL_OK);
	assert_int_equal(email_account_test(account, NULL, NULL), EMAIL_E_TIMEOUT);
	assert_in_range(email__clock_ms() - began, 1000, 5000);
	assert_int_equal(email_account_error(account)->stage, EMAIL_STAGE_TOKEN);
	assert_true(email_account_error(account)->temporary);
	assert_int_equal(account->v.status_bits & EMAIL__STATUS_DOWN, EMAIL__STATUS_DOWN);
	email__turn_release(&turn);
	email_account_free(account);
	email_account_free(other);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(state_path) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", state_path);
	return system(command);
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
		cmocka_unit_test(waits_for_its_turn_without_blocking),
		cmocka_unit_test(is_cancelled_or_left_while_it_waits),
		cmocka_unit_test(waits_no_longer_than_for_a_connection),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
