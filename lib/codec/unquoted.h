/* SPDX-License-Identifier: MIT */
/* Quoted-printable of bodies, read as it comes (RFC 2045 6.7): what is no code stays as it is. */
#ifndef EMAIL__CODEC_UNQUOTED_H
#define EMAIL__CODEC_UNQUOTED_H

#include <stdbool.h>
#include <stddef.h>

/* White space at the end of a line is dropped (RFC 2045 6.7 rule 3), so it is held until the line goes on. A line
 * has 76 characters; of more white space than this what is too much is kept. */
#define EMAIL__UNQUOTED_HELD_MAX 128

typedef struct email__unquoted {
	char held[EMAIL__UNQUOTED_HELD_MAX]; /* white space, or "=" and what follows it, not decided yet */
	size_t held_n;
	bool broken; /* "=" without its two digits */
} email__unquoted;

/* Room that the output of n characters needs. */
#define EMAIL__UNQUOTED_ROOM(n) ((n) + EMAIL__UNQUOTED_HELD_MAX)

void email__unquoted_init(email__unquoted *u);
size_t email__unquoted_push(email__unquoted *u, unsigned char *out, const char *in, size_t n);
size_t email__unquoted_end(email__unquoted *u, unsigned char *out);

#endif
