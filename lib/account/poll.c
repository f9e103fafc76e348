/* SPDX-License-Identifier: MIT */
#include "account/poll_inner.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/clock.h"
#include "os/file.h"

/* The longest that a server is left waiting in IDLE: RFC 2177 says 29 minutes, routers and Gmail forget a connection
 * after ten. */
#define IDLE_MS (9L * 60 * 1000)

bool
email__poll_read_only(const email__poll *p)
{
	return p->peek || !p->on_message || !email__fate_told(p->account);
}

/* --- errors that do not end the session --- */

email_code
email__poll_note(email__poll *p, email_code code, const email_error *e, const char *what)
{
	if (e && e->code)
		p->error = p->error.code ? p->error : *e;
	else
		email__error_set(&p->error, code, EMAIL_STAGE_FETCH, "%s: %s", what, email_code_text(code));
	/* a poll is there: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (p->error.stage == EMAIL_STAGE_NONE)
		p->error.stage = EMAIL_STAGE_FETCH;
	return code;
}

email_code
email__poll_note_why(email__poll *p, email_code code, const char *what)
{
	email__poll_note(p, code, &p->why, what);
	email__error_clear(&p->why);
	return code;
}

/* --- the poll --- */

/* Whose mailbox it is. IMAP's UIDs carry their UIDVALIDITY themselves. */
static email_code
open_handed(email__poll *p)
{
	email_account *a = p->account;
	char *folder = a->owner ? a->owner->state_folder(a->owner->service) : NULL, *uids = NULL,
	     *path = NULL;
	email_code rc = EMAIL_E_MEMORY;
	email__buf scope;

	email__buf_init(&scope, 4 * EMAIL__TEXT_MAX);
	if (email__buf_addf(&scope, "%s %s %s %s", email__fate_pop3(a) ? "pop3" : "imap", a->v.hostname,
	                    a->v.auth_account, email__fate_pop3(a) ? "" : a->v.folder) ||
	    !email__buf_text(&scope))
		goto out;
	if (folder) {
		if (!(uids = email__path_join(folder, "uids")) || !(path = email__path_join(uids, a->name)))
			goto out;
		if (!p->peek && (rc = email__folder_make(uids, &a->error)))
			goto out;
	}
	if (p->handed && strcmp(email__handed_scope(p->handed), email__buf_text(&scope)) != 0) {
		email__handed_close(p->handed);
		p->handed = NULL;
	}
	if (!p->handed)
		p->handed = p->peek && path ? email__handed_look(path, email__buf_text(&scope), &a->error)
		                            : email__handed_open(path, email__buf_text(&scope), &a->error);
	rc = p->handed ? EMAIL_OK : a->error.code;
out:
	if (rc == EMAIL_E_MEMORY)
		email__error_memory(&a->error, EMAIL_STAGE_MAILBOX);
	email__buf_dispose(&scope);
	email__free(path);
	email__free(uids);
	email__free(folder);
	return rc;
}

email_code
email__poll_begin(email__poll *p, email_account *account, email_receive_fn on_message, void *context,
                  bool peek, bool watch)
{
	email_code rc;

	p->account = account;
	p->on_message = on_message;
	p->context = context;
	p->peek = peek;
	p->watch = watch;
	p->state = EMAIL__POLL_NONE;
	p->outstanding = p->left = 0;
	p->news = p->stop = false;
	email__error_clear(&p->error);
	if (!p->scratch_made) {
		char *folder = account->owner ? account->owner->state_folder(account->owner->service) : NULL;
		email_error ignored = {0};

		if (folder && email__folder_make(folder, &ignored)) {
			email__free(folder);
			folder = NULL;
		}
		rc = email__scratch_init(&p->scratch, folder, EMAIL__RECEIVED_MEMORY);
		email__free(folder);
		if (rc)
			return email__error_memory(&account->error, EMAIL_STAGE_MAILBOX);
		p->scratch_made = true;
	}
	return EMAIL_OK;
}

email_code
email__poll_open(email__poll *p)
{
	return p->on_message ? open_handed(p) : EMAIL_OK;
}

static email_code
list(email__poll *p, email__engine *e)
{
	p->whole.count = p->headers.count = p->owed.count = 0;
	p->whole_at = p->headers_at = p->owed_at = 0;
	p->bytes = 0;
	p->left = 0;
	p->news = false;
	if (p->handed)
		email__handed_list_begin(p->handed);
	p->state = EMAIL__POLL_LISTING;
	return e->mailbox->list(e->box, email__fate_lists_unseen(p->account));
}

typedef struct owing {
	email__poll *poll;
	email__engine *engine;
} owing;

/* It is marked \Deleted already, or read by somebody: not in the list, but not what the policy wants either. */
static void
owe(void *context, const char *uid)
{
	const owing *o = context;
	email__entry entry;

	if (o->engine->mailbox->entry(o->engine->box, uid, &entry) &&
	    !email__poll_add(&o->poll->owed, &entry))
		email__poll_note(o->poll, EMAIL_E_MEMORY, NULL, "a message could not be settled");
}

/* A list of the unread ones alone says nothing of the others. */
static void
end_list(email__poll *p, email__engine *engine)
{
	owing o = {p, engine};
	email_error e = {0};
	email_code rc;

	p->account->left = p->left;
	if (p->handed && engine->mailbox->entry && !email__poll_read_only(p))
		email__handed_owed(p->handed, owe, &o);
	if (p->handed && !p->peek && !email__fate_lists_unseen(p->account) && p->error.code == EMAIL_OK &&
	    (rc = email__handed_list_end(p->handed, &e)))
		email__poll_note(p, rc, &e, "");
	/* still so after what is gone was forgotten: the next poll will not be better off */
	if (p->left && p->error.code == EMAIL_OK && !email__poll_can_remember(p)) {
		email__error_set(&p->error, EMAIL_E_LIMIT, EMAIL_STAGE_MAILBOX,
		                 "more than %d messages are remembered", EMAIL__HANDED_MAX);
		email__error_remedy(&p->error,
		                    "Delete messages on the server, or set deliveryPolicy to Delete");
	}
}

/* What the handler accepted goes to the server, as many as it takes in one go. */
static email_code
settle(email__poll *p, email__engine *e)
{
	const email_account *a = p->account;
	email_code rc = EMAIL_OK;

	while (p->owed_at < p->owed.count && rc == EMAIL_OK) {
		rc = e->mailbox->settle(e->box, &p->owed.item[p->owed_at], email__fate_of(a),
		                        email__fate_moves(a));
		if (rc == EMAIL_OK) {
			p->owed_at++;
			p->outstanding++;
		}
	}
	return rc == EMAIL_E_LIMIT && p->outstanding ? EMAIL_OK : rc;
}

/* The next batch of a list. */
static email_code
fetch(email__engine *e, const email__entries *list, size_t *at, email__extent extent)
{
	size_t n = list->count - *at;
	email_code rc;

	if (n > e->mailbox->batch)
		n = e->mailbox->batch;
	rc = e->mailbox->fetch(e->box, list->item + *at, n, extent);
	*at += n;
	return rc;
}

static email__poll_state
failed(email__poll *p, email_code rc)
{
	email__poll_note(p, rc, NULL, "the mailbox could not be read");
	return p->state = EMAIL__POLL_OVER;
}

static email__extent
extent(const email_account *a)
{
	return a->v.ignore_attachments ? EMAIL__EXTENT_NO_ATTACHMENTS : EMAIL__EXTENT_WHOLE;
}

/* What was kept from message to message goes: the next one may be hours away. */
static void
rest(email__poll *p)
{
	if (p->scratch_made)
		email__scratch_rest(&p->scratch);
	email_message_free(p->message);
	p->message = NULL;
}

static void
wait_for_news(email__poll *p, email__engine *e)
{
	email_error ignored = {0};

	if (p->handed && (p->whole.count || p->headers.count))
		(void)email__handed_sync(p->handed, &ignored);
	p->news = false; /* before: what came since the list is told at once */
	if (!p->watch || p->stop || p->error.code || !p->account->v.use_idle || e->mailbox->wait(e->box)) {
		p->state = EMAIL__POLL_OVER;
		return;
	}
	rest(p);
	e->link->news_ms = IDLE_MS;
	p->waiting_since = email__clock_ms();
	p->state = EMAIL__POLL_WAITING;
}

/* One request; from one state to the next where there is nothing to ask for. */
static email_code
ask(email__poll *p, email__engine *e)
{
	switch (p->state) {
	case EMAIL__POLL_NONE: return list(p, e);
	case EMAIL__POLL_LISTING:
		end_list(p, e);
		p->state = EMAIL__POLL_WHOLE;
		return EMAIL_OK;
	case EMAIL__POLL_WHOLE:
		if (p->whole_at < p->whole.count && !p->stop)
			return fetch(e, &p->whole, &p->whole_at, extent(p->account));
		p->state = EMAIL__POLL_HEADERS;
		return EMAIL_OK;
	case EMAIL__POLL_HEADERS:
		if (p->headers_at < p->headers.count && !p->stop)
			return fetch(e, &p->headers, &p->headers_at, EMAIL__EXTENT_HEADER);
		p->state = EMAIL__POLL_SETTLING;
		return EMAIL_OK;
	case EMAIL__POLL_SETTLING:
		if (p->owed_at < p->owed.count)
			return settle(p, e);
		wait_for_news(p, e);
		return EMAIL_OK;
	case EMAIL__POLL_WAITING:
		/* a word to keep the connection open is no news */
		if (!p->news && email__clock_ms() - p->waiting_since < IDLE_MS)
			return EMAIL_OK;
		e->mailbox->wake(e->box);
		p->state = EMAIL__POLL_NONE;
		return EMAIL_OK;
	case EMAIL__POLL_OVER: break;
	}
	return EMAIL_OK;
}

email__poll_state
email__poll_idle(email__poll *p, email__engine *e)
{
	while (p->state != EMAIL__POLL_OVER) {
		email__poll_state before = p->state;
		email_code rc = ask(p, e);

		if (rc)
			return failed(p, rc);
		/* asked for: the engine has to run */
		if (p->state == before || p->state == EMAIL__POLL_LISTING ||
		    p->state == EMAIL__POLL_WAITING || before == EMAIL__POLL_WAITING)
			break;
	}
	return p->state;
}

void
email__poll_end(email__poll *p)
{
	email_error ignored = {0};

	if (p->handed)
		(void)email__handed_sync(p->handed, &ignored);
	/* without a state folder they are remembered as long as the account lives */
	if (p->handed && email__handed_lasts(p->handed)) {
		email__handed_close(p->handed);
		p->handed = NULL;
	}
	rest(p);
	p->state = EMAIL__POLL_NONE;
}

void
email__poll_dispose(email__poll *p)
{
	email__handed_close(p->handed);
	rest(p);
	if (p->scratch_made)
		email__scratch_dispose(&p->scratch);
	email__free(p->whole.item);
	email__free(p->headers.item);
	email__free(p->owed.item);
	memset(p, 0, sizeof *p);
}
