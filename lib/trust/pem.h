/* SPDX-License-Identifier: MIT */
/*
 * PEM (RFC 7468), pushed in pieces of any size: bundles are read without ever being held. Says what a
 * file held, so that a cut-off block or a private key is never overlooked.
 */
#ifndef EMAIL__TRUST_PEM_H
#define EMAIL__TRUST_PEM_H

#include <stdbool.h>

#include "base/buf.h"
#include "trust/der.h"

typedef enum email__pem_kind {
	EMAIL__PEM_OTHER,
	EMAIL__PEM_CERTIFICATE, /* also "X509 CERTIFICATE"; OpenSSL's "TRUSTED CERTIFICATE" is another thing */
	EMAIL__PEM_CRL,
	EMAIL__PEM_PRIVATE_KEY
} email__pem_kind;

/* A whole block, decoded. An error ends the push. */
typedef email_code (*email__pem_fn)(void *context, email__pem_kind kind, email__span der);

typedef struct email__pem {
	email__pem_fn block;
	void *context;
	char line[80]; /* the line that is coming in; a longer one cannot be a boundary */
	size_t line_len;
	bool line_cut;
	bool inside, spoiled; /* in a block; which is too large */
	char label[64];
	email__buf body, der;
	size_t blocks, skipped; /* blocks seen; those too large or not base64 */
} email__pem;

void email__pem_init(email__pem *pem, email__pem_fn block, void *context);
void email__pem_dispose(email__pem *pem);
/* Errors: EMAIL_E_MEMORY, and the callback's. */
email_code email__pem_push(email__pem *pem, const void *bytes, size_t n);
/* EMAIL_E_CERTIFICATE: a block has a BEGIN and no END. */
email_code email__pem_end(email__pem *pem);

/* A whole file in memory, PEM or DER (which counts as one certificate, or as a CRL where it has the
 * shape of one). */
email_code email__pem_read(const void *bytes, size_t n, email__pem_fn block, void *context, size_t *skipped);
/* Writes a certificate: EMAIL_E_LIMIT where the buffer is too small. */
email_code email__pem_write(email__span der, char *out, size_t size);

#endif
