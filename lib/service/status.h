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

/* What the file has of this account into its values, once. */
void email__status_load(const char *folder, email_account *account);
/* This account's part of the file. The folder is made where it is missing. */
void email__status_save(const char *folder, email_account *account);
/* No account of this name any more. */
void email__status_forget(const char *folder, const char *name);

#endif
