/* SPDX-License-Identifier: MIT */
/* What the engine tells while a mailbox is polled: which messages are chosen, and what becomes of one that comes. */
#include "account/poll_inner.h"
#include "base/alloc.h"
#include "base/error.h"
#include "mime/received.h"
#include "os/clock.h"

static uint64_t
limit_bytes(int64_t kib)
{
	return (uint64_t)kib * 1024;
}

/* --- what is chosen --- */

bool
email__poll_add(email__entries *list, const email__entry *entry)
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
	return header || p->whole.count == 0 ||
	       p->bytes + entry->size <= limit_bytes(a->v.size_limit_per_poll);
}

bool
email__poll_can_remember(const email__poll *p)
{
	return p->peek || !p->handed || p->whole.count + p->headers.count < email__handed_room(p->handed);
}

static void
choose(email__poll *p, const email__entry *entry)
{
	const email_account *a = p->account;
	bool known = entry->size != EMAIL__SIZE_UNKNOWN;
	bool header = p->peek || (known && entry->size > limit_bytes(a->v.incoming_email_size_limit));

	if (p->left || !fits(p, entry, header) || !email__poll_can_remember(p)) {
		p->left++;
		return;
	}
	if (!email__poll_add(header ? &p->headers : &p->whole, entry)) {
		email__poll_note(p, EMAIL_E_MEMORY, NULL, "a message could not be chosen");
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
		email__poll_note(p, EMAIL_E_PROTOCOL, NULL,
		                 "a message has no lasting name (UIDL), and is left");
		return;
	}
	if (email__fate_passed_by(a, entry) && state != EMAIL__HANDED_ACCEPTED)
		return;
	switch (state) {
	case EMAIL__HANDED_SETTLED: return;
	case EMAIL__HANDED_ACCEPTED:
		/* the process ended before the server was told */
		if (!email__poll_read_only(p) && !email__poll_add(&p->owed, entry))
			email__poll_note(p, EMAIL_E_MEMORY, NULL, "a message could not be settled");
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
	if (p->part_rc == EMAIL_OK && p->handed &&
	    email__handed_get(p->handed, entry->uid) != EMAIL__HANDED_NOT)
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
		email__poll_note(p, EMAIL_E_LIMIT, NULL,
		                 "a message is larger than the server said, and than incomingEmailSizeLimit");
		p->part_rc = EMAIL_E_LIMIT;
		p->stop = true;
		return EMAIL_E_CANCELLED;
	}
	if (p->part_rc == EMAIL_OK && (p->part_rc = email__scratch_add(&p->scratch, bytes, n, &p->why)))
		email__poll_note_why(p, p->part_rc, "a message could not be put aside");
	return p->part_rc;
}

/* It is not tried again: the messages behind it are to come. */
static void
give_up(email__poll *p, const email__entry *entry)
{
	email_error e = {0};

	if (p->handed && !p->peek && email__handed_set(p->handed, entry->uid, EMAIL__HANDED_SETTLED, &e))
		email__poll_note(p, e.code, &e, "");
}

/* It is written down before the server hears of it. */
static void
accepted(email__poll *p, const email__entry *entry)
{
	email_account *a = p->account;
	bool tell = email__fate_told_of(a, entry);

	a->v.number_received++;
	a->v.last_received = email__clock_wall();
	a->status_unsaved = true;
	if (p->handed && email__handed_set(p->handed, entry->uid,
	                                   tell ? EMAIL__HANDED_ACCEPTED : EMAIL__HANDED_SETTLED, &p->why)) {
		/* it would come again after an end of the process: no more of that kind */
		email__poll_note_why(p, p->why.code, "");
		p->stop = true;
	}
	if (tell && !email__poll_add(&p->owed, entry))
		email__poll_note(p, EMAIL_E_MEMORY, NULL, "a message could not be settled");
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
		return email__poll_note_why(p, rc, "a message could not be read");
	if (!p->message && !(p->message = email_message_new()))
		return email__poll_note(p, EMAIL_E_MEMORY, NULL, "a message could not be read");
	email__message_receive(p->message, &reader);
	received.message = p->message;
	rc = p->on_message(p->context, &received);
	if (rc == EMAIL_E_CANCELLED)
		p->stop = true;
	/* whatever the handler makes of a message that it saw nothing of, it comes again */
	if (email__message_unread(p->message))
		return email__poll_note(p, email__message_unread(p->message), NULL,
		                        "a message could not be read");
	if (rc || p->peek)
		return EMAIL_OK;
	if (!header_only)
		accepted(p, entry);
	else if (p->handed && (rc = email__handed_set(p->handed, entry->uid, EMAIL__HANDED_SETTLED, &p->why)))
		email__poll_note_why(p, rc, "");
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
		email__poll_note(p, code, NULL, "a message could not be had");
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
		rc = email__handed_set(p->handed, entry->uid,
		                       email__fate_remembered(p->account) ? EMAIL__HANDED_NOT
		                                                          : EMAIL__HANDED_SETTLED,
		                       &p->why);
	if (rc)
		email__poll_note_why(p, rc, "the server did not do what deliveryPolicy says");
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
	email__poll_note(context, code, NULL, "the server did not list all messages");
}

email__mailbox_events
email__poll_events(email__poll *p)
{
	return (email__mailbox_events){p, listed, begin, data, end, settled, news, incomplete};
}
