/* SPDX-License-Identifier: MIT */
/*
 * Quoted-printable (RFC 2045 6.7), pulled from a text in memory. Any line ending of the text (CRLF, CR,
 * LF) becomes CRLF; lines are at most 76 characters.
 */
#ifndef EMAIL__CODEC_QUOTED_H
#define EMAIL__CODEC_QUOTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that one step writes: a soft break and an encoded byte. */
#define EMAIL__QUOTED_STEP 6

typedef struct email__quoted {
	const char *text;
	size_t size;
	size_t at;       /* in the text */
	unsigned column; /* on the encoded line */
} email__quoted;

/* What a text is, in one pass over it. */
typedef struct email__quoted_figures {
	uint64_t length; /* with its line ends as CRLF */
	uint64_t quoted; /* in quoted-printable */
	size_t longest;  /* line, without its end */
	bool eight_bit;  /* it holds bytes over 127; */
	bool controls;   /* control characters but tab */
	bool ends_line;  /* its last line is ended; an empty text is */
} email__quoted_figures;

void email__quoted_measure(email__quoted_figures *f, const char *text, size_t size);
/* Puts at most `room` characters (at least EMAIL__QUOTED_STEP) into `out`; returns how many, 0 at the end. */
size_t email__quoted_encode(email__quoted *q, unsigned char *out, size_t room);

#endif
