/* SPDX-License-Identifier: MIT */
/* What an outgoing account's queue needs from time to time: it is taken, looked at, cleared of what is too old, folded into
 * digests. */
#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "queue/standin.h"
#include "service/sender.h"
#include "trust/verdict.h"

static void
configure(email__lane *lane)
{
	const email__values *v = &lane->account->v;

	lane->policy.config = (email__policy_config){.per_day = v->max_sendable_per_day,
	                                             .per_minute = v->max_sendable_per_minute,
	                                             .reserve = (unsigned)v->urgent_reserve,
	                                             .expire_after = v->expire_after,
	                                             .suppress_within = v->suppress_within,
	                                             .digest_above = (unsigned)v->digest_above};
}

/* Another lane has this folder: persistenceDirectory names it twice. */
static bool
shared_folder(const email__lane *lane)
{
	const email__worker *w = lane->worker;
	size_t i;

	for (i = 0; i < w->count; i++)
		if (w->lane[i] != lane && w->lane[i]->working && w->lane[i]->outbox == lane->outbox)
			return true;
	return false;
}

/* The queue is ours from here on. What fails is tried again. */
void
email__upkeep_take(email__lane *lane)
{
	email__now now = email__sender_now(lane);
	email_error e = {0};

	email__lane_by(lane, lane->try_at);
	if (now.mono < lane->try_at)
		return;
	lane->try_at = now.mono + EMAIL__SENDER_TRY_MS;
	configure(lane);
	lane->outbox = lane->host->owner.outbox(lane->host, lane->account, &e);
	if (lane->outbox && shared_folder(lane))
		email__error_set(&e, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE,
		                 "another account has the same persistenceDirectory");
	else if (lane->outbox && email__spool_start(lane->outbox->spool, &now, &e) == EMAIL_OK)
		lane->working = true;
	if (!lane->working) {
		email__lane_complain(lane, &e);
		if (e.code != EMAIL_E_TEMPORARY)
			email__status_of_session(lane->account, &e);
		email__lane_by(lane, lane->try_at);
		return;
	}
	lane->complaint[0] = lane->digest[0] = '\0';
	lane->look_at = lane->tend_at = lane->expire_at = lane->fold_at = lane->settle_at = now.mono;
}

void
email__upkeep_end(email__lane *lane)
{
	email__now now = email__sender_now(lane);

	if (lane->working)
		email__spool_stop(lane->outbox->spool, &now);
	if (lane->outbox)
		email__outbox_count_discards(lane->outbox, lane->account);
	lane->working = false;
	lane->outbox = NULL;
}

/* The first that is too old; NULL: none. */
static email__waiting *
expired(email__lane *lane, const email__now *now)
{
	email__spool *spool = lane->outbox->spool;
	email__waiting *const *mails, *found = NULL;
	int64_t at;
	size_t i, count;

	email__spool_hold(spool);
	at = email__spool_running_locked(spool, now);
	mails = email__spool_waiting(spool, &count);
	for (i = 0; i < count && !found; i++)
		if (mails[i] && email__policy_expired(&lane->policy, mails[i], at))
			found = mails[i];
	email__spool_release(spool);
	return found;
}

/* True: there may be more. */
static bool
expire(email__lane *lane, const email__now *now)
{
	email__waiting *w;
	email_error e = {0};
	char cause[EMAIL__MAILFILE_TEXT];
	unsigned n;

	snprintf(cause, sizeof cause, "older than expireAfter%s%.64s", lane->failure.code ? ": " : "",
	         lane->failure.text);
	for (n = 0; n < EMAIL__SENDER_BURIED_MAX && (w = expired(lane, now)); n++) {
		email_code rc = email__spool_expire(lane->outbox->spool, w, cause, now, &e);

		if (rc == EMAIL_OK || rc == EMAIL_E_UNKNOWN)
			continue;
		if (rc != EMAIL_E_TEMPORARY)
			email__lane_complain(lane, &e);
		return false;
	}
	return n == EMAIL__SENDER_BURIED_MAX;
}

/* --- digestAbove ------------------------------------------------------------------------------ */

/* Some of those that the digest stands for leave, a step at a time. True: there may be more. */
static bool
bury_named(email__lane *lane, const email__now *now)
{
	email__spool *spool = lane->outbox->spool;
	email__waiting *named[EMAIL__SENDER_BURIED_MAX];
	email__waiting *const *mails;
	email_error e = {0};
	size_t i, count, n = 0, gone;

	email__spool_hold(spool);
	mails = email__spool_waiting(spool, &count);
	for (i = 0; i < count && n < EMAIL__SENDER_BURIED_MAX; i++)
		if (mails[i] && mails[i]->named)
			named[n++] = mails[i];
	email__spool_release(spool);
	if (n == 0)
		lane->digest[0] = '\0';
	else if (email__standin_takes(spool, named, n, lane->digest, now, &gone, &e))
		email__lane_complain(lane, &e);
	else
		return gone > 0;
	return false;
}

static void
make_digest(email__lane *lane, const email__now *now)
{
	email__spool *spool = lane->outbox->spool;
	email__waiting **chosen = NULL;
	email__waiting *const *mails;
	email_error e = {0};
	size_t count, n = 0;
	email_code rc = EMAIL_OK;

	email__spool_hold(spool);
	mails = email__spool_waiting(spool, &count);
	if (count > lane->policy.config.digest_above) {
		size_t most = count < EMAIL__QUEUE_DIGEST_MAX ? count : EMAIL__QUEUE_DIGEST_MAX;

		chosen = email__alloc(most * sizeof *chosen);
		rc = chosen ? email__policy_fold(&lane->policy, mails, count,
		                                 email__spool_running_locked(spool, now), chosen, most, &n)
		            : EMAIL_E_MEMORY;
	}
	email__spool_release(spool);
	if (rc == EMAIL_OK && n > 0 &&
	    email__outbox_digest(lane->outbox, chosen, n, now, &n, lane->digest, &e)) {
		lane->digest[0] = '\0';
		email__lane_complain(lane, &e);
	}
	email__free(chosen);
}

/* True: there is more to do at once. */
static bool
fold(email__lane *lane, const email__now *now)
{
	if (lane->digest[0])
		return bury_named(lane, now);
	make_digest(lane, now);
	return lane->digest[0] != '\0';
}

/* A person says now: whatever the next times, and whether the account is down. */
static void
forget_times(email__lane *lane)
{
	email__waiting *const *mails;
	size_t i, count;

	lane->policy.down_until = lane->policy.parked_until = 0;
	email__spool_hold(lane->outbox->spool);
	mails = email__spool_waiting(lane->outbox->spool, &count);
	for (i = 0; i < count; i++)
		if (mails[i])
			mails[i]->next = 0;
	email__spool_release(lane->outbox->spool);
}

/* Somebody approved a certificate, or changed a store: what was refused for it may pass now. */
static void
look_at_trust(email__lane *lane)
{
	unsigned long generation = email__trust_generation(email__account_trust(lane->account), true);

	if (lane->trust_generation && generation != lane->trust_generation)
		lane->policy.down_until = 0;
	lane->trust_generation = generation;
}

/* Where nobody can knock, somebody has to look; and a certificate is approved without a knock. */
static int64_t
look_again(const email__lane *lane)
{
	int64_t ms = lane->worker->bell.shared || !lane->outbox->folder ? lane->account->v.pollrate
	                                                                : EMAIL__SENDER_LOOK_MS;

	return lane->policy.failures > 0 && ms > EMAIL__SENDER_DOWN_LOOK_MS ? EMAIL__SENDER_DOWN_LOOK_MS : ms;
}

static void
look(email__lane *lane, const email__now *now)
{
	email_error e = {0};

	lane->knocked = false;
	lane->look_at = now->mono + look_again(lane);
	if (email__spool_look(lane->outbox->spool, now, &e))
		email__lane_complain(lane, &e);
	look_at_trust(lane);
	lane->rest_until = now->mono + (email__clock_ms() - now->mono) * (EMAIL__SENDER_LOOK_SHARE + 1);
}

/* What the queue needs from time to time. */
void
email__upkeep(email__lane *lane)
{
	email__now now = email__sender_now(lane);
	email_error e = {0};

	if (lane->asked || now.mono >= lane->look_at || (lane->knocked && now.mono >= lane->rest_until))
		look(lane, &now);
	else if (lane->knocked)
		lane->look_at = lane->rest_until;
	if (lane->unsettled && now.mono >= lane->settle_at) {
		lane->unsettled = email__spool_settle(lane->outbox->spool, &now, &e) != EMAIL_OK;
		lane->settle_at = now.mono + EMAIL__SENDER_AGAIN_MS;
	}
	if (now.mono >= lane->tend_at) {
		(void)email__spool_tend(lane->outbox->spool, &now, &e);
		lane->tend_at = now.mono + EMAIL__SENDER_TEND_MS;
	}
	if (now.mono >= lane->expire_at) {
		bool more = expire(lane, &now);

		lane->expire_at = now.mono + (more ? 1 : EMAIL__SENDER_EXPIRE_MS);
	}
	if ((lane->policy.config.digest_above || lane->digest[0]) && now.mono >= lane->fold_at) {
		bool more = fold(lane, &now);

		lane->fold_at = now.mono + (more ? 1 : EMAIL__SENDER_FOLD_MS);
	}
	if (lane->asked)
		forget_times(lane);
	lane->asked = false;
	email__outbox_count_discards(lane->outbox, lane->account);
}
