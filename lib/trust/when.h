/* SPDX-License-Identifier: MIT */
/*
 * Dates under a clock that may not be set (model: trust, rule 4). Pure: the time is told.
 */
#ifndef EMAIL__TRUST_WHEN_H
#define EMAIL__TRUST_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include <emailservice/trust.h>

/*
 * No station that runs this code lives before it: 2026-11-01T00:00:00Z, moved on with each release. A
 * constant and no __DATE__, so that the same source gives the same bytes.
 */
#ifndef EMAIL__BUILD_DATE
#define EMAIL__BUILD_DATE INT64_C(1793491200)
#endif

typedef struct email__when {
	int64_t now;
	bool inside;       /* a part of that second has gone by */
	int64_t floor;     /* the later of the build date and the newest not-before once accepted */
	bool unset;        /* the clock is below the floor, and nobody vouches for it */
	bool floor_policy; /* clockPolicy Floor: judge against the floor then */
} email__when;

/* `kept`: the newest not-before of a chain once accepted, 0: none. `good`: the application vouches. */
email__when email__when_make(int64_t now, int64_t kept, bool good, bool floor_policy);
/* 0, EXPIRED, NOT_YET_VALID, or CLOCK. */
email_reasons email__when_judge(const email__when *when, int64_t not_before, int64_t not_after);

#endif
