/* SPDX-License-Identifier: MIT */
/*
 * What comes back for mail that was sent: delivery reports, and answers of people and programs.
 *
 * Anybody can write a report, and name any id that they have seen. So one does no more than to be told: it changes nothing in
 * a queue, and what it says is made printable, cut to the fields of an event, and bounded in number.
 */
#ifndef EMAIL__SERVICE_ANSWER_H
#define EMAIL__SERVICE_ANSWER_H

#include <emailservice/service.h>

#include "service/sent.h"

/* `number` and `time` are the caller's to fill in. */
typedef void (*email__answer_fn)(void *context, const email_event *event);

/*
 * Tells, of a message that was received:
 *
 * - a delivery report on a mail in `sent`: an EMAIL_EVENT_DELIVERY for each recipient that it names. Of one whose words nobody
 *   understood one event without action and status, its subject as text. Beyond one event for each recipient of the mail,
 *   and EMAIL__ANSWER_STRANGERS_MAX, the last one stands for the rest (`count`).
 * - an answer to such a mail: one EMAIL_EVENT_REPLY.
 *
 * Anything else: nothing. `account`, `id` and `message_id` are those of the sent mail. `recipient` is spelled as it was sent to;
 * where a forwarding or a list put another address in its place, and the report does not say whose, it is that address.
 *
 * Errors: what email_message_error() has, EMAIL_E_MEMORY or EMAIL_E_FILE; nothing was told then, and it may be called again.
 */
email_code email__answer_match(email__sent *sent, email_message *message, email__answer_fn tell,
                               void *context);

#endif
