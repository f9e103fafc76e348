/* SPDX-License-Identifier: MIT */
/* Rules 1 to 4 on a chain: what does not verify, without Allowed Hosts. */
#ifndef EMAIL__TRUST_JUDGE_H
#define EMAIL__TRUST_JUDGE_H

#include "trust/names.h"
#include "trust/object.h"
#include "trust/store.h"

/* Large: on the heap. Points into the chain that it was given. */
typedef struct email__judgement {
	email__reference reference;
	email__when when;
	bool parsed; /* the leaf is not malformed */
	email__cert leaf;
	email__pool pool; /* what was sent, and roots */
	size_t sent;      /* so many of it were sent */
	email__anchors anchors;
	email__crls crls;
	email__path_result path;
	size_t roots;          /* usable ones in all the stores that were looked at */
	email_reasons reasons; /* the outcome */
	email_error store;     /* the System Trust Store could not be read: no smaller store stands for it */
} email__judgement;

/* NULL: no memory. */
email__judgement *email__judgement_new(void);
void email__judgement_free(email__judgement *j);

/* The certificates as sent, leaf first; EMAIL_E_VALUE: `host` is none. */
email_code email__judgement_take(email__judgement *j, const char *host, const email__span *sent,
                                 size_t count);
/* A root instead of the stores. */
void email__judgement_root(email__judgement *j, email__span der);
/*
 * The rules in their order, into j->reasons. `trust`: whose stores and revocation lists; NULL: only the
 * roots given above. Errors: EMAIL_E_MEMORY, EMAIL_E_FILE or EMAIL_E_CERTIFICATE (a revocation list that
 * is configured cannot be read).
 */
email_code email__judge(email__judgement *j, email_trust *trust, email_error *e);

/* The lists of crlFile; none where that is not set. Errors: EMAIL_E_FILE, EMAIL_E_CERTIFICATE, EMAIL_E_MEMORY. */
email_code email__trust_load_crls(const email_trust *trust, email__crls *crls, email_error *e);

#endif
