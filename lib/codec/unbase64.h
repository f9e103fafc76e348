/* SPDX-License-Identifier: MIT */
/* Base64 of bodies, read as it comes (RFC 2045 6.8): other characters are skipped, groups lie across pieces. */
#ifndef EMAIL__CODEC_UNBASE64_H
#define EMAIL__CODEC_UNBASE64_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__unbase64 {
	unsigned held;       /* characters of the group that is not whole, 0..3 */
	unsigned long group; /* their bits */
	bool padded;         /* behind padding: data after it begin a new group, with a defect */
	bool foreign;        /* characters that are neither base64 nor white space were skipped */
	bool cut;            /* by _end: the last group was not whole (missing padding alone is none) */
} email__unbase64;

/* Room that the output of n characters needs. */
#define EMAIL__UNBASE64_ROOM(n) ((n) / 4 * 3 + 3)

void email__unbase64_init(email__unbase64 *u);
/* Returns the bytes written. */
size_t email__unbase64_push(email__unbase64 *u, unsigned char *out, const char *in, size_t n);
/* What the last, not whole group says: 0 to 2 bytes. */
size_t email__unbase64_end(email__unbase64 *u, unsigned char *out);

#endif
