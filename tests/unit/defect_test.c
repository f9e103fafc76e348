/* SPDX-License-Identifier: MIT */
#include <emailservice/parse.h>

#include <ctype.h>

#include "support/cm.h"

static void
each_has_name_and_sentence(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < EMAIL_DEFECT_COUNT; i++) {
		const char *name = email_defect_name((email_defect)i);

		assert_true(islower((unsigned char)name[0]));
		assert_true(strlen(email_defect_text((email_defect)i)) > 8);
		for (k = 0; k < i; k++)
			assert_string_not_equal(name, email_defect_name((email_defect)k));
	}
	assert_string_equal(email_defect_name(EMAIL_DEFECT_END_BOUNDARY), "endBoundary");
	assert_string_equal(email_defect_text(EMAIL_DEFECT_REPORT),
	                    "a delivery report breaks the grammar (RFC 3464)");
	/* a bit each in a word (lib/mime) */
	assert_true(EMAIL_DEFECT_COUNT <= 64);
}

static void
others_have_none(void **state)
{
	(void)state;
	assert_string_equal(email_defect_name(EMAIL_DEFECT_COUNT), "");
	assert_string_equal(email_defect_text((email_defect)-1), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_name_and_sentence),
		cmocka_unit_test(others_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
