/* SPDX-License-Identifier: MIT */
/*
 * A fetch: messages of a batch, in one command as far as a line goes, handed on as they stream.
 *
 *     UID FETCH set (UID BODY.PEEK[]) > begin, data.., end; begin, data.., end; ..
 *
 * Without attachments it is some messages at a time: first their structures, then section by section, a command
 * each, so that they come in the order that they are put together in (imap_structure.h):
 *
 *     UID FETCH set (UID BODYSTRUCTURE) > UID FETCH uid (UID BODY.PEEK[HEADER]) UID FETCH uid ( .. > ..
 *
 * The reader goes from section to section by what comes, and by the answers where nothing comes.
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

static bool
is_done(const imap_fetch *f, size_t i)
{
	return f->done[i / 8] >> (i % 8) & 1;
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

static enum imap_state
begin(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	f->begun = true;
	return s->events.begin ? heard(s, s->events.begin(s->events.context, f->now)) : s->state;
}

static enum imap_state
data(email__imap *s, const char *bytes, size_t n)
{
	if (n == 0 || s->fetch.code || !s->events.data)
		return s->state;
	return heard(s, s->events.data(s->events.context, bytes, n));
}

/* Message i has its end. */
static enum imap_state
end(email__imap *s, size_t i, email_code code)
{
	imap_fetch *f = &s->fetch;
	email_code rc;

	f->done[i / 8] |= (unsigned char)(1u << (i % 8));
	while (f->next < f->count && is_done(f, f->next))
		f->next++;
	f->now = NULL;
	f->begun = f->sink = f->guessed = false;
	f->code = EMAIL_OK;
	rc = s->events.end ? s->events.end(s->events.context, &f->entries[i], code) : EMAIL_OK;
	return rc == EMAIL_E_CANCELLED && s->state != S_FAILED ? heard(s, rc) : s->state;
}

static enum imap_state
end_now(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	return end(s, (size_t)(f->now - f->entries), f->code);
}

/* All before `upto` that had none get theirs. */
static enum imap_state
end_before(email__imap *s, size_t upto, email_code code)
{
	while (s->fetch.next < upto && s->fetch.next < s->fetch.count)
		if (end(s, s->fetch.next, code) == S_FAILED)
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

static enum imap_state
sent(email__imap *s, email_code rc, enum imap_expected what)
{
	s->fetch.outstanding++;
	return email__imap_sent(s, rc, what, S_READY);
}

static bool
by_parts(const imap_fetch *f)
{
	return f->extent == EMAIL__EXTENT_NO_ATTACHMENTS;
}

/* Plans are made, or used up, before the next messages are asked for. */
static bool
structures_due(const imap_fetch *f)
{
	return !f->structures && f->read_at == f->planned && f->asked < f->count;
}

bool
email__imap_fetch_due(const email__imap *s)
{
	const imap_fetch *f = &s->fetch;

	if (!by_parts(f))
		return f->asked < f->count;
	return f->count && (structures_due(f) || (!f->structures && f->write_at < f->planned));
}

/* As many of the entries as go in one line, and at most `most`. */
static const char *
next_set(imap_fetch *f, email__imap_set *set, size_t most)
{
	size_t stop = f->count - f->asked < most ? f->count : f->asked + most;

	email__imap_set_start(set);
	while (f->asked < stop &&
	       email__imap_set_add(set, f->entries[f->asked].number, f->entries[f->asked].number))
		f->asked++;
	return email__imap_set_text(set);
}

static enum imap_state
write_structures(email__imap *s)
{
	imap_fetch *f = &s->fetch;
	email__imap_set set;
	const char *text;

	f->first = f->read_at = f->write_at = f->asked;
	f->read_step = f->write_step = f->read = f->written = 0;
	email__arena_dispose(&f->arena);
	email__arena_init(&f->arena, 4096, EMAIL__IMAP_PLANS_MAX);
	memset(f->plans, 0, EMAIL__IMAP_PLANS * sizeof *f->plans);
	text = next_set(f, &set, EMAIL__IMAP_PLANS);
	f->planned = f->asked;
	f->structures = true;
	return sent(s, email__imap_put_fetch(&s->link, email__imap_tag(s), text, "(UID BODYSTRUCTURE)"),
	            X_STRUCTURE);
}

/* From (at, step) on: the next step that is fetched, or the end of the plans. */
static void
to_section(const imap_fetch *f, size_t *at, size_t *step)
{
	for (; *at < f->planned; ++*at, *step = 0) {
		const email__imap_plan *plan = &f->plans[*at - f->first];

		while (*step < plan->count && !plan->steps[*step].section)
			++*step;
		if (*step < plan->count)
			return;
	}
}

static enum imap_state
write_section(email__imap *s)
{
	imap_fetch *f = &s->fetch;
	const char *section = f->plans[f->write_at - f->first].steps[f->write_step].section;
	email_code rc = email__imap_put_section(&s->link, email__imap_tag(s), f->entries[f->write_at].number,
	                                        section);

	f->write_step++;
	f->written++;
	to_section(f, &f->write_at, &f->write_step);
	return sent(s, rc, X_SECTION);
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
		return structures_due(f) ? write_structures(s) : write_section(s);
	text = next_set(f, &set, f->count);
	if (f->extent == EMAIL__EXTENT_FROM)
		rc = email__imap_put_partial(&s->link, tag, text, f->offset);
	else
		rc = email__imap_put_fetch(&s->link, tag, text,
		                           f->extent == EMAIL__EXTENT_HEADER ? "(UID BODY.PEEK[HEADER])"
		                                                             : "(UID BODY.PEEK[])");
	return sent(s, rc, X_FETCH);
}

/* --- bodies --- */

/* The message that was asked for by this UID and has no end; NULL for none. */
static const email__entry *
find(const imap_fetch *f, uint32_t uid)
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
	return low < f->asked && f->entries[low].number == uid && !is_done(f, low) ? &f->entries[low] : NULL;
}

static const email__imap_step *
step_at_hand(const imap_fetch *f)
{
	return &f->plans[f->read_at - f->first].steps[f->read_step];
}

/* Is the section at hand this one? */
static bool
is_section(const email__imap *s, const char *section, uint64_t origin)
{
	return strlen(section) == s->items.section_len && s->items.origin == origin &&
	       email__str_equal_n(section, s->items.section, s->items.section_len);
}

/* What is asked for of whole messages. */
static bool
wanted(const email__imap *s)
{
	const imap_fetch *f = &s->fetch;

	return is_section(s, f->extent == EMAIL__EXTENT_HEADER ? "HEADER" : "",
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
		return data(s, l->text, l->n);
	while (left && s->state != S_FAILED) {
		part.n = left < sizeof text - 1 ? left : sizeof text - 1;
		/* a backslash is not torn from what it stands for: count those in front of the cut */
		for (n = 0; n < part.n; n += part.text[n] == '\\' ? 2 : 1)
			;
		part.n = n > part.n ? part.n - 1 : part.n;
		n = email__imap_lex_text(&part, text, sizeof text);
		if (data(s, text, n) == S_FAILED)
			return S_FAILED;
		part.text += part.n;
		left -= part.n;
	}
	return s->state;
}

static enum imap_state
delimiter(email__imap *s, const email__imap_step *step)
{
	enum imap_state next = data(s, "\r\n--", 4);

	next = next == S_FAILED ? next : data(s, step->boundary->text, strlen(step->boundary->text));
	if (step->section)
		return next == S_FAILED ? next : data(s, "\r\n", 2);
	return next == S_FAILED ? next : data(s, "--\r\n", 4);
}

static enum imap_state
begin_section(email__imap *s)
{
	const imap_fetch *f = &s->fetch;
	const email__imap_step *step = step_at_hand(f);
	enum imap_state next = s->state;

	if (!f->begun)
		next = begin(s);
	return next != S_FAILED && step->boundary ? delimiter(s, step) : next;
}

/* The steps behind the section that was read, up to the next one: what closes a multipart. */
static enum imap_state
close_parts(email__imap *s)
{
	imap_fetch *f = &s->fetch;
	const email__imap_plan *plan = &f->plans[f->read_at - f->first];

	for (f->read_step++; f->read_step < plan->count && !plan->steps[f->read_step].section; f->read_step++)
		if (!is_done(f, f->read_at) && delimiter(s, step_at_hand(f)) == S_FAILED)
			return S_FAILED;
	return s->state;
}

/* The section that is read is over; `code`: why, where nothing of it came. */
static enum imap_state
conclude(email__imap *s, email_code code)
{
	imap_fetch *f = &s->fetch;
	size_t i = f->read_at;
	enum imap_state next = s->state;

	if (!is_done(f, i)) {
		f->now = &f->entries[i];
		if (f->code == EMAIL_OK && f->section_bytes == UINT64_MAX)
			f->code = code;
		if (step_at_hand(f)->header && f->section_bytes == 0)
			next = data(s, "\r\n", 2);
	}
	f->section_bytes = UINT64_MAX;
	if (next == S_FAILED || (next = close_parts(s)) == S_FAILED)
		return next;
	if (!is_done(f, i) && (f->code || f->read_step == f->plans[i - f->first].count))
		next = end_now(s);
	f->read++;
	to_section(f, &f->read_at, &f->read_step);
	if (f->read_at != i)
		f->code = EMAIL_OK;
	return next;
}

/* Those in front of the n-th section are over, for it is here. */
static enum imap_state
conclude_before(email__imap *s, size_t n)
{
	while (s->fetch.read < n)
		if (conclude(s, EMAIL_E_UNKNOWN) == S_FAILED)
			return S_FAILED;
	return s->state;
}

/* To the section at hand, among those that were asked for and did not come: `here` says whether it is one. The answers
 * to those in front of it may be still to come; their data are not. */
static enum imap_state
to_asked_section(email__imap *s)
{
	imap_fetch *f = &s->fetch;
	size_t at = f->read_at, step = f->read_step, n = f->read;

	f->here = false;
	if (f->section_bytes != UINT64_MAX && n < f->written) {
		step++;
		to_section(f, &at, &step);
		n++;
	}
	for (; n < f->written && !f->here; n++) {
		const email__imap_plan *plan = &f->plans[at - f->first];

		f->here = (s->items.uid == 0 || s->items.uid == f->entries[at].number) && !is_done(f, at) &&
		          is_section(s, plan->steps[step].section, UINT64_MAX);
		step++;
		to_section(f, &at, &step);
	}
	return f->here ? conclude_before(s, n - 1) : s->state;
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
	next = by_parts(f) ? begin_section(s) : begin(s);
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
		return find(f, s->items.uid);
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
		if (to_asked_section(s) == S_FAILED)
			return S_FAILED;
		if (!f->here || is_done(f, f->read_at)) /* done: one in front of it is missing */
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
	return data(s, bytes, n);
}

enum imap_state
email__imap_fetch_item(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	f->sink = false;
	if (!f->now)
		return s->state;
	if (f->structures) {
		if (s->items.uid != f->now->number)
			f->plans[(size_t)(f->now - f->entries) - f->first].count = 0;
		f->now = NULL;
		return s->state;
	}
	if (f->guessed && s->items.uid != f->now->number && f->code == EMAIL_OK)
		f->code = EMAIL_E_PROTOCOL;
	return by_parts(f) ? s->state : end_now(s);
}

/* --- structures --- */

/* The first one that has neither plan nor end: where no UID stands in front of a structure, it is its. */
static const email__entry *
unplanned(const imap_fetch *f)
{
	size_t i;

	for (i = f->first; i < f->planned; i++)
		if (!is_done(f, i) && f->plans[i - f->first].count == 0)
			return &f->entries[i];
	return NULL;
}

enum imap_state
email__imap_fetch_structure(email__imap *s, email__imap_lex *l)
{
	imap_fetch *f = &s->fetch;
	const email__entry *entry;
	email__imap_plan *plan;
	email_code rc;

	if (!f->structures)
		return s->state;
	entry = s->items.uid ? find(f, s->items.uid) : unplanned(f);
	if (!entry)
		return s->state;
	plan = &f->plans[(size_t)(entry - f->entries) - f->first];
	if (plan->count)
		return s->state; /* twice */
	rc = email__imap_structure_read(plan, l, &f->arena);
	if (rc == EMAIL_OK) {
		f->now = s->items.uid ? NULL : entry; /* until its UID is there */
		return s->state;
	}
	plan->count = 0;
	if (rc == EMAIL_E_MEMORY)
		return email__imap_fail(s, rc, "out of memory");
	/* of this message alone, and the rest of the response with it */
	s->fetching = false;
	return end(s, (size_t)(entry - f->entries), rc);
}

/* Those without plan have vanished, or are refused. */
static enum imap_state
structures_answered(email__imap *s, email_code code)
{
	imap_fetch *f = &s->fetch;
	size_t i;

	f->structures = false;
	for (i = f->first; i < f->planned; i++)
		if (!is_done(f, i) && f->plans[i - f->first].count == 0 && end(s, i, code) == S_FAILED)
			return S_FAILED;
	to_section(f, &f->write_at, &f->write_step);
	to_section(f, &f->read_at, &f->read_step);
	f->section_bytes = UINT64_MAX;
	return S_READY;
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
	else if (what == X_STRUCTURE)
		next = structures_answered(s, code);
	else {
		next = conclude_before(s, upto - 1);
		if (next != S_FAILED && s->fetch.read < upto)
			next = conclude(s, code);
	}
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
		end(s, (size_t)(f->now - f->entries), f->code ? f->code : s->link.error.code);
	while (f->next < f->count)
		end(s, f->next, s->link.error.code);
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
