/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <time.h>

#include "base/calendar.h"

/* Every day of a thousand years there and back, beside the C library's own reckoning now and then. */
static void
every_day_goes_there_and_back(void **state)
{
	int64_t day, last = email__calendar_days(2600, 1, 1);
	int year, month, date;

	(void)state;
	assert_int_equal(email__calendar_days(1970, 1, 1), 0);
	for (day = email__calendar_days(1600, 1, 1); day < last; day++) {
		email__calendar_date(day, &year, &month, &date);
		if (email__calendar_days(year, month, date) != day || month < 1 || month > 12 || date < 1 ||
		    date > 31)
			fail_msg("day %lld", (long long)day);
		if (day % 17 == 0) {
			time_t t = (time_t)day * 86400;
			struct tm tm;

			assert_non_null(gmtime_r(&t, &tm));
			assert_int_equal(tm.tm_year + 1900, year);
			assert_int_equal(tm.tm_mon + 1, month);
			assert_int_equal(tm.tm_mday, date);
		}
	}
}

static void
times_are_written_and_read(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59Z"},
		{951782399, "2000-02-28T23:59:59Z"},
		{951782400, "2000-02-29T00:00:00Z"},
		{2147483648, "2038-01-19T03:14:08Z"},
		{253402300799, "9999-12-31T23:59:59Z"},
		{-62167219200, "0000-01-01T00:00:00Z"},
	};
	char text[EMAIL__TIME_TEXT];
	int64_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__time_write(rows[i].seconds, text);
		assert_string_equal(text, rows[i].text);
		assert_true(email__time_read(text, &seconds));
		assert_int_equal(seconds, rows[i].seconds);
	}
	email__time_write(253402300800, text);
	assert_string_equal(text, "");
	email__time_write(-62167219201, text);
	assert_string_equal(text, "");
	email__time_write(INT64_MIN, text);
	assert_string_equal(text, "");
}

static void
other_spellings_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-24",
		"2026-11-24T08:30:00",
		"2026-11-24T08:30:00Z ",
		"2026-11-24t08:30:00Z",
		"2026-11-24T08:30:00+00:00",
		"2026-11-24T24:00:00Z",
		"2026-11-24T08:60:00Z",
		"2026-11-24T08:30:60Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-11-00T00:00:00Z",
		"-026-11-24T08:30:00Z",
		"2026-1a-24T08:30:00Z",
	};
	int64_t seconds = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		if (email__time_read(bad[i], &seconds))
			fail_msg("%s", bad[i]);
	assert_int_equal(seconds, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_goes_there_and_back),
		cmocka_unit_test(times_are_written_and_read),
		cmocka_unit_test(other_spellings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
