/* SPDX-License-Identifier: MIT */
/* The worker: many accounts beside each other, its lock, its bell, other sets of accounts, its end. */
#include "support/cm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/clock.h"
#include "service/service_state.h"
#include "support/failalloc.h"
#include "support/jump.h"
#include "support/post.h"
#include "support/station.h"

static station s;
static char id[EMAIL_ID_SIZE];

static int
setup(void **state)
{
	(void)state;
	jumped_ms = 0;
	station_init(&s, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email_test_fail_alloc_off();
	station_dispose(&s);
	return 0;
}

/* --- beside each other ------------------------------------------------------------------------ */

/* One server for each way to hang, and one that works. */
static void
who_hangs_hangs_alone(void **state)
{
	static const char *const stage[] = {"greeting", "ehlo", "dot"};
	static const char *const names[] = {"a", "b", "c"};
	email_account *well;
	int64_t began;
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		s.at[i].options.no_chunking = true;
		station_rule(&s, i, stage[i], EMAIL_TEST_STALL, NULL, 1);
		station_serve(&s, i);
		assert_int_equal(station_queue(station_account(&s, names[i], i), "stuck", 9, id), EMAIL_OK);
	}
	station_serve(&s, 3);
	well = station_account(&s, "well", 3);
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	began = email__clock_ms();
	for (i = 0; i < 20; i++) {
		assert_int_equal(station_queue(well, "goes", 5, id), EMAIL_OK);
		station_until(&s, EMAIL_EVENT_SENT, i + 1);
	}
	assert_true(email__clock_ms() - began < 5000);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].account, "well");
	assert_int_equal(station_told(&s, EMAIL_EVENT_DEFERRED), 0);
}

/* Also with a mail that was on its way when the process died, which is to go without others: of its own queue. */
static void
who_hangs_after_a_crash_hangs_alone(void **state)
{
	email_account *a, *well;

	(void)state;
	s.at[0].options.no_chunking = true;
	station_rule(&s, 0, "dot", EMAIL_TEST_STALL, NULL, -1);
	station_serve(&s, 0);
	station_serve(&s, 1);
	a = station_account(&s, "a", 0);
	well = station_account(&s, "well", 1);
	assert_int_equal(station_queue(a, "stuck", 9, id), EMAIL_OK);
	assert_int_equal(station_queue(a, "behind it", 5, id), EMAIL_OK);
	if (fork() == 0) {
		station_for(&s, 400);
		_exit(0);
	}
	while (wait(NULL) < 0)
		;
	station_for(&s, 200);
	assert_int_equal(s.last[EMAIL_EVENT_QUEUE].kind, EMAIL_EVENT_QUEUE); /* it was cut off */
	assert_int_equal(station_queue(well, "goes", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].account, "well");
}

/* What was on its way when the process died goes without others of its queue (Q8). */
static void
what_was_cut_off_goes_alone(void **state)
{
	email_account *a;
	unsigned i, most = 0;

	(void)state;
	station_rule(&s, 0, "dot", EMAIL_TEST_STALL, NULL, 1);
	station_serve(&s, 0);
	a = station_account(&s, "a", 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(station_queue(a, "one of four", 5, id), EMAIL_OK);
	if (fork() == 0) {
		station_for(&s, 400);
		_exit(0);
	}
	while (wait(NULL) < 0)
		;
	while (station_told(&s, EMAIL_EVENT_SENT) < 4) {
		assert_int_equal(email_service_step(s.service), EMAIL_OK);
		if (email__worker_lane(s.service->worker, "a")->under_way > most)
			most = email__worker_lane(s.service->worker, "a")->under_way;
	}
	assert_int_equal(most, 1);
}

static void
fifty_accounts(void **state)
{
	email_account *account[50];
	unsigned i;

	(void)state;
	station_serve(&s, 0);
	for (i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof name, "account%u", i);
		account[i] = station_account(&s, name, 0);
		assert_int_equal(station_queue(account[i], name, 5, id), EMAIL_OK);
	}
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 50);
	for (i = 0; i < 50; i++)
		assert_int_equal(station_queue(account[i], "again", 5, id), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 100);
	email_service_stop(s.service);
	assert_int_equal(station_counts(&s, 0).connections, 50);
	assert_int_equal(station_counts(&s, 0).messages, 100);
}

/* --- who else is there ------------------------------------------------------------------------ */

static email_service *
beside(void)
{
	email_service *other = email_service_new();
	char path[128];
	email_error e;

	assert_non_null(other);
	snprintf(path, sizeof path, "%s/email.xml", s.folder);
	assert_int_equal(email_service_save(s.service, path, &e), EMAIL_OK);
	assert_int_equal(email_service_load(other, path, &e), EMAIL_OK);
	snprintf(path, sizeof path, "%s/state", s.folder);
	assert_int_equal(email_service_set_state_folder(other, path), EMAIL_OK);
	return other;
}

/* Another service object on the same folder is as another process is. */
static void
one_worker_for_a_folder(void **state)
{
	email_service *other;
	bool told = false;

	(void)state;
	station_serve(&s, 0);
	station_account(&s, "out", 0);
	other = beside();
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	assert_int_equal(email_service_start(other), EMAIL_E_TEMPORARY);
	assert_non_null(strstr(email_service_error(other)->text, "another process runs the service"));
	assert_false(email_service_running(other));
	/* but it may queue, and the worker hears of it at once */
	assert_int_equal(station_queue(email_service_account(other, "out"), "one", 5, id), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 1);
	assert_int_equal(email_account_queue_poll(email_service_account(other, "out"), &told), EMAIL_OK);
	assert_true(told);
	email_service_stop(s.service);
	assert_int_equal(email_service_start(other), EMAIL_OK);
	email_service_stop(other);
	email_service_free(other);
}

/* A folder that cannot be written is no other process. */
static void
a_state_folder_that_is_none(void **state)
{
	email_service *other;
	char path[128];
	FILE *f;

	(void)state;
	station_serve(&s, 0);
	station_account(&s, "out", 0);
	other = beside();
	snprintf(path, sizeof path, "%s/file", s.folder);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(email_service_set_state_folder(other, path), EMAIL_OK);
	assert_int_equal(email_service_start(other), EMAIL_E_FILE);
	/* /proc is read-only for everybody */
	assert_int_equal(email_service_set_state_folder(other, "/proc/self"), EMAIL_OK);
	assert_int_equal(email_service_start(other), EMAIL_E_FILE);
	assert_null(strstr(email_service_error(other)->text, "another process"));
	assert_non_null(strstr(email_service_error(other)->text, "service.lock"));
	email_service_free(other);
}

/* Where nobody can ring, it looks each second. */
static void
without_a_bell(void **state)
{
	char command[200];
	email_service *other;

	(void)state;
	snprintf(command, sizeof command, "mkdir -p %s/state && touch %s/state/bell", s.folder, s.folder);
	assert_int_equal(system(command), 0);
	station_serve(&s, 0);
	station_account(&s, "out", 0);
	other = beside();
	station_for(&s, 50);
	assert_false(s.service->worker->bell.shared);
	assert_int_equal(station_queue(email_service_account(other, "out"), "one", 5, id), EMAIL_OK);
	jump(&s, EMAIL__SENDER_LOOK_MS);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	email_service_free(other);
}

/* After a look that took long the next one waits, and then comes. */
static void
a_look_rests(void **state)
{
	email_service *other;
	email__lane *lane;
	long ms;

	(void)state;
	station_serve(&s, 0);
	station_account(&s, "out", 0);
	other = beside();
	station_for(&s, 50);
	lane = email__worker_lane(s.service->worker, "out");
	lane->rest_until = email__clock_ms() + 400;
	assert_int_equal(station_queue(email_service_account(other, "out"), "one", 5, id), EMAIL_OK);
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	(void)email_service_wait(s.service, NULL, 0, &ms);
	assert_in_range(ms, 0, 400);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	email_service_free(other);
}

static void
status_is_seen_from_elsewhere(void **state)
{
	email_service *other;
	char text[64];

	(void)state;
	station_serve(&s, 0);
	station_account(&s, "out", 0);
	other = beside();
	assert_int_equal(email_account_get(email_service_account(other, "out"), "status", text, sizeof text),
	                 EMAIL_OK);
	assert_string_equal(text, "unverified");
	assert_int_equal(station_queue(email_service_account(s.service, "out"), "one", 5, id), EMAIL_OK);
	assert_int_equal(
		email_account_get(email_service_account(other, "out"), "queueSize", text, sizeof text),
		EMAIL_OK);
	assert_string_equal(text, "1");
	station_until(&s, EMAIL_EVENT_SENT, 1);
	email_service_stop(s.service);
	assert_int_equal(email_account_get(email_service_account(other, "out"), "status", text, sizeof text),
	                 EMAIL_OK);
	assert_string_equal(text, "ok");
	assert_int_equal(
		email_account_get(email_service_account(other, "out"), "numberSent", text, sizeof text),
		EMAIL_OK);
	assert_string_equal(text, "1");
	email_service_free(other);
}

/* --- another set of accounts ------------------------------------------------------------------ */

static void
a_load_keeps_the_connection(void **state)
{
	char sheet[96];
	email_account *out;
	email_error e;

	(void)state;
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	snprintf(sheet, sizeof sheet, "%s/email.xml", s.folder);
	assert_int_equal(email_service_save(s.service, sheet, &e), EMAIL_OK);
	assert_int_equal(email_service_reload(s.service, &e), EMAIL_OK);
	out = email_service_account(s.service, "out");
	station_for(&s, 50);
	/* it stands in a sheet by now */
	assert_true(email__worker_lane(s.service->worker, "out")->account->in_sheet);
	assert_int_equal(station_queue(out, "two", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	assert_int_equal(station_counts(&s, 0).connections, 0); /* none has ended */
	email_service_stop(s.service);
	assert_int_equal(station_counts(&s, 0).connections, 1);
}

static void
a_load_that_fails_changes_nothing(void **state)
{
	char sheet[96];
	email_account *out;
	email_error e;
	FILE *f;

	(void)state;
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	assert_int_equal(email_service_step(s.service), EMAIL_OK);
	snprintf(sheet, sizeof sheet, "%s/email.xml", s.folder);
	assert_int_equal(email_service_save(s.service, sheet, &e), EMAIL_OK);
	assert_non_null(f = fopen(sheet, "w"));
	fputs("<emailService><outgoing", f);
	fclose(f);
	assert_int_equal(email_service_reload(s.service, &e), EMAIL_E_SHEET);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

/* What is under way ends with the old server; what waits goes to the new one. */
static void
another_server(void **state)
{
	email_account *out;
	char port[16];

	(void)state;
	s.at[0].options.no_chunking = true;
	station_rule(&s, 0, "dot", EMAIL_TEST_DELAY, NULL, 1);
	s.at[0].options.rule[0].ms = 700;
	station_serve(&s, 0);
	station_serve(&s, 1);
	out = station_account(&s, "out", 0);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_for(&s, 200);
	snprintf(port, sizeof port, "%d", s.at[1].options.port);
	station_set(out, "port", port);
	assert_int_equal(station_queue(out, "two", 5, id), EMAIL_OK);
	assert_int_equal(email_service_apply(s.service), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	assert_int_equal(station_got_count(&s, 0), 1);
	assert_int_equal(station_got_count(&s, 1), 1);
	assert_non_null(strstr(station_got(&s, 1, 1), "Subject: two"));
}

static void
an_account_that_is_gone_keeps_its_queue(void **state)
{
	email_account *out;
	char sheet[96];
	email_error e;
	FILE *f;

	(void)state;
	station_serve(&s, 0);
	station_stop(&s, 0);
	out = station_account(&s, "out", 0);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	assert_int_not_equal(email_service_remove(s.service, "out"), EMAIL_OK);
	snprintf(sheet, sizeof sheet, "%s/email.xml", s.folder);
	assert_int_equal(email_service_save(s.service, sheet, &e), EMAIL_OK);
	snprintf(sheet, sizeof sheet, "%s/other.xml", s.folder);
	assert_non_null(f = fopen(sheet, "w"));
	fputs("<emailService xmlns=\"urn:emailservice:property-sheet:1\"/>", f);
	fclose(f);
	if (email_service_load(s.service, sheet, &e))
		fail_msg("%s", e.text);
	station_for(&s, 100);
	station_serve(&s, 0);
	jump(&s, 5 * 60000);
	station_for(&s, 300);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	snprintf(sheet, sizeof sheet, "%s/email.xml", s.folder);
	assert_int_equal(email_service_load(s.service, sheet, &e), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

static void
a_disabled_account_keeps_its_queue(void **state)
{
	email_account *out;

	(void)state;
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	station_set(out, "enabled", "false");
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_E_DISABLED);
	station_set(out, "allowDisabledQueueing", "true");
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	station_set(out, "enabled", "true");
	assert_int_equal(email_service_set(s.service, "enabled", "false"), EMAIL_OK);
	jump(&s, 0);
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	assert_int_equal(email_service_set(s.service, "enabled", "true"), EMAIL_OK);
	jump(&s, 0);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

/* --- trust ------------------------------------------------------------------------------------ */

static bool
keep(void *context, const email_allowed_host *entry)
{
	*(email_allowed_host *)context = *entry;
	return false;
}

/* A certificate that nobody can verify: nothing is sent until a person approves it, and then at once. */
static void
an_approval(void **state)
{
	email_allowed_host waits = {.port = 0};
	email_account *out;
	email_trust *trust;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	s.at[0].options.tls = EMAIL_TEST_SSL;
	s.at[0].options.cert = p.cert;
	s.at[0].options.key = p.key;
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	station_set(out, "useSsl", "true");
	assert_int_equal(station_queue(out, "one", 9, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_TRUST, 1);
	assert_string_equal(s.last[EMAIL_EVENT_TRUST].account, "out");
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	trust = email_service_trust(s.service);
	assert_int_equal(email_trust_list_hosts(trust, keep, &waits), EMAIL_OK);
	assert_int_equal(email_trust_approve(trust, waits.host, waits.port, waits.certificate.sha256, 0),
	                 EMAIL_OK);
	/* some seconds at most */
	jump(&s, 5100);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	email_service_stop(s.service);
	unlink(p.cert);
	unlink(p.key);
	rmdir(p.folder);
}

/* --- its end ---------------------------------------------------------------------------------- */

static void
a_stop_is_bounded(void **state)
{
	email_account *out;
	int64_t began;

	(void)state;
	s.at[0].options.no_chunking = true;
	station_rule(&s, 0, "dot", EMAIL_TEST_STALL, NULL, 1);
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	email__clock_sleep(300);
	began = email__clock_ms();
	email_service_stop(s.service);
	assert_in_range(email__clock_ms() - began, 4000, 10000);
	assert_int_equal(station_waiting(out), 1);
	/* nothing is lost: the next start sends it */
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 1);
	began = email__clock_ms();
	email_service_stop(s.service);
	assert_true(email__clock_ms() - began < 3000);
	assert_int_equal(station_waiting(out), 0);
}

/* What is under way ends by itself, where it does so soon. */
static void
a_stop_waits_for_what_ends(void **state)
{
	email_account *out;

	(void)state;
	s.at[0].options.no_chunking = true;
	station_rule(&s, 0, "dot", EMAIL_TEST_DELAY, NULL, 1);
	s.at[0].options.rule[0].ms = 1000;
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	email__clock_sleep(300);
	email_service_stop(s.service);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 1);
	assert_int_equal(station_waiting(out), 0);
}

/* --- no memory -------------------------------------------------------------------------------- */

static void
every_allocation_fails(void **state)
{
	email_account *out;
	unsigned sent = 0;
	size_t n;

	(void)state;
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
	for (n = 1; n < 3000; n += 1 + n / 20) {
		bool failed;

		assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
		email_test_fail_alloc(n);
		(void)email_service_step(s.service);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		email_service_stop(s.service);
		/* once there is memory it goes, however far it came */
		jump(&s, 2 * 60000);
		station_until(&s, EMAIL_EVENT_SENT, ++sent);
		email_service_stop(s.service);
		if (!failed && n > 100)
			break;
	}
	assert_int_equal(station_waiting(out), 0);
	assert_int_equal(station_dead(out), 0);
	assert_int_equal(station_counts(&s, 0).messages, sent);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_hangs_hangs_alone),
		T(who_hangs_after_a_crash_hangs_alone),
		T(what_was_cut_off_goes_alone),
		T(fifty_accounts),
		T(one_worker_for_a_folder),
		T(a_state_folder_that_is_none),
		T(without_a_bell),
		T(a_look_rests),
		T(status_is_seen_from_elsewhere),
		T(a_load_keeps_the_connection),
		T(a_load_that_fails_changes_nothing),
		T(another_server),
		T(an_account_that_is_gone_keeps_its_queue),
		T(a_disabled_account_keeps_its_queue),
		T(an_approval),
		T(a_stop_is_bounded),
		T(a_stop_waits_for_what_ends),
		T(every_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
