/* SPDX-License-Identifier: MIT */
/*
 * One pass, an entry at a time, from one comma to the next. The words of an entry are gathered as a person sees
 * them; "@" makes an address of those before it, "<" a name. What is no address by RFC 5322, such as a@b@c,
 * is none here either, lest another one comes out than a server would take: it stays to be seen, as a name.
 *
 *   NONE    words alone, so far
 *   BARE    behind local@domain: a name, where "<" follows
 *   ANGLE   behind <local@domain>: the next word begins another entry, whose comma is missing
 *   BROKEN  an address that is none
 */
#include "mime/mailbox.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/lex.h"
#include "mime/address.h"
#include "mime/text.h"

/* An encoded word is one word though it holds commas and the like (RFC 2047 5 forbids them); of longer ones they
 * count. RFC 2047 2 allows 75, some write more. */
#define WORD_MAX 256

typedef enum kind { NONE, BARE, ANGLE, BROKEN } kind;

typedef struct parser {
	email__lex x;
	email__mailboxes *list;
	email__arena *a;
	uint64_t *defects;
	bool full, failed; /* the bound was met; no memory */

	const char *group;
	size_t group_from; /* its members stand in the list from here on */
	bool in_group;

	kind kind;
	bool implied;        /* behind ANGLE: garbage, unless an address follows */
	email__buf text;     /* what is seen of the entry, but for comments and the address in ANGLE */
	size_t begin;        /* behind a comma in it (Doe, John <...>), or behind its address in BARE */
	size_t name_n;       /* BARE: the name before the address */
	email__buf local;    /* the words that are a local part where "@" follows */
	size_t local_from;   /* where they begin in the text */
	bool quoted, dotted; /* one of them was; the last one ends in a dot */
	email__buf spec;     /* the address */
	const char *comment; /* the last one */
	size_t comment_n;
} parser;

static void
defect(parser *p, email_defect d)
{
	*p->defects |= UINT64_C(1) << d;
}

static void
add(parser *p, email__buf *b, const char *s, size_t n)
{
	if (n && email__buf_add(b, s, n))
		p->failed = true;
}

static const char *
head(const email__buf *b)
{
	return email__buf_len(b) ? (const char *)email__buf_head(b) : "";
}

/* --- what goes into the list --- */

static const char *
decode(parser *p, const char *s, size_t n)
{
	const char *text;

	while (n && email__is_white(*s)) {
		s++;
		n--;
	}
	while (n && email__is_white(s[n - 1]))
		n--;
	if (n == 0)
		return "";
	if (!(text = email__text_read_phrase(p->a, s, n, p->defects)))
		p->failed = true;
	return text;
}

/* quoted-pair of RFC 5322 3.2.1; folds fall away. */
static void
add_unquoted(parser *p, email__buf *b, const char *s, size_t n)
{
	size_t from = 0, i;

	for (i = 0; i < n; i++) {
		if (s[i] != '\\' && s[i] != '\r' && s[i] != '\n')
			continue;
		add(p, b, s + from, i - from);
		from = i + 1;
		i += s[i] == '\\';
	}
	if (from < n)
		add(p, b, s + from, n - from);
}

static void
emit(parser *p, const char *name, const char *address)
{
	email_mailbox *item;

	if (name && address && !*name && !*address && !*p->group)
		return; /* control characters alone */
	if (p->list->count == EMAIL__RECIPIENTS_MAX) {
		defect(p, EMAIL_DEFECT_TOO_MANY_ADDRESSES);
		p->full = true;
		return;
	}
	item = email__arena_grow(p->a, p->list->item, p->list->count, &p->list->room, sizeof *item);
	if (!item || !name || !address) {
		p->failed = true;
		return;
	}
	p->list->item = item;
	item[p->list->count++] = (email_mailbox){name, address, p->group};
}

/* The address with the name before it, or that in a comment, as names were written before RFC 822. */
static void
emit_address(parser *p, size_t name_n)
{
	const char *address =
		email__text_from_charset(p->a, "", 0, head(&p->spec), email__buf_len(&p->spec), p->defects);
	const char *name = decode(p, head(&p->text), name_n);

	email__buf_clear(&p->spec);
	if (name && !*name && p->comment) {
		add_unquoted(p, &p->spec, p->comment, p->comment_n);
		name = decode(p, head(&p->spec), email__buf_len(&p->spec));
	}
	emit(p, name, address);
}

/* Words without an address: what could be one on the same machine ("root") is one, others are to be seen. */
static void
emit_words(parser *p, size_t n)
{
	const char *s = head(&p->text);

	defect(p, EMAIL_DEFECT_ADDRESS);
	if (n && s[n - 1] == ',')
		n--;
	if (p->kind != NONE || !email__address_is_dot_atom(s, n) || email__text_word(s, n)) {
		emit(p, decode(p, s, n), "");
		return;
	}
	email__buf_clear(&p->spec);
	add(p, &p->spec, s, n);
	emit_address(p, 0);
}

/* --- entries --- */

static void
begin_entry(parser *p, bool implied)
{
	p->kind = NONE;
	p->implied = implied;
	p->comment = NULL;
	p->begin = p->local_from = 0;
	p->quoted = p->dotted = false;
	email__buf_clear(&p->text);
	email__buf_clear(&p->local);
	email__buf_clear(&p->spec);
}

static void
end_entry(parser *p)
{
	size_t n = email__buf_len(&p->text);

	switch (p->kind) {
	case NONE:
		if (n && !p->implied)
			emit_words(p, n);
		break;
	case BARE:
		if (p->name_n || p->begin < n)
			defect(p, EMAIL_DEFECT_ADDRESS);
		emit_address(p, p->name_n);
		break;
	case ANGLE:
		if (email__buf_len(&p->spec))
			emit_address(p, n);
		else if (n)
			emit_words(p, n);
		break;
	case BROKEN: emit_words(p, n); break;
	}
	begin_entry(p, false);
}

/* The local part of another address: what stands before it was an entry of its own. */
static void
end_before(parser *p)
{
	defect(p, EMAIL_DEFECT_ADDRESS);
	if (p->kind == BARE)
		emit_address(p, p->name_n);
	else
		emit_words(p, p->begin);
	email__buf_consume(&p->text, p->begin);
	email__buf_clear(&p->spec);
	p->local_from -= p->begin;
	p->begin = 0;
	p->kind = NONE;
	p->comment = NULL;
}

/* White space and comments, of which the last is remembered. */
static bool
skip(parser *p)
{
	bool gap = false;

	do
		gap |= email__lex_white(&p->x);
	while (email__lex_peek(&p->x) == '(' && email__lex_comment(&p->x, &p->comment, &p->comment_n) &&
	       (gap = true));
	return gap;
}

/* --- words --- */

/* Not white space, nor what ends a word everywhere. */
static bool
is_word(char c)
{
	return !email__is_white(c) && (!c || !strchr("()<>@,;:\"", c));
}

/* What a word of an address has: atext of RFC 5322 3.2.3, and in the wild a little more. */
static bool
is_plain(char c)
{
	return is_word(c) && (unsigned char)c > ' ' && c != 0x7F && c != '[' && c != ']' && c != '\\';
}

static size_t
encoded_word(const email__lex *x)
{
	const char *s = x->s + x->at;
	size_t n = x->n - x->at, i = email__text_word(s, n);

	for (; i && i + 1 < n && i < WORD_MAX && !email__is_white(s[i]); i++)
		if (s[i] == '?' && s[i + 1] == '=')
			return i + 2;
	return 0;
}

/* A dot joins the word to the local part before it (also obs-local-part, RFC 5322 4.4). */
static bool
joins_local(const parser *p, const char *s, bool quoted)
{
	return (email__buf_len(&p->local) || p->quoted) && (p->dotted || (!quoted && s[0] == '.'));
}

static void
add_local_word(parser *p, const char *s, size_t n, bool quoted)
{
	if (quoted)
		add_unquoted(p, &p->local, s, n);
	else
		add(p, &p->local, s, n);
	p->quoted |= quoted;
	p->dotted = !quoted && s[n - 1] == '.';
}

static void
clear_local(parser *p)
{
	email__buf_clear(&p->local);
	p->quoted = p->dotted = false;
}

/* Outside of "<" and ">". Words with white space between are one local part only where an entry begins so. */
static void
add_word(parser *p, const char *s, size_t n, bool quoted, bool gap)
{
	if (p->kind == ANGLE) {
		defect(p, EMAIL_DEFECT_ADDRESS);
		end_entry(p);
		p->implied = true;
	}
	if (p->kind == BARE && !gap && p->begin == email__buf_len(&p->text))
		p->kind = BROKEN;
	if (gap && email__buf_len(&p->text))
		add(p, &p->text, " ", 1);
	if (!joins_local(p, s, quoted) || (gap && p->local_from > p->begin + 1)) {
		clear_local(p);
		p->local_from = email__buf_len(&p->text);
	}
	add_local_word(p, s, n, quoted);
	if (quoted)
		add_unquoted(p, &p->text, s, n);
	else
		add(p, &p->text, s, n);
}

/* --- addresses --- */

/* The local part, in quotes only where it must be. False: it is none. */
static bool
add_local(parser *p)
{
	const char *s = head(&p->local);
	size_t n = email__buf_len(&p->local), i;

	email__buf_clear(&p->spec);
	if (!p->quoted || email__address_is_dot_atom(s, n)) {
		for (i = 0; i < n && is_plain(s[i]); i++)
			;
		add(p, &p->spec, s, n);
		return n && i == n;
	}
	add(p, &p->spec, "\"", 1);
	for (i = 0; i < n; i++) {
		if (s[i] == '"' || s[i] == '\\')
			add(p, &p->spec, "\\", 1);
		add(p, &p->spec, s + i, 1);
	}
	add(p, &p->spec, "\"", 1);
	return true;
}

/* Behind "@": domain and obs-domain of RFC 5322. False: there is none. */
static bool
add_domain(parser *p)
{
	email__lex *x = &p->x;
	bool dotted = true;
	size_t from, end;

	add(p, &p->spec, "@", 1);
	email__lex_skip(x);
	from = end = x->at;
	if (email__lex_peek(x) == '[') {
		for (end++; end < x->n && (is_plain(x->s[end]) || x->s[end] == ':'); end++)
			;
		if (end == x->n || x->s[end] != ']')
			return false;
		x->at = end + 1;
		add(p, &p->spec, x->s + from, x->at - from);
		return true;
	}
	while (is_plain(email__lex_peek(x)) && (dotted || email__lex_peek(x) == '.')) {
		for (from = x->at; is_plain(email__lex_peek(x));)
			x->at++;
		end = x->at;
		add(p, &p->spec, x->s + from, end - from);
		dotted = x->s[end - 1] == '.';
		email__lex_skip(x);
	}
	x->at = end; /* a comment behind it may be the name */
	return end > from;
}

/* "@" outside of "<" and ">". */
static void
read_at(parser *p, bool gap)
{
	size_t local_n = email__buf_len(&p->local), before;

	p->x.at++;
	if (p->kind == ANGLE) {
		defect(p, EMAIL_DEFECT_ADDRESS);
		return;
	}
	if (p->kind != BROKEN && (local_n || p->quoted) && p->begin)
		end_before(p);
	if (gap && email__buf_len(&p->text))
		add(p, &p->text, " ", 1);
	if (p->kind != NONE || (local_n == 0 && !p->quoted) || !add_local(p)) {
		p->kind = BROKEN;
		add(p, &p->text, "@", 1);
		return;
	}
	p->name_n = p->local_from;
	before = email__buf_len(&p->spec);
	p->kind = add_domain(p) ? BARE : BROKEN;
	add(p, &p->text, head(&p->spec) + before, email__buf_len(&p->spec) - before);
	p->begin = email__buf_len(&p->text);
	clear_local(p);
}

/* What stands before the address and is ignored: another "<", a route (RFC 5322 4.4), a URI's scheme. */
static void
skip_route(parser *p)
{
	email__lex *x = &p->x;
	size_t i;

	while (email__lex_skip(x) || email__lex_peek(x) == '<')
		if (email__lex_peek(x) == '<') {
			defect(p, EMAIL_DEFECT_ADDRESS);
			x->at++;
		}
	if (x->n - x->at > 7 && email__str_equal_n(x->s + x->at, "mailto:", 7))
		x->at += 7;
	if (email__lex_peek(x) != '@')
		return;
	for (i = x->at; i < x->n && !strchr("<>:\"", x->s[i] ? x->s[i] : 'x'); i++)
		;
	if (i < x->n && x->s[i] == ':')
		x->at = i + 1;
}

/* Up to ">": an address, a local part alone, or nothing. False: something else. */
static bool
read_spec(parser *p)
{
	email__lex *x = &p->x;
	const char *s;
	size_t n;

	clear_local(p);
	email__buf_clear(&p->spec);
	for (;;) {
		bool quoted;

		email__lex_skip(x);
		quoted = email__lex_peek(x) == '"' && email__lex_quoted(x, &s, &n);
		if (!quoted) {
			s = x->s + x->at;
			for (n = 0; n < x->n - x->at && is_plain(s[n]); n++)
				;
			x->at += n;
			if (n == 0)
				break;
		}
		if ((email__buf_len(&p->local) || p->quoted) && !joins_local(p, s, quoted))
			return false;
		add_local_word(p, s, n, quoted);
	}
	if (email__lex_peek(x) != '@') {
		if (email__lex_peek(x) != '>' || p->quoted)
			return false;
		if (email__buf_len(&p->local) == 0)
			return true;
		defect(p, EMAIL_DEFECT_ADDRESS);
		return add_local(p);
	}
	x->at++;
	return (email__buf_len(&p->local) || p->quoted) && add_local(p) && add_domain(p);
}

/* At "<". Without its ">" it ends where something else begins. */
static void
read_angle(parser *p, bool gap)
{
	email__lex *x = &p->x;
	size_t from = x->at++;
	bool ok;

	if (p->kind == ANGLE) {
		defect(p, EMAIL_DEFECT_ADDRESS);
		end_entry(p);
	} else if (p->kind != NONE || p->begin) {
		defect(p, EMAIL_DEFECT_ADDRESS);
	}
	skip_route(p);
	if (email__lex_peek(x) == '>' && p->kind == BARE) {
		x->at++;
		return;
	}
	ok = read_spec(p);
	email__lex_skip(x);
	if (ok && email__lex_peek(x) != '>') {
		defect(p, EMAIL_DEFECT_ADDRESS);
		ok = x->at == x->n || strchr(",;<", email__lex_peek(x));
	} else if (ok) {
		x->at++;
	}
	p->kind = ok ? ANGLE : BROKEN;
	if (ok)
		return;
	while (x->at < x->n && !strchr(",;<>", x->s[x->at] ? x->s[x->at] : 'x'))
		x->at++;
	x->at += email__lex_peek(x) == '>';
	if (gap && email__buf_len(&p->text))
		add(p, &p->text, " ", 1);
	add(p, &p->text, x->s + from, x->at - from);
	clear_local(p);
}

/* --- the list --- */

/* The end of a group; one without members is an entry of its own. */
static void
end_group(parser *p)
{
	if (p->in_group && p->list->count == p->group_from)
		emit(p, "", "");
	p->in_group = false;
	p->group = "";
}

static void
read_colon(parser *p)
{
	size_t n = email__buf_len(&p->text);

	p->x.at++;
	if (p->kind != NONE || n == 0 || p->in_group)
		defect(p, EMAIL_DEFECT_ADDRESS);
	if (p->kind != NONE || n == 0) {
		end_entry(p);
		return;
	}
	if (n != 6 || !email__str_equal_n(head(&p->text), "mailto", 6)) {
		p->group = decode(p, head(&p->text), n);
		p->group_from = p->list->count;
		p->in_group = true;
	}
	begin_entry(p, false);
}

/* A comma. Behind words without an address it may belong to a name that should be in quotes. */
static void
read_comma(parser *p)
{
	p->x.at++;
	if (p->kind != NONE || p->implied || email__buf_len(&p->text) == 0) {
		end_entry(p);
		return;
	}
	add(p, &p->text, ",", 1);
	p->begin = email__buf_len(&p->text);
	clear_local(p);
}

static void
read_word(parser *p, bool gap)
{
	email__lex *x = &p->x;
	size_t from = x->at, n;
	const char *s;

	if (email__lex_peek(x) == '"') {
		if (email__lex_quoted(x, &s, &n)) {
			add_word(p, s, n, true, gap);
		} else {
			defect(p, EMAIL_DEFECT_ADDRESS);
			x->at++;
		}
		return;
	}
	do {
		n = encoded_word(x);
		x->at += n ? n : 1;
	} while (x->at < x->n && is_word(x->s[x->at]));
	add_word(p, x->s + from, x->at - from, false, gap);
}

static void
read_list(parser *p)
{
	while (!p->failed && !p->full) {
		bool gap = skip(p);

		if (p->x.at == p->x.n)
			break;
		switch (email__lex_peek(&p->x)) {
		case ',': read_comma(p); break;
		case ':': read_colon(p); break;
		case '<': read_angle(p, gap); break;
		case '@': read_at(p, gap); break;
		case ';':
			p->x.at++;
			end_entry(p);
			if (!p->in_group)
				defect(p, EMAIL_DEFECT_ADDRESS);
			end_group(p);
			break;
		case '>':
		case ')':
			p->x.at++;
			defect(p, EMAIL_DEFECT_ADDRESS);
			break;
		default: read_word(p, gap); break;
		}
	}
	if (p->failed || p->full)
		return;
	end_entry(p);
	if (p->in_group)
		defect(p, EMAIL_DEFECT_ADDRESS);
	end_group(p);
}

email_code
email__mailboxes_read(email__mailboxes *list, email__arena *a, const char *value, size_t n, uint64_t *defects)
{
	parser p = {.x = {.s = value, .n = n}, .list = list, .a = a, .defects = defects, .group = ""};
	size_t max = 2 * n + 64; /* quotes and backslashes at most come to what there is */

	email__buf_init(&p.text, max);
	email__buf_init(&p.local, max);
	email__buf_init(&p.spec, max);
	read_list(&p);
	email__buf_dispose(&p.text);
	email__buf_dispose(&p.local);
	email__buf_dispose(&p.spec);
	return p.failed ? EMAIL_E_MEMORY : EMAIL_OK;
}
