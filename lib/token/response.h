/* SPDX-License-Identifier: MIT */
/*
 * What a token endpoint answers: a token (RFC 6749 5.1), a code for a person (RFC 8628 3.2), or an error (RFC 6749 5.2,
 * RFC 8628 3.5). Whatever else comes, a page of HTML, half a document, names twice, ends in an error that says so.
 */
#ifndef EMAIL__TOKEN_RESPONSE_H
#define EMAIL__TOKEN_RESPONSE_H

#include <emailservice/error.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/web.h"
#include "token/json.h"

typedef struct email__token {
	email__buf access, refresh; /* secret; `refresh` empty: none came, and the old one stays valid */
	long seconds;               /* its life, up to EMAIL__TOKEN_LIFE_MAX; -1: not said */
	char scope[512];            /* granted, where that was said; printable */
} email__token;

typedef struct email__device {
	email__buf code;                 /* device_code, secret */
	char user_code[64];              /* what the person types, */
	char uri[EMAIL__URL_MAX + 1];    /* and where */
	char direct[EMAIL__URL_MAX + 1]; /* the same with the code in it; "": none */
	long seconds;                    /* its life */
	long interval;                   /* between questions */
} email__device;

typedef enum email__token_outcome {
	EMAIL__TOKEN_GOOD,
	EMAIL__TOKEN_PENDING,   /* nobody has said yes or no so far */
	EMAIL__TOKEN_SLOW_DOWN, /* the same, and the questions come too fast */
	EMAIL__TOKEN_FAILED     /* the error says why, and whether it is temporary */
} email__token_outcome;

void email__token_init(email__token *t);
void email__token_dispose(email__token *t);
void email__device_init(email__device *d);
void email__device_dispose(email__device *d);

/*
 * Reads an answer. `secrets`, ended by NULL, are what was sent: where the server repeats one in its words, it is masked.
 * Errors, at the stage token: EMAIL_E_LOGIN (a person must change something; with a remedy), EMAIL_E_TEMPORARY (the
 * endpoint is busy or broken), EMAIL_E_PROTOCOL, EMAIL_E_LIMIT (it makes no sense, or too much), EMAIL_E_MEMORY.
 */
email__token_outcome email__token_read(const email__web_response *r, const char *const *secrets,
                                       email__token *t, email_error *e);
email__token_outcome email__device_read(const email__web_response *r, const char *const *secrets,
                                        email__device *d, email_error *e);
/* A document of any kind: NULL, and the error, where there is none, or the status is not 200. */
email__json *email__token_document(const email__web_response *r, const char *what, email_error *e);

#endif
