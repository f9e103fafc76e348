/* SPDX-License-Identifier: MIT */
/* Time. Deadlines run on the monotonic clock; only trust, Date and status look at the wall. */
#ifndef EMAIL__OS_CLOCK_H
#define EMAIL__OS_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t email__clock_ms(void);
/* The same in microseconds, to measure with. */
int64_t email__clock_us(void);
/* Sleeps; a signal may end it early. */
void email__clock_sleep(long ms);
/* Seconds since 1970. */
int64_t email__clock_wall(void);
/* Minutes that local time is ahead of UTC at that second. */
int email__clock_local_offset(int64_t wall);

#endif
