/* SPDX-License-Identifier: MIT */
/*
 * The token of an account that logs in by OAuth: got before the mail server is asked, kept in memory until shortly before its
 * end (token/life.h), and got anew once where a mail server refuses it.
 *
 *     begin --> [turn] --> [session: metadata] --> [session: token] --> held
 *
 * Each request has a session of its own, in the connection's place, so that cancelling, waiting and the verdict on the
 * server are those of any other connection.
 */
#ifndef EMAIL__ACCOUNT_TOKEN_H
#define EMAIL__ACCOUNT_TOKEN_H

#include <emailservice/account.h>

#include "account/refresh.h"
#include "account/turn.h"
#include "base/buf.h"
#include "token/life.h"
#include "token/obtain.h"

typedef struct email__tokens {
	email__buf access; /* secret */
	email__life life;
	unsigned long changes;  /* of the account, that it was got with */
	email__metadata *known; /* the endpoints, once read; NULL: not yet */
	email_error last;       /* why the endpoint is left in peace */
	email__refresh refresh;
	/* while one is obtained */
	email__turn turn; /* where it is by a refresh token */
	bool another;     /* a refresh token that somebody had replaced meanwhile was replaced once */
	long retry_after; /* seconds, of the last answer; -1: not said */
	email__obtain *obtain;
	email__obtain_config config;
	email__buf client_secret, key, key_password; /* secret */
} email__tokens;

/* What comes next on the way to a login. */
typedef enum email__token_step {
	EMAIL__TOKEN_READY, /* the token is held, or none is needed */
	EMAIL__TOKEN_ASKS,  /* the connection's session carries a request: drive it */
	EMAIL__TOKEN_WAITS, /* somebody else renews by the same refresh token: begin again after email__token_wait() */
	EMAIL__TOKEN_NONE /* account->error says why there is none */
} email__token_step;

void email__tokens_init(email__tokens *t);
/* Wipes. */
void email__tokens_dispose(email__tokens *t);
/* The token that is held, and what is known of its endpoint: nothing of before counts. */
void email__tokens_forget(email__tokens *t);

/* Before a connection is made. Never waits. */
email__token_step email__token_begin(email_account *account);
/* Milliseconds, behind WAITS. */
long email__token_wait(const email_account *account);
/* The session of a request is over. */
email__token_step email__token_answered(email_account *account);
/* Given up, whether it asked or waited: the token that is held stays. */
void email__token_abandon(email_account *account);
/* The mail server said no to it, which is in account->error. True: begin again, and log in once more. */
bool email__token_refused(email_account *account);
void email__token_accepted(email_account *account);

#endif
