/* SPDX-License-Identifier: MIT */
#include "queue/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

#define MINUTE INT64_C(60000)
#define BACKOFF_MINUTES_MAX 30
#define PARKED (15 * MINUTE)
/* A clock that differs by more from the running time has been set, and has not run. */
#define JUMP_SECONDS 3600
#define DAY_SECONDS 86400

void
email__policy_init(email__policy *p, const email__policy_config *config)
{
	memset(p, 0, sizeof *p);
	p->config = *config;
}

/* --- when again ------------------------------------------------------------------------------- */

int64_t
email__policy_backoff(unsigned failures, uint32_t random)
{
	int64_t minutes = failures < 1   ? 1
	                  : failures > 5 ? BACKOFF_MINUTES_MAX
	                                 : INT64_C(1) << (failures - 1);
	int64_t tenth = minutes * MINUTE / 10;

	return minutes * MINUTE - tenth + (int64_t)(random % (uint64_t)(2 * tenth + 1));
}

email__policy_class
email__policy_classify(email_code code, email_stage stage)
{
	bool of_mail = stage == EMAIL_STAGE_ENVELOPE || stage == EMAIL_STAGE_DATA;

	if (code == EMAIL_E_LOGIN || code == EMAIL_E_MECHANISM || code == EMAIL_E_SECRET)
		return EMAIL__POLICY_LOGIN;
	if (code == EMAIL_E_TEMPORARY && of_mail)
		return EMAIL__POLICY_MAIL;
	switch (email_code_class(code)) {
	case EMAIL_CLASS_NONE: return EMAIL__POLICY_DONE;
	case EMAIL_CLASS_REFUSED: return EMAIL__POLICY_REFUSED;
	case EMAIL_CLASS_UNSURE:
	case EMAIL_CLASS_BUG: return EMAIL__POLICY_MAIL;
	case EMAIL_CLASS_RETRY:
	case EMAIL_CLASS_FIX: break;
	}
	/* a message or a file that cannot be sent is no fault of the server */
	if (code == EMAIL_E_MESSAGE || code == EMAIL_E_FILE || code == EMAIL_E_MEMORY ||
	    code == EMAIL_E_LIMIT)
		return EMAIL__POLICY_MAIL;
	return EMAIL__POLICY_ACCOUNT;
}

void
email__policy_result(email__policy *p, email__policy_class result, uint32_t random, int64_t running)
{
	switch (result) {
	case EMAIL__POLICY_DONE:
	case EMAIL__POLICY_MAIL:
	case EMAIL__POLICY_REFUSED:
		p->failures = 0;
		p->down_until = p->parked_until = 0;
		break;
	case EMAIL__POLICY_ACCOUNT:
		p->failures++;
		p->down_until = running + email__policy_backoff(p->failures, random);
		break;
	case EMAIL__POLICY_LOGIN:
		p->failures++;
		p->parked_until = running + PARKED;
		break;
	}
}

bool
email__policy_down(const email__policy *p, int64_t running)
{
	return running < p->down_until || running < p->parked_until;
}

/* --- who is next ------------------------------------------------------------------------------ */

/* Forgets the seconds that are more than a minute past. */
static void
roll(email__policy *p, int64_t running)
{
	int64_t second = running / 1000;

	if (second - p->second >= 60)
		memset(p->sent, 0, sizeof p->sent);
	else
		while (p->second < second)
			p->sent[++p->second % 60] = 0;
	if (second > p->second)
		p->second = second;
}

static int64_t
sent_in_minute(email__policy *p, int64_t running)
{
	int64_t n = 0;
	size_t i;

	roll(p, running);
	for (i = 0; i < 60; i++)
		n += p->sent[i];
	return n;
}

void
email__policy_begun(email__policy *p, int64_t running)
{
	roll(p, running);
	p->sent[p->second % 60]++;
}

/* How much of a cap such a mail may use. */
static int64_t
share(int64_t cap, unsigned reserve, bool urgent)
{
	return urgent || cap < 0 ? cap : cap - cap * (int64_t)reserve / 100;
}

static bool
allowed(int64_t cap, unsigned reserve, bool urgent, uint64_t used)
{
	return cap < 0 || used < (uint64_t)share(cap, reserve, urgent);
}

static int64_t
until_midnight(const email__now *now)
{
	int64_t local = now->wall + (int64_t)now->offset * 60;
	int64_t into = ((local % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;

	/* asked again every hour, too: clocks are set */
	return (DAY_SECONDS - into < JUMP_SECONDS ? DAY_SECONDS - into : JUMP_SECONDS) * 1000;
}

static email__policy_choice
not_now(email__policy_why why, int64_t wait)
{
	return (email__policy_choice){.why = why, .wait = wait};
}

bool
email__policy_within_caps(email__policy *p, bool urgent, const email__now *now, int64_t running,
                          uint64_t today, email__policy_choice *held)
{
	if (!p)
		return true;
	if (!allowed(p->config.per_day, p->config.reserve, urgent, today)) {
		*held = not_now(EMAIL__POLICY_DAY, until_midnight(now));
		return false;
	}
	if (!allowed(p->config.per_minute, p->config.reserve, urgent, (uint64_t)sent_in_minute(p, running))) {
		*held = not_now(EMAIL__POLICY_MINUTE, 1000 - running % 1000);
		return false;
	}
	return true;
}

static email__policy_choice
go(email__waiting *w, unsigned flight)
{
	bool alone = w->suspect || w->crashes > 0;

	if (alone && flight > 0)
		return not_now(EMAIL__POLICY_FLIGHT, -1);
	return (email__policy_choice){.why = EMAIL__POLICY_GO, .mail = w, .alone = alone};
}

email__policy_choice
email__policy_next(email__policy *p, email__waiting *const *mails, size_t count, const email__now *now,
                   int64_t running, uint64_t today, unsigned flight, bool flight_alone)
{
	email__policy_choice held = not_now(EMAIL__POLICY_EMPTY, -1);
	email__waiting *last = NULL; /* the first of those that are tried last (Q8) */
	size_t i;

	if (flight_alone)
		return not_now(EMAIL__POLICY_FLIGHT, -1);
	if (p && running < p->parked_until)
		return not_now(EMAIL__POLICY_PARKED, p->parked_until - running);
	if (p && running < p->down_until)
		return not_now(EMAIL__POLICY_DOWN, p->down_until - running);
	for (i = 0; i < count; i++) {
		email__waiting *w = mails[i];

		if (!w || w->trying || w->settling || w->held || w->pending == 0)
			continue;
		if (w->next > running) {
			if (held.why == EMAIL__POLICY_EMPTY || w->next - running < held.wait)
				held = not_now(EMAIL__POLICY_LATER, w->next - running);
		} else if (w->crashes >= EMAIL__QUEUE_CRASHES_MAX)
			last = last ? last : w;
		/* they are sorted: what comes behind has no more of the caps than this one */
		else if (!email__policy_within_caps(p, w->priority >= EMAIL_PRIORITY_URGENT, now, running,
		                                    today, &held))
			return held;
		else
			return go(w, flight);
	}
	if (last &&
	    email__policy_within_caps(p, last->priority >= EMAIL_PRIORITY_URGENT, now, running, today, &held))
		return go(last, flight);
	return held;
}

bool
email__policy_expired(const email__policy *p, const email__waiting *w, int64_t running)
{
	return !w->trying && !w->settling && running - w->queued > p->config.expire_after;
}

/* --- the day ---------------------------------------------------------------------------------- */

void
email__policy_day(email__day *day, const email__now *now, int64_t running)
{
	int64_t local = now->wall + (int64_t)now->offset * 60, today, drift;

	/* which day it is nobody knows yet; once it is known, how long the machine was off will count */
	if (!now->clock_set) {
		if (!day->same_boot)
			day->wall = 0;
		return;
	}
	today = local >= 0 ? local / DAY_SECONDS : -((-local + DAY_SECONDS - 1) / DAY_SECONDS);
	drift = (now->wall - day->wall) - (running - day->running) / 1000;
	/* a new day it is only where that time has passed, or the machine was off */
	if (today > day->day &&
	    (!day->same_boot || day->wall == 0 || (drift < JUMP_SECONDS && drift > -JUMP_SECONDS)))
		day->count = 0;
	day->day = today < 0 ? 0 : today;
	day->wall = now->wall < 1 ? 1 : now->wall;
	day->running = running;
}

/* --- floods ----------------------------------------------------------------------------------- */

bool
email__policy_drop_rather(const email__waiting *one, const email__waiting *best, int priority)
{
	if (one->priority > priority || one->trying || one->settling)
		return false;
	if (!best || one->priority != best->priority)
		return !best || one->priority < best->priority;
	return one->sequence < best->sequence;
}

bool
email__policy_suppressed(const email__policy *p, uint64_t subject, uint64_t recipients, int64_t running)
{
	size_t i;

	for (i = 0; p->config.suppress_within > 0 && i < EMAIL__POLICY_RECENT; i++)
		if (p->recent[i].used && p->recent[i].subject == subject &&
		    p->recent[i].recipients == recipients &&
		    running - p->recent[i].at < p->config.suppress_within)
			return true;
	return false;
}

void
email__policy_queued(email__policy *p, uint64_t subject, uint64_t recipients, int64_t running)
{
	if (p->config.suppress_within <= 0)
		return;
	p->recent[p->recent_at] = (struct email__policy_recent){subject, recipients, running, true};
	p->recent_at = (p->recent_at + 1) % EMAIL__POLICY_RECENT;
}

void
email__policy_unqueued(email__policy *p, uint64_t subject, uint64_t recipients, int64_t running)
{
	size_t i;

	for (i = 0; i < EMAIL__POLICY_RECENT; i++)
		if (p->recent[i].subject == subject && p->recent[i].recipients == recipients &&
		    p->recent[i].at == running)
			p->recent[i].used = false;
}

static int
by_arrival(const void *a, const void *b)
{
	const email__waiting *one = *(email__waiting *const *)a, *other = *(email__waiting *const *)b;

	if (one->queued != other->queued)
		return one->queued < other->queued ? -1 : 1;
	return (one->sequence > other->sequence) - (one->sequence < other->sequence);
}

static bool
foldable(const email__waiting *w)
{
	return w && w->priority < EMAIL_PRIORITY_URGENT && !w->digest && !w->named && !w->trying &&
	       !w->settling && w->attempts == 0;
}

email_code
email__policy_fold(const email__policy *p, email__waiting *const *mails, size_t count, int64_t running,
                   email__waiting **chosen, size_t max, size_t *n)
{
	email__waiting **came;
	size_t i, candidates = 0, above = p->config.digest_above, first = 0;

	*n = 0;
	if (above == 0 || count == 0)
		return EMAIL_OK;
	if (!(came = email__alloc(count * sizeof *came)))
		return EMAIL_E_MEMORY;
	for (i = 0; i < count; i++)
		if (foldable(mails[i]))
			came[candidates++] = mails[i];
	if (candidates > 0)
		qsort(came, candidates, sizeof *came, by_arrival);
	for (i = 0, first = candidates; i < candidates; i++) {
		/* once held, always: those that it came with may have left */
		if (i >= above && came[i]->queued - came[i - above]->queued < MINUTE)
			came[i]->held = true;
		if (came[i]->held && first == candidates)
			first = i;
	}
	for (i = first;
	     first < candidates && running - came[first]->queued >= MINUTE && i < candidates && *n < max; i++)
		if (came[i]->held && came[i]->recipients == came[first]->recipients)
			chosen[(*n)++] = came[i];
	/* one alone needs none to stand for it */
	if (*n == 1) {
		chosen[0]->held = false;
		*n = 0;
	}
	email__free(came);
	return EMAIL_OK;
}
