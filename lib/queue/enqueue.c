/* SPDX-License-Identifier: MIT */
/* Taking a mail: written beside the queue, made durable, then moved in (Q1 to Q3). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "os/random.h"
#include "queue/crc.h"
#include "queue/policy.h"
#include "queue/spool_state.h"

#define PIECE 16384
/* Room that is made for one mail (DropOldest): bytes may need more than one. */
#define DROPS_MAX 64
/* A full queue is counted anew at most that often: it reads every header. */
#define RECOUNT_MS 10000

static email_code
random_name(char *out, size_t bytes, email_error *e)
{
	unsigned char random[16];
	int os = email__random_bytes(random, bytes);

	if (os) {
		if (e && e->code == EMAIL_OK)
			e->os = os;
		return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_QUEUE,
		                        "there are no random numbers to be had");
	}
	*email__hex_write(out, random, bytes) = '\0';
	return EMAIL_OK;
}

/* A key must never be taken for another, so it is a digest, not a checksum, that names its mail. */
static email_code
name_of_key(const char *key, char id[EMAIL_ID_SIZE], email_error *e)
{
	email__digest *digest;
	char hex[EMAIL__DIGEST_SIZE];
	email_code rc = email__digest_begin(&digest, e);

	if (rc == EMAIL_OK)
		rc = email__digest_push(digest, key, strlen(key));
	if (rc == EMAIL_OK)
		rc = email__digest_end(digest, hex);
	email__digest_free(digest);
	if (rc)
		return email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the key has no digest");
	memcpy(id, hex, EMAIL_ID_SIZE - 1);
	id[EMAIL_ID_SIZE - 1] = '\0';
	return EMAIL_OK;
}

/* Was a mail with this key taken before? Asked in the direction in which mail moves, so that none slips past. */
static email_code
known(email__spool *s, const char *id, bool *there, email__area *area, email_error *e)
{
	static const email__area areas[] = {EMAIL__AREA_QUEUE, EMAIL__AREA_DEAD, EMAIL__AREA_DONE};
	email_code rc = EMAIL_OK;
	size_t i;

	*there = false;
	for (i = 0; i < sizeof areas / sizeof *areas && rc == EMAIL_OK && !*there; i++) {
		*area = areas[i];
		rc = s->ops->exists(s->store, areas[i], id, there, e);
	}
	return rc;
}

/* The mail that a repeat means must be as durable as one that is new: the first call may have failed at that. */
static email_code
assure(email__spool *s, email__area area, email_error *e)
{
	email_error why = {0};

	if (s->ops->sync_area(s->store, area, &why) == EMAIL_OK)
		return EMAIL_OK;
	if (e && e->code == EMAIL_OK)
		e->os = why.os;
	return email__error_set(e, EMAIL_E_INDETERMINATE, EMAIL_STAGE_QUEUE,
	                        "the mail is in the queue, but may not be durable: %s", why.text);
}

static email_code
take_number(email__spool *s, uint64_t *number, email_error *e)
{
	email__counter c;
	email_code rc = email__spool_enter(s, &c, e);

	if (rc)
		return rc;
	*number = c.value[SEQUENCE_NEXT]++;
	rc = email__counter_write(&s->sequence, &c, false, e);
	email__spool_leave(s);
	return rc;
}

/* As they are now: email__spool_limit() may change them at any time. */
static email__spool_options
bounds(email__spool *s)
{
	email__spool_options now;

	email__mutex_lock(&s->gate);
	now = s->options;
	email__mutex_unlock(&s->gate);
	return now;
}

/* --- the file --------------------------------------------------------------------------------- */

/* A new file in tmp/ that whoever sweeps there knows to be in use. */
static email_code
create(email__spool *s, char name[EMAIL_ID_SIZE], email__stored *f, email_error *e)
{
	int tries;
	email_code rc;

	for (tries = 0; tries < 3; tries++) {
		if ((rc = random_name(name, 16, e)) ||
		    (rc = s->ops->create(s->store, EMAIL__AREA_TMP, name, f, e)))
			return rc;
		if (s->ops->lock(f, true) && s->ops->holds(f, EMAIL__AREA_TMP, name))
			return EMAIL_OK;
		/* swept between its making and our lock, or there are no locks */
		s->ops->remove(s->store, EMAIL__AREA_TMP, name, NULL);
		s->ops->close(f);
	}
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_QUEUE, "a file for the mail cannot be made");
}

static email_code
write_message(email__spool *s, email__stored *f, email__source *message, email__mailfile *mail,
              email_error *e)
{
	unsigned char *piece = email__alloc(PIECE);
	const uint64_t max_size = bounds(s).max_size;
	email_code rc = piece ? EMAIL_OK : email__spool_memory(e);
	size_t got = 1;

	mail->size = mail->sum = 0;
	while (rc == EMAIL_OK && got > 0) {
		rc = message->read(message->context, piece, PIECE, &got);
		if (rc) {
			email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the message cannot be read");
			break;
		}
		if (got > max_size - mail->size)
			rc = email__error_set(
				e, EMAIL_E_LIMIT, EMAIL_STAGE_QUEUE,
				"the mail is larger than the %" PRIu64 " bytes that may be queued", max_size);
		else if (got > 0)
			rc = s->ops->write(f, mail->header + mail->size, piece, got, e);
		if (rc)
			break;
		mail->sum = email__crc64(mail->sum, piece, got);
		mail->size += got;
	}
	email__free(piece);
	return rc;
}

static email_code
write_header(email__stored *f, email__mailfile *mail, bool blank, email_error *e)
{
	email__buf out;
	email_code rc;

	email__buf_init(&out, EMAIL__QUEUE_HEADER_MAX);
	rc = email__mailfile_write(mail, &out);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the envelope cannot be written down");
	else {
		/* until the message is whole there is no header */
		if (blank)
			memset(email__buf_head(&out), ' ', email__buf_len(&out));
		rc = f->store->ops->write(f, 0, email__buf_head(&out), email__buf_len(&out), e);
	}
	email__buf_dispose(&out);
	return rc;
}

/* --- moving it in ----------------------------------------------------------------------------- */

static email_code
full(const email__spool *s, const email__counter *c, uint64_t size, email_error *e)
{
	if (c->value[SEQUENCE_COUNT] >= s->options.max_count)
		return email__error_set(e, EMAIL_E_QUEUE_FULL, EMAIL_STAGE_QUEUE,
		                        "the queue is full: it holds %zu mails", s->options.max_count);
	if (c->value[SEQUENCE_BYTES] + size > s->options.max_bytes)
		return email__error_set(e, EMAIL_E_QUEUE_FULL, EMAIL_STAGE_QUEUE,
		                        "the queue is full: it holds %" PRIu64 " bytes",
		                        c->value[SEQUENCE_BYTES]);
	return EMAIL_OK;
}

/* Counts can be too high, where a process died; so a full queue is counted before anybody is refused. */
static email_code
room(email__spool *s, email__counter *c, uint64_t size, const email__now *now, email_error *e)
{
	email_error first = {0};
	email_code rc = full(s, c, size, &first);

	if (rc && (s->recounted == 0 || now->mono - s->recounted >= RECOUNT_MS)) {
		s->recounted = now->mono ? now->mono : 1;
		if ((rc = email__spool_recount(s, c, e)))
			return rc;
		memset(&first, 0, sizeof first);
		rc = full(s, c, size, &first);
	}
	if (rc && e && e->code == EMAIL_OK)
		*e = first;
	return rc;
}

email_code
email__spool_coming(email__spool *s, email__counter *c, bool even_full, uint64_t size, const email__now *now,
                    email_error *e)
{
	email_code rc = even_full ? EMAIL_OK : room(s, c, size, now, e);

	if (rc)
		return rc;
	c->value[SEQUENCE_CHANGES]++;
	c->value[SEQUENCE_COUNT]++;
	c->value[SEQUENCE_BYTES] += size;
	return email__counter_write(&s->sequence, c, false, e);
}

typedef struct publication {
	const char *name, *id;
	email__stored *file;
	email__mailfile *mail;
	email__waiting *waiting; /* taken by the index */
	bool repeat;
	email__area where;
} publication;

static email_code
publish(email__spool *s, publication *p, const email__now *now, email_error *e)
{
	email__counter c;
	bool ours;
	email_code rc = email__spool_enter(s, &c, e);

	if (rc)
		return rc;
	if (p->mail->key[0] && ((rc = known(s, p->id, &p->repeat, &p->where, e)) || p->repeat))
		goto out;
	ours = s->changes == c.value[SEQUENCE_CHANGES];
	/* before the move: a worker may look once too often, but never too seldom; a digest makes room: more mails leave
	 * for it than come */
	if ((rc = email__spool_coming(s, &c, p->mail->digest, p->mail->size, now, e)) ||
	    (rc = s->ops->move(s->store, EMAIL__AREA_TMP, p->name, EMAIL__AREA_QUEUE, p->id, e)))
		goto out;
	/* nobody sweeps it any more, and a worker may have it; ours will, from us */
	s->ops->unlock(p->file);
	if (ours && s->working)
		s->changes = c.value[SEQUENCE_CHANGES];
out:
	email__spool_leave(s);
	return rc;
}

/* Told to the worker once it is durable: what is sent, or told to have failed, must not be gone after a power cut. Where
 * that is not known, the worker sees to it when it looks. */
static void
offer(email__spool *s, publication *p, bool durable)
{
	email__mutex_lock(&s->mutex);
	if (s->working && !durable)
		s->missed = true;
	else if (s->working && email__spool_index_add(s, p->waiting))
		p->waiting = NULL;
	email__mutex_unlock(&s->mutex);
}

/* --- DropOldest ------------------------------------------------------------------------------- */

typedef struct oldest {
	email__spool *spool;
	int priority;
	char skip[EMAIL_ID_SIZE];
	char id[EMAIL_ID_SIZE];
	email__waiting best;
} oldest;

static bool
compare_age(void *context, const char *id, const email__mailfile *mail)
{
	oldest *o = context;
	email__waiting one = {.priority = (unsigned char)mail->priority, .sequence = mail->sequence};

	if (mail->trying == EMAIL__TRYING_NOT && strcmp(id, o->skip) != 0 &&
	    email__policy_drop_rather(&one, o->id[0] ? &o->best : NULL, o->priority)) {
		o->best = one;
		memcpy(o->id, id, EMAIL_ID_SIZE);
	}
	return true;
}

/* Where the queue is worked here, they are known without a look at each file. */
static bool
oldest_known(email__spool *s, oldest *o)
{
	size_t i;

	email__mutex_lock(&s->mutex);
	for (i = s->head; s->working && i < s->count; i++) {
		const email__waiting *w = s->order[i];

		if (!w || w->dropped || strcmp(w->id, o->skip) == 0 ||
		    !email__policy_drop_rather(w, o->id[0] ? &o->best : NULL, o->priority))
			continue;
		o->best = (email__waiting){.priority = w->priority, .sequence = w->sequence};
		memcpy(o->id, w->id, EMAIL_ID_SIZE);
	}
	email__mutex_unlock(&s->mutex);
	return o->id[0] != '\0';
}

/* The worker's entries are the worker's to free. */
static void
note_dropped(email__spool *s, const char *id)
{
	size_t i;

	email__mutex_lock(&s->mutex);
	for (i = s->head; s->working && i < s->count; i++)
		if (s->order[i] && strcmp(s->order[i]->id, id) == 0)
			s->order[i]->dropped = true;
	email__mutex_unlock(&s->mutex);
}

static bool
drop_one(email__spool *s, int priority, const email__now *now)
{
	oldest o = {.spool = s, .priority = priority};
	int tries;

	for (tries = 0; tries < 3; tries++) {
		email_code rc;

		o.id[0] = '\0';
		/* what others have taken since the worker looked is known too: so in the end the files say */
		if ((tries == 2 || !oldest_known(s, &o)) &&
		    (email__spool_list(s, false, compare_age, &o, NULL) || !o.id[0]))
			return false;
		rc = email__spool_cancel(s, o.id, "made room for newer mail (overflowPolicy DropOldest)", now,
		                         NULL);
		if (rc == EMAIL_OK || rc == EMAIL_E_UNKNOWN)
			note_dropped(s, o.id);
		if (rc == EMAIL_OK)
			return true;
		memcpy(o.skip, o.id, EMAIL_ID_SIZE); /* being sent */
	}
	return false;
}

/* --- the whole -------------------------------------------------------------------------------- */

static email_code
publish_dropping(email__spool *s, publication *p, const email__now *now, email_error *e)
{
	email_error why = {0};
	email_code rc;
	int drops;

	for (drops = 0;; drops++) {
		memset(&why, 0, sizeof why);
		rc = publish(s, p, now, &why);
		if (rc != EMAIL_E_QUEUE_FULL || !bounds(s).drop_oldest || drops >= DROPS_MAX ||
		    !drop_one(s, p->mail->priority, now))
			break;
	}
	if (rc && e && e->code == EMAIL_OK)
		*e = why;
	return rc;
}

static email_code
write_file(email__spool *s, email__stored *f, email__mailfile *mail, email__source *message, email_error *e)
{
	email_code rc = write_header(f, mail, true, e);

	if (rc == EMAIL_OK)
		rc = write_message(s, f, message, mail, e);
	if (rc == EMAIL_OK)
		rc = write_header(f, mail, false, e);
	return rc ? rc : s->ops->sync(f, false, e);
}

static email_code
describe(email__spool *s, const email__letter *letter, const email__now *now, char *subject,
         email__mailfile *mail, email_error *e)
{
	const uint64_t max_size = bounds(s).max_size;
	size_t i;

	memset(mail, 0, sizeof *mail);
	mail->key = "";
	if (letter->count < 1 || letter->count > EMAIL__RECIPIENTS_MAX)
		return email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_QUEUE,
		                        "a mail has 1 to %d recipients, not %zu", EMAIL__RECIPIENTS_MAX,
		                        letter->count);
	if (letter->size > max_size)
		return email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_QUEUE,
		                        "the mail is larger than the %" PRIu64 " bytes that may be queued",
		                        max_size);
	mail->recipients = email__calloc(letter->count, sizeof *mail->recipients);
	if (!mail->recipients)
		return email__spool_memory(e);
	mail->count = letter->count;
	for (i = 0; i < letter->count; i++)
		mail->recipients[i] =
			(email__recipient){.address = letter->to[i], .state = EMAIL__RCPT_PENDING};
	email__printable(subject, EMAIL__QUEUE_SUBJECT_MAX + 1, letter->subject ? letter->subject : "",
	                 letter->subject ? strlen(letter->subject) : 0);
	mail->trying = EMAIL__TRYING_NOT;
	mail->from = letter->from ? letter->from : "";
	mail->message_id = letter->message_id ? letter->message_id : "";
	mail->key = letter->key ? letter->key : "";
	mail->subject = subject;
	mail->priority = letter->priority;
	mail->eight_bit = letter->eight_bit;
	mail->utf8 = letter->utf8;
	mail->undated = letter->undated;
	mail->digest = letter->digest;
	mail->dsn = letter->dsn;
	mail->created = now->wall;
	mail->queued = email__spool_running(s, now);
	return EMAIL_OK;
}

email_code
email__spool_repeat(email__spool *s, const char *key, char id[EMAIL_ID_SIZE], bool *repeat, email_error *e)
{
	email__area where;
	email_code rc = name_of_key(key, id, e);

	*repeat = false;
	if (rc == EMAIL_OK)
		rc = known(s, id, repeat, &where, e);
	return rc == EMAIL_OK && *repeat ? assure(s, where, e) : rc;
}

email_code
email__spool_enqueue(email__spool *s, const email__letter *letter, email__source *message,
                     const email__now *now, char id[EMAIL_ID_SIZE], bool *repeat, email_error *e)
{
	char subject[EMAIL__QUEUE_SUBJECT_MAX + 1], name[EMAIL_ID_SIZE] = "";
	email__mailfile mail;
	email__stored f = {0};
	publication p = {.name = name, .id = id, .file = &f, .mail = &mail};
	bool open = false, moved = false;
	email_code rc = describe(s, letter, now, subject, &mail, e);

	if (repeat)
		*repeat = false;
	if (rc == EMAIL_OK)
		rc = mail.key[0] ? name_of_key(mail.key, id, e) : random_name(id, 16, e);
	if (rc == EMAIL_OK && mail.key[0])
		rc = known(s, id, &p.repeat, &p.where, e);
	if (rc || p.repeat)
		goto out;
	if ((rc = take_number(s, &mail.sequence, e)) || (rc = create(s, name, &f, e)))
		goto out;
	open = true;
	rc = write_file(s, &f, &mail, message, e);
	if (rc == EMAIL_OK && !(p.waiting = email__waiting_new(id, &mail)))
		rc = email__spool_memory(e);
	if (rc == EMAIL_OK)
		rc = publish_dropping(s, &p, now, e);
	moved = rc == EMAIL_OK && !p.repeat;
	if (moved) {
		rc = assure(s, EMAIL__AREA_QUEUE, e);
		offer(s, &p, rc == EMAIL_OK);
	}
out:
	if (open) {
		if (!moved)
			s->ops->remove(s->store, EMAIL__AREA_TMP, name, NULL);
		s->ops->close(&f);
	}
	if (rc == EMAIL_OK && p.repeat) {
		rc = assure(s, p.where, e);
		if (repeat)
			*repeat = true;
	}
	email__free(p.waiting);
	email__free(mail.recipients);
	return rc;
}
