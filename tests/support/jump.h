/* SPDX-License-Identifier: MIT */
/* Time that jumps, for the program that includes this, once: all its clocks go on at once by so much. */
#ifndef EMAIL_TEST_JUMP_H
#define EMAIL_TEST_JUMP_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/cm.h"
#include "support/station.h"

long syscall(long number, ...);

static _Atomic int64_t jumped_ms;

/* In place of the C library's. */
int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int64_t ms = jumped_ms;
	int rc = (int)syscall(SYS_clock_gettime, clock, t);

	t->tv_sec += (time_t)(ms / 1000);
	t->tv_nsec += (long)(ms % 1000 * 1000000);
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
	return rc;
}

/* The service, where it runs, is to look. */
static inline void
jump(station *s, int64_t ms)
{
	jumped_ms += ms;
	assert_int_equal(email_service_apply(s->service), EMAIL_OK);
}

#endif
