/* SPDX-License-Identifier: MIT */
/* Mails as they lie in the store: read, verified, locked, their state changed, set aside. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "queue/crc.h"
#include "queue/spool_state.h"

/* Holds the header of a mail to one recipient. */
#define FIRST_READ 2048
#define PIECE 16384

static bool
note(void *context, const char *name)
{
	email__id_list *n = context;

	if (!email__spool_is_id(name))
		return true;
	if (n->count == n->room) {
		size_t room = n->room ? n->room * 2 : 64;
		void *grown = email__realloc(n->all, room * sizeof *n->all);

		n->memory = !grown;
		if (!grown)
			return false;
		n->all = grown;
		n->room = room;
	}
	memcpy(n->all[n->count++], name, EMAIL_ID_SIZE);
	return true;
}

email_code
email__spool_ids(email__spool *s, email__area area, email__id_list *ids, email_error *e)
{
	email_code rc;

	memset(ids, 0, sizeof *ids);
	rc = s->ops->visit(s->store, area, note, ids, e);
	return ids->memory ? email__spool_memory(e) : rc;
}

static email_code
no_mail(email_error *e, const char *name, const char *why)
{
	return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_QUEUE, "%s is no mail: %s", name, why);
}

email_code
email__spool_read(email__stored *f, bool header_only, email__mailfile *mail, email_error *e)
{
	email__buf buf;
	size_t got, n;
	uint64_t size;
	unsigned char *room;
	email_code rc;

	memset(mail, 0, sizeof *mail);
	email__buf_init(&buf, EMAIL__QUEUE_HEADER_MAX);
	if (!(room = email__buf_room(&buf, FIRST_READ))) {
		rc = email__spool_memory(e);
		goto out;
	}
	if ((rc = f->store->ops->read(f, 0, room, FIRST_READ, &got, e)))
		goto out;
	email__buf_added(&buf, got);
	n = email__mailfile_header((const char *)room, got);
	if (n > got && got == FIRST_READ) {
		if (!(room = email__buf_room(&buf, n - got))) {
			rc = email__spool_memory(e);
			goto out;
		}
		if ((rc = f->store->ops->read(f, FIRST_READ, room, n - got, &got, e)))
			goto out;
		email__buf_added(&buf, got);
	}
	if (n == 0 || email__buf_len(&buf) < n)
		rc = no_mail(e, f->name, "it has no whole header");
	else if ((rc = email__mailfile_read((const char *)email__buf_head(&buf), n, mail)) == EMAIL_E_MEMORY)
		email__spool_memory(e);
	else if (rc)
		no_mail(e, f->name, "its header is damaged");
	else if (!header_only && !(rc = f->store->ops->size(f, &size, e)) && size != n + mail->size)
		rc = no_mail(e, f->name, "it is not as long as it says");
out:
	email__buf_dispose(&buf);
	if (rc)
		email__mailfile_dispose(mail);
	return rc;
}

email_code
email__spool_open_mail(email__spool *s, email__area area, const char *id, bool writing, email__stored *f,
                       email__mailfile *mail, email_error *e)
{
	email_error first = {0};
	email_code rc = s->ops->open(s->store, area, id, writing, f, &first);

	memset(mail, 0, sizeof *mail);
	if (rc) {
		/* a folder, a link, a device: no file, and never will be */
		if (first.os == EINVAL || first.os == ELOOP || first.os == EISDIR || first.os == ENXIO)
			return no_mail(e, id, "it is no regular file");
		if (e && e->code == EMAIL_OK)
			*e = first;
		return rc;
	}
	rc = email__spool_read(f, area == EMAIL__AREA_DONE, mail, e);
	if (rc)
		s->ops->close(f);
	return rc;
}

email_code
email__spool_verify(email__stored *f, const email__mailfile *mail, email_error *e)
{
	unsigned char *piece = email__alloc(PIECE);
	uint64_t at, sum = 0;
	email_code rc = piece ? EMAIL_OK : email__spool_memory(e);

	for (at = 0; rc == EMAIL_OK && at < mail->size;) {
		uint64_t left = mail->size - at;
		size_t got;

		rc = f->store->ops->read(f, mail->header + at, piece, left < PIECE ? (size_t)left : PIECE,
		                         &got, e);
		if (rc == EMAIL_OK && got == 0)
			rc = no_mail(e, f->name, "it is not as long as it says");
		if (rc == EMAIL_OK)
			sum = email__crc64(sum, piece, got);
		at += got;
	}
	email__free(piece);
	if (rc == EMAIL_OK && sum != mail->sum)
		rc = no_mail(e, f->name, "the message is damaged");
	return rc;
}

email_code
email__spool_grab(email__spool *s, email__area area, const char *id, email__stored *f, email__mailfile *mail,
                  email_error *e)
{
	email_error first = {0};
	email_code rc = s->ops->open(s->store, area, id, true, f, &first);

	memset(mail, 0, sizeof *mail);
	if (rc && first.os == ENOENT)
		return email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_QUEUE, "there is no mail %s", id);
	if (rc) {
		if (e && e->code == EMAIL_OK)
			*e = first;
		return rc;
	}
	if (!s->ops->lock(f, false))
		rc = email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_QUEUE,
		                      "mail %s is being sent just now", id);
	/* it may have been moved between opening and locking */
	else if (!s->ops->holds(f, area, id))
		rc = email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_QUEUE, "there is no mail %s", id);
	else
		rc = email__spool_read(f, false, mail, e);
	if (rc)
		s->ops->close(f);
	return rc;
}

void
email__spool_set_aside(email__spool *s, const char *name, const char *cause)
{
	email_error e = {0};

	email_code rc = s->ops->move(s->store, EMAIL__AREA_QUEUE, name, EMAIL__AREA_BAD, name, &e);

	/* nothing is synced: where that is lost, it is found, and set aside, again */
	if (rc)
		email__spool_unreadable(s, name, cause);
	else
		email__spool_tell(s, EMAIL__SPOOL_SET_ASIDE, name, cause, NULL);
}

/* Was it told before? Else it is noted, where there is memory. */
static bool
told_before(email__spool *s, uint64_t sum)
{
	size_t low = 0, high = s->told_count;
	uint64_t *grown;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->told[middle] < sum)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < s->told_count && s->told[low] == sum)
		return true;
	grown = email__realloc(s->told, (s->told_count + 1) * sizeof *s->told);
	if (!grown)
		return false;
	s->told = grown;
	memmove(grown + low + 1, grown + low, (s->told_count++ - low) * sizeof *grown);
	grown[low] = sum;
	return false;
}

void
email__spool_unreadable(email__spool *s, const char *name, const char *cause)
{
	if (!told_before(s, email__crc64(0, name, strlen(name))))
		email__spool_tell(s, EMAIL__SPOOL_UNREADABLE, name, cause, NULL);
}

email_code
email__spool_catch_up(email__stored *f, email__area area, const email__mailfile *mail, uint64_t known,
                      email_error *e)
{
	email_code rc;

	if (mail->generation == known)
		return EMAIL_OK;
	rc = f->store->ops->sync(f, false, e);
	return rc ? rc : f->store->ops->sync_area(f->store, area, e);
}

email_code
email__spool_write_state(email__stored *f, email__mailfile *mail, bool *spoilt, email_error *e)
{
	email__buf out;
	uint64_t at;
	email_code rc;

	email__buf_init(&out, EMAIL__QUEUE_HEADER_MAX);
	mail->generation++;
	rc = email__mailfile_write_state(mail, &out, &at);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the state of mail %s cannot be written", f->name);
	else
		rc = f->store->ops->write(f, at, email__buf_head(&out), email__buf_len(&out), e);
	if (rc == EMAIL_OK && (rc = f->store->ops->sync(f, true, e))) {
		/* nobody knows what the disk has in this place; what it has in the other one holds. So nobody may take this one
		 * for the newer, and write over the other: the next state comes here again. */
		f->store->ops->write(f, at, "-", 1, NULL);
		if (spoilt)
			*spoilt = true;
	}
	if (rc)
		mail->generation--;
	email__buf_dispose(&out);
	return rc;
}
