/* SPDX-License-Identifier: MIT */
/* A mail on its way: which is next, and over whose connection; what came of it. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "service/queued.h"
#include "service/returned.h"
#include "service/sender.h"

/* From a lane's queue, over this or another lane's connection. */
typedef struct parcel {
	email__smtp_mail mail; /* first: a pointer to it is one to the parcel */
	email__lane *from, *by;
	email__attempt *attempt;
	bool alone;
	int64_t day;    /* that it counts for */
	size_t *number; /* of each recipient, in the queue's list */
	email__smtp_recipient *recipients;
} parcel;

/* --- who carries what ------------------------------------------------------------------------- */

static bool
may_carry(email__lane *lane)
{
	return lane->working && email__lane_enabled(lane) && !lane->leaving &&
	       !email__policy_down(&lane->policy, email__sender_running(lane));
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
	email__now now = email__sender_now(by);
	email__policy *policy = &by->policy;
	email__policy_choice choice, held;
	email__waiting *const *mails;
	uint64_t today = 0;
	size_t count;

	if (policy->config.per_day >= 0 && email__spool_count_day(by->outbox->spool, &now, 0, &today, NULL))
		return (email__policy_choice){.why = EMAIL__POLICY_LATER, .wait = EMAIL__SENDER_AGAIN_MS};
	email__spool_hold(from->outbox->spool);
	mails = email__spool_waiting(from->outbox->spool, &count);
	choice = email__policy_next(by == from ? policy : NULL, mails, count, &now,
	                            email__spool_running_locked(from->outbox->spool, &now), today,
	                            from->under_way, from->one_alone);
	email__spool_release(from->outbox->spool);
	if (choice.mail && by != from &&
	    !email__policy_within_caps(policy, choice.mail->priority >= EMAIL_PRIORITY_URGENT, &now,
	                               email__sender_running(by), today, &held))
		return held;
	return choice;
}

/* The most important of all that go over this connection, the lane's own first. */
email__policy_choice
email__parcel_choose(email__lane *by, email__lane **from)
{
	email__worker *w = by->worker;
	email__policy_choice best = {.why = EMAIL__POLICY_EMPTY, .wait = -1};
	size_t i;

	*from = NULL;
	for (i = 0; i <= w->count; i++) {
		email__lane *lane = i ? w->lane[i - 1] : by;
		email__policy_choice choice;

		if ((i && lane == by) || lane->account->kind != EMAIL_OUTGOING || !lane->working ||
		    lane->next_account || lane->leaving || !email__lane_enabled(lane) || carrier(lane) != by)
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

static parcel *
parcel_new(email__lane *by, email__lane *from, size_t recipients)
{
	size_t one = sizeof(email__smtp_recipient) + sizeof(size_t);
	parcel *p = email__calloc(1, sizeof *p + recipients * one);

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
address(parcel *p)
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
	email__now now = email__sender_now(from);

	email__spool_hold(from->outbox->spool);
	w->next = email__spool_running_locked(from->outbox->spool, &now) + EMAIL__SENDER_AGAIN_MS;
	email__spool_release(from->outbox->spool);
}

static int64_t
day_of(const email__now *now)
{
	return (now->wall + now->offset * 60) / 86400;
}

/* The cap is one of mails that somebody got. It counted on this day. */
static void
take_back(email__lane *by, int64_t day)
{
	email__now now = email__sender_now(by);

	if (by->policy.config.per_day >= 0 && day == day_of(&now))
		email__spool_uncount_day(by->outbox->spool, &now);
}

static email_code
begin(email__lane *by, email__lane *from, const email__policy_choice *choice, parcel **begun)
{
	email__now now = email__sender_now(by);
	email_error e = {0};
	uint64_t today;
	parcel *p;
	email_code rc = EMAIL_OK;
	bool counted;

	/* both are durable before it is tried (Q8) */
	if (by->policy.config.per_day >= 0)
		rc = email__spool_count_day(by->outbox->spool, &now, 1, &today, &e);
	counted = rc == EMAIL_OK;
	p = rc ? NULL : parcel_new(by, from, choice->mail->pending);
	if (rc == EMAIL_OK && !p)
		rc = email__error_memory(&e, EMAIL_STAGE_QUEUE);
	if (rc == EMAIL_OK)
		rc = email__spool_begin(from->outbox->spool, choice->mail, choice->alone, &now, &p->attempt,
		                        &e);
	if (rc) {
		email__free(p);
		if (counted)
			take_back(by, day_of(&now));
		if (rc != EMAIL_E_UNKNOWN && rc != EMAIL_E_MESSAGE)
			put_off(from, choice->mail);
		if (rc != EMAIL_E_UNKNOWN && rc != EMAIL_E_TEMPORARY && rc != EMAIL_E_MESSAGE)
			email__lane_complain(from, &e);
		return rc;
	}
	p->alone = choice->alone;
	p->day = day_of(&now);
	address(p);
	*begun = p;
	return EMAIL_OK;
}

email__smtp_mail *
email__parcel_next(void *context, unsigned outstanding)
{
	email__lane *by = context, *from;
	email__worker *w = by->worker;

	(void)outstanding;
	while (!w->stopping && !by->next_account && !by->leaving && by->carried < EMAIL__SENDER_MAILS_MAX) {
		email__policy_choice choice = email__parcel_choose(by, &from);
		parcel *p;

		if (choice.why != EMAIL__POLICY_GO || !from)
			return NULL;
		if (begin(by, from, &choice, &p))
			continue;
		email__policy_begun(&by->policy, email__sender_running(by));
		by->carried++;
		from->under_way++;
		from->one_alone = p->alone;
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
record_recipients(parcel *p)
{
	size_t i, delivered = 0;

	for (i = 0; i < p->mail.count; i++) {
		const email__smtp_recipient *r = &p->recipients[i];
		email__rcpt_state state = state_of(&p->mail, r->outcome);

		email__attempt_recipient(p->attempt, p->number[i], state, r->reply, r->enhanced,
		                         r->text[0] || state == EMAIL__RCPT_DELIVERED ? r->text
		                                                                      : p->mail.error.text);
		delivered += state == EMAIL__RCPT_DELIVERED;
	}
	return delivered;
}

/* When it is tried again, and the how manieth failure in a row this was. */
static int64_t
again(const parcel *p, unsigned *failures)
{
	*failures = email__attempt_mail(p->attempt)->failures;
	/* what we broke off ourselves is nobody's failure */
	if (p->mail.code == EMAIL_E_CANCELLED || (p->mail.code == EMAIL_E_UNSURE && p->by->worker->late))
		return 0;
	++*failures;
	return email__sender_running(p->from) + email__policy_backoff(*failures, email__sender_random());
}

static void
record(parcel *p)
{
	email__events *events = &p->from->worker->shared->events;
	email__now now = email__sender_now(p->from);
	email_event out[EMAIL__OUTCOME_EVENTS];
	email_error e = {0}, lost = {0};
	const char *cause = p->mail.code ? p->mail.error.text : "";
	size_t delivered = record_recipients(p), i, n;
	unsigned failures;
	int64_t next = again(p, &failures);

	if (p->mail.code == EMAIL_E_UNSURE)
		email__attempt_unsure(p->attempt);
	if (delivered || p->mail.code == EMAIL_E_UNSURE)
		email__returned_remember(p->from->host, p->from->account->name, email__attempt_id(p->attempt),
		                         email__attempt_mail(p->attempt), &lost);
	else
		take_back(p->by, p->day);
	if (lost.code)
		email__lane_complain(p->from, &lost);
	n = email__queued_outcome(p->from->account->name, email__attempt_id(p->attempt),
	                          email__attempt_mail(p->attempt), delivered, cause, out);
	/* told only once it is durable (Q6); what is not now, the spool tells when it is */
	if (email__spool_end(p->from->outbox->spool, p->attempt, next, failures, cause, &now, &e)) {
		p->from->unsettled = true;
		email__lane_complain(p->from, &e);
		return;
	}
	for (i = 0; i < n; i++)
		email__events_add(events, &out[i]);
}

void
email__parcel_done(void *context, email__smtp_mail *mail)
{
	parcel *p = (parcel *)(void *)mail;
	email__lane *by = context;
	email__worker *w = by->worker;
	email__policy_class class = email__policy_classify(mail->code, mail->error.stage);

	record(p);
	if (mail->code)
		p->from->failure = mail->error;
	p->from->under_way--;
	if (p->alone)
		p->from->one_alone = false;
	w->stir = w->stir || p->from->under_way == 0;
	/* what broke the connection is told of the account when the operation ends */
	by->mails_ended = mail->code != EMAIL_E_CANCELLED && class != EMAIL__POLICY_ACCOUNT &&
	                  class != EMAIL__POLICY_LOGIN && mail->code != EMAIL_E_UNSURE;
	if (by->mails_ended)
		email__policy_result(&by->policy, class, email__sender_random(), email__sender_running(by));
	email__free(p);
}
