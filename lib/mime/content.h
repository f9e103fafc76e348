/* SPDX-License-Identifier: MIT */
/*
 * What one part of a message holds, pulled and encoded on the way: a text or data in memory, a file, a
 * stream. Nothing is held but the position.
 */
#ifndef EMAIL__MIME_CONTENT_H
#define EMAIL__MIME_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include <emailservice/message.h>

#include "codec/quoted.h"
#include "os/file.h"

typedef enum email__content_kind {
	EMAIL__CONTENT_TEXT, /* any line ending is CRLF on the wire */
	EMAIL__CONTENT_DATA,
	EMAIL__CONTENT_FILE,
	EMAIL__CONTENT_STREAM
} email__content_kind;

/* RFC 2045 6 */
typedef enum email__encoding {
	EMAIL__ENCODING_7BIT,
	EMAIL__ENCODING_8BIT,
	EMAIL__ENCODING_QUOTED,
	EMAIL__ENCODING_BASE64
} email__encoding;

/* The least room that a read needs. */
#define EMAIL__CONTENT_ROOM 128

typedef struct email__content {
	email__content_kind kind;
	email__encoding encoding;
	const char *data; /* text and data; not owned */
	size_t size;
	char *path; /* file; owned */
	email__file_stamp stamp;
	bool stamped;
	email_read_fn read;
	email_rewind_fn rewind;
	void *context;
	bool started; /* a stream has been read from */

	/* of a text */
	uint64_t length, quoted_length; /* with its line ends as CRLF; quoted-printable */
	bool eight_bit, long_lines, controls, ends_line;

	/* where reading is */
	size_t at;
	bool owes_lf, ended;
	email__quoted quoted;
	email__file *file;
	uint64_t count;
} email__content;

/* A text's figures. */
void email__content_text(email__content *c, const char *text, size_t size);
/*
 * How a text goes: as it is where it can, else (lines over 998, control characters, bytes over 127 without
 * 8BITMIME) quoted-printable or base64, whichever is shorter. Lines of a dot alone, or that begin with
 * "From ", go as they are: SMTP doubles the dots (RFC 5321 4.5.2), and mailboxes guard themselves.
 */
email__encoding email__content_choose(const email__content *c, bool allow_eight_bit);
const char *email__encoding_name(email__encoding encoding);
/* Bytes on the wire; false: not known (a stream). */
bool email__content_size(const email__content *c, uint64_t *size);
/* A file must be the one that the first call saw; a stream must be at its beginning, or rewindable. */
email_code email__content_check(email__content *c, email_error *e);

/* From the start. */
email_code email__content_begin(email__content *c, email_error *e);
/* Puts at most `room` (at least EMAIL__CONTENT_ROOM) encoded bytes into `out`; *got 0 is the end. */
email_code email__content_read(email__content *c, unsigned char *out, size_t room, size_t *got,
                               email_error *e);
/* Closes the file. */
void email__content_end(email__content *c);

#endif
