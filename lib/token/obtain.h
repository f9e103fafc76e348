/* SPDX-License-Identifier: MIT */
/*
 * Obtaining a token, step by step, without I/O: it says what request goes to which host next, is told the answer, and
 * comes to a token or an error.
 *
 *     [metadata] -> token                                     client credentials, JWT bearer, refresh token
 *     [metadata] -> code -> wait -> token? -> wait .. -> token   device authorization
 *
 *     email__obtain *o = email__obtain_new(&config, &error);
 *     while ((state = email__obtain_step(o, monotonic_ms)) == EMAIL__OBTAIN_SEND || state == EMAIL__OBTAIN_WAIT)
 *         if WAIT: sleep email__obtain_wait(o, ms)
 *         else if ((request = email__obtain_request(o, wall_s)))
 *             one connection for it -> email__obtain_answer(o, response, ms) or email__obtain_broken(o, error, ms)
 *
 * Each request has its own connection, under the account's rules of trust, for the request's own host and port.
 */
#ifndef EMAIL__TOKEN_OBTAIN_H
#define EMAIL__TOKEN_OBTAIN_H

#include "token/grant.h"
#include "token/response.h"

/* All of it is the caller's, and must live as long as the exchange. */
typedef struct email__obtain_config {
	const char *metadata_endpoint; /* authServerMetadataEndpoint; NULL or "": none */
	const char *token_endpoint;    /* wins over it; NULL or "": none */
	const char *device_endpoint;   /* beside token_endpoint, for the device grant; NULL or "": none */
	const email__metadata *known; /* email__obtain_metadata() of before, for the same endpoint; or NULL */
	email__grant_config grant;
} email__obtain_config;

typedef enum email__obtain_state {
	EMAIL__OBTAIN_SEND, /* a request is to be sent */
	EMAIL__OBTAIN_WAIT, /* first some time must pass; a person may be shown email__obtain_device() */
	EMAIL__OBTAIN_DONE,
	EMAIL__OBTAIN_FAILED
} email__obtain_state;

typedef struct email__obtain email__obtain;

/* NULL, with *e: EMAIL_E_VALUE (an endpoint is missing or no good), EMAIL_E_CERTIFICATE (the key), EMAIL_E_MEMORY. */
email__obtain *email__obtain_new(const email__obtain_config *config, email_error *e);
void email__obtain_free(email__obtain *o);

email__obtain_state email__obtain_step(email__obtain *o, int64_t now_ms);
/* Milliseconds until there is something to send; 0 where there is nothing to wait for. */
long email__obtain_wait(const email__obtain *o, int64_t now_ms);
/* In the state SEND: the request, valid until the answer; assertions are dated by `wall`, seconds since 1970. NULL: it
 * cannot be made, and the state is FAILED. */
const email__web_request *email__obtain_request(email__obtain *o, int64_t wall);
void email__obtain_answer(email__obtain *o, const email__web_response *r, int64_t now_ms);
/* No answer came. While a person is waited for that is no end (RFC 8628 3.5), unless the error is not temporary. */
void email__obtain_broken(email__obtain *o, const email_error *error, int64_t now_ms);

/* The person's code, once it is there; NULL before, and for other grants. */
const email__device *email__obtain_device(const email__obtain *o);
/* DONE: the token; `refresh` is empty where the one that was sent stays valid. NULL otherwise. The buffers may be taken
 * out of it. */
email__token *email__obtain_token(email__obtain *o);
/* Where the endpoints are, once that is known; NULL before. */
const email__metadata *email__obtain_metadata(const email__obtain *o);
const email_error *email__obtain_error(const email__obtain *o);

#endif
