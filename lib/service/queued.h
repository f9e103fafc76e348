/* SPDX-License-Identifier: MIT */
/* What the queue tells, as events for the program. */
#ifndef EMAIL__SERVICE_QUEUED_H
#define EMAIL__SERVICE_QUEUED_H

#include "queue/spool.h"
#include "service/events.h"

/* As email__outbox_config.event; the context is an email__events. */
void email__queued_tell(void *context, const char *account, const email__spool_event *event);
/* What became of an attempt, to be told once it is durable (Q6): SENT where somebody got it, DEFERRED where somebody still
 * waits for it; so none, one or two. That somebody never will get it the spool tells itself. */
#define EMAIL__OUTCOME_EVENTS 2
size_t email__queued_outcome(const char *account, const char *id, const email__mailfile *mail,
                             size_t delivered, const char *cause, email_event out[EMAIL__OUTCOME_EVENTS]);

#endif
