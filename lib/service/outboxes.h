/* SPDX-License-Identifier: MIT */
/* The queues of a service's accounts, each opened once, for as long as the service lives: by its folder, or where it is in
 * memory by its account's name. */
#ifndef EMAIL__SERVICE_OUTBOXES_H
#define EMAIL__SERVICE_OUTBOXES_H

#include "account/outbox.h"

typedef struct email__outboxes {
	email__mutex mutex;
	email__outbox **all;
	size_t count;
} email__outboxes;

bool email__outboxes_init(email__outboxes *boxes);
void email__outboxes_dispose(email__outboxes *boxes);
/* Opened where it is not yet; its limits are those of the config. NULL with `e`. From any thread. */
email__outbox *email__outboxes_get(email__outboxes *boxes, const email__outbox_config *config,
                                   const email__now *now, email_error *e);
/* Closes the one of this folder, so that the folder may be moved; NULL: the one in memory of this name. */
void email__outboxes_drop(email__outboxes *boxes, const char *folder, const char *name);
/* The one of this folder, or in memory of this name, gets the new name. False: no memory. Nobody may be at work with it. */
bool email__outboxes_rename(email__outboxes *boxes, const char *folder, const char *name,
                            const char *new_name);
/* The folder of an account's queue, below the service's state folder (NULL: it has none). NULL, *rc EMAIL_OK: in memory.
 * *rc EMAIL_E_MEMORY. Owns: the caller. */
char *email__outbox_folder(const email_account *account, const char *state_folder, const char *sheet,
                           email_code *rc);

#endif
