/* SPDX-License-Identifier: MIT */
/*
 * What the server says of its own accord (RFC 3501 7): at any time, between any two responses. It counts only where
 * something waits for it; what nobody knows is passed over.
 */
#include <string.h>

#include "base/error.h"
#include "proto/imap_engine.h"

void
email__imap_codes(email__imap *s)
{
	const email__imap_response *r = &s->response;

	if (email__imap_response_has(r, "CAPABILITY"))
		email__imap_capabilities_read(&s->can, r->argument, r->argument_len);
	if (!email__imap_response_has(r, "ALERT"))
		return;
	email__printable(s->alert, sizeof s->alert, r->text, r->text_len);
	email__link_log(&s->link, '*', s->alert, strlen(s->alert));
}

static enum imap_state
news(email__imap *s)
{
	bool told = (s->idling && !s->done_sent) || email__imap_awaits(s, X_NOOP);

	s->folder.fresh = true;
	if (told && s->events.news)
		s->events.news(s->events.context);
	return s->state;
}

static enum imap_state
untagged_status(email__imap *s)
{
	const email__imap_response *r = &s->response;
	uint32_t validity = email__imap_response_number(r);

	email__imap_codes(s);
	if (r->status == EMAIL__IMAP_BYE) {
		s->bye = true;
		return email__imap_awaits(s, X_LOGOUT)
		               ? s->state
		               : email__imap_fail_response(s, EMAIL_E_CLOSED, "the server ends the session");
	}
	if (email__imap_response_has(r, "UIDVALIDITY") && validity) {
		if (s->folder.open && s->folder.validity != validity)
			return email__imap_fail(s, EMAIL_E_TEMPORARY, "the folder was made anew meanwhile");
		s->folder.validity = validity;
	}
	return s->state;
}

/* "* 12 EXISTS" and its like. */
static enum imap_state
numbered(email__imap *s, email__imap_lex *l, uint32_t number)
{
	imap_folder *f = &s->folder;
	uint32_t before = f->exists;

	if (email__imap_lex_is(l, "EXISTS")) {
		if (number > EMAIL__IMAP_MESSAGES_MAX)
			return email__imap_fail(s, EMAIL_E_LIMIT, "more than %d messages are in the folder",
			                        EMAIL__IMAP_MESSAGES_MAX);
		f->exists = number;
		return number > before && f->open ? news(s) : s->state;
	}
	if (email__imap_lex_is(l, "RECENT")) {
		before = f->recent;
		f->recent = number;
		return number > before && f->open ? news(s) : s->state;
	}
	if (email__imap_lex_is(l, "EXPUNGE") && number && number <= f->exists) {
		f->exists--;
		if (number <
		    s->list.at) /* those behind it moved up, some of them out of what is still to be searched */
			s->list.at--;
	}
	return s->state;
}

/* A FETCH response, or what follows a literal in it. */
enum imap_state
email__imap_fetched(email__imap *s, email__imap_lex *l)
{
	enum imap_state next;

	for (;;) {
		switch (email__imap_items_next(&s->items, l)) {
		case EMAIL__IMAP_ITEM_SECTION: next = email__imap_fetch_section(s, l); break;
		case EMAIL__IMAP_ITEM_STRUCTURE: next = email__imap_fetch_structure(s, l); break;
		case EMAIL__IMAP_ITEM_CUT:
			return s->frame.inside
			               ? s->state
			               : email__imap_fail(s, EMAIL_E_PROTOCOL,
			                                  "the server's FETCH response ends too early");
		case EMAIL__IMAP_ITEM_DONE:
			s->fetching = false;
			next = email__imap_list_item(s);
			return next == S_FAILED ? next : email__imap_fetch_item(s);
		case EMAIL__IMAP_ITEM_BROKEN:
		default:
			return email__imap_fail(s, EMAIL_E_PROTOCOL,
			                        "the server's FETCH response makes no sense");
		}
		if (next == S_FAILED || !s->fetching)
			return next;
	}
}

enum imap_state
email__imap_untagged(email__imap *s, const char *text, size_t n)
{
	email__imap_lex l;
	uint64_t number;

	if (email__imap_response_read(&s->response, text, n) != EMAIL__IMAP_NONE)
		return untagged_status(s);
	email__imap_lex_start(&l, text, n, 0);
	email__imap_lex_next(&l);
	if (l.token == EMAIL__IMAP_NUMBER) {
		number = l.number;
		email__imap_lex_next(&l);
		if (email__imap_lex_is(&l, "FETCH")) {
			s->fetching = email__imap_items_start(&s->items, &l);
			return s->fetching ? email__imap_fetched(s, &l)
			                   : email__imap_fail(s, EMAIL_E_PROTOCOL,
			                                      "the server's FETCH response makes no sense");
		}
		return number <= UINT32_MAX ? numbered(s, &l, (uint32_t)number) : s->state;
	}
	if (email__imap_lex_is(&l, "CAPABILITY"))
		email__imap_capabilities_read(&s->can, l.p, (size_t)(l.end - l.p));
	else if (email__imap_lex_is(&l, "ENABLED") && email__imap_awaits(s, X_ENABLE))
		s->utf8 = email__imap_enabled_utf8(l.p, (size_t)(l.end - l.p)) || s->utf8;
	else if (email__imap_lex_is(&l, "SEARCH") || email__imap_lex_is(&l, "ESEARCH"))
		return email__imap_list_found(s, &l, l.n == 7);
	return s->state; /* FLAGS, LIST, ID, VANISHED, and what nobody knows */
}
