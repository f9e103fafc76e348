/* SPDX-License-Identifier: MIT */
/*
 * A fetch: messages of a batch, in one command as far as a line goes, handed on as they stream.
 *
 *     UID FETCH set (UID BODY.PEEK[]) > begin, data.., end; begin, data.., end; ..
 *
 * Without attachments: imap_parts.c.
 *
 * A body counts for the message whose UID stands in front of it. Where it stands behind, the body is handed on
 * as the next one's that was asked for, and `end` has EMAIL_E_PROTOCOL where it turns out to be another's.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "proto/imap_engine.h"

/* --- asking --- */

email_code
email__imap_fetch(email__imap *s, const email__entry *entries, size_t n, email__extent extent,
                  uint64_t offset)
{
	imap_fetch *f = &s->fetch;
	size_t i;

	if (!email__imap_ready(s) || n > EMAIL__IMAP_BATCH_MAX)
		return EMAIL_E_USAGE;
	for (i = 0; i < n; i++)
		if (entries[i].number <= (i ? entries[i - 1].number : 0))
			return EMAIL_E_USAGE;
	email__imap_fetch_end(s);
	if (extent == EMAIL__EXTENT_NO_ATTACHMENTS &&
	    !(f->plans = email__calloc(EMAIL__IMAP_PLANS, sizeof *f->plans)))
		return EMAIL_E_MEMORY;
	email__arena_init(&f->arena, 4096, EMAIL__IMAP_PLANS_MAX);
	f->entries = entries;
	f->count = n;
	f->extent = extent;
	f->offset = offset;
	return EMAIL_OK;
}

/* --- events --- */

/* What an event returned: the first no decides about the message; a cancel about the session. */
static enum imap_state
heard(email__imap *s, email_code rc)
{
	if (rc == EMAIL_E_CANCELLED)
		return email__imap_fail(s, EMAIL_E_CANCELLED, "cancelled");
	if (s->fetch.code == EMAIL_OK)
		s->fetch.code = rc;
	return s->state;
}

enum imap_state
email__imap_begin(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	f->begun = true;
	return s->events.begin ? heard(s, s->events.begin(s->events.context, f->now)) : s->state;
}

enum imap_state
email__imap_data(email__imap *s, const char *bytes, size_t n)
{
	if (n == 0 || s->fetch.code || !s->events.data)
		return s->state;
	return heard(s, s->events.data(s->events.context, bytes, n));
}

/* Message i has its end. */
enum imap_state
email__imap_end(email__imap *s, size_t i, email_code code)
{
	imap_fetch *f = &s->fetch;
	email_code rc;

	f->done[i / 8] |= (unsigned char)(1u << (i % 8));
	while (f->next < f->count && email__imap_is_done(f, f->next))
		f->next++;
	f->now = NULL;
	f->begun = f->sink = f->guessed = false;
	f->code = EMAIL_OK;
	rc = s->events.end ? s->events.end(s->events.context, &f->entries[i], code) : EMAIL_OK;
	return rc == EMAIL_E_CANCELLED && s->state != S_FAILED ? heard(s, rc) : s->state;
}

enum imap_state
email__imap_end_now(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	return email__imap_end(s, (size_t)(f->now - f->entries), f->code);
}

/* All before `upto` that had none get theirs. */
static enum imap_state
end_before(email__imap *s, size_t upto, email_code code)
{
	while (s->fetch.next < upto && s->fetch.next < s->fetch.count)
		if (email__imap_end(s, s->fetch.next, code) == S_FAILED)
			return S_FAILED;
	return s->state;
}

static void
over_when_done(email__imap *s)
{
	if (s->fetch.next == s->fetch.count && s->fetch.outstanding == 0)
		email__imap_fetch_end(s);
}

/* --- commands --- */

enum imap_state
email__imap_fetch_sent(email__imap *s, email_code rc, enum imap_expected what)
{
	s->fetch.outstanding++;
	return email__imap_sent(s, rc, what, S_READY);
}

static bool
by_parts(const imap_fetch *f)
{
	return f->extent == EMAIL__EXTENT_NO_ATTACHMENTS;
}

bool
email__imap_fetch_due(const email__imap *s)
{
	const imap_fetch *f = &s->fetch;

	if (!by_parts(f))
		return f->asked < f->count;
	return f->count && email__imap_parts_due(s);
}

/* As many of the entries as go in one line, and at most `most`. */
const char *
email__imap_next_set(imap_fetch *f, email__imap_set *set, size_t most)
{
	size_t stop = f->count - f->asked < most ? f->count : f->asked + most;

	email__imap_set_start(set);
	while (f->asked < stop &&
	       email__imap_set_add(set, f->entries[f->asked].number, f->entries[f->asked].number))
		f->asked++;
	return email__imap_set_text(set);
}

enum imap_state
email__imap_fetch_write(email__imap *s)
{
	imap_fetch *f = &s->fetch;
	uint32_t tag = email__imap_tag(s);
	email__imap_set set;
	const char *text;
	email_code rc;

	if (by_parts(f))
		return email__imap_parts_write(s);
	text = email__imap_next_set(f, &set, f->count);
	if (f->extent == EMAIL__EXTENT_FROM)
		rc = email__imap_put_partial(&s->link, tag, text, f->offset);
	else
		rc = email__imap_put_fetch(&s->link, tag, text,
		                           f->extent == EMAIL__EXTENT_HEADER ? "(UID BODY.PEEK[HEADER])"
		                                                             : "(UID BODY.PEEK[])");
	return email__imap_fetch_sent(s, rc, X_FETCH);
}

/* --- bodies --- */

/* The message that was asked for by this UID and has no end; NULL for none. */
const email__entry *
email__imap_find(const imap_fetch *f, uint32_t uid)
{
	size_t low = f->next, high = f->asked;

	if (low < high && f->entries[low].number == uid)
		return &f->entries[low];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->entries[middle].number < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->asked && f->entries[low].number == uid && !email__imap_is_done(f, low)
	               ? &f->entries[low]
	               : NULL;
}

/* Is the section at hand this one? */
bool
email__imap_is_section(const email__imap *s, const char *section, uint64_t origin)
{
	return strlen(section) == s->items.section_len && s->items.origin == origin &&
	       email__str_equal_n(section, s->items.section, s->items.section_len);
}

/* What is asked for of whole messages. */
static bool
wanted(const email__imap *s)
{
	const imap_fetch *f = &s->fetch;

	return email__imap_is_section(s, f->extent == EMAIL__EXTENT_HEADER ? "HEADER" : "",
	                              f->extent == EMAIL__EXTENT_FROM ? f->offset : UINT64_MAX);
}

/* A quoted string as a body, backslashes resolved, in pieces. */
static enum imap_state
quoted(email__imap *s, const email__imap_lex *l)
{
	email__imap_lex part = *l;
	char text[257];
	size_t n, left = l->n;

	if (!l->escaped)
		return email__imap_data(s, l->text, l->n);
	while (left && s->state != S_FAILED) {
		part.n = left < sizeof text - 1 ? left : sizeof text - 1;
		/* a backslash is not torn from what it stands for: count those in front of the cut */
		for (n = 0; n < part.n; n += part.text[n] == '\\' ? 2 : 1)
			;
		part.n = n > part.n ? part.n - 1 : part.n;
		n = email__imap_lex_text(&part, text, sizeof text);
		if (email__imap_data(s, text, n) == S_FAILED)
			return S_FAILED;
		part.text += part.n;
		left -= part.n;
	}
	return s->state;
}

/* The value that is at hand, or streams, is of the message at hand. */
static enum imap_state
body(email__imap *s, email__imap_lex *l)
{
	imap_fetch *f = &s->fetch;
	enum imap_state next;

	/* expunged meanwhile (RFC 2180 4.1.2); a part that is empty may be NIL too */
	if (l->token == EMAIL__IMAP_NIL && (!by_parts(f) || f->read_step == 0)) {
		if (f->code == EMAIL_OK)
			f->code = EMAIL_E_UNKNOWN;
		return s->state;
	}
	next = by_parts(f) ? email__imap_parts_begin(s) : email__imap_begin(s);
	if (next == S_FAILED)
		return next;
	f->sink = true;
	if (l->token != EMAIL__IMAP_STRING)
		return next;
	f->section_bytes = l->n;
	return quoted(s, l);
}

/* The message that a body at hand is of; NULL: not asked for, told already, or twice in one response. */
static const email__entry *
owner(const email__imap *s)
{
	const imap_fetch *f = &s->fetch;

	if (f->now || !wanted(s))
		return NULL;
	if (s->items.uid)
		return email__imap_find(f, s->items.uid);
	return f->next < f->asked ? &f->entries[f->next] : NULL;
}

enum imap_state
email__imap_fetch_section(email__imap *s, email__imap_lex *l)
{
	imap_fetch *f = &s->fetch;
	const email__entry *entry;

	f->sink = false;
	if (f->outstanding == 0 || f->structures)
		return s->state;
	if (by_parts(f)) {
		if (email__imap_parts_find(s) == S_FAILED)
			return S_FAILED;
		if (!f->here || email__imap_is_done(f, f->read_at)) /* done: one in front of it is missing */
			return s->state;
		f->section_bytes = 0;
		entry = &f->entries[f->read_at];
	} else if (!(entry = owner(s)))
		return s->state;
	f->now = entry;
	f->guessed = s->items.uid == 0;
	return body(s, l);
}

enum imap_state
email__imap_fetch_data(email__imap *s, const char *bytes, size_t n)
{
	if (!s->fetch.sink)
		return s->state;
	s->fetch.section_bytes += n;
	return email__imap_data(s, bytes, n);
}

enum imap_state
email__imap_fetch_item(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	f->sink = false;
	if (!f->now)
		return s->state;
	if (f->structures) {
		email__imap_parts_verify(s);
		return s->state;
	}
	if (f->guessed && s->items.uid != f->now->number && f->code == EMAIL_OK)
		f->code = EMAIL_E_PROTOCOL;
	return by_parts(f) ? s->state : email__imap_end_now(s);
}

/* --- the answers --- */

enum imap_state
email__imap_fetch_answer(email__imap *s, enum imap_expected what, size_t upto)
{
	/* yes, but nothing came: it is gone */
	email_code code = s->response.status == EMAIL__IMAP_OK ? EMAIL_E_UNKNOWN : email__imap_refusal(s);
	enum imap_state next;

	s->fetch.outstanding--;
	if (what == X_FETCH)
		next = end_before(s, upto, code);
	else
		next = email__imap_parts_answer(s, what, upto, code);
	if (next == S_FAILED)
		return next;
	over_when_done(s);
	return S_READY;
}

void
email__imap_fetch_broken(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	if (f->now && f->begun) /* the one that is open before those that are not */
		email__imap_end(s, (size_t)(f->now - f->entries), f->code ? f->code : s->link.error.code);
	while (f->next < f->count)
		email__imap_end(s, f->next, s->link.error.code);
	email__imap_fetch_end(s);
}

void
email__imap_fetch_end(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	email__arena_dispose(&f->arena);
	email__free(f->plans);
	memset(f, 0, sizeof *f);
}
