/* SPDX-License-Identifier: MIT */
/*
 * What comes back of the worker's mails: those that went out are remembered (sent.h), and what its incoming accounts read is
 * looked at for reports and answers (answer.h). The memory is in the file `sent` of the state folder.
 */
#ifndef EMAIL__SERVICE_RETURNED_H
#define EMAIL__SERVICE_RETURNED_H

#include "service/worker.h"

/* A server took this mail of the lane's queue, for some or all, or may have. */
void email__returned_remember(email__lane *lane, const email__attempt *attempt);
/* A message that the handler accepted: raises EMAIL_EVENT_DELIVERY and EMAIL_EVENT_REPLY. */
void email__returned_look(email__lane *lane, email_message *message);
/* Neither fails anything: what went wrong is complained of (email__lane_complain). */

#endif
