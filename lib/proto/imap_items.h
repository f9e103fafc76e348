/* SPDX-License-Identifier: MIT */
/*
 * The items of a FETCH response (RFC 3501 7.4.2), in whatever order, over the pieces that it comes in. Numbers and
 * flags are gathered; bodies and structures are handed to the caller as they come:
 *
 *     start -> next -> SECTION, STRUCTURE .. next -> CUT (the literal streams; then resume) .. -> DONE
 */
#ifndef EMAIL__PROTO_IMAP_ITEMS_H
#define EMAIL__PROTO_IMAP_ITEMS_H

#include "wire/imap_lex.h"

typedef enum email__imap_item {
	EMAIL__IMAP_ITEM_BROKEN, /* not the grammar */
	EMAIL__IMAP_ITEM_SECTION, /* section, origin; the value is at hand in the lexer: STRING, NIL or STREAM */
	EMAIL__IMAP_ITEM_STRUCTURE, /* its "(" is at hand; the caller reads it, or next() steps over it */
	EMAIL__IMAP_ITEM_CUT,       /* the piece ended: it goes on behind the literal */
	EMAIL__IMAP_ITEM_DONE       /* the ")" of the response */
} email__imap_item;

typedef struct email__imap_items {
	uint32_t uid; /* 0: not there (yet) */
	uint64_t size;
	int64_t date; /* 0: none that makes sense */
	bool has_size, has_flags, seen, deleted;
	bool structure;      /* its "(" was handed out */
	const char *section; /* what is between the brackets of BODY[..]; points into the piece */
	size_t section_len;
	uint64_t origin; /* of BODY[..]<origin>; UINT64_MAX: none */
	unsigned depth;  /* of lists open at the end of the piece */
} email__imap_items;

/* The lexer stands behind "FETCH". False: no "(" there. */
bool email__imap_items_start(email__imap_items *items, email__imap_lex *l);
/* The next piece of it, n bytes. */
void email__imap_items_resume(const email__imap_items *items, email__imap_lex *l, const char *text, size_t n);
email__imap_item email__imap_items_next(email__imap_items *items, email__imap_lex *l);

/* RFC 3501 9, date-time without its quotes: "17-Jul-1996 02:44:25 -0700". 0 where it is none. */
int64_t email__imap_date(const char *text, size_t n);

#endif
