/* SPDX-License-Identifier: MIT */
/* Punycode (RFC 3492): a label of Unicode as letters, digits and hyphens. */
#ifndef EMAIL__CODEC_PUNYCODE_H
#define EMAIL__CODEC_PUNYCODE_H

#include <stddef.h>

#include <emailservice/error.h>

/* Encodes n bytes of UTF-8 without the prefix "xn--"; *written characters, no NUL. EMAIL_E_VALUE: not
 * UTF-8, or more than 63 characters; EMAIL_E_LIMIT: `size` is too small. */
email_code email__punycode_encode(char *out, size_t size, size_t *written, const char *in, size_t n);

#endif
