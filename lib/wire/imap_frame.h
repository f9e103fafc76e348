/* SPDX-License-Identifier: MIT */
/*
 * IMAP's framing (RFC 3501 2.2, 4.3): a response is a line, and a line that ends in "{n}" goes on behind n
 * bytes of anything. Small literals stay in their response, which is handed over whole. The literal of a
 * body section streams: the response is handed over up to "{n}", then the n bytes as they come, then what
 * follows them, which may hold another one.
 *
 *     next() -> MORE                          nothing whole yet
 *            -> RESPONSE                      all of it, or all that was left of it
 *            -> HEAD, body()... next() -> ..  up to the literal; next() goes on behind it
 */
#ifndef EMAIL__WIRE_IMAP_FRAME_H
#define EMAIL__WIRE_IMAP_FRAME_H

#include <stdint.h>

#include "base/buf.h"

typedef enum email__imap_piece { EMAIL__IMAP_MORE, EMAIL__IMAP_RESPONSE, EMAIL__IMAP_HEAD } email__imap_piece;

/* All zero at the start. */
typedef struct email__imap_frame {
	size_t scanned;   /* bytes of `in` known to hold no end */
	size_t line;      /* where in `in` the line at hand begins */
	bool inside;      /* of a response whose head was handed over */
	uint64_t literal; /* bytes that still stream */
	bool pass_long;   /* the caller's: an untagged response that is too long is passed over */
	bool passing;     /* one is being passed over */
	uint64_t passed;  /* bytes to come of a literal in it */
} email__imap_frame;

/*
 * The next piece from the front of `in`: *text and *n, without the end of its line, valid until the next append to
 * `in`; literals that it holds are in it as they came, "{n}" CRLF bytes. A bare LF is taken as an end too.
 * What still streams is to be taken by _body() before.
 * Errors: EMAIL_E_LIMIT: more than EMAIL__IMAP_LINE_MAX, and not to be passed over; EMAIL_E_PROTOCOL: a bare CR or a NUL, an impossible literal.
 */
email_code email__imap_frame_next(email__imap_frame *f, email__buf *in, email__imap_piece *piece,
                                  const char **text, size_t *n);
/* What is there of the literal that streams, taken out of `in`: valid until the next append. */
size_t email__imap_frame_body(email__imap_frame *f, email__buf *in, const char **bytes);

/* The size in "{n}" or "~{n}" at the end of a line: where its brace stands, or NULL for none. RFC 9051 9:
 * number64, 63 bits. EMAIL_E_PROTOCOL in *rc: digits that are no number. */
const char *email__imap_literal(const char *line, size_t n, uint64_t *size, email_code *rc);

#endif
