/* SPDX-License-Identifier: MIT */
/* Digests, HMAC (RFC 2104) and PBKDF2 (RFC 8018 5.2) in one piece, for logins. */
#ifndef EMAIL__CRYPTO_MAC_H
#define EMAIL__CRYPTO_MAC_H

#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

typedef enum email__algorithm {
	EMAIL__MD5,
	EMAIL__SHA1,
	EMAIL__SHA256,
	EMAIL__SHA384,
	EMAIL__SHA512,
	EMAIL__ALGORITHM_COUNT
} email__algorithm;

#define EMAIL__MAC_MAX 64
/* Servers use 16 bytes or so. A longer salt is EMAIL_E_LIMIT. */
#define EMAIL__PBKDF2_SALT_MAX 256

/* Bytes of its output. */
size_t email__mac_size(email__algorithm algorithm);
/* Errors of all: EMAIL_E_MEMORY, EMAIL_E_TLS (the TLS library cannot). `out` has room for email__mac_size(). */
email_code email__hash_of(email__algorithm algorithm, const void *bytes, size_t n, unsigned char *out);
email_code email__hmac(email__algorithm algorithm, const void *key, size_t key_n, const void *bytes, size_t n,
                       unsigned char *out);
/* One block of it, which is all that SCRAM needs (RFC 5802 2.2, Hi()). */
email_code email__pbkdf2(email__algorithm algorithm, const void *password, size_t password_n,
                         const void *salt, size_t salt_n, uint32_t iterations, unsigned char *out);
/* Equal, in time that does not depend on where they differ. */
int email__equal_secret(const void *a, const void *b, size_t n);
email_code email__crypto_random(void *out, size_t n);

#endif
