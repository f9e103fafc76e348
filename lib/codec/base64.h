/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 4): for bodies, fast, and for what may be a secret (SASL), without look-ups. */
#ifndef EMAIL__CODEC_BASE64_H
#define EMAIL__CODEC_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

/* Characters that n bytes become, padding counted. */
#define EMAIL__BASE64_LEN(n) (((n) + 2) / 3 * 4)
/* Bytes of a body's row, and characters that it becomes with its CRLF (RFC 2045 6.8: at most 76). */
#define EMAIL__BASE64_ROW 57
#define EMAIL__BASE64_ROW_LEN 78

/* Returns the characters written: EMAIL__BASE64_LEN(n), no NUL, no line ends. How
 * long it takes, and where it looks, do not depend on the bytes. */
size_t email__base64_encode(char *out, const void *in, size_t n);
/*
 * A body: rows, each with its CRLF, the last one too. Returns the characters written. The input may lie
 * at the far end of the output's own memory, so that a body is encoded where it was read: it has to
 * begin at least 21 bytes a row (whole or not) behind `out`.
 */
size_t email__base64_rows(unsigned char *out, const unsigned char *in, size_t n);
/* Strict: whole groups, padding only at the end, no other characters. `out` has room for n / 4 * 3;
 * what it holds after an error is undefined, *written is 0. */
email_code email__base64_decode(unsigned char *out, size_t *written, const char *in, size_t n);

/*
 * For who decodes more leniently: [place in the group][character] is the character's six bits in their place
 * within 24, and a mark of the place above these; 0 where it is not in the alphabet. Four of them OR'ed
 * are the group, and whole if all marks are there.
 */
extern const uint32_t email__base64_values[4][256];
#define EMAIL__BASE64_WHOLE(group) ((group) >> 28 == 0xF)

#endif
