/* SPDX-License-Identifier: MIT */
/*
 * A queue's mails over one connection: an operation that asks for one mail after the other, hands them to the engine as
 * fast as it takes them (the next one's envelope rides with the last one's data), and tells of each as it is done. It is
 * over when there is none to be had and none outstanding; the connection is kept.
 */
#ifndef EMAIL__ACCOUNT_DRAIN_H
#define EMAIL__ACCOUNT_DRAIN_H

#include <emailservice/operation.h>

#include "net/session.h"
#include "proto/smtp.h"

/* Mails outstanding at a time. More would not be faster where a round trip is 100 ms, and all of them may come a second time
 * where the connection breaks. */
#define EMAIL__FLIGHT_MAX 8

typedef struct email__supply {
	void *context;
	/* The connection stands: the next mail, whole but for its outcome, in memory that stays until `done`; or NULL: there
	 * is none now. `outstanding`: how many have been given and not come back. */
	email__smtp_mail *(*next)(void *context, unsigned outstanding);
	/* Its outcome is there (code, error, recipients). In the order in which they were given. */
	void (*done)(void *context, email__smtp_mail *mail);
} email__supply;

typedef struct email__flight {
	email__supply supply;
	email__smtp_mail *mail[EMAIL__FLIGHT_MAX]; /* oldest first */
	unsigned count;
	unsigned taken; /* mails that this operation brought to their end */
} email__flight;

/* --- of the operation (operation.c) */

typedef enum email__drained {
	EMAIL__DRAIN_GOES_ON,
	EMAIL__DRAIN_OVER,
	EMAIL__DRAIN_AGAIN, /* a kept connection was dead: with a new one, ready() has the same mails once more */
	EMAIL__DRAIN_BROKEN /* all are told, account->error says why */
} email__drained;

/* The session stands. False: there is nothing to be sent. */
bool email__drain_ready(email_account *account);
email__drained email__drain_step(email_account *account, email__session_state state);
/* The operation ends, wherever it is: each that is outstanding has its outcome, before the connection goes. */
void email__drain_end(email_account *account);

/* As email_account_start_send(). */
email_operation *email__account_start_drain(email_account *account, const email__supply *supply);

#endif
