/* SPDX-License-Identifier: MIT */
#include "trust/when.h"

email__when
email__when_make(int64_t now, int64_t kept, bool good, bool floor_policy)
{
	email__when when;

	when.now = now;
	when.inside = false;
	when.floor = kept > EMAIL__BUILD_DATE ? kept : EMAIL__BUILD_DATE;
	when.unset = !good && now < when.floor;
	when.floor_policy = floor_policy;
	return when;
}

email_reasons
email__when_judge(const email__when *when, int64_t not_before, int64_t not_after)
{
	if (!when->unset)
		return (when->now < not_before ? EMAIL_REASON(NOT_YET_VALID) : 0) |
		       (when->now > not_after || (when->now == not_after && when->inside)
		                ? EMAIL_REASON(EXPIRED)
		                : 0);
	if (!when->floor_policy)
		return EMAIL_REASON(CLOCK);
	/* it is the floor's time or later: what ended before it is over for certain */
	return when->floor > not_after ? EMAIL_REASON(EXPIRED) : 0;
}
