/* SPDX-License-Identifier: MIT */
/*
 * A session drives one engine over one connection: look-up, connecting (RFC 8305), TLS with its verdict,
 * then the engine's bytes, each under its deadline. Everything here can be stepped without waiting; the
 * blocking call is a loop over it.
 *
 *     RESOLVING -> CONNECTING -> [HANDSHAKE -> verdict] -> TALKING <-> HANDSHAKE (STARTTLS) -> CLOSED
 */
#ifndef EMAIL__NET_SESSION_H
#define EMAIL__NET_SESSION_H

#include <stdbool.h>

#include "base/binding.h"
#include "tls/tls.h"
#include "wire/link.h"

typedef struct email__session email__session;

/* What happened, for `test` and the transcript; `detail` is valid during the call only. */
typedef void (*email__session_event_fn)(void *context, email_stage stage, const char *detail);

typedef struct email__session_config {
	const char *host; /* canonical */
	int port;
	const char *local_address; /* address or interface name to bind to; "" for none */
	bool tls_first;            /* Use Ssl */
	email__tls_config tls;     /* for Use Ssl and STARTTLS alike */
	long connection_timeout_ms, response_timeout_ms, data_timeout_ms;
	email__session_event_fn event; /* or NULL */
	void *event_context;
} email__session_config;

/* Strings and config are copied. `link`, the judge's context, the client key and the TLS session that is lent
 * must outlive the session.
 * NULL: no memory. */
email__session *email__session_new(const email__session_config *config, email__link *link);
/* Closes; never waits. */
void email__session_free(email__session *s);

typedef enum email__session_state {
	EMAIL__SESSION_BUSY,  /* waits for network or time: poll, then step */
	EMAIL__SESSION_IDLE,  /* the engine wants its caller */
	EMAIL__SESSION_CLOSED /* over: error is set, or the engine was done */
} email__session_state;

/* Goes as far as it can without waiting. */
email__session_state email__session_step(email__session *s);
/* The same, but waits (blocking) until it is not BUSY any more. */
email__session_state email__session_run(email__session *s);

/* What to wait for before the next step: descriptor (-1: none), events of poll(2), milliseconds (never -1).
 * Ask again after every step: all three change. */
int email__session_fd(const email__session *s);
int email__session_events(const email__session *s);
long email__session_timeout(const email__session *s);

/* From any thread: what runs or comes next ends with EMAIL_E_CANCELLED. */
void email__session_cancel(email__session *s);
/* A kept connection that the server closed, or where it spoke unasked, is no longer alive. */
bool email__session_alive(email__session *s);
/* The next time that is looked at even where something came a moment ago, at the cost of a system call. */
void email__session_look(email__session *s);
/* The session failed by a known defect of some versions of the TLS library, which does not happen where TLS
 * 1.2 alone is offered: make a new session, and a new engine, with config.tls.cap_1_2. */
bool email__session_retry_1_2(const email__session *s);
/* TLS began: a TLS session that was lent is used up, whether it was resumed or not (RFC 8446 C.4). */
bool email__session_tls_began(const email__session *s);
/* What a later connection may resume (config.tls.keep_session), also after the end; the caller frees it. */
email__tls_session *email__session_take_tls(email__session *s);
/* Of the connection, also after its end; "" where it is in the clear. */
const char *email__session_tls_version(const email__session *s);
const char *email__session_cipher_suite(const email__session *s);
/* What a login may be bound to, from the event of the TLS handshake on; type NULL: nothing. */
const email__binding *email__session_binding(const email__session *s);
int64_t email__session_not_after(const email__session *s);
/* Why it is over, the engine's own error included; code EMAIL_OK where it ended as it should. */
const email_error *email__session_error(const email__session *s);

#endif
