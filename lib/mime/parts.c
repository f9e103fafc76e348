/* SPDX-License-Identifier: MIT */
#include "mime/parts.h"

#include <string.h>

void
email__parts_tell(email__parse *p, email_defect defect)
{
	uint64_t bit = UINT64_C(1) << defect;

	if (p->defects & bit)
		return;
	p->defects |= bit;
	if (p->events.defect)
		p->events.defect(p->context, defect, p->level[p->depth].number);
}

email_code
email__parts_begin(email__parse *p, uint64_t at, bool digest)
{
	email__parse_level *level = &p->level[p->depth];
	unsigned parent = p->depth ? level[-1].number : 0;

	level->number = p->parts++;
	level->multipart = level->seen = level->digest = false;
	level->boundary_n = 0;
	p->header_at = at;
	p->fields = 0;
	p->header_n = 0;
	p->once = 0;
	p->scanned = 0;
	p->state = EMAIL__PARSE_HEADER;
	email__entity_init(&p->entity, digest);
	return p->events.part ? p->events.part(p->context, level->number, parent, p->depth) : EMAIL_OK;
}

email_code
email__parts_end(email__parse *p, unsigned first, uint64_t at)
{
	for (;;) {
		email__parse_level *level = &p->level[p->depth];
		email_code rc;

		if (level->boundary_n) {
			email__parts_tell(p, level->seen ? EMAIL_DEFECT_END_BOUNDARY
			                                 : EMAIL_DEFECT_BOUNDARY_MISSING);
			level->boundary_n = 0;
			p->open--;
		}
		p->end_at = at;
		if (p->events.end && (rc = p->events.end(p->context, level->number)))
			return rc;
		if (p->depth == first)
			return EMAIL_OK;
		p->depth--;
	}
}

/* Whether what the header calls a multipart or message is opened; `multipart` and `message` say so then. */
static void
judge(email__parse *p)
{
	email__entity *e = &p->entity;
	bool opens = e->multipart || e->message;

	if (e->broken_type)
		email__parts_tell(p, EMAIL_DEFECT_CONTENT_TYPE);
	if (e->encoding[0] && !email__entity_identity(e)) {
		/* RFC 2045 6.4. A multipart is opened all the same: its boundaries are there, or they are not. */
		if (opens)
			email__parts_tell(p, EMAIL_DEFECT_ENCODED_MULTIPART);
		else if (!email__entity_known(e))
			email__parts_tell(p, EMAIL_DEFECT_UNKNOWN_ENCODING);
		e->message = false;
	}
	if (e->multipart && !e->boundary_n) {
		email__parts_tell(p, EMAIL_DEFECT_NO_BOUNDARY);
		e->multipart = false;
	}
	opens = e->multipart || e->message;
	if (opens && p->depth == EMAIL__DEPTH_MAX) {
		email__parts_tell(p, EMAIL_DEFECT_TOO_DEEP);
		e->multipart = e->message = false;
	}
	if (e->message && p->parts == EMAIL__READ_PARTS_MAX) {
		email__parts_tell(p, EMAIL_DEFECT_TOO_MANY_PARTS);
		e->message = false;
	}
}

email_code
email__parts_body(email__parse *p, uint64_t at)
{
	email__parse_level *level = &p->level[p->depth];
	email__entity *e = &p->entity;
	email_code rc;

	judge(p);
	p->body_at = at;
	p->fresh = true;
	p->line_n = 0;
	p->state = e->multipart ? EMAIL__PARSE_BETWEEN : EMAIL__PARSE_LEAF;
	if (p->events.body && (rc = p->events.body(p->context, e->type, e->charset, e->encoding)))
		return rc;
	if (e->message) {
		p->depth++;
		return email__parts_begin(p, at, false);
	}
	if (e->multipart) {
		level->multipart = true;
		level->digest = strcmp(e->type, "multipart/digest") == 0;
		level->boundary_n = (unsigned char)e->boundary_n;
		memcpy(level->boundary, e->boundary, e->boundary_n);
		p->open++;
	}
	return EMAIL_OK;
}

int
email__parts_find(const email__parse *p, const char *line, size_t n, bool *final)
{
	int i;

	/* a longer one would have to be held back without end */
	if (n > EMAIL__LINE_MAX + 1)
		return -1;
	n -= line[n - 1] == '\r';
	/* "transport padding" (RFC 2046 5.1.1) */
	while (line[n - 1] == ' ' || line[n - 1] == '\t')
		n--;
	line += 2;
	n -= 2;
	for (i = (int)p->depth; i >= 0; i--) {
		const email__parse_level *level = &p->level[i];
		size_t own = level->boundary_n;

		*final = n == own + 2 && line[own] == '-' && line[own + 1] == '-';
		if (own && (n == own || *final) && memcmp(line, level->boundary, own) == 0)
			return i;
	}
	return -1;
}

email_code
email__parts_turn(email__parse *p, unsigned depth, bool final, uint64_t end, uint64_t next)
{
	email__parse_level *level = &p->level[depth];
	email_code rc;

	if (p->depth > depth) {
		if ((rc = email__parts_end(p, depth + 1, end)))
			return rc;
		p->depth = depth;
	}
	level->seen = true;
	p->state = EMAIL__PARSE_BETWEEN;
	p->fresh = !final;
	p->line_n = 0;
	if (final) {
		level->boundary_n = 0;
		p->open--;
		return EMAIL_OK;
	}
	if (p->parts == EMAIL__READ_PARTS_MAX) {
		email__parts_tell(p, EMAIL_DEFECT_TOO_MANY_PARTS);
		return EMAIL_OK;
	}
	p->depth++;
	return email__parts_begin(p, next, level->digest);
}
