/* SPDX-License-Identifier: MIT */
/*
 * Keys, signatures and fingerprints of certificates, over PSA alone, so that every version of mbedTLS
 * that has PSA does. What policy refuses (model: trust, rule 1) is told apart here, by two tables.
 */
#ifndef EMAIL__TRUST_SIGNATURE_H
#define EMAIL__TRUST_SIGNATURE_H

#include <stdbool.h>

#include <emailservice/error.h>

#include "trust/der.h"

typedef enum email__key_kind { EMAIL__KEY_OTHER, EMAIL__KEY_RSA, EMAIL__KEY_EC } email__key_kind;

/* A SubjectPublicKeyInfo (RFC 5280 4.1.2.7), taken apart. */
typedef struct email__key {
	email__key_kind kind;
	const char *name;  /* "RSA", "EC", "Ed25519", ...; "unknown" */
	unsigned family;   /* of the curve, PSA's */
	int bits;          /* 0: not known */
	email__span bytes; /* what PSA imports */
	bool weak;         /* below policy, or of a kind that no policy allows */
} email__key;

/* An AlgorithmIdentifier of a signature. */
typedef struct email__sigalg {
	email__key_kind kind;
	const char *name; /* "SHA256withRSA"; "unknown" */
	unsigned hash;    /* PSA's; 0: none that can be verified */
	bool pss;
	bool weak; /* SHA-1, MD5, or of a kind that is not verified */
} email__sigalg;

/* False: the structure is broken. A kind that is not known is not. */
bool email__key_parse(email__span spki, email__key *key);
bool email__sigalg_parse(email__span algorithm, email__sigalg *alg);

/* EMAIL_OK: the signature over `signed_bytes` is the key's. EMAIL_E_CERTIFICATE: it is not, or cannot be
 * told. EMAIL_E_MEMORY. */
email_code email__signature_verify(const email__key *key, const email__sigalg *alg, email__span signed_bytes,
                                   email__span signature);

/* SHA-256 in lower case hex. EMAIL_E_MEMORY where the crypto library has none. */
email_code email__fingerprint(email__span bytes, char hex[65]);

#endif
