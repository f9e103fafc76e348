/* SPDX-License-Identifier: MIT */
/* The mechanisms themselves, each one function: the answer to a challenge, told by s->step how far it has come. */
#ifndef EMAIL__SASL_MECHANISMS_H
#define EMAIL__SASL_MECHANISMS_H

#include "crypto/mac.h"
#include "sasl/sasl.h"

typedef email_code (*email__respond_fn)(email__sasl *s, const unsigned char *challenge, size_t n,
                                        email__buf *response);

/* sasl.c: PLAIN, LOGIN, EXTERNAL; scram.c; cram.c; bearer.c */
email_code email__scram_start(email__sasl *s, const char *offered);
email_code email__scram_sha1(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response);
email_code email__scram_sha256(email__sasl *s, const unsigned char *challenge, size_t n,
                               email__buf *response);
email_code email__cram_md5(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response);
email_code email__xoauth2(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response);
email_code email__oauthbearer(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response);

/* Whether a server's list has the name. */
bool email__sasl_listed(const char *offered, const char *name);
/* The server's words on why not, for the error. */
void email__sasl_said(email__sasl *s, const void *bytes, size_t n);

#endif
