/* SPDX-License-Identifier: MIT */
/* The protocol engine of a connection, whichever it is: SMTP and HTTP by name, a mailbox by what IMAP and POP3 share. */
#ifndef EMAIL__ACCOUNT_ENGINE_H
#define EMAIL__ACCOUNT_ENGINE_H

#include "account/account.h"
#include "proto/http.h"
#include "proto/mailbox.h"
#include "proto/smtp.h"

/*
 * What reading a mailbox takes (proto/mailbox.h), as both engines do it; `box` is theirs. Requests are made while the
 * engine is idle, settling at any time; the caller then steps the link until it is idle again. Entries stay the
 * caller's until their `end` or `settled`.
 * Errors: EMAIL_E_MEMORY, EMAIL_E_USAGE, EMAIL_E_LIMIT (settling: some first need their answers). What the server says
 * comes with the events, or as the link's error.
 */
typedef struct email__mailbox {
	void (*free)(void *box);
	email_code (*list)(void *box, bool unseen);
	/* At most `batch` of them, ascending by number. */
	email_code (*fetch)(void *box, const email__entry *entries, size_t n, email__extent extent);
	size_t batch;
	/* `move`: to the processed folder, with the fate's flag. */
	email_code (*settle)(void *box, const email__entry *entry, email__fate fate, bool move);
	/* Waits for news, where the server can; EMAIL_E_EXTENSION: it cannot. wake: the wait is over. */
	email_code (*wait)(void *box);
	void (*wake)(void *box);
	void (*quit)(void *box);
	/* The session broke: what is outstanding gets its events. */
	void (*broken)(void *box, const email_error *error);
	/* Makes an entry of a UID that was listed once: false where it cannot be one of this mailbox. NULL: what is not listed is
	 * gone (POP3). */
	bool (*entry)(void *box, const char *uid, email__entry *entry);
	/* What was settled is done only by quitting, so no connection is kept (POP3). */
	bool settles_by_quit;
} email__mailbox;

typedef struct email__engine {
	email__link *link;             /* NULL: none is made */
	email__smtp *smtp;             /* an outgoing account's */
	email__http *http;             /* a request of a token */
	const email__mailbox *mailbox; /* an incoming account's, and its engine */
	void *box;
	bool read_only; /* the mailbox was opened so that nothing can be settled */
} email__engine;

/* For the account's kind and store; `events` for an incoming one. `read_only`: nothing will be settled. EMAIL_E_MEMORY. */
email_code email__engine_make(email__engine *e, const email_account *account,
                              const email__credentials *credentials, const email__mailbox_events *events,
                              bool read_only);
/* For one request of a token. EMAIL_E_MEMORY. */
email_code email__engine_make_web(email__engine *e, const email__web_request *request);
void email__engine_free(email__engine *e);
/* Asks for the session's proper end. */
void email__engine_quit(email__engine *e);
/* The session broke: what is outstanding gets its outcome. */
void email__engine_broken(email__engine *e, const email_error *error);

#endif
