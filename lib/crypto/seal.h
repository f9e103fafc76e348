/* SPDX-License-Identifier: MIT */
/*
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits. What a sealed value is for is bound to
 * it as additional data: put anywhere else it does not open.
 *
 *     1 byte   version, 1
 *     4 bytes  which key: the first of HMAC-SHA-256 under it of a fixed text; tells a wrong key from a changed value
 *     12 bytes nonce
 *     n bytes  the secret, enciphered
 *     16 bytes tag, over all of it and what is bound
 */
#ifndef EMAIL__CRYPTO_SEAL_H
#define EMAIL__CRYPTO_SEAL_H

#include <stddef.h>

#include <emailservice/error.h>

#define EMAIL__SEAL_KEY 32
/* Bytes that sealing adds. */
#define EMAIL__SEAL_MORE (1 + 4 + 12 + 16)
/* Bytes that may be bound. */
#define EMAIL__SEAL_BOUND_MAX 512

/* `out` has room for n + EMAIL__SEAL_MORE, which it fills. Errors: EMAIL_E_MEMORY, EMAIL_E_LIMIT (bound_n), EMAIL_E_TLS (the
 * TLS library cannot, or has no random numbers). */
email_code email__seal(const unsigned char key[EMAIL__SEAL_KEY], const void *bound, size_t bound_n, const void *text,
                       size_t n, unsigned char *out);
/*
 * `out` has room for n - EMAIL__SEAL_MORE, which it fills; after an error it is undefined.
 * Errors: EMAIL_E_VALUE (nothing that this version sealed), EMAIL_E_UNKNOWN (sealed under another key), EMAIL_E_SECRET
 *         (changed since, or bound to something else), and those of email__seal().
 */
email_code email__unseal(const unsigned char key[EMAIL__SEAL_KEY], const void *bound, size_t bound_n, const void *sealed,
                         size_t n, unsigned char *out);

#endif
