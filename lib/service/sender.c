/* SPDX-License-Identifier: MIT */
/* An outgoing account's lane: its connection, over which its own mails go, and those of accounts that are down and name it as
 * their failoverAccount. */
#include "service/sender.h"

#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/random.h"

email__now
email__sender_now(const email__lane *lane)
{
	email__now now = lane->worker->now;

	now.mono = email__clock_ms();
	return now;
}

int64_t
email__sender_running(email__lane *lane)
{
	email__now now = email__sender_now(lane);

	return email__spool_running(lane->outbox->spool, &now);
}

uint32_t
email__sender_random(void)
{
	uint32_t n = 0;

	/* without one all wait alike */
	(void)email__random_bytes(&n, sizeof n);
	return n;
}

/* No mail was begun with: all of them wait for the account. Told once, and when the cause is another one. */
static void
tell_deferred(email__lane *lane, const email_error *e)
{
	email_event event = {.kind = EMAIL_EVENT_DEFERRED};
	size_t waiting;

	email__spool_hold(lane->outbox->spool);
	(void)email__spool_waiting(lane->outbox->spool, &waiting);
	email__spool_release(lane->outbox->spool);
	event.count = waiting;
	snprintf(event.account, sizeof event.account, "%s", lane->account->name);
	snprintf(event.text, sizeof event.text, "%s", e->text);
	email__events_add(&lane->worker->shared->events, &event);
}

/* The operation is over. That the server ended the session between two mails is no failure of the account. */
static void
over(email__lane *lane, email_code rc)
{
	const email_error *e = email_account_error(lane->account);
	bool between = lane->mails_ended &&
	               (rc == EMAIL_E_CLOSED || rc == EMAIL_E_TEMPORARY || rc == EMAIL_E_TIMEOUT);
	email__policy_class class = email__policy_classify(rc, e->stage);

	if (rc && rc != EMAIL_E_CANCELLED && !between) {
		if (lane->policy.failures == 0 || strcmp(lane->failure.text, e->text) != 0)
			tell_deferred(lane, e);
		/* what no mail has on it (554 in place of a greeting, no descriptor, no memory) is the account's, whatever it is
		 * called: or the next try would follow at once, without end */
		email__policy_result(&lane->policy,
		                     class == EMAIL__POLICY_LOGIN ? class : EMAIL__POLICY_ACCOUNT,
		                     email__sender_random(), email__sender_running(lane));
	}
	if (rc && !between) {
		lane->failure = *e;
		if (lane->look_at > email__clock_ms() + EMAIL__SENDER_DOWN_LOOK_MS)
			lane->look_at = email__clock_ms() + EMAIL__SENDER_DOWN_LOOK_MS;
	}
	if (lane->carried >= EMAIL__SENDER_MAILS_MAX)
		email_account_close(lane->account);
	lane->close_at = email__clock_ms() + EMAIL__SENDER_KEEP_MS;
	lane->worker->stir = true;
}

static void
start(email__lane *lane)
{
	email__supply supply = {.context = lane, .next = email__parcel_next, .done = email__parcel_done};

	if (!email__connection_usable(lane->account))
		lane->carried = 0;
	lane->mails_ended = false;
	lane->close_at = 0;
	lane->op = email__account_start_drain(lane->account, &supply);
	if (lane->op)
		lane->op->asked = true; /* nobody sits there to be asked */
	lane->ready = true;
}

/* When it has to be looked at again. */
static void
plan(email__lane *lane, int64_t wait)
{
	int64_t now = email__clock_ms();

	email__lane_by(lane, lane->look_at);
	email__lane_by(lane, lane->tend_at);
	email__lane_by(lane, lane->expire_at);
	if (lane->policy.config.digest_above || lane->digest[0])
		email__lane_by(lane, lane->fold_at);
	if (lane->unsettled)
		email__lane_by(lane, lane->settle_at);
	if (lane->close_at)
		email__lane_by(lane, lane->close_at);
	if (wait >= 0)
		email__lane_by(lane, now + wait);
}

bool
email__sender_rests(email__lane *lane)
{
	email__lane *from;

	return !lane->op && (!lane->working || email__parcel_choose(lane, &from).why != EMAIL__POLICY_GO);
}

void
email__sender_step(email__lane *lane)
{
	email__policy_choice choice = {.wait = -1};
	email__lane *from;
	email_code rc;

	if (!lane->working)
		email__upkeep_take(lane);
	if (!lane->working)
		return;
	email__upkeep(lane);
	/* what ends may be followed by more at once: a connection that had carried its share */
	do {
		if (lane->op && email__lane_advance(lane, &rc))
			over(lane, rc);
		if (lane->op || lane->worker->stopping || lane->next_account || lane->leaving)
			break;
		choice = email__parcel_choose(lane, &from);
		if (choice.why == EMAIL__POLICY_GO)
			start(lane);
	} while (lane->op);
	if (!lane->op && lane->close_at && email__clock_ms() >= lane->close_at) {
		email_account_close(lane->account);
		lane->close_at = 0;
	}
	email__outbox_count_discards(lane->outbox, lane->account);
	plan(lane, lane->op ? -1 : choice.wait);
}
