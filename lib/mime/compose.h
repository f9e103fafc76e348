/* SPDX-License-Identifier: MIT */
/*
 * A message as bytes, pulled: RFC 5322 and MIME, composed while it goes out, in constant memory, without
 * allocating once it is prepared. The same bytes each time.
 */
#ifndef EMAIL__MIME_COMPOSE_H
#define EMAIL__MIME_COMPOSE_H

#include <emailservice/message.h>

#include "base/source.h"

/* What the sender needs to know about a message before it goes out. */
typedef struct email__envelope {
	const char *from;              /* address alone, in its canonical form */
	const char *const *recipients; /* To, Cc, Bcc, each address once */
	size_t count;
	const char *message_id; /* "<...>" */
	const char *subject;    /* for people; NULL: none */
	uint64_t size;          /* of the composed bytes, about; 0: unknown */
	bool eight_bit, utf8;   /* 8BITMIME, SMTPUTF8 are needed */
	bool undated;           /* the bytes have no Date */
	unsigned dsn;
} email__envelope;

typedef struct email__defaults {
	const char *from, *reply_to; /* the account's, where the message has none; "" or NULL */
	int64_t now;                 /* for Date; seconds since 1970 */
	int offset;                  /* minutes ahead of UTC */
	bool allow_eight_bit;        /* the server offers 8BITMIME: text may go as it is */
	bool undated; /* the clock is not set: no Date, unless the caller set one (queue: it gets one later) */
} email__defaults;

/*
 * Freezes what makes the bytes the same each time (Date, Message-ID, boundary: from the first call on),
 * checks the whole (a sender, a recipient), and fills `envelope`, whose pointers live until the message
 * changes. A second call with nothing changed allocates nothing.
 * Errors: EMAIL_E_MESSAGE, EMAIL_E_FILE, EMAIL_E_MEMORY, in `error`.
 */
email_code email__message_prepare(email_message *message, const email__defaults *defaults,
                                  email__envelope *envelope, email_error *error);
/* The bytes, from the start. One at a time a message. Lines end in CRLF. */
email__source email__message_source(email_message *message);
/* Closes what reading left open (files). */
void email__message_release(email_message *message);

#endif
