/* SPDX-License-Identifier: MIT */
/*
 * An outgoing account's lane in three parts: what the queue needs from time to time (upkeep.c), who is sent next and what
 * came of it (parcel.c), and the connection over which that goes (sender.c).
 */
#ifndef EMAIL__SERVICE_SENDER_H
#define EMAIL__SERVICE_SENDER_H

#include "account/drain.h"
#include "service/worker.h"

/* --- sender.c */
email__now email__sender_now(const email__lane *lane);
/* The running time of the lane's queue (Q9). */
int64_t email__sender_running(email__lane *lane);
/* For back-offs; 0 where there is no randomness: then all wait alike. */
uint32_t email__sender_random(void);

/* --- parcel.c */
/* What goes next over this lane's connection, the most important of its own queue and of those that it carries, the own
 * one first; *from is whose it is. */
email__policy_choice email__parcel_choose(email__lane *by, email__lane **from);
/* As email__supply (account/drain.h); the context is the lane. */
email__smtp_mail *email__parcel_next(void *context, unsigned outstanding);
void email__parcel_done(void *context, email__smtp_mail *mail);

/* --- upkeep.c */
/* The queue becomes ours; what fails is tried again. */
void email__upkeep_take(email__lane *lane);
void email__upkeep(email__lane *lane);
/* Lets go of the queue: nothing of it is under way. */
void email__upkeep_end(email__lane *lane);

#endif
