/* SPDX-License-Identifier: MIT */
#include "os/clock.h"

#include <time.h>

int64_t
email__clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
email__clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; years start in March, so that the leap day is
 * a year's last one. */
static int64_t
days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int
email__clock_local_offset(int64_t wall)
{
	time_t t = (time_t)wall;
	struct tm tm;
	int64_t local;

	/* localtime_r() need not look at TZ by itself (POSIX) */
	tzset();
	if (!localtime_r(&t, &tm))
		return 0;
	local = days((int64_t)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 + tm.tm_hour * 3600 +
	        tm.tm_min * 60 + tm.tm_sec;
	return (int)((local - wall) / 60);
}
