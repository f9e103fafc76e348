/* SPDX-License-Identifier: MIT */
#include "proto/imap_structure.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* A section's number: levels of at most four digits and a dot. */
#define PATH_MAX_LEN (EMAIL__DEPTH_MAX * 5 + 1)

typedef struct reading {
	email__imap_plan *plan;
	email__imap_lex *l;
	email__arena *a;
	char path[PATH_MAX_LEN + sizeof ".MIME"]; /* of the part at hand; "" for the message */
	size_t path_len;
	unsigned level;
	email_code starved; /* the arena had no more: why */
} reading;

static email_code body(reading *r, const email__imap_boundary *around);

/* --- the plan --- */

/* The arena gives no more: this structure is too big for it, or there is no memory. */
static email_code
starve(reading *r)
{
	return r->starved = r->a->total > r->a->max / 2 ? EMAIL_E_LIMIT : EMAIL_E_MEMORY;
}

static email_code
add_step(reading *r, const char *section, const email__imap_boundary *boundary, bool header)
{
	email__imap_plan *plan = r->plan;

	if (plan->count == EMAIL__IMAP_SECTIONS_MAX)
		return EMAIL_E_LIMIT;
	if (plan->count == plan->room) {
		void *steps =
			email__arena_grow(r->a, plan->steps, plan->count, &plan->room, sizeof *plan->steps);

		if (!steps)
			return starve(r);
		plan->steps = steps;
	}
	plan->steps[plan->count++] = (email__imap_step){section, boundary, header};
	return EMAIL_OK;
}

static email_code
add_section(reading *r, const char *suffix, const email__imap_boundary *boundary, bool header)
{
	char name[sizeof r->path];
	size_t n = strlen(suffix);
	const char *kept;

	memcpy(name, r->path, r->path_len);
	memcpy(name + r->path_len, suffix, n);
	kept = email__arena_text(r->a, name, r->path_len + n);
	return kept ? add_step(r, kept, boundary, header) : starve(r);
}

/* The header of the part at hand, behind the delimiter of what it lies in. */
static email_code
add_header(reading *r, const email__imap_boundary *around)
{
	return r->path_len ? add_section(r, ".MIME", around, true) : add_section(r, "HEADER", NULL, true);
}

/* Steps into part `number` of the part at hand; *back is what to come back to. */
static void
enter(reading *r, unsigned number, size_t *back)
{
	char text[8];
	size_t at = sizeof text;

	*back = r->path_len;
	if (r->path_len)
		r->path[r->path_len++] = '.';
	do
		text[--at] = (char)('0' + number % 10);
	while (number /= 10);
	memcpy(r->path + r->path_len, text + at, sizeof text - at);
	r->path_len += sizeof text - at;
}

/* --- the grammar --- */

/* The next token is a value, and the one at hand. */
static bool
value(reading *r)
{
	email__imap_token t = email__imap_lex_next(r->l);

	return t != EMAIL__IMAP_END && t != EMAIL__IMAP_BAD && t != EMAIL__IMAP_STREAM;
}

static bool
text_is(const email__imap_lex *l, const char *word)
{
	return (l->token == EMAIL__IMAP_STRING || l->token == EMAIL__IMAP_ATOM) && strlen(word) == l->n &&
	       email__str_equal_n(l->text, word, l->n);
}

/* To the ")" of the list that began at this depth, over whatever extensions put in front of it. */
static bool
leave(reading *r, unsigned inside)
{
	while (r->l->token != EMAIL__IMAP_CLOSE || r->l->depth >= inside)
		if (!value(r))
			return false;
	return true;
}

/* `count` values that say nothing here; false where the list ends before, or is broken. */
static bool
pass(reading *r, unsigned count)
{
	while (count--)
		if (!value(r) || r->l->token == EMAIL__IMAP_CLOSE || !email__imap_lex_skip(r->l))
			return false;
	return true;
}

/* A boundary that can be written on a line of its own. */
static const char *
boundary_text(reading *r)
{
	char text[EMAIL__BOUNDARY_READ_MAX + 2];
	size_t n = email__imap_lex_text(r->l, text, sizeof text), i;
	const char *kept;

	if (r->l->token != EMAIL__IMAP_STRING || n == 0 || n > EMAIL__BOUNDARY_READ_MAX)
		return NULL;
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7F)
			return NULL;
	kept = email__arena_text(r->a, text, n);
	if (!kept)
		starve(r);
	return kept;
}

/* "(" name value .. ")" or NIL. */
static bool
parameters(reading *r, email__imap_boundary *own)
{
	if (r->l->token != EMAIL__IMAP_OPEN)
		return r->l->token == EMAIL__IMAP_NIL;
	while (value(r) && r->l->token != EMAIL__IMAP_CLOSE) {
		bool is = text_is(r->l, "boundary");

		if (r->l->token == EMAIL__IMAP_OPEN || !value(r) || r->l->token == EMAIL__IMAP_OPEN ||
		    r->l->token == EMAIL__IMAP_CLOSE)
			return false;
		if (is && own && !own->text)
			own->text = boundary_text(r);
	}
	return r->l->token == EMAIL__IMAP_CLOSE;
}

/* body-type-mpart: the parts, subtype, parameters, and extensions; the "(" of the first part is at hand. */
static email_code
multipart(reading *r, const email__imap_boundary *around)
{
	email__imap_boundary *own = email__arena_alloc(r->a, sizeof *own);
	unsigned number = 0;
	size_t back;
	email_code rc;

	if (!own)
		return starve(r);
	own->text = NULL;
	if ((rc = add_header(r, around)))
		return rc;
	while (r->l->token == EMAIL__IMAP_OPEN) {
		if (number == EMAIL__READ_PARTS_MAX)
			return EMAIL_E_LIMIT;
		enter(r, ++number, &back);
		if ((rc = body(r, own)))
			return rc;
		r->path_len = back;
		if (!value(r))
			return EMAIL_E_PROTOCOL;
	}
	if (r->l->token != EMAIL__IMAP_STRING) /* the subtype */
		return EMAIL_E_PROTOCOL;
	if (!value(r) || !parameters(r, own) || !own->text)
		return EMAIL_E_PROTOCOL;
	return add_step(r, NULL, own, false);
}

/* Behind the fields that every part has, of a text: lines, md5, and the disposition with its parameters. What is cut
 * off has none. */
static bool
disposed_as_attachment(reading *r)
{
	if (!pass(r, 2) || !value(r) || r->l->token != EMAIL__IMAP_OPEN || !value(r))
		return false;
	return text_is(r->l, "attachment");
}

/* body-type-1part: type, subtype, parameters, id, description, encoding, size, and what its type has more. */
static email_code
single(reading *r, const email__imap_boundary *around)
{
	bool text = text_is(r->l, "text");
	email_code rc;

	if (r->l->token != EMAIL__IMAP_STRING && r->l->token != EMAIL__IMAP_NIL)
		return EMAIL_E_PROTOCOL;
	if (!pass(r, 1) || !value(r) || !parameters(r, NULL) || !pass(r, 4))
		return EMAIL_E_PROTOCOL;
	text = text && !disposed_as_attachment(r);
	if ((rc = add_header(r, around)))
		return rc;
	return text ? add_section(r, r->path_len ? "" : "TEXT", NULL, false) : EMAIL_OK;
}

/* The "(" of a body is at hand; at the end its ")". */
static email_code
body(reading *r, const email__imap_boundary *around)
{
	unsigned inside = r->l->depth;
	email_code rc;

	if (++r->level > EMAIL__DEPTH_MAX)
		return EMAIL_E_LIMIT;
	if (!value(r))
		return EMAIL_E_PROTOCOL;
	rc = r->l->token == EMAIL__IMAP_OPEN ? multipart(r, around) : single(r, around);
	r->level--;
	return rc ? rc : leave(r, inside) ? EMAIL_OK : EMAIL_E_PROTOCOL;
}

email_code
email__imap_structure_read(email__imap_plan *plan, email__imap_lex *l, email__arena *a)
{
	reading r = {.plan = plan, .l = l, .a = a};
	email_code rc;

	memset(plan, 0, sizeof *plan);
	if (l->token != EMAIL__IMAP_OPEN)
		return EMAIL_E_PROTOCOL;
	rc = body(&r, NULL);
	return r.starved ? r.starved : rc;
}
