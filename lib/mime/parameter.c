/* SPDX-License-Identifier: MIT */
/*
 * A field is gone through once for each parameter that is asked for. What RFC 2045 forbids, but people see, is
 * read as they do: values with spaces and quotation marks in them, semicolons left out.
 */
#include "mime/parameter.h"

#include <emailservice/parse.h>

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/lex.h"
#include "mime/text.h"

/* A value as it stands: between its quotation marks, or bare. */
typedef struct piece {
	const char *s;
	size_t n;
	bool there, quoted, extended;
} piece;

/* The forms of one parameter (RFC 2231 3, 4): name, name*, name*0 or name*0*. */
typedef struct forms {
	piece plain, extended, section[EMAIL__PARAMETER_SECTIONS_MAX];
	size_t sections; /* one more than the highest number */
} forms;

static void
broken(uint64_t *defects)
{
	*defects |= UINT64_C(1) << EMAIL_DEFECT_PARAMETER;
}

/* token of RFC 2045 5.1, and bytes over 127. */
static bool
is_token(char c)
{
	return (unsigned char)c > ' ' && c != 0x7F && !strchr("()<>@,;:\\\"/[]?=", c);
}

/* --- one after the other --- */

/* White space, comments and the semicolons between parameters. */
static void
skip_separators(email__lex *x)
{
	while (email__lex_skip(x) || email__lex_peek(x) == ';')
		if (email__lex_peek(x) == ';')
			x->at++;
}

/* A value may end here: at a semicolon, the end, or another parameter whose semicolon was left out. */
static bool
ends_here(const email__lex *x, size_t at)
{
	email__lex next = *x;
	size_t name;

	next.at = at;
	email__lex_white(&next);
	if (next.at == next.n || email__lex_peek(&next) == ';')
		return true;
	name = next.at;
	while (is_token(email__lex_peek(&next)))
		next.at++;
	if (next.at == name)
		return false;
	email__lex_white(&next);
	return email__lex_peek(&next) == '=';
}

/*
 * A quotation mark inside that is not escaped belongs to the value where the value cannot end behind it.
 * Where none ends it, it is bare; that is remembered, so that it is found out once.
 */
static bool
read_quoted(email__lex *x, piece *value, uint64_t *defects)
{
	size_t i;
	bool inner = false;

	for (i = x->at + 1; i < x->n && !x->open_quote; i++) {
		if (x->s[i] == '\\') {
			i++;
		} else if (x->s[i] == '"') {
			if (ends_here(x, i + 1) || (i + 1 < x->n && x->s[i + 1] == '(') ||
			    (i + 2 < x->n && email__is_white(x->s[i + 1]) && x->s[i + 2] == '(')) {
				*value = (piece){x->s + x->at + 1, i - x->at - 1, true, true, false};
				x->at = i + 1;
				if (inner)
					broken(defects);
				return true;
			}
			inner = true;
		}
	}
	broken(defects);
	x->open_quote = true;
	x->at++;
	return false;
}

/* To the next semicolon: spaces may stand in it, and parentheses but for a comment at its end. */
static void
read_bare(email__lex *x, piece *value, uint64_t *defects)
{
	size_t from = x->at, end = from, n, i;
	const char *content;

	while (x->at < x->n && x->s[x->at] != ';') {
		if (email__is_white(x->s[x->at])) {
			if (ends_here(x, x->at))
				break;
			email__lex_white(x);
			continue;
		}
		if (x->s[x->at] != '(' || end == x->at || !email__lex_comment(x, &content, &n))
			x->at++;
		else if (ends_here(x, x->at))
			break;
		end = x->at;
	}
	*value = (piece){x->s + from, end - from, true, false, false};
	for (i = 0; i < value->n && is_token(value->s[i]); i++)
		;
	if (i < value->n || value->n == 0)
		broken(defects);
}

/* What stands between two parameters and is none is skipped. */
static bool
next(email__lex *x, piece *name, piece *value, uint64_t *defects)
{
	for (;;) {
		size_t from;

		skip_separators(x);
		if (x->at == x->n)
			return false;
		from = x->at;
		while (is_token(email__lex_peek(x)))
			x->at++;
		*name = (piece){.s = x->s + from, .n = x->at - from};
		email__lex_skip(x);
		if (name->n && email__lex_peek(x) == '=')
			break;
		broken(defects);
		x->at += x->at == from;
	}
	x->at++;
	email__lex_white(x);
	if (email__lex_peek(x) != '"' || !read_quoted(x, value, defects))
		read_bare(x, value, defects);
	return true;
}

/* --- the value before them --- */

/* RFC 2045 5.1: also "text / plain", with white space and comments. Nothing, and x stays, where the
 * field begins with a parameter. */
static size_t
read_value(email__lex *x, char *out)
{
	size_t n = 0;
	bool slash = false;

	do {
		for (email__lex_skip(x); x->at < x->n; x->at++) {
			char c = x->s[x->at];

			if (c == ';' || c == '=' || c == '(' || email__is_white(c))
				break;
			slash = c == '/';
			if (out && c > ' ' && c < 0x7F && c != '"')
				out[n++] = email__lower(c);
		}
	} while (email__lex_skip(x) && (slash || email__lex_peek(x) == '/'));
	if (email__lex_peek(x) != '=')
		return n;
	x->at = 0;
	return 0;
}

const char *
email__parameter_value(email__arena *a, const char *field, size_t n)
{
	email__lex x = {.s = field, .n = n};
	char *out = email__arena_room(a, n + 1, 0);
	size_t written;

	if (!out)
		return NULL;
	written = read_value(&x, out);
	out[written] = '\0';
	email__arena_commit(a, written + 1);
	return out;
}

/* --- one of them --- */

/* Where a parameter of this name belongs; NULL: it is another, or none that is kept. */
static piece *
slot(forms *f, const piece *name, const char *wanted, bool *extended, uint64_t *defects)
{
	size_t len = strlen(wanted), number = 0, i = len + 1, end = name->n;

	if (name->n < len || !email__str_equal_n(name->s, wanted, len) ||
	    (name->n > len && name->s[len] != '*'))
		return NULL;
	*extended = name->n > len && name->s[end - 1] == '*';
	if (name->n == len)
		return &f->plain;
	if (name->n == len + 1)
		return &f->extended;
	end -= *extended;
	if (i == end)
		number = EMAIL__PARAMETER_SECTIONS_MAX;
	for (; i < end && email__is_digit(name->s[i]) && number < EMAIL__PARAMETER_SECTIONS_MAX; i++)
		number = number * 10 + (size_t)(name->s[i] - '0');
	if (i < end || number >= EMAIL__PARAMETER_SECTIONS_MAX) {
		broken(defects);
		return NULL;
	}
	if (f->sections <= number)
		f->sections = number + 1;
	return &f->section[number];
}

/* A backslash before anything else is one: paths of other systems stand there as they are. */
static size_t
copy(char *out, const piece *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		if (p->quoted && p->s[i] == '\\' && i + 1 < p->n &&
		    (p->s[i + 1] == '"' || p->s[i + 1] == '\\'))
			i++;
		out[n++] = p->s[i];
	}
	return n;
}

/* RFC 2231 4; in its place. */
static size_t
unpercent(char *s, size_t n, uint64_t *defects)
{
	size_t i, to = 0;

	for (i = 0; i < n; i++) {
		int high = s[i] == '%' && n - i > 2 ? email__hex_value(s[i + 1]) : -1;
		int low = high >= 0 ? email__hex_value(s[i + 2]) : -1;

		if (low >= 0) {
			s[to++] = (char)(high << 4 | low);
			i += 2;
			continue;
		}
		if (s[i] == '%')
			broken(defects);
		s[to++] = s[i];
	}
	return to;
}

/* The length of charset'language', both of which may be empty, before an extended value; else 0. */
static size_t
charset_prefix(const char *s, size_t n)
{
	const char *first = n ? memchr(s, '\'', n) : NULL;
	const char *second = first ? memchr(first + 1, '\'', n - 1 - (size_t)(first - s)) : NULL;

	return second ? (size_t)(second - s) + 1 : 0;
}

/* The pieces together. A section that is missing is passed over, for what is behind it may say what kind of
 * file it is. Where no charset is given it is read like any old text. */
static const char *
join(email__arena *a, const piece *p, size_t count, uint64_t *defects)
{
	size_t size = 1, used = 0, prefix = 0, charset = 0, i;
	const char *text;
	bool first = true;
	char *all;

	for (i = 0; i < count; i++)
		size += p[i].n;
	if (!(all = email__alloc(size)))
		return NULL;
	for (i = 0; i < count; i++) {
		char *at = all + used;
		size_t n = p[i].there ? copy(at, &p[i]) : 0, skipped = 0;

		if (!p[i].there || (first && p[i].extended && !(skipped = prefix = charset_prefix(at, n))))
			broken(defects);
		first = first && !p[i].there;
		if (p[i].extended)
			n = skipped + unpercent(at + skipped, n - skipped, defects);
		used += n;
	}
	if (prefix)
		charset = (size_t)((char *)memchr(all, '\'', prefix) - all);
	text = charset ? email__text_from_charset(a, all, charset, all + prefix, used - prefix, defects)
	               : email__text_read_phrase(a, all + prefix, used - prefix, defects);
	email__free(all);
	return text;
}

const char *
email__parameter_read(email__arena *a, const char *field, size_t n, const char *name, uint64_t *defects,
                      bool *memory)
{
	email__lex x = {.s = field, .n = n};
	forms f = {0};
	piece found, value;
	const char *text = NULL;
	bool extended = false;

	*memory = false;
	read_value(&x, NULL);
	while (next(&x, &found, &value, defects)) {
		piece *to = slot(&f, &found, name, &extended, defects);

		value.extended = extended;
		if (to && to->there)
			broken(defects);
		else if (to)
			*to = value;
	}
	if (f.extended.there)
		text = join(a, &f.extended, 1, defects);
	else if (f.sections)
		text = join(a, f.section, f.sections, defects);
	else if (f.plain.there)
		text = join(a, &f.plain, 1, defects);
	else
		return NULL;
	*memory = text == NULL;
	return text;
}
