/* SPDX-License-Identifier: MIT */
/* Rule 4 at 1970, 2000, 2036, 2040, and when the clock jumps back. */
#include "trust/when.h"

#include "support/cm.h"

#define DAY INT64_C(86400)

static void
test_table(void **state)
{
	const int64_t from = EMAIL__BUILD_DATE - 30 * DAY, to = EMAIL__BUILD_DATE + 300 * DAY;
	const struct {
		int64_t now, kept;
		bool good, floor;
		bool unset;
		email_reasons reasons;
	} rows[] = {
		{EMAIL__BUILD_DATE, 0, false, false, false, 0},
		{EMAIL__BUILD_DATE - 1, 0, false, false, true, EMAIL_REASON(CLOCK)},
		{0, 0, false, false, true, EMAIL_REASON(CLOCK)},
		{946684800, 0, false, false, true, EMAIL_REASON(CLOCK)},
		{INT64_C(2082758400), 0, false, false, false, EMAIL_REASON(EXPIRED)}, /* 2036 */
		{INT64_C(2208988800), 0, false, false, false, EMAIL_REASON(EXPIRED)}, /* 2040 */
		{0, 0, true, false, false, EMAIL_REASON(NOT_YET_VALID)},
		{0, 0, false, true, true, 0},
		{0, EMAIL__BUILD_DATE + 301 * DAY, false, true, true, EMAIL_REASON(EXPIRED)},
		{EMAIL__BUILD_DATE + DAY, EMAIL__BUILD_DATE + 2 * DAY, false, false, true,
	         EMAIL_REASON(CLOCK)},
		{EMAIL__BUILD_DATE + 2 * DAY, EMAIL__BUILD_DATE + 2 * DAY, false, false, false, 0},
		{EMAIL__BUILD_DATE + DAY, EMAIL__BUILD_DATE - 9 * DAY, false, false, false, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__when w = email__when_make(rows[i].now, rows[i].kept, rows[i].good, rows[i].floor);
		email_reasons r = email__when_judge(&w, from, to);

		if (w.unset != rows[i].unset || r != rows[i].reasons)
			fail_msg("row %u: %d, %x", (unsigned)i, w.unset, r);
	}
}

/* The seconds named are inside. */
static void
test_borders(void **state)
{
	email__when w = email__when_make(1000, 0, true, false);

	(void)state;
	assert_int_equal(email__when_judge(&w, 1000, 1000), 0);
	w.inside = true;
	assert_int_equal(email__when_judge(&w, 1000, 1000), EMAIL_REASON(EXPIRED));
	assert_int_equal(email__when_judge(&w, 1000, 1001), 0);
	w.inside = false;
	assert_int_equal(email__when_judge(&w, 1001, 2000), EMAIL_REASON(NOT_YET_VALID));
	assert_int_equal(email__when_judge(&w, 0, 999), EMAIL_REASON(EXPIRED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_borders)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
