/* SPDX-License-Identifier: MIT */
/*
 * Waiting for news: IDLE (RFC 2177), or NOOP now and then.
 *
 *     IDLE --+--> idling --wake--> DONE --OK--> ready
 *         \--NO--> ready, and IDLE is not offered any more; nor where the server ends it by itself
 */
#include "proto/imap_engine.h"

/* It waits from here on; what came between the command and this is news too. */
enum imap_state
email__imap_idling(email__imap *s)
{
	s->idling = true;
	if (s->folder.fresh && s->events.news)
		s->events.news(s->events.context);
	return s->state;
}

enum imap_state
email__imap_answer_idle(email__imap *s)
{
	bool asked = s->done_sent;

	s->wait = s->idling = s->wake = s->done_sent = false;
	if (asked && s->response.status == EMAIL__IMAP_OK) {
		s->folder.listed = false; /* it told what came */
		return S_READY;
	}
	/* nobody waits any more: the caller looks once, and from now on it polls */
	s->can.idle = false;
	if (s->events.news)
		s->events.news(s->events.context);
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
