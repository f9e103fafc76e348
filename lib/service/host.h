/* SPDX-License-Identifier: MIT */
/*
 * What accounts ask their service for (account/account.h: email__owner). The program's accounts have one host, the worker's
 * copies another, so that the program may load another sheet while the worker is at work; what both share is in
 * email__shared, which any thread may use.
 */
#ifndef EMAIL__SERVICE_HOST_H
#define EMAIL__SERVICE_HOST_H

#include "os/bell.h"
#include "service/events.h"
#include "service/outboxes.h"
#include "service/sealkey.h"
#include "service/sent.h"
#include "service/status.h"

/* returned.h */
typedef struct email__returned {
	email__mutex mutex; /* over what follows */
	char *path;
	email__sent *sent; /* NULL until somebody asks */
} email__returned;

typedef struct email__shared {
	email__outboxes outboxes;
	email__events events;
	email__board board;
	email__returned returned;
	email__mutex mutex;      /* over what follows */
	const email__bell *bell; /* of the worker that runs in this process, or NULL */
} email__shared;

bool email__shared_init(email__shared *shared);
void email__shared_dispose(email__shared *shared);
/* The worker's bell comes, or goes (NULL). */
void email__shared_set_bell(email__shared *shared, const email__bell *bell);

typedef struct email__host {
	void *service; /* the program's email_service; NULL for the worker's */
	email__shared *shared;
	char *folder; /* what lasts is kept there: the state folder; NULL: nowhere */
	char *sheet;  /* its path, or NULL */
	email_trust *trust;
	const email__seal_source *seal;
	/* of the worker's alone */
	email__seal_source own_seal;
	unsigned users; /* copies that ask it */
	email__owner owner;
} email__host;

/* The owner's calls as the worker's copies need them; the service has others in place of some. */
void email__host_init(email__host *host, email__shared *shared);
void email__host_dispose(email__host *host);
/* The worker's: NULL: no memory; freed with its last user, or before it had one. */
email__host *email__host_new(email__shared *shared, const email__host *like, email_trust *trust);
void email__host_free(email__host *host);
/* Another folder and sheet, which are copied. EMAIL_E_MEMORY: they are as before. */
email_code email__host_place(email__host *host, const char *folder, const char *sheet);

/* Replaces a secret in the sheet, of the account that it knows by this name (account.h: secret_save). */
email_code email__host_save_secret(email__host *host, const char *name, const email_account *account,
                                   const email__secret *secret, const char *text, email_error *e);
/* What the sheet has for it by now (account.h: secret_stored). */
email_code email__host_stored_secret(const email__host *host, const char *name, const email_account *account,
                                     const email__secret *secret, email__buf *out, email_error *e);
/* Against others that write the sheet, for email__lock_release(). -1: it could not be had. */
int email__host_lock_sheet(const email__host *host);
email__status_place email__host_status(const email__host *host);
/* The FIFO that wakes the worker of this folder, in whichever process. NULL: none, or no memory. Owns: the caller. */
char *email__host_bell_path(const email__host *host);
/* Mails that wait in an account's queue; -1: it is not open, and there is no folder. */
int64_t email__host_queue_size(email__host *host, email_account *account);

#endif
