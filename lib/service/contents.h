/* SPDX-License-Identifier: MIT */
/*
 * What a property sheet holds, as objects: read from a sheet in one go, and written back into the same
 * tree, so that what a person wrote there stays.
 */
#ifndef EMAIL__SERVICE_CONTENTS_H
#define EMAIL__SERVICE_CONTENTS_H

#include "account/properties.h"
#include "sheet/sheet.h"

/* Names of the sheet (model 7). */
#define EMAIL__SHEET_ROOT "emailService"
#define EMAIL__SHEET_NAMESPACE "urn:emailservice:property-sheet:1"
/* In the order of email_account_kind. */
#define EMAIL__SHEET_KINDS "outgoingAccount incomingAccount"

typedef struct email__service_entry {
	email_account *account;
	email__node *node; /* its element in the sheet; NULL: none yet */
} email__service_entry;

typedef struct email__contents {
	email__service_values v;
	email__service_entry *entry;
	size_t count;
	email__sheet *sheet; /* NULL: none yet */
	char *path;          /* of the sheet; NULL: none yet */
} email__contents;

/* All defaults, no account. EMAIL_E_MEMORY: nothing to dispose of. */
email_code email__contents_init(email__contents *c);
void email__contents_dispose(email__contents *c);
/* One account more at the end; taken over on success. EMAIL_E_MEMORY, EMAIL_E_LIMIT. */
email_code email__contents_add(email__contents *c, email_account *account, email__node *node);
email__service_entry *email__contents_find(const email__contents *c, const char *name);

/* read.c: a whole sheet into `c`, which is not initialized before, and holds nothing after an error. Every
 * complaint has file, line, property. Errors: EMAIL_E_SHEET, EMAIL_E_FILE, EMAIL_E_MEMORY. */
email_code email__contents_read(const char *path, email__contents *c, email_error *e);
/* One account's element into an account that has every default; the same for the service's own. */
email_code email__read_account(email__node *node, const char *file, email_account *account, email_error *e);
email_code email__read_service(email__node *root, const char *file, email__service_values *v, email_error *e);

/* write.c: makes the tree say what the objects do. Elements whose meaning is the same already are left
 * alone. Secrets by value are sealed first, where the service has a key. *secret: the sheet holds one in the
 * clear. Errors: EMAIL_E_MEMORY, EMAIL_E_VALUE (a secret that XML cannot carry), EMAIL_E_SECRET (no key); what was changed until then is a valid sheet still. */
email_code email__contents_sync(email__contents *c, bool *secret, email_error *e);
/* The same, and the tree into the file. Errors: as email_service_save(). */
email_code email__contents_save(email__contents *c, const char *path, email_error *e);

/* replace.c: the sheet at `path`, as it is now, gets `text` in place of this secret of `account`, which it knows
 * by `name`, and is otherwise left alone. Errors: EMAIL_E_SECRET (it has another one by now, or no such
 * account), and those of email_service_load() and _save(). */
email_code email__contents_replace(const char *path, const char *name, const email_account *account,
                                   const email__secret *secret, const char *text, email_error *e);
/* What the sheet at `path` has by now for this secret (account.h: secret_stored). */
email_code email__contents_stored(const char *path, const char *name, const email_account *account,
                                  const email__secret *secret, email__buf *out, email_error *e);
/* Before all of it is saved: is there a refresh token that others may have renewed in the sheet meanwhile? _catch_up takes
 * over those at `path`, so that no old one is written over them. Errors: EMAIL_E_MEMORY. */
bool email__contents_shares(const email__contents *c);
email_code email__contents_catch_up(email__contents *c, const char *path);

#endif
