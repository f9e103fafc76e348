/* SPDX-License-Identifier: MIT */
/* Punycode (RFC 3492): Unicode in a label of letters, digits and hyphens. */
#ifndef EMAIL__CODEC_PUNYCODE_H
#define EMAIL__CODEC_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the encoded form of n code points, without "xn--", no NUL; *written is its length. False where
 * it is longer than `size`. */
bool email__punycode_encode(char *out, size_t size, size_t *written, const unsigned long *in, size_t n);

#endif
