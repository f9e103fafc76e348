/* SPDX-License-Identifier: MIT */
/* An account as the worker has it: a copy, so that the program's own stays the program's. */
#ifndef EMAIL__ACCOUNT_COPY_H
#define EMAIL__ACCOUNT_COPY_H

#include "account/account.h"

/* All that was set, with a connection of its own. NULL: no memory. */
email_account *email__account_copy(const email_account *account);
/* Was the same set? Then what one connection carries the other could as well. */
bool email__account_same(const email_account *a, const email_account *b);

#endif
