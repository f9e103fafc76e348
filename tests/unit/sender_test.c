/* SPDX-License-Identifier: MIT */
/* An outgoing account's queue, worked by the service against loopback servers. */
#include "support/cm.h"

#include <stdlib.h>
#include <string.h>

#include "support/jump.h"
#include "support/station.h"

#define MINUTE 60000

static station s;
static email_account *out;
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
	station_dispose(&s);
	return 0;
}

static void
jump(int64_t ms)
{
	jumped_ms += ms;
	assert_int_equal(email_service_apply(s.service), EMAIL_OK);
}

static void
open_out(void)
{
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
}

static long
number(email_account *account, const char *property)
{
	char text[64];

	assert_int_equal(email_account_get(account, property, text, sizeof text), EMAIL_OK);
	return strtol(text, NULL, 10);
}

static void
assert_status(email_account *account, const char *expected)
{
	char text[400];

	assert_int_equal(email_account_get(account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, expected);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void
a_mail_is_sent(void **state)
{
	(void)state;
	open_out();
	assert_status(out, "unverified");
	assert_int_equal(station_queue(out, "Boiler 2", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].id, id);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].account, "out");
	assert_int_equal(s.last[EMAIL_EVENT_SENT].count, 1);
	assert_non_null(strstr(station_got(&s, 0, 1), "\r\nSubject: Boiler 2\r\n"));
	assert_int_equal(station_waiting(out), 0);
	assert_int_equal(number(out, "queueSize"), 0);
	email_service_stop(s.service);
	assert_int_equal(number(out, "numberSent"), 1);
	assert_status(out, "ok");
}

static void
the_highest_first(void **state)
{
	static const int priority[] = {2, 9, 5, 9, 0, 5};
	static const char *const order[] = {"mail 1", "mail 3", "mail 2", "mail 5", "mail 0", "mail 4"};
	char subject[32];
	unsigned i;

	(void)state;
	open_out();
	for (i = 0; i < 6; i++) {
		snprintf(subject, sizeof subject, "mail %u", i);
		assert_int_equal(station_queue(out, subject, priority[i], id), EMAIL_OK);
	}
	station_until(&s, EMAIL_EVENT_SENT, 6);
	for (i = 0; i < 6; i++)
		assert_non_null(strstr(station_got(&s, 0, i + 1), order[i]));
	email_service_stop(s.service);
	assert_int_equal(station_counts(&s, 0).connections, 1);
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
	jump(16000);
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
	/* not so soon that nobody looks: then it would be unsure whether the server had it */
	jumped_ms += 2000;
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	assert_int_equal(station_told(&s, EMAIL_EVENT_DEFERRED), 0);
}

/* --- failures --------------------------------------------------------------------------------- */

static void
a_refused_one_is_dead(void **state)
{
	(void)state;
	station_rule(&s, 0, "rcpt:duty@example.com", EMAIL_TEST_REPLY, "550 5.1.1 No such user", 1);
	open_out();
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DISCARDED, 1);
	assert_string_equal(s.last[EMAIL_EVENT_DISCARDED].id, id);
	assert_string_equal(s.last[EMAIL_EVENT_DISCARDED].recipient, "duty@example.com");
	assert_string_equal(s.last[EMAIL_EVENT_DISCARDED].status, "5.1.1");
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "No such user"));
	assert_int_equal(station_dead(out), 1);
	email_service_stop(s.service);
	assert_int_equal(number(out, "numberDiscarded"), 1);
	/* and it waits again */
	assert_int_equal(email_account_queue_requeue(out, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_int_equal(station_dead(out), 0);
}

static void
who_has_it_does_not_get_it_again(void **state)
{
	email_message *m;

	(void)state;
	station_rule(&s, 0, "rcpt:night@example.com", EMAIL_TEST_REPLY, "450 4.2.0 Later", 1);
	open_out();
	m = station_message("both");
	assert_int_equal(email_message_add_to(m, "night@example.com"), EMAIL_OK);
	assert_int_equal(email_account_enqueue(out, m, 5, id, sizeof id), EMAIL_OK);
	email_message_free(m);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 1);
	assert_string_equal(s.last[EMAIL_EVENT_DEFERRED].recipient, "night@example.com");
	station_for(&s, 100);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 1);
	jump(2 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	email_service_stop(s.service);
	assert_int_equal(station_counts(&s, 0).recipients, 2);
	assert_int_equal(station_counts(&s, 0).messages, 2);
	station_stop(&s, 0);
	{
		char first[4096];

		/* the same bytes */
		snprintf(first, sizeof first, "%s", station_got(&s, 0, 1));
		assert_string_equal(first, station_got(&s, 0, 2));
	}
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
	assert_status(out, "down,unverified");
	assert_int_equal(email_account_queue_list(out, false, is_attempts, &none), EMAIL_OK);
	/* the same again is not told again */
	jump(2 * MINUTE);
	station_for(&s, 300);
	assert_int_equal(station_told(&s, EMAIL_EVENT_DEFERRED), 1);
	station_serve(&s, 0);
	station_for(&s, 200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	jump(5 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	email_service_stop(s.service);
	assert_status(out, "ok");
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
	assert_status(out, "fault,unverified");
	jump(5 * MINUTE);
	station_for(&s, 200);
	assert_int_equal(station_counts(&s, 0).connections, 1);
	/* a person changed it */
	assert_int_equal(email_account_set_basic_authenticator(out, "plant", "hunter2"), EMAIL_OK);
	jump(0);
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
	assert_int_equal(number(out, "numberSent"), 1);
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
	jump(2 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 5);
}

static void
too_old(void **state)
{
	(void)state;
	open_out();
	station_stop(&s, 0);
	station_set(out, "expireAfter", "PT1H");
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	jump(59 * MINUTE);
	station_for(&s, 200);
	assert_int_equal(station_dead(out), 0);
	jump(3 * MINUTE);
	station_until(&s, EMAIL_EVENT_DISCARDED, 1);
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "expireAfter"));
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "could not connect to 127.0.0.1 port"));
	assert_int_equal(station_dead(out), 1);
}

/* --- caps ------------------------------------------------------------------------------------- */

static void
the_day_s_cap(void **state)
{
	unsigned i;

	(void)state;
	open_out();
	station_set(out, "maxSendablePerDay", "10");
	for (i = 0; i < 12; i++)
		assert_int_equal(station_queue(out, "normal", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 9);
	station_for(&s, 150);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 9);
	/* a tenth is kept for these */
	assert_int_equal(station_queue(out, "urgent", EMAIL_PRIORITY_URGENT, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "urgent", EMAIL_PRIORITY_URGENT, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 10);
	station_for(&s, 150);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 10);
	/* a restart does not forget it, and a poll does not go over it */
	email_service_stop(s.service);
	assert_int_equal(email_account_queue_poll(out, NULL), EMAIL_OK);
	station_for(&s, 150);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 10);
	assert_int_equal(station_waiting(out), 4);
	jump(24 * 60 * (int64_t)MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 14);
}

static void
the_minute_s_cap(void **state)
{
	unsigned i;

	(void)state;
	open_out();
	station_set(out, "maxSendablePerMinute", "3");
	station_set(out, "urgentReserve", "0");
	for (i = 0; i < 7; i++)
		assert_int_equal(station_queue(out, "mail", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 3);
	station_for(&s, 100);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 3);
	jump(MINUTE + 1000);
	station_until(&s, EMAIL_EVENT_SENT, 6);
	station_for(&s, 100);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 6);
	jump(MINUTE + 1000);
	station_until(&s, EMAIL_EVENT_SENT, 7);
}

static void
repeats_are_suppressed(void **state)
{
	(void)state;
	open_out();
	station_set(out, "suppressWithin", "PT10M");
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_E_SUPPRESSED);
	assert_int_equal(station_queue(out, "other", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	jump(11 * MINUTE);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 3);
}

/* A flood: the urgent ones leave, the others as one digest that names them. */
static void
a_flood_is_a_digest(void **state)
{
	static char digest[16384];
	unsigned i, digests = 0;

	(void)state;
	open_out();
	station_set(out, "digestAbove", "20");
	station_set(out, "maxSendablePerMinute", "10");
	for (i = 0; i < 200; i++) {
		char subject[32];

		snprintf(subject, sizeof subject, "alarm %u", i);
		assert_int_equal(station_queue(out, subject, i % 50 == 0 ? EMAIL_PRIORITY_URGENT : 5, id), EMAIL_OK);
	}
	station_until(&s, EMAIL_EVENT_SENT, 9); /* one is kept for urgent ones */
	for (i = 0; i < 10 && station_waiting(out) > 0; i++) {
		jump(MINUTE + 1000);
		station_for(&s, 300);
	}
	assert_int_equal(station_waiting(out), 0);
	email_service_stop(s.service);
	for (i = 1; i <= station_got_count(&s, 0); i++)
		if (strstr(station_got(&s, 0, i), "Subject: ") && strstr(station_got(&s, 0, i), " messages: ")) {
			digests++;
			snprintf(digest, sizeof digest, "%s", station_got(&s, 0, i));
		}
	assert_int_equal(digests, 1);
	assert_non_null(strstr(digest, "alarm 101"));
	/* nobody is left out: sent by itself, or named */
	assert_int_equal(station_dead(out), 200 - (station_got_count(&s, 0) - 1));
	for (i = 1; i <= 4; i++)
		assert_non_null(strstr(station_got(&s, 0, i), "X-Priority") || strstr(station_got(&s, 0, i), "alarm"));
}

/* --- another account's connection ------------------------------------------------------------- */

static void
the_failover_account(void **state)
{
	email_account *other;

	(void)state;
	open_out();
	station_serve(&s, 1);
	other = station_account(&s, "other", 1);
	station_set(out, "failoverAccount", "other");
	station_stop(&s, 0);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_string_equal(s.last[EMAIL_EVENT_SENT].account, "out");
	assert_non_null(strstr(station_got(&s, 1, 1), "Subject: one"));
	assert_status(out, "down,unverified");
	/* while it is down, it goes there at once */
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	assert_int_equal(station_got_count(&s, 1), 2);
	/* and back when the first is well */
	station_serve(&s, 0);
	jump(5 * MINUTE);
	assert_int_equal(station_queue(out, "three", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 3);
	assert_int_equal(station_got_count(&s, 0), 1);
	assert_int_equal(station_got_count(&s, 1), 2);
	email_service_stop(s.service);
	assert_status(out, "ok");
	assert_int_equal(number(other, "numberSent") + number(out, "numberSent"), 3);
}

static void
a_ring_of_failovers_all_down(void **state)
{
	email_account *other;

	(void)state;
	open_out();
	station_serve(&s, 1);
	other = station_account(&s, "other", 1);
	station_set(out, "failoverAccount", "other");
	station_set(other, "failoverAccount", "out");
	station_stop(&s, 0);
	station_stop(&s, 1);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 2);
	station_for(&s, 200);
	assert_int_equal(station_waiting(out), 1);
	station_serve(&s, 1);
	jump(5 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_int_equal(station_got_count(&s, 1), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_mail_is_sent),
		T(the_highest_first),
		T(many_over_one_connection),
		T(an_idle_connection_is_kept),
		T(a_kept_connection_that_is_dead),
		T(a_refused_one_is_dead),
		T(who_has_it_does_not_get_it_again),
		T(a_server_that_is_down),
		T(a_refused_login_parks),
		T(a_poll_does_not_wait),
		T(a_poll_without_a_service),
		T(a_server_that_takes_three),
		T(too_old),
		T(the_day_s_cap),
		T(the_minute_s_cap),
		T(repeats_are_suppressed),
		T(a_flood_is_a_digest),
		T(the_failover_account),
		T(a_ring_of_failovers_all_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
