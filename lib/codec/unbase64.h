/* SPDX-License-Identifier: MIT */
/* Base64 of bodies, read as it comes (RFC 2045 6.8): other characters are skipped, groups lie across pieces. */
#ifndef EMAIL__CODEC_UNBASE64_H
#define EMAIL__CODEC_UNBASE64_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__unbase64 {
	unsigned held;       /* characters of the group that is not whole, 0..3 */
	unsigned long group; /* their bits, where they belong within 24 */
	bool padded;         /* behind padding: data after it begin a new group, with a defect */
	bool foreign;        /* characters that are neither base64 nor white space were skipped */
	bool cut; /* a group gave less than its bits: something is missing (padding alone is not) */
} email__unbase64;

/* Room that n characters need: what was held counts, and eight bytes are written at a time. */
#define EMAIL__UNBASE64_ROOM(n) ((n) / 4 * 3 + 8)

void email__unbase64_init(email__unbase64 *u);
/* Returns the bytes written; `out` is not `in`'s memory. */
size_t email__unbase64_push(email__unbase64 *u, unsigned char *out, const char *in, size_t n);
/* What the last, not whole group says: 0 to 2 bytes. */
size_t email__unbase64_end(email__unbase64 *u, unsigned char *out);

#endif
