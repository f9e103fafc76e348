/* SPDX-License-Identifier: MIT */
/*
 * Charsets to UTF-8. US-ASCII, UTF-8, ISO-8859-1 and windows-1252 are known here; all others are iconv(3)'s,
 * which small systems may have little of. Whatever comes in, what goes out is valid UTF-8: what is not
 * in the charset becomes U+FFFD.
 */
#ifndef EMAIL__OS_CHARSET_H
#define EMAIL__OS_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef struct email__charset {
	int kind;
	void *iconv;            /* where it is iconv's */
	unsigned char held[16]; /* a character that is not whole yet */
	size_t held_n;
	bool unknown; /* by _begin: nobody knows it; bytes over 127 become U+FFFD */
	bool broken;  /* something was replaced */
} email__charset;

/* Takes UTF-8; anything but EMAIL_OK ends the conversion. */
typedef email_code (*email__charset_sink)(void *context, const void *bytes, size_t n);

/* "" is UTF-8 (of which US-ASCII is a part). Names as in RFC 2978; those outside [A-Za-z0-9._:+-] are unknown. */
void email__charset_begin(email__charset *c, const char *name, size_t n);
email_code email__charset_push(email__charset *c, const void *bytes, size_t n, email__charset_sink sink,
                               void *context);
email_code email__charset_end(email__charset *c, email__charset_sink sink, void *context);
void email__charset_dispose(email__charset *c);

#endif
