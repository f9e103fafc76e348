/* SPDX-License-Identifier: MIT */
/*
 * The status of accounts, kept in the state folder (status.xml) with their counts and times, so that
 * another process sees them and a restart does not forget them.
 *
 * Counts are added to what the file says, under a lock, so that two processes lose none; the rest is as
 * whoever wrote last saw it. Status is not worth failing a mail for: what cannot be read counts as never
 * known, and what cannot be written is tried again with the next change.
 */
#ifndef EMAIL__SERVICE_STATUS_H
#define EMAIL__SERVICE_STATUS_H

#include "account/properties.h"
#include "os/mutex.h"
#include "sheet/sheet.h"

/* Where there is no state folder: the same in memory, so that the worker's copy of an account and the program's own know of
 * each other. */
typedef struct email__board {
	email__mutex mutex;
	email__sheet *sheet; /* NULL: nothing yet */
	long long revision;
} email__board;

bool email__board_init(email__board *board);
void email__board_dispose(email__board *board);

typedef struct email__status_place {
	const char *folder; /* NULL: */
	email__board *board;
} email__status_place;

/* What is known of this account there into its values, where that has changed since; what this process has changed, and
 * not yet saved, stays. */
void email__status_load(const email__status_place *place, email_account *account);
/* This account's part of it. The folder is made where it is missing. */
void email__status_save(const email__status_place *place, email_account *account);
/* No account of this name any more. */
void email__status_forget(const email__status_place *place, const char *name);

#endif
