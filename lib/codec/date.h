/* SPDX-License-Identifier: MIT */
/* Dates of messages (RFC 5322 3.3), without the C library's time zones. */
#ifndef EMAIL__CODEC_DATE_H
#define EMAIL__CODEC_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "Tue, 24 Nov 2026 08:30:00 +0100" and its NUL. */
#define EMAIL__DATE_SIZE 32

/* The local time at `offset` minutes ahead of UTC. False where the year is not within 1900 and 9999
 * (RFC 5322 3.3), or the offset not within a day. */
bool email__date_write(char out[EMAIL__DATE_SIZE], int64_t seconds, int offset);
/*
 * Reads a Date as it came (n bytes, folds and comments in it), obsolete forms too (RFC 5322 4.3: years of two
 * and three digits, zones by name, white space anywhere), tolerant of a missing or wrong day of the week,
 * missing seconds or zone (UTC). A leap second is the second after. False where there is no date in it.
 */
bool email__date_read(const char *text, size_t n, int64_t *seconds, int *offset);

#endif
