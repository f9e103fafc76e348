/* SPDX-License-Identifier: MIT */
/* An outgoing account's connection, kept and lost, worked by the service against loopback servers. */
#include "support/cm.h"

#include <string.h>

#include "base/limits.h"
#include "support/out.h"

static void
a_mail_is_sent(void **state)
{
	(void)state;
	open_out();
	station_assert_status(out, "unverified");
	assert_int_equal(station_queue(out, "Boiler 2", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].id, id);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].account, "out");
	assert_int_equal(s.last[EMAIL_EVENT_SENT].count, 1);
	assert_non_null(strstr(station_got(&s, 0, 1), "\r\nSubject: Boiler 2\r\n"));
	assert_int_equal(station_waiting(out), 0);
	assert_int_equal(station_number(out, "queueSize"), 0);
	email_service_stop(s.service);
	assert_int_equal(station_number(out, "numberSent"), 1);
	station_assert_status(out, "ok");
}

/* Eight at a time, a hundred a connection. */
static void
many_over_one_connection(void **state)
{
	email_test_counts counts;
	unsigned i;

	(void)state;
	open_out();
	for (i = 0; i < 110; i++)
		assert_int_equal(station_queue(out, "many", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 110);
	email_service_stop(s.service);
	counts = station_counts(&s, 0);
	assert_int_equal(counts.messages, 110);
	assert_int_equal(counts.connections, 2);
	assert_int_equal(counts.violations, 0);
	/* greeting and EHLO twice, and about one for eight mails; on a slow machine a flight may be split */
	assert_in_range(counts.turns, 14, 60);
}

static void
an_idle_connection_is_kept(void **state)
{
	(void)state;
	open_out();
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	station_for(&s, 100);
	assert_int_equal(station_counts(&s, 0).connections, 0); /* none has ended */
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	jump(&s, 16000);
	station_for(&s, 200);
	assert_int_equal(station_counts(&s, 0).connections, 1);
}

static void
a_kept_connection_that_is_dead(void **state)
{
	(void)state;
	open_out();
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	station_stop(&s, 0);
	station_serve(&s, 0);
	/* at once: it is looked at also where the last reply came a moment ago */
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	assert_int_equal(station_told(&s, EMAIL_EVENT_DEFERRED), 0);
}

static bool
is_attempts(void *context, const email_queued *mail)
{
	assert_int_equal(mail->attempts, *(unsigned *)context);
	return true;
}

static void
a_server_that_is_down(void **state)
{
	long ms;
	unsigned none = 0;

	(void)state;
	open_out();
	station_stop(&s, 0);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	assert_string_equal(s.last[EMAIL_EVENT_DEFERRED].id, "");
	assert_int_equal(s.last[EMAIL_EVENT_DEFERRED].count, 2);
	assert_non_null(strstr(s.last[EMAIL_EVENT_DEFERRED].text, "connection refused"));
	/* a loop of somebody's own is told when to come again */
	(void)email_service_wait(s.service, NULL, 0, &ms);
	assert_in_range(ms, 0, EMAIL__SENDER_DOWN_LOOK_MS);
	station_assert_status(out, "down,unverified");
	assert_int_equal(email_account_queue_list(out, false, is_attempts, &none), EMAIL_OK);
	/* the same again is not told again */
	jump(&s, 2 * MINUTE);
	station_for(&s, 300);
	assert_int_equal(station_told(&s, EMAIL_EVENT_DEFERRED), 1);
	station_serve(&s, 0);
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	jump(&s, 5 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	email_service_stop(s.service);
	station_assert_status(out, "ok");
}

/* "For good", says the greeting (RFC 5321 3.1), but of no mail: it is the account that waits, and no mail is tried or lost. */
static void
a_server_that_serves_nobody(void **state)
{
	unsigned none = 0;

	(void)state;
	station_rule(&s, 0, "greeting", EMAIL_TEST_REPLY, "554 5.3.2 No mail here", -1);
	open_out();
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	station_for(&s, 500);
	assert_int_equal(station_counts(&s, 0).connections, 1);
	assert_int_equal(station_told(&s, EMAIL_EVENT_DEFERRED), 1);
	assert_int_equal(email_account_queue_list(out, false, is_attempts, &none), EMAIL_OK);
	assert_int_equal(station_waiting(out), 1);
	jump(&s, 2 * MINUTE);
	station_for(&s, 300);
	assert_int_equal(station_counts(&s, 0).connections, 2);
}

static void
a_refused_login_parks(void **state)
{
	(void)state;
	s.at[0].options.user = "plant";
	s.at[0].options.password = "hunter2";
	s.at[0].options.mechanisms = "PLAIN";
	s.at[0].options.auth_in_clear = true;
	open_out();
	assert_int_equal(email_account_set_basic_authenticator(out, "plant", "wrong"), EMAIL_OK);
	station_set(out, "allowPlaintextLogin", "true");
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_URGENT, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	station_assert_status(out, "fault,unverified");
	jump(&s, 5 * MINUTE);
	station_for(&s, 200);
	assert_int_equal(station_counts(&s, 0).connections, 1);
	/* a person changed it */
	assert_int_equal(email_account_set_basic_authenticator(out, "plant", "hunter2"), EMAIL_OK);
	jump(&s, 0);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

static void
a_poll_does_not_wait(void **state)
{
	bool told = false;

	(void)state;
	open_out();
	station_stop(&s, 0);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	station_serve(&s, 0);
	assert_int_equal(email_account_queue_poll(out, &told), EMAIL_OK);
	assert_true(told);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

static void
a_poll_without_a_service(void **state)
{
	bool told = true;

	(void)state;
	open_out();
	station_stop(&s, 0);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(email_account_queue_poll(out, &told), EMAIL_E_CONNECT);
	assert_false(told);
	station_serve(&s, 0);
	assert_int_equal(email_account_queue_poll(out, NULL), EMAIL_OK);
	assert_int_equal(station_waiting(out), 0);
	assert_int_equal(station_number(out, "numberSent"), 1);
}

/* The server ends the session after three mails: that is no failure. */
static void
a_server_that_takes_three(void **state)
{
	unsigned i;

	(void)state;
	s.at[0].options.no_pipelining = true;
	open_out();
	for (i = 0; i < 3; i++)
		assert_int_equal(station_queue(out, "early", 9, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 3);
	station_stop(&s, 0);
	station_rule(&s, 0, "mail", EMAIL_TEST_REPLY, "421 4.7.0 Enough", 1);
	station_serve(&s, 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(station_queue(out, "late", 9, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	station_for(&s, 100);
	jump(&s, 2 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_mail_is_sent),
		T(many_over_one_connection),
		T(an_idle_connection_is_kept),
		T(a_kept_connection_that_is_dead),
		T(a_server_that_is_down),
		T(a_server_that_serves_nobody),
		T(a_refused_login_parks),
		T(a_poll_does_not_wait),
		T(a_poll_without_a_service),
		T(a_server_that_takes_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
