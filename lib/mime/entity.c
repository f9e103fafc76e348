/* SPDX-License-Identifier: MIT */
/*
 * Content-Type = type "/" subtype *(";" attribute "=" value), with comments and folds anywhere between
 * (RFC 2045 5.1). Read leniently: a value that should have been quoted goes to the next ";" or white
 * space, a missing ";" is forgiven, of two parameters of one name the first counts. Only charset and
 * boundary are kept, also where they come in sections or extended (RFC 2231 3, 4).
 */
#include "mime/entity.h"

#include <string.h>

#include "base/str.h"

typedef struct cursor {
	const char *at, *end;
	bool broken; /* a parameter that cannot be read, stands twice, or has no semicolon before it */
} cursor;

/* A parameter that is wanted, as far as it is known. */
typedef struct wanted {
	const char *name;
	char *out;
	size_t room, n;
	unsigned section; /* the next one to append */
	bool begun, over, lower;
	bool whole; /* it came in one piece: another beside it is how mail is hidden from one reader and shown to another */
} wanted;

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 5.1. */
static bool
is_token(char c)
{
	switch (c) {
	case '(':
	case ')':
	case '<':
	case '>':
	case '@':
	case ',':
	case ';':
	case ':':
	case '\\':
	case '"':
	case '/':
	case '[':
	case ']':
	case '?':
	case '=': return false;
	default: return c > ' ' && c < 0x7f;
	}
}

static void
skip_comment(cursor *c)
{
	size_t depth = 0;

	while (c->at < c->end) {
		char ch = *c->at++;

		if (ch == '\\' && c->at < c->end)
			c->at++;
		else if (ch == '(')
			depth++;
		else if (ch == ')' && --depth == 0)
			return;
	}
}

static void
skip_white(cursor *c)
{
	while (c->at < c->end) {
		if (is_white(*c->at))
			c->at++;
		else if (*c->at == '(')
			skip_comment(c);
		else
			return;
	}
}

/* Lower case, as much as there is room for in front of the NUL. The number of its characters. */
static size_t
read_token(cursor *c, char *out, size_t room)
{
	size_t n = 0, kept = 0;

	for (; c->at < c->end && is_token(*c->at); c->at++, n++)
		if (kept + 1 < room)
			out[kept++] = email__lower(*c->at);
	out[kept] = '\0';
	return n;
}

static bool
skip_char(cursor *c, char wanted_char)
{
	skip_white(c);
	if (c->at == c->end || *c->at != wanted_char)
		return false;
	c->at++;
	skip_white(c);
	return true;
}

/* type "/" subtype; false where it is none. */
static bool
read_type(cursor *c, char *out, size_t room)
{
	size_t n;

	skip_white(c);
	if (!read_token(c, out, room) || !skip_char(c, '/'))
		return false;
	n = strlen(out);
	if (n + 2 > room)
		return true;
	out[n++] = '/';
	if (!read_token(c, out + n, room - n))
		return false;
	skip_white(c);
	return c->at == c->end || *c->at == ';' || is_white(c->at[-1]) || c->at[-1] == ')';
}

static void
put(wanted *w, char c)
{
	if (w->n < w->room)
		w->out[w->n++] = w->lower ? email__lower(c) : c;
	else
		w->over = true;
}

static int
hex(char c)
{
	if (email__is_digit(c))
		return c - '0';
	c = email__lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A quoted string (its folds undone), or what stands before the next ";" or white space. */
static void
read_value(cursor *c, wanted *w, unsigned quotes, bool extended)
{
	bool quoted = c->at < c->end && *c->at == '"';
	const char *from = c->at += quoted;

	for (; c->at < c->end; c->at++) {
		char ch = *c->at;

		if (quoted ? ch == '"' : ch == ';' || is_white(ch))
			break;
		c->broken |= !quoted && !is_token(ch) && (unsigned char)ch < 0x80;
		if (quoted && ch == '\\' && c->at + 1 < c->end)
			ch = *++c->at;
		else if (ch == '\r' || ch == '\n')
			continue;
		if (!w)
			continue;
		if (quotes) { /* charset'language' comes first (RFC 2231 4) */
			quotes -= ch == '\'';
			continue;
		}
		if (extended && ch == '%' && c->end - c->at > 2 && hex(c->at[1]) >= 0 && hex(c->at[2]) >= 0) {
			ch = (char)(hex(c->at[1]) * 16 + hex(c->at[2]));
			c->at += 2;
		}
		put(w, ch);
	}
	c->broken |= quoted ? c->at == c->end : c->at == from;
	c->at += quoted && c->at < c->end;
}

/* The one that "name", "name*", "name*0" or "name*0*" means, if this piece of it is the next; else NULL. */
static wanted *
match(cursor *c, wanted *all, size_t count, const char *name, bool *extended, unsigned *section)
{
	size_t n = (size_t)(c->at - name);
	const char *star = memchr(name, '*', n);
	size_t base = star ? (size_t)(star - name) : n, i;
	bool sectioned = star && n > base + 1;

	*extended = star && name[n - 1] == '*';
	*section = 0;
	for (i = base + 1; i < n && email__is_digit(name[i]) && *section < 1000; i++)
		*section = *section * 10 + (unsigned)(name[i] - '0');
	for (i = 0; i < count; i++) {
		wanted *w = &all[i];
		bool next = *section ? w->begun && *section == w->section : !w->begun;

		if (strlen(w->name) != base || !email__str_equal_n(w->name, name, base))
			continue;
		c->broken |= sectioned ? !next : w->whole || w->begun;
		w->whole |= !sectioned;
		if (!next)
			return NULL;
		w->begun = true;
		/* a whole one has no more sections */
		w->section = sectioned ? *section + 1 : 0;
		return w;
	}
	return NULL;
}

static void
read_parameters(cursor *c, wanted *all, size_t count)
{
	bool separated = false;

	for (;;) {
		const char *name;
		bool extended;
		unsigned section;
		wanted *w;

		for (skip_white(c); c->at < c->end && *c->at == ';'; skip_white(c)) {
			separated = true;
			c->at++;
		}
		if (c->at == c->end)
			return;
		for (name = c->at; c->at < c->end && is_token(*c->at); c->at++)
			;
		if (c->at == name) {
			c->broken = true;
			c->at++;
			continue;
		}
		c->broken |= !separated;
		w = match(c, all, count, name, &extended, &section);
		if (skip_char(c, '='))
			read_value(c, w, extended && !section ? 2 : 0, extended);
		else
			c->broken = true;
		separated = false;
	}
}

static void
set_kind(email__entity *e)
{
	e->multipart = strncmp(e->type, "multipart/", 10) == 0;
	e->message = strcmp(e->type, "message/rfc822") == 0 || strcmp(e->type, "message/global") == 0;
}

void
email__entity_init(email__entity *e, bool digest)
{
	if (digest)
		memcpy(e->type, "message/rfc822", sizeof "message/rfc822");
	else
		memcpy(e->type, "text/plain", sizeof "text/plain");
	e->charset[0] = e->encoding[0] = '\0';
	e->boundary_n = 0;
	e->has_type = e->has_encoding = e->broken_type = e->broken_parameter = false;
	e->multipart = false;
	e->message = digest;
}

void
email__entity_type(email__entity *e, const char *value, size_t n)
{
	wanted all[] = {
		{.name = "charset", .out = e->charset, .room = sizeof e->charset - 1, .lower = true},
		{.name = "boundary", .out = e->boundary, .room = sizeof e->boundary},
	};
	cursor c = {value, value + n, false};

	if (e->has_type)
		return;
	e->has_type = true;
	e->broken_type = !read_type(&c, e->type, sizeof e->type);
	if (e->broken_type)
		memcpy(e->type, "text/plain", sizeof "text/plain");
	read_parameters(&c, all, sizeof all / sizeof *all);
	/* behind what is no type nothing is where it should be, and that is told */
	e->broken_parameter = c.broken && !e->broken_type;
	e->charset[all[0].n] = '\0';
	/* one that does not fit is none; and none ends in white space (RFC 2046 5.1.1) */
	e->boundary_n = all[1].over ? 0 : all[1].n;
	while (e->boundary_n && is_white(e->boundary[e->boundary_n - 1]))
		e->boundary_n--;
	set_kind(e);
}

void
email__entity_encoding(email__entity *e, const char *value, size_t n)
{
	cursor c = {value, value + n, false};

	if (e->has_encoding)
		return;
	e->has_encoding = true;
	skip_white(&c);
	read_token(&c, e->encoding, sizeof e->encoding);
	/* a list is no mechanism (RFC 2045 6.1), and nobody knows which of them another reader takes */
	while (skip_char(&c, ',') && c.at < c.end && is_token(*c.at)) {
		size_t at = strlen(e->encoding);

		if (at + 2 > sizeof e->encoding)
			return;
		e->encoding[at++] = ',';
		read_token(&c, e->encoding + at, sizeof e->encoding - at);
	}
}

bool
email__entity_identity(const email__entity *e)
{
	return !e->encoding[0] || strcmp(e->encoding, "7bit") == 0 || strcmp(e->encoding, "8bit") == 0 ||
	       strcmp(e->encoding, "binary") == 0;
}

bool
email__entity_known(const email__entity *e)
{
	return email__entity_identity(e) || strcmp(e->encoding, "base64") == 0 ||
	       strcmp(e->encoding, "quoted-printable") == 0;
}
