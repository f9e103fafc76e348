/* SPDX-License-Identifier: MIT */
/*
 * What comes back of a service's mails: those that went out are remembered (sent.h), and what its incoming accounts read is
 * looked at for reports and answers (answer.h). The memory is in the file `sent` of the state folder. Any thread may call.
 */
#ifndef EMAIL__SERVICE_RETURNED_H
#define EMAIL__SERVICE_RETURNED_H

#include "service/host.h"

/* A server took this mail of the account, for some or all, or may have. `id`: that of the queue, or the envelope id, or "".
 * What goes wrong fails nothing: `e` is there to be told. */
void email__returned_remember(const email__host *host, const char *account, const char *id,
                              const email__mailfile *mail, email_error *e);
/* A message that the handler accepted: raises EMAIL_EVENT_DELIVERY and EMAIL_EVENT_REPLY. */
void email__returned_look(const email__host *host, email_message *message, email_error *e);

/* The memory itself, in email__shared. */
bool email__returned_init(email__returned *r);
void email__returned_dispose(email__returned *r);

#endif
