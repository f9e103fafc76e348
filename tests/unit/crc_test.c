/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "queue/crc.h"

static void
is_the_one_of_xz(void **state)
{
	(void)state;
	/* the check value of the catalogues, CRC-64/XZ */
	assert_true(email__crc64(0, "123456789", 9) == UINT64_C(0x995DC9BBDF1939FA));
	assert_true(email__crc64(0, "", 0) == 0);
}

static void
comes_in_pieces(void **state)
{
	uint64_t crc = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 9; i++)
		crc = email__crc64(crc, &"123456789"[i], 1);
	assert_true(crc == email__crc64(0, "123456789", 9));
}

static void
zeros_are_not_nothing(void **state)
{
	static const char zeros[64];

	(void)state;
	assert_true(email__crc64(0, zeros, 63) != email__crc64(0, zeros, 64));
	assert_true(email__crc64(0, zeros, 64) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_one_of_xz),
		cmocka_unit_test(comes_in_pieces),
		cmocka_unit_test(zeros_are_not_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
