/* SPDX-License-Identifier: MIT */
/*
 * A certificate (RFC 5280 4.1) taken apart without copying: every span points into the DER, which must
 * stay. What a path or a name needs of it is here; what is broken makes the whole certificate broken.
 */
#ifndef EMAIL__TRUST_CERTIFICATE_H
#define EMAIL__TRUST_CERTIFICATE_H

#include <stdbool.h>

#include <emailservice/trust.h>

#include "trust/der.h"
#include "trust/signature.h"

/* Bits of keyUsage (RFC 5280 4.2.1.3), the first one highest, as in its BIT STRING. */
enum {
	EMAIL__USAGE_DIGITAL_SIGNATURE = 0x80,
	EMAIL__USAGE_KEY_ENCIPHERMENT = 0x20,
	EMAIL__USAGE_KEY_AGREEMENT = 0x08,
	EMAIL__USAGE_CERT_SIGN = 0x04,
	EMAIL__USAGE_CRL_SIGN = 0x02
};

typedef struct email__cert {
	email__span der, tbs, serial;
	email__span issuer, subject; /* Names with their tag */
	email__span spki;            /* with its tag */
	email__span signature;
	email__span names;       /* subjectAltName: the GeneralNames inside the SEQUENCE */
	email__span constraints; /* nameConstraints: inside its SEQUENCE */
	int64_t not_before, not_after;
	email__key key;
	email__sigalg sigalg;
	int version;     /* 1, 2, 3 */
	int path_length; /* -1: none */
	unsigned usage;  /* keyUsage */
	bool unknown_critical;
	bool has_basic, ca;
	bool has_usage, has_names, has_constraints;
	bool has_purpose, server_auth; /* extended key usage, and whether it allows serverAuth */
	bool explicit_policy;          /* policyConstraints: only chains with a policy tree (6.1.5 (g)) */
	bool loose_constraint;         /* one of these two not critical, as it must be (4.2.1.10, 4.2.1.11) */
} email__cert;

/* False: malformed. */
bool email__cert_parse(email__span der, email__cert *cert);
/* The subject of a certificate without the rest: to find an issuer in a bundle at little cost. */
bool email__cert_subject(email__span der, email__span *subject);
bool email__cert_self_issued(const email__cert *cert);
/* Self-issued, and by its own key as far as that can be told: a weak signature is taken at its word. */
bool email__cert_self_signed(const email__cert *cert);
/* The issuer's key made the signature; one public-key operation. */
email_code email__cert_signed_by(const email__cert *cert, const email__cert *issuer);

/* For people: every text printable and cut. EMAIL_E_MEMORY. */
email_code email__cert_describe(const email__cert *cert, int64_t now, email_certificate *out);
/* A Name as RFC 4514 writes it, first attribute first, as certificates are read. */
void email__name_text(email__span name, char *out, size_t size);
/* The last commonName of a Name; false where there is none. */
bool email__name_common(email__span name, email__span *value);

#endif
