/* SPDX-License-Identifier: MIT */
#include "service/queued.h"

#include <stdio.h>
#include <string.h>

static void
about(email_event *event, email_event_kind kind, const char *account, const char *id,
      const email__mailfile *mail, const char *cause)
{
	memset(event, 0, sizeof *event);
	event->kind = kind;
	event->count = 1;
	snprintf(event->account, sizeof event->account, "%s", account);
	snprintf(event->id, sizeof event->id, "%s", id ? id : "");
	snprintf(event->message_id, sizeof event->message_id, "%s", mail ? mail->message_id : "");
	snprintf(event->text, sizeof event->text, "%s", cause ? cause : "");
}

/* The first recipient that ended so, and its reply. */
static void
whom(email_event *event, const email__mailfile *mail, email__rcpt_state state)
{
	size_t i;

	for (i = 0; i < mail->count; i++) {
		const email__recipient *r = &mail->recipients[i];

		if (r->state != state)
			continue;
		snprintf(event->recipient, sizeof event->recipient, "%s", r->address);
		snprintf(event->status, sizeof event->status, "%s", r->enhanced);
		if (!event->text[0] && r->reply)
			snprintf(event->text, sizeof event->text, "%d %s", r->reply, r->text);
		else if (!event->text[0])
			snprintf(event->text, sizeof event->text, "%s", r->text);
		return;
	}
}

static void
discarded(email__events *events, const char *account, const email__spool_event *what)
{
	const email__mailfile *mail = what->mail;
	email_event event;

	about(&event, EMAIL_EVENT_DISCARDED, account, what->id, mail, what->cause);
	if (mail) {
		size_t failed = email__mailfile_count(mail, EMAIL__RCPT_FAILED);

		whom(&event, mail, failed ? EMAIL__RCPT_FAILED : EMAIL__RCPT_CANCELLED);
		event.count = failed + email__mailfile_count(mail, EMAIL__RCPT_CANCELLED);
		snprintf(event.action, sizeof event.action, "%s", failed ? "failed" : "cancelled");
	}
	email__events_add(events, &event);
}

static void
settled(email__events *events, const char *account, const email__spool_event *what)
{
	email_event out[EMAIL__OUTCOME_EVENTS];
	size_t delivered = email__mailfile_count(what->mail, EMAIL__RCPT_DELIVERED), i, n;

	n = email__queued_outcome(account, what->id, what->mail, delivered, what->cause, out);
	for (i = 0; i < n; i++)
		email__events_add(events, &out[i]);
}

void
email__queued_tell(void *context, const char *account, const email__spool_event *what)
{
	email__events *events = context;
	email_event event;

	switch (what->what) {
	case EMAIL__SPOOL_DEAD: discarded(events, account, what); return;
	case EMAIL__SPOOL_SETTLED: settled(events, account, what); return;
	case EMAIL__SPOOL_FORGOTTEN:
		about(&event, EMAIL_EVENT_FORGOTTEN, account, what->id, what->mail, what->cause);
		break;
	case EMAIL__SPOOL_SET_ASIDE:
	case EMAIL__SPOOL_UNREADABLE:
	case EMAIL__SPOOL_INTERRUPTED:
	case EMAIL__SPOOL_CRASHING:
		about(&event, EMAIL_EVENT_QUEUE, account, what->id, what->mail, what->cause);
		break;
	}
	email__events_add(events, &event);
}

size_t
email__queued_outcome(const char *account, const char *id, const email__mailfile *mail, size_t delivered,
                      const char *cause, email_event out[EMAIL__OUTCOME_EVENTS])
{
	size_t pending = email__mailfile_count(mail, EMAIL__RCPT_PENDING), n = 0;

	if (delivered) {
		about(&out[n], EMAIL_EVENT_SENT, account, id, mail, "");
		out[n++].count = delivered;
	}
	if (pending) {
		about(&out[n], EMAIL_EVENT_DEFERRED, account, id, mail, cause);
		whom(&out[n], mail, EMAIL__RCPT_PENDING);
		out[n++].count = pending;
	}
	return n;
}
