/* SPDX-License-Identifier: MIT */
/*
 * What reading a mailbox is to its caller, whichever protocol: one set of events, one set of requests. IMAP
 * and POP3 engines (proto/imap.h, proto/pop3.h) each have the calls below under their own names; which
 * messages are read, and what becomes of them, is the caller's to say.
 *
 *     login -> idle (WANT_CALLER) --list--> listed... -> idle
 *                                 --fetch--> begin, data..., end (one message after the other, in one
 *                                            flight) -> idle
 *                                 --settle--> settled -> idle      may be asked for while a fetch runs
 *                                 --wait--> news, or the time is up (IMAP IDLE)
 *                                 --quit--> commits what was settled -> closed
 */
#ifndef EMAIL__PROTO_MAILBOX_H
#define EMAIL__PROTO_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

#include "base/limits.h"

/* A message in the mailbox, as a list tells it. */
typedef struct email__entry {
	uint32_t number; /* IMAP: UID; POP3: message number */
	char uid[EMAIL__UID_MAX +
	         1];           /* stable over sessions: POP3's UIDL (RFC 1939 7), IMAP's "UIDVALIDITY.UID" */
	uint64_t size;         /* bytes as the server counts them; EMAIL__SIZE_UNKNOWN */
	bool seen;             /* IMAP's \Seen; false for POP3 */
	int64_t internal_date; /* seconds since 1970, 0 where unknown (POP3) */
} email__entry;

#define EMAIL__SIZE_UNKNOWN UINT64_MAX

/* How much of a message. */
typedef enum email__extent {
	EMAIL__EXTENT_WHOLE,
	EMAIL__EXTENT_HEADER,         /* TOP n 0, BODY.PEEK[HEADER] */
	EMAIL__EXTENT_NO_ATTACHMENTS, /* IMAP: by BODYSTRUCTURE; POP3: whole */
	EMAIL__EXTENT_FROM            /* IMAP: from an offset on (BODY.PEEK[]<o.n>); POP3: whole */
} email__extent;

/* What becomes of a message on the server. None of them marks it seen by itself: fetching peeks. */
typedef enum email__fate {
	EMAIL__FATE_LEFT,   /* nothing */
	EMAIL__FATE_SEEN,   /* IMAP: +FLAGS (\Seen); POP3: nothing */
	EMAIL__FATE_UNSEEN, /* IMAP: -FLAGS (\Seen); POP3: nothing */
	EMAIL__FATE_DELETED /* IMAP: \Deleted and UID EXPUNGE of exactly these; POP3: DELE, committed by QUIT */
} email__fate;

/*
 * `data` gets the message as it was stored, CRLF line ends, dots unstuffed, in pieces as they come; what it or
 * `begin` or `end` returns other than EMAIL_OK leaves the rest of that message unread and goes on with the next,
 * but for EMAIL_E_CANCELLED, which ends the session. `end` has `code`: EMAIL_OK, or why the message could not be
 * had (it vanished: EMAIL_E_UNKNOWN; the server said no: EMAIL_E_REFUSED, EMAIL_E_TEMPORARY).
 */
typedef struct email__mailbox_events {
	void *context;
	void (*listed)(void *context, const email__entry *entry);
	email_code (*begin)(void *context, const email__entry *entry);
	email_code (*data)(void *context, const char *bytes, size_t n);
	email_code (*end)(void *context, const email__entry *entry, email_code code);
	/* The server did with it what was asked (for POP3's DELE: it was committed). */
	void (*settled)(void *context, const email__entry *entry, email_code code);
	/* While waiting: something came, list anew. */
	void (*news)(void *context);
	/* The list is not all of them, and why: of what it does not name nothing is known. */
	void (*incomplete)(void *context, email_code code);
} email__mailbox_events;

#endif
