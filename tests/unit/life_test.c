/* SPDX-License-Identifier: MIT */
#include "token/life.h"

#include "base/limits.h"
#include "support/cm.h"

#define S INT64_C(1000)
#define MIDDLE 512 /* the random number that changes nothing */

/* Where the token turns from good to be renewed, and its end. */
static void
lives(long seconds, int64_t renew, int64_t end)
{
	email__life l = {0};
	int64_t now = 5000;

	email__life_got(&l, now, seconds);
	if (renew > 0)
		assert_int_equal(email__life_look(&l, now + renew * S - 1), EMAIL__LIFE_USE);
	if (end > renew) {
		assert_int_equal(email__life_look(&l, now + renew * S), EMAIL__LIFE_RENEW);
		assert_int_equal(email__life_look(&l, now + end * S - 1), EMAIL__LIFE_RENEW);
	}
	assert_int_equal(email__life_look(&l, now + end * S), EMAIL__LIFE_GET);
	assert_int_equal(email__life_left(&l, now), end);
	assert_int_equal(email__life_left(&l, now + end * S), 0);
}

static void
renewals(void **state)
{
	email__life l = {0};

	(void)state;
	assert_int_equal(email__life_look(&l, 0), EMAIL__LIFE_GET);
	assert_int_equal(email__life_left(&l, 0), 0);
	lives(3600, 3300, 3600); /* Google, Microsoft: an hour, give or take */
	lives(3599, 3299, 3599);
	lives(600, 540, 600);
	lives(200, 170, 200);
	lives(40, 20, 40);
	lives(3, 1, 3);
	lives(1, 0, 1);
	lives(0, 0, 0);
	lives(-1, 3300, 3600);
	lives(EMAIL__TOKEN_LIFE_MAX + 5, EMAIL__TOKEN_LIFE_MAX - 300, EMAIL__TOKEN_LIFE_MAX);
}

static void
backing_off(void **state)
{
	static const long temporary[] = {10, 20, 40, 80, 160, 320, 600, 600, 600};
	static const long lasting[] = {300, 600, 1200, 2400, 3600, 3600};
	email__life l = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof temporary / sizeof *temporary; i++) {
		email__life_failed(&l, 7, true, -1, MIDDLE);
		assert_int_equal(email__life_wait(&l, 7), temporary[i] * S);
		assert_int_equal(email__life_look(&l, 7 + temporary[i] * S - 1), EMAIL__LIFE_WAIT);
		assert_int_equal(email__life_look(&l, 7 + temporary[i] * S), EMAIL__LIFE_GET);
		assert_int_equal(email__life_wait(&l, 7 + temporary[i] * S), 0);
	}
	email__life_got(&l, 0, 1);
	for (i = 0; i < sizeof lasting / sizeof *lasting; i++) {
		email__life_failed(&l, 0, false, -1, MIDDLE);
		assert_int_equal(email__life_wait(&l, 0), lasting[i] * S);
	}
	for (i = 0; i < 100; i++)
		email__life_failed(&l, 0, true, -1, MIDDLE);
	assert_int_equal(email__life_wait(&l, 0), 600 * S);
	/* stations spread */
	email__life_forget(&l);
	email__life_failed(&l, 0, true, -1, 0);
	assert_int_equal(email__life_wait(&l, 0), 7500);
	email__life_forget(&l);
	email__life_failed(&l, 0, true, -1, 1023);
	assert_in_range(email__life_wait(&l, 0), 12400, 12500);
}

static void
retry_after(void **state)
{
	email__life l = {0};

	(void)state;
	email__life_failed(&l, 0, true, 120, MIDDLE);
	assert_int_equal(email__life_wait(&l, 0), 120 * S);
	email__life_failed(&l, 0, true, 0, MIDDLE);
	assert_int_equal(email__life_wait(&l, 0), 20 * S);
	email__life_failed(&l, 0, true, 86400, MIDDLE);
	assert_int_equal(email__life_wait(&l, 0), 3600 * S);
}

/* Renewing fails: the old one does until its end, and the endpoint is not asked at each look. */
static void
renewing_fails(void **state)
{
	email__life l = {0};

	(void)state;
	email__life_got(&l, 0, 3600);
	assert_int_equal(email__life_look(&l, 3400 * S), EMAIL__LIFE_RENEW);
	email__life_failed(&l, 3400 * S, true, 100, MIDDLE);
	assert_int_equal(email__life_look(&l, 3400 * S), EMAIL__LIFE_USE);
	assert_int_equal(email__life_look(&l, 3500 * S), EMAIL__LIFE_RENEW);
	email__life_failed(&l, 3500 * S, true, 300, MIDDLE);
	assert_int_equal(email__life_look(&l, 3599 * S), EMAIL__LIFE_USE);
	assert_int_equal(email__life_look(&l, 3600 * S), EMAIL__LIFE_WAIT);
	assert_int_equal(email__life_look(&l, 3800 * S), EMAIL__LIFE_GET);
	email__life_got(&l, 3800 * S, 3600);
	email__life_failed(&l, 3800 * S, true, -1, MIDDLE);
	assert_int_equal(email__life_wait(&l, 3800 * S), 10 * S);
}

/* A server says no: one new token, one more login, and no loop. */
static void
refusals(void **state)
{
	email__life l = {0};

	(void)state;
	email__life_got(&l, 0, 3600);
	assert_true(email__life_refused(&l, 0, MIDDLE));
	assert_int_equal(email__life_look(&l, 0), EMAIL__LIFE_GET);
	assert_int_equal(email__life_left(&l, 0), 0);
	email__life_got(&l, 0, 3600);
	assert_false(email__life_refused(&l, 0, MIDDLE));
	assert_int_equal(email__life_look(&l, 0), EMAIL__LIFE_WAIT);
	assert_int_equal(email__life_wait(&l, 0), 300 * S);
	assert_int_equal(email__life_look(&l, 300 * S), EMAIL__LIFE_GET);
	/* and longer each time */
	email__life_got(&l, 300 * S, 3600);
	assert_true(email__life_refused(&l, 300 * S, MIDDLE));
	email__life_got(&l, 300 * S, 3600);
	assert_false(email__life_refused(&l, 300 * S, MIDDLE));
	assert_int_equal(email__life_wait(&l, 300 * S), 600 * S);
	/* a login that succeeds in between gives the next one its own retry */
	email__life_got(&l, 0, 3600);
	email__life_accepted(&l);
	assert_true(email__life_refused(&l, 0, MIDDLE));
	email__life_got(&l, 0, 3600);
	email__life_accepted(&l);
	assert_true(email__life_refused(&l, 0, MIDDLE));
	email__life_forget(&l);
	assert_int_equal(email__life_look(&l, 0), EMAIL__LIFE_GET);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(renewals), cmocka_unit_test(backing_off),
	                                   cmocka_unit_test(retry_after), cmocka_unit_test(renewing_fails),
	                                   cmocka_unit_test(refusals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
