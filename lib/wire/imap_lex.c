/* SPDX-License-Identifier: MIT */
#include "wire/imap_lex.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "wire/imap_frame.h"

/* What ends an atom: RFC 3501 9, atom-specials but "[" and "]", which hold sections, and "\" and "*" and "%", which
 * flags and names have. */
static const bool stops_atom[256] = {
	[0] = true,   [1] = true,   [2] = true,   [3] = true,   [4] = true,   [5] = true,   [6] = true,
	[7] = true,   [8] = true,   [9] = true,   [10] = true,  [11] = true,  [12] = true,  [13] = true,
	[14] = true,  [15] = true,  [16] = true,  [17] = true,  [18] = true,  [19] = true,  [20] = true,
	[21] = true,  [22] = true,  [23] = true,  [24] = true,  [25] = true,  [26] = true,  [27] = true,
	[28] = true,  [29] = true,  [30] = true,  [31] = true,  [' '] = true, ['('] = true, [')'] = true,
	['{'] = true, ['"'] = true, [127] = true, ['['] = true, /* goes on behind its "]" */
};

void
email__imap_lex_start(email__imap_lex *l, const char *text, size_t n, unsigned depth)
{
	memset(l, 0, sizeof *l);
	l->p = text;
	l->end = text + n;
	l->depth = depth;
}

static email__imap_token
bad(email__imap_lex *l)
{
	l->p = l->end = NULL; /* nothing behind it is looked at */
	l->n = 0;
	return EMAIL__IMAP_BAD;
}

static email__imap_token
quoted(email__imap_lex *l)
{
	const char *p = ++l->p;

	for (; p < l->end && *p != '"'; p++) {
		if (*p == '\r' || *p == '\n' || *p == '\0')
			return bad(l);
		if (*p != '\\')
			continue;
		l->escaped = true;
		if (++p == l->end || (*p != '"' && *p != '\\'))
			return bad(l);
	}
	if (p == l->end)
		return bad(l);
	l->text = l->p;
	l->n = (size_t)(p - l->p);
	l->p = p + 1;
	return EMAIL__IMAP_STRING;
}

/* "{n}" CRLF bytes, or "{n}" at the very end: those bytes stream. */
static email__imap_token
literal(email__imap_lex *l)
{
	const char *close = memchr(l->p, '}', (size_t)(l->end - l->p)), *p;
	email_code rc;

	if (!close || email__imap_literal(l->p, (size_t)(close + 1 - l->p), &l->number, &rc) != l->p)
		return bad(l);
	p = close + 1;
	if (p == l->end) {
		l->p = p;
		return EMAIL__IMAP_STREAM;
	}
	p += *p == '\r';
	if (p >= l->end || *p != '\n' || l->number > (uint64_t)(l->end - p - 1))
		return bad(l);
	l->text = p + 1;
	l->n = (size_t)l->number;
	l->p = l->text + l->n;
	return EMAIL__IMAP_STRING;
}

/* "[..]" of a section or of a code: header names in it may be quoted, and stand in parentheses. */
static const char *
section(const char *p, const char *end)
{
	bool quotes = false;

	for (p++; p < end; p++) {
		if (*p == '\r' || *p == '\n')
			return NULL;
		if (*p == '"')
			quotes = !quotes;
		else if (*p == ']' && !quotes)
			return p + 1;
	}
	return NULL;
}

/* An atom of digits alone is a number too, where it has no more than 63 bits. */
static bool
number(email__imap_lex *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (!email__is_digit(l->text[i]) || l->number > (INT64_MAX - 9) / 10)
			return false;
		l->number = l->number * 10 + (uint64_t)(l->text[i] - '0');
	}
	return true;
}

static email__imap_token
atom(email__imap_lex *l)
{
	const char *start = l->p, *p = start, *end = l->end;

	for (;;) {
		while (p < end && !stops_atom[(unsigned char)*p])
			p++;
		if (p == end || *p != '[')
			break;
		if (!(p = section(p, end)))
			return bad(l);
	}
	if (p == start)
		return bad(l);
	l->p = p;
	l->text = start;
	l->n = (size_t)(p - start);
	if (email__is_digit(*start) && number(l))
		return EMAIL__IMAP_NUMBER;
	return l->n == 3 && email__str_equal_n(start, "NIL", 3) ? EMAIL__IMAP_NIL : EMAIL__IMAP_ATOM;
}

static email__imap_token
token(email__imap_lex *l)
{
	while (l->p < l->end && *l->p == ' ')
		l->p++;
	if (l->p == l->end)
		return l->token == EMAIL__IMAP_BAD ? EMAIL__IMAP_BAD : EMAIL__IMAP_END;
	switch (*l->p) {
	case '(': l->p++; return ++l->depth > EMAIL__IMAP_DEPTH_MAX ? bad(l) : EMAIL__IMAP_OPEN;
	case ')':
		if (l->depth == 0)
			return bad(l);
		l->p++;
		l->depth--;
		return EMAIL__IMAP_CLOSE;
	case '"': return quoted(l);
	case '{': return literal(l);
	case '~':
		if (l->p + 1 < l->end && l->p[1] == '{') {
			l->p++;
			return literal(l);
		}
		return atom(l);
	default: return atom(l);
	}
}

email__imap_token
email__imap_lex_next(email__imap_lex *l)
{
	l->text = NULL;
	l->n = 0;
	l->escaped = false;
	l->number = 0;
	return l->token = token(l);
}

bool
email__imap_lex_skip(email__imap_lex *l)
{
	unsigned inside = l->depth;

	if (l->token != EMAIL__IMAP_OPEN)
		return l->token != EMAIL__IMAP_BAD && l->token != EMAIL__IMAP_END;
	while (l->depth >= inside)
		if (email__imap_lex_next(l) == EMAIL__IMAP_BAD || l->token == EMAIL__IMAP_END ||
		    l->token == EMAIL__IMAP_STREAM)
			return false;
	return true;
}

bool
email__imap_lex_is(const email__imap_lex *l, const char *word)
{
	/* as most servers spell them */
	return l->token == EMAIL__IMAP_ATOM && strlen(word) == l->n &&
	       (memcmp(l->text, word, l->n) == 0 || email__str_equal_n(l->text, word, l->n));
}

size_t
email__imap_lex_text(const email__imap_lex *l, char *out, size_t size)
{
	size_t i, at = 0;

	for (i = 0; i < l->n && at + 1 < size; i++) {
		if (l->escaped && l->text[i] == '\\')
			i++;
		out[at++] = l->text[i];
	}
	if (size)
		out[at] = '\0';
	return at;
}
