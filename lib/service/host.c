/* SPDX-License-Identifier: MIT */
#include "service/host.h"

#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/file.h"
#include "service/contents.h"
#include "service/queued.h"
#include "service/returned.h"

/* --- what is shared --------------------------------------------------------------------------- */

bool
email__shared_init(email__shared *shared)
{
	memset(shared, 0, sizeof *shared);
	if (!email__outboxes_init(&shared->outboxes))
		return false;
	if (email__events_init(&shared->events)) {
		if (email__board_init(&shared->board)) {
			if (email__returned_init(&shared->returned)) {
				if (email__mutex_init(&shared->mutex))
					return true;
				email__returned_dispose(&shared->returned);
			}
			email__board_dispose(&shared->board);
		}
		email__events_dispose(&shared->events);
	}
	email__outboxes_dispose(&shared->outboxes);
	return false;
}

void
email__shared_dispose(email__shared *shared)
{
	/* whose spools have events to tell */
	email__outboxes_dispose(&shared->outboxes);
	email__events_dispose(&shared->events);
	email__board_dispose(&shared->board);
	email__returned_dispose(&shared->returned);
	email__mutex_dispose(&shared->mutex);
}

void
email__shared_set_bell(email__shared *shared, const email__bell *bell)
{
	email__mutex_lock(&shared->mutex);
	shared->bell = bell;
	email__mutex_unlock(&shared->mutex);
}

/* --- what accounts ask ------------------------------------------------------------------------ */

static email_trust *
lend_trust(void *context)
{
	return ((email__host *)context)->trust;
}

static bool
name_taken(void *context, const char *name)
{
	(void)context;
	(void)name;
	return false; /* a copy is not renamed */
}

email__status_place
email__host_status(const email__host *host)
{
	return (email__status_place){host->folder, &host->shared->board};
}

static void
status_load(void *context, email_account *account)
{
	email__host *host = context;
	email__status_place place = email__host_status(host);
	int64_t waiting = account->kind == EMAIL_OUTGOING ? email__host_queue_size(host, account) : 0;

	email__status_load(&place, account);
	account->v.queue_size = waiting > 0 ? waiting : 0;
}

static void
status_save(void *context, email_account *account)
{
	email__status_place place = email__host_status(context);

	email__status_save(&place, account);
}

static char *
state_folder(void *context)
{
	const email__host *host = context;

	return host->folder ? email__strdup(host->folder) : NULL;
}

static email_code
seal_key(void *context, unsigned char *key, email_error *e)
{
	const email__host *host = context;

	return email__seal_source_key(host->seal, key, e);
}

/* Accounts in threads of their own, and other processes, may have one to write too. What cannot be locked is written all
 * the same: a secret that is lost is lost for good. */
#define LOCK_MS 5000

int
email__host_lock_sheet(const email__host *host)
{
	char *path = host->folder ? email__path_join(host->folder, "sheet.lock") : NULL;
	email_error ignored = {0};
	int lock = -1;

	if (path && email__folder_make(host->folder, &ignored) == EMAIL_OK)
		(void)email__lock_take(path, LOCK_MS, &lock, &ignored);
	email__free(path);
	return lock;
}

email_code
email__host_save_secret(email__host *host, const char *name, const email_account *account,
                        const email__secret *secret, const char *text, email_error *e)
{
	email_code rc;
	int lock;

	/* no sheet, or none that knows the account: the application keeps it, or saves it yet */
	if (!host->sheet || !name)
		return EMAIL_OK;
	lock = email__host_lock_sheet(host);
	rc = email__contents_replace(host->sheet, name, account, secret, text, e);
	email__lock_release(lock);
	return rc;
}

email_code
email__host_stored_secret(const email__host *host, const char *name, const email_account *account,
                          const email__secret *secret, email__buf *out, email_error *e)
{
	return host->sheet && name ? email__contents_stored(host->sheet, name, account, secret, out, e)
	                           : EMAIL_E_UNKNOWN;
}

static email_code
secret_save(void *context, const email_account *account, const email__secret *secret, const char *text,
            email_error *e)
{
	return email__host_save_secret(context, account->in_sheet ? account->name : NULL, account, secret,
	                               text, e);
}

static email_code
secret_stored(void *context, const email_account *account, const email__secret *secret, email__buf *out,
              email_error *e)
{
	return email__host_stored_secret(context, account->in_sheet ? account->name : NULL, account, secret,
	                                 out, e);
}

/* --- queues ----------------------------------------------------------------------------------- */

static void
tell(void *context, const email_event *event)
{
	email__events_add(&((email__host *)context)->shared->events, event);
}

/* Opening and counting ask only how long the machine has run. */
static email__now
running_now(void)
{
	return (email__now){.mono = email__clock_ms(), .wall = email__clock_wall()};
}

static email__outbox *
open_outbox(email__host *host, email_account *account, const char *folder, email_error *e)
{
	email__now now = running_now();
	email__outbox_config config = {.name = account->name,
	                               .folder = folder,
	                               .max_count = (size_t)account->v.max_queue_size,
	                               .max_size = (uint64_t)account->v.max_persisted_email_size * 1024,
	                               .drop_oldest = account->v.overflow_policy == 1,
	                               .suppress_within = account->v.suppress_within,
	                               .event = email__queued_tell,
	                               .context = &host->shared->events};

	return email__outboxes_get(&host->shared->outboxes, &config, &now, e);
}

static email__outbox *
outbox(void *context, email_account *account, email_error *e)
{
	email__host *host = context;
	email__outbox *found = NULL;
	email_code rc;
	char *folder = email__outbox_folder(account, host->folder, host->sheet, &rc);

	if (rc)
		email__error_memory(e, EMAIL_STAGE_QUEUE);
	else
		found = open_outbox(host, account, folder, e);
	email__free(folder);
	return found;
}

int64_t
email__host_queue_size(email__host *host, email_account *account)
{
	email__outbox *box = NULL;
	email__now now;
	email_error ignored = {0};
	email_code rc;
	size_t count;
	uint64_t bytes;
	char *folder = email__outbox_folder(account, host->folder, host->sheet, &rc);

	/* looking makes no folder */
	if (rc == EMAIL_OK && (!folder || email__file_exists(folder)))
		box = open_outbox(host, account, folder, &ignored);
	email__free(folder);
	now = running_now();
	return box && email__spool_size(box->spool, &now, &count, &bytes, &ignored) == EMAIL_OK
	               ? (int64_t)count
	               : -1;
}

char *
email__host_bell_path(const email__host *host)
{
	return host->folder ? email__path_join(host->folder, "bell") : NULL;
}

static bool
wake(void *context, const email_account *account, bool poll)
{
	email__host *host = context;
	char word[EMAIL__NAME_MAX + 2], *path;
	bool rung;

	snprintf(word, sizeof word, "%c%s", poll ? '!' : '+', account->name);
	email__mutex_lock(&host->shared->mutex);
	rung = host->shared->bell != NULL;
	if (rung)
		email__bell_ring(host->shared->bell, word);
	email__mutex_unlock(&host->shared->mutex);
	if (rung || !(path = email__host_bell_path(host)))
		return rung;
	rung = email__bell_ring_at(path, word);
	email__free(path);
	return rung;
}

/* It counts for the day, though it is never held by it (model 2: maxSendablePerDay). */
static void
count(email__host *host, email_account *account, email_error *e)
{
	email__now now = email__outbox_now(host->trust);
	email__outbox *box;
	uint64_t today;

	if (account->v.max_sendable_per_day >= 0 && (box = outbox(host, account, e)))
		(void)email__spool_count_day(box->spool, &now, 1, &today, e);
}

static void
sent(void *context, email_account *account, const email__smtp_mail *mail, const char *message_id)
{
	email__recipient *to = email__calloc(mail->count, sizeof *to);
	const email__mailfile like = {.message_id = message_id, .recipients = to, .count = mail->count};
	email_error e = {0};
	size_t i;

	for (i = 0; to && i < mail->count; i++)
		to[i].address = mail->recipients[i].address;
	if (to)
		email__returned_remember(context, account->name, mail->envelope_id ? mail->envelope_id : "",
		                         &like, &e);
	else
		email__error_memory(&e, EMAIL_STAGE_NONE);
	email__free(to);
	count(context, account, &e);
	if (e.code)
		email__account_tell(account, EMAIL_EVENT_QUEUE, "", e.text);
}

static email_code
work(void *context, email_account *account, email_error *e)
{
	(void)context;
	(void)account;
	return email__error_set(e, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE,
	                        "the worker's own copy is not to be polled");
}

/* --- making ----------------------------------------------------------------------------------- */

void
email__host_init(email__host *host, email__shared *shared)
{
	memset(host, 0, sizeof *host);
	host->shared = shared;
	host->owner = (email__owner){.service = host,
	                             .trust = lend_trust,
	                             .name_taken = name_taken,
	                             .status_load = status_load,
	                             .status_save = status_save,
	                             .state_folder = state_folder,
	                             .seal_key = seal_key,
	                             .secret_save = secret_save,
	                             .secret_stored = secret_stored,
	                             .outbox = outbox,
	                             .wake = wake,
	                             .work = work,
	                             .sent = sent,
	                             .tell = tell};
}

void
email__host_dispose(email__host *host)
{
	email__free(host->folder);
	email__free(host->sheet);
	host->folder = host->sheet = NULL;
}

email_code
email__host_place(email__host *host, const char *folder, const char *sheet)
{
	char *f = folder ? email__strdup(folder) : NULL, *s = sheet ? email__strdup(sheet) : NULL;

	if ((folder && !f) || (sheet && !s)) {
		email__free(f);
		email__free(s);
		return EMAIL_E_MEMORY;
	}
	email__host_dispose(host);
	host->folder = f;
	host->sheet = s;
	return EMAIL_OK;
}

email__host *
email__host_new(email__shared *shared, const email__host *like, email_trust *trust)
{
	email__host *host = email__new(email__host);

	if (!host)
		return NULL;
	email__host_init(host, shared);
	host->trust = trust;
	host->own_seal = *like->seal;
	host->own_seal.path = like->seal->path ? email__strdup(like->seal->path) : NULL;
	host->seal = &host->own_seal;
	if ((like->seal->path && !host->own_seal.path) ||
	    email__host_place(host, like->folder, like->sheet)) {
		email__host_free(host);
		return NULL;
	}
	return host;
}

void
email__host_free(email__host *host)
{
	if (!host)
		return;
	email__host_dispose(host);
	email__seal_source_dispose(&host->own_seal);
	email__free(host);
}
