/* SPDX-License-Identifier: MIT */
/* A message as RETR and TOP send it (RFC 1939 3): pieces without the dots that were put in front of
 * lines. */
#ifndef EMAIL__PROTO_POP3_BODY_H
#define EMAIL__PROTO_POP3_BODY_H

#include "base/buf.h"

typedef struct email__pop3_body {
	bool line_start, after_cr; /* what the next byte stands behind */
	bool ended;                /* by CRLF "." CRLF, and by nothing else */
} email__pop3_body;

void email__pop3_body_start(email__pop3_body *b);
/*
 * Takes the next piece from the front of `in`: true, *piece and *n (never 0), valid until the next
 * append to `in`. False: it has ended, what is left in `in` is behind it; or more bytes are needed (at
 * most two stay in `in`).
 */
bool email__pop3_body_next(email__pop3_body *b, email__buf *in, const char **piece, size_t *n);

#endif
