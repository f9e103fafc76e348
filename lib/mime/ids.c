/* SPDX-License-Identifier: MIT */
/*
 * Identifiers between "<" and ">", whatever stands around them: RFC 5322 4.5.4 has phrases between, and people
 * write sentences.
 */
#include "mime/mailbox.h"

#include <string.h>

#include "base/limits.h"
#include "codec/lex.h"
#include "mime/text.h"

/* "<", what was between without its white space (folds, in old ones), ">". */
static char *
enclose(email__arena *a, const char *s, size_t n)
{
	char *out = email__arena_alloc(a, n + 3);
	size_t i, to = 0;

	if (!out)
		return NULL;
	out[to++] = '<';
	for (i = 0; i < n; i++)
		if (!email__is_white(s[i]))
			out[to++] = s[i];
	memcpy(out + to, ">", 2);
	return out;
}

static bool
is_plain(const char *s)
{
	while (*s > ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

static email_code
add_id(email__ids *list, email__arena *a, const char *s, size_t n, uint64_t *defects)
{
	const char **item;
	char *id;

	if (n == 0 || list->count == EMAIL__IDS_MAX) {
		*defects |= UINT64_C(1) << EMAIL_DEFECT_MESSAGE_ID;
		return EMAIL_OK;
	}
	id = enclose(a, s, n);
	if (id && (!is_plain(id) || memchr(s, '\0', n))) {
		const char *text = email__text_from_charset(a, "", 0, s, n, defects);

		id = text ? enclose(a, text, strlen(text)) : NULL;
	}
	item = id ? email__arena_grow(a, list->item, list->count, &list->room, sizeof *item) : NULL;
	if (!item)
		return EMAIL_E_MEMORY;
	list->item = item;
	if (strlen(id) != n + 2)
		*defects |= UINT64_C(1) << EMAIL_DEFECT_MESSAGE_ID;
	if (id[1] != '>')
		item[list->count++] = id;
	return EMAIL_OK;
}

/* At "<". Where another comes before ">" that one counts; one that is not closed ends at white space. */
static email_code
read_id(email__lex *x, email__ids *list, email__arena *a, uint64_t *defects)
{
	size_t from = ++x->at, end;

	while (x->at < x->n && x->s[x->at] != '<' && x->s[x->at] != '>')
		x->at++;
	end = x->at;
	if (email__lex_peek(x) == '>') {
		x->at++;
		return add_id(list, a, x->s + from, end - from, defects);
	}
	*defects |= UINT64_C(1) << EMAIL_DEFECT_MESSAGE_ID;
	for (end = from; end < x->at && !email__is_white(x->s[end]); end++)
		;
	return end > from && memchr(x->s + from, '@', end - from)
	               ? add_id(list, a, x->s + from, end - from, defects)
	               : EMAIL_OK;
}

static bool
is_separator(char c)
{
	return email__is_white(c) || c == ',' || c == ';' || c == '>';
}

/* A word with "@" in its midst; *n 0 at the end. False: another word. */
static bool
next_bare(email__lex *x, const char **s, size_t *n)
{
	const char *at;

	while (email__lex_skip(x) || is_separator(email__lex_peek(x)))
		x->at += is_separator(email__lex_peek(x));
	*s = x->s + x->at;
	for (*n = 0; x->at < x->n && !is_separator(x->s[x->at]); ++*n)
		x->at++;
	at = *n ? memchr(*s, '@', *n) : NULL;
	return *n == 0 || (at && at > *s && at < *s + *n - 1);
}

/* A field without any "<", but of addresses alone. */
static email_code
read_bare(email__lex x, email__ids *list, email__arena *a, uint64_t *defects)
{
	email__lex again = x;
	const char *s;
	size_t n;

	do {
		if (!next_bare(&x, &s, &n)) {
			*defects |= UINT64_C(1) << EMAIL_DEFECT_MESSAGE_ID;
			return EMAIL_OK;
		}
	} while (n);
	while (next_bare(&again, &s, &n) && n) {
		email_code rc = add_id(list, a, s, n, defects);

		*defects |= UINT64_C(1) << EMAIL_DEFECT_MESSAGE_ID;
		if (rc)
			return rc;
	}
	return EMAIL_OK;
}

email_code
email__ids_read(email__ids *list, email__arena *a, const char *value, size_t n, uint64_t *defects)
{
	email__lex x = {.s = value, .n = n};
	size_t before = list->count;
	email_code rc = EMAIL_OK;
	const char *content;
	size_t content_n;

	while (rc == EMAIL_OK) {
		email__lex_skip(&x);
		if (x.at == n)
			break;
		if (email__lex_peek(&x) == '<')
			rc = read_id(&x, list, a, defects);
		else if (email__lex_peek(&x) != '"' || !email__lex_quoted(&x, &content, &content_n))
			x.at++;
	}
	if (rc || list->count > before || (n && memchr(value, '<', n)))
		return rc;
	return read_bare((email__lex){.s = value, .n = n}, list, a, defects);
}
