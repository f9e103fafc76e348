/* SPDX-License-Identifier: MIT */
/* One SMTP reply (RFC 5321 4.2), gathered line by line. */
#ifndef EMAIL__PROTO_SMTP_REPLY_H
#define EMAIL__PROTO_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef struct email__smtp_reply {
	int code; /* 200..599 */
	unsigned lines;
	bool whole;
	char enhanced[12]; /* RFC 2034, or "" */
	char text[256];    /* the lines' words joined by spaces, as they came; cut */
	size_t text_len;
	const char *line; /* the last line behind its code: valid until the next read */
	size_t line_len;
} email__smtp_reply;

/*
 * Takes the next line; after a whole reply it begins the next one. `enhanced`: the server announced
 * ENHANCEDSTATUSCODES, so a status code in front of the words is one.
 * Errors: EMAIL_E_PROTOCOL (no reply line, codes that disagree), EMAIL_E_LIMIT (too many lines).
 */
email_code email__smtp_reply_line(email__smtp_reply *r, const char *line, size_t n, bool enhanced);
/* The words, printable and cut, into `out`. */
void email__smtp_reply_words(const email__smtp_reply *r, char *out, size_t size);
/*
 * Fills `e` from a reply that says no: "WHAT: 550 5.1.1 words", its codes, the remedy where one is known.
 * `code` EMAIL_OK: EMAIL_E_TEMPORARY or EMAIL_E_REFUSED by the reply's class. Returns the code.
 */
email_code email__smtp_reply_error(const email__smtp_reply *r, email_error *e, email_code code,
                                   email_stage stage, const char *what);

#endif
