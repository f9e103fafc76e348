/* SPDX-License-Identifier: MIT */
/* Which mail is next, over whose connection, and what came of it. */
#include "support/cm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/out.h"

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
	assert_int_equal(station_number(out, "numberDiscarded"), 1);
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
	jump(&s, 2 * MINUTE);
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
	jump(&s, 24 * 60 * (int64_t)MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 14);
}

static bool
is_held(void *context, const email_queued *mail)
{
	(void)context;
	assert_non_null(strstr(mail->cause, "maxSendablePerDay"));
	return true;
}

/* It is one of mails that somebody got: who is always busy does not use it up. */
static void
what_nobody_took_does_not_count(void **state)
{
	unsigned i;

	(void)state;
	station_rule(&s, 0, "rcpt:duty@example.com", EMAIL_TEST_REPLY, "450 4.2.0 Busy", 12);
	open_out();
	station_set(out, "maxSendablePerDay", "5");
	station_set(out, "urgentReserve", "0");
	for (i = 0; i < 3; i++)
		assert_int_equal(station_queue(out, "busy", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	for (i = 0; i < 4; i++) {
		station_until(&s, EMAIL_EVENT_DEFERRED, 3 * (i + 1));
		jump(&s, 40 * MINUTE);
	}
	station_until(&s, EMAIL_EVENT_SENT, 3);
	assert_int_equal(station_queue(out, "four", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "five", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "six", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 5);
	station_for(&s, 150);
	assert_int_equal(station_waiting(out), 1);
	assert_int_equal(email_account_queue_list(out, false, is_held, NULL), EMAIL_OK);
}

/* Nor does one that cannot even be begun: somebody has it. */
static void
what_is_not_begun_does_not_count(void **state)
{
	char path[200];
	unsigned i;
	int fd;

	(void)state;
	open_out();
	station_set(out, "maxSendablePerDay", "3");
	station_set(out, "urgentReserve", "0");
	assert_int_equal(station_queue(out, "held", EMAIL_PRIORITY_URGENT, id), EMAIL_OK);
	snprintf(path, sizeof path, "%s/state/queue/out/queue/%s", s.folder, id);
	assert_true((fd = open(path, O_RDWR)) >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	for (i = 0; i < 5; i++) {
		station_for(&s, 50);
		jump(&s, 6000);
	}
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 0);
	close(fd);
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	assert_int_equal(station_queue(out, "three", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	jump(&s, 6000);
	station_until(&s, EMAIL_EVENT_SENT, 3);
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
	jump(&s, MINUTE + 1000);
	station_until(&s, EMAIL_EVENT_SENT, 6);
	station_for(&s, 100);
	assert_int_equal(station_told(&s, EMAIL_EVENT_SENT), 6);
	jump(&s, MINUTE + 1000);
	station_until(&s, EMAIL_EVENT_SENT, 7);
}

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
	station_assert_status(out, "down,unverified");
	/* while it is down, it goes there at once */
	assert_int_equal(station_queue(out, "two", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 2);
	assert_int_equal(station_got_count(&s, 1), 2);
	/* and back when the first is well */
	station_serve(&s, 0);
	jump(&s, 5 * MINUTE);
	assert_int_equal(station_queue(out, "three", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 3);
	assert_int_equal(station_got_count(&s, 0), 1);
	assert_int_equal(station_got_count(&s, 1), 2);
	email_service_stop(s.service);
	station_assert_status(out, "ok");
	assert_int_equal(station_number(other, "numberSent") + station_number(out, "numberSent"), 3);
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
	jump(&s, 5 * MINUTE);
	station_until(&s, EMAIL_EVENT_SENT, 1);
	assert_int_equal(station_got_count(&s, 1), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_highest_first),
		T(a_refused_one_is_dead),
		T(who_has_it_does_not_get_it_again),
		T(the_day_s_cap),
		T(what_nobody_took_does_not_count),
		T(what_is_not_begun_does_not_count),
		T(the_minute_s_cap),
		T(the_failover_account),
		T(a_ring_of_failovers_all_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
