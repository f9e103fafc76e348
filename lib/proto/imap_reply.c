/* SPDX-License-Identifier: MIT */
/* A response: a tagged one finds the command that it answers, and leads to the next state; so does "+"; what is untagged
 * may come at any time (imap_untagged.c). */
#include <string.h>

#include "base/error.h"
#include "proto/imap_engine.h"

/* --- what a tagged response leads to --- */

static enum imap_state
reply_to(email__imap *s, enum imap_expected what, size_t upto)
{
	bool ok = s->response.status == EMAIL__IMAP_OK;

	switch (what) {
	case X_GREETING: return email__imap_answer_greeting(s);
	case X_CAPABILITY:
		if (!ok || !s->can.known)
			return email__imap_fail_response(s, EMAIL_E_PROTOCOL,
			                                 "the server tells no capabilities");
		return email__imap_introduced(s);
	case X_STARTTLS: return email__imap_answer_starttls(s);
	case X_AUTH:
	case X_LOGIN: return email__imap_answer_login(s, what);
	case X_CANCEL: return email__imap_fail(s, EMAIL_E_PROTOCOL, "the server's challenge makes no sense");
	case X_ID: /* a courtesy: Courier says no */
	case X_ENABLE: return s->state == S_WAIT && s->expected == 0 ? S_FOLDER : s->state;
	case X_FOLDER: return email__imap_answer_folder(s);
	case X_SEARCH:
	case X_LIST: return email__imap_list_answer(s, what);
	case X_FETCH:
	case X_STRUCTURE:
	case X_SECTION: return email__imap_fetch_answer(s, what, upto);
	case X_FLAG:
	case X_DELETE:
	case X_EXPUNGE:
	case X_OTHERS:
	case X_MOVE:
	case X_COPY:
	case X_CREATE: return email__imap_settle_answer(s, what);
	case X_NOOP: return email__imap_list_asked(s);
	case X_IDLE: return email__imap_answer_idle(s);
	case X_LOGOUT: return S_CLOSED; /* whatever it says */
	}
	return S_FAILED;
}

static const email_stage stage_of[] = {
	[X_GREETING] = EMAIL_STAGE_GREETING,  [X_CAPABILITY] = EMAIL_STAGE_CAPABILITIES,
	[X_STARTTLS] = EMAIL_STAGE_STARTTLS,  [X_AUTH] = EMAIL_STAGE_AUTHENTICATE,
	[X_LOGIN] = EMAIL_STAGE_AUTHENTICATE, [X_CANCEL] = EMAIL_STAGE_AUTHENTICATE,
	[X_ID] = EMAIL_STAGE_MAILBOX,         [X_ENABLE] = EMAIL_STAGE_MAILBOX,
	[X_FOLDER] = EMAIL_STAGE_MAILBOX,     [X_SEARCH] = EMAIL_STAGE_MAILBOX,
	[X_LIST] = EMAIL_STAGE_MAILBOX,       [X_FETCH] = EMAIL_STAGE_FETCH,
	[X_STRUCTURE] = EMAIL_STAGE_FETCH,    [X_SECTION] = EMAIL_STAGE_FETCH,
	[X_FLAG] = EMAIL_STAGE_MAILBOX,       [X_DELETE] = EMAIL_STAGE_MAILBOX,
	[X_EXPUNGE] = EMAIL_STAGE_MAILBOX,    [X_OTHERS] = EMAIL_STAGE_MAILBOX,
	[X_MOVE] = EMAIL_STAGE_MAILBOX,       [X_COPY] = EMAIL_STAGE_MAILBOX,
	[X_CREATE] = EMAIL_STAGE_MAILBOX,     [X_NOOP] = EMAIL_STAGE_MAILBOX,
	[X_IDLE] = EMAIL_STAGE_MAILBOX,       [X_LOGOUT] = EMAIL_STAGE_NONE,
};

email_stage
email__imap_stage(enum imap_expected what)
{
	return stage_of[what];
}

/* --- responses --- */

static enum imap_state
unasked(email__imap *s, const char *text, size_t n)
{
	char shown[80];

	email__printable(shown, sizeof shown, text, n);
	return email__imap_fail(s, EMAIL_E_PROTOCOL, "the server answered what it was not asked: \"%s\"",
	                        shown);
}

static enum imap_state
tagged(email__imap *s, const char *text, size_t n)
{
	const char *rest;
	unsigned i = email__imap_find_tag(s, text, n, &rest), at = (s->head + i) % EMAIL__IMAP_COMMANDS;
	enum imap_expected what = s->ring[at].what;
	size_t upto = s->ring[at].upto;

	if (!email__imap_asked_for(s, i) || what == X_GREETING)
		return unasked(s, text, n);
	switch (email__imap_response_read(&s->response, rest, n - (size_t)(rest - text))) {
	case EMAIL__IMAP_OK:
	case EMAIL__IMAP_NO:
	case EMAIL__IMAP_BAD_COMMAND: break;
	case EMAIL__IMAP_BYE:
	case EMAIL__IMAP_PREAUTH:
	case EMAIL__IMAP_NONE: return unasked(s, text, n);
	}
	s->untagged = 0;
	s->patience = 2 * s->folder.exists;
	email__imap_codes(s);
	s->link.stage = stage_of[what];
	email__imap_remove(s, i);
	return reply_to(s, what, upto);
}

/* "+": a challenge, the go-ahead for a literal, or for IDLE. */
static enum imap_state
continuation(email__imap *s, const char *text, size_t n)
{
	enum imap_expected what = s->ring[s->head].what;

	if (!email__imap_asked_for(s, 0))
		return unasked(s, text, n);
	if (what == X_AUTH || (what == X_LOGIN && s->rest.parts)) {
		s->link.stage = stage_of[what];
		return email__imap_continue(s, text + 1, n - 1);
	}
	if (what == X_IDLE && !s->idling)
		return email__imap_idling(s);
	return unasked(s, text, n);
}

enum imap_state
email__imap_take_piece(email__imap *s, const char *text, size_t n, bool first)
{
	email__imap_lex l;

	if (!first) {
		if (!s->fetching)
			return s->state; /* a literal of something else: passed over */
		email__imap_items_resume(&s->items, &l, text, n);
		return email__imap_fetched(s, &l);
	}
	s->link.progress++;
	if (s->expected && s->ring[s->head].what == X_GREETING) {
		if (n > 2 && memcmp(text, "* ", 2) == 0 &&
		    email__imap_response_read(&s->response, text + 2, n - 2) != EMAIL__IMAP_NONE) {
			email__imap_codes(s);
			s->head = (s->head + 1) % EMAIL__IMAP_COMMANDS;
			s->expected--;
			return email__imap_answer_greeting(s);
		}
		return email__imap_fail(s, EMAIL_E_PROTOCOL, "the server does not speak IMAP");
	}
	if (n && text[0] == '+')
		return continuation(s, text, n);
	if (n > 2 && memcmp(text, "* ", 2) == 0) {
		if (s->untagged++ > EMAIL__IMAP_UNTAGGED_MAX + s->patience)
			return email__imap_fail(s, EMAIL_E_PROTOCOL,
			                        "the server talks without end, and does not answer");
		return email__imap_untagged(s, text + 2, n - 2);
	}
	return tagged(s, text, n);
}
