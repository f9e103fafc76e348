/* SPDX-License-Identifier: MIT */
/*
 * Header fields as they came, to UTF-8: unfolded, encoded words decoded (RFC 2047, with those next to each
 * other joined and characters split between them made whole), raw bytes over 127 taken as UTF-8, else as
 * windows-1252; control characters gone. Never fails but for memory; `defects` gets a bit each (1 <<
 * EMAIL_DEFECT_...).
 */
#ifndef EMAIL__MIME_TEXT_H
#define EMAIL__MIME_TEXT_H

#include <stdint.h>

#include "base/arena.h"

/* Unstructured text (RFC 5322 2.2.1). NULL: no memory. */
const char *email__text_read(email__arena *a, const char *value, size_t n, uint64_t *defects);
/* A quoted string's or atom's content, whose encoded words are decoded too (against RFC 2047 5, but common). */
const char *email__text_read_phrase(email__arena *a, const char *value, size_t n, uint64_t *defects);
/* Bytes in a charset by name, for RFC 2231 values. */
const char *email__text_from_charset(email__arena *a, const char *charset, size_t charset_n,
                                     const char *bytes, size_t n, uint64_t *defects);
/* The length of what may begin an encoded word, "=?charset?Q?", at s; 0 where that does not stand there. */
size_t email__text_word(const char *s, size_t n);

#endif
