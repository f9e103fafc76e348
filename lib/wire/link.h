/* SPDX-License-Identifier: MIT */
/*
 * A link: all that the driver, a test, a fuzzer or a benchmark sees of a protocol engine. Bytes in,
 * bytes out; no socket, no clock, no file.
 *
 *     step(link)  eats whole replies from `in`, appends commands and body to `out`, and sets `want`.
 *                 It may be called with one byte more or with many and ends in the same place. What is
 *                 not whole stays in `in`.
 *     eof(link)   the peer closed (cleanly or not): the engine turns it into its error or its end.
 *
 * The engine never frees itself; once failed it stays failed, `error` says why, and `want` is 0.
 */
#ifndef EMAIL__WIRE_LINK_H
#define EMAIL__WIRE_LINK_H

#include <stdbool.h>

#include <stdint.h>

#include "base/buf.h"

enum email__want {
	EMAIL__WANT_READ = 1,   /* more bytes from the peer are needed */
	EMAIL__WANT_WRITE = 2,  /* `out` has a flight to be written */
	EMAIL__WANT_TLS = 4,    /* make this connection a TLS one, then call link->tls_started */
	EMAIL__WANT_CALLER = 8, /* idle: waits for the next mail, or to be told to quit */
	EMAIL__WANT_CLOSE = 16  /* done: close the connection */
};

/* Which of the account's times bounds the wait that the engine is in now; the driver has the clock. */
typedef enum email__wait {
	EMAIL__WAIT_GREETING, /* what is left of connectionTimeout */
	EMAIL__WAIT_RESPONSE, /* responseTimeout, from the end of the last flight to a whole reply */
	EMAIL__WAIT_DATA,     /* dataTimeout: the reply to the end of the data */
	EMAIL__WAIT_BODY,     /* a message comes: responseTimeout of silence, and 1 kB/s on average */
	EMAIL__WAIT_NEWS      /* nothing is owed (IMAP IDLE): for news_ms, then it is the caller's turn */
} email__wait;

typedef struct email__link email__link;
struct email__link {
	email__buf in, out;
	unsigned want; /* enum email__want */
	email__wait wait;
	long news_ms;      /* for EMAIL__WAIT_NEWS */
	email_stage stage; /* where the dialogue is: the driver names it when the network fails */
	unsigned progress; /* counts whole replies: a change restarts the reply's deadline */
	unsigned flights;  /* waits for the peer so far: round trips */
	char local
		[64]; /* the connection's own address as a literal "[192.0.2.1]" (RFC 5321 4.1.3); the driver fills it */
	uint64_t sent; /* plain bytes appended to `out` so far */
	bool whole; /* set by the driver before eof(): TLS ended by close_notify, so that nothing was cut off */
	void (*step)(email__link *);
	void (*eof)(email__link *);
	void (*tls_started)(email__link *);
	/* One line of transcript, masked; NULL for none. */
	void (*log)(void *context, char who, const char *line, size_t n);
	void *log_context;
	/* A stage of the dialogue ended well (greeting, capabilities, starttls, authenticate), with a
	 * word on it for a person; or NULL. */
	void (*ended)(void *context, email_stage stage, const char *detail);
	void *ended_context;
	email_error error;
};

/*
 * Room at the end of `out` for n bytes of a login, which may be longer than any other flight: up to
 * EMAIL__LINK_LOGIN_MAX. From now on `out` is secret: wiped when it was written. Errors: EMAIL_E_LIMIT, EMAIL_E_MEMORY.
 */
email_code email__link_login(email__link *link, size_t n);
/* For each step: a login that was written, and wiped with that, leaves `out` as it was before. */
void email__link_login_over(email__link *link);

/* One line of transcript, made printable: who is 'C' (us), 'S' or '*'. Costs nothing where there is no
 * log. */
void email__link_log(email__link *link, char who, const char *text, size_t n);
/* "(n bytes of message)", which stands for them. */
void email__link_log_body(email__link *link, char who, uint64_t n);

#endif
