/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <psa/crypto.h>

#include "crypto/crypto.h"

static void
ready_and_again(void **state)
{
	unsigned char bytes[16];
	email_error e = {0};

	(void)state;
	assert_int_not_equal(psa_generate_random(bytes, sizeof bytes), PSA_SUCCESS);
	assert_int_equal(email__crypto_init(&e, EMAIL_STAGE_NONE), EMAIL_OK);
	assert_int_equal(email__crypto_init(&e, EMAIL_STAGE_NONE), EMAIL_OK);
	assert_int_equal(e.code, EMAIL_OK);
	assert_int_equal(psa_generate_random(bytes, sizeof bytes), PSA_SUCCESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
