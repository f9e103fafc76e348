/* SPDX-License-Identifier: MIT */
/* The parser's parts: how they begin, open others, meet boundaries and end. The machine is in parse.c. */
#ifndef EMAIL__MIME_PARTS_H
#define EMAIL__MIME_PARTS_H

#include "mime/parse.h"

typedef enum email__parse_state {
	EMAIL__PARSE_START,   /* empty lines, and a mailbox's "From " line */
	EMAIL__PARSE_MBOX,    /* in that line */
	EMAIL__PARSE_HEADER,  /* at a line of a header that is no continuation */
	EMAIL__PARSE_FIELD,   /* in a field, whose name is known */
	EMAIL__PARSE_REST,    /* in what is left out of a header */
	EMAIL__PARSE_LEAF,    /* in the content of a part */
	EMAIL__PARSE_BETWEEN, /* in a multipart, in front of its first part or behind its last */
	EMAIL__PARSE_ENDED
} email__parse_state;

/* At most once a message, with the part that is the deepest now. */
void email__parts_tell(email__parse *p, email_defect defect);
/* A part on the level `depth`, which is new; its header is at `at`. `digest`: in a multipart/digest. */
email_code email__parts_begin(email__parse *p, uint64_t at, bool digest);
/* The header is over, and what it announces comes at `at`. */
email_code email__parts_body(email__parse *p, uint64_t at);
/* Ends the parts of all levels from the deepest to `first`. */
email_code email__parts_end(email__parse *p, unsigned first, uint64_t at);
/* A line that begins with "--", without its LF. The level whose boundary it is, the deepest first, or -1. */
int email__parts_find(const email__parse *p, const char *line, size_t n, bool *final);
/* The boundary of that level: what was before it ends at `end`, behind it is `next`: a line, or where it is
 * the final one the end of its own line. */
email_code email__parts_turn(email__parse *p, unsigned depth, bool final, uint64_t end, uint64_t next);

#endif
