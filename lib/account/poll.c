/* SPDX-License-Identifier: MIT */
#include "account/poll.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "mime/received.h"
#include "os/clock.h"
#include "os/file.h"

/* Enumerations of the property table, in its order (properties.c). */
enum { DELIVERY_DELETE, DELIVERY_SEEN, DELIVERY_UNSEEN };
enum { READ_UNREAD, READ_ALL };

/* The longest that a server is left waiting in IDLE: RFC 2177 says 29 minutes, routers and Gmail forget a connection
 * after ten. */
#define IDLE_MS (9L * 60 * 1000)

/* --- the policies --- */

static bool
is_pop3(const email_account *a)
{
	return a->v.store == EMAIL_STORE_POP3;
}

static email__fate
fate(const email_account *a)
{
	if (a->v.delivery_policy == DELIVERY_DELETE)
		return EMAIL__FATE_DELETED;
	if (is_pop3(a))
		return EMAIL__FATE_LEFT;
	return a->v.delivery_policy == DELIVERY_SEEN ? EMAIL__FATE_SEEN : EMAIL__FATE_UNSEEN;
}

/* RFC 3501 5.1: INBOX in any case is the same. */
static bool
same_folder(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (email__str_equal(a, "INBOX") && email__str_equal(b, "INBOX"));
}

/* Where it lies already it would get a new UID, and come again, for ever. */
static bool
moves(const email_account *a)
{
	return !is_pop3(a) && a->v.processed_folder[0] && a->v.delivery_policy != DELIVERY_DELETE &&
	       !same_folder(a->v.processed_folder, a->v.folder);
}

/* Whether the server has to be told anything of an accepted message. */
static bool
tells_server(const email_account *a)
{
	return fate(a) != EMAIL__FATE_LEFT || moves(a);
}

/* Or of this one: what was not seen stays so by itself, since fetching peeks. */
static bool
tells_server_of(const email_account *a, const email__entry *entry)
{
	return tells_server(a) && (moves(a) || entry->seen || fate(a) != EMAIL__FATE_UNSEEN);
}

/* What the server does with an accepted message takes it out of the next list: nothing needs to be remembered once
 * it has done so. */
static bool
server_remembers(const email_account *a)
{
	return a->v.delivery_policy == DELIVERY_DELETE || moves(a) ||
	       (!is_pop3(a) && a->v.delivery_policy == DELIVERY_SEEN && a->v.email_to_read == READ_UNREAD);
}

/* Only the unread ones are listed where nothing has to be known of the others. */
static bool
lists_unseen(const email_account *a)
{
	return !is_pop3(a) && a->v.email_to_read == READ_UNREAD && server_remembers(a);
}

static uint64_t
limit_bytes(int64_t kib)
{
	return (uint64_t)kib * 1024;
}

bool
email__poll_read_only(const email__poll *p)
{
	return p->peek || !p->on_message || !tells_server(p->account);
}

/* --- errors that do not end the session --- */

static email_code
note(email__poll *p, email_code code, const email_error *e, const char *what)
{
	if (e && e->code)
		p->error = p->error.code ? p->error : *e;
	else
		email__error_set(&p->error, code, EMAIL_STAGE_FETCH, "%s: %s", what, email_code_text(code));
	if (p->error.stage == EMAIL_STAGE_NONE)
		p->error.stage = EMAIL_STAGE_FETCH;
	return code;
}

/* Of what was told to p->why, which is empty again then: it is large, and not one for each message. */
static email_code
note_why(email__poll *p, email_code code, const char *what)
{
	note(p, code, &p->why, what);
	email__error_clear(&p->why);
	return code;
}

/* --- what is chosen --- */

static bool
add(email__entries *list, const email__entry *entry)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		email__entry *more = email__realloc(list->item, room * sizeof *more);

		if (!more)
			return false;
		list->item = more;
		list->room = room;
	}
	list->item[list->count++] = *entry;
	return true;
}

/* One message at least is taken, however large; one that is only told of is none. */
static bool
fits(const email__poll *p, const email__entry *entry, bool header)
{
	const email_account *a = p->account;
	size_t count = p->whole.count + p->headers.count;

	if (count >= EMAIL__POLL_MAX || (a->poll_limit && count >= a->poll_limit))
		return false;
	return header || p->whole.count == 0 || p->bytes + entry->size <= limit_bytes(a->v.size_limit_per_poll);
}

/* What cannot be remembered would be handed over again and again. */
static bool
can_remember(const email__poll *p)
{
	return p->peek || !p->handed || p->whole.count + p->headers.count < email__handed_room(p->handed);
}

static void
choose(email__poll *p, const email__entry *entry)
{
	const email_account *a = p->account;
	bool known = entry->size != EMAIL__SIZE_UNKNOWN;
	bool header = p->peek || (known && entry->size > limit_bytes(a->v.incoming_email_size_limit));

	if (p->left || !fits(p, entry, header) || !can_remember(p)) {
		p->left++;
		return;
	}
	if (!add(header ? &p->headers : &p->whole, entry)) {
		note(p, EMAIL_E_MEMORY, NULL, "a message could not be chosen");
		return;
	}
	if (!header && known)
		p->bytes += entry->size;
}

static void
listed(void *context, const email__entry *entry)
{
	email__poll *p = context;
	const email_account *a = p->account;
	email__handed_state state =
		p->handed ? email__handed_listed(p->handed, entry->uid) : EMAIL__HANDED_NOT;

	if (!entry->uid[0] && p->on_message && !p->peek) {
		/* it could come again and again */
		note(p, EMAIL_E_PROTOCOL, NULL, "a message has no lasting name (UIDL), and is left");
		return;
	}
	if (!is_pop3(a) && a->v.email_to_read == READ_UNREAD && entry->seen && state != EMAIL__HANDED_ACCEPTED)
		return;
	switch (state) {
	case EMAIL__HANDED_SETTLED: return;
	case EMAIL__HANDED_ACCEPTED:
		/* the process ended before the server was told */
		if (!email__poll_read_only(p) && !add(&p->owed, entry))
			note(p, EMAIL_E_MEMORY, NULL, "a message could not be settled");
		return;
	case EMAIL__HANDED_NOT: break;
	}
	if (p->on_message)
		choose(p, entry);
}

/* --- a message comes --- */

static email_code
begin(void *context, const email__entry *entry)
{
	email__poll *p = context;

	p->part_rc = p->stop ? EMAIL_E_CANCELLED : EMAIL_OK;
	p->part_bytes = 0;
	/* two of one name in a list (RFC 1939 7 has it that they are the same message): the other one is left, since what
	 * is known of the name is known of the first */
	if (p->part_rc == EMAIL_OK && p->handed && email__handed_get(p->handed, entry->uid) != EMAIL__HANDED_NOT)
		p->part_rc = EMAIL_E_UNKNOWN;
	email__scratch_clear(&p->scratch);
	return p->part_rc;
}

/* What comes counts, whatever the server said of it. A header is told of whole, up to what any header is. */
static bool
too_large(const email__poll *p)
{
	uint64_t most = limit_bytes(p->account->v.incoming_email_size_limit);

	if (p->state == EMAIL__POLL_HEADERS && most < EMAIL__HEADER_READ_MAX)
		most = EMAIL__HEADER_READ_MAX;
	return p->part_bytes > most;
}

static email_code
data(void *context, const char *bytes, size_t n)
{
	email__poll *p = context;

	p->part_bytes += n;
	if (p->part_rc == EMAIL_OK && too_large(p)) {
		/* the server said less, or nothing; without end it would fill the disk. Neither protocol can be told to stop */
		note(p, EMAIL_E_LIMIT, NULL, "a message is larger than the server said, and than incomingEmailSizeLimit");
		p->part_rc = EMAIL_E_LIMIT;
		p->stop = true;
		return EMAIL_E_CANCELLED;
	}
	if (p->part_rc == EMAIL_OK && (p->part_rc = email__scratch_add(&p->scratch, bytes, n, &p->why)))
		note_why(p, p->part_rc, "a message could not be put aside");
	return p->part_rc;
}

/* It is not tried again: the messages behind it are to come. */
static void
give_up(email__poll *p, const email__entry *entry)
{
	email_error e = {0};

	if (p->handed && !p->peek && email__handed_set(p->handed, entry->uid, EMAIL__HANDED_SETTLED, &e))
		note(p, e.code, &e, "");
}

/* It is written down before the server hears of it. */
static void
accepted(email__poll *p, const email__entry *entry)
{
	email_account *a = p->account;
	bool tell = tells_server_of(a, entry);

	a->v.number_received++;
	a->v.last_received = email__clock_wall();
	a->status_unsaved = true;
	if (p->handed && email__handed_set(p->handed, entry->uid,
	                                   tell ? EMAIL__HANDED_ACCEPTED : EMAIL__HANDED_SETTLED, &p->why)) {
		/* it would come again after an end of the process: no more of that kind */
		note_why(p, p->why.code, "");
		p->stop = true;
	}
	if (tell && !add(&p->owed, entry))
		note(p, EMAIL_E_MEMORY, NULL, "a message could not be settled");
}

static email_code
hand_over(email__poll *p, const email__entry *entry)
{
	bool header_only = p->state == EMAIL__POLL_HEADERS;
	email_received received = {.account = p->account,
	                           .uid = entry->uid,
	                           .size = entry->size == EMAIL__SIZE_UNKNOWN ? 0 : entry->size,
	                           .internal_date = entry->internal_date,
	                           .header_only = header_only};
	email__reader reader;
	email_code rc;

	if ((rc = email__scratch_reader(&p->scratch, &reader, &p->why)))
		return note_why(p, rc, "a message could not be read");
	if (!p->message && !(p->message = email_message_new()))
		return note(p, EMAIL_E_MEMORY, NULL, "a message could not be read");
	email__message_receive(p->message, &reader);
	received.message = p->message;
	rc = p->on_message(p->context, &received);
	if (rc == EMAIL_E_CANCELLED)
		p->stop = true;
	/* whatever the handler makes of a message that it saw nothing of, it comes again */
	if (email__message_unread(p->message))
		return note(p, email__message_unread(p->message), NULL, "a message could not be read");
	if (rc || p->peek)
		return EMAIL_OK;
	if (!header_only)
		accepted(p, entry);
	else if (p->handed && (rc = email__handed_set(p->handed, entry->uid, EMAIL__HANDED_SETTLED, &p->why)))
		note_why(p, rc, "");
	return EMAIL_OK;
}

static email_code
end(void *context, const email__entry *entry, email_code code)
{
	email__poll *p = context;

	/* another client may have deleted it meanwhile */
	if (code == EMAIL_OK && p->part_rc == EMAIL_OK)
		hand_over(p, entry);
	else if (p->part_rc == EMAIL_E_LIMIT && too_large(p))
		give_up(p, entry);
	else if (code != EMAIL_E_UNKNOWN && p->part_rc == EMAIL_OK)
		note(p, code, NULL, "a message could not be had");
	email__scratch_clear(&p->scratch);
	return p->stop ? EMAIL_E_CANCELLED : EMAIL_OK;
}

static void
settled(void *context, const email__entry *entry, email_code code)
{
	email__poll *p = context;
	email_code rc = code;

	if (p->outstanding)
		p->outstanding--;
	if (rc == EMAIL_OK && p->handed)
		rc = email__handed_set(
			p->handed, entry->uid,
			server_remembers(p->account) ? EMAIL__HANDED_NOT : EMAIL__HANDED_SETTLED, &p->why);
	if (rc)
		note_why(p, rc, "the server did not do what deliveryPolicy says");
}

static void
news(void *context)
{
	email__poll *p = context;

	p->news = true;
}

static void
incomplete(void *context, email_code code)
{
	note(context, code, NULL, "the server did not list all messages");
}

email__mailbox_events
email__poll_events(email__poll *p)
{
	return (email__mailbox_events){p, listed, begin, data, end, settled, news, incomplete};
}

/* --- the poll --- */

/* Whose mailbox it is. IMAP's UIDs carry their UIDVALIDITY themselves. */
static email_code
open_handed(email__poll *p)
{
	email_account *a = p->account;
	char *folder = a->owner ? a->owner->state_folder(a->owner->service) : NULL, *uids = NULL, *path = NULL;
	email_code rc = EMAIL_E_MEMORY;
	email__buf scope;

	email__buf_init(&scope, 4 * EMAIL__TEXT_MAX);
	if (email__buf_addf(&scope, "%s %s %s %s", is_pop3(a) ? "pop3" : "imap", a->v.hostname, a->v.auth_account,
	                    is_pop3(a) ? "" : a->v.folder) ||
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
email__poll_begin(email__poll *p, email_account *account, email_receive_fn on_message, void *context, bool peek,
                  bool watch)
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
	return e->mailbox->list(e->box, lists_unseen(p->account));
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

	if (o->engine->mailbox->entry(o->engine->box, uid, &entry) && !add(&o->poll->owed, &entry))
		note(o->poll, EMAIL_E_MEMORY, NULL, "a message could not be settled");
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
	if (p->handed && !p->peek && !lists_unseen(p->account) && p->error.code == EMAIL_OK &&
	    (rc = email__handed_list_end(p->handed, &e)))
		note(p, rc, &e, "");
	/* still so after what is gone was forgotten: the next poll will not be better off */
	if (p->left && p->error.code == EMAIL_OK && !can_remember(p)) {
		email__error_set(&p->error, EMAIL_E_LIMIT, EMAIL_STAGE_MAILBOX, "more than %d messages are remembered",
		                 EMAIL__HANDED_MAX);
		email__error_remedy(&p->error, "Delete messages on the server, or set deliveryPolicy to Delete");
	}
}

/* What the handler accepted goes to the server, as many as it takes in one go. */
static email_code
settle(email__poll *p, email__engine *e)
{
	const email_account *a = p->account;
	email_code rc = EMAIL_OK;

	while (p->owed_at < p->owed.count && rc == EMAIL_OK) {
		rc = e->mailbox->settle(e->box, &p->owed.item[p->owed_at], fate(a), moves(a));
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
	note(p, rc, NULL, "the mailbox could not be read");
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
		if (p->state == before || p->state == EMAIL__POLL_LISTING || p->state == EMAIL__POLL_WAITING ||
		    before == EMAIL__POLL_WAITING)
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
