/* SPDX-License-Identifier: MIT */
#include "service/events.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "os/clock.h"

const char *
email_event_name(email_event_kind kind)
{
	switch (kind) {
	case EMAIL_EVENT_SENT: return "sent";
	case EMAIL_EVENT_DEFERRED: return "deferred";
	case EMAIL_EVENT_DISCARDED: return "discarded";
	case EMAIL_EVENT_FORGOTTEN: return "forgotten";
	case EMAIL_EVENT_SUPPRESSED: return "suppressed";
	case EMAIL_EVENT_QUEUE: return "queue";
	case EMAIL_EVENT_RECEIVED: return "received";
	case EMAIL_EVENT_DELIVERY: return "delivery";
	case EMAIL_EVENT_REPLY: return "reply";
	case EMAIL_EVENT_TRUST: return "trust";
	case EMAIL_EVENT_TOKEN: return "token";
	case EMAIL_EVENT_STATUS: return "status";
	}
	return "";
}

bool
email__events_init(email__events *events)
{
	memset(events, 0, sizeof *events);
	return email__mutex_init(&events->mutex);
}

void
email__events_dispose(email__events *events)
{
	email__free(events->kept);
	email__free(events->pending);
	email__mutex_dispose(&events->mutex);
}

void
email__events_want(email__events *events, bool wanted)
{
	email__mutex_lock(&events->mutex);
	events->wanted = wanted;
	if (!wanted)
		events->count = events->lost = 0;
	email__mutex_unlock(&events->mutex);
}

static void
add_pending(email__events *events, const email_event *event)
{
	if (events->count == events->room) {
		size_t room = events->room ? events->room * 2 : 16;
		email_event *more = room > EMAIL__EVENTS_PENDING
		                            ? NULL
		                            : email__realloc(events->pending, room * sizeof *more);

		if (!more) {
			events->lost++;
			return;
		}
		events->pending = more;
		events->room = room;
	}
	events->pending[events->count++] = *event;
}

void
email__events_add(email__events *events, const email_event *event)
{
	email_event numbered = *event;

	numbered.time = email__clock_wall();
	email__mutex_lock(&events->mutex);
	numbered.number = ++events->number;
	if (!events->kept)
		events->kept = email__calloc(EMAIL__EVENTS_KEPT, sizeof *events->kept);
	if (events->kept)
		events->kept[numbered.number % EMAIL__EVENTS_KEPT] = numbered;
	if (events->wanted)
		add_pending(events, &numbered);
	email__mutex_unlock(&events->mutex);
}

/* One at a time, so that the callback runs without the lock. False: none. */
static bool
take(email__events *events, email_event *event)
{
	bool any;

	email__mutex_lock(&events->mutex);
	any = events->count > 0;
	if (any) {
		*event = events->pending[0];
		memmove(events->pending, events->pending + 1, --events->count * sizeof *event);
	} else if (events->lost) {
		*event = (email_event){.kind = EMAIL_EVENT_QUEUE, .number = events->number, .count = events->lost};
		event->time = email__clock_wall();
		snprintf(event->text, sizeof event->text, "%lu events came faster than they could be told", events->lost);
		events->lost = 0;
		any = true;
	}
	email__mutex_unlock(&events->mutex);
	return any;
}

void
email__events_deliver(email__events *events, email_event_fn on_event, void *context)
{
	email_event event;

	while (take(events, &event))
		if (on_event)
			on_event(context, &event);
}

void
email__events_visit(email__events *events, unsigned long after, email_event_fn visit, void *context)
{
	email_event event;
	unsigned long next = after + 1;

	for (;; next++) {
		bool any;

		email__mutex_lock(&events->mutex);
		if (events->number >= EMAIL__EVENTS_KEPT && next <= events->number - EMAIL__EVENTS_KEPT)
			next = events->number - EMAIL__EVENTS_KEPT + 1;
		any = events->kept && next <= events->number;
		if (any)
			event = events->kept[next % EMAIL__EVENTS_KEPT];
		email__mutex_unlock(&events->mutex);
		if (!any)
			return;
		/* there was no memory for those before */
		if (event.number == next)
			visit(context, &event);
	}
}
