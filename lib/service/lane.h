/* SPDX-License-Identifier: MIT */
/*
 * A lane: one account in the worker, with a copy of its own. It has at most one operation, which is stepped when its
 * descriptor is ready or its time has come, so that none waits for another.
 */
#ifndef EMAIL__SERVICE_LANE_H
#define EMAIL__SERVICE_LANE_H

#include "account/outbox.h"
#include "service/host.h"

typedef struct email__worker email__worker;
typedef struct email__lane email__lane;

struct email__lane {
	email__worker *worker;
	email_account *account;
	email__host *host;
	/* The account is another one by now, or none (`leaving`): taken when nothing is under way. */
	email_account *next_account;
	email__host *next_host;
	bool leaving;

	email_operation *op;
	bool ready;  /* its descriptor is, or its time has come */
	int64_t due; /* monotonic milliseconds; INT64_MAX: not by itself */
	bool asked;  /* somebody wants it worked now, whatever its times */

	/* --- outgoing (sender.c) */
	email__outbox *outbox;
	bool working;   /* the spool's worker is this one */
	bool knocked;   /* somebody added or took something */
	bool unsettled; /* an outcome is not durable yet */
	int64_t try_at; /* to take the queue, where somebody else had it */
	int64_t look_at, tend_at, expire_at, fold_at, settle_at;
	int64_t rest_until; /* no look before: many that knock shall not keep it from all else */
	int64_t close_at;   /* the idle connection */
	email__policy policy;
	unsigned under_way; /* mails of this queue, over whichever connection */
	bool one_alone;     /* one of them, that is to go without others of its queue (Q8) */
	unsigned carried;   /* mails over this connection */
	bool mails_ended; /* in this operation some had an outcome, and the last one did not break the connection */
	unsigned long trust_generation;
	char complaint[160];        /* the last one about the queue, told once */
	char digest[EMAIL_ID_SIZE]; /* stands for mails that have not left yet */
	email_error failure; /* of the last mail, or connection, that failed; code EMAIL_OK: none did */

	/* --- incoming (receiver.c) */
	int64_t poll_at;
};

/* --- lane.c */
/* Takes the account and one use of the host. NULL: no memory; they are the caller's still. */
email__lane *email__lane_new(email__worker *worker, email_account *account, email__host *host);
/* Ends what is under way. */
void email__lane_free(email__lane *lane);
/* Goes as far as it can without waiting. */
void email__lane_step(email__lane *lane);
/* The operation goes on. True: it is over, and freed; its result and error are in the account. */
bool email__lane_advance(email__lane *lane, email_code *result);
/* Something about the lane's queue or mailbox, once. */
void email__lane_complain(email__lane *lane, const email_error *error);
/* Not later than that. */
void email__lane_by(email__lane *lane, int64_t when);
bool email__lane_enabled(const email__lane *lane);

/* --- sender.c */
void email__sender_step(email__lane *lane);
/* Nothing waits that could be tried now. */
bool email__sender_rests(email__lane *lane);

/* --- receiver.c */
void email__receiver_step(email__lane *lane);

#endif
