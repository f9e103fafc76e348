/* SPDX-License-Identifier: MIT */
/*
 * Writing a header field (RFC 5322 2.2): name, pieces, CRLF, folded so that lines stay within 78
 * characters wherever the pieces let them. The first failure stays in `rc`; nothing is written after it.
 */
#ifndef EMAIL__CODEC_FOLD_H
#define EMAIL__CODEC_FOLD_H

#include "base/buf.h"

#define EMAIL__FOLD_WIDTH 78

typedef struct email__fold {
	email__buf *out;
	size_t column;
	size_t tail; /* room kept behind each piece for what is glued to it; 0 at the beginning */
	bool named;  /* the line has the field's name and nothing else */
	email_code rc;
} email__fold;

/* "Name:" */
void email__fold_begin(email__fold *f, email__buf *out, const char *name);
/* A piece behind white space, on a line of its own where this one has no more room for it. */
void email__fold_piece(email__fold *f, const char *white, size_t white_n, const char *s, size_t n);
/* A piece behind one space. */
void email__fold_word(email__fold *f, const char *s, size_t n);
void email__fold_words(email__fold *f, const char *s);
/* Right behind what is there; never folds. */
void email__fold_glue(email__fold *f, const char *s);
email_code email__fold_end(email__fold *f);

#endif
