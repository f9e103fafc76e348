/* SPDX-License-Identifier: MIT */
/* What an incoming account's properties say of a message (model 2, IncomingAccount): which are listed, and what becomes of
 * one that was accepted. */
#ifndef EMAIL__ACCOUNT_FATE_H
#define EMAIL__ACCOUNT_FATE_H

#include "account/account.h"
#include "proto/mailbox.h"

/* The mailbox is a POP3 server's. */
bool email__fate_pop3(const email_account *a);
email__fate email__fate_of(const email_account *a);
/* Into processedFolder. */
bool email__fate_moves(const email_account *a);
/* Whether the server has to be told anything of an accepted message; of this one. */
bool email__fate_told(const email_account *a);
bool email__fate_told_of(const email_account *a, const email__entry *entry);
/* What the server does with an accepted message takes it out of the next list: nothing needs to be remembered once it
 * has done so. */
bool email__fate_remembered(const email_account *a);
/* Only the unread ones are listed: nothing has to be known of the others. */
bool email__fate_lists_unseen(const email_account *a);
/* emailToRead: this one is none of those that are read. */
bool email__fate_passed_by(const email_account *a, const email__entry *entry);

#endif
