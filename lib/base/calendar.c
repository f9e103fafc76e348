/* SPDX-License-Identifier: MIT */
#include "base/calendar.h"

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

/* Reckoned in eras of 400 years (146,097 days) that begin in March, so that the leap day is the last of its year; the
 * first of March of the year 0 is day -719468. */
#define ERA 146097
#define TO_1970 719468
#define DAY 86400

int64_t
email__calendar_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970;
}

void
email__calendar_date(int64_t days, int *year, int *month, int *day)
{
	int64_t since = days + TO_1970;
	int64_t era = (since >= 0 ? since : since - (ERA - 1)) / ERA, of_era = since - era * ERA;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

void
email__time_write(int64_t seconds, char out[EMAIL__TIME_TEXT])
{
	int64_t days = seconds / DAY, rest = seconds % DAY;
	int year, month, day;

	out[0] = '\0';
	if (rest < 0) {
		rest += DAY;
		days--;
	}
	if (days < email__calendar_days(0, 1, 1) || days > email__calendar_days(9999, 12, 31))
		return;
	email__calendar_date(days, &year, &month, &day);
	/* the masks only tell the compiler what the ranges are */
	snprintf(out, EMAIL__TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year & 0x3FFF,
	         (unsigned)month & 15, (unsigned)day & 31, (unsigned)(rest / 3600) & 31,
	         (unsigned)(rest / 60 % 60) & 63, (unsigned)(rest % 60) & 63);
}

bool
email__time_read(const char *text, int64_t *seconds)
{
	static const char shape[] = "YYYY-MM-DDThh:mm:ssZ";
	int value[128] = {0};
	int year, month, day;
	int64_t days;
	size_t i;

	for (i = 0; shape[i]; i++) {
		bool digit = shape[i] != '-' && shape[i] != ':' && shape[i] != 'T' && shape[i] != 'Z';

		if (digit ? !email__is_digit(text[i]) : text[i] != shape[i])
			return false;
		if (digit)
			value[(unsigned char)shape[i]] =
				value[(unsigned char)shape[i]] * 10 + (text[i] - '0');
	}
	if (text[i] || value['M'] < 1 || value['M'] > 12 || value['D'] < 1 || value['h'] > 23 ||
	    value['m'] > 59 || value['s'] > 59)
		return false;
	/* the 30th of February is the 1st or 2nd of March */
	days = email__calendar_days(value['Y'], value['M'], value['D']);
	email__calendar_date(days, &year, &month, &day);
	if (month != value['M'] || day != value['D'])
		return false;
	*seconds = days * DAY + value['h'] * 3600 + value['m'] * 60 + value['s'];
	return true;
}
