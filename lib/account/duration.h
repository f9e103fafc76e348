/* SPDX-License-Identifier: MIT */
/* Durations as XML Schema writes them (part 2, 3.2.6); times are in base/calendar.h. */
#ifndef EMAIL__ACCOUNT_DURATION_H
#define EMAIL__ACCOUNT_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the longest text and its NUL. */
#define EMAIL__DURATION_TEXT 40

/* Milliseconds of days, hours, minutes and seconds. Years and months have no fixed length, less than a
 * millisecond or below zero means nothing here, and more than nine digits are a mistake: false. */
bool email__duration_parse(const char *text, int64_t *ms);
/* The one spelling of ms >= 0: no zero parts, each part below the next unit. "PT1H30M", "PT0.5S", "P2D". */
void email__duration_print(int64_t ms, char out[EMAIL__DURATION_TEXT]);

#endif
