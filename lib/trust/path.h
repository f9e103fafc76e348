/* SPDX-License-Identifier: MIT */
/*
 * Building and judging paths (RFC 5280 6.1) from a leaf to an anchor: every way is tried, depth first,
 * within bounds; the first acceptable one wins, and where none is, the best failing one says why.
 */
#ifndef EMAIL__TRUST_PATH_H
#define EMAIL__TRUST_PATH_H

#include "base/limits.h"
#include "trust/certificate.h"
#include "trust/when.h"
#include "trust/crl.h"

/* What paths are built from. */
typedef struct email__pool {
	size_t count;
	struct {
		email__cert cert;
		bool anchor; /* from a store */
	} entry[EMAIL__POOL_MAX];
} email__pool;

/* Adds what parses and is not there yet; one that is there becomes an anchor where it is told so.
 * False: it does not parse, or there is no room. The bytes must stay. */
bool email__pool_add(email__pool *pool, email__span der, bool anchor);

/* Makes one that is there an anchor; false: it is not there. */
bool email__pool_anchor(email__pool *pool, email__span der);

/* The certificate issued something in the pool by its name, or is in it. */
bool email__pool_wants(const email__pool *pool, const email__cert *root);

typedef struct email__path_result {
	email_reasons reasons;
	int64_t newest_not_before; /* of the accepted path */
	int64_t first_not_after;   /* the same: its first end */
	bool limit;                /* the search was cut short */
} email__path_result;

/* Errors: EMAIL_E_MEMORY. `crls` may be NULL. */
email_code email__path_judge(const email__cert *leaf, const email__pool *pool, const email__when *when,
                             const email__crls *crls, email__path_result *result);

/* The reasons that no exemption waives (the third column of EMAIL_REASONS). */
email_reasons email__reasons_hard(void);

#endif
