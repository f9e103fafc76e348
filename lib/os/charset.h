/* SPDX-License-Identifier: MIT */
/*
 * Charsets to UTF-8. US-ASCII, UTF-8, ISO-8859-1 and windows-1252 are known here; all others are iconv(3)'s,
 * which small systems may have little of (and whose own memory is the C library's). Whatever comes in,
 * what goes out is valid UTF-8: what is not in the charset becomes U+FFFD. A byte order mark at the start is dropped.
 */
#ifndef EMAIL__OS_CHARSET_H
#define EMAIL__OS_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef struct email__charset {
	int kind;
	void *iconv; /* where it is iconv's */
	size_t unit; /* bytes that are skipped where they are none of its characters */
	bool shifts; /* goes on after an error in the state it is in: ISO-2022, and what began with a byte order mark */
	/* UTF-7: in what is wrong, glibc stops at one place or another, depending on how much it was given. So it is
	 * given byte after byte. */
	bool stepwise;
	unsigned char held[16]; /* a character that is not whole yet */
	size_t held_n;
	bool begins;  /* nothing has come out yet */
	bool unknown; /* by _begin: nobody knows it; bytes over 127 become U+FFFD */
	bool broken; /* something was replaced, or is not in the US-ASCII that was named (it is read as UTF-8) */
} email__charset;

/* Takes UTF-8; anything but EMAIL_OK ends the conversion. */
typedef email_code (*email__charset_sink)(void *context, const void *bytes, size_t n);

/* The longest name that is looked for: RFC 2978 2.3 says 40. */
#define EMAIL__CHARSET_NAME_MAX 48

/* "" is UTF-8 (of which US-ASCII is a part). Names as in RFC 2978, and as mail has them; those with other
 * characters than [A-Za-z0-9._:+-] are unknown. No memory is unknown, too. */
void email__charset_begin(email__charset *c, const char *name, size_t n);
email_code email__charset_push(email__charset *c, const void *bytes, size_t n, email__charset_sink sink,
                               void *context);
/* What was held; also disposes. */
email_code email__charset_end(email__charset *c, email__charset_sink sink, void *context);
/* Frees what _begin took, where _end is not reached; may be called again. */
void email__charset_dispose(email__charset *c);

#endif
