/* SPDX-License-Identifier: MIT */
/* The words of a status response (RFC 3501 7.1): OK, NO, BAD, BYE or PREAUTH, with a code in brackets or without. */
#ifndef EMAIL__PROTO_IMAP_RESPONSE_H
#define EMAIL__PROTO_IMAP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

typedef enum email__imap_status {
	EMAIL__IMAP_NONE, /* no status response */
	EMAIL__IMAP_OK,
	EMAIL__IMAP_NO,
	EMAIL__IMAP_BAD_COMMAND,
	EMAIL__IMAP_BYE,
	EMAIL__IMAP_PREAUTH
} email__imap_status;

/* Points into the piece that it was read from: valid until the next append to `in`. */
typedef struct email__imap_response {
	email__imap_status status;
	const char *code; /* the first word in the brackets; NULL for none */
	size_t code_len;
	const char *argument; /* what follows it there; NULL where there is no code */
	size_t argument_len;
	const char *text; /* the words for people */
	size_t text_len;
} email__imap_response;

/* Reads what stands behind "* " or the tag; NONE where that is no status response. */
email__imap_status email__imap_response_read(email__imap_response *r, const char *p, size_t n);
bool email__imap_response_has(const email__imap_response *r, const char *code);
/* The code's argument as a number of 32 bits that is not 0; else 0. */
uint32_t email__imap_response_number(const email__imap_response *r);
/* Code and words, printable and cut. */
void email__imap_response_words(const email__imap_response *r, char *out, size_t size);
/* What a no means (RFC 5530): EMAIL_E_TEMPORARY where trying again helps; `otherwise` where no code says more. */
email_code email__imap_response_code(const email__imap_response *r, email_code otherwise);
/*
 * Fills `e` from a response that says no: "WHAT: NO [CODE] words", and the remedy where one is known. Returns the
 * code, as _response_code().
 */
email_code email__imap_response_error(const email__imap_response *r, email_error *e, email_code otherwise,
                                      email_stage stage, const char *what);

#endif
