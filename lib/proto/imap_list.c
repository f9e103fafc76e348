/* SPDX-License-Identifier: MIT */
/*
 * A list. All messages are one UID FETCH of their numbers. Unseen ones are searched for, in windows of
 * EMAIL__IMAP_WINDOW messages so that each answer is bounded, with what a window had fetched, and told, while the
 * next one is searched:
 *
 *     UID SEARCH 1:4000 UNSEEN > UID FETCH .. UID SEARCH 4001:8000 UNSEEN > UID FETCH .. >
 *
 * In front of a second list on one connection goes NOOP.
 */
#include <string.h>

#include "proto/imap_engine.h"

static const char items[] = "(UID RFC822.SIZE FLAGS INTERNALDATE)";

static imap_range *
ranges(const email__imap *s)
{
	return (imap_range *)(void *)s->list.found.data;
}

static size_t
range_count(const email__imap *s)
{
	return email__buf_len(&s->list.found) / sizeof(imap_range);
}

/* --- asking --- */

email_code
email__imap_list(email__imap *s, bool unseen, uint32_t from)
{
	imap_list *l = &s->list;

	if (!email__imap_ready(s))
		return EMAIL_E_USAGE;
	email__imap_list_end(s);
	/* a server tells of what came in answer to a command alone, and of an empty folder none is asked */
	s->poll = s->folder.listed;
	s->folder.listed = true;
	s->folder.fresh = false;
	l->on = s->poll || s->folder.exists > 0;
	l->unseen = unseen;
	l->from = from ? from : 1;
	l->at = 1;
	return EMAIL_OK;
}

static bool
search_due(const imap_list *l, uint32_t exists)
{
	return l->unseen && !l->searching && l->at <= exists;
}

static bool
fetch_due(const email__imap *s)
{
	return s->list.unseen ? !s->list.searching && s->list.asked < range_count(s) : !s->list.all_asked;
}

bool
email__imap_list_due(const email__imap *s)
{
	const imap_list *l = &s->list;

	return l->on && !s->poll && (fetch_due(s) || search_due(l, s->folder.exists));
}

static enum imap_state
write_search(email__imap *s)
{
	imap_list *l = &s->list;
	uint32_t last = s->folder.exists - l->at < EMAIL__IMAP_WINDOW ? s->folder.exists
	                                                              : l->at + EMAIL__IMAP_WINDOW - 1;
	email_code rc =
		email__imap_put_search(&s->link, email__imap_tag(s), l->at, last, l->from, s->can.esearch);

	l->at = last + 1;
	l->searching = true;
	return email__imap_sent(s, rc, X_SEARCH, S_READY);
}

enum imap_state
email__imap_list_write(email__imap *s)
{
	imap_list *l = &s->list;
	email__imap_set set;
	const imap_range *r = ranges(s);

	if (!fetch_due(s))
		return write_search(s);
	email__imap_set_start(&set);
	if (l->unseen)
		while (l->asked < range_count(s) &&
		       email__imap_set_add(&set, r[l->asked].low, r[l->asked].high))
			l->asked++;
	else
		l->all_asked = email__imap_set_add(&set, l->from, UINT32_MAX);
	l->fetching++;
	return email__imap_sent(
		s, email__imap_put_fetch(&s->link, email__imap_tag(s), email__imap_set_text(&set), items),
		X_LIST, S_READY);
}

/* --- what was found --- */

static enum imap_state
add(email__imap *s, uint32_t low, uint32_t high)
{
	imap_list *l = &s->list;
	imap_range *r = ranges(s), added = {low, high};
	size_t n = range_count(s);
	email_code rc;

	if (n && low <= r[n - 1].high)
		return s->state; /* not ascending: told already, or to be found by the next list */
	if (n && low == r[n - 1].high + 1) {
		r[n - 1].high = high;
		return s->state;
	}
	if ((rc = email__buf_add(&l->found, &added, sizeof added)))
		return email__imap_fail(s, rc,
		                        rc == EMAIL_E_MEMORY
		                                ? "out of memory"
		                                : "the server found more messages than there are");
	return s->state;
}

/* A number, or "low:high", at the front of the text; what may follow is a comma or the end. */
static bool
read_range(const char **p, const char *end, uint32_t *low, uint32_t *high)
{
	uint64_t v[2] = {0, 0};
	unsigned i = 0;

	for (; *p < end && **p != ','; ++*p) {
		if (**p == ':' && i == 0 && v[0])
			i = 1;
		else if (**p >= '0' && **p <= '9' && v[i] <= UINT32_MAX)
			v[i] = v[i] * 10 + (uint64_t)(**p - '0');
		else
			return false;
	}
	*p += *p < end;
	if (i == 0)
		v[1] = v[0];
	*low = (uint32_t)(v[0] < v[1] ? v[0] : v[1]);
	*high = (uint32_t)(v[0] < v[1] ? v[1] : v[0]);
	return v[0] && v[1] && v[0] <= UINT32_MAX && v[1] <= UINT32_MAX;
}

static enum imap_state
add_set(email__imap *s, const char *p, size_t n)
{
	const char *end = p + n;
	uint32_t low, high;

	while (p < end) {
		if (!read_range(&p, end, &low, &high))
			return email__imap_fail(s, EMAIL_E_PROTOCOL,
			                        "the server found messages that have no number");
		s->settle.others = true;
		if (s->list.searching && add(s, low, high) == S_FAILED)
			return S_FAILED;
	}
	return s->state;
}

/* RFC 4731 3.1: what belongs to the search stands behind ALL; the tag and UID in front are passed. */
static bool
to_all(email__imap_lex *l)
{
	while (email__imap_lex_next(l) != EMAIL__IMAP_END && l->token != EMAIL__IMAP_BAD) {
		if (email__imap_lex_is(l, "ALL"))
			return true;
		if (!email__imap_lex_skip(l))
			return false;
	}
	return false;
}

enum imap_state
email__imap_list_found(email__imap *s, email__imap_lex *l, bool extended)
{
	enum imap_state next = s->state;

	if (!email__imap_awaits(s, X_SEARCH) && !email__imap_awaits(s, X_OTHERS))
		return s->state; /* to nothing that was asked */
	if (extended && !to_all(l))
		return s->state;               /* nothing found */
	if (s->list.asked == range_count(s)) { /* the window before this one was told */
		email__buf_clear(&s->list.found);
		s->list.asked = s->list.told = 0;
	}
	while (next != S_FAILED && email__imap_lex_next(l) != EMAIL__IMAP_END) {
		if (l->token == EMAIL__IMAP_OPEN) /* RFC 7162: (MODSEQ n) */
			return s->state;
		if (l->token != EMAIL__IMAP_NUMBER && l->token != EMAIL__IMAP_ATOM)
			return email__imap_fail(s, EMAIL_E_PROTOCOL,
			                        "the server's SEARCH response makes no sense");
		next = add_set(s, l->text, l->n);
		if (extended)
			break;
	}
	return next;
}

/* Was it asked for? UIDs ascend (RFC 3501 2.3.1.1), and so do the ranges. */
static bool
asked_for(email__imap *s, uint32_t uid)
{
	imap_list *l = &s->list;
	const imap_range *r = ranges(s);

	if (uid < l->from || uid <= l->last)
		return false;
	if (!l->unseen)
		return true;
	while (l->told < l->asked && r[l->told].high < uid)
		l->told++;
	return l->told < l->asked && r[l->told].low <= uid;
}

static void
name(char out[EMAIL__UID_MAX + 1], uint32_t validity, uint32_t uid)
{
	char digits[24];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + uid % 10);
	while (uid /= 10);
	digits[--at] = '.';
	do
		digits[--at] = (char)('0' + validity % 10);
	while (validity /= 10);
	memcpy(out, digits + at, sizeof digits - at);
	out[sizeof digits - at] = '\0';
}

enum imap_state
email__imap_list_item(email__imap *s)
{
	const email__imap_items *i = &s->items;
	email__entry entry;

	/* unsolicited ones tell flags alone */
	if (s->list.fetching == 0 || !i->has_size || !asked_for(s, i->uid))
		return s->state;
	s->list.last = i->uid;
	if (i->deleted || !s->events.listed)
		return s->state;
	entry.number = i->uid;
	name(entry.uid, s->folder.validity, i->uid);
	entry.size = i->size;
	entry.seen = i->seen;
	entry.internal_date = i->date;
	s->events.listed(s->events.context, &entry);
	return s->state;
}

/* --- the answers --- */

static void
over_when_done(email__imap *s)
{
	imap_list *l = &s->list;

	if (l->searching || l->fetching || email__imap_list_due(s))
		return;
	email__imap_list_end(s);
}

/* To the NOOP in front of it. */
enum imap_state
email__imap_list_asked(email__imap *s)
{
	s->poll = false;
	if (!s->list.on)
		return S_READY;
	s->folder.fresh = false;
	if (s->folder.exists == 0)
		email__imap_list_end(s);
	return S_READY;
}

enum imap_state
email__imap_list_answer(email__imap *s, enum imap_expected what)
{
	if (what == X_SEARCH)
		s->list.searching = false;
	else
		s->list.fetching--;
	/* NO to a FETCH: some of them are gone (RFC 2180 4.1.2), or could not be looked at; the others were told */
	if (what == X_LIST && s->response.status == EMAIL__IMAP_NO && s->events.incomplete)
		s->events.incomplete(s->events.context, email__imap_refusal(s));
	if (s->response.status == EMAIL__IMAP_BAD_COMMAND ||
	    (what == X_SEARCH && s->response.status == EMAIL__IMAP_NO))
		return email__imap_fail_response(s, EMAIL_E_REFUSED, "the server does not list the messages");
	over_when_done(s);
	return S_READY;
}

void
email__imap_list_end(email__imap *s)
{
	email__buf_dispose(&s->list.found);
	memset(&s->list, 0, sizeof s->list);
	email__buf_init(&s->list.found, EMAIL__IMAP_WINDOW * sizeof(imap_range));
}
