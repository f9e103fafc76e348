/* SPDX-License-Identifier: MIT */
/*
 * Lines of words of fixed width, and reading them strictly: what is overwritten in place must never need more room than it
 * had. A number is decimal with leading zeros, a checksum 16 hexadecimal digits, a text padded with blanks.
 */
#ifndef EMAIL__QUEUE_FIXED_H
#define EMAIL__QUEUE_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The place in bytes that are read; `bad` once something was not as it must be, and all further reading is void. */
typedef struct email__fixed {
	const char *at, *end;
	bool bad;
} email__fixed;

void email__fixed_word(email__fixed *f, const char *word);
uint64_t email__fixed_number(email__fixed *f, size_t width);
uint64_t email__fixed_sum(email__fixed *f);
/* One of these characters. */
char email__fixed_char(email__fixed *f, const char *choice);
/* A text of `width` bytes without its padding, with a NUL, into out[width + 1]; no control characters. */
void email__fixed_text(email__fixed *f, size_t width, char *out);
/* The rest of the line, which ends in LF; no CR, no NUL. */
const char *email__fixed_line(email__fixed *f, size_t *n);

/* The text, made printable, cut on a character's border, padded. */
email_code email__fixed_add_text(email__buf *out, const char *text, size_t width);

#endif
