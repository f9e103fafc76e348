/* SPDX-License-Identifier: MIT */
/* What an outgoing account's queue needs from time to time. */
#include "support/cm.h"

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
open_out(void)
{
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
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
	jump(&s, 59 * MINUTE);
	station_for(&s, 200);
	assert_int_equal(station_dead(out), 0);
	jump(&s, 3 * MINUTE);
	station_until(&s, EMAIL_EVENT_DISCARDED, 1);
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "expireAfter"));
	assert_non_null(strstr(s.last[EMAIL_EVENT_DISCARDED].text, "could not connect to 127.0.0.1 port"));
	assert_int_equal(station_dead(out), 1);
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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(too_old),
		T(repeats_are_suppressed),
		T(a_flood_is_a_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
