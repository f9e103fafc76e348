/* SPDX-License-Identifier: MIT */
/*
 * The refresh token that an account renews by: read where it is kept, at each use, and written there when the server gives
 * another one in its place, which must not be lost. One that cannot be written is used all the same, and written as soon as
 * that works; until then the account's status is fault. Another one that stands there by now is somebody's who renewed
 * it, or signed in, meanwhile: it counts.
 *
 * All of it in one's turn (turn.h), but for _fault, _init and _dispose.
 */
#ifndef EMAIL__ACCOUNT_REFRESH_H
#define EMAIL__ACCOUNT_REFRESH_H

#include "account/account.h"

typedef struct email__refresh {
	email__buf sent;  /* secret: to be used, or used, in this turn */
	email__buf stood; /* secret: what was written down when one came in its place */
	email__buf kept; /* secret: one that came, and is not written; it counts in the place of what stood */
	email_error unwritten; /* why not; EMAIL_OK: there is none of these */
} email__refresh;

void email__refresh_init(email__refresh *r);
/* Wipes. */
void email__refresh_dispose(email__refresh *r);
/* What is used in this turn is done with. */
void email__refresh_done(email__refresh *r);

/* What counts now; *text is in r->sent, and lives as long as the turn. One that is unwritten is written, if that works now.
 * Errors: those of email__secret_read(). */
email_code email__refresh_read(email_account *account, email__refresh *r, const char **text, email_error *e);
/* After the server refused what _read gave: has somebody else put another one there meanwhile? */
bool email__refresh_changed(const email_account *account, const email__refresh *r);
/* The server gave this one in the place of what _read gave. It is on the disk, or kept, when this returns. */
void email__refresh_keep(email_account *account, email__refresh *r, const char *text);
/* What is kept counts no more: a person signed in. */
void email__refresh_forget(email__refresh *r);
/* Why the one that counts is written nowhere. NULL: it is; or the account does not log in by one any more. */
const email_error *email__refresh_fault(const email_account *account, const email__refresh *r);

#endif
