/* SPDX-License-Identifier: MIT */
/*
 * JSON Web Tokens that prove who asks (RFC 7519, RFC 7523): compact serialization, signed (RFC 7515). They are valid
 * for minutes, but for those they are secrets.
 */
#ifndef EMAIL__TOKEN_JWT_H
#define EMAIL__TOKEN_JWT_H

#include <stdint.h>

#include "base/buf.h"
#include "crypto/sign.h"

/* Issued so long ago, for servers whose clock is behind ours; valid so long. Microsoft asks for 10 minutes at most. */
#define EMAIL__JWT_BEFORE 60
#define EMAIL__JWT_AFTER 300

typedef struct email__jwt {
	const char *issuer, *subject, *audience;
	const char *scope; /* a claim of Google's; NULL: none */
	int64_t now;       /* seconds since 1970 */
	const char *kid;   /* the key's name at the server; NULL or "": not said */
	const void *
		pem; /* text with the key's certificate, its NUL counted, for x5t and x5t#S256; without one */
	size_t pem_n; /* in it they are left out */
} email__jwt;

/* The token, appended to a secret buffer. Errors, told in `e` at the stage token: EMAIL_E_VALUE (no UTF-8),
 * EMAIL_E_LIMIT, EMAIL_E_MEMORY, EMAIL_E_TLS. */
email_code email__jwt_make(const email__jwt *jwt, const email__signer *signer, email__buf *out,
                           email_error *e);
/* The same of a header and a payload as they stand. */
email_code email__jws_make(const void *header, size_t header_n, const void *payload, size_t payload_n,
                           const email__signer *signer, email__buf *out);

#endif
