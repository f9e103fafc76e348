/* SPDX-License-Identifier: MIT */
/*
 * Header fields whose value is more than text: lists of addresses, of message ids, of links, words with a
 * meaning. They are written as they are, never as encoded words, and fold where their grammar lets them.
 */
#ifndef EMAIL__MIME_STRUCTURED_H
#define EMAIL__MIME_STRUCTURED_H

#include <stdbool.h>

#include "base/buf.h"

typedef enum email__value_kind {
	EMAIL__VALUE_ADDRESSES, /* RFC 5322 3.4 */
	EMAIL__VALUE_IDS,       /* "<left@right> ...", RFC 5322 3.6.4 */
	EMAIL__VALUE_LINKS,     /* "<uri>, ...", RFC 2369 2 */
	EMAIL__VALUE_KEYWORD,   /* a word, and "; parameters" or "(comment)" */
	EMAIL__VALUE_WORDS      /* printable ASCII */
} email__value_kind;

typedef struct email__structured {
	const char *name;
	email__value_kind kind;
	bool once;            /* at most one of them in a message */
	const char *keywords; /* the only values: "high|normal|low"; NULL: any */
} email__structured;

/* NULL: its value is text. */
const email__structured *email__structured_find(const char *name);
/* Any kind but addresses, which are the parser's to judge. Errors: EMAIL_E_MESSAGE. */
email_code email__structured_check(const email__structured *field, const char *value, email_error *e);
/* The field with CRLF; its value has been checked. Errors: EMAIL_E_LIMIT, EMAIL_E_MEMORY. */
email_code email__structured_write(email__buf *out, const email__structured *field, const char *value);

/* "<left@right>" that a message may call itself by. */
bool email__message_id_valid(const char *id);
/* What stands between the brackets of a content id. */
bool email__content_id_valid(const char *id);

#endif
