/* SPDX-License-Identifier: MIT */
/*
 * A ready message in a file: looked through once, when it is set, then passed on as it is, save that
 * line ends become CRLF, and Bcc fields are left out.
 */
#ifndef EMAIL__MIME_RAW_H
#define EMAIL__MIME_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "mime/address.h"
#include "os/file.h"

/* Bcc fields of one message: there should be one at most (RFC 5322 3.6). */
#define EMAIL__RAW_HIDDEN_MAX 16

typedef struct email__raw {
	char *path; /* NULL: none is set */
	email__file_stamp stamp;
	email__address_list from, to, cc, bcc;
	email_error
		defect;   /* a list among these that could not be read: it matters only where it is needed */
	char *message_id; /* as it stands in the file, or NULL */
	char *subject;    /* decoded, for people; or NULL */
	uint64_t length;  /* as it goes out */
	bool eight_bit, utf8;
	struct {
		uint64_t from, to; /* bytes of the file that do not go out */
	} hidden[EMAIL__RAW_HIDDEN_MAX];
	size_t hidden_count;

	/* where reading is */
	email__file *file;
	uint64_t at;
	size_t next_hidden;
	bool after_cr, in_line, ended;
} email__raw;

/*
 * Errors: EMAIL_E_FILE; EMAIL_E_MESSAGE: no header, a line over 998, a NUL (e has file and line);
 * EMAIL_E_LIMIT: a header or its lists too large; EMAIL_E_MEMORY. `raw` is empty then.
 */
email_code email__raw_open(email__raw *raw, const char *path, email_error *e);
void email__raw_dispose(email__raw *raw);

/* The file must be the one that was looked through. */
email_code email__raw_check(const email__raw *raw, email_error *e);
email_code email__raw_begin(email__raw *raw, email_error *e);
/* Puts at most `room` (at least 2) bytes into `out`; *got 0 is the end. */
email_code email__raw_read(email__raw *raw, unsigned char *out, size_t room, size_t *got, email_error *e);
void email__raw_end(email__raw *raw);

#endif
