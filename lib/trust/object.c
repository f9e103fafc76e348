/* SPDX-License-Identifier: MIT */
#include "trust/object.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "trust/store.h"
#include "trust/verdict.h"

#define LOCK_WAIT_MS 10000

email_trust *
email_trust_new(void)
{
	email_trust *trust = email__new(email_trust);

	if (!trust)
		return NULL;
	if (!email__mutex_init(&trust->mutex)) {
		email__free(trust);
		return NULL;
	}
	trust->generation = 1;
	trust->digest = email__record_digest(&trust->record);
	return trust;
}

static void
forget_paths(email_trust *trust)
{
	email__free(trust->folder);
	email__free(trust->path);
	email__free(trust->lock_path);
	trust->folder = trust->path = trust->lock_path = NULL;
}

void
email_trust_free(email_trust *trust)
{
	if (!trust)
		return;
	email__record_dispose(&trust->record);
	forget_paths(trust);
	email__mutex_dispose(&trust->mutex);
	email__free(trust);
}

email__when
email__trust_when(const email_trust *trust, int64_t now)
{
	return email__when_make(now, trust->record.clock_floor, trust->clock_good,
	                        trust->record.floor_policy);
}

char *
email__trust_beside(const email_trust *trust, const char *path)
{
	return trust->path ? email__path_beside(trust->path, path) : email__strdup(path);
}

static bool
same_stamp(const email__file_stamp *a, const email__file_stamp *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && a->inode == b->inode;
}

/* The generation moves on where what verdicts depend on is not what it was. */
static void
count_generation(email_trust *trust)
{
	uint64_t digest = email__record_digest(&trust->record);

	if (digest != trust->digest)
		trust->generation++;
	trust->digest = digest;
}

/* --- reading the sheet --- */

/* The file as a tree and a record; *sheet NULL and an empty record where there is no file. */
static email_code
read_sheet(const email_trust *trust, email__record *record, email__sheet **sheet, email__file_stamp *stamp,
           bool *there, email_error *e)
{
	email_error own = {0};
	email__buf bytes;
	email_code rc;

	*sheet = NULL;
	memset(record, 0, sizeof *record);
	/* the stamp first: a file that is replaced in between is read once more, rather than missed */
	if (!(*there = email__file_stamp_get(trust->path, stamp)))
		return EMAIL_OK;
	email__buf_init(&bytes, EMAIL__TRUST_SHEET_MAX);
	rc = email__file_read(trust->path, &bytes, &own);
	if (rc == EMAIL_OK)
		rc = email__sheet_parse(email__buf_head(&bytes), email__buf_len(&bytes),
		                        EMAIL__TRUST_SHEET_MAX, trust->path, EMAIL__TRUST_ROOT,
		                        EMAIL__TRUST_NS, sheet, &own);
	email__buf_dispose(&bytes);
	if (rc == EMAIL_OK && (rc = email__record_read(record, *sheet, trust->path, &own))) {
		email__sheet_free(*sheet);
		*sheet = NULL;
	}
	if (rc == EMAIL_E_FILE && own.os == ENOENT) {
		*there = false;
		return EMAIL_OK;
	}
	if (rc) {
		email__error_remedy(
			&own, "repair %s, or put it away: approvals and roots in it do not count until then",
			trust->path);
		if (e && e->code == EMAIL_OK)
			*e = own;
	}
	return rc;
}

/* Counts of rows that only this process knows of yet go over to what was read. */
static void
carry_over(email_trust *trust, email__record *fresh)
{
	size_t i;

	for (i = 0; i < trust->record.hosts.count; i++) {
		const email__row *old = &trust->record.hosts.list[i];
		email__row *row;

		if (!old->unsaved ||
		    !(row = email__hosts_find(&fresh->hosts, old->host, old->port, old->key_sha256)))
			continue;
		row->count += old->unsaved;
		row->unsaved = old->unsaved;
		row->changed = true;
		if (old->last_seen > row->last_seen)
			row->last_seen = old->last_seen;
	}
}

static void
adopt(email_trust *trust, email__record *fresh)
{
	carry_over(trust, fresh);
	email__record_dispose(&trust->record);
	trust->record = *fresh;
	email__error_clear(&trust->fault);
}

/* Without a sheet that can be read there are no exemptions. Its settings and roots stay as last read. */
static void
set_fault(email_trust *trust, const email_error *why)
{
	trust->fault = *why;
	trust->fault.code = EMAIL_E_SHEET;
	trust->fault.temporary = false;
	email__hosts_dispose(&trust->record.hosts);
	count_generation(trust);
}

static void
drop_nodes(email__record *record)
{
	size_t i;

	for (i = 0; i < record->hosts.count; i++)
		record->hosts.list[i].node = NULL;
	record->hosts.gone_count = 0;
}

email_code
email__trust_refresh(email_trust *trust, email_error *e)
{
	email_error why = {0};
	email__record fresh;
	email__sheet *sheet;
	email__file_stamp stamp;
	bool there;
	email_code rc;

	if (!trust->path)
		return EMAIL_OK;
	if (email__file_stamp_get(trust->path, &stamp) == trust->loaded &&
	    (!trust->loaded || same_stamp(&stamp, &trust->stamp)))
		return EMAIL_OK;
	rc = read_sheet(trust, &fresh, &sheet, &stamp, &there, &why);
	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	trust->loaded = there;
	trust->stamp = stamp;
	if (rc) {
		set_fault(trust, &why);
		return EMAIL_OK;
	}
	drop_nodes(&fresh);
	email__sheet_free(sheet);
	adopt(trust, &fresh);
	count_generation(trust);
	return EMAIL_OK;
}

email_code
email_trust_open(email_trust *trust, const char *folder)
{
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	forget_paths(trust);
	email__record_dispose(&trust->record);
	email__error_clear(&trust->fault);
	trust->loaded = false;
	trust->folder = email__strdup(folder);
	trust->path = email__path_join(folder, "trust.xml");
	trust->lock_path = email__path_join(folder, "trust.lock");
	if (!trust->folder || !trust->path || !trust->lock_path) {
		forget_paths(trust);
		rc = email__error_memory(&trust->error, EMAIL_STAGE_TRUST);
	} else {
		rc = email__trust_refresh(trust, &trust->error);
	}
	if (rc == EMAIL_OK && trust->fault.code) {
		trust->error = trust->fault;
		rc = EMAIL_E_SHEET;
	}
	count_generation(trust);
	email__mutex_unlock(&trust->mutex);
	return rc;
}

/* --- changing it --- */

static email_code
save(email_trust *trust, email__sheet *sheet, email_error *e)
{
	email__buf bytes;
	email_code rc;

	email__buf_init(&bytes, EMAIL__TRUST_SHEET_MAX);
	if ((rc = email__record_write(&trust->record, sheet)) == EMAIL_OK)
		rc = email__sheet_write(sheet, &bytes);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "%s cannot be written: %s", trust->path,
		                 email_code_text(rc));
	else
		rc = email__file_save(trust->path, email__buf_head(&bytes), email__buf_len(&bytes), true, e);
	email__buf_dispose(&bytes);
	return rc;
}

/* With the lock held. */
static email_code
change_locked(email_trust *trust, email__change_fn change, void *context, email_error *e)
{
	email__record fresh;
	email__sheet *sheet;
	email__file_stamp stamp;
	email_error why = {0};
	bool there;
	email_code rc = read_sheet(trust, &fresh, &sheet, &stamp, &there, &why);

	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	if (rc) {
		trust->loaded = there;
		trust->stamp = stamp;
		set_fault(trust, &why);
		if (e && e->code == EMAIL_OK)
			*e = trust->fault;
		return EMAIL_E_SHEET;
	}
	if (!sheet && !(sheet = email__sheet_new(EMAIL__TRUST_ROOT, EMAIL__TRUST_NS))) {
		email__record_dispose(&fresh);
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	}
	adopt(trust, &fresh);
	if ((rc = change(trust, context)) == EMAIL_OK && (rc = save(trust, sheet, e)) == EMAIL_OK) {
		email__record_settled(&trust->record);
		trust->loaded = email__file_stamp_get(trust->path, &trust->stamp);
	} else {
		/* half a change in memory: what is on disk counts */
		drop_nodes(&trust->record);
		trust->loaded = there;
		memset(&trust->stamp, 0, sizeof trust->stamp);
		if (!there)
			email__record_dispose(&trust->record);
	}
	email__sheet_free(sheet);
	return rc;
}

email_code
email__trust_change(email_trust *trust, email__change_fn change, void *context, email_error *e)
{
	int lock = -1;
	email_code rc;

	if (!trust->path) {
		if ((rc = change(trust, context)) == EMAIL_OK)
			email__record_settled(&trust->record);
	} else if ((rc = email__folder_make(trust->folder, e)) == EMAIL_OK &&
	           (rc = email__lock_take(trust->lock_path, LOCK_WAIT_MS, &lock, e)) == EMAIL_OK) {
		rc = change_locked(trust, change, context, e);
		email__lock_release(lock);
	}
	count_generation(trust);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "%s", email_code_text(rc));
	return rc;
}

email_code
email__trust_begin(email_trust *trust)
{
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	rc = email__trust_refresh(trust, &trust->error);
	if (rc == EMAIL_OK && trust->fault.code) {
		trust->error = trust->fault;
		rc = trust->fault.code;
	}
	return rc;
}

/* --- small public calls --- */

void
email_trust_set_challenge(email_trust *trust, email_challenge_fn challenge, void *context)
{
	email__mutex_lock(&trust->mutex);
	trust->challenge = challenge;
	trust->challenge_context = context;
	email__mutex_unlock(&trust->mutex);
}

void
email_trust_set_clock_good(email_trust *trust, bool good)
{
	email__mutex_lock(&trust->mutex);
	if (trust->clock_good != good)
		trust->generation++;
	trust->clock_good = good;
	email__mutex_unlock(&trust->mutex);
}

const email_error *
email_trust_error(email_trust *trust)
{
	return &trust->error;
}

bool
email__trust_clock_unset(email_trust *trust)
{
	bool unset;

	if (!trust)
		return email__when_make(email__clock_wall(), 0, false, false).unset;
	email__mutex_lock(&trust->mutex);
	unset = email__trust_when(trust, email__clock_wall()).unset;
	email__mutex_unlock(&trust->mutex);
	return unset;
}

static void
look_at(email_trust *trust, const char *path, email__file_stamp *known)
{
	email__file_stamp stamp = {0};

	if (path)
		email__file_stamp_get(path, &stamp);
	if (!same_stamp(&stamp, known))
		trust->generation++;
	*known = stamp;
}

/* The operating system renews its bundle beside us, and somebody the revocation lists: that is a change in a
 * store too. Where a path finds no memory, its file counts as gone. */
static void
look_at_files(email_trust *trust)
{
	const email__record *r = &trust->record;
	char *store = r->system_store ? email__trust_beside(trust, r->system_store) : NULL;
	char *crl = r->crl_file ? email__trust_beside(trust, r->crl_file) : NULL;

	look_at(trust, r->system_store ? store : email__store_path(NULL), &trust->store_stamp);
	look_at(trust, crl, &trust->crl_stamp);
	email__free(store);
	email__free(crl);
}

bool
email__trust_fault(email_trust *trust, email_error *why)
{
	if (!trust)
		return false;
	email__mutex_lock(&trust->mutex);
	*why = trust->fault;
	if (why->code)
		snprintf(why->text, sizeof why->text,
		         "the trust sheet cannot be read, so that no exemption counts: %.240s",
		         trust->fault.text);
	email__mutex_unlock(&trust->mutex);
	return why->code != EMAIL_OK;
}

unsigned long
email__trust_generation(email_trust *trust, bool look)
{
	unsigned long generation;

	if (!trust)
		return 0;
	email__mutex_lock(&trust->mutex);
	if (look) {
		(void)email__trust_refresh(trust, NULL);
		look_at_files(trust);
	}
	generation = trust->generation;
	email__mutex_unlock(&trust->mutex);
	return generation;
}
