/* SPDX-License-Identifier: MIT */
/*
 * What to fetch of a message whose attachments are left on the server, by its BODYSTRUCTURE (RFC 3501 7.4.2, 6.4.5):
 * its header, each part's MIME header, and the bodies of its texts. Put together again, with the delimiters
 * of its own boundaries (RFC 2046 5.1.1) between, that is a valid message in which each attachment is there by its
 * header, and its body is empty:
 *
 *     multipart/mixed                 BODY[HEADER]
 *       1 multipart/alternative       --b1  BODY[1.MIME]
 *         1.1 text/plain                --b2  BODY[1.1.MIME] BODY[1.1]
 *         1.2 text/html                 --b2  BODY[1.2.MIME] BODY[1.2]  --b2--
 *       2 application/pdf             --b1  BODY[2.MIME]  --b1--
 *
 * A text is what is text/... and not disposed of as an attachment; a message within the message is an attachment.
 */
#ifndef EMAIL__PROTO_IMAP_STRUCTURE_H
#define EMAIL__PROTO_IMAP_STRUCTURE_H

#include <emailservice/error.h>

#include "base/arena.h"
#include "wire/imap_lex.h"

/* A boundary that steps of the plan refer to. */
typedef struct email__imap_boundary {
	const char *text; /* NULL until the multipart's end was read */
} email__imap_boundary;

typedef struct email__imap_step {
	const char *section; /* "HEADER", "1.MIME", "1.2", "TEXT"; NULL: `boundary` is closed */
	/* Stands in front of the section, as a delimiter, or is closed; NULL: nothing. */
	const email__imap_boundary *boundary;
	bool header; /* ends with an empty line: one is put there where the server has none */
} email__imap_step;

typedef struct email__imap_plan {
	email__imap_step *steps;
	size_t count, room;
} email__imap_plan;

/*
 * Reads the structure whose "(" is at hand, up to its ")". Everything lies in the arena.
 * Errors: EMAIL_E_PROTOCOL (no structure, or a multipart without boundary), EMAIL_E_LIMIT (parts within parts,
 * or too many), EMAIL_E_MEMORY.
 */
email_code email__imap_structure_read(email__imap_plan *plan, email__imap_lex *l, email__arena *a);

#endif
