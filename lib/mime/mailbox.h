/* SPDX-License-Identifier: MIT */
/*
 * Addresses and identifiers as they came (RFC 5322 3.4, 3.6.4, and the obsolete forms of 4.4): tolerant, for
 * what others wrote. What callers give for sending goes through the strict mime/address.h.
 */
#ifndef EMAIL__MIME_MAILBOX_H
#define EMAIL__MIME_MAILBOX_H

#include <emailservice/parse.h>

#include "base/arena.h"

/* Appends the field's mailboxes, decoded, at most EMAIL__RECIPIENTS_MAX in all, to an array that grows in
 * the arena. Linear time. EMAIL_E_MEMORY alone. */
typedef struct email__mailboxes {
	email_mailbox *item;
	size_t count, room;
} email__mailboxes;
email_code email__mailboxes_read(email__mailboxes *list, email__arena *a, const char *value, size_t n,
                                 uint64_t *defects);

/* The identifiers "<left@right>" of a field, in order, at most EMAIL__IDS_MAX. EMAIL_E_MEMORY alone. */
typedef struct email__ids {
	const char **item;
	size_t count, room;
} email__ids;
email_code email__ids_read(email__ids *list, email__arena *a, const char *value, size_t n, uint64_t *defects);

#endif
