/* SPDX-License-Identifier: MIT */
#include "codec/date.h"

#include "support/cm.h"

static void
known(void **state)
{
	static const struct {
		int64_t seconds;
		int offset;
		const char *text;
	} c[] = {
		{0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"},
		{951782399, 0, "Mon, 28 Feb 2000 23:59:59 +0000"},
		{951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"},
		{1795509000, 60, "Tue, 24 Nov 2026 09:30:00 +0100"},
		{1795509000, -570, "Mon, 23 Nov 2026 23:00:00 -0930"},
		{-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"},
		{-2208988800, 0, "Mon, 1 Jan 1900 00:00:00 +0000"},
		{253402300799, 0, "Fri, 31 Dec 9999 23:59:59 +0000"},
		{4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000"},
		{1709251199, 330, "Fri, 1 Mar 2024 05:29:59 +0530"},
	};
	char text[EMAIL__DATE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		assert_true(email__date_write(text, c[i].seconds, c[i].offset));
		assert_string_equal(text, c[i].text);
	}
}

static void
refused(void **state)
{
	char text[EMAIL__DATE_SIZE];

	(void)state;
	assert_false(email__date_write(text, -2208988801, 0));
	assert_false(email__date_write(text, -2208988800, -1));
	assert_false(email__date_write(text, 253402300800, 0));
	assert_false(email__date_write(text, 253402300799, 1));
	assert_false(email__date_write(text, INT64_MIN, 0));
	assert_false(email__date_write(text, INT64_MAX, 0));
	assert_false(email__date_write(text, 0, 1440));
	assert_false(email__date_write(text, 0, -1440));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
