/* SPDX-License-Identifier: MIT */
/*
 * The event parser (include/emailservice/parse.h) as the tree uses it: the same machine without an object
 * of its own, and with positions. Bytes are pushed; whole fields are passed where they lie, and copied only
 * where they lie across two pushes.
 *
 *     HEADER --empty line--> LEAF (lines to the next boundary of any open multipart)
 *                            BETWEEN --boundary--> HEADER of a child ... --end boundary--> BETWEEN
 */
#ifndef EMAIL__MIME_PARSE_H
#define EMAIL__MIME_PARSE_H

#include <emailservice/parse.h>

#include "base/buf.h"
#include "base/limits.h"
#include "mime/entity.h"

typedef struct email__parse_level {
	unsigned number;
	bool multipart, seen;     /* has a boundary of its own; which was seen */
	bool digest;              /* its parts are messages by default */
	unsigned char boundary_n; /* 0 once its end was seen */
	char boundary[EMAIL__BOUNDARY_READ_MAX];
} email__parse_level;

typedef struct email__parse {
	email_parser_events events;
	void *context;
	/* for the events: where the part now begun or ended stands, in bytes from the message's start */
	uint64_t header_at; /* in `part`: its header */
	uint64_t body_at;   /* in `body`: what comes behind the empty line */
	uint64_t
		end_at; /* in `end`: behind its last byte, without the line end that belongs to the boundary */
	/* in `body`; `multipart` and `message` are true only where it is opened, so that parts follow, no data */
	email__entity entity;
	/* the rest is the machine's own */
	email__parse_level level[EMAIL__DEPTH_MAX + 1];
	unsigned depth, parts, open; /* levels below the message; parts; boundaries that may come */
	unsigned fields;             /* of this header: how many, */
	size_t header_n;             /* their bytes, as far as they were passed on, */
	uint32_t once;               /* and which of those that may stand once, a bit each */
	uint64_t at;                 /* bytes pushed and done with */
	email__buf carry;            /* bytes pushed and not done with: they begin at `at` */
	unsigned state;
	/* of the field that is being gathered: its name, what comes behind the colon, what was looked at, and
	 * where the last line of that begins */
	size_t name_n, value_at, scanned, line_at;
	size_t line_n;    /* in a body: bytes in front of `at` that are of the same line */
	bool fresh;       /* in a body: `at` is where its first line begins */
	bool blank;       /* empty lines stood in front of the header */
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
