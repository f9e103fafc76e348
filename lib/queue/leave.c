/* SPDX-License-Identifier: MIT */
/* How a mail leaves the queue, and what is kept of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "queue/spool_state.h"

/* Whoever has the file locked is the only one to move it: what is not there any more was moved by us, before an error. */
static bool
moved_before(email_code rc, const email_error *why)
{
	return rc == EMAIL_E_FILE && why->os == ENOENT;
}

static email_code
move_durably(email__spool *s, const char *id, email__area to, email_error *e)
{
	email_error why = {0};
	email_code rc = s->ops->move(s->store, EMAIL__AREA_QUEUE, id, to, id, &why);

	if (rc && !moved_before(rc, &why)) {
		if (e && e->code == EMAIL_OK)
			*e = why;
		return rc;
	}
	/* the new place first: at no time is it nowhere */
	rc = s->ops->sync_area(s->store, to, e);
	return rc ? rc : s->ops->sync_area(s->store, EMAIL__AREA_QUEUE, e);
}

static email_code
remove_durably(email__spool *s, const char *id, email_error *e)
{
	email_error why = {0};
	email_code rc = s->ops->remove(s->store, EMAIL__AREA_QUEUE, id, &why);

	if (rc && !moved_before(rc, &why)) {
		if (e && e->code == EMAIL_OK)
			*e = why;
		return rc;
	}
	return s->ops->sync_area(s->store, EMAIL__AREA_QUEUE, e);
}

email_code
email__spool_finish(email__spool *s, email__stored *f, email__mailfile *mail, const char *id, bool *durable,
                    bool *spoilt, email_error *e)
{
	bool failed = email__mailfile_count(mail, EMAIL__RCPT_DELIVERED) < mail->count;
	email_code rc = EMAIL_OK;

	/* what was delivered needs no more state: that it is gone says all */
	if (failed && !*durable) {
		if ((rc = email__spool_write_state(f, mail, spoilt, e)))
			return rc;
		*durable = true;
	}
	if (failed || mail->key[0])
		rc = move_durably(s, id, failed ? EMAIL__AREA_DEAD : EMAIL__AREA_DONE, e);
	else
		rc = remove_durably(s, id, e);
	if (rc)
		return rc;
	email__spool_left(s, mail->size);
	if (failed) {
		email__spool_tell(s, EMAIL__SPOOL_DEAD, id, mail->cause, mail);
		email__spool_prune(s, EMAIL__AREA_DEAD, mail->ended, false);
	} else if (mail->key[0]) {
		s->ops->truncate(f, mail->header);
		email__spool_prune(s, EMAIL__AREA_DONE, mail->ended, false);
	}
	return EMAIL_OK;
}

/* --- what is kept, and for how long ----------------------------------------------------------- */

typedef struct kept {
	char id[EMAIL_ID_SIZE];
	int64_t ended;
	uint64_t sequence;
} kept;

static int
older_first(const void *a, const void *b)
{
	const kept *one = a, *other = b;

	if (one->ended != other->ended)
		return one->ended < other->ended ? -1 : 1;
	return (one->sequence > other->sequence) - (one->sequence < other->sequence);
}

static void
forget(email__spool *s, email__area area, const char *id)
{
	email__stored f;
	email__mailfile mail;
	bool read = email__spool_open_mail(s, area, id, false, &f, &mail, NULL) == EMAIL_OK;

	if (s->ops->remove(s->store, area, id, NULL) == EMAIL_OK && area == EMAIL__AREA_DEAD)
		email__spool_tell(s, EMAIL__SPOOL_FORGOTTEN, id, "the dead letters are too many, or too old",
		                  read ? &mail : NULL);
	if (read)
		s->ops->close(&f);
	email__mailfile_dispose(&mail);
}

/* The mails in an area, oldest first; NULL where there is no memory, or none. */
static kept *
read_ages(email__spool *s, email__area area, const email__id_list *ids)
{
	kept *all = ids->count ? email__calloc(ids->count, sizeof *all) : NULL;
	size_t i;

	for (i = 0; all && i < ids->count; i++) {
		email__stored f;
		email__mailfile mail;
		email_code rc;

		memcpy(all[i].id, ids->all[i], EMAIL_ID_SIZE);
		rc = email__spool_open_mail(s, area, all[i].id, false, &f, &mail, NULL);
		/* what is no mail goes first; what could not be read just now, not */
		all[i].ended = rc == EMAIL_E_MESSAGE ? 0 : INT64_MAX;
		if (rc)
			continue;
		/* what was delivered has no word of when; it went in about the order in which it came */
		all[i].ended = area == EMAIL__AREA_DONE ? mail.queued : mail.ended;
		all[i].sequence = mail.sequence;
		s->ops->close(&f);
		email__mailfile_dispose(&mail);
	}
	if (all)
		qsort(all, ids->count, sizeof *all, older_first);
	return all;
}

void
email__spool_prune(email__spool *s, email__area area, int64_t running, bool days)
{
	email__id_list ids;
	kept *all = NULL;
	int64_t oldest = running - (int64_t)s->options.dead_days * 86400 * 1000;
	size_t max = area == EMAIL__AREA_DONE ? EMAIL__QUEUE_DONE_MAX : s->options.dead_max, over = 0, i = 0;
	email_code rc = email__spool_ids(s, area, &ids, NULL);

	/* some at a time, since all must be read to know the oldest; nothing is synced: what a power cut brings back is
	 * forgotten once more */
	if (ids.count > max + (days ? 0 : max / 8))
		over = ids.count - max;
	if (rc == EMAIL_OK && (over > 0 || days))
		all = read_ages(s, area, &ids);
	for (; all && i < ids.count && (i < over || (days && all[i].ended < oldest)); i++)
		forget(s, area, all[i].id);
	email__free(all);
	email__free(ids.all);
}
