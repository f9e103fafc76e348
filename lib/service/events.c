/* SPDX-License-Identifier: MIT */
#include "service/events.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
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

/* Where it is full: twice the room, and what is in it in order from its start. */
static bool
make_room(email__events *events)
{
	size_t room = events->room ? events->room * 2 : 16, i;
	email_event *more;

	if (events->count < events->room)
		return true;
	if (room > EMAIL__EVENTS_PENDING || !(more = email__alloc(room * sizeof *more)))
		return false;
	for (i = 0; i < events->count; i++)
		/* where there is no room there is no event: NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
		more[i] = events->pending[(events->first + i) % events->room];
	email__free(events->pending);
	events->pending = more;
	events->first = 0;
	events->room = room;
	return true;
}

static void
add_pending(email__events *events, const email_event *event)
{
	if (make_room(events))
		events->pending[(events->first + events->count++) % events->room] = *event;
	else
		events->lost++;
}

/* What was cut may end in the middle of a character, and what others wrote may be anything: it goes into logs and JSON. */
static void
clean(char *text, size_t size)
{
	char copy[sizeof((email_event *)0)->text];

	snprintf(copy, sizeof copy, "%s", text);
	email__printable(text, size, copy, strlen(copy));
}

void
email__events_add(email__events *events, const email_event *event)
{
	email_event numbered = *event;

	clean(numbered.message_id, sizeof numbered.message_id);
	clean(numbered.recipient, sizeof numbered.recipient);
	clean(numbered.status, sizeof numbered.status);
	clean(numbered.text, sizeof numbered.text);
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
		*event = events->pending[events->first];
		events->first = (events->first + 1) % events->room;
		events->count--;
	} else if (events->lost) {
		*event = (email_event){
			.kind = EMAIL_EVENT_QUEUE, .number = events->number, .count = events->lost};
		event->time = email__clock_wall();
		snprintf(event->text, sizeof event->text, "%lu events came faster than they could be told",
		         events->lost);
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

/* The next one with a number above *number, and not above `last`. False: none is kept. */
static bool
look(email__events *events, unsigned long *number, unsigned long last, email_event *event)
{
	bool found = false;

	email__mutex_lock(&events->mutex);
	if (*number < events->number && events->number - *number > EMAIL__EVENTS_KEPT)
		*number = events->number - EMAIL__EVENTS_KEPT;
	while (!found && events->kept && *number < last) {
		++*number;
		*event = events->kept[*number % EMAIL__EVENTS_KEPT];
		/* there was no memory for those before */
		found = event->number == *number;
	}
	email__mutex_unlock(&events->mutex);
	return found;
}

void
email__events_visit(email__events *events, unsigned long after, email_event_fn visit, void *context)
{
	unsigned long last;
	email_event event;

	email__mutex_lock(&events->mutex);
	last = events->number;
	email__mutex_unlock(&events->mutex);
	while (look(events, &after, last, &event))
		visit(context, &event);
}
