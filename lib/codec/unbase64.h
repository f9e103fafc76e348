/* SPDX-License-Identifier: MIT */
/*
 * Base64 of bodies, read as it comes (RFC 2045 6.8): other characters are skipped, groups lie across pieces.
 * Padding is the end, of all or of one of several that were put together: behind it a line counts where nothing
 * but base64 is in it, so that a list's footer does not become bytes of a file.
 */
#ifndef EMAIL__CODEC_UNBASE64_H
#define EMAIL__CODEC_UNBASE64_H

#include <stdbool.h>
#include <stddef.h>

#define EMAIL__UNBASE64_ROW 76

typedef struct email__unbase64 {
	unsigned held;       /* characters of the group that is not whole, 0..3 */
	unsigned long group; /* their bits, where they belong within 24 */
	bool foreign; /* something that is no base64, nor white space, was skipped; or padding was not the end */
	bool cut;     /* a group gave less than its bits: something is missing (padding alone is not) */
	bool padded;                            /* behind padding: */
	bool skips;                             /* the rest of this line is left out, */
	bool odd;                               /* a line was; */
	unsigned char row[EMAIL__UNBASE64_ROW]; /* of a line that may begin anew */
	size_t row_n;
} email__unbase64;

/* Room that n characters need: what was held counts, and eight bytes are written at a time. */
#define EMAIL__UNBASE64_ROOM(n) ((n) / 4 * 3 + EMAIL__UNBASE64_ROW / 4 * 3 + 8)

void email__unbase64_init(email__unbase64 *u);
/* Returns the bytes written; `out` is not `in`'s memory. */
size_t email__unbase64_push(email__unbase64 *u, unsigned char *out, const char *in, size_t n);
/* What the last, not whole group or row says: EMAIL__UNBASE64_ROOM(0) at most. */
size_t email__unbase64_end(email__unbase64 *u, unsigned char *out);

#endif
