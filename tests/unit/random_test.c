/* SPDX-License-Identifier: MIT */
#include "os/random.h"

#include "support/cm.h"

static void
differs(void **state)
{
	unsigned char a[64] = {0}, b[64] = {0}, none[64] = {0};

	(void)state;
	assert_int_equal(email__random_bytes(a, sizeof a), 0);
	assert_int_equal(email__random_bytes(b, sizeof b), 0);
	assert_memory_not_equal(a, b, sizeof a);
	assert_memory_not_equal(a, none, sizeof a);
	/* all of it, and no more */
	assert_memory_not_equal(a + 48, none, 16);
	assert_int_equal(email__random_bytes(none, 0), 0);
	assert_int_equal(none[0], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(differs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
