/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <emailservice/log.h>

/* "MAJOR.MINOR.PATCH", and the one that the build says it is. */
static void
it_is_three_numbers(void **state)
{
	unsigned major, minor, patch;
	char end;

	(void)state;
	assert_int_equal(sscanf(email_version(), "%u.%u.%u%c", &major, &minor, &patch, &end), 3);
	assert_string_equal(email_version(), EMAIL__VERSION);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_three_numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
