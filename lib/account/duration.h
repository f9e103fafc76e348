/* SPDX-License-Identifier: MIT */
/* Durations and times as XML Schema writes them (XML Schema part 2: 3.2.6 duration, 3.2.7 dateTime). */
#ifndef EMAIL__ACCOUNT_DURATION_H
#define EMAIL__ACCOUNT_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the longest text and its NUL. */
#define EMAIL__DURATION_TEXT 40
#define EMAIL__TIME_TEXT 40

/* Milliseconds of days, hours, minutes and seconds. Years and months have no fixed length, less than a
 * millisecond or below zero means nothing here, and more than nine digits are a mistake: false. */
bool email__duration_parse(const char *text, int64_t *ms);
/* The one spelling of ms >= 0: no zero parts, each part below the next unit. "PT1H30M", "PT0.5S", "P2D". */
void email__duration_print(int64_t ms, char out[EMAIL__DURATION_TEXT]);

/* Seconds since 1970 in UTC: "2026-01-31T08:00:00Z". Years 0 to 9999, else "". */
void email__time_print(int64_t seconds, char out[EMAIL__TIME_TEXT]);

#endif
