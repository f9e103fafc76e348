/* SPDX-License-Identifier: MIT */
/*
 * The event parser (include/emailservice/parse.h) as the tree uses it: the same machine without an object
 * of its own, and with positions. Bytes are pushed; whole fields are passed where they lie, and copied only
 * where they lie across two pushes.
 *
 *     HEADER --empty line--> BODY (leaf: lines to the next boundary of any open multipart)
 *                            PREAMBLE --boundary--> HEADER of a child ... --end boundary--> EPILOGUE
 */
#ifndef EMAIL__MIME_PARSE_H
#define EMAIL__MIME_PARSE_H

#include <emailservice/parse.h>

#include "base/buf.h"
#include "base/limits.h"
#include "mime/entity.h"

typedef struct email__parse_level {
	unsigned number;
	bool multipart, seen; /* has a boundary of its own; which was seen */
	unsigned char boundary_n;
	char boundary[EMAIL__BOUNDARY_READ_MAX];
} email__parse_level;

typedef struct email__parse {
	email_parser_events events;
	void *context;
	/* for the events: where the part now begun or ended stands, in bytes from the message's start */
	uint64_t header_at; /* in `part`: its header */
	uint64_t body_at;   /* in `body`: what comes behind the empty line */
	uint64_t end_at;    /* in `end`: behind its last byte, without the line end that belongs to the boundary */
	email__entity entity; /* in `body` */
	/* the rest is the machine's own */
	email__parse_level level[EMAIL__DEPTH_MAX + 1];
	unsigned depth, parts, fields;
	uint64_t at; /* bytes pushed and done with */
	email__buf carry;
	unsigned state;
	uint64_t defects; /* told already, a bit each */
	email_code rc;
} email__parse;

/* Allocates nothing. */
void email__parse_init(email__parse *p, const email_parser_events *events, void *context);
void email__parse_dispose(email__parse *p);
/* As email_parser_push(), _end() and _reset(). */
email_code email__parse_push(email__parse *p, const void *bytes, size_t size);
email_code email__parse_end(email__parse *p);
void email__parse_reset(email__parse *p);

#endif
