/* SPDX-License-Identifier: MIT */
#include "service/returned.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/clock.h"
#include "os/file.h"
#include "service/answer.h"

bool
email__returned_init(email__returned *r)
{
	memset(r, 0, sizeof *r);
	return email__mutex_init(&r->mutex);
}

void
email__returned_dispose(email__returned *r)
{
	email__sent_close(r->sent);
	email__free(r->path);
	email__mutex_dispose(&r->mutex);
}

/* Opened when it is first asked for something, and again where the state folder is another one. NULL: no memory. */
static email__sent *
memory(const email__host *host, email_error *e)
{
	email__returned *r = &host->shared->returned;
	char *path = host->folder ? email__path_join(host->folder, "sent") : NULL;

	if (host->folder && !path) {
		email__error_memory(e, EMAIL_STAGE_NONE);
		return NULL;
	}
	if (r->sent && (path == NULL) == (r->path == NULL) && (!path || strcmp(path, r->path) == 0)) {
		email__free(path);
		return r->sent;
	}
	email__sent_close(r->sent);
	email__free(r->path);
	r->path = path;
	r->sent = email__sent_open(path, email__clock_wall(), e);
	return r->sent;
}

void
email__returned_remember(const email__host *host, const char *account, const char *id,
                         const email__mailfile *mail, email_error *e)
{
	email__returned *r = &host->shared->returned;
	email__sent *sent;

	email__mutex_lock(&r->mutex);
	if ((sent = memory(host, e)))
		(void)email__sent_add(sent, account, id, mail, email__clock_wall(), e);
	email__mutex_unlock(&r->mutex);
}

static void
tell(void *context, const email_event *event)
{
	email__events_add(&((email__shared *)context)->events, event);
}

void
email__returned_look(const email__host *host, email_message *message, email_error *e)
{
	email__returned *r = &host->shared->returned;
	email__sent *sent;

	email__mutex_lock(&r->mutex);
	if ((sent = memory(host, e)) && email__answer_match(sent, message, tell, host->shared))
		*e = *email_message_error(message);
	email__mutex_unlock(&r->mutex);
}
