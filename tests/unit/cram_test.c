/* SPDX-License-Identifier: MIT */
#include "sasl/mechanisms.h"

#include <string.h>

#include "support/cm.h"

/* RFC 2195 2 */
static void
vector(void **state)
{
	static const char challenge[] = "<1896.697170952@postoffice.reston.mci.net>";
	static const email__credentials tim = {.user = "tim", .password = "tanstaaftanstaaf"};
	email__sasl s = {0};
	email__buf out;

	(void)state;
	email__buf_init(&out, 100);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("CRAM-MD5"), "", &tim), EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_E_USAGE);
	assert_int_equal(email__sasl_respond(&s, "", 0, &out), EMAIL_E_PROTOCOL);
	assert_int_equal(email__sasl_respond(&s, challenge, strlen(challenge), &out), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "tim b913a602c7eda7a495b4e6e7334d3890");
	assert_int_equal(email__sasl_accept(&s), EMAIL_OK);
	email__sasl_end(&s);
	email__buf_dispose(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vector)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
