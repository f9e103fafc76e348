/* SPDX-License-Identifier: MIT */
/* What an outgoing account's queue needs from time to time. */
#include "support/cm.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "support/out.h"

static void
too_old(void **state)
{
	(void)state;
	open_out();
	station_stop(&s, 0);
	station_set(out, "expireAfter", "PT1H");
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	jump(&s, 59 * MINUTE);
	station_for(&s, 200);
	assert_int_equal(station_dead(out), 0);
	jump(&s, 3 * MINUTE);
	station_until(&s, EMAIL_EVENT_DISCARDED, 1);
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "expireAfter"));
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "could not connect to 127.0.0.1 port"));
	assert_int_equal(station_dead(out), 1);
}

/* That it cannot be worked is seen at the account. */
static void
a_queue_that_is_none(void **state)
{
	char command[240], text[300];

	(void)state;
	open_out();
	snprintf(command, sizeof command, "mkdir -p %s/state/queue && touch %s/state/queue/out", s.folder,
	         s.folder);
	assert_int_equal(system(command), 0);
	station_until(&s, EMAIL_EVENT_QUEUE, 1);
	station_for(&s, 100);
	station_assert_status(out, "down,unverified");
	assert_int_equal(email_account_get(out, "faultCause", text, sizeof text), EMAIL_OK);
	assert_non_null(strstr(text, "queue"));
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
	jump(&s, 11 * MINUTE);
	assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 3);
}

/* One step buries some, so that it never keeps the worker long: events are told, and others' mail leaves, in between. */
static void
many_are_buried_step_by_step(email_event_kind kind, size_t all)
{
	size_t before, most = 0;

	while ((before = station_told(&s, kind)) < all) {
		assert_int_equal(email_service_step(s.service), EMAIL_OK);
		if (station_told(&s, kind) - before > most)
			most = station_told(&s, kind) - before;
	}
	assert_in_range(most, 1, EMAIL__SENDER_BURIED_MAX);
}

static void
many_are_too_old(void **state)
{
	unsigned i;

	(void)state;
	open_out();
	station_stop(&s, 0);
	station_set(out, "expireAfter", "PT1H");
	for (i = 0; i < 50; i++)
		assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_DEFERRED, 1);
	jump(&s, 62 * MINUTE);
	many_are_buried_step_by_step(EMAIL_EVENT_DISCARDED, 50);
	assert_int_equal(station_waiting(out), 0);
}

static void
a_digest_takes_its_mails_step_by_step(void **state)
{
	unsigned i, waiting;

	(void)state;
	open_out();
	station_set(out, "digestAbove", "10");
	station_set(out, "maxSendablePerMinute", "1");
	station_set(out, "urgentReserve", "90");
	for (i = 0; i < 90; i++)
		assert_int_equal(station_queue(out, "one", EMAIL_PRIORITY_NORMAL, id), EMAIL_OK);
	station_for(&s, 1200);
	jump(&s, MINUTE + 1000);
	many_are_buried_step_by_step(EMAIL_EVENT_DISCARDED, 80);
	/* once it has, there is no second one of them */
	waiting = station_waiting(out);
	station_for(&s, 2200);
	assert_int_equal(station_told(&s, EMAIL_EVENT_DISCARDED), 80);
	assert_int_equal(station_waiting(out), waiting);
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
		assert_int_equal(station_queue(out, subject, i % 50 == 0 ? EMAIL_PRIORITY_URGENT : 5, id),
		                 EMAIL_OK);
	}
	station_until(&s, EMAIL_EVENT_SENT, 9); /* one is kept for urgent ones */
	for (i = 0; i < 10 && station_waiting(out) > 0; i++) {
		jump(&s, MINUTE + 1000);
		station_for(&s, 300);
	}
	assert_int_equal(station_waiting(out), 0);
	email_service_stop(s.service);
	for (i = 1; i <= station_got_count(&s, 0); i++)
		if (strstr(station_got(&s, 0, i), "Subject: ") &&
		    strstr(station_got(&s, 0, i), " messages: ")) {
			digests++;
			snprintf(digest, sizeof digest, "%s", station_got(&s, 0, i));
		}
	assert_int_equal(digests, 1);
	assert_non_null(strstr(digest, "alarm 101"));
	/* nobody is left out: sent by itself, or named */
	assert_int_equal(station_dead(out), 200 - (station_got_count(&s, 0) - 1));
	for (i = 1; i <= 4; i++)
		assert_non_null(strstr(station_got(&s, 0, i), "X-Priority") ||
		                strstr(station_got(&s, 0, i), "alarm"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(too_old),
		T(a_queue_that_is_none),
		T(repeats_are_suppressed),
		T(many_are_too_old),
		T(a_digest_takes_its_mails_step_by_step),
		T(a_flood_is_a_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
