/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>
#include <time.h>

#include "os/clock.h"

static void
goes_forward(void **state)
{
	struct timespec pause = {0, 20000000};
	int64_t before = email__clock_ms(), after;

	(void)state;
	nanosleep(&pause, NULL);
	after = email__clock_ms();
	assert_true(after - before >= 19 && after - before < 5000);
	assert_true(email__clock_wall() > 1700000000);
}

static void
local_time(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	assert_int_equal(email__clock_local_offset(0), 0);
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	assert_int_equal(email__clock_local_offset(1767225600), 60);  /* 2026-01-01 */
	assert_int_equal(email__clock_local_offset(1782864000), 120); /* 2026-07-01 */
	setenv("TZ", "NST3:30", 1);
	assert_int_equal(email__clock_local_offset(1767225600), -210);
	assert_int_equal(email__clock_local_offset(1767225600 - 3600), -210); /* over the year's end */
	assert_int_equal(email__clock_local_offset(951782400), -210);         /* 2000-02-29 */
	unsetenv("TZ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_forward),
		cmocka_unit_test(local_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
