/* SPDX-License-Identifier: MIT */
#include "proto/imap_items.h"

#include <string.h>

#include "base/calendar.h"
#include "base/str.h"

/* --- dates --- */

/* The digits of a pattern's place; -1 where there is something else. A space counts as 0 (date-day-fixed). */
static int
number(const char *p, size_t n)
{
	int v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!email__is_digit(p[i]) && !(i == 0 && p[i] == ' '))
			return -1;
		v = v * 10 + (p[i] == ' ' ? 0 : p[i] - '0');
	}
	return v;
}

static int
month(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++)
		if (email__str_equal_n(names + i * 3, p, 3))
			return i + 1;
	return 0;
}

int64_t
email__imap_date(const char *text, size_t n)
{
	static const char pattern[] = "99-AAA-9999 99:99:99 +9999";
	int day, year, mon, hour, minute, second, zone, y, m, d;
	int64_t days;
	size_t i;

	if (n != sizeof pattern - 1)
		return 0;
	for (i = 0; i < n; i++)
		if ((pattern[i] == '-' || pattern[i] == ':' || pattern[i] == ' ') && text[i] != pattern[i])
			return 0;
	day = number(text, 2);
	mon = month(text + 3);
	year = number(text + 7, 4);
	hour = number(text + 12, 2);
	minute = number(text + 15, 2);
	second = number(text + 18, 2);
	zone = number(text + 22, 4);
	if (day < 1 || mon < 1 || year < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60 || zone < 0 || zone % 100 > 59 || zone > 2359 ||
	    (text[21] != '+' && text[21] != '-'))
		return 0;
	days = email__calendar_days(year, mon, day);
	email__calendar_date(days, &y, &m, &d);
	if (y != year || m != mon || d != day)
		return 0;
	zone = (zone / 100 * 60 + zone % 100) * (text[21] == '-' ? -60 : 60);
	return days * 86400 + hour * 3600 + minute * 60 + second - zone;
}

/* --- items --- */

bool
email__imap_items_start(email__imap_items *items, email__imap_lex *l)
{
	memset(items, 0, sizeof *items);
	return email__imap_lex_next(l) == EMAIL__IMAP_OPEN;
}

void
email__imap_items_resume(const email__imap_items *items, email__imap_lex *l, const char *text, size_t n)
{
	email__imap_lex_start(l, text, n, items->depth);
}

static bool
flags(email__imap_items *items, email__imap_lex *l)
{
	if (l->token != EMAIL__IMAP_OPEN)
		return false;
	items->has_flags = true;
	items->seen = items->deleted = false;
	for (;;)
		switch (email__imap_lex_next(l)) {
		case EMAIL__IMAP_ATOM:
			items->seen = items->seen || email__imap_lex_is(l, "\\Seen");
			items->deleted = items->deleted || email__imap_lex_is(l, "\\Deleted");
			break;
		case EMAIL__IMAP_NUMBER:
		case EMAIL__IMAP_NIL: break; /* odd keywords */
		case EMAIL__IMAP_CLOSE: return true;
		case EMAIL__IMAP_STRING:
		case EMAIL__IMAP_STREAM:
		case EMAIL__IMAP_OPEN:
		case EMAIL__IMAP_END:
		case EMAIL__IMAP_BAD: return false;
		}
}

/* "BODY[section]<origin>", the atom at hand: true where it is one. */
static bool
section(email__imap_items *items, const email__imap_lex *l)
{
	const char *close, *p, *end = l->text + l->n;

	if (l->n < 6 || !email__str_equal_n(l->text, "BODY[", 5))
		return false;
	for (close = end; close > l->text && close[-1] != ']'; close--)
		;
	items->section = l->text + 5;
	items->section_len = (size_t)(close - 1 - items->section);
	items->origin = UINT64_MAX;
	if (close == end)
		return true;
	if (*close != '<' || end[-1] != '>' || end - close < 3 || end - close > 20)
		return false;
	items->origin = 0;
	for (p = close + 1; p < end - 1; p++) {
		if (!email__is_digit(*p))
			return false;
		items->origin = items->origin * 10 + (uint64_t)(*p - '0');
	}
	return true;
}

/* Which of the items that are gathered the atom at hand names. */
typedef enum name { NAME_OTHER, NAME_UID, NAME_SIZE, NAME_FLAGS, NAME_DATE, NAME_STRUCTURE } name;

static name
name_of(const email__imap_lex *l)
{
	switch (email__lower(l->text[0])) {
	case 'u': return email__imap_lex_is(l, "UID") ? NAME_UID : NAME_OTHER;
	case 'r': return email__imap_lex_is(l, "RFC822.SIZE") ? NAME_SIZE : NAME_OTHER;
	case 'f': return email__imap_lex_is(l, "FLAGS") ? NAME_FLAGS : NAME_OTHER;
	case 'i': return email__imap_lex_is(l, "INTERNALDATE") ? NAME_DATE : NAME_OTHER;
	case 'b': return email__imap_lex_is(l, "BODYSTRUCTURE") ? NAME_STRUCTURE : NAME_OTHER;
	default: return NAME_OTHER;
	}
}

/* The value at hand belongs to `what`; false where it cannot. */
static bool
gather(email__imap_items *items, email__imap_lex *l, name what)
{
	switch (what) {
	case NAME_UID:
		if (l->token != EMAIL__IMAP_NUMBER || l->number == 0 || l->number > UINT32_MAX)
			return false;
		items->uid = (uint32_t)l->number;
		return true;
	case NAME_SIZE: /* one that is none makes this message's size unknown, no more */
		items->has_size = true;
		items->size = l->token == EMAIL__IMAP_NUMBER ? l->number : UINT64_MAX;
		return email__imap_lex_skip(l);
	case NAME_FLAGS: return flags(items, l);
	case NAME_DATE:
		items->date = l->token == EMAIL__IMAP_STRING ? email__imap_date(l->text, l->n) : 0;
		return email__imap_lex_skip(l);
	case NAME_STRUCTURE:
	case NAME_OTHER: return email__imap_lex_skip(l);
	}
	return false;
}

email__imap_item
email__imap_items_next(email__imap_items *items, email__imap_lex *l)
{
	/* what the caller did not read is passed */
	if (items->structure && l->token == EMAIL__IMAP_OPEN && !email__imap_lex_skip(l))
		return EMAIL__IMAP_ITEM_BROKEN;
	items->structure = false;
	for (;;) {
		email__imap_token t = email__imap_lex_next(l);
		bool is_section;
		name what;

		if (t == EMAIL__IMAP_CLOSE)
			return l->depth == 0 ? EMAIL__IMAP_ITEM_DONE : EMAIL__IMAP_ITEM_BROKEN;
		items->depth = l->depth;
		if (t == EMAIL__IMAP_END)
			return EMAIL__IMAP_ITEM_CUT;
		if (t != EMAIL__IMAP_ATOM)
			return EMAIL__IMAP_ITEM_BROKEN;
		is_section = section(items, l);
		what = is_section ? NAME_OTHER : name_of(l);
		t = email__imap_lex_next(l);
		if (is_section &&
		    (t == EMAIL__IMAP_STRING || t == EMAIL__IMAP_NIL || t == EMAIL__IMAP_STREAM))
			return EMAIL__IMAP_ITEM_SECTION;
		if (what == NAME_STRUCTURE && t == EMAIL__IMAP_OPEN) {
			items->structure = true;
			return EMAIL__IMAP_ITEM_STRUCTURE;
		}
		if (is_section || t == EMAIL__IMAP_CLOSE || t == EMAIL__IMAP_STREAM ||
		    !gather(items, l, what))
			return EMAIL__IMAP_ITEM_BROKEN;
	}
}
