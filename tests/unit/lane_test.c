/* SPDX-License-Identifier: MIT */
/* A lane's life: whose host it asks, another account in its place, what is told once. The worker is a real one. */
#include "support/cm.h"

#include <stdlib.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "service/worker.h"
#include "support/failalloc.h"
#include "support/server.h"
#include "support/scratch.h"

static email__seal_source seal;
static email__shared shared;
static email__host program;
static email__worker *worker;

static int
setup(void **state)
{
	email_error e = {0};

	(void)state;
	if (!email__shared_init(&shared))
		return -1;
	email__host_init(&program, &shared);
	program.seal = &seal;
	worker = email__worker_new(&shared, &program, false, &e);
	return worker ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email__worker_free(worker);
	email__shared_dispose(&shared);
	email__host_dispose(&program);
	return 0;
}

/* --- rosters ---------------------------------------------------------------------------------- */

static email_trust *trust;

/* The worker's next accounts; `names` NULL-ended. The host, which lives as long as somebody asks it. */
static email__host *
give(bool enabled, email_account **account, size_t count)
{
	email__roster *r = email__new(email__roster);
	email__host *host;
	size_t i;

	assert_non_null(r);
	host = r->host = email__host_new(&shared, &program, trust);
	r->account = email__calloc(count ? count : 1, sizeof *r->account);
	assert_true(r->host && r->account);
	for (i = 0; i < count; i++)
		r->account[r->count++] = account[i];
	r->enabled = enabled;
	email__worker_take(worker, r);
	return host;
}

static email_account *
outgoing(const char *name, int port)
{
	email_account *account = email_account_new(EMAIL_OUTGOING, name);

	assert_non_null(account);
	email_account_set_hostname(account, "127.0.0.1");
	email_account_set_port(account, port);
	email_account_set_use_ssl(account, false);
	return account;
}

static void
go(int times)
{
	while (times-- > 0)
		assert_int_equal(email__worker_go(worker, 0), EMAIL_OK);
}

static void
enqueue(email__lane *lane)
{
	email_message *m = email_message_new();

	email_message_set_from(m, "a@example.com");
	email_message_add_to(m, "b@example.com");
	email_message_set_text(m, "text");
	assert_int_equal(email_account_enqueue(lane->account, m, EMAIL_PRIORITY_NORMAL, NULL, 0), EMAIL_OK);
	email_message_free(m);
}

/* --- one alone -------------------------------------------------------------------------------- */

static void
a_lane_asks_its_host(void **state)
{
	email__host *host = email__host_new(&shared, &program, NULL);
	email_account *account = outgoing("A", 1);
	email__lane *lane = NULL;
	size_t n, blocks;

	(void)state;
	assert_int_equal(email__host_place(host, NULL, "email.xml"), EMAIL_OK);
	email_test_fail_alloc(0);
	blocks = email_test_blocks();
	for (n = 1; !lane; n++) {
		email_test_fail_alloc(n);
		lane = email__lane_new(worker, account, host);
		if (!lane)
			assert_int_equal(email_test_blocks(), blocks);
		assert_int_equal(host->users, lane ? 1 : 0);
	}
	email_test_fail_alloc_off();
	assert_ptr_equal(lane->account->owner, &host->owner);
	assert_string_equal(lane->account->sheet_path, "email.xml");
	assert_false(email__lane_enabled(lane));
	worker->enabled = true;
	assert_true(email__lane_enabled(lane));
	email_account_set_enabled(account, false);
	assert_false(email__lane_enabled(lane));
	/* the sooner holds */
	lane->due = 100;
	email__lane_by(lane, 200);
	assert_int_equal(lane->due, 100);
	email__lane_by(lane, 50);
	assert_int_equal(lane->due, 50);
	/* with account and host */
	email__lane_free(lane);
}

static void
count_queue_events(void *context, const email_event *event)
{
	*(size_t *)context += event->kind == EMAIL_EVENT_QUEUE;
}

static void
a_complaint_is_told_once(void **state)
{
	email__host *host = email__host_new(&shared, &program, NULL);
	email__lane *lane = email__lane_new(worker, outgoing("A", 1), host);
	email_error one = {0}, other = {0};
	size_t told = 0;

	(void)state;
	email__error_set(&one, EMAIL_E_FILE, EMAIL_STAGE_QUEUE, "the disk is full, as far as can be told");
	email__error_set(&other, EMAIL_E_FILE, EMAIL_STAGE_QUEUE, "%0300d", 7);
	email__lane_complain(lane, &one);
	email__lane_complain(lane, &one);
	email__events_visit(&shared.events, 0, count_queue_events, &told);
	assert_int_equal(told, 1);
	/* a long one is cut, and is the same one all the same */
	email__lane_complain(lane, &other);
	email__lane_complain(lane, &other);
	told = 0;
	email__events_visit(&shared.events, 0, count_queue_events, &told);
	assert_int_equal(told, 2);
	email__lane_complain(lane, &one);
	told = 0;
	email__events_visit(&shared.events, 0, count_queue_events, &told);
	assert_int_equal(told, 3);
	email__lane_free(lane);
}

/* --- another account in its place ------------------------------------------------------------- */

static void
the_same_account_has_the_new_host(void **state)
{
	email_account *accounts[2] = {outgoing("A", 1), outgoing("B", 1)}, *kept;
	email__host *first = give(false, accounts, 2), *second;

	(void)state;
	go(1);
	assert_int_equal(worker->count, 2);
	assert_int_equal(first->users, 2);
	kept = worker->lane[0]->account;
	accounts[0] = outgoing("A", 1);
	accounts[1] = outgoing("B", 2);
	second = give(false, accounts, 2);
	go(1);
	/* one keeps its account, the other has the new one; the old host is gone with its last user */
	assert_ptr_equal(worker->lane[0]->account, kept);
	assert_ptr_equal(worker->lane[0]->host, second);
	assert_ptr_equal(kept->owner, &second->owner);
	assert_int_equal(worker->lane[1]->account->v.port, 2);
	assert_ptr_equal(worker->lane[1]->account->owner, &second->owner);
	assert_int_equal(second->users, 2);
	assert_null(worker->lane[0]->next_host);
	assert_null(worker->lane[1]->next_account);
}

static void
many_rosters_come_before_one_is_taken(void **state)
{
	email__host *host = NULL;
	int i;

	(void)state;
	for (i = 1; i <= 5; i++) {
		email_account *account = outgoing("A", i);

		host = give(false, &account, 1);
	}
	go(1);
	assert_int_equal(worker->count, 1);
	assert_int_equal(worker->lane[0]->account->v.port, 5);
	assert_ptr_equal(worker->lane[0]->host, host);
	/* nobody at all */
	give(false, NULL, 0);
	go(1);
	assert_int_equal(worker->count, 0);
	/* and some that nobody takes any more */
	for (i = 1; i <= 3; i++) {
		email_account *account = outgoing("A", i);

		give(false, &account, 1);
	}
}

/* A name that comes again as another kind is another lane. */
static void
another_kind_is_another_lane(void **state)
{
	email_account *account = outgoing("A", 1);

	(void)state;
	give(false, &account, 1);
	go(1);
	account = email_account_new(EMAIL_INCOMING, "A");
	give(false, &account, 1);
	go(1);
	assert_int_equal(worker->count, 1);
	assert_int_equal(worker->lane[0]->account->kind, EMAIL_INCOMING);
}

/* What was refused by the server of before says nothing of the next one. */
static void
the_next_account_begins_anew(void **state)
{
	email_account *account = outgoing("A", 1);
	email__lane *lane;
	email_error e = {0};

	(void)state;
	give(false, &account, 1);
	go(1);
	lane = worker->lane[0];
	lane->policy.failures = 7;
	lane->policy.down_until = lane->policy.parked_until = INT64_MAX;
	email__error_set(&e, EMAIL_E_FILE, EMAIL_STAGE_QUEUE, "something");
	email__lane_complain(lane, &e);
	account = outgoing("A", 2);
	give(false, &account, 1);
	go(1);
	assert_ptr_equal(worker->lane[0], lane);
	assert_int_equal(lane->account->v.port, 2);
	assert_int_equal(lane->policy.failures, 0);
	assert_int_equal(lane->policy.down_until, 0);
	assert_int_equal(lane->policy.parked_until, 0);
	assert_string_equal(lane->complaint, "");
	assert_true(lane->working);
}

static void
wait_until(bool (*there)(void), const char *what)
{
	int64_t end = email__clock_ms() + 20000;

	while (!there()) {
		if (email__clock_ms() > end)
			fail_msg("%s", what);
		(void)email__worker_go(worker, 20);
	}
}

static bool
is_under_way(void)
{
	return worker->lane[0]->under_way > 0;
}

static bool
is_taken(void)
{
	return worker->count > 0 && !worker->lane[0]->next_account;
}

static bool
is_gone(void)
{
	return worker->count == 0;
}

static email_test_server *server;
static email_test_server_options slow = {
	.protocol = EMAIL_TEST_SMTP,
	.rule = {{"ehlo", EMAIL_TEST_DELAY, NULL, 300, 1}, {"dot", EMAIL_TEST_DELAY, NULL, 300, 1}},
	.rules = 2,
	.no_chunking = true};

static email__lane *
one_under_way(void)
{
	char why[200];
	email_account *account;

	assert_non_null(server = email_test_server_start(&slow, why, sizeof why));
	account = outgoing("A", email_test_server_port(server));
	give(true, &account, 1);
	go(1);
	enqueue(worker->lane[0]);
	wait_until(is_under_way, "the mail never began");
	return worker->lane[0];
}

/* What is under way ends with the account that it began with. */
static void
the_next_account_waits_for_what_is_under_way(void **state)
{
	email_account *account;
	email__lane *lane = one_under_way();
	int port = email_test_server_port(server);

	(void)state;
	account = outgoing("A", 1);
	account->v.enabled = false;
	give(true, &account, 1);
	(void)email__worker_go(worker, 0);
	assert_ptr_equal(worker->lane[0], lane);
	assert_non_null(lane->next_account);
	assert_int_equal(lane->account->v.port, port);
	wait_until(is_taken, "the next account was never taken");
	assert_int_equal(lane->account->v.port, 1);
	assert_int_equal(lane->under_way, 0);
	assert_null(lane->op);
	email_test_server_stop(server);
	assert_int_equal(email__host_queue_size(lane->host, lane->account), 0);
}

/* The same account again in between takes back that another one was to come. */
static void
the_old_account_again(void **state)
{
	email_account *account;
	email__lane *lane = one_under_way();
	int port = email_test_server_port(server);

	(void)state;
	account = outgoing("A", 1);
	give(true, &account, 1);
	(void)email__worker_go(worker, 0);
	account = outgoing("A", port);
	give(true, &account, 1);
	(void)email__worker_go(worker, 0);
	assert_ptr_equal(worker->lane[0], lane);
	assert_null(lane->next_account);
	assert_non_null(lane->op);
	/* so also one that was to leave */
	give(true, NULL, 0);
	(void)email__worker_go(worker, 0);
	assert_true(worker->lane[0]->leaving);
	account = outgoing("A", port);
	give(true, &account, 1);
	(void)email__worker_go(worker, 0);
	assert_false(worker->lane[0]->leaving);
	give(true, NULL, 0);
	wait_until(is_gone, "the lane never left");
	email_test_server_stop(server);
}

/* A lane that is freed in the middle writes down what became of its mail. */
static void
a_mail_under_way_is_kept_when_its_lane_goes(void **state)
{
	email_account *account;

	(void)state;
	assert_int_equal(email__host_place(&program, "state", NULL), EMAIL_OK);
	one_under_way();
	email__worker_free(worker);
	worker = email__worker_new(&shared, &program, false, &(email_error){0});
	assert_non_null(worker);
	account = outgoing("A", 1);
	account->owner = &program.owner;
	assert_int_equal(email__host_queue_size(&program, account), 1);
	email_account_free(account);
	email_test_server_stop(server);
}

static bool
is_carried(void)
{
	return worker->lane[1]->under_way > 0;
}

/* So do those that it gave to another one's connection, which goes after it. */
static void
a_mail_over_another_connection_is_kept_too(void **state)
{
	char why[200];
	email_account *account[2];

	(void)state;
	assert_int_equal(email__host_place(&program, "state 2", NULL), EMAIL_OK);
	assert_non_null(server = email_test_server_start(&slow, why, sizeof why));
	account[0] = outgoing("Carrier", email_test_server_port(server));
	account[1] = outgoing("A", 1);
	assert_int_equal(email_account_set(account[1], "failoverAccount", "Carrier"), EMAIL_OK);
	give(true, account, 2);
	go(1);
	enqueue(worker->lane[1]);
	wait_until(is_carried, "the mail was never carried");
	assert_null(worker->lane[1]->op);
	email__worker_free(worker);
	worker = email__worker_new(&shared, &program, false, &(email_error){0});
	assert_non_null(worker);
	account[1] = outgoing("A", 1);
	account[1]->owner = &program.owner;
	assert_int_equal(email__host_queue_size(&program, account[1]), 1);
	email_account_free(account[1]);
	email_test_server_stop(server);
}

/* --- its status ------------------------------------------------------------------------------- */

/* What was held back in the second after the last writing is written when that is over. */
static void
status_is_kept_in_time(void **state)
{
	email_account *account = outgoing("A", 1), *reader;
	email__lane *lane;
	int64_t began;
	char text[16];

	(void)state;
	give(false, &account, 1);
	go(2);
	lane = worker->lane[0];
	email__status_of_mail(lane->account, EMAIL_OK, &(email_error){0});
	assert_false(lane->account->status_unsaved);
	email__status_of_mail(lane->account, EMAIL_OK, &(email_error){0});
	assert_true(lane->account->status_unsaved);
	email__lane_step(lane);
	assert_true(lane->account->status_unsaved);
	assert_true(lane->due <= lane->account->status_saved_at + EMAIL__STATUS_SAVE_MS);
	began = email__clock_ms();
	while (lane->account->status_unsaved && email__clock_ms() < began + 10000)
		(void)email__worker_go(worker, 5000);
	assert_false(lane->account->status_unsaved);
	reader = outgoing("A", 1);
	reader->owner = &program.owner;
	assert_int_equal(email_account_get(reader, "numberSent", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "2");
	email_account_free(reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lane_asks_its_host, setup, teardown),
		cmocka_unit_test_setup_teardown(a_complaint_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_account_has_the_new_host, setup, teardown),
		cmocka_unit_test_setup_teardown(many_rosters_come_before_one_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(another_kind_is_another_lane, setup, teardown),
		cmocka_unit_test_setup_teardown(the_next_account_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(the_next_account_waits_for_what_is_under_way, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_old_account_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mail_under_way_is_kept_when_its_lane_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mail_over_another_connection_is_kept_too, setup, teardown),
		cmocka_unit_test_setup_teardown(status_is_kept_in_time, setup, teardown),
	};

	trust = email_trust_new();
	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
