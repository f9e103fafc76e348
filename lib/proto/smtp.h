/* SPDX-License-Identifier: MIT */
/*
 * SMTP (RFC 5321), the client's side, as an engine: see wire/link.h for what it is to its driver.
 *
 *     engine idle (WANT_CALLER)  --email__smtp_send()-->  flights and replies  -->  mail->done, idle
 *
 * Mails are handed over one by one, also while earlier ones are outstanding: with PIPELINING the next
 * mail's envelope goes in one flight with the last one's data, so a mail costs one round trip. The
 * replies still expected stand in a queue; a reply that does not fit the head of it is an error, never a
 * success for the wrong command.
 */
#ifndef EMAIL__PROTO_SMTP_H
#define EMAIL__PROTO_SMTP_H

#include <emailservice/account.h>

#include "base/source.h"
#include "sasl/sasl.h"
#include "wire/link.h"

typedef struct email__smtp email__smtp;

typedef struct email__smtp_config {
	const char *ehlo_name; /* domain or address literal "[192.0.2.1]" */
	bool start_tls;        /* required, never opportunistic */
	bool tls;              /* the link is a TLS one from the start */
	bool allow_plaintext_login;
	const char *mechanism;                 /* NULL: Auto */
	const email__credentials *credentials; /* NULL: no login; must live until the login is over */
} email__smtp_config;

/* One mail: envelope, source and outcome. The caller's memory, untouched by others until `done`. */
typedef struct email__smtp_recipient {
	const char *address; /* in the grammar of RFC 5321 (RFC 6531), without <> */
	email_outcome outcome;
	int reply;
	char enhanced[12];
	char text[200];
} email__smtp_recipient;

typedef struct email__smtp_mail email__smtp_mail;
struct email__smtp_mail {
	const char *from; /* "" for <> */
	email__smtp_recipient *recipients;
	size_t count;
	email__source source;
	uint64_t size;           /* about, for SIZE; 0: unknown */
	bool eight_bit;          /* the content has bytes over 127: needs 8BITMIME */
	bool utf8;               /* addresses or headers in UTF-8: needs SMTPUTF8 (RFC 6531) */
	unsigned dsn;            /* EMAIL_DSN_... */
	const char *envelope_id; /* ENVID for DSN, or NULL */
	/* No further mail comes at once. While it is false the link wants its CALLER also while it waits for
	 * replies, as long as email__smtp_ready(): one more mail would go in the flight. May be set later. */
	bool last;

	/* the outcome */
	bool done;
	email_code code; /* as email_account_send() */
	email_error error;
	/* the engine's own */
	email__smtp_mail *next;
	size_t asked, answered, accepted; /* RCPT sent, their replies, those that said yes */
	unsigned unanswered;              /* replies outstanding */
	unsigned state;
	uint64_t end; /* where in link->sent the last byte of its data lies */
};

/* Strings are copied but credentials. NULL: no memory. */
email__smtp *email__smtp_new(const email__smtp_config *config);
void email__smtp_free(email__smtp *s);
/* Its `sent` and `flights` may be set to 0 while it is idle. */
email__link *email__smtp_link(email__smtp *s);

/* True where one more mail can be handed over now. */
bool email__smtp_ready(const email__smtp *s);
/* Hands a mail over; the caller then steps the link. Errors (nothing was sent, the session is as it was):
 * EMAIL_E_EXTENSION, EMAIL_E_MESSAGE (an address outside the grammar, over SIZE), EMAIL_E_USAGE; mail->error
 * says more. */
email_code email__smtp_send(email__smtp *s, email__smtp_mail *mail);
/* The mail in the engine that comes first; NULL where there is none. A mail leaves the engine, which does
 * not touch it any more, the moment it is done. */
email__smtp_mail *email__smtp_first(const email__smtp *s);
/* QUIT, once all mails are written: it rides with the last one's data where the server pipelines. No mail
 * is taken after it. */
void email__smtp_quit(email__smtp *s);
/* The session broke (error is the reason): every outstanding mail gets its outcome. */
void email__smtp_broken(email__smtp *s, const email_error *error);

/* What the server offered after TLS and login; extensions as it spelled them, for `test`. */
const char *email__smtp_extensions(const email__smtp *s);
bool email__smtp_offers_8bitmime(const email__smtp *s);
bool email__smtp_offers_utf8(const email__smtp *s);

#endif
