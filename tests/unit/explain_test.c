/* SPDX-License-Identifier: MIT */
/* What a technician reads about a refusal: every reason has a name and words, and the remedy fits. */
#include "trust/explain.h"

#include "base/error.h"
#include "support/cm.h"
#include "trust/path.h"

#define R(name) EMAIL_REASON(name)

static email_error e;

static email_code
explain(const char *host, int port, email__verdict v)
{
	email__when when = email__when_make(86400, 0, false, false);

	memset(&e, 0, sizeof e);
	strcpy(v.certificate.sha256, "0123");
	return email__explain(host, port, &v, &when, &e);
}

static void
test_reasons(void **state)
{
	char text[200], all[64];
	unsigned i, j;

	(void)state;
	for (i = 0; i < EMAIL_REASON_COUNT; i++) {
		assert_true(strlen(email_reason_name(i)) > 2);
		for (j = 0; j < i; j++)
			assert_string_not_equal(email_reason_name(i), email_reason_name(j));
		email__reasons_text((email_reasons)1 << i, text, sizeof text);
		assert_true(strlen(text) > 10);
		assert_int_equal(
			explain("a.example", 465, (email__verdict){.reasons = (email_reasons)1 << i}),
			i == EMAIL_REASON_INDEX_CLOCK ? EMAIL_E_CLOCK : EMAIL_E_TRUST);
		assert_int_equal(e.stage, EMAIL_STAGE_TRUST);
		assert_true(strlen(e.remedy) > 10);
	}
	assert_null(email_reason_name(EMAIL_REASON_COUNT));
	email__reasons_text(R(SELF_SIGNED) | R(EXPIRED), text, sizeof text);
	assert_string_equal(text, "it is self-signed, it, or a CA in the chain, has expired");
	email__reasons_text((email_reasons)-1, all,
	                    sizeof all); /* whole ones, as many as there is room for */
	assert_true(strlen(all) < sizeof all && strlen(all) > 10);
}

/* Rule 1 is what the third column says, and nothing else. */
static void
test_hard(void **state)
{
	(void)state;
	assert_int_equal(email__reasons_hard(), R(MALFORMED) | R(HANDSHAKE) | R(WEAK_KEY) |
	                                                R(WEAK_SIGNATURE) | R(CRITICAL_EXTENSION) |
	                                                R(REVOKED));
	explain("a.example", 465,
	        (email__verdict){.reasons = R(WEAK_KEY) | R(SELF_SIGNED), .recorded = true});
	assert_non_null(strstr(e.remedy, "cannot be approved"));
	/* a hard reason is told before a clock that is not set */
	assert_int_equal(explain("a.example", 465, (email__verdict){.reasons = R(WEAK_KEY) | R(CLOCK)}),
	                 EMAIL_E_TRUST);
	assert_null(strstr(e.text, "clock"));
}

static void
test_standing(void **state)
{
	email__verdict v = {.reasons = R(SELF_SIGNED), .recorded = true};

	(void)state;
	explain("a.example", 465, v);
	assert_non_null(strstr(e.text, "a.example port 465"));
	assert_non_null(strstr(e.text, "recorded in Allowed Hosts"));
	assert_non_null(strstr(e.remedy, "hosts approve a.example:465 --sha256 0123"));
	v.approval = EMAIL_APPROVAL_YES;
	explain("::1", 465, v);
	assert_non_null(strstr(e.text, "its approval has ended"));
	assert_non_null(strstr(e.remedy, "hosts approve [::1]:465"));
	v.approval = EMAIL_APPROVAL_KEY_CHANGED;
	explain("a.example", 465, v);
	assert_non_null(strstr(e.text, "not the one that was approved"));
	assert_non_null(strstr(e.remedy, "hosts accept-key a.example:465 --sha256 0123"));
	v.approval = EMAIL_APPROVAL_REJECTED;
	explain("a.example", 465, v);
	assert_non_null(strstr(e.text, "rejected"));
	assert_non_null(strstr(e.remedy, "hosts unapprove a.example:465"));
	v.recorded = false;
	explain("a.example", 465, v);
	assert_non_null(strstr(e.remedy, "trust import"));
	explain("a.example", 0, v);
	assert_null(strstr(e.text, "port"));
}

static void
test_clock(void **state)
{
	(void)state;
	assert_int_equal(explain("a.example", 465, (email__verdict){.reasons = R(CLOCK) | R(SELF_SIGNED)}),
	                 EMAIL_E_CLOCK);
	assert_true(e.temporary);
	assert_non_null(strstr(e.text, "1970-01-02T00:00:00Z"));
	assert_non_null(strstr(e.remedy, "clockPolicy"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reasons), cmocka_unit_test(test_hard),
	                                   cmocka_unit_test(test_standing), cmocka_unit_test(test_clock)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
