/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is to use a refresh token. Where the server gives another one with each renewal, the one before is good for
 * nothing, and using it twice may end them all (RFC 9700 4.14.2); but account objects in this process and in others
 * hold the same one. So they take turns: a kernel lock on a file in the state folder, one for each place where such a token
 * is kept. Nobody waits in it: whoever does not get it asks again.
 */
#ifndef EMAIL__ACCOUNT_TURN_H
#define EMAIL__ACCOUNT_TURN_H

#include "account/account.h"

typedef struct email__turn {
	bool ours;
	int lock;                  /* -1: there is nothing to lock */
	int64_t until_ms, next_ms; /* while it is another's */
} email__turn;

typedef enum email__turn_state {
	EMAIL__TURN_OURS,
	EMAIL__TURN_THEIRS, /* ask again after email__turn_wait() */
	EMAIL__TURN_LATE    /* the account's connectionTimeout is over, too */
} email__turn_state;

void email__turn_init(email__turn *t);
/* Never waits. OURS until it is released; also for an account without a state folder, and where the file cannot be locked
 * (which the log tells): a mail that goes out is worth more. */
email__turn_state email__turn_take(email__turn *t, const email_account *account);
/* Milliseconds until it is worth while to ask again. */
long email__turn_wait(const email__turn *t);
/* Ours, another's or nobody's. */
void email__turn_release(email__turn *t);

#endif
