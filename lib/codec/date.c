/* SPDX-License-Identifier: MIT */
#include "codec/date.h"

#include <stdio.h>

#include "base/calendar.h"

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define DAY 86400
#define YEARS_1900 (-25567LL * DAY) /* 1 January 1900 */
#define YEARS_9999 253402300799LL   /* the last second of 9999 */

bool
email__date_write(char out[EMAIL__DATE_SIZE], int64_t seconds, int offset)
{
	int64_t local, day, rest;
	int year, month, date, ahead = offset < 0 ? -offset : offset;

	if (seconds < YEARS_1900 || seconds > YEARS_9999 || offset <= -1440 || offset >= 1440)
		return false;
	local = seconds + offset * 60LL;
	if (local < YEARS_1900 || local > YEARS_9999)
		return false;
	day = (local - YEARS_1900) / DAY + YEARS_1900 / DAY;
	rest = (local - YEARS_1900) % DAY;
	email__calendar_date(day, &year, &month, &date);
	/* 1 January 1900 was a Monday; the masks only tell the compiler what the ranges are */
	snprintf(out, EMAIL__DATE_SIZE, "%s, %d %s %04u %02u:%02u:%02u %c%02u%02u",
	         days[((local - YEARS_1900) / DAY + 1) % 7], date & 31, months[month - 1],
	         (unsigned)year & 0x3FFF, (unsigned)(rest / 3600) & 31, (unsigned)(rest / 60 % 60) & 63,
	         (unsigned)(rest % 60) & 63, offset < 0 ? '-' : '+', (unsigned)(ahead / 60) & 31,
	         (unsigned)(ahead % 60) & 63);
	return true;
}
