/* SPDX-License-Identifier: MIT */
/*
 * SASL mechanisms (RFC 4422): challenge in, response out. No I/O, no base64: the protocol does that.
 */
#ifndef EMAIL__SASL_SASL_H
#define EMAIL__SASL_SASL_H

#include <stdbool.h>

#include "base/buf.h"

typedef struct email__credentials {
	const char *user;
	const char *password; /* or token */
} email__credentials;

typedef struct email__mechanism {
	const char *name;      /* as servers spell it */
	bool reveals_password; /* to whoever reads the connection */
	bool client_first;     /* has an initial response */
	int strength;          /* Auto takes the highest that the server offers */
} email__mechanism;

/* A running exchange; lives in its owner, wiped by _end. */
typedef struct email__sasl {
	const email__mechanism *mechanism;
	const email__credentials *credentials;
	int step;
} email__sasl;

/* The mechanisms, strongest first; NULL past the end. */
const email__mechanism *email__sasl_mechanism_at(size_t i);
const email__mechanism *email__sasl_mechanism(const char *name);
/* The strongest of `offered` (names separated by spaces) that the connection may carry: those that
 * reveal the password need `clear_ok`. `wanted` is a name, or NULL for Auto. NULL: none. */
const email__mechanism *email__sasl_choose(const char *offered, const char *wanted, bool clear_ok);

/* EMAIL_E_VALUE: user or password hold what the mechanism cannot carry (NUL). */
email_code email__sasl_start(email__sasl *s, const email__mechanism *m, const email__credentials *c);
/* The answer to a challenge (n bytes, decoded; the initial response: challenge NULL), appended to
 * `response`, which must be a secret buffer. EMAIL_E_PROTOCOL: a challenge too many. */
email_code email__sasl_respond(email__sasl *s, const void *challenge, size_t n, email__buf *response);
/* The server said yes: EMAIL_OK where the mechanism agrees that it has proven itself. */
email_code email__sasl_accept(email__sasl *s);
void email__sasl_end(email__sasl *s);

#endif
