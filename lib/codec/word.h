/* SPDX-License-Identifier: MIT */
/* Encoded words (RFC 2047): UTF-8 in header fields. */
#ifndef EMAIL__CODEC_WORD_H
#define EMAIL__CODEC_WORD_H

#include <stdbool.h>

#include "codec/fold.h"

/* The longest encoded word (RFC 2047 2). */
#define EMAIL__WORD_MAX 75

/* True where text cannot go as it is: other than printable ASCII and spaces, or what a reader could
 * take for an encoded word. */
bool email__word_needed(const char *text, size_t n);
/*
 * The text as encoded words, each behind a space, folded; B or Q for all of them, whichever is shorter;
 * no character is ever split (RFC 2047 5). The text is valid UTF-8.
 */
void email__word_write(email__fold *f, const char *text, size_t n);
/* The same between quotes, for the name= of old readers (not in the RFC, but read everywhere). */
void email__word_write_quoted(email__fold *f, const char *parameter, const char *text);
/*
 * Decodes one whole encoded word in UTF-8, US-ASCII or ISO-8859-1 and appends it. False where it is
 * none, in another charset, not valid, or holds a control character: then nothing was appended.
 */
bool email__word_decode(const char *word, size_t n, email__buf *out, email_code *rc);

#endif
