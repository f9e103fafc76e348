/* SPDX-License-Identifier: MIT */
/*
 * What the structured fields of strangers have in common (RFC 5322 3.2.2, 3.2.4): white space and folds, comments
 * however deep, quoted strings. Linear: what is found not to be closed is remembered, and its sign is
 * an ordinary character from there on.
 */
#ifndef EMAIL__CODEC_LEX_H
#define EMAIL__CODEC_LEX_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__lex {
	const char *s;
	size_t n, at;
	bool open_comment, open_quote; /* no ")" closes another comment; no quotation mark a string */
} email__lex;

static inline bool
email__is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next character; NUL at the end. */
static inline char
email__lex_peek(const email__lex *x)
{
	return x->at < x->n ? x->s[x->at] : '\0';
}

/* Goes behind white space alone; true where there was some. */
bool email__lex_white(email__lex *x);
/* At "(": goes behind the comment, whose content is returned. False where it is not closed: stays. */
bool email__lex_comment(email__lex *x, const char **content, size_t *n);
/* Goes behind white space and comments; true where there were any. */
bool email__lex_skip(email__lex *x);
/* At a quotation mark: goes behind the quoted string, whose content is returned. False as for comments. */
bool email__lex_quoted(email__lex *x, const char **content, size_t *n);

#endif
