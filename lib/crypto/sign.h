/* SPDX-License-Identifier: MIT */
/* Signatures with a private key, as JSON Web Signatures want them (RFC 7518 3), and fingerprints of its certificate. */
#ifndef EMAIL__CRYPTO_SIGN_H
#define EMAIL__CRYPTO_SIGN_H

#include <stddef.h>

#include <emailservice/error.h>

#include "crypto/mac.h"

typedef enum email__signature {
	EMAIL__SIGN_AUTO, /* by the key: ES256 for one on P-256, RS256 for an RSA one */
	EMAIL__RS256,     /* RSASSA-PKCS1-v1_5 with SHA-256 */
	EMAIL__PS256,     /* RSASSA-PSS with SHA-256, the salt as long as the digest */
	EMAIL__ES256      /* ECDSA on P-256 with SHA-256: r and s, 32 bytes each, no DER */
} email__signature;

/* Bytes of the longest: RSA with 8192 bits. */
#define EMAIL__SIGNATURE_MAX 1024

typedef struct email__signer email__signer;

/*
 * A key from a PEM text of n bytes, its NUL counted, in which certificates may stand too, or from DER; `password` NULL or
 * "": the key is not encrypted. NULL, with the error at `stage`: EMAIL_E_CERTIFICATE (none, the password does not open
 * it, or not of a kind that the algorithm takes: RSA below 2048 bits, other curves than P-256), EMAIL_E_MEMORY,
 * EMAIL_E_TLS.
 */
email__signer *email__signer_new(const void *pem, size_t n, const char *password, email__signature algorithm,
                                 email_stage stage, email_error *e);
void email__signer_free(email__signer *s);
/* What it became where it was AUTO. */
email__signature email__signer_algorithm(const email__signer *s);
/* "RS256" (RFC 7518 3.1). */
const char *email__signature_name(email__signature algorithm);
/* Errors: EMAIL_E_MEMORY, EMAIL_E_TLS. */
email_code email__signer_sign(const email__signer *s, const void *bytes, size_t n,
                              unsigned char out[EMAIL__SIGNATURE_MAX], size_t *written);

/* The digest of the first certificate in a PEM text; EMAIL_E_CERTIFICATE: there is none in it. */
email_code email__certificate_thumbprint(const void *pem, size_t n, email__algorithm hash,
                                         unsigned char *out);

#endif
