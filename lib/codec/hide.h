/* SPDX-License-Identifier: MIT */
/* Servers, and what stands before them, repeat what they do not like, in words that end in logs and errors. */
#ifndef EMAIL__CODEC_HIDE_H
#define EMAIL__CODEC_HIDE_H

#include <stddef.h>

/*
 * Writes stars over a password or token in a server's words, wherever it stands there: as it is, as IMAP quotes it, as forms
 * and URLs write it, or within base64, whose whole word goes then; also where the words were cut off in it. One of less than
 * four bytes is no secret, and would be found anywhere; NULL is fine.
 */
void email__hide(char *text, size_t n, const char *secret);

#endif
