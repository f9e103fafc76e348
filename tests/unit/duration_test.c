/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "account/duration.h"

#include "base/calendar.h"

static void
texts_and_their_one_spelling(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *canonical;
	} rows[] = {
		{"PT30S", 30000, "PT30S"},
		{"PT1M", 60000, "PT1M"},
		{"PT60S", 60000, "PT1M"},
		{"P2D", 172800000, "P2D"},
		{"PT48H", 172800000, "P2D"},
		{"PT1H30M", 5400000, "PT1H30M"},
		{"PT90M", 5400000, "PT1H30M"},
		{"PT0.5S", 500, "PT0.5S"},
		{"PT1.250S", 1250, "PT1.25S"},
		{"PT0.001S", 1, "PT0.001S"},
		{"P1DT0.010S", 86400010, "P1DT0.01S"},
		{"P1DT1H1M1S", 90061000, "P1DT1H1M1S"},
		{"PT0S", 0, "PT0S"},
		{"P0D", 0, "PT0S"},
		{"P3650D", INT64_C(315360000000), "P3650D"},
		{"P999999999DT999999999S", 0, NULL}, /* far over every row, and no overflow */
	};
	char out[EMAIL__DURATION_TEXT];
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!email__duration_parse(rows[i].text, &ms))
			fail_msg("%s refused", rows[i].text);
		if (!rows[i].canonical)
			continue;
		assert_int_equal(ms, rows[i].ms);
		email__duration_print(ms, out);
		assert_string_equal(out, rows[i].canonical);
	}
}

static void
what_is_no_duration_here(void **state)
{
	static const char *const bad[] = {"",      "P",       "PT",     "30",     "PT30",
	                                  "P30S",  "T30S",    "-PT30S", "+PT1S",  "P1Y",
	                                  "P1M",   "P1W",     "PT1S1M", "PT1M1M", "P1DT",
	                                  "PT1.S", "PT.5S",   "PT1.5M", "PT1,5S", "PT1.0001S",
	                                  "P1D1H", "pt1s",    " PT1S",  "PT1S ",  "PT1234567890S",
	                                  "PTT1S", "P1DTT1S", "PT1D"};
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (email__duration_parse(bad[i], &ms))
			fail_msg("\"%s\" accepted", bad[i]);
}

static void
every_second_of_three_days_comes_back(void **state)
{
	char out[EMAIL__DURATION_TEXT];
	int64_t ms, back;

	(void)state;
	for (ms = 0; ms < 3 * 86400000; ms += 997) {
		email__duration_print(ms, out);
		if (!email__duration_parse(out, &back) || back != ms)
			fail_msg("%lld: %s", (long long)ms, out);
	}
}

static void
times(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"},
		{951782400, "2000-02-29T00:00:00Z"},
		{1709251199, "2024-02-29T23:59:59Z"},
		{4107542400, "2100-03-01T00:00:00Z"},
		{1795510800, "2026-11-24T09:00:00Z"},
		{-1, "1969-12-31T23:59:59Z"},
		{INT64_C(253402300799), "9999-12-31T23:59:59Z"},
		{INT64_C(253402300800), ""},
		{INT64_MAX, ""},
		{INT64_MIN, ""},
	};
	char out[EMAIL__TIME_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		email__time_write(rows[i].seconds, out);
		assert_string_equal(out, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_their_one_spelling),
		cmocka_unit_test(what_is_no_duration_here),
		cmocka_unit_test(every_second_of_three_days_comes_back),
		cmocka_unit_test(times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
