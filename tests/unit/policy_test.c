/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/limits.h"
#include "queue/policy.h"
#include "support/failalloc.h"

#define MIN 60000
#define HOUR (60 * MIN)
#define COUNT 6

static email__policy p;
static email__waiting mail[COUNT];
static email__waiting *all[COUNT];
static email__now now;

static int
setup(void **state)
{
	const email__policy_config config = {
		.per_day = 100, .per_minute = -1, .reserve = 10, .expire_after = 48 * HOUR};
	size_t i;

	(void)state;
	email__policy_init(&p, &config);
	memset(mail, 0, sizeof mail);
	for (i = 0; i < COUNT; i++) {
		mail[i] = (email__waiting){.priority = i == 0 ? 9 : 5, .sequence = i, .pending = 1};
		all[i] = &mail[i];
	}
	now = (email__now){.wall = 1795000000, .clock_set = true};
	return 0;
}

static email__policy_choice
next(int64_t running, uint64_t today)
{
	return email__policy_next(&p, all, COUNT, &now, running, today, 0, false);
}

static void
waits_longer_each_time(void **state)
{
	static const int minutes[] = {1, 1, 2, 4, 8, 16, 30, 30, 30};
	unsigned f;
	uint32_t r;

	(void)state;
	for (f = 0; f < sizeof minutes / sizeof *minutes; f++) {
		int64_t least = INT64_MAX, most = 0;

		for (r = 0; r < 400000; r += 37) {
			int64_t t = email__policy_backoff(f, r);

			least = t < least ? t : least;
			most = t > most ? t : most;
		}
		assert_true(least >= minutes[f] * MIN * 9 / 10 && most <= minutes[f] * MIN * 11 / 10);
		assert_true(most - least > minutes[f] * MIN / 6);
	}
	assert_true(email__policy_backoff(UINT32_MAX, UINT32_MAX) <= 33 * MIN);
}

static void
whose_failure_it_was(void **state)
{
	(void)state;
	assert_int_equal(email__policy_classify(EMAIL_OK, EMAIL_STAGE_NONE), EMAIL__POLICY_DONE);
	assert_int_equal(email__policy_classify(EMAIL_E_LOGIN, EMAIL_STAGE_AUTHENTICATE),
	                 EMAIL__POLICY_LOGIN);
	assert_int_equal(email__policy_classify(EMAIL_E_CONNECT, EMAIL_STAGE_CONNECT), EMAIL__POLICY_ACCOUNT);
	assert_int_equal(email__policy_classify(EMAIL_E_TRUST, EMAIL_STAGE_TRUST), EMAIL__POLICY_ACCOUNT);
	assert_int_equal(email__policy_classify(EMAIL_E_CLOCK, EMAIL_STAGE_TRUST), EMAIL__POLICY_ACCOUNT);
	assert_int_equal(email__policy_classify(EMAIL_E_TEMPORARY, EMAIL_STAGE_ENVELOPE), EMAIL__POLICY_MAIL);
	assert_int_equal(email__policy_classify(EMAIL_E_TEMPORARY, EMAIL_STAGE_GREETING),
	                 EMAIL__POLICY_ACCOUNT);
	assert_int_equal(email__policy_classify(EMAIL_E_UNSURE, EMAIL_STAGE_DATA), EMAIL__POLICY_MAIL);
	assert_int_equal(email__policy_classify(EMAIL_E_REFUSED, EMAIL_STAGE_ENVELOPE),
	                 EMAIL__POLICY_REFUSED);
	assert_int_equal(email__policy_classify(EMAIL_E_PARTIAL, EMAIL_STAGE_ENVELOPE),
	                 EMAIL__POLICY_REFUSED);
	assert_int_equal(email__policy_classify(EMAIL_E_FILE, EMAIL_STAGE_DATA), EMAIL__POLICY_MAIL);
}

static void
an_account_is_down_and_well_again(void **state)
{
	email__policy_choice c;

	(void)state;
	email__policy_result(&p, EMAIL__POLICY_ACCOUNT, 0, 1000);
	assert_true(email__policy_down(&p, 1000));
	c = next(1000, 0);
	assert_int_equal(c.why, EMAIL__POLICY_DOWN);
	assert_true(c.wait == 54000);
	assert_false(email__policy_down(&p, 1000 + 54000));
	assert_int_equal(next(1000 + 54000, 0).why, EMAIL__POLICY_GO);
	email__policy_result(&p, EMAIL__POLICY_ACCOUNT, 0, 55000);
	assert_true(p.down_until == 55000 + 108000);
	/* a mail that is refused shows that the account is well */
	email__policy_result(&p, EMAIL__POLICY_MAIL, 0, 55000);
	assert_false(email__policy_down(&p, 55000));
	assert_int_equal(p.failures, 0);
	email__policy_result(&p, EMAIL__POLICY_LOGIN, 0, 100000);
	c = next(100000 + 15 * MIN - 1, 0);
	assert_int_equal(c.why, EMAIL__POLICY_PARKED);
	assert_true(c.wait == 1);
	assert_int_equal(next(100000 + 15 * MIN, 0).why, EMAIL__POLICY_GO);
}

static void
the_first_that_is_due(void **state)
{
	(void)state;
	assert_ptr_equal(next(0, 0).mail, &mail[0]);
	mail[0].next = 10000;
	mail[1].trying = true;
	mail[2].settling = true;
	all[3] = NULL;
	assert_ptr_equal(next(0, 0).mail, &mail[4]);
	mail[4].pending = 0;
	mail[5].next = 5000;
	assert_int_equal(next(0, 0).why, EMAIL__POLICY_LATER);
	assert_true(next(0, 0).wait == 5000);
	assert_int_equal(email__policy_next(&p, NULL, 0, &now, 0, 0, 0, false).why, EMAIL__POLICY_EMPTY);
}

static void
what_kills_goes_alone_and_last(void **state)
{
	email__policy_choice c;
	size_t i;

	(void)state;
	mail[0].suspect = true;
	c = next(0, 0);
	assert_ptr_equal(c.mail, &mail[0]);
	assert_true(c.alone);
	/* with others on their way it waits, and nothing overtakes it */
	c = email__policy_next(&p, all, COUNT, &now, 0, 0, 2, false);
	assert_int_equal(c.why, EMAIL__POLICY_FLIGHT);
	/* while it is on its way, nothing else is begun */
	mail[0].trying = true;
	c = email__policy_next(&p, all, COUNT, &now, 0, 0, 1, true);
	assert_int_equal(c.why, EMAIL__POLICY_FLIGHT);
	mail[0].trying = false;
	mail[0].crashes = 2;
	assert_ptr_equal(next(0, 0).mail, &mail[0]);
	mail[0].crashes = EMAIL__QUEUE_CRASHES_MAX;
	for (i = 1; i < COUNT; i++) {
		assert_ptr_equal(next(0, 0).mail, &mail[i]);
		all[i] = NULL;
	}
	/* but it is sent */
	c = next(0, 0);
	assert_ptr_equal(c.mail, &mail[0]);
	assert_true(c.alone);
}

static void
the_day_has_a_reserve(void **state)
{
	email__policy_choice c;

	(void)state;
	assert_ptr_equal(next(0, 99).mail, &mail[0]);
	assert_int_equal(next(0, 100).why, EMAIL__POLICY_DAY);
	all[0] = NULL;
	assert_ptr_equal(next(0, 89).mail, &mail[1]);
	c = next(0, 90);
	assert_int_equal(c.why, EMAIL__POLICY_DAY);
	assert_true(c.wait > 0 && c.wait <= HOUR);
	p.config.per_day = -1;
	assert_int_equal(next(0, UINT64_MAX).why, EMAIL__POLICY_GO);
	/* where the cap is small, there is a reserve or there is not; nobody is shut out for ever */
	p.config.per_day = 1;
	assert_int_equal(next(0, 0).why, EMAIL__POLICY_GO);
}

static void
the_minute_has_a_cap(void **state)
{
	int64_t t;
	int sent = 0;

	(void)state;
	all[0] = NULL;
	p.config.per_minute = 6;
	p.config.reserve = 0;
	for (t = 0; t < 10 * MIN; t += 250) {
		email__policy_choice c = next(t, 0);

		if (c.why == EMAIL__POLICY_GO) {
			email__policy_begun(&p, t);
			sent++;
		} else {
			assert_int_equal(c.why, EMAIL__POLICY_MINUTE);
			assert_true(c.wait > 0 && c.wait <= 1000);
		}
		if (t == MIN - 250)
			assert_int_equal(sent, 6);
	}
	assert_int_equal(sent, 60);
	/* after a long rest, as many again, no more */
	for (t = 100 * HOUR, sent = 0; next(t, 0).why == EMAIL__POLICY_GO; sent++)
		email__policy_begun(&p, t);
	assert_int_equal(sent, 6);
}

static email__day
day_at(int64_t wall, uint64_t count, int64_t running)
{
	return (email__day){
		.day = wall / 86400, .count = count, .wall = wall, .running = running, .same_boot = true};
}

static void
the_day_ends_at_local_midnight(void **state)
{
	const int64_t midnight = INT64_C(86400) * 20000;
	email__day d;

	(void)state;
	d = day_at(midnight - 60, 90, 0);
	now.wall = midnight - 1;
	email__policy_day(&d, &now, 59000);
	assert_int_equal(d.count, 90);
	now.wall = midnight + 1;
	email__policy_day(&d, &now, 61000);
	assert_int_equal(d.count, 0);
	/* an hour east of Greenwich it is midnight sooner */
	d = day_at(midnight - 7200, 90, 0);
	now.wall = midnight - 3599;
	email__policy_day(&d, &now, 3601000);
	assert_int_equal(d.count, 90);
	d = day_at(midnight - 7200, 90, 0);
	now.offset = 60;
	email__policy_day(&d, &now, 3601000);
	assert_int_equal(d.count, 0);
}

static void
a_clock_that_jumps_is_no_new_day(void **state)
{
	static const int64_t jumps[] = {0, 1, 2085978496, 2147483648 + 86400 * 3, 4102444800};
	const int64_t noon = INT64_C(86400) * 20000 + 43200;
	size_t i;
	email__day d;

	(void)state;
	for (i = 0; i < sizeof jumps / sizeof *jumps; i++) {
		d = day_at(noon, 77, 5000);
		now.wall = jumps[i];
		email__policy_day(&d, &now, 6000);
		assert_int_equal(d.count, 77);
		now.wall = noon + 2; /* and back */
		email__policy_day(&d, &now, 7000);
		assert_int_equal(d.count, 77);
		assert_int_equal(d.day, 20000);
		now.wall = noon + 43200; /* midnight comes all the same */
		email__policy_day(&d, &now, 7000 + 43198000);
		assert_int_equal(d.count, 0);
	}
	/* a clock that is not set says nothing; once it is, the day that has gone by counts */
	d = day_at(noon, 77, 5000);
	d.same_boot = false;
	now.clock_set = false;
	now.wall = 7;
	email__policy_day(&d, &now, 6000);
	assert_int_equal(d.count, 77);
	assert_int_equal(d.day, 20000);
	d.same_boot = true;
	now.clock_set = true;
	now.wall = noon + 86400;
	email__policy_day(&d, &now, 6500);
	assert_int_equal(d.count, 0);
	/* before 1970, in a zone west of Greenwich */
	now.wall = 0;
	now.offset = -600;
	email__policy_day(&d, &now, 7000);
	assert_int_equal(d.day, 0);
}

static void
age_is_running_time(void **state)
{
	(void)state;
	mail[1].queued = 1000;
	assert_false(email__policy_expired(&p, &mail[1], 1000 + 48 * HOUR));
	assert_true(email__policy_expired(&p, &mail[1], 1001 + 48 * HOUR));
	mail[1].trying = true;
	assert_false(email__policy_expired(&p, &mail[1], 1001 + 48 * HOUR));
}

static void
the_least_important_makes_room(void **state)
{
	const email__waiting low_old = {.priority = 1, .sequence = 1},
			     low_new = {.priority = 1, .sequence = 2}, high = {.priority = 9, .sequence = 0},
			     going = {.priority = 1, .trying = true};

	(void)state;
	assert_true(email__policy_drop_rather(&low_old, NULL, 5));
	assert_true(email__policy_drop_rather(&low_old, &low_new, 5));
	assert_false(email__policy_drop_rather(&low_new, &low_old, 5));
	assert_false(email__policy_drop_rather(&high, NULL, 5));
	assert_true(email__policy_drop_rather(&high, NULL, 9));
	assert_false(email__policy_drop_rather(&high, &low_new, 9));
	assert_true(email__policy_drop_rather(&low_new, &high, 9));
	assert_false(email__policy_drop_rather(&going, NULL, 9));
}

static void
the_same_again_is_suppressed(void **state)
{
	size_t i;

	(void)state;
	assert_false(email__policy_suppressed(&p, 1, 2, 0));
	email__policy_queued(&p, 1, 2, 0);
	assert_false(email__policy_suppressed(&p, 1, 2, 0)); /* off */
	p.config.suppress_within = 5 * MIN;
	email__policy_queued(&p, 1, 2, 0);
	assert_true(email__policy_suppressed(&p, 1, 2, 5 * MIN - 1));
	assert_false(email__policy_suppressed(&p, 1, 2, 5 * MIN));
	assert_false(email__policy_suppressed(&p, 1, 3, 1));
	assert_false(email__policy_suppressed(&p, 2, 2, 1));
	for (i = 0; i < EMAIL__POLICY_RECENT; i++)
		email__policy_queued(&p, 100 + i, 2, 2);
	assert_false(email__policy_suppressed(&p, 1, 2, 3));
	assert_true(email__policy_suppressed(&p, 100, 2, 3));
	/* what could not be queued does not suppress */
	email__policy_unqueued(&p, 100, 2, 1);
	assert_true(email__policy_suppressed(&p, 100, 2, 3));
	email__policy_unqueued(&p, 100, 2, 2);
	assert_false(email__policy_suppressed(&p, 100, 2, 3));
	assert_true(email__policy_suppressed(&p, 101, 2, 3));
}

/* The caps are those of the account that works for it. */
static void
anothers_queue_has_no_caps(void **state)
{
	email__policy_choice c;

	(void)state;
	p.config.per_day = 0;
	p.down_until = p.parked_until = 1000;
	c = email__policy_next(NULL, all, COUNT, &now, 0, 5, 0, false);
	assert_int_equal(c.why, EMAIL__POLICY_GO);
	assert_ptr_equal(c.mail, &mail[0]);
	assert_true(email__policy_within_caps(NULL, false, &now, 0, 5, &c));
	assert_false(email__policy_within_caps(&p, false, &now, 0, 5, &c));
	assert_int_equal(c.why, EMAIL__POLICY_DAY);
}

enum { FLOOD = 1000 };
static email__waiting flood[FLOOD];
static email__waiting *flooded[FLOOD], *chosen[FLOOD];

static size_t
fold(int64_t running, size_t max)
{
	size_t n = 12345;

	assert_int_equal(email__policy_fold(&p, flooded, FLOOD, running, chosen, max, &n), EMAIL_OK);
	return n;
}

static void
make_flood(int64_t apart)
{
	size_t i;

	memset(flood, 0, sizeof flood);
	for (i = 0; i < FLOOD; i++) {
		flood[i] = (email__waiting){.priority = 5,
		                            .sequence = i,
		                            .pending = 1,
		                            .queued = (int64_t)i * apart,
		                            .recipients = 1};
		flooded[i] = &flood[i];
	}
}

static void
one_digest_stands_for_a_flood(void **state)
{
	size_t i, held = 0;

	(void)state;
	make_flood(30);
	assert_int_equal(fold(90000, FLOOD), 0); /* off */
	p.config.digest_above = 10;
	flood[500].priority = 8;
	flood[501].attempts = 1;
	flood[502].digest = true;
	flood[503].trying = true;
	/* until the first of them is a minute old they are held, and no digest is made */
	assert_int_equal(fold(30000, FLOOD), 0);
	for (i = 0; i < FLOOD; i++)
		held += flood[i].held;
	assert_int_equal(held, FLOOD - 10 - 4);
	assert_false(flood[9].held);
	assert_true(flood[10].held && !flood[500].held && !flood[501].held && !flood[502].held &&
	            !flood[503].held);
	assert_ptr_equal(email__policy_next(&p, flooded, FLOOD, &now, 30000, 0, 0, false).mail, &flood[0]);
	assert_int_equal(fold(60300, FLOOD), FLOOD - 14);
	assert_ptr_equal(chosen[0], &flood[10]);
	assert_int_equal(fold(60300, 100), 100);
	/* those that went first have left: the others are held all the same */
	for (i = 0; i < 10; i++)
		flooded[i] = NULL;
	assert_int_equal(fold(60300, FLOOD), FLOOD - 14);
}

static void
each_digest_has_its_recipients(void **state)
{
	size_t i, n;

	(void)state;
	make_flood(30);
	p.config.digest_above = 10;
	for (i = 0; i < FLOOD; i += 2)
		flood[i].recipients = 2;
	flood[11].recipients = 3; /* alone */
	n = fold(70000, FLOOD);
	assert_int_equal(n, FLOOD / 2 - 5);
	for (i = 0; i < n; i++) {
		assert_true(chosen[i]->recipients == 2);
		flooded[chosen[i]->sequence] = NULL;
	}
	assert_int_equal(fold(70000, FLOOD), 0);
	assert_false(flood[11].held);
	n = fold(70000, FLOOD);
	(void)n;
}

static void
what_comes_slowly_is_no_flood(void **state)
{
	(void)state;
	make_flood(6001);
	p.config.digest_above = 10;
	assert_int_equal(fold(INT64_C(100000000), FLOOD), 0);
	email_test_fail_alloc(1);
	assert_int_equal(email__policy_fold(&p, flooded, FLOOD, 0, chosen, FLOOD, &(size_t){0}),
	                 EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(waits_longer_each_time),
		T(whose_failure_it_was),
		T(an_account_is_down_and_well_again),
		T(the_first_that_is_due),
		T(what_kills_goes_alone_and_last),
		T(the_day_has_a_reserve),
		T(the_minute_has_a_cap),
		T(the_day_ends_at_local_midnight),
		T(a_clock_that_jumps_is_no_new_day),
		T(age_is_running_time),
		T(the_least_important_makes_room),
		T(the_same_again_is_suppressed),
		T(anothers_queue_has_no_caps),
		T(one_digest_stands_for_a_flood),
		T(each_digest_has_its_recipients),
		T(what_comes_slowly_is_no_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
