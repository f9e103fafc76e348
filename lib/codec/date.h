/* SPDX-License-Identifier: MIT */
/* Dates of messages (RFC 5322 3.3), without the C library's time zones. */
#ifndef EMAIL__CODEC_DATE_H
#define EMAIL__CODEC_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* "Tue, 24 Nov 2026 08:30:00 +0100" and its NUL. */
#define EMAIL__DATE_SIZE 32

/* The local time at `offset` minutes ahead of UTC. False where the year is not within 1900 and 9999
 * (RFC 5322 3.3), or the offset not within a day. */
bool email__date_write(char out[EMAIL__DATE_SIZE], int64_t seconds, int offset);

#endif
