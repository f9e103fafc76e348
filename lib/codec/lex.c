/* SPDX-License-Identifier: MIT */
#include "codec/lex.h"

bool
email__lex_white(email__lex *x)
{
	size_t from = x->at;

	while (x->at < x->n && email__is_white(x->s[x->at]))
		x->at++;
	return x->at > from;
}

bool
email__lex_comment(email__lex *x, const char **content, size_t *n)
{
	size_t depth = 0, i;

	for (i = x->at; i < x->n && !x->open_comment; i++) {
		if (x->s[i] == '(') {
			depth++;
		} else if (x->s[i] == '\\') {
			i++;
		} else if (x->s[i] == ')' && --depth == 0) {
			*content = x->s + x->at + 1;
			*n = i - x->at - 1;
			x->at = i + 1;
			return true;
		}
	}
	x->open_comment = true;
	return false;
}

bool
email__lex_skip(email__lex *x)
{
	size_t from = x->at, n;
	const char *content;

	do
		email__lex_white(x);
	while (email__lex_peek(x) == '(' && email__lex_comment(x, &content, &n));
	return x->at > from;
}

bool
email__lex_quoted(email__lex *x, const char **content, size_t *n)
{
	size_t i;

	for (i = x->at + 1; i < x->n && !x->open_quote; i++) {
		if (x->s[i] == '\\') {
			i++;
		} else if (x->s[i] == '"') {
			*content = x->s + x->at + 1;
			*n = i - x->at - 1;
			x->at = i + 1;
			return true;
		}
	}
	x->open_quote = true;
	return false;
}
