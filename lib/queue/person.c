/* SPDX-License-Identifier: MIT */
/* What a person sees of the spool, and does to it; and expiry, which is the same done by the clock. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "queue/spool_state.h"

email_code
email__spool_list(email__spool *s, bool dead,
                  bool (*visit)(void *context, const char *id, const email__mailfile *mail), void *context,
                  email_error *e)
{
	email__area area = dead ? EMAIL__AREA_DEAD : EMAIL__AREA_QUEUE;
	email__id_list n;
	email_code rc = email__spool_ids(s, area, &n, e);
	bool more = true;
	size_t i;

	for (i = 0; i < n.count && rc == EMAIL_OK && more; i++) {
		email__stored f;
		email__mailfile mail;
		email_code one = email__spool_open_mail(s, area, n.all[i], false, &f, &mail, NULL);

		if (one == EMAIL_E_MEMORY)
			rc = email__spool_memory(e);
		if (one)
			continue; /* it left meanwhile, or is none */
		s->ops->close(&f);
		more = visit(context, n.all[i], &mail);
		email__mailfile_dispose(&mail);
	}
	email__free(n.all);
	return rc;
}

/* --- one mail --------------------------------------------------------------------------------- */

struct email__view {
	email__spool *spool;
	email__stored file;
	email__mailfile mail;
	bool dead;
	char id[EMAIL_ID_SIZE];
	uint64_t at;
};

static email_code
unknown(const char *id, email_error *e)
{
	return email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_QUEUE, "there is no mail %.64s", id);
}

email_code
email__spool_view(email__spool *s, const char *id, email__view **view, email_error *e)
{
	email__view *v;
	email_error why = {0};
	email_code rc;

	*view = NULL;
	if (!email__spool_is_id(id))
		return unknown(id, e);
	if (!(v = email__new(email__view)))
		return email__spool_memory(e);
	v->spool = s;
	memcpy(v->id, id, sizeof v->id);
	rc = email__spool_open_mail(s, EMAIL__AREA_QUEUE, v->id, false, &v->file, &v->mail, &why);
	if (rc && why.os == ENOENT) {
		memset(&why, 0, sizeof why);
		v->dead = true;
		rc = email__spool_open_mail(s, EMAIL__AREA_DEAD, v->id, false, &v->file, &v->mail, &why);
	}
	if (rc == EMAIL_OK) {
		*view = v;
		return EMAIL_OK;
	}
	email__free(v);
	if (why.os == ENOENT)
		return unknown(id, e);
	if (e && e->code == EMAIL_OK)
		*e = why;
	return rc;
}

const email__mailfile *
email__view_mail(const email__view *v)
{
	return &v->mail;
}

bool
email__view_dead(const email__view *v)
{
	return v->dead;
}

static email_code
view_read(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	email__view *v = context;
	uint64_t left = v->mail.size - v->at;
	email_code rc;

	*got = 0;
	if (left == 0)
		return EMAIL_OK;
	rc = v->spool->ops->read(&v->file, v->mail.header + v->at, buffer, left < size ? (size_t)left : size,
	                         got, NULL);
	v->at += *got;
	return rc == EMAIL_OK && *got == 0 ? EMAIL_E_FILE : rc;
}

static email_code
view_rewind(void *context)
{
	((email__view *)context)->at = 0;
	return EMAIL_OK;
}

email__source
email__view_source(email__view *v)
{
	v->at = 0;
	return (email__source){.read = view_read, .rewind = view_rewind, .context = v};
}

void
email__view_free(email__view *v)
{
	if (!v)
		return;
	v->spool->ops->close(&v->file);
	email__mailfile_dispose(&v->mail);
	email__free(v);
}

/* --- ended by a person, or by the clock ------------------------------------------------------- */

static email_code
end_pending(email__spool *s, const char *id, email__rcpt_state state, const char *cause,
            const email__now *now, email_error *e)
{
	email__stored f;
	email__mailfile mail;
	bool durable = false;
	size_t i;
	email_code rc;

	if (!email__spool_is_id(id))
		return unknown(id, e);
	rc = email__spool_grab(s, EMAIL__AREA_QUEUE, id, &f, &mail, e);
	if (rc)
		return rc;
	for (i = 0; i < mail.count; i++)
		if (mail.recipients[i].state == EMAIL__RCPT_PENDING)
			mail.recipients[i].state = state;
	mail.unsure += mail.trying != EMAIL__TRYING_NOT;
	mail.trying = EMAIL__TRYING_NOT;
	mail.ended = email__spool_running(s, now);
	email__printable(mail.cause, sizeof mail.cause, cause, strlen(cause));
	rc = email__spool_catch_up(&f, EMAIL__AREA_QUEUE, &mail, 0, e);
	if (rc == EMAIL_OK)
		rc = email__spool_finish(s, &f, &mail, id, &durable, NULL, e);
	s->ops->close(&f);
	email__mailfile_dispose(&mail);
	return rc;
}

email_code
email__spool_cancel(email__spool *s, const char *id, const char *cause, const email__now *now, email_error *e)
{
	return end_pending(s, id, EMAIL__RCPT_CANCELLED, cause, now, e);
}

email_code
email__spool_expire(email__spool *s, email__waiting *w, const char *cause, const email__now *now,
                    email_error *e)
{
	email_code rc = end_pending(s, w->id, EMAIL__RCPT_FAILED, cause, now, e);

	if (rc == EMAIL_OK || rc == EMAIL_E_UNKNOWN) {
		email__mutex_lock(&s->mutex);
		email__spool_index_drop(s, w);
		email__mutex_unlock(&s->mutex);
	}
	return rc;
}

static email_code
bury(email__spool *s, const char *id, email_error *e)
{
	email__stored f;
	email__mailfile mail;
	email_code rc = email__spool_grab(s, EMAIL__AREA_DEAD, id, &f, &mail, e);

	/* what cannot be read can be deleted all the same */
	if (rc && rc != EMAIL_E_MESSAGE)
		return rc;
	if (rc == EMAIL_E_MESSAGE)
		email__error_clear(e);
	else
		s->ops->close(&f);
	email__mailfile_dispose(&mail);
	rc = s->ops->remove(s->store, EMAIL__AREA_DEAD, id, e);
	return rc ? rc : s->ops->sync_area(s->store, EMAIL__AREA_DEAD, e);
}

email_code
email__spool_delete(email__spool *s, const char *id, const email__now *now, email_error *e)
{
	email_error why = {0};
	email_code rc = email__spool_cancel(s, id, "deleted", now, &why);

	if (rc != EMAIL_E_UNKNOWN) {
		if (rc && e && e->code == EMAIL_OK)
			*e = why;
		return rc;
	}
	return email__spool_is_id(id) ? bury(s, id, e) : unknown(id, e);
}

email_code
email__spool_clear(email__spool *s, const email__now *now, size_t *n, email_error *e)
{
	email__id_list all;
	email_code rc = email__spool_ids(s, EMAIL__AREA_QUEUE, &all, e);
	size_t i;

	*n = 0;
	for (i = 0; i < all.count && rc == EMAIL_OK; i++) {
		email_error why = {0};
		email_code one = email__spool_cancel(s, all.all[i], "the queue was cleared", now, &why);

		*n += one == EMAIL_OK;
		/* what is on its way, or has left, or is no mail, is left alone */
		if (one == EMAIL_OK || one == EMAIL_E_UNKNOWN || one == EMAIL_E_TEMPORARY ||
		    one == EMAIL_E_MESSAGE)
			continue;
		rc = one;
		if (e && e->code == EMAIL_OK)
			*e = why;
	}
	email__free(all.all);
	return rc;
}

/* Moved first: what a crash leaves in the queue has ended, and goes back to the dead at the next start. */
static email_code
move_back(email__spool *s, email__stored *f, email__mailfile *mail, const char *id, email_error *e)
{
	email_error why = {0};
	bool spoilt = false;
	email_code rc = s->ops->move(s->store, EMAIL__AREA_DEAD, id, EMAIL__AREA_QUEUE, id, e);

	if (rc)
		return rc;
	rc = s->ops->sync_area(s->store, EMAIL__AREA_QUEUE, e);
	if (rc == EMAIL_OK)
		rc = s->ops->sync_area(s->store, EMAIL__AREA_DEAD, e);
	if (rc == EMAIL_OK && (rc = email__spool_write_state(f, mail, &spoilt, &why)) && e &&
	    e->code == EMAIL_OK)
		*e = why;
	/* what the file says nobody knows then, and either is right where it is */
	if (spoilt) {
		email__error_clear(e);
		return email__error_set(e, EMAIL_E_INDETERMINATE, EMAIL_STAGE_QUEUE,
		                        "mail %s may wait again, or not: %s", id, why.text);
	}
	if (rc)
		s->ops->move(s->store, EMAIL__AREA_QUEUE, id, EMAIL__AREA_DEAD, id, NULL);
	return rc;
}

email_code
email__spool_requeue(email__spool *s, const char *id, const email__now *now, email_error *e)
{
	email__stored f;
	email__mailfile mail;
	email__counter c;
	size_t i;
	email_code rc;

	if (!email__spool_is_id(id))
		return unknown(id, e);
	rc = email__spool_grab(s, EMAIL__AREA_DEAD, id, &f, &mail, e);
	if (rc)
		return rc;
	/* its age begins anew, or it would expire at once; its place in the order stays */
	mail.next = 0;
	mail.ended = 0;
	mail.failures = mail.crashes = 0;
	mail.cause[0] = '\0';
	mail.revived = email__spool_running(s, now);
	for (i = 0; i < mail.count; i++)
		if (mail.recipients[i].state != EMAIL__RCPT_DELIVERED)
			mail.recipients[i].state = EMAIL__RCPT_PENDING;
	rc = email__spool_catch_up(&f, EMAIL__AREA_DEAD, &mail, 0, e);
	/* against the direction in which mail moves, so nobody may look meanwhile: neither for it nor for its key */
	if (rc == EMAIL_OK && (rc = email__spool_enter(s, &c, e)) == EMAIL_OK) {
		rc = email__spool_coming(s, &c, false, mail.size, now, e);
		if (rc == EMAIL_OK)
			rc = move_back(s, &f, &mail, id, e);
		email__spool_leave(s);
	}
	s->ops->close(&f);
	email__mailfile_dispose(&mail);
	return rc;
}
