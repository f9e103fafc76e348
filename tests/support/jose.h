/* SPDX-License-Identifier: MIT */
/* The keys of RFC 7515's examples, others made for tests, and a second opinion on signatures. */
#ifndef EMAIL_TEST_JOSE_H
#define EMAIL_TEST_JOSE_H

#include <stdbool.h>

#include "crypto/sign.h"

/* PEM. The certificate's x5t and x5t#S256, by openssl, are below. */
extern const char jose_rsa[];
extern const char jose_ec[];
extern const char jose_ec_encrypted[];
extern const char jose_ec_old[];
extern const char jose_ec_certificate[];
extern const char jose_rsa_1024[];
extern const char jose_ec_384[];
#define JOSE_EC_X5T "Yl54yIei60nNyOw1IZwltMYeg6U"
#define JOSE_EC_X5T_S256 "eQ-onHO9feBs2-eLfyLWz34UVj8gg_P9-Bf4vvL2NSY"

/* By the public half of `key`, with PSA. */
bool jose_verifies(const char *key, email__signature algorithm, const void *bytes, size_t n,
                   const void *signature, size_t signature_n);
/* base64url; 0: it is none, or nothing. `out` has room for n bytes. */
size_t jose_decode(const char *text, size_t n, unsigned char *out);

#endif
