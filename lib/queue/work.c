/* SPDX-License-Identifier: MIT */
/* The worker begins, and looks what has come and gone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "queue/spool_state.h"

/* --- tmp/ ------------------------------------------------------------------------------------- */

typedef struct names {
	char **all;
	size_t count, room;
	bool memory;
} names;

static bool
note(void *context, const char *name)
{
	names *n = context;

	if (n->count == n->room) {
		size_t room = n->room ? n->room * 2 : 64;
		char **grown = email__realloc(n->all, room * sizeof *grown);

		if (!grown) {
			n->memory = true;
			return false;
		}
		n->all = grown;
		n->room = room;
	}
	n->all[n->count] = email__strdup(name);
	n->memory = !n->all[n->count];
	n->count += !n->memory;
	return !n->memory;
}

static void
names_dispose(names *n)
{
	while (n->count > 0)
		email__free(n->all[--n->count]);
	email__free(n->all);
}

/* A half-written file, unless its writer is at it: that one has it locked. */
static void
sweep_one(email__spool *s, const char *name)
{
	email__stored f;
	email_error e = {0};
	email_code rc = s->ops->open(s->store, EMAIL__AREA_TMP, name, true, &f, &e);

	if (rc && (e.os == EMFILE || e.os == ENFILE || rc == EMAIL_E_MEMORY))
		return;
	if (rc || s->ops->lock(&f, false))
		s->ops->remove(s->store, EMAIL__AREA_TMP, name, NULL);
	if (rc == EMAIL_OK)
		s->ops->close(&f);
}

static email_code
sweep(email__spool *s, email_error *e)
{
	names n = {0};
	email_code rc = s->ops->visit(s->store, EMAIL__AREA_TMP, note, &n, e);
	size_t i;

	if (n.memory)
		rc = email__spool_memory(e);
	for (i = 0; i < n.count; i++)
		sweep_one(s, n.all[i]);
	names_dispose(&n);
	return rc;
}

/* --- looking ---------------------------------------------------------------------------------- */

typedef struct looking {
	email__spool *spool;
	bool starting;
	email__waiting **known; /* by id */
	size_t count;
	names news;
	names *ended; /* those that nobody is left to go to, where it is not the start */
	int64_t latest;
} looking;

static int
by_id(const void *a, const void *b)
{
	const email__waiting *one = *(email__waiting *const *)a, *other = *(email__waiting *const *)b;

	return memcmp(one->id, other->id, EMAIL_ID_SIZE);
}

static int
id_to(const void *key, const void *element)
{
	return strcmp(key, (*(email__waiting *const *)element)->id);
}

static bool
see(void *context, const char *name)
{
	looking *l = context;
	email__waiting **known = l->count ? bsearch(name, l->known, l->count, sizeof *l->known, id_to) : NULL;

	if (!known)
		return note(&l->news, name);
	(*known)->seen = true;
	return true;
}

static email_code
remember(email__spool *s, looking *l, email_error *e)
{
	size_t i;

	if (s->count == s->head)
		return EMAIL_OK;
	l->known = email__alloc((s->count - s->head) * sizeof *l->known);
	if (!l->known)
		return email__spool_memory(e);
	for (i = s->head; i < s->count; i++)
		if (s->order[i]) {
			s->order[i]->seen = false;
			l->known[l->count++] = s->order[i];
		}
	qsort(l->known, l->count, sizeof *l->known, by_id);
	return EMAIL_OK;
}

/* Read again, with its lock: without it two changes could be seen half made. */
static email_code
take_for_bad(email__spool *s, const char *name, const char *cause)
{
	email__stored f;
	email__mailfile mail;
	email_code rc = email__spool_grab(s, EMAIL__AREA_QUEUE, name, &f, &mail, NULL);

	email__mailfile_dispose(&mail);
	if (rc == EMAIL_OK)
		s->ops->close(&f);
	if (rc == EMAIL_OK || rc == EMAIL_E_TEMPORARY)
		s->missed = true;
	else if (rc != EMAIL_E_MEMORY && rc != EMAIL_E_UNKNOWN)
		email__spool_set_aside(s, name, cause);
	return rc == EMAIL_E_MEMORY ? rc : EMAIL_OK;
}

/* False: no memory. */
static bool
take_mail(looking *l, const char *name, const email__mailfile *mail)
{
	email__waiting *w;

	/* somebody is just moving it to the dead, or died in doing so */
	if (!l->starting && email__mailfile_count(mail, EMAIL__RCPT_PENDING) == 0)
		return note(l->ended, name);
	w = email__waiting_new(name, mail);
	if (!w || !email__spool_index_append(l->spool, w)) {
		email__free(w);
		return false;
	}
	/* what was cut off, or is over, is seen to by _start */
	w->trying = l->starting && mail->trying != EMAIL__TRYING_NOT;
	if (w->queued > l->latest)
		l->latest = w->queued;
	return true;
}

/* A name that is new in queue/: a mail, or set aside. An error: it must be looked at again. */
static email_code
take_in(looking *l, const char *name, email_error *e)
{
	email__spool *s = l->spool;
	email__stored f;
	email__mailfile mail = {0};
	email_error why = {0};
	email_code rc;

	if (!email__spool_is_id(name)) {
		email__spool_set_aside(s, name, "its name is none of a mail");
		return EMAIL_OK;
	}
	rc = email__spool_open_mail(s, EMAIL__AREA_QUEUE, name, false, &f, &mail, &why);
	if (rc == EMAIL_OK) {
		s->ops->close(&f);
		rc = take_mail(l, name, &mail) ? EMAIL_OK : EMAIL_E_MEMORY;
	} else if (rc == EMAIL_E_MESSAGE)
		rc = take_for_bad(s, name, why.text);
	else if (rc != EMAIL_E_MEMORY && why.os != EMFILE && why.os != ENFILE) {
		if (why.os != ENOENT) {
			email__spool_unreadable(s, name, why.text);
			s->missed = true;
		}
		rc = EMAIL_OK;
	}
	email__mailfile_dispose(&mail);
	if (rc == EMAIL_E_MEMORY)
		return email__spool_memory(e);
	if (rc && e && e->code == EMAIL_OK)
		*e = why;
	return rc;
}

/* Those that are gone: cancelled by somebody else. Not what is being sent. */
static void
drop_unseen(email__spool *s, looking *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (!l->known[i]->seen && !l->known[i]->trying && !l->known[i]->settling)
			email__spool_index_drop(s, l->known[i]);
}

/* Under gate and mutex. `ended` NULL: at the start. */
static email_code
look(email__spool *s, names *ended, const email__now *now, email_error *e)
{
	looking l = {.spool = s, .starting = !ended, .ended = ended};
	int64_t running = email__spool_running_locked(s, now);
	email_code rc = remember(s, &l, e);
	size_t i;

	s->missed = false;
	if (rc == EMAIL_OK)
		rc = s->ops->visit(s->store, EMAIL__AREA_QUEUE, see, &l, e);
	if (rc == EMAIL_OK && l.news.memory)
		rc = email__spool_memory(e);
	if (rc == EMAIL_OK)
		drop_unseen(s, &l);
	/* who brought them may have died before they were durable, or not have come so far */
	if (rc == EMAIL_OK && l.news.count > 0)
		rc = s->ops->sync_area(s->store, EMAIL__AREA_QUEUE, e);
	for (i = 0; i < l.news.count && rc == EMAIL_OK; i++)
		rc = take_in(&l, l.news.all[i], e);
	email__spool_index_sort(s);
	/* running time was not written down in time: no mail is from the future */
	if (l.latest > running)
		s->running += l.latest - running;
	if (rc)
		s->missed = true;
	names_dispose(&l.news);
	email__free(l.known);
	return rc;
}

/* What cannot be moved to the dead now is found again. */
static void
end(email__spool *s, const char *id)
{
	email__stored f;
	email__mailfile mail;
	bool durable = true;
	email_code rc = email__spool_grab(s, EMAIL__AREA_QUEUE, id, &f, &mail, NULL);

	if (rc == EMAIL_OK) {
		rc = email__spool_catch_up(&f, EMAIL__AREA_QUEUE, &mail, 0, NULL);
		if (rc == EMAIL_OK && email__mailfile_count(&mail, EMAIL__RCPT_PENDING) == 0)
			rc = email__spool_finish(s, &f, &mail, id, &durable, NULL, NULL);
		s->ops->close(&f);
	}
	email__mailfile_dispose(&mail);
	if (rc && rc != EMAIL_E_UNKNOWN) {
		email__mutex_lock(&s->mutex);
		s->missed = true;
		email__mutex_unlock(&s->mutex);
	}
}

email_code
email__spool_look(email__spool *s, const email__now *now, email_error *e)
{
	email__counter c;
	names ended = {0};
	size_t i;
	email_code rc = email__spool_enter(s, &c, e);

	if (rc)
		return rc;
	email__mutex_lock(&s->mutex);
	if (s->missed || c.value[SEQUENCE_CHANGES] != s->changes) {
		s->changes = c.value[SEQUENCE_CHANGES];
		rc = look(s, &ended, now, e);
	}
	email__mutex_unlock(&s->mutex);
	email__spool_leave(s);
	for (i = 0; i < ended.count; i++)
		end(s, ended.all[i]);
	names_dispose(&ended);
	return rc;
}

/* --- starting --------------------------------------------------------------------------------- */

/* Who enqueues asks for it under one or the other. */
static void
set_working(email__spool *s, bool working)
{
	email__mutex_lock(&s->gate);
	email__mutex_lock(&s->mutex);
	s->working = working;
	email__mutex_unlock(&s->mutex);
	email__mutex_unlock(&s->gate);
}

static email_code
lock_worker(email__spool *s, email_error *e)
{
	email_code rc;

	if (s->working)
		return EMAIL_OK;
	rc = email__counter_open(s->store, "worker", &s->lock, e);
	if (rc)
		return rc;
	if (!s->ops->lock(&s->lock, false)) {
		s->ops->close(&s->lock);
		return email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_QUEUE,
		                        "another worker has this queue");
	}
	set_working(s, true);
	return EMAIL_OK;
}

/* The first look reads every header, so it can count. */
static email_code
first_look(email__spool *s, const email__now *now, email_error *e)
{
	email__counter c;
	email_code rc = email__spool_enter(s, &c, e);
	size_t i;

	if (rc)
		return rc;
	email__mutex_lock(&s->mutex);
	email__spool_index_clear(s);
	rc = look(s, NULL, now, e);
	s->changes = c.value[SEQUENCE_CHANGES];
	c.value[SEQUENCE_COUNT] = s->count;
	c.value[SEQUENCE_BYTES] = 0;
	for (i = 0; i < s->count; i++) {
		c.value[SEQUENCE_BYTES] += s->order[i]->size;
		if (s->order[i]->sequence >= c.value[SEQUENCE_NEXT])
			c.value[SEQUENCE_NEXT] = s->order[i]->sequence + 1;
	}
	if (rc == EMAIL_OK)
		rc = email__counter_write(&s->sequence, &c, false, e);
	email__mutex_unlock(&s->mutex);
	email__spool_leave(s);
	return rc;
}

/* An attempt that was cut off: how it ended nobody knows (Q5). Whether it was this mail that the process died of is
 * known only where it was on its way alone, and the machine has not been started anew since (Q8). */
static email_code
interrupted(email__spool *s, email__waiting *w, email__stored *f, email__mailfile *mail, email_error *e)
{
	bool same_boot = s->boot[0] && strcmp(mail->boot, s->boot) == 0;
	email_code rc;

	if (same_boot && mail->trying == EMAIL__TRYING_ALONE)
		mail->crashes++;
	mail->suspect = same_boot;
	mail->unsure++;
	mail->trying = EMAIL__TRYING_NOT;
	rc = email__spool_write_state(f, mail, NULL, e);
	if (rc)
		return rc;
	email__waiting_update(w, mail);
	w->generation = mail->generation;
	email__spool_tell(s, EMAIL__SPOOL_INTERRUPTED, w->id,
	                  "it was being sent when the process or the power died", mail);
	if (mail->crashes == EMAIL__QUEUE_CRASHES_MAX)
		email__spool_tell(s, EMAIL__SPOOL_CRASHING, w->id,
		                  "the process died each time this was sent: it is tried last, and alone",
		                  mail);
	return EMAIL_OK;
}

/* Ends what was cut off. True: it is not waiting any more. */
static bool
resume(email__spool *s, email__waiting *w)
{
	email__stored f;
	email__mailfile mail;
	email_error e = {0};
	email_code rc = email__spool_grab(s, EMAIL__AREA_QUEUE, w->id, &f, &mail, &e);
	bool gone = rc == EMAIL_E_UNKNOWN;

	if (rc == EMAIL_OK) {
		bool durable = true;

		rc = email__spool_catch_up(&f, EMAIL__AREA_QUEUE, &mail, 0, &e);
		if (rc == EMAIL_OK && email__mailfile_count(&mail, EMAIL__RCPT_PENDING) == 0) {
			rc = email__spool_finish(s, &f, &mail, w->id, &durable, NULL, &e);
			gone = rc == EMAIL_OK;
		} else if (rc == EMAIL_OK && mail.trying != EMAIL__TRYING_NOT)
			rc = interrupted(s, w, &f, &mail, &e);
		s->ops->close(&f);
	}
	email__mailfile_dispose(&mail);
	/* somebody has it just now, to cancel it: what is left to do is done when it is begun */
	if (rc && rc != EMAIL_E_TEMPORARY && !gone)
		email__spool_unreadable(s, w->id, e.text);
	return gone;
}

/* Those that were cut off, or have nobody left to go to. NULL: no memory, or none (*n 0). */
static email__waiting **
to_resume(email__spool *s, size_t *n, bool *memory)
{
	email__waiting **all = NULL;
	size_t i;

	*n = 0;
	for (i = s->head; i < s->count; i++)
		*n += s->order[i] && (s->order[i]->trying || s->order[i]->pending == 0);
	if (*n > 0)
		all = email__alloc(*n * sizeof *all);
	*memory = *n > 0 && !all;
	for (*n = 0, i = s->head; all && i < s->count; i++)
		if (s->order[i] && (s->order[i]->trying || s->order[i]->pending == 0))
			all[(*n)++] = s->order[i];
	return all;
}

/* The entries are the worker's to free; others may add some meanwhile. */
static email_code
resume_all(email__spool *s, email_error *e)
{
	email__waiting **all;
	size_t i, n;
	bool memory;

	email__mutex_lock(&s->mutex);
	all = to_resume(s, &n, &memory);
	email__mutex_unlock(&s->mutex);
	if (memory)
		return email__spool_memory(e);
	for (i = 0; i < n; i++) {
		all[i]->trying = false;
		if (!resume(s, all[i]))
			continue;
		email__mutex_lock(&s->mutex);
		email__spool_index_drop(s, all[i]);
		email__mutex_unlock(&s->mutex);
	}
	email__free(all);
	return EMAIL_OK;
}

email_code
email__spool_start(email__spool *s, const email__now *now, email_error *e)
{
	email_code rc = lock_worker(s, e);

	if (rc)
		return rc;
	rc = sweep(s, e);
	if (rc == EMAIL_OK)
		rc = first_look(s, now, e);
	if (rc == EMAIL_OK)
		rc = resume_all(s, e);
	if (rc == EMAIL_OK)
		rc = email__spool_tend(s, now, e);
	if (rc)
		email__spool_stop(s, now);
	return rc;
}

void
email__spool_stop(email__spool *s, const email__now *now)
{
	if (!s->working)
		return;
	email__spool_settle(s, now, NULL);
	set_working(s, false);
	s->ops->close(&s->lock);
	email__spool_keep_time(s, now);
	email__mutex_lock(&s->mutex);
	email__spool_index_clear(s);
	email__mutex_unlock(&s->mutex);
}
