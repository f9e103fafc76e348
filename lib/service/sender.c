/* SPDX-License-Identifier: MIT */
/* An outgoing account's lane: its queue, kept in order, and its connection, over which its own mails go, and those of accounts
 * that are down and name it as their failoverAccount. */
#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/random.h"
#include "service/queued.h"
#include "service/worker.h"

struct email__parcel {
	email__smtp_mail mail; /* first: a pointer to it is one to the parcel */
	email__lane *from, *by;
	email__attempt *attempt;
	bool alone;
	size_t *number; /* of each recipient, in the queue's list */
	email__smtp_recipient *recipients;
};

static email__now
time_of(const email__lane *lane)
{
	email__now now = lane->worker->now;

	now.mono = email__clock_ms();
	return now;
}

static int64_t
running(email__lane *lane)
{
	email__now now = time_of(lane);

	return email__spool_running(lane->outbox->spool, &now);
}

static uint32_t
random_number(void)
{
	uint32_t n = 0;

	/* without one all wait alike */
	(void)email__random_bytes(&n, sizeof n);
	return n;
}

/* --- who carries what ------------------------------------------------------------------------- */

static bool
may_carry(email__lane *lane)
{
	return lane->working && email__lane_enabled(lane) && !lane->leaving &&
	       !email__policy_down(&lane->policy, running(lane));
}

/* The lane whose connection this one's mails go over: its own, or while that is down the failoverAccount's, and so on; a loop
 * ends where it began. Its own where all are down: then it waits. */
static email__lane *
carrier(email__lane *lane)
{
	email__lane *at = lane;
	size_t steps;

	for (steps = 0; steps < lane->worker->count && at && at->account->kind == EMAIL_OUTGOING; steps++) {
		if (may_carry(at))
			return at;
		at = email__worker_lane(lane->worker, at->account->v.failover_account);
	}
	return lane;
}

/* Which of `from`'s mails would go next over `by`'s connection? */
static email__policy_choice
choose_from(email__lane *by, email__lane *from)
{
	email__worker *w = by->worker;
	email__now now = time_of(by);
	email__policy *policy = &by->policy;
	email__policy_choice choice = {.why = EMAIL__POLICY_FLIGHT, .wait = -1}, held;
	email__waiting *const *mails;
	uint64_t today = 0;
	size_t count;

	if (w->wants_alone && w->wants_alone != from)
		return choice;
	if (policy->config.per_day >= 0 &&
	    email__spool_count_day(by->outbox->spool, &now, 0, &today, NULL))
		return (email__policy_choice){.why = EMAIL__POLICY_LATER, .wait = EMAIL__SENDER_AGAIN_MS};
	email__spool_hold(from->outbox->spool);
	mails = email__spool_waiting(from->outbox->spool, &count);
	choice = email__policy_next(by == from ? policy : NULL, mails, count, &now, email__spool_running_locked(from->outbox->spool, &now),
	                            today, w->flight, w->flight_alone, false);
	email__spool_release(from->outbox->spool);
	if (choice.why == EMAIL__POLICY_FLIGHT && !w->flight_alone)
		w->wants_alone = from;
	else if (w->wants_alone == from)
		w->wants_alone = NULL;
	if (choice.mail && by != from &&
	    !email__policy_within_caps(policy, choice.mail->priority >= EMAIL__PRIORITY_URGENT, &now, running(by), today,
	                               &held))
		return held;
	return choice;
}

/* The most important of all that go over this connection, the lane's own first. */
static email__policy_choice
choose(email__lane *by, email__lane **from)
{
	email__worker *w = by->worker;
	email__policy_choice best = {.why = EMAIL__POLICY_EMPTY, .wait = -1};
	size_t i;

	*from = NULL;
	for (i = 0; i <= w->count; i++) {
		email__lane *lane = i ? w->lane[i - 1] : by;
		email__policy_choice choice;

		if ((i && lane == by) || lane->account->kind != EMAIL_OUTGOING || !lane->working || lane->next_account ||
		    lane->leaving || !email__lane_enabled(lane) || carrier(lane) != by)
			continue;
		choice = choose_from(by, lane);
		if (choice.mail && (!best.mail || choice.mail->priority > best.mail->priority)) {
			best = choice;
			*from = lane;
		} else if (!best.mail && choice.wait >= 0 && (best.wait < 0 || choice.wait < best.wait))
			best = choice;
	}
	return best;
}

/* --- a mail begins ---------------------------------------------------------------------------- */

static email__parcel *
parcel_new(email__lane *by, email__lane *from, size_t recipients)
{
	size_t one = sizeof(email__smtp_recipient) + sizeof(size_t);
	email__parcel *p = email__calloc(1, sizeof *p + recipients * one);

	if (!p)
		return NULL;
	p->by = by;
	p->from = from;
	p->number = (size_t *)(p + 1);
	p->recipients = (email__smtp_recipient *)(p->number + recipients);
	return p;
}

/* Those that wait for it still (Q7). */
static void
address(email__parcel *p)
{
	const email__mailfile *mail = email__attempt_mail(p->attempt);
	size_t i;

	for (i = 0; i < mail->count; i++) {
		if (mail->recipients[i].state != EMAIL__RCPT_PENDING)
			continue;
		p->number[p->mail.count] = i;
		p->recipients[p->mail.count++].address = mail->recipients[i].address;
	}
	p->mail.recipients = p->recipients;
	p->mail.from = mail->from;
	p->mail.source = email__attempt_source(p->attempt);
	p->mail.size = mail->size;
	p->mail.eight_bit = mail->eight_bit;
	p->mail.utf8 = mail->utf8;
	p->mail.dsn = mail->dsn;
	/* reports name the mail by it (RFC 3461 4.4) */
	p->mail.envelope_id = mail->dsn ? email__attempt_id(p->attempt) : NULL;
}

/* What cannot be begun just now is not asked for again at once. */
static void
put_off(email__lane *from, email__waiting *w)
{
	email__now now = time_of(from);

	email__spool_hold(from->outbox->spool);
	w->next = email__spool_running_locked(from->outbox->spool, &now) + EMAIL__SENDER_AGAIN_MS;
	email__spool_release(from->outbox->spool);
}

static email_code
begin(email__lane *by, email__lane *from, const email__policy_choice *choice, email__parcel **parcel)
{
	email__now now = time_of(by);
	email_error e = {0};
	uint64_t today;
	email__parcel *p;
	email_code rc = EMAIL_OK;

	/* both are durable before it is tried (Q8) */
	if (by->policy.config.per_day >= 0)
		rc = email__spool_count_day(by->outbox->spool, &now, 1, &today, &e);
	p = rc ? NULL : parcel_new(by, from, choice->mail->pending);
	if (rc == EMAIL_OK && !p)
		rc = email__error_memory(&e, EMAIL_STAGE_QUEUE);
	if (rc == EMAIL_OK)
		rc = email__spool_begin(from->outbox->spool, choice->mail, choice->alone, &now, &p->attempt, &e);
	if (rc) {
		email__free(p);
		if (rc != EMAIL_E_UNKNOWN && rc != EMAIL_E_MESSAGE)
			put_off(from, choice->mail);
		if (rc != EMAIL_E_UNKNOWN && rc != EMAIL_E_TEMPORARY && rc != EMAIL_E_MESSAGE)
			email__lane_complain(from, &e);
		return rc;
	}
	p->alone = choice->alone;
	address(p);
	*parcel = p;
	return EMAIL_OK;
}

static email__smtp_mail *
next(void *context, unsigned outstanding)
{
	email__lane *by = context, *from;
	email__worker *w = by->worker;

	(void)outstanding;
	while (!w->stopping && !by->next_account && !by->leaving && by->carried < EMAIL__SENDER_MAILS_MAX) {
		email__policy_choice choice = choose(by, &from);
		email__parcel *p;

		if (choice.why != EMAIL__POLICY_GO)
			return NULL;
		if (begin(by, from, &choice, &p))
			continue;
		email__policy_begun(&by->policy, running(by));
		by->carried++;
		from->under_way++;
		w->flight++;
		w->flight_alone = p->alone;
		return &p->mail;
	}
	return NULL;
}

/* --- a mail ends ------------------------------------------------------------------------------ */

/* It will never go, whatever the recipients: an extension that is missing, a message that is too large. */
static bool
hopeless(const email__smtp_mail *mail)
{
	return mail->code == EMAIL_E_EXTENSION || mail->code == EMAIL_E_MESSAGE;
}

static email__rcpt_state
state_of(const email__smtp_mail *mail, email_outcome outcome)
{
	switch (outcome) {
	case EMAIL_OUTCOME_ACCEPTED: return EMAIL__RCPT_DELIVERED;
	case EMAIL_OUTCOME_REFUSED: return EMAIL__RCPT_FAILED;
	case EMAIL_OUTCOME_NONE:
	case EMAIL_OUTCOME_DEFERRED:
	case EMAIL_OUTCOME_UNSURE: break;
	}
	return hopeless(mail) ? EMAIL__RCPT_FAILED : EMAIL__RCPT_PENDING;
}

/* Into the attempt. How many got it. */
static size_t
record_recipients(email__parcel *p)
{
	size_t i, delivered = 0;

	for (i = 0; i < p->mail.count; i++) {
		const email__smtp_recipient *r = &p->recipients[i];
		email__rcpt_state state = state_of(&p->mail, r->outcome);

		email__attempt_recipient(p->attempt, p->number[i], state, r->reply, r->enhanced,
		                         r->text[0] || state == EMAIL__RCPT_DELIVERED ? r->text : p->mail.error.text);
		delivered += state == EMAIL__RCPT_DELIVERED;
	}
	return delivered;
}

/* When it is tried again, and the how manieth failure in a row this was. */
static int64_t
again(const email__parcel *p, unsigned *failures)
{
	*failures = email__attempt_mail(p->attempt)->failures;
	if (p->mail.code == EMAIL_E_CANCELLED)
		return 0;
	++*failures;
	return running(p->from) + email__policy_backoff(*failures, random_number());
}

static void
record(email__parcel *p)
{
	email__events *events = &p->from->worker->shared->events;
	email__now now = time_of(p->from);
	email_event out[EMAIL__OUTCOME_EVENTS];
	email_error e = {0};
	const char *cause = p->mail.code ? p->mail.error.text : "";
	size_t delivered = record_recipients(p), i, n;
	unsigned failures;
	int64_t next = again(p, &failures);

	if (p->mail.code == EMAIL_E_UNSURE)
		email__attempt_unsure(p->attempt);
	n = email__queued_outcome(p->from->account->name, email__attempt_id(p->attempt), email__attempt_mail(p->attempt),
	                          delivered, cause, out);
	/* told only once it is durable (Q6); what is not now, the spool tells when it is */
	if (email__spool_end(p->from->outbox->spool, p->attempt, next, failures, cause, &now, &e)) {
		p->from->unsettled = true;
		email__lane_complain(p->from, &e);
		return;
	}
	for (i = 0; i < n; i++)
		email__events_add(events, &out[i]);
}

static void
done(void *context, email__smtp_mail *mail)
{
	email__parcel *p = (email__parcel *)(void *)mail;
	email__lane *by = context;
	email__worker *w = by->worker;
	email__policy_class class = email__policy_classify(mail->code, mail->error.stage);

	record(p);
	if (mail->code)
		p->from->failure = mail->error;
	p->from->under_way--;
	w->flight--;
	if (p->alone)
		w->flight_alone = false;
	w->stir = w->stir || w->flight == 0;
	/* what broke the connection is told of the account when the operation ends */
	by->mails_ended = mail->code != EMAIL_E_CANCELLED && class != EMAIL__POLICY_ACCOUNT && class != EMAIL__POLICY_LOGIN &&
	                  mail->code != EMAIL_E_UNSURE;
	if (by->mails_ended)
		email__policy_result(&by->policy, class, random_number(), running(by));
	email__free(p);
}

/* --- the queue -------------------------------------------------------------------------------- */

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
static void
take_queue(email__lane *lane)
{
	email__now now = time_of(lane);
	email_error e = {0};

	email__lane_by(lane, lane->try_at);
	if (now.mono < lane->try_at)
		return;
	lane->try_at = now.mono + EMAIL__SENDER_TRY_MS;
	configure(lane);
	lane->outbox = lane->host->owner.outbox(lane->host, lane->account, &e);
	if (lane->outbox && shared_folder(lane))
		email__error_set(&e, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE, "another account has the same persistenceDirectory");
	else if (lane->outbox && email__spool_start(lane->outbox->spool, &now, &e) == EMAIL_OK)
		lane->working = true;
	if (!lane->working) {
		email__lane_complain(lane, &e);
		email__lane_by(lane, lane->try_at);
		return;
	}
	lane->complaint[0] = '\0';
	lane->look_at = lane->tend_at = lane->expire_at = lane->fold_at = lane->settle_at = now.mono;
}

void
email__sender_end(email__lane *lane)
{
	email__now now = time_of(lane);

	if (lane->working)
		email__spool_stop(lane->outbox->spool, &now);
	if (lane->outbox)
		email__outbox_count_discards(lane->outbox, lane->account);
	if (lane->worker->wants_alone == lane)
		lane->worker->wants_alone = NULL;
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

static void
expire(email__lane *lane, const email__now *now)
{
	email__waiting *w;
	email_error e = {0};

	while ((w = expired(lane, now))) {
		email_code rc = email__spool_expire(lane->outbox->spool, w, "it is older than expireAfter", now, &e);

		if (rc == EMAIL_OK || rc == EMAIL_E_UNKNOWN)
			continue;
		if (rc != EMAIL_E_TEMPORARY)
			email__lane_complain(lane, &e);
		return;
	}
}

/* digestAbove. */
static void
fold(email__lane *lane, const email__now *now)
{
	email__spool *spool = lane->outbox->spool;
	email__waiting **chosen = NULL;
	email__waiting *const *mails;
	char id[EMAIL__ID_SIZE];
	email_error e = {0};
	size_t count, n = 0;
	email_code rc = EMAIL_OK;

	email__spool_hold(spool);
	mails = email__spool_waiting(spool, &count);
	if (count > lane->policy.config.digest_above) {
		size_t most = count < EMAIL__QUEUE_DIGEST_MAX ? count : EMAIL__QUEUE_DIGEST_MAX;

		chosen = email__alloc(most * sizeof *chosen);
		rc = chosen ? email__policy_fold(&lane->policy, mails, count, email__spool_running_locked(spool, now), chosen, most, &n)
		            : EMAIL_E_MEMORY;
	}
	email__spool_release(spool);
	if (rc == EMAIL_OK && n > 0 && email__outbox_digest(lane->outbox, chosen, n, now, &n, id, &e))
		email__lane_complain(lane, &e);
	email__free(chosen);
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

static void
look(email__lane *lane, const email__now *now)
{
	email_error e = {0};

	lane->knocked = false;
	/* where nobody can knock, somebody has to look */
	lane->look_at = now->mono + (lane->worker->bell.shared || !lane->outbox->folder ? lane->account->v.pollrate
	                                                                                : EMAIL__SENDER_LOOK_MS);
	if (email__spool_look(lane->outbox->spool, now, &e))
		email__lane_complain(lane, &e);
	look_at_trust(lane);
}

/* What the queue needs from time to time. */
static void
tend(email__lane *lane)
{
	email__now now = time_of(lane);
	email_error e = {0};

	if (lane->knocked || lane->asked || now.mono >= lane->look_at)
		look(lane, &now);
	if (lane->unsettled && now.mono >= lane->settle_at) {
		lane->unsettled = email__spool_settle(lane->outbox->spool, &now, &e) != EMAIL_OK;
		lane->settle_at = now.mono + EMAIL__SENDER_AGAIN_MS;
	}
	if (now.mono >= lane->tend_at) {
		(void)email__spool_tend(lane->outbox->spool, &now, &e);
		lane->tend_at = now.mono + EMAIL__SENDER_TEND_MS;
	}
	if (now.mono >= lane->expire_at) {
		expire(lane, &now);
		lane->expire_at = now.mono + EMAIL__SENDER_EXPIRE_MS;
	}
	if (lane->policy.config.digest_above && now.mono >= lane->fold_at) {
		fold(lane, &now);
		lane->fold_at = now.mono + EMAIL__SENDER_FOLD_MS;
	}
	if (lane->asked)
		forget_times(lane);
	lane->asked = false;
	email__outbox_count_discards(lane->outbox, lane->account);
}

/* --- the connection --------------------------------------------------------------------------- */

/* The operation is over. That the server ended the session between two mails is no failure of the account. */
static void
over(email__lane *lane, email_code rc)
{
	const email_error *e = email_account_error(lane->account);
	bool between = lane->mails_ended && (rc == EMAIL_E_CLOSED || rc == EMAIL_E_TEMPORARY || rc == EMAIL_E_TIMEOUT);

	if (rc && !between)
		lane->failure = *e;
	if (rc && rc != EMAIL_E_CANCELLED && !between)
		email__policy_result(&lane->policy, email__policy_classify(rc, e->stage), random_number(), running(lane));
	if (lane->carried >= EMAIL__SENDER_MAILS_MAX)
		email_account_close(lane->account);
	lane->close_at = email__clock_ms() + EMAIL__SENDER_KEEP_MS;
	lane->worker->stir = true;
}

static void
start(email__lane *lane)
{
	email__supply supply = {.context = lane, .next = next, .done = done};

	if (!email__connection_usable(lane->account))
		lane->carried = 0;
	lane->mails_ended = false;
	lane->close_at = 0;
	lane->op = email__account_start_drain(lane->account, &supply);
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
	if (lane->policy.config.digest_above)
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

	return !lane->op && (!lane->working || choose(lane, &from).why != EMAIL__POLICY_GO);
}

void
email__sender_step(email__lane *lane)
{
	email__policy_choice choice = {.wait = -1};
	email__lane *from;
	email_code rc;

	if (!lane->working)
		take_queue(lane);
	if (!lane->working)
		return;
	tend(lane);
	/* what ends may be followed by more at once: a connection that had carried its share */
	do {
		if (lane->op && email__lane_advance(lane, &rc))
			over(lane, rc);
		if (lane->op || lane->worker->stopping || lane->next_account || lane->leaving)
			break;
		choice = choose(lane, &from);
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
