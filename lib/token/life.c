/* SPDX-License-Identifier: MIT */
#include "token/life.h"

#include <string.h>

#include "base/limits.h"

#define SECOND INT64_C(1000)

#define UNSAID 3600     /* seconds of a life of which nothing is said: the usual one */
#define MARGIN_LEAST 30 /* a mail takes no longer, with its login */
#define MARGIN_MOST 300

/* Seconds: the first wait, and the longest. */
#define TEMPORARY_FIRST 10
#define TEMPORARY_MOST 600
#define LASTING_FIRST 300
#define LASTING_MOST 3600

email__life_advice
email__life_look(const email__life *l, int64_t now_ms)
{
	bool usable = l->held && now_ms < l->ends_ms, left_in_peace = now_ms < l->not_before_ms;

	if (usable)
		return now_ms < l->renew_ms || left_in_peace ? EMAIL__LIFE_USE : EMAIL__LIFE_RENEW;
	return left_in_peace ? EMAIL__LIFE_WAIT : EMAIL__LIFE_GET;
}

long
email__life_wait(const email__life *l, int64_t now_ms)
{
	return now_ms < l->not_before_ms ? (long)(l->not_before_ms - now_ms) : 0;
}

long
email__life_left(const email__life *l, int64_t now_ms)
{
	return l->held && now_ms < l->ends_ms ? (long)((l->ends_ms - now_ms) / SECOND) : 0;
}

void
email__life_got(email__life *l, int64_t now_ms, long seconds)
{
	int64_t life = seconds < 0                       ? UNSAID
	               : seconds < EMAIL__TOKEN_LIFE_MAX ? seconds
	                                                 : EMAIL__TOKEN_LIFE_MAX;
	int64_t margin = life / 10;

	margin = margin < MARGIN_LEAST ? MARGIN_LEAST : margin > MARGIN_MOST ? MARGIN_MOST : margin;
	if (margin > life / 2)
		margin = life - life / 2;
	l->held = true;
	l->ends_ms = now_ms + life * SECOND;
	l->renew_ms = now_ms + (life - margin) * SECOND;
	l->failures = 0;
	l->not_before_ms = 0;
}

/* The n-th wait, in milliseconds, a fourth up or down. */
static int64_t
back_off(unsigned n, int64_t first, int64_t most, unsigned random)
{
	int64_t wait = first;

	while (n-- > 1 && wait < most)
		wait *= 2;
	wait = (wait < most ? wait : most) * SECOND;
	return wait - wait / 4 + wait / 2 * (int64_t)(random % 1024) / 1024;
}

void
email__life_failed(email__life *l, int64_t now_ms, bool temporary, long retry_after, unsigned random)
{
	int64_t wait, asked = retry_after < LASTING_MOST ? retry_after : LASTING_MOST;

	if (l->failures < 32)
		l->failures++;
	wait = temporary ? back_off(l->failures, TEMPORARY_FIRST, TEMPORARY_MOST, random)
	                 : back_off(l->failures, LASTING_FIRST, LASTING_MOST, random);
	if (wait < asked * SECOND)
		wait = asked * SECOND;
	l->not_before_ms = now_ms + wait;
}

bool
email__life_refused(email__life *l, int64_t now_ms, unsigned random)
{
	l->held = false;
	if (l->refusals < 64)
		l->refusals++;
	if (l->refusals % 2)
		return true;
	l->not_before_ms = now_ms + back_off(l->refusals / 2, LASTING_FIRST, LASTING_MOST, random);
	return false;
}

void
email__life_accepted(email__life *l)
{
	l->refusals = 0;
}

void
email__life_ask(email__life *l)
{
	l->not_before_ms = 0;
}

void
email__life_forget(email__life *l)
{
	memset(l, 0, sizeof *l);
}
