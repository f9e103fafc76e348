/* SPDX-License-Identifier: MIT */
#include "sasl/mechanisms.h"

#include <string.h>

#include "support/cm.h"

static email__sasl s;
static email__buf out;

static const char *
said(const char *mechanism, const email__credentials *c)
{
	email__buf_clear(&out);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism(mechanism), "", c), EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_OK);
	assert_int_equal(email__sasl_accept(&s), EMAIL_OK);
	return email__buf_text(&out);
}

static void
oauthbearer(void **state)
{
	/* RFC 7628 4.1 */
	static const email__credentials user = {.user = "user@example.com",
	                                        .password = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
	                                        .kind = EMAIL__CREDENTIAL_TOKEN,
	                                        .host = "server.example.com",
	                                        .port = 143};
	static const email__credentials odd = {
		.user = "a=b,c", .password = "t", .kind = EMAIL__CREDENTIAL_TOKEN};
	static const char why[] = "{\"status\":\"invalid_token\",\"scope\":\"mail\"}";

	(void)state;
	assert_string_equal(said("OAUTHBEARER", &user),
	                    "n,a=user@example.com,\1host=server.example.com\1port=143\1"
	                    "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1");
	email__buf_clear(&out);
	assert_int_equal(email__sasl_respond(&s, why, strlen(why), &out), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "\1");
	assert_string_equal(s.said, why);
	assert_int_equal(email__sasl_respond(&s, why, strlen(why), &out), EMAIL_E_PROTOCOL);
	assert_string_equal(said("OAUTHBEARER", &odd), "n,a=a=3Db=2Cc,\1auth=Bearer t\1\1");
}

static void
xoauth2(void **state)
{
	/* the example of Google's and Microsoft's documentation */
	static const email__credentials user = {.user = "someuser@example.com",
	                                        .password = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
	                                        .kind = EMAIL__CREDENTIAL_TOKEN};
	static const char why[] = "{\"status\":\"401\"\1}";

	(void)state;
	assert_string_equal(said("XOAUTH2", &user), "user=someuser@example.com\1auth=Bearer "
	                                            "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\1\1");
	email__buf_clear(&out);
	assert_int_equal(email__sasl_respond(&s, why, strlen(why), &out), EMAIL_OK);
	assert_int_equal(email__buf_len(&out), 0);
	assert_string_equal(s.said, "{\"status\":\"401\"?}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(oauthbearer), cmocka_unit_test(xoauth2)};
	int failed;

	email__buf_init(&out, 1000);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	email__sasl_end(&s);
	email__buf_dispose(&out);
	return failed;
}
