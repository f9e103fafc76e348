/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) of bytes that come in pieces, as people compare it: hexadecimal digits. */
#ifndef EMAIL__CRYPTO_DIGEST_H
#define EMAIL__CRYPTO_DIGEST_H

#include <stddef.h>

#include <emailservice/error.h>

/* 64 digits in lower case, and a NUL. */
#define EMAIL__DIGEST_SIZE 65

typedef struct email__digest email__digest;

/* Errors: EMAIL_E_MEMORY, EMAIL_E_TLS (the TLS library's); *digest is NULL then. */
email_code email__digest_begin(email__digest **digest, email_error *e);
email_code email__digest_push(email__digest *digest, const void *bytes, size_t n);
email_code email__digest_end(email__digest *digest, char hex[EMAIL__DIGEST_SIZE]);
/* In any case; NULL is fine. */
void email__digest_free(email__digest *digest);

#endif
