/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629): strict, no overlong forms, no surrogates. */
#ifndef EMAIL__BASE_UTF8_H
#define EMAIL__BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at p and its code point; 0 where it is not valid or not whole. */
size_t email__utf8_decode(const unsigned char *p, size_t n, unsigned long *c);
/* How many bytes from the start on are below 128, or whole valid characters; for long texts. */
size_t email__utf8_ascii_run(const unsigned char *p, size_t n);
size_t email__utf8_run(const unsigned char *p, size_t n);
/*
 * Where no valid character begins at p: how many bytes one U+FFFD stands for, so that every decoder shows the
 * same (Unicode 3.9, "maximal subpart"); 0 where more bytes may make a character of them. n is 1 at least.
 */
size_t email__utf8_bad(const unsigned char *p, size_t n);
bool email__utf8_valid(const char *s, size_t n);
/* Writes c; 1..4 bytes, 0 where c is no character. */
size_t email__utf8_encode(unsigned long c, unsigned char out[4]);

#endif
