/* SPDX-License-Identifier: MIT */
/* Filling an email_error. The first one stays until it is cleared. `e` may be NULL everywhere. */
#ifndef EMAIL__BASE_ERROR_H
#define EMAIL__BASE_ERROR_H

#include <stddef.h>

#include <emailservice/error.h>

void email__error_clear(email_error *e);
/* Records code, stage and sentence, unless an earlier one stands; returns `code`, so that it can be
 * returned on. `temporary` follows from the code's class. */
email_code email__error_set(email_error *e, email_code code, email_stage stage, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds what to do; only the first one stays. */
void email__error_remedy(email_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where in a file: the tail of a longer path, and the line (0: none). Only the first one stays. */
void email__error_place(email_error *e, const char *file, int line);
/* Want of memory, in fixed words. */
email_code email__error_memory(email_error *e, email_stage stage);
/* Copies bytes that a peer or a file chose, made printable (control characters, invalid UTF-8 and
 * terminal escapes become '?') and cut on a character's border; always ends in NUL. */
void email__printable(char *out, size_t size, const char *in, size_t n);

#endif
