/* SPDX-License-Identifier: MIT */
/* Modified UTF-7: IMAP's names of folders before UTF8=ACCEPT (RFC 3501 5.1.3). */
#ifndef EMAIL__CODEC_UTF7_H
#define EMAIL__CODEC_UTF7_H

#include <stddef.h>

#include <emailservice/error.h>

/*
 * UTF-8 to modified UTF-7, with a NUL.
 * Errors: EMAIL_E_VALUE (not UTF-8, or control characters in it), EMAIL_E_LIMIT (longer than `size`).
 */
email_code email__utf7_encode(char *out, size_t size, const char *name);
/*
 * And back, strictly: there is one spelling of each name, and every other is refused (EMAIL_E_VALUE), for two
 * names that look the same could be two folders.
 */
email_code email__utf7_decode(char *out, size_t size, const char *text, size_t n);

#endif
