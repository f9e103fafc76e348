/* SPDX-License-Identifier: MIT */
/*
 * One login's exchange, for every protocol that carries SASL (RFC 4422 3): the mechanism is chosen,
 * challenges come in as base64, responses go out to the protocol's command writer. The words around them
 * are the protocol's:
 *
 *     choose -> [initial] -> command --challenge--> respond -> line --challenge--> ... --yes--> accepted
 *                                        \--EMAIL_E_PROTOCOL--> the protocol's word that cancels
 */
#ifndef EMAIL__SASL_EXCHANGE_H
#define EMAIL__SASL_EXCHANGE_H

#include "sasl/sasl.h"

/* Lives in its owner. `response` holds what is to be written next, not encoded; written, it is to be
 * cleared. */
typedef struct email__exchange {
	email__sasl sasl;
	email__buf response; /* secret */
	unsigned challenges;
} email__exchange;

void email__exchange_init(email__exchange *x);
/* Wipes everything; may be called at any time, also twice. It can be used anew after that. */
void email__exchange_end(email__exchange *x);

/*
 * Begins with the strongest mechanism of `offered` (names between spaces) that may be used: `wanted`
 * alone where it is a name, and one that reveals the password where `clear_ok` alone. `tls` is for the
 * words of the error only. Errors, told in `e` at the stage authenticate: EMAIL_E_MECHANISM (none),
 * EMAIL_E_LOGIN (no user name), EMAIL_E_LIMIT (a token of more than EMAIL__SECRET_MAX, a user name of more than
 * EMAIL__SASL_USER_MAX: nothing is sent then).
 */
email_code email__exchange_choose(email__exchange *x, const char *offered, const char *wanted, bool tls,
                                  bool clear_ok, const email__credentials *c, email_error *e);
/*
 * The initial response into `response`: *has true where the mechanism has one and its base64 is no
 * longer than `room`, what the protocol lets stand behind the mechanism's name. Otherwise the exchange
 * stands at its beginning: the server sends an empty challenge first. Errors: EMAIL_E_MEMORY,
 * EMAIL_E_LIMIT.
 */
email_code email__exchange_initial(email__exchange *x, size_t room, bool *has);
/*
 * The response to a challenge in base64 (spaces around it are passed over: some servers write them) into `response`.
 * Anything but EMAIL_OK is told in `e`, and the exchange is to be cancelled: EMAIL_E_PROTOCOL (no base64, one too many,
 * against the mechanism's grammar), EMAIL_E_LOGIN (the server's proof is wrong), EMAIL_E_LIMIT, EMAIL_E_VALUE,
 * EMAIL_E_MEMORY, EMAIL_E_TLS.
 */
email_code email__exchange_challenge(email__exchange *x, const char *base64, size_t n, email_error *e);
/* The server said yes: EMAIL_E_PROTOCOL, told in `e`, where the mechanism is not through, or its proof is missing. */
email_code email__exchange_accept(email__exchange *x, email_error *e);
/* The login is one by a token: a no needs other remedies than one to a password. */
bool email__exchange_token(const email__exchange *x);
/* The server closed the connection while a login ran, where one did: what may be the reason, into an `e` that has none. */
void email__exchange_closed(const email__exchange *x, email_error *e);
/* The server said no, which is in `e`: what it told before on the reason goes behind the text, and where the login was
 * bound to the connection the remedy is the one for that. */
void email__exchange_refused(const email__exchange *x, email_error *e);

#endif
