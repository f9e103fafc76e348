/* SPDX-License-Identifier: MIT */
/*
 * What happened: the last 64 for the asking, and those that the program's callback has not had yet. They come from any
 * thread, also where the queue must not be called; the worker hands them over where it may.
 */
#ifndef EMAIL__SERVICE_EVENTS_H
#define EMAIL__SERVICE_EVENTS_H

#include <emailservice/service.h>

#include "os/mutex.h"

#define EMAIL__EVENTS_KEPT 64
/* Not handed over yet: what comes from other threads while the worker is at something. More are counted, and told as so many. */
#define EMAIL__EVENTS_PENDING 1024

typedef struct email__events {
	email__mutex mutex;
	email_event *kept; /* a ring; NULL until the first */
	unsigned long number;
	email_event *pending; /* a ring too: `count` from `first` on */
	size_t first, count, room;
	unsigned long lost;
	bool wanted; /* somebody will take the pending ones */
} email__events;

bool email__events_init(email__events *events);
void email__events_dispose(email__events *events);
/* The pending ones are gathered from now on, or no more. */
void email__events_want(email__events *events, bool wanted);
/* Number and time are filled in. */
void email__events_add(email__events *events, const email_event *event);
/* Hands over what is pending; the callback may add more. */
void email__events_deliver(email__events *events, email_event_fn on_event, void *context);
/* Those up to now with a number above `after`; what is added meanwhile is for the next time. */
void email__events_visit(email__events *events, unsigned long after, email_event_fn visit, void *context);

#endif
