/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 4), by tables: for bodies, and for SASL (where the lengths are small). */
#ifndef EMAIL__CODEC_BASE64_H
#define EMAIL__CODEC_BASE64_H

#include <stddef.h>

#include <emailservice/error.h>

/* Characters that n bytes become, padding counted. */
#define EMAIL__BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Returns the characters written: EMAIL__BASE64_LEN(n), no NUL, no line ends. */
size_t email__base64_encode(char *out, const void *in, size_t n);
/* Strict: whole groups, padding only at the end, no other characters. `out` has room for n / 4 * 3. */
email_code email__base64_decode(unsigned char *out, size_t *written, const char *in, size_t n);

#endif
