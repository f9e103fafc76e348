/* SPDX-License-Identifier: MIT */
/*
 * The machine runs over a window of bytes: what was pushed, as it lies there, or what was carried over from
 * earlier pushes and as much of the new one as it takes to be done with that. Each state takes what it can
 * decide on; what is left is carried: a field, or in a body the line end that may belong to a boundary, and
 * the beginning of a line that may be one.
 */
#include "mime/parse.h"

#include <string.h>

#include "base/str.h"
#include "codec/lex.h"
#include "mime/field.h"
#include "mime/lines.h"
#include "mime/parts.h"

typedef struct window {
	const char *s;
	size_t i, n; /* s[i, n) is to be done; s[0] is at `at` */
	bool last;   /* there is no more behind it */
	bool more;   /* nothing can be decided without more */
} window;

/* --- bodies --- */

/* How much of a body is decided on, where no boundary is in sight. */
static const char *
undecided(const email__parse *p, const window *w, const email__lines *l)
{
	size_t n = (size_t)(l->end - l->line);

	if (w->last)
		return l->end;
	if (p->open && n <= EMAIL__LINE_MAX + 1 && memcmp(l->line, "--", n < 2 ? n : 2) == 0)
		return l->hold;
	/* a CR may have its LF yet */
	return l->end - (n && l->end[-1] == '\r');
}

/* What is wrong with the lines up to `stop`. */
static void
tell_lines(email__parse *p, const char *start, const email__lines *l, const char *stop)
{
	const uint64_t seen = UINT64_C(1) << EMAIL_DEFECT_BARE_CR | UINT64_C(1) << EMAIL_DEFECT_NUL;
	bool nul;

	if (stop < l->line)
		stop = l->line;
	if (l->bare_lf)
		email__parts_tell(p, EMAIL_DEFECT_BARE_LF);
	if (l->too_long || (size_t)(stop - l->line) + l->before > EMAIL__LINE_MAX)
		email__parts_tell(p, EMAIL_DEFECT_LINE_TOO_LONG);
	if ((p->defects & seen) == seen)
		return;
	if (email__lines_crs(start, (size_t)(stop - start), &nul) != l->crlf)
		email__parts_tell(p, EMAIL_DEFECT_BARE_CR);
	if (nul)
		email__parts_tell(p, EMAIL_DEFECT_NUL);
}

static email_code
content(email__parse *p, const char *s, size_t n)
{
	return p->state == EMAIL__PARSE_LEAF && n && p->events.data ? p->events.data(p->context, s, n)
	                                                            : EMAIL_OK;
}

/* A run of lines up to a boundary, or to what cannot be decided. */
static email_code
body(email__parse *p, window *w)
{
	const char *start = w->s + w->i, *lf = NULL, *stop;
	email__lines l;
	int level = -1;
	bool final = false, found;
	email_code rc;

	email__lines_init(&l, start, w->n - w->i, p->line_n);
	found = p->fresh && w->n - w->i >= 2 && memcmp(start, "--", 2) == 0;
	for (; level < 0 && (found || email__lines_next(&l)); found = false) {
		if (!p->open)
			continue;
		lf = memchr(l.line, '\n', (size_t)(l.end - l.line));
		if (!lf && !w->last)
			break;
		level = email__parts_find(p, l.line, (size_t)((lf ? lf : l.end) - l.line), &final);
	}
	stop = level < 0 ? undecided(p, w, &l) : l.hold;
	tell_lines(p, start, &l, stop);
	if ((rc = content(p, start, (size_t)(stop - start))))
		return rc;
	w->i = (size_t)(stop - w->s);
	if (level < 0) {
		p->fresh = p->fresh && stop == start;
		p->line_n = stop >= l.line ? l.before + (size_t)(stop - l.line) : 0;
		w->more = true;
		return EMAIL_OK;
	}
	if (!lf)
		lf = l.end;
	else if (!final && lf[-1] != '\r')
		email__parts_tell(p, EMAIL_DEFECT_BARE_LF);
	/* the line end behind an end boundary belongs to the next one, if that follows at once */
	w->i = (size_t)((final ? lf - (lf[-1] == '\r') : lf + (lf < l.end)) - w->s);
	return email__parts_turn(p, (unsigned)level, final, p->at + (size_t)(stop - w->s), p->at + w->i);
}

/* --- headers --- */

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

/* A whole line of a header, up to its LF. */
static void
tell_line(email__parse *p, const char *line, const char *lf)
{
	bool cr = lf > line && lf[-1] == '\r';

	if (!cr)
		email__parts_tell(p, EMAIL_DEFECT_BARE_LF);
	if ((size_t)(lf - line) - cr > EMAIL__LINE_MAX)
		email__parts_tell(p, EMAIL_DEFECT_LINE_TOO_LONG);
}

static void
tell_all(email__parse *p, uint64_t defects)
{
	unsigned i;

	for (i = 0; defects; i++, defects >>= 1)
		if (defects & 1)
			email__parts_tell(p, (email_defect)i);
}

/* What the parser itself must know. */
static void
understand(email__parse *p, email__field_kind kind, const char *value, size_t n)
{
	if (kind == EMAIL__FIELD_OTHER)
		return;
	if (p->once & UINT32_C(1) << kind)
		email__parts_tell(p, EMAIL_DEFECT_HEADER_REPEATED);
	p->once |= UINT32_C(1) << kind;
	if (kind == EMAIL__FIELD_CONTENT_TYPE)
		email__entity_type(&p->entity, value, n);
	else if (kind == EMAIL__FIELD_CONTENT_TRANSFER_ENCODING)
		email__entity_encoding(&p->entity, value, n);
}

/* A field, with its last line end where it was not cut. */
static email_code
take_field(email__parse *p, const char *field, size_t n)
{
	size_t at = p->value_at;

	if (p->fields == EMAIL__FIELDS_READ_MAX || n > EMAIL__HEADER_READ_MAX - p->header_n) {
		email__parts_tell(p, EMAIL_DEFECT_TOO_MANY_HEADERS);
		p->fields = EMAIL__FIELDS_READ_MAX;
		return EMAIL_OK;
	}
	p->fields++;
	p->header_n += n;
	/* a field is a name and a colon at least: NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	if (field[n - 1] == '\n')
		n -= field[n - 2] == '\r' ? 2 : 1;
	while (at < n && is_white(field[at]))
		at++;
	tell_all(p, email__field_defects(field + at, n - at));
	understand(p, email__field_kind_of(field, p->name_n), field + at, n - at);
	return p->events.field ? p->events.field(p->context, field, p->name_n, field + at, n - at) : EMAIL_OK;
}

/* A field over the maximum: as much as is allowed, without a piece of a character at its end. */
static email_code
cut_field(email__parse *p, window *w)
{
	const char *field = w->s + w->i;
	size_t n = EMAIL__FIELD_READ_MAX;

	email__parts_tell(p, EMAIL_DEFECT_HEADER_TOO_LONG);
	if (n - p->line_at > EMAIL__LINE_MAX)
		email__parts_tell(p, EMAIL_DEFECT_LINE_TOO_LONG);
	p->state = EMAIL__PARSE_REST;
	p->line_n = 1;
	w->i += n;
	while (EMAIL__FIELD_READ_MAX - n < 3 && ((unsigned char)field[n - 1] & 0xc0) == 0x80)
		n--;
	n -= (unsigned char)field[n - 1] >= 0xc0 || field[n - 1] == '\r';
	return take_field(p, field, n);
}

/* To the end of the field: a line end without white space behind it (RFC 5322 2.2.3). */
static email_code
gather(email__parse *p, window *w)
{
	const char *field = w->s + w->i, *end = w->s + w->n, *at = field + p->scanned;

	for (;;) {
		const char *lf;

		if (at[-1] == '\n') {
			if (at < end ? !is_white(*at) : w->last)
				break;
			if (at == end)
				goto more;
			p->line_at = (size_t)(at - field);
		}
		lf = memchr(at, '\n', (size_t)(end - at));
		at = lf ? lf + 1 : end;
		if ((size_t)(at - field) > EMAIL__FIELD_READ_MAX)
			return cut_field(p, w);
		if (lf)
			tell_line(p, field + p->line_at, lf);
		else if (w->last)
			break;
		else
			goto more;
	}
	p->state = EMAIL__PARSE_HEADER;
	p->scanned = 0;
	w->i = (size_t)(at - w->s);
	return take_field(p, field, (size_t)(at - field));
more:
	p->scanned = (size_t)(at - field);
	w->more = true;
	return EMAIL_OK;
}

/* What is left out: the rest of a line, and its continuations. Nobody looks at what is in there. */
static void
rest(email__parse *p, window *w)
{
	for (;;) {
		const char *lf;

		if (!p->line_n && w->i < w->n && !is_white(w->s[w->i]))
			break;
		lf = memchr(w->s + w->i, '\n', w->n - w->i);
		if (!lf) {
			p->line_n += w->n - w->i;
			w->i = w->n;
			w->more = !w->last;
			if (w->more)
				return;
			break;
		}
		w->i = (size_t)(lf + 1 - w->s);
		p->line_n = 0;
	}
	p->state = EMAIL__PARSE_HEADER;
	p->scanned = 0;
}

/* A line that is no field, or the boundary of a part: content begins here, as for Postfix and others. */
static email_code
break_off(email__parse *p, window *w, bool boundary)
{
	uint64_t at = p->at + w->i;
	bool message = p->depth == 0 || !p->level[p->depth - 1].multipart;

	if (message && at == p->header_at) {
		email__parts_tell(p, EMAIL_DEFECT_NO_HEADER);
	} else if (w->i < w->n) {
		email__parts_tell(p, EMAIL_DEFECT_NO_HEADER_END);
		if (!boundary)
			email__parts_tell(p, EMAIL_DEFECT_HEADER_LINE);
	}
	return email__parts_body(p, at);
}

/* A line that begins no field, or at the very end nothing. */
static email_code
take_other(email__parse *p, window *w, const char *line, size_t n, const char *lf)
{
	bool final, dashes = n >= 2 && line[0] == '-' && line[1] == '-';

	if (lf && n == (size_t)(n && line[0] == '\r')) {
		bool empty = p->header_at == p->at + w->i && (!p->depth || !p->level[p->depth - 1].multipart);

		tell_line(p, line, lf);
		if (empty)
			email__parts_tell(p, EMAIL_DEFECT_NO_HEADER);
		w->i += n + 1;
		return email__parts_body(p, p->at + w->i);
	}
	if ((n >= 5 && memcmp(line, "From ", 5) == 0) || (n >= 6 && memcmp(line, ">From ", 6) == 0)) {
		email__parts_tell(p, EMAIL_DEFECT_HEADER_LINE);
		p->state = EMAIL__PARSE_REST;
		p->line_n = 1;
		return EMAIL_OK;
	}
	return break_off(p, w, dashes && email__parts_find(p, line, n, &final) >= 0);
}

/* A header that begins with a continuation has lost what that continued; it goes on behind it, if a field follows.
 * But a blank line in front of what may be content is taken for the empty one. */
static email_code
take_continuation(email__parse *p, window *w)
{
	const char *line = w->s + w->i, *lf;
	size_t n = w->n - w->i, most = n <= EMAIL__LINE_MAX ? n : EMAIL__LINE_MAX + 1, at = 0, value_at = 0,
	       i;
	bool blank = p->depth && p->level[p->depth - 1].multipart, field = false;

	do {
		lf = memchr(line + at, '\n', most - at);
		at = lf ? (size_t)(lf + 1 - line) : most;
	} while (at < most && is_white(line[at]));
	if (at < most)
		field = email__field_name(line + at, most - at, &value_at) > 0;
	w->more = !field && n <= EMAIL__LINE_MAX && !w->last && value_at + at >= most + (value_at > 0);
	if (w->more)
		return EMAIL_OK;
	for (i = 0; i < at && blank; i++)
		blank = email__is_white(line[i]);
	if (!field || blank)
		return break_off(p, w, false);
	email__parts_tell(p, EMAIL_DEFECT_HEADER_LINE);
	w->i += at;
	p->scanned = 0;
	return EMAIL_OK;
}

static email_code
header(email__parse *p, window *w)
{
	const char *line = w->s + w->i;
	size_t n = w->n - w->i;
	const char *lf = n > p->scanned ? memchr(line + p->scanned, '\n', n - p->scanned) : NULL;
	bool final;

	if (n && is_white(line[0]) && p->header_at == p->at + w->i)
		return take_continuation(p, w);
	if (!lf && !w->last && n <= EMAIL__LINE_MAX + 1) {
		p->scanned = n;
		w->more = true;
		return EMAIL_OK;
	}
	if (lf)
		n = (size_t)(lf - line);
	p->name_n = email__field_name(line, n, &p->value_at);
	if (!p->name_n)
		return take_other(p, w, line, n, lf);
	if (p->open && line[0] == '-' && line[1] == '-' && email__parts_find(p, line, n, &final) >= 0)
		return break_off(p, w, true);
	p->state = EMAIL__PARSE_FIELD;
	p->line_at = 0;
	p->scanned = p->value_at;
	return gather(p, w);
}

/* --- in front of it --- */

/* At the very beginning, where editors put it that know nothing of mail. */
static const char byte_order_mark[] = "\xEF\xBB\xBF";

static email_code
start(email__parse *p, window *w)
{
	email_code rc;

	for (; w->i < w->n; p->blank = true) {
		const char *s = w->s + w->i;
		size_t n = w->n - w->i, value_at;

		bool first = p->at + w->i == 0;

		w->more = !w->last && ((n == 1 && *s == '\r') || (n < 5 && memcmp(s, "From ", n) == 0) ||
		                       (first && n < 3 && memcmp(s, byte_order_mark, n) == 0));
		if (w->more)
			return EMAIL_OK;
		/* "From  :" is the author's field (RFC 5322 4.5.2, A.6.3) */
		if (n >= 5 && memcmp(s, "From ", 5) == 0 && !email__field_name(s, n, &value_at)) {
			w->more = !w->last && value_at > n;
			if (!w->more)
				p->state = EMAIL__PARSE_MBOX;
			return EMAIL_OK;
		}
		if (*s == '\n')
			w->i++;
		else if (first && n >= 3 && memcmp(s, byte_order_mark, 3) == 0)
			w->i += 3;
		else if (n > 1 && s[0] == '\r' && s[1] == '\n')
			w->i += 2;
		else
			break;
	}
	w->more = !w->last && w->i == w->n;
	if (w->more)
		return EMAIL_OK;
	rc = email__parts_begin(p, p->at + w->i, false);
	if (!rc && p->blank)
		email__parts_tell(p, EMAIL_DEFECT_NO_HEADER);
	return rc;
}

static void
mbox(email__parse *p, window *w)
{
	const char *lf = memchr(w->s + w->i, '\n', w->n - w->i);

	w->i = lf ? (size_t)(lf + 1 - w->s) : w->n;
	w->more = !lf && !w->last;
	if (!w->more)
		p->state = EMAIL__PARSE_START;
}

/* --- all of it --- */

static email_code
step(email__parse *p, window *w)
{
	switch ((email__parse_state)p->state) {
	case EMAIL__PARSE_START: return start(p, w);
	case EMAIL__PARSE_MBOX: mbox(p, w); return EMAIL_OK;
	case EMAIL__PARSE_HEADER: return header(p, w);
	case EMAIL__PARSE_FIELD: return gather(p, w);
	case EMAIL__PARSE_REST: rest(p, w); return EMAIL_OK;
	case EMAIL__PARSE_LEAF:
	case EMAIL__PARSE_BETWEEN: return body(p, w);
	case EMAIL__PARSE_ENDED: break;
	}
	return EMAIL_E_USAGE;
}

/* How much was done with. */
static size_t
run(email__parse *p, const void *bytes, size_t n, bool last)
{
	window w = {bytes, 0, n, last, false};

	while (!p->rc && !w.more)
		p->rc = step(p, &w);
	p->at += w.i;
	return w.i;
}

/* Adds to what is carried a line at most, and runs over that. How much of the new bytes was done with. */
static size_t
run_carried(email__parse *p, const char *s, size_t n)
{
	const char *lf;
	size_t left;

	n = n < EMAIL__LINE_MAX ? n : EMAIL__LINE_MAX;
	n = n < email__buf_left(&p->carry) ? n : email__buf_left(&p->carry);
	lf = memchr(s, '\n', n);
	if (lf)
		n = (size_t)(lf + 1 - s);
	p->rc = email__buf_add(&p->carry, s, n);
	if (p->rc)
		return 0;
	email__buf_consume(&p->carry, run(p, email__buf_head(&p->carry), email__buf_len(&p->carry), false));
	left = email__buf_len(&p->carry);
	if (left > n)
		return n;
	/* what is left of the new ones goes on where it lies */
	email__buf_clear(&p->carry);
	return n - left;
}

email_code
email__parse_push(email__parse *p, const void *bytes, size_t size)
{
	const char *s = bytes;
	size_t n;

	while (!p->rc && size && email__buf_len(&p->carry)) {
		n = run_carried(p, s, size);
		s += n;
		size -= n;
	}
	if (p->rc || !size)
		return p->rc;
	n = run(p, s, size, false);
	if (!p->rc)
		p->rc = email__buf_add(&p->carry, s + n, size - n);
	return p->rc;
}

email_code
email__parse_end(email__parse *p)
{
	size_t n = email__buf_len(&p->carry);

	if (p->rc)
		return p->rc;
	run(p, n ? (const char *)email__buf_head(&p->carry) : "", n, true);
	email__buf_clear(&p->carry);
	if (!p->rc)
		p->rc = email__parts_end(p, 0, p->at);
	p->state = EMAIL__PARSE_ENDED;
	return p->rc;
}

void
email__parse_reset(email__parse *p)
{
	email__buf_clear(&p->carry);
	p->header_at = p->body_at = p->end_at = p->at = 0;
	p->depth = p->parts = p->open = 0;
	p->state = EMAIL__PARSE_START;
	p->blank = false;
	p->defects = 0;
	p->rc = EMAIL_OK;
}

void
email__parse_init(email__parse *p, const email_parser_events *events, void *context)
{
	memset(p, 0, sizeof *p);
	p->events = *events;
	p->context = context;
	/* one more than a field, which tells that it goes on */
	email__buf_init(&p->carry, EMAIL__FIELD_READ_MAX + 1);
}

void
email__parse_dispose(email__parse *p)
{
	email__buf_dispose(&p->carry);
}
