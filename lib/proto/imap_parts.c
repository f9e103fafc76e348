/* SPDX-License-Identifier: MIT */
/*
 * A fetch without attachments: some messages at a time, first their structures, then section by section, a command
 * each, so that they come in the order that they are put together in (imap_structure.h):
 *
 *     UID FETCH set (UID BODYSTRUCTURE) > UID FETCH uid (UID BODY.PEEK[HEADER]) UID FETCH uid ( .. > ..
 *
 * A message whose structure cannot be had comes whole: one section, BODY.PEEK[].
 *
 * The reader goes from section to section by what comes, and by the answers where nothing comes.
 */
#include <string.h>

#include "proto/imap_engine.h"

/* --- commands --- */

/* Plans are used up, and no answer to them is still to come, before the next messages are asked for. */
static bool
structures_due(const imap_fetch *f)
{
	return f->outstanding == 0 && f->read_at == f->planned && f->asked < f->count;
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
	text = email__imap_next_set(f, &set, EMAIL__IMAP_PLANS);
	f->planned = f->asked;
	f->structures = s->frame.pass_long = true;
	return email__imap_fetch_sent(
		s, email__imap_put_fetch(&s->link, email__imap_tag(s), text, "(UID BODYSTRUCTURE)"),
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
	return email__imap_fetch_sent(s, rc, X_SECTION);
}

bool
email__imap_parts_due(const email__imap *s)
{
	const imap_fetch *f = &s->fetch;

	return structures_due(f) || (!f->structures && f->write_at < f->planned);
}

enum imap_state
email__imap_parts_write(email__imap *s)
{
	return structures_due(&s->fetch) ? write_structures(s) : write_section(s);
}

/* --- sections --- */

static const email__imap_step *
step_at_hand(const imap_fetch *f)
{
	return &f->plans[f->read_at - f->first].steps[f->read_step];
}

static enum imap_state
delimiter(email__imap *s, const email__imap_step *step)
{
	enum imap_state next = email__imap_data(s, "\r\n--", 4);

	next = next == S_FAILED ? next
	                        : email__imap_data(s, step->boundary->text, strlen(step->boundary->text));
	if (step->section)
		return next == S_FAILED ? next : email__imap_data(s, "\r\n", 2);
	return next == S_FAILED ? next : email__imap_data(s, "--\r\n", 4);
}

enum imap_state
email__imap_parts_begin(email__imap *s)
{
	const imap_fetch *f = &s->fetch;
	const email__imap_step *step = step_at_hand(f);
	enum imap_state next = s->state;

	if (!f->begun)
		next = email__imap_begin(s);
	return next != S_FAILED && step->boundary ? delimiter(s, step) : next;
}

/* The steps behind the section that was read, up to the next one: what closes a multipart. */
static enum imap_state
close_parts(email__imap *s)
{
	imap_fetch *f = &s->fetch;
	const email__imap_plan *plan = &f->plans[f->read_at - f->first];

	for (f->read_step++; f->read_step < plan->count && !plan->steps[f->read_step].section; f->read_step++)
		if (!email__imap_is_done(f, f->read_at) && delimiter(s, step_at_hand(f)) == S_FAILED)
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

	if (!email__imap_is_done(f, i)) {
		f->now = &f->entries[i];
		if (f->code == EMAIL_OK && f->section_bytes == UINT64_MAX)
			f->code = code;
		if (step_at_hand(f)->header && f->section_bytes == 0)
			next = email__imap_data(s, "\r\n", 2);
	}
	f->section_bytes = UINT64_MAX;
	if (next == S_FAILED || (next = close_parts(s)) == S_FAILED)
		return next;
	if (!email__imap_is_done(f, i) && (f->code || f->read_step == f->plans[i - f->first].count))
		next = email__imap_end_now(s);
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
enum imap_state
email__imap_parts_find(email__imap *s)
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

		f->here = (s->items.uid == 0 || s->items.uid == f->entries[at].number) &&
		          !email__imap_is_done(f, at) &&
		          email__imap_is_section(s, plan->steps[step].section, UINT64_MAX);
		step++;
		to_section(f, &at, &step);
	}
	return f->here ? conclude_before(s, n - 1) : s->state;
}

/* --- structures --- */

/* The first one that has neither plan nor end: where no UID stands in front of a structure, it is its. */
static const email__entry *
unplanned(const imap_fetch *f)
{
	size_t i;

	for (i = f->first; i < f->planned; i++)
		if (!email__imap_is_done(f, i) && f->plans[i - f->first].count == 0)
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
	entry = s->items.uid ? email__imap_find(f, s->items.uid) : unplanned(f);
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
	s->fetching = false; /* the rest of the response with it */
	return s->state;
}

/* Those without plan have vanished, or the server cannot tell their structure, or what it tells makes no sense: they are
 * asked for whole. It is no reason to leave a message, which would come again and again, and be left. */
static enum imap_state
structures_answered(email__imap *s)
{
	static const email__imap_step whole = {.section = ""};
	imap_fetch *f = &s->fetch;
	size_t i;

	f->structures = s->frame.pass_long = false;
	for (i = 0; i < f->planned - f->first; i++)
		if (f->plans[i].count == 0)
			f->plans[i] = (email__imap_plan){(email__imap_step *)(uintptr_t)&whole, 1, 0};
	to_section(f, &f->write_at, &f->write_step);
	to_section(f, &f->read_at, &f->read_step);
	f->section_bytes = UINT64_MAX;
	return S_READY;
}

/* The UID came behind the structure: was it the one that it was taken for? */
void
email__imap_parts_verify(email__imap *s)
{
	imap_fetch *f = &s->fetch;

	if (s->items.uid != f->now->number)
		f->plans[(size_t)(f->now - f->entries) - f->first].count = 0;
	f->now = NULL;
}

enum imap_state
email__imap_parts_answer(email__imap *s, enum imap_expected what, size_t upto, email_code code)
{
	enum imap_state next;

	if (what == X_STRUCTURE)
		return structures_answered(s);
	next = conclude_before(s, upto - 1);
	return next != S_FAILED && s->fetch.read < upto ? conclude(s, code) : next;
}
