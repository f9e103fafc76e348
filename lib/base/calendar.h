/* SPDX-License-Identifier: MIT */
/* The Gregorian calendar, and times as XML Schema writes them (part 2, 3.2.7 dateTime), without the C library's zones. */
#ifndef EMAIL__BASE_CALENDAR_H
#define EMAIL__BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* Days since 1970-01-01 of a date (month 1..12, day 1..31), and back. */
int64_t email__calendar_days(int64_t year, int month, int day);
void email__calendar_date(int64_t days, int *year, int *month, int *day);

/* Room for the longest text and its NUL. */
#define EMAIL__TIME_TEXT 24
/* Seconds since 1970 in UTC: "2026-01-31T08:00:00Z". Years 0 to 9999, else "". */
void email__time_write(int64_t seconds, char out[EMAIL__TIME_TEXT]);
/* That spelling and no other, and a date that there is. */
bool email__time_read(const char *text, int64_t *seconds);

#endif
