/* SPDX-License-Identifier: MIT */
#include "service/returned.h"

#include "base/alloc.h"
#include "base/error.h"
#include "os/file.h"
#include "service/answer.h"

/* Opened when it is first asked for something. NULL: no memory. */
static email__sent *
memory(email__lane *lane)
{
	email__worker *w = lane->worker;
	const char *folder = lane->host->folder;
	email_error e = {0};
	char *path;

	if (w->sent)
		return w->sent;
	path = folder ? email__path_join(folder, "sent") : NULL;
	if (!folder || path)
		w->sent = email__sent_open(path, w->now.wall, &e);
	else
		email__error_memory(&e, EMAIL_STAGE_NONE);
	email__free(path);
	if (e.code)
		email__lane_complain(lane, &e);
	return w->sent;
}

void
email__returned_remember(email__lane *lane, const email__attempt *attempt)
{
	email__sent *sent = memory(lane);
	email_error e = {0};

	if (sent && email__sent_add(sent, lane->account->name, email__attempt_id(attempt),
	                            email__attempt_mail(attempt), lane->worker->now.wall, &e))
		email__lane_complain(lane, &e);
}

static void
tell(void *context, const email_event *event)
{
	email__events_add(&((email__shared *)context)->events, event);
}

void
email__returned_look(email__lane *lane, email_message *message)
{
	email__sent *sent = memory(lane);

	if (sent && email__answer_match(sent, message, tell, lane->worker->shared))
		email__lane_complain(lane, email_message_error(message));
}
