/* SPDX-License-Identifier: MIT */
/*
 * Waiting for news: IDLE (RFC 2177), or NOOP now and then.
 *
 *     IDLE --+--> idling --wake--> DONE --OK--> ready
 *         \--NO--> ready, and IDLE is not offered any more
 */
#include "proto/imap_engine.h"

enum imap_state
email__imap_answer_idle(email__imap *s)
{
	if (s->response.status != EMAIL__IMAP_OK)
		s->can.idle = false; /* from now on the caller polls */
	s->wait = s->idling = s->wake = s->done_sent = false;
	return S_READY;
}

email_code
email__imap_wait(email__imap *s)
{
	if (!email__imap_ready(s))
		return EMAIL_E_USAGE;
	if (!s->can.idle)
		return EMAIL_E_EXTENSION;
	if (s->folder.fresh && s->events.news)
		s->events.news(s->events.context);
	else
		s->wait = true;
	return EMAIL_OK;
}

void
email__imap_wake(email__imap *s)
{
	if (s->wait && s->expected == 0)
		s->wait = false; /* IDLE was not even written */
	s->wake = s->wait;
}

email_code
email__imap_poll(email__imap *s)
{
	if (!email__imap_ready(s))
		return EMAIL_E_USAGE;
	if (s->folder.fresh && s->events.news)
		s->events.news(s->events.context);
	else
		s->poll = true;
	return EMAIL_OK;
}
