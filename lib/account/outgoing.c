/* SPDX-License-Identifier: MIT */
/* The public calls of an outgoing account's queue. */
#include <emailservice/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/outbox.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"

#define PIECE 16384

/* NULL: account->error says why. */
static email__outbox *
outbox_of(email_account *account)
{
	email_error *e = &account->error;

	email__error_clear(e);
	if (account->kind != EMAIL_OUTGOING) {
		email__error_set(e, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE, "not an outgoing account");
		return NULL;
	}
	if (!account->owner) {
		email__error_set(e, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE,
		                 "only an account of a service has a queue");
		return NULL;
	}
	return account->owner->outbox(account->owner->service, account, e);
}

/* The spool's events may have been ours. */
static email_code
over(email_account *account, email__outbox *outbox, email_code rc)
{
	email__outbox_count_discards(outbox, account);
	return rc;
}

/* --- adding ----------------------------------------------------------------------------------- */

static email_code
may_enqueue(email_account *account, int priority, const char *key, email_error *e)
{
	size_t i, n = key ? strlen(key) : 1;

	if (priority < 0 || priority > 9)
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_QUEUE, "a priority is 0 to 9, not %d",
		                        priority);
	for (i = 0; key && i < n; i++)
		if ((unsigned char)key[i] < ' ' || key[i] == 0x7f)
			return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_QUEUE,
			                        "a key has no control characters");
	if (n == 0 || n > EMAIL__QUEUE_KEY_MAX)
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_QUEUE, "a key has 1 to %d bytes",
		                        EMAIL__QUEUE_KEY_MAX);
	if (!account->v.enabled && !account->v.allow_disabled_queueing) {
		email__error_set(e, EMAIL_E_DISABLED, EMAIL_STAGE_QUEUE, "the account %s is disabled",
		                 account->name);
		email__error_remedy(e, "set enabled, or allowDisabledQueueing, to true");
		return EMAIL_E_DISABLED;
	}
	return EMAIL_OK;
}

static void
tell_suppressed(email_account *account)
{
	email_event event = {.kind = EMAIL_EVENT_SUPPRESSED, .count = 1};

	snprintf(event.account, sizeof event.account, "%s", account->name);
	snprintf(event.text, sizeof event.text, "%s", account->error.text);
	account->owner->tell(account->owner->service, &event);
}

static email_code
enqueue(email_account *account, email_message *message, int priority, const char *key, char *id, size_t size)
{
	char made[EMAIL_ID_SIZE] = "";
	email__outbox *outbox = outbox_of(account);
	email_code rc;

	if (id && size)
		id[0] = '\0';
	if (!outbox)
		return account->error.code;
	if (id && size < EMAIL_ID_SIZE)
		return email__error_set(&account->error, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE,
		                        "an id needs %d bytes", EMAIL_ID_SIZE);
	if ((rc = may_enqueue(account, priority, key, &account->error)))
		return rc;
	rc = email__outbox_add(outbox, account, message, priority, key, made, &account->error);
	/* what failed in a file of the queue */
	if (rc && account->error.stage == EMAIL_STAGE_NONE)
		account->error.stage = EMAIL_STAGE_QUEUE;
	if (rc == EMAIL_E_SUPPRESSED)
		tell_suppressed(account);
	if (rc == EMAIL_OK || rc == EMAIL_E_INDETERMINATE) {
		if (id)
			memcpy(id, made, EMAIL_ID_SIZE);
		account->owner->wake(account->owner->service, account, false);
	}
	return over(account, outbox, rc);
}

email_code
email_account_enqueue(email_account *account, email_message *message, int priority, char *id, size_t size)
{
	return enqueue(account, message, priority, NULL, id, size);
}

email_code
email_account_enqueue_once(email_account *account, email_message *message, int priority, const char *key,
                           char *id, size_t size)
{
	return enqueue(account, message, priority, key ? key : "", id, size);
}

/* --- looking ---------------------------------------------------------------------------------- */

/* What is shown of a mail lives in one place, and its recipients in another. */
typedef struct shown {
	email_queued mail;
	email_queued_recipient *recipients;
} shown;

static email_recipient_state
state_of(email__rcpt_state state)
{
	switch (state) {
	case EMAIL__RCPT_PENDING: break;
	case EMAIL__RCPT_DELIVERED: return EMAIL_RECIPIENT_DELIVERED;
	case EMAIL__RCPT_FAILED: return EMAIL_RECIPIENT_FAILED;
	case EMAIL__RCPT_CANCELLED: return EMAIL_RECIPIENT_CANCELLED;
	}
	return EMAIL_RECIPIENT_WAITING;
}

static bool
show(shown *s, const email__now *now, int64_t running, const char *id, const email__mailfile *mail, bool dead)
{
	size_t i;

	s->recipients = email__calloc(mail->count, sizeof *s->recipients);
	if (!s->recipients)
		return false;
	for (i = 0; i < mail->count; i++) {
		const email__recipient *r = &mail->recipients[i];

		s->recipients[i] = (email_queued_recipient){r->address, state_of(r->state), r->reply,
		                                            r->enhanced, r->text};
	}
	s->mail = (email_queued){.id = id,
	                         .from = mail->from,
	                         .subject = mail->subject,
	                         .message_id = mail->message_id,
	                         .key = mail->key,
	                         .dead = dead,
	                         .digest = mail->digest,
	                         .trying = mail->trying != EMAIL__TRYING_NOT,
	                         .priority = mail->priority,
	                         .size = mail->size,
	                         .attempts = mail->attempts,
	                         .unsure = mail->unsure,
	                         .queued = mail->created,
	                         .cause = mail->cause,
	                         .count = mail->count,
	                         .recipients = s->recipients};
	if (!dead && mail->next > running)
		s->mail.next_attempt = now->wall + (mail->next - running + 999) / 1000;
	return true;
}

/* What a list needs to know beforehand, to be in order. */
typedef struct place {
	char id[EMAIL_ID_SIZE];
	int priority;
	int64_t ended;
	uint64_t sequence;
} place;

typedef struct places {
	place *all;
	size_t count;
	bool memory;
} places;

static bool
note_place(void *context, const char *id, const email__mailfile *mail)
{
	places *p = context;
	place *one;

	/* room at the powers of two */
	if ((p->count & (p->count - 1)) == 0) {
		place *more = email__realloc(p->all, (p->count ? p->count * 2 : 1) * sizeof *more);

		p->memory = !more;
		if (!more)
			return false;
		p->all = more;
	}
	one = &p->all[p->count++];
	memcpy(one->id, id, EMAIL_ID_SIZE);
	one->priority = mail->priority;
	one->ended = mail->ended;
	one->sequence = mail->sequence;
	return true;
}

/* As they go; the dead, which have all the same priority to the dead, as they came. */
static int
in_order(const void *a, const void *b)
{
	const place *one = a, *other = b;

	if (one->ended != other->ended)
		return one->ended < other->ended ? -1 : 1;
	if (one->ended == 0 && one->priority != other->priority)
		return one->priority > other->priority ? -1 : 1;
	return (one->sequence > other->sequence) - (one->sequence < other->sequence);
}

/* What all of them wait for, beside what each has of its own; "": nothing. */
static const char *
held_by(email_account *account, email__outbox *outbox, const email__now *now, bool urgent)
{
	const email__policy_config caps = {.per_day = account->v.max_sendable_per_day,
	                                   .per_minute = -1,
	                                   .reserve = (unsigned)account->v.urgent_reserve};
	email__policy_choice held;
	email__policy *p;
	uint64_t today;
	bool within;

	if (account->v.status_bits & (EMAIL__STATUS_DOWN | EMAIL__STATUS_FAULT))
		return account->v.fault_cause ? account->v.fault_cause : "";
	if (caps.per_day < 0 || email__spool_count_day(outbox->spool, now, 0, &today, NULL) ||
	    !(p = email__new(email__policy)))
		return "";
	email__policy_init(p, &caps);
	within = email__policy_within_caps(p, urgent, now, 0, today, &held);
	email__free(p);
	return within ? "" : "maxSendablePerDay is reached: it goes tomorrow";
}

/* One of them; one that has left meanwhile is no error. */
static email_code
show_one(email_account *account, const char *const held[2], email__spool *spool, const char *id, bool dead,
         const email__now *now, email_queued_fn visit, void *context, bool *more)
{
	email__view *view;
	email_error *e = &account->error, why = {0};
	email_code rc = email__spool_view(spool, id, &view, &why);
	shown s;

	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	if (rc)
		return EMAIL_OK;
	if (email__view_dead(view) != dead)
		rc = EMAIL_OK;
	else if (!show(&s, now, email__spool_running(spool, now), id, email__view_mail(view), dead))
		rc = email__error_memory(e, EMAIL_STAGE_QUEUE);
	else {
		if (!dead && !s.mail.cause[0])
			s.mail.cause = held[s.mail.priority >= EMAIL_PRIORITY_URGENT];
		*more = visit(context, &s.mail);
		email__free(s.recipients);
	}
	email__view_free(view);
	return rc;
}

email_code
email_account_queue_list(email_account *account, bool dead, email_queued_fn visit, void *context)
{
	email__outbox *outbox = outbox_of(account);
	email__now now;
	places p = {0};
	const char *held[2];
	bool more = true;
	email_code rc;
	size_t i;

	if (!outbox)
		return account->error.code;
	email__status_look(account);
	now = email__outbox_now(email__account_trust(account));
	for (i = 0; i < 2; i++)
		held[i] = dead ? "" : held_by(account, outbox, &now, i == 1);
	rc = email__spool_list(outbox->spool, dead, note_place, &p, &account->error);
	if (rc == EMAIL_OK && p.memory)
		rc = email__error_memory(&account->error, EMAIL_STAGE_QUEUE);
	if (p.count)
		qsort(p.all, p.count, sizeof *p.all, in_order);
	for (i = 0; i < p.count && rc == EMAIL_OK && more; i++)
		rc = show_one(account, held, outbox->spool, p.all[i].id, dead, &now, visit, context, &more);
	email__free(p.all);
	return rc;
}

static email_code
copy(email__source source, email_sink_fn sink, void *context, email_error *e)
{
	unsigned char *piece = email__alloc(PIECE);
	email_code rc = piece ? EMAIL_OK : email__error_memory(e, EMAIL_STAGE_QUEUE);
	size_t got = 1;

	while (rc == EMAIL_OK && got > 0) {
		rc = source.read(source.context, piece, PIECE, &got);
		if (rc)
			email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the mail cannot be read");
		else if (got > 0 && (rc = sink(context, piece, got)))
			email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the mail was not taken");
	}
	email__free(piece);
	return rc;
}

email_code
email_account_queue_view(email_account *account, const char *id, email_queued_fn visit, email_sink_fn sink,
                         void *context)
{
	email__outbox *outbox = outbox_of(account);
	email_error *e = &account->error;
	email__now now;
	email__view *view;
	shown s;
	email_code rc;

	if (!outbox || (rc = email__spool_view(outbox->spool, id, &view, e)))
		return account->error.code;
	now = email__outbox_now(email__account_trust(account));
	if (!show(&s, &now, email__spool_running(outbox->spool, &now), id, email__view_mail(view),
	          email__view_dead(view)))
		rc = email__error_memory(e, EMAIL_STAGE_QUEUE);
	else {
		visit(context, &s.mail);
		email__free(s.recipients);
		if (sink)
			rc = copy(email__view_source(view), sink, context, e);
	}
	email__view_free(view);
	return rc;
}

/* --- doing ------------------------------------------------------------------------------------ */

email_code
email_account_queue_requeue(email_account *account, const char *id)
{
	email__outbox *outbox = outbox_of(account);
	email__now now;
	email_code rc;

	if (!outbox)
		return account->error.code;
	now = email__outbox_now(email__account_trust(account));
	rc = email__spool_requeue(outbox->spool, id, &now, &account->error);
	if (rc == EMAIL_OK)
		account->owner->wake(account->owner->service, account, false);
	return rc;
}

email_code
email_account_queue_delete(email_account *account, const char *id)
{
	email__outbox *outbox = outbox_of(account);
	email__now now;

	if (!outbox)
		return account->error.code;
	now = email__outbox_now(email__account_trust(account));
	return over(account, outbox, email__spool_delete(outbox->spool, id, &now, &account->error));
}

email_code
email_account_queue_clear(email_account *account, size_t *count)
{
	email__outbox *outbox = outbox_of(account);
	email__now now;
	size_t n = 0;
	email_code rc;

	if (count)
		*count = 0;
	if (!outbox)
		return account->error.code;
	now = email__outbox_now(email__account_trust(account));
	rc = email__spool_clear(outbox->spool, &now, &n, &account->error);
	if (count)
		*count = n;
	return over(account, outbox, rc);
}

email_code
email_account_queue_poll(email_account *account, bool *told)
{
	email__outbox *outbox = outbox_of(account);

	if (told)
		*told = false;
	if (!outbox)
		return account->error.code;
	if (account->owner->wake(account->owner->service, account, true)) {
		if (told)
			*told = true;
		return EMAIL_OK;
	}
	return account->owner->work(account->owner->service, account, &account->error);
}
