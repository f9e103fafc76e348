/* SPDX-License-Identifier: MIT */
/* The protocol engine of a connection, whichever it is: SMTP by name, a mailbox by what IMAP and POP3 share. */
#ifndef EMAIL__ACCOUNT_ENGINE_H
#define EMAIL__ACCOUNT_ENGINE_H

#include "account/account.h"
#include "proto/mailbox.h"
#include "proto/smtp.h"

/* What reading a mailbox takes (proto/mailbox.h), as both engines do it. `engine` is theirs. */
typedef struct email__mailbox {
	void (*free)(void *engine);
	/* Requests: the engine is idle (but for settle), the caller then steps the link until it is idle again.
	 * Errors: EMAIL_E_MEMORY, EMAIL_E_USAGE, EMAIL_E_LIMIT; what the server says comes as the link's error, or
	 * with the events. */
	email_code (*list)(void *engine, bool unseen);
	email_code (*fetch)(void *engine, const email__entry *entries, size_t n, email__extent extent);
	email_code (*settle)(void *engine, const email__entry *entry, email__fate fate, const char *folder);
	/* Waits for news, where the server can; EMAIL_E_EXTENSION: it cannot. wake: the wait is over. */
	email_code (*wait)(void *engine);
	void (*wake)(void *engine);
	void (*quit)(void *engine);
	/* What was settled is done only by quitting (POP3). */
	bool settles_by_quit;
} email__mailbox;

typedef struct email__engine {
	email__link *link;             /* NULL: none is made */
	email__smtp *smtp;             /* an outgoing account's */
	const email__mailbox *mailbox; /* an incoming account's, and its engine */
	void *box;
} email__engine;

/* For the account's kind and store; `events` for an incoming one. `read_only`: nothing will be settled. EMAIL_E_MEMORY. */
email_code email__engine_make(email__engine *e, const email_account *account, const email__credentials *credentials,
                              const email__mailbox_events *events, bool read_only);
void email__engine_free(email__engine *e);
/* Asks for the session's proper end. */
void email__engine_quit(email__engine *e);

#endif
