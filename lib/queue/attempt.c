/* SPDX-License-Identifier: MIT */
/* One mail on its way: begun durably, its message read, its outcome recorded before anybody is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "codec/date.h"
#include "os/random.h"
#include "queue/spool_state.h"

#define PIECE 16384

void
email__attempt_free(email__attempt *a)
{
	if (!a)
		return;
	if (a->open)
		a->spool->ops->close(&a->file);
	email__mailfile_dispose(&a->mail);
	email__free(a);
}

/* --- where a file can hold no more state ------------------------------------------------------ */

static email_code
copy_message(email__attempt *a, email__stored *to, email_error *e)
{
	const email__store_ops *ops = a->spool->ops;
	unsigned char *piece = email__alloc(PIECE);
	email_code rc = piece ? EMAIL_OK : email__spool_memory(e);
	uint64_t at;

	for (at = a->mail.header; rc == EMAIL_OK && at < a->mail.header + a->mail.size;) {
		uint64_t left = a->mail.header + a->mail.size - at;
		size_t got;

		rc = ops->read(&a->file, at, piece, left < PIECE ? (size_t)left : PIECE, &got, e);
		if (rc == EMAIL_OK && got == 0)
			rc = email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_QUEUE, "mail %s became shorter",
			                      a->id);
		if (rc == EMAIL_OK)
			rc = ops->write(to, at, piece, got, e);
		at += got;
	}
	email__free(piece);
	return rc;
}

static email_code
write_copy(email__attempt *a, email__stored *to, email_error *e)
{
	email__buf header;
	email_code rc;

	email__buf_init(&header, EMAIL__QUEUE_HEADER_MAX);
	a->mail.generation++;
	rc = email__mailfile_write(&a->mail, &header);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_QUEUE, "mail %s cannot be written down", a->id);
	else
		rc = a->spool->ops->write(to, 0, email__buf_head(&header), email__buf_len(&header), e);
	email__buf_dispose(&header);
	if (rc == EMAIL_OK)
		rc = copy_message(a, to, e);
	if (rc == EMAIL_OK)
		rc = email__spool_verify(to, &a->mail, e);
	return rc ? rc : a->spool->ops->sync(to, false, e);
}

/* A sync that failed is final for its file: what is in it counts as lost, so the mail is written anew, with the state
 * that it has now, and takes its place (Q11). */
static email_code
write_anew(email__attempt *a, email_error *e)
{
	email__spool *s = a->spool;
	unsigned char random[8];
	char name[EMAIL_ID_SIZE];
	email__stored to;
	email_code rc;

	if (email__random_bytes(random, sizeof random))
		return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_QUEUE,
		                        "there are no random numbers to be had");
	snprintf(name, sizeof name, "%02x%02x%02x%02x%02x%02x%02x%02xffffffffffffffff", random[0], random[1],
	         random[2], random[3], random[4], random[5], random[6], random[7]);
	if ((rc = s->ops->create(s->store, EMAIL__AREA_TMP, name, &to, e)))
		return rc;
	s->ops->lock(&to, true);
	rc = write_copy(a, &to, e);
	if (rc == EMAIL_OK)
		rc = s->ops->move(s->store, EMAIL__AREA_TMP, name, EMAIL__AREA_QUEUE, a->id, e);
	if (rc) {
		s->ops->remove(s->store, EMAIL__AREA_TMP, name, NULL);
		s->ops->close(&to);
		return rc;
	}
	s->ops->close(&a->file);
	a->file = to;
	a->file.name = a->id;
	a->spoilt = false;
	a->unnamed = true;
	return EMAIL_OK;
}

static email_code
write_state(email__attempt *a, email_error *e)
{
	email_error first = {0};
	email_code rc = EMAIL_E_FILE;

	if (!a->spoilt)
		rc = email__spool_write_state(&a->file, &a->mail, &a->spoilt, &first);
	if (a->spoilt && write_anew(a, &first) == EMAIL_OK)
		rc = EMAIL_OK;
	/* a name that is not durable may still stand for the old file */
	if (rc == EMAIL_OK && a->unnamed) {
		rc = a->spool->ops->sync_area(a->spool->store, EMAIL__AREA_QUEUE, &first);
		a->unnamed = rc != EMAIL_OK;
	}
	if (rc == EMAIL_OK)
		a->waiting->generation = a->mail.generation;
	if (rc && e && e->code == EMAIL_OK)
		*e = first;
	return rc;
}

/* --- beginning -------------------------------------------------------------------------------- */

/* The next look will see whether it is gone indeed. */
static void
drop(email__spool *s, email__waiting *w)
{
	email__mutex_lock(&s->mutex);
	s->missed = true;
	email__spool_index_drop(s, w);
	email__mutex_unlock(&s->mutex);
}

static email_code
grab(email__attempt *a, email__waiting *w, email_error *e)
{
	email__spool *s = a->spool;
	email_error why = {0};
	email_code rc = email__spool_grab(s, EMAIL__AREA_QUEUE, a->id, &a->file, &a->mail, &why);
	bool durable = true;

	a->open = rc == EMAIL_OK;
	if (rc == EMAIL_OK)
		rc = email__spool_verify(&a->file, &a->mail, &why);
	if (rc == EMAIL_OK)
		a->spoilt = email__spool_catch_up(&a->file, EMAIL__AREA_QUEUE, &a->mail, w->generation,
		                                  &why) != EMAIL_OK;
	if (a->spoilt && email__mailfile_count(&a->mail, EMAIL__RCPT_PENDING) == 0)
		rc = why.code;
	if (rc == EMAIL_OK && email__mailfile_count(&a->mail, EMAIL__RCPT_PENDING) == 0) {
		/* somebody cancelled it, and got no further */
		rc = email__spool_finish(s, &a->file, &a->mail, a->id, &durable, NULL, &why);
		if (rc == EMAIL_OK)
			rc = email__error_set(&why, EMAIL_E_UNKNOWN, EMAIL_STAGE_QUEUE,
			                      "mail %s has left the queue", a->id);
	}
	if (rc == EMAIL_E_MESSAGE)
		email__spool_set_aside(s, a->id, why.text);
	if (rc == EMAIL_E_MESSAGE || rc == EMAIL_E_UNKNOWN) {
		if (rc == EMAIL_E_MESSAGE)
			email__spool_left(s, w->size);
		drop(s, w);
	}
	if (rc && e && e->code == EMAIL_OK)
		*e = why;
	return rc;
}

static void
set_date(email__attempt *a)
{
	char date[EMAIL__DATE_SIZE];

	if (a->mail.undated && email__date_write(date, a->mail.date, a->mail.date_offset))
		a->date_n = (size_t)snprintf(a->date, sizeof a->date, "Date: %s\r\n", date);
}

email_code
email__spool_begin(email__spool *s, email__waiting *w, bool alone, const email__now *now,
                   email__attempt **attempt, email_error *e)
{
	email__attempt *a = email__new(email__attempt);
	email_code rc;

	*attempt = NULL;
	if (!a)
		return email__spool_memory(e);
	a->spool = s;
	memcpy(a->id, w->id, sizeof a->id);
	rc = grab(a, w, e);
	a->waiting = w;
	if (rc == EMAIL_OK) {
		a->mail.attempts++;
		memcpy(a->mail.boot, s->boot, sizeof a->mail.boot);
		if (a->mail.undated && a->mail.date == 0) {
			a->mail.date = now->wall > 0 ? now->wall : 1;
			a->mail.date_offset = now->offset;
		}
		if (a->mail.trying != EMAIL__TRYING_NOT)
			a->mail.unsure++; /* cut off, and that could not be recorded at the start */
		a->mail.trying = alone ? EMAIL__TRYING_ALONE : EMAIL__TRYING_TOGETHER;
		rc = write_state(a, e);
	}
	if (rc) {
		email__attempt_free(a);
		return rc;
	}
	set_date(a);
	email__mutex_lock(&s->mutex);
	w->attempts = a->mail.attempts;
	w->trying = true;
	email__mutex_unlock(&s->mutex);
	*attempt = a;
	return EMAIL_OK;
}

const email__mailfile *
email__attempt_mail(const email__attempt *a)
{
	return &a->mail;
}

const char *
email__attempt_id(const email__attempt *a)
{
	return a->id;
}

static email_code
read_message(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	email__attempt *a = context;
	uint64_t left = a->mail.size - a->at;
	email_code rc;

	*got = 0;
	if (a->date_at < a->date_n) {
		*got = size < a->date_n - a->date_at ? size : a->date_n - a->date_at;
		memcpy(buffer, a->date + a->date_at, *got);
		a->date_at += *got;
		return EMAIL_OK;
	}
	if (left == 0)
		return EMAIL_OK;
	rc = a->spool->ops->read(&a->file, a->mail.header + a->at, buffer, left < size ? (size_t)left : size,
	                         got, NULL);
	a->at += *got;
	/* the end comes where it was, or not at all */
	return rc == EMAIL_OK && *got == 0 ? EMAIL_E_FILE : rc;
}

static email_code
rewind_message(void *context)
{
	email__attempt *a = context;

	a->at = a->date_at = 0;
	return EMAIL_OK;
}

email__source
email__attempt_source(email__attempt *a)
{
	rewind_message(a);
	return (email__source){.read = read_message, .rewind = rewind_message, .context = a};
}

/* --- ending ----------------------------------------------------------------------------------- */

void
email__attempt_recipient(email__attempt *a, size_t recipient, email__rcpt_state state, int reply,
                         const char *enhanced, const char *text)
{
	email__recipient *one = &a->mail.recipients[recipient];

	/* who has it does not lose it any more (Q7) */
	if (one->state == EMAIL__RCPT_DELIVERED)
		return;
	one->state = state;
	one->reply = reply;
	email__printable(one->enhanced, sizeof one->enhanced, enhanced ? enhanced : "",
	                 enhanced ? strlen(enhanced) : 0);
	email__printable(one->text, sizeof one->text, text ? text : "", text ? strlen(text) : 0);
}

void
email__attempt_unsure(email__attempt *a)
{
	a->mail.unsure++;
}

/* Makes the outcome durable; may be called again until that worked. */
static email_code
record(email__attempt *a, email_error *e)
{
	email_error first = {0};
	email_code rc = EMAIL_OK;

	if (email__mailfile_count(&a->mail, EMAIL__RCPT_PENDING) > 0)
		return write_state(a, e);
	if (!a->spoilt)
		rc = email__spool_finish(a->spool, &a->file, &a->mail, a->id, &a->durable, &a->spoilt,
		                         &first);
	if (a->spoilt) {
		if ((rc = write_state(a, e)))
			return rc;
		a->durable = true;
		return email__spool_finish(a->spool, &a->file, &a->mail, a->id, &a->durable, &a->spoilt, e);
	}
	if (rc && e && e->code == EMAIL_OK)
		*e = first;
	return rc;
}

static void
settled(email__attempt *a)
{
	email__spool *s = a->spool;
	email__waiting *w = a->waiting;
	bool over = email__mailfile_count(&a->mail, EMAIL__RCPT_PENDING) == 0;

	email__mutex_lock(&s->mutex);
	w->trying = w->settling = false;
	w->unsettled = NULL;
	email__waiting_update(w, &a->mail);
	if (over)
		email__spool_index_drop(s, w);
	email__mutex_unlock(&s->mutex);
}

email_code
email__spool_end(email__spool *s, email__attempt *a, int64_t next, unsigned failures, const char *cause,
                 const email__now *now, email_error *e)
{
	email_code rc;

	a->mail.trying = EMAIL__TRYING_NOT;
	a->mail.suspect = false;
	/* it came back, so it is not what kills */
	a->mail.crashes = 0;
	a->mail.next = next;
	a->mail.failures = failures;
	a->mail.ended = 0;
	if (email__mailfile_count(&a->mail, EMAIL__RCPT_PENDING) == 0)
		a->mail.ended = email__spool_running(s, now);
	email__printable(a->mail.cause, sizeof a->mail.cause, cause ? cause : "", cause ? strlen(cause) : 0);
	rc = record(a, e);
	if (rc == EMAIL_OK) {
		settled(a);
		email__attempt_free(a);
		return EMAIL_OK;
	}
	email__mutex_lock(&s->mutex);
	a->waiting->trying = false;
	a->waiting->settling = true;
	a->waiting->unsettled = a;
	email__mutex_unlock(&s->mutex);
	return rc;
}

static email__attempt *
next_unsettled(email__spool *s, size_t *at)
{
	email__attempt *a = NULL;

	email__mutex_lock(&s->mutex);
	for (; s->head + *at < s->count && !a; ++*at)
		if (s->order[s->head + *at])
			a = s->order[s->head + *at]->unsettled;
	email__mutex_unlock(&s->mutex);
	return a;
}

email_code
email__spool_settle(email__spool *s, const email__now *now, email_error *e)
{
	email__attempt *a;
	email_code rc = EMAIL_OK;
	size_t at = 0;

	(void)now;
	while ((a = next_unsettled(s, &at))) {
		email_code one = record(a, e);

		if (one) {
			rc = one;
			continue;
		}
		settled(a);
		at = 0;
		email__spool_tell(s, EMAIL__SPOOL_SETTLED, a->id, a->mail.cause, &a->mail);
		email__attempt_free(a);
	}
	return rc;
}
