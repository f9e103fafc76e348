/* SPDX-License-Identifier: MIT */
/* The service's public face at work: start, stop, step, wait; who may call what; queues in memory. */
#include "support/cm.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "os/clock.h"
#include "support/out.h"

static int
setup_memory(void **state)
{
	(void)state;
	jumped_ms = 0;
	station_init(&s, true);
	return 0;
}

static void
one_at_a_time(void **state)
{
	email_wait list[4];
	long ms;

	(void)state;
	open_out();
	assert_false(email_service_running(s.service));
	assert_int_equal(email_service_wait(s.service, list, 4, &ms), 0);
	assert_int_equal(ms, 0);
	assert_int_equal(email_service_apply(s.service), EMAIL_OK);
	email_service_stop(s.service);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	assert_true(email_service_running(s.service));
	assert_int_equal(email_service_start(s.service), EMAIL_E_USAGE);
	assert_non_null(strstr(email_service_error(s.service)->text, "runs already"));
	assert_int_equal(email_service_step(s.service), EMAIL_E_USAGE);
	assert_int_equal(email_service_wait(s.service, list, 4, &ms), 0);
	email_service_stop(s.service);
	assert_false(email_service_running(s.service));
	assert_int_equal(email_service_step(s.service), EMAIL_OK);
	assert_true(email_service_running(s.service));
	assert_int_equal(email_service_start(s.service), EMAIL_E_USAGE);
	email_service_stop(s.service);
	email_service_stop(s.service);
}

static void
a_loop_of_one_s_own(void **state)
{
	email_wait list[1];
	long ms;

	(void)state;
	open_out();
	assert_int_equal(email_service_step(s.service), EMAIL_OK);
	/* the bell alone; it tells of more than there is room for */
	assert_int_equal(email_service_wait(s.service, list, 1, &ms), 1);
	assert_true(list[0].fd >= 0);
	assert_int_equal(list[0].events, POLLIN);
	assert_in_range(ms, 0, 60000);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	assert_int_equal(poll(&(struct pollfd){.fd = list[0].fd, .events = POLLIN}, 1, 1000), 1);
	assert_int_equal(email_service_step(s.service), EMAIL_OK);
	assert_int_equal(email_service_wait(s.service, list, 1, &ms), 2);
	assert_int_equal(email_service_wait(s.service, NULL, 0, &ms), 2);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

static void
visit_number(void *context, const email_event *event)
{
	unsigned long *last = context;

	assert_true(event->number > *last);
	*last = event->number;
}

static void
events_are_kept(void **state)
{
	unsigned long last = 0, all;
	unsigned i;

	(void)state;
	open_out();
	for (i = 0; i < 100; i++)
		assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 100);
	email_service_events(s.service, 0, visit_number, &last);
	assert_true(last >= 100);
	all = last;
	email_service_events(s.service, all, visit_number, &last);
	assert_int_equal(last, all);
}

static void
freed_while_it_runs(void **state)
{
	(void)state;
	s.at[0].options.no_chunking = true;
	station_rule(&s, 0, "dot", EMAIL_TEST_DELAY, NULL, 1);
	s.at[0].options.rule[0].ms = 500;
	open_out();
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	email__clock_sleep(150);
	email_service_free(s.service);
	s.service = NULL;
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 1);
}

static void
stops(void *context, const email_event *event)
{
	email_service_stop(context);
	if (event->kind == EMAIL_EVENT_SENT)
		s.told[EMAIL_EVENT_SENT]++;
}

/* It begins to end, and does not wait for itself. */
static void
a_stop_from_a_callback(void **state)
{
	(void)state;
	open_out();
	email_service_set_event_callback(s.service, stops, s.service);
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	email_service_stop(s.service);
	assert_false(email_service_running(s.service));
	assert_int_equal(station_queue(out, "two", 5, id), EMAIL_OK);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 2);
	email_service_stop(s.service);
	assert_int_equal(station_waiting(out), 0);
}

static void
nothing_to_load_again(void **state)
{
	email_error e;

	(void)state;
	assert_int_equal(email_service_reload(s.service, &e), EMAIL_E_USAGE);
	assert_int_equal(e.code, EMAIL_E_USAGE);
}

/* --- threads ---------------------------------------------------------------------------------- */

#define WRITERS 4
#define EACH 25

static void *
write_some(void *context)
{
	char sheet[96], folder[96], made[EMAIL_ID_SIZE];
	email_service *service = email_service_new();
	unsigned i;

	(void)context;
	snprintf(sheet, sizeof sheet, "%s/email.xml", s.folder);
	snprintf(folder, sizeof folder, "%s/state", s.folder);
	if (email_service_load(service, sheet, NULL) || email_service_set_state_folder(service, folder))
		return &s;
	for (i = 0; i < EACH; i++)
		if (station_queue(email_service_account(service, "out"), "from a thread", 5, made))
			return &s;
	email_service_free(service);
	return NULL;
}

static void
many_write_while_it_works(void **state)
{
	pthread_t thread[WRITERS];
	char sheet[96];
	void *wrong;
	unsigned i;

	(void)state;
	open_out();
	snprintf(sheet, sizeof sheet, "%s/email.xml", s.folder);
	assert_int_equal(email_service_save(s.service, sheet, NULL), EMAIL_OK);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	for (i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, write_some, NULL), 0);
	/* and the program goes on with its own accounts */
	for (i = 0; i < EACH; i++)
		assert_int_equal(station_queue(out, "from the program", 5, id), EMAIL_OK);
	for (i = 0; i < 5; i++) {
		assert_int_equal(email_service_apply(s.service), EMAIL_OK);
		(void)station_number(out, "queueSize");
		station_assert_status(out, "ok");
		email__clock_sleep(10);
		if (i == 0)
			station_wait(&s, EMAIL_EVENT_SENT, 1);
	}
	for (i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	station_wait(&s, EMAIL_EVENT_SENT, (WRITERS + 1) * EACH);
	email_service_stop(s.service);
	assert_int_equal(station_counts(&s, 0).messages, (WRITERS + 1) * EACH);
	assert_int_equal(station_waiting(out), 0);
	assert_int_equal(station_number(out, "numberSent"), (WRITERS + 1) * EACH);
}

/* The program's own accounts send and test while the service works its copies. */
static void
a_direct_send_beside_it(void **state)
{
	email_message *m;
	unsigned i;

	(void)state;
	open_out();
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	m = station_message("direct");
	for (i = 0; i < 10; i++) {
		assert_int_equal(station_queue(out, "queued", 5, id), EMAIL_OK);
		assert_int_equal(email_account_send(out, m, NULL), EMAIL_OK);
	}
	email_message_free(m);
	station_wait(&s, EMAIL_EVENT_SENT, 10);
	email_service_stop(s.service);
	assert_int_equal(station_number(out, "numberSent"), 20);
}

/* It counts for the day, and is never held. */
static void
a_direct_send_counts(void **state)
{
	email_message *m;
	unsigned i;

	(void)state;
	open_out();
	station_set(out, "maxSendablePerDay", "10");
	m = station_message("direct");
	for (i = 0; i < 9; i++)
		assert_int_equal(email_account_send(out, m, NULL), EMAIL_OK);
	assert_int_equal(station_queue(out, "held", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "reserve", EMAIL_PRIORITY_URGENT, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].id, id);
	station_for(&s, 200);
	assert_int_equal(station_waiting(out), 1);
	for (i = 0; i < 3; i++)
		assert_int_equal(email_account_send(out, m, NULL), EMAIL_OK);
	email_message_free(m);
	jump(&s, 24 * 3600 * 1000);
	station_until(&s, EMAIL_EVENT_SENT, 2);
}

static void
read_all(const char *name, char *text, size_t size)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/state/%s", s.folder, name);
	text[0] = '\0';
	if ((f = fopen(path, "r"))) {
		text[fread(text, 1, size - 1, f)] = '\0';
		fclose(f);
	}
}

/* What comes back is known again. */
static void
a_direct_send_is_remembered(void **state)
{
	char remembered[4096];
	email_report *report;
	email_message *m;

	(void)state;
	open_out();
	m = station_message("direct");
	assert_int_equal(email_account_send(out, m, &report), EMAIL_OK);
	read_all("sent", remembered, sizeof remembered);
	assert_non_null(strstr(remembered, report->message_id));
	assert_non_null(strstr(remembered, "\tduty@example.com\n"));
	email_report_free(report);
	email_message_free(m);
}

/* --- in memory -------------------------------------------------------------------------------- */

static void
without_a_state_folder(void **state)
{
	(void)state;
	open_out();
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	assert_int_equal(station_waiting(out), 1);
	assert_int_equal(email_service_start(s.service), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 1);
	assert_int_equal(station_queue(out, "two", 5, id), EMAIL_OK);
	station_wait(&s, EMAIL_EVENT_SENT, 2);
	email_service_stop(s.service);
	assert_int_equal(station_number(out, "numberSent"), 2);
	station_assert_status(out, "ok");
}

static void
not_persistent(void **state)
{
	char path[128];

	(void)state;
	open_out();
	station_set(out, "persistent", "false");
	assert_int_equal(station_queue(out, "one", 5, id), EMAIL_OK);
	snprintf(path, sizeof path, "%s/state/queue/out/queue", s.folder);
	assert_int_not_equal(access(path, F_OK), 0);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	email_service_stop(s.service);
	assert_int_equal(station_waiting(out), 0);
}

#define M(name) cmocka_unit_test_setup_teardown(name, setup_memory, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_at_a_time),
		T(a_loop_of_one_s_own),
		T(events_are_kept),
		T(freed_while_it_runs),
		T(a_stop_from_a_callback),
		T(nothing_to_load_again),
		T(many_write_while_it_works),
		T(a_direct_send_beside_it),
		T(a_direct_send_counts),
		T(a_direct_send_is_remembered),
		M(without_a_state_folder),
		T(not_persistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
