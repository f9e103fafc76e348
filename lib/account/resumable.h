/* SPDX-License-Identifier: MIT */
/*
 * The one TLS session that an account may resume, with all that must still be so when it does. In memory
 * only. A resumed handshake passes no judge: what is kept here stands for the verdict "chain accepted", which
 * it was made under, and for nothing else.
 */
#ifndef EMAIL__ACCOUNT_RESUMABLE_H
#define EMAIL__ACCOUNT_RESUMABLE_H

#include "trust/verdict.h"

typedef struct email__resume_key {
	char host[EMAIL__HOST_MAX];
	int port;
	email_tls_version min;
	unsigned long changes;    /* of the account's properties: the authenticator among them */
	unsigned long generation; /* of trust: stores, exemptions, settings */
	uint64_t client;          /* of the client certificate that was shown; 0: none */
} email__resume_key;

typedef struct email__resumable {
	email__tls_session *session; /* NULL: none */
	email__resume_key key;
	int64_t judged;     /* when the chain was accepted, by the wall clock */
	int64_t good_until; /* the first end in its path */
} email__resumable;

void email__resumable_drop(email__resumable *r);
/* The session, still owned by `r`; NULL, and dropped, where anything is not as it was. `unset`: the clock is
 * not set, so that nobody can say whether the chain is still good. */
const email__tls_session *email__resumable_lend(email__resumable *r, const email__resume_key *key,
                                                int64_t now, bool unset);
/* Takes the session over, in place of what was there. */
void email__resumable_keep(email__resumable *r, const email__resume_key *key, email__tls_session *session,
                           int64_t judged, int64_t good_until);

#endif
