/* SPDX-License-Identifier: MIT */
/*
 * Certificate revocation lists (RFC 5280 5): full ones in a file, PEM (several) or DER. What a list
 * names is revoked; what no list covers is not judged. Parsed in place, nothing copied.
 */
#ifndef EMAIL__TRUST_CRL_H
#define EMAIL__TRUST_CRL_H

#include "trust/certificate.h"

typedef struct email__crl {
	email__span der, tbs, issuer, signature;
	email__span revoked; /* inside revokedCertificates */
	email__sigalg sigalg;
	int64_t this_update, next_update; /* next 0: none given */
} email__crl;

/* The lists of a file that somebody in a chain might have issued. */
typedef struct email__crls {
	email__crl *list;
	size_t count;
} email__crls;

bool email__crl_parse(email__span der, email__crl *crl);
/* The list names the serial number. */
bool email__crl_lists(const email__crl *crl, email__span serial);
/* EMAIL_REASON(REVOKED) where a list that `issuer` signed names the certificate. *checks counts public-key
 * operations down; at none left the certificate counts as revoked. EMAIL_E_MEMORY through *rc. */
email_reasons email__crls_judge(const email__crls *crls, const email__cert *cert, const email__cert *issuer,
                                int *checks, email_code *rc);

/* Takes a copy of every list in the bytes. Errors: EMAIL_E_CERTIFICATE (none, broken, cut off), EMAIL_E_MEMORY. */
email_code email__crls_load(email__crls *crls, const void *bytes, size_t n);
/* One of them is past its next update: a finding. It still says who is revoked. */
bool email__crls_outdated(const email__crls *crls, int64_t now);
void email__crls_dispose(email__crls *crls);

#endif
