/* SPDX-License-Identifier: MIT */
/* What poll.c and poll_events.c share. Nobody else includes this. */
#ifndef EMAIL__ACCOUNT_POLL_INNER_H
#define EMAIL__ACCOUNT_POLL_INNER_H

#include "account/fate.h"
#include "account/poll.h"

/* An error that does not end the session: the first one is kept. `e`, where there is one, says it, else `what` and the code.
 * Returns the code. */
email_code email__poll_note(email__poll *p, email_code code, const email_error *e, const char *what);
/* The same of what was told to p->why, which is empty again then: it is large, and not one for each message. */
email_code email__poll_note_why(email__poll *p, email_code code, const char *what);
/* False: no memory. */
bool email__poll_add(email__entries *list, const email__entry *entry);
/* Whether one more can be chosen: what cannot be remembered would be handed over again and again. */
bool email__poll_can_remember(const email__poll *p);

#endif
