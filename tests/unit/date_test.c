/* SPDX-License-Identifier: MIT */
#include "codec/date.h"

#include <stdlib.h>

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

/* Read from a copy of just its size, so that a sanitizer sees what is read behind it. */
static bool
read_copy(const char *text, size_t n, int64_t *seconds, int *offset)
{
	char *copy = malloc(n ? n : 1);
	bool ok;

	assert_non_null(copy);
	if (n)
		memcpy(copy, text, n);
	ok = email__date_read(copy, n, seconds, offset);
	free(copy);
	return ok;
}

static void
reads(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		int offset;
	} c[] = {
		/* RFC 5322 A.1, A.5, A.6.2 */
		{"Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360},
		{"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 "
	         "(Newfoundland Time)",
	         -27723480, -210},
		{"21 Nov 97 09:55:06 GMT", 880106106, 0},
		/* obsolete forms (RFC 5322 4.3) */
		{"(c) Tue (c(c)) , 24(c)Nov 2026 08 : 30 : 00 +0100 (CET)", 1795505400, 60},
		{"Tue, 24 Nov 26 08:30:00 +0000", 1795509000, 0},
		{"1 Jan 49 00:00 UT", 2493072000, 0},
		{"1 Jan 50 00:00 GMT", -631152000, 0},
		{"1 Jan 126 00:00 GMT", 1767225600, 0},
		{"24 Nov 2026 08:30:00 EST", 1795527000, -300},
		{"24 Nov 2026 08:30:00 edt", 1795523400, -240},
		{"24 Nov 2026 08:30:00 CST", 1795530600, -360},
		{"24 Nov 2026 08:30:00 CDT", 1795527000, -300},
		{"24 Nov 2026 08:30:00 MST", 1795534200, -420},
		{"24 Nov 2026 08:30:00 MDT", 1795530600, -360},
		{"24 Nov 2026 08:30:00 PST", 1795537800, -480},
		{"24 Nov 2026 08:30:00 PDT", 1795534200, -420},
		{"24 Nov 2026 08:30:00 Z", 1795509000, 0},
		{"24 Nov 2026 08:30:00 A", 1795509000, 0},
		{"24 Nov 2026 08:30:00 XYZZY", 1795509000, 0},
		{"24 Nov 2026 08:30:00 ESTX", 1795509000, 0},
		/* what is missing or wrong */
		{"24 Nov 2026 08:30", 1795509000, 0},
		{"24 Nov 2026 8:30 +0100", 1795505400, 60},
		{"Mon, 24 Nov 2026 08:30:00 -0000", 1795509000, 0},
		{"Di, 24 November 2026 08:30:00 +0100", 1795505400, 60},
		{"m\xC3\xA5n., 24 Nov 2026 08:30:00 +0100", 1795505400, 60},
		{"Tue,24 NOV 2026 08:30:00+0100", 1795505400, 60},
		{"24-Nov-2026 08:30:00 +01", 1795505400, 60},
		{"24 Nov 2026 08:30:00 +100", 1795505400, 60},
		{"24 Nov 2026 08:30:00 +01:30", 1795503600, 90},
		{"24 Nov 2026 08:30:00 GMT+0100", 1795505400, 60},
		{"24 Nov 2026 08:30:00 UTC-1", 1795512600, -60},
		{"24 Nov 2026 08:30:00.250 +0100 and more", 1795505400, 60},
		{"24 Nov 2026 08:30:00 PM", 1795552200, 0},
		{"24 Nov 2026 12:30:00 am +0000", 1795480200, 0},
		{"24 Nov 2026 08:30:00 (unclosed", 1795509000, 0},
		/* other programs */
		{"Tue Nov 24 08:30:00 2026", 1795509000, 0},
		{"Tue Nov 24 08:30:00 CET 2026", 1795509000, 0},
		{"Tue Nov 24 2026 08:30:00 GMT+0100 (CET)", 1795505400, 60},
		{"Nov 24, 2026 08:30", 1795509000, 0},
		{"2026-11-24T08:30:00Z", 1795509000, 0},
		{"2026-11-24 08:30:00.123456+01:00", 1795505400, 60},
		{"2026-11-24t08:30", 1795509000, 0},
		/* the calendar, and its edges */
		{"29 Feb 2024 00:00 +0000", 1709164800, 0},
		{"29 Feb 2000 00:00 +0000", 951782400, 0},
		{"31 Dec 2016 23:59:60 +0000", 1483228800, 0},
		{"1 Jan 1900 00:00 +0000", -2208988800, 0},
		{"31 Dec 9999 23:59:59 -2359", 253402387139, -1439},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		int64_t seconds = 0;
		int offset = -1;

		if (!read_copy(c[i].text, strlen(c[i].text), &seconds, &offset))
			fail_msg("%s", c[i].text);
		if (seconds != c[i].seconds || offset != c[i].offset)
			fail_msg("%s: %lld, %d", c[i].text, (long long)seconds, offset);
		for (k = 0; k < strlen(c[i].text); k++)
			read_copy(c[i].text, k, &seconds, &offset);
	}
}

static void
reads_none(void **state)
{
	static const char *const c[] = {
		"",
		" ",
		"()",
		"Tue",
		"Tue, 24",
		"24 Nov",
		"24 Nov 2026",
		"24 Nov 2026 08",
		"24 Nov 2026 08:",
		"24 Nov 2026 08:3",
		"24 Nov 2026 08:30:",
		"24 Nov 2026 08:30:1",
		"24 Nov 2026 24:00",
		"24 Nov 2026 23:60",
		"24 Nov 2026 23:59:61",
		"24 Nov 2026 008:30",
		"0 Nov 2026 08:30",
		"31 Nov 2026 08:30",
		"30 Feb 2024 08:30",
		"29 Feb 2026 08:30",
		"29 Feb 1900 08:30",
		"32 Jan 2026 08:30",
		"024 Nov 2026 08:30",
		"24 Nox 2026 08:30",
		"24 No 2026 08:30",
		"24 11 2026 08:30",
		"24/11/2026 08:30",
		"24 Nov 1899 08:30",
		"24 Nov 0000 08:30",
		"24 Nov 6 08:30",
		"24 Nov 10000 08:30",
		"24 Nov 99999999999999999999 08:30",
		"99999999999999999999 Nov 2026 08:30",
		"24 Nov 2026 08:30 +",
		"24 Nov 2026 08:30 +2400",
		"24 Nov 2026 08:30 +0060",
		"24 Nov 2026 08:30 -99999",
		"24 Nov 2026 08:30 +01:5",
		"24 Nov 2026 08:30 +x",
		"Tue Nov 24 08:30:00",
		"2026-11-24",
		"2026-00-24T08:30:00Z",
		"2026-13-24T08:30:00Z",
		"2026-02-30T08:30:00Z",
		"2026-11-24X08:30:00Z",
		"1899-11-24T08:30:00Z",
		"20261124T083000Z",
		"-1 Nov 2026 08:30",
		"((((",
	};
	int64_t seconds;
	int offset;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		if (read_copy(c[i], strlen(c[i]), &seconds, &offset))
			fail_msg("%s", c[i]);
	assert_false(read_copy("24 Nov\0 2026 08:30", 18, &seconds, &offset));
}

/* What is written is read as it was, over all years and offsets. */
static void
round_trip(void **state)
{
	int64_t seconds = -2208988800 + 86400, back;
	int offset = -1439, offset_back;

	(void)state;
	for (; seconds < 253402300799 - 86400; seconds += 2678399 + seconds % 97) {
		char text[EMAIL__DATE_SIZE];

		offset = offset >= 1430 ? -1439 : offset + 7;
		assert_true(email__date_write(text, seconds, offset));
		assert_true(read_copy(text, strlen(text), &back, &offset_back));
		assert_int_equal(back, seconds);
		assert_int_equal(offset_back, offset);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(refused),
	                                   cmocka_unit_test(reads), cmocka_unit_test(reads_none),
	                                   cmocka_unit_test(round_trip)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
