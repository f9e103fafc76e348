/* SPDX-License-Identifier: MIT */
/*
 * SASL mechanisms (RFC 4422): challenge in, response out. No I/O, no base64: the protocol does that
 * (sasl/exchange.h).
 */
#ifndef EMAIL__SASL_SASL_H
#define EMAIL__SASL_SASL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/binding.h"
#include "base/buf.h"

/* What an account has to show. */
typedef enum email__credential_kind {
	EMAIL__CREDENTIAL_PASSWORD,
	EMAIL__CREDENTIAL_TOKEN,      /* an OAuth access token (RFC 6750) */
	EMAIL__CREDENTIAL_CERTIFICATE /* the client certificate of the connection */
} email__credential_kind;

typedef struct email__credentials {
	const char *user;
	const char *password; /* or token; "" for a certificate */
	email__credential_kind kind;
	const char *host; /* the server's name and port, for OAUTHBEARER; NULL: not said */
	int port;
	uint32_t
		max_iterations; /* of SCRAM: what this processor does in good time; 0: EMAIL__SCRAM_ITERATIONS_MAX */
	const email__binding
		*binding; /* of the connection, filled once it is a TLS one; NULL or type NULL: none */
} email__credentials;

/* What no server's words may show (codec/hide.h); NULL: nothing. Once they are wiped it is "". */
static inline const char *
email__credentials_secret(const email__credentials *c)
{
	return c ? c->password : NULL;
}

/* Iterations of SCRAM's hash: fewer give the password away to who steals the server's file (RFC 7677 4), more are an
 * attack on this processor. */
#define EMAIL__SCRAM_ITERATIONS_MIN 4096
#define EMAIL__SCRAM_ITERATIONS_MAX 1000000

typedef struct email__mechanism {
	const char *name;      /* as servers spell it */
	bool reveals_password; /* to whoever reads the connection */
	bool client_first;     /* has an initial response */
	bool binds;            /* to the TLS connection: needs a binding */
	int strength;          /* Auto takes the highest that the server offers */
	email__credential_kind kind;
} email__mechanism;

/* Bytes of a client's nonce, in base64 (RFC 5802 5.1). */
#define EMAIL__SCRAM_NONCE 24

/* A running exchange; lives in its owner, wiped by _end. */
typedef struct email__sasl {
	const email__mechanism *mechanism;
	const email__credentials *credentials;
	const email__binding *binding;
	int step;
	bool proven;    /* the server has shown that it knows the password, or need not */
	char said[200]; /* the server's words in a challenge that tells an error, printable; "" */
	/* SCRAM */
	char nonce[EMAIL__SCRAM_NONCE * 4 / 3 + 1];
	char gs2[40];               /* the header of the first message */
	email__buf transcript;      /* AuthMessage of RFC 5802 3 */
	unsigned char verifier[64]; /* the signature that the server has to show */
} email__sasl;

/* The mechanisms, strongest first; NULL past the end. */
const email__mechanism *email__sasl_mechanism_at(size_t i);
const email__mechanism *email__sasl_mechanism(const char *name);
/* The strongest of `offered` (names separated by spaces) that goes with the credentials and that the connection may
 * carry: those that reveal the password need `clear_ok`. `wanted` is a name, or NULL for Auto. NULL: none. */
const email__mechanism *email__sasl_choose(const char *offered, const char *wanted, bool clear_ok,
                                           const email__credentials *c);

/*
 * `offered` as for the choice: what a server does not offer tells SCRAM whether somebody took it out of the list.
 * Errors: EMAIL_E_VALUE: no user name; EMAIL_E_MEMORY, EMAIL_E_TLS (no random numbers).
 */
email_code email__sasl_start(email__sasl *s, const email__mechanism *m, const char *offered,
                             const email__credentials *c);
/* At its beginning again: what was said last was not sent. */
void email__sasl_restart(email__sasl *s);
/*
 * The answer to a challenge (n bytes, decoded; the initial response: challenge NULL), appended to `response`, which
 * must be a secret buffer. Errors: EMAIL_E_PROTOCOL: a challenge too many, or against the mechanism's grammar;
 * EMAIL_E_LOGIN: the server's proof is wrong, or it said why not (`said`); EMAIL_E_VALUE: user or password cannot be
 * carried (see sasl/prep.h); EMAIL_E_LIMIT: more iterations than allowed, a response too long; EMAIL_E_MEMORY,
 * EMAIL_E_TLS.
 */
email_code email__sasl_respond(email__sasl *s, const void *challenge, size_t n, email__buf *response);
/* The server said yes: EMAIL_OK where the mechanism agrees that it has proven itself. */
email_code email__sasl_accept(email__sasl *s);
void email__sasl_end(email__sasl *s);

#endif
