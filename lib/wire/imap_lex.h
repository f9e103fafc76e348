/* SPDX-License-Identifier: MIT */
/*
 * The words of an IMAP response (RFC 3501 9, RFC 9051 9), one after the other out of a piece that was framed
 * (wire/imap_frame.h). Nothing is copied or allocated; a token points into the piece.
 */
#ifndef EMAIL__WIRE_IMAP_LEX_H
#define EMAIL__WIRE_IMAP_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum email__imap_token {
	EMAIL__IMAP_END,    /* of the piece */
	EMAIL__IMAP_BAD,    /* none of the grammar's; it stays that way */
	EMAIL__IMAP_ATOM,   /* text, n; flags with their "\", sections with "[..]<o>" are one atom */
	EMAIL__IMAP_NUMBER, /* an atom of digits alone: number too */
	EMAIL__IMAP_NIL,
	EMAIL__IMAP_STRING, /* quoted or literal; `escaped`: quoted, with backslashes in it */
	EMAIL__IMAP_STREAM, /* "{n}" at the end of a head: the literal streams behind it; number */
	EMAIL__IMAP_OPEN,   /* ( */
	EMAIL__IMAP_CLOSE   /* ) */
} email__imap_token;

typedef struct email__imap_lex {
	const char *p, *end;
	unsigned depth; /* of open lists: more than EMAIL__IMAP_DEPTH_MAX is BAD */
	email__imap_token token;
	const char *text;
	size_t n;
	bool escaped;
	uint64_t number;
} email__imap_lex;

/* Over n bytes; `depth` is how many lists are open from the pieces before. */
void email__imap_lex_start(email__imap_lex *l, const char *text, size_t n, unsigned depth);
email__imap_token email__imap_lex_next(email__imap_lex *l);
/* Steps over the value whose first token is at hand: a list with all that is in it, or itself. False: BAD or END. */
bool email__imap_lex_skip(email__imap_lex *l);
/* Is the token at hand this atom, in whatever case? */
bool email__imap_lex_is(const email__imap_lex *l, const char *word);
/* The string, atom or number at hand, backslashes resolved, cut, with a NUL. Returns its length. "" for others. */
size_t email__imap_lex_text(const email__imap_lex *l, char *out, size_t size);

#endif
