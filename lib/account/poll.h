/* SPDX-License-Identifier: MIT */
/*
 * A poll of an incoming account's mailbox, by its policies (model 2, IncomingAccount):
 *
 *     LISTING -> FETCHING (whole) -> FETCHING (headers) -> SETTLING -> [WAITING -> LISTING ...] -> over
 *
 * A message goes into a scratch, is parsed and handed over at its end; what the handler accepts is written down
 * (handed.h) and then settled on the server, while the next message comes already.
 */
#ifndef EMAIL__ACCOUNT_POLL_H
#define EMAIL__ACCOUNT_POLL_H

#include <emailservice/receive.h>

#include "account/engine.h"
#include "account/handed.h"
#include "os/scratch.h"

typedef enum email__poll_state {
	EMAIL__POLL_NONE,
	EMAIL__POLL_LISTING,
	EMAIL__POLL_WHOLE, /* fetching messages */
	EMAIL__POLL_HEADERS, /* fetching the headers of those that are too large, or all of them where one only looks */
	EMAIL__POLL_SETTLING, /* the server's words on what was settled are outstanding */
	EMAIL__POLL_WAITING,  /* IDLE */
	EMAIL__POLL_OVER
} email__poll_state;

typedef struct email__entries {
	email__entry *item;
	size_t count, room;
} email__entries;

typedef struct email__poll {
	email_account *account;
	email_receive_fn on_message;
	void *context;
	bool peek;  /* headers only, nothing changes */
	bool watch; /* goes on after the poll where the server can push */
	email__poll_state state;
	email__handed *handed; /* NULL where nothing is written down */
	email__entries whole, headers, owed;
	size_t whole_at, headers_at, owed_at; /* how far each was asked for */
	uint64_t bytes;                       /* of what was chosen */
	size_t left;                          /* for the next poll */
	size_t outstanding;                   /* settled, not answered */
	bool news, stop;
	int64_t waiting_since; /* monotonic milliseconds */
	bool scratch_made;
	email__scratch scratch;
	email_message *message; /* one after the other */
	email_code part_rc;     /* of the message that comes now */
	uint64_t part_bytes;
	email_error why;   /* of the call just made */
	email_error error; /* the first thing that went wrong without ending the session */
} email__poll;

/* What the engine tells. */
email__mailbox_events email__poll_events(email__poll *p);
/* At the beginning of an operation: EMAIL_E_MEMORY in account->error. */
email_code email__poll_begin(email__poll *p, email_account *account, email_receive_fn on_message,
                             void *context, bool peek, bool watch);
/* Then what was handed over is looked up. EMAIL_E_TEMPORARY (another process reads the mailbox, which may be over soon:
 * to be called again), EMAIL_E_FILE, EMAIL_E_LIMIT, EMAIL_E_MEMORY in account->error. */
email_code email__poll_open(email__poll *p);
/* The engine is idle: asks for the next thing. EMAIL__POLL_OVER: nothing is left to ask for. */
email__poll_state email__poll_idle(email__poll *p, email__engine *e);
/* The session is over, or the operation: files are closed. */
void email__poll_end(email__poll *p);
/* Frees what is kept from poll to poll. */
void email__poll_dispose(email__poll *p);
/* Nothing would be changed on the server: the folder is opened for reading only. */
bool email__poll_read_only(const email__poll *p);

#endif
