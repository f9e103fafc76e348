/* SPDX-License-Identifier: MIT */
/*
 * Messages, and what becomes of them. POP3 cannot stop a message that comes: what the caller does not
 * want any more is read to its end, and not told. Entries to be deleted stand in a list until QUIT
 * commits them.
 */
#include <string.h>

#include "proto/pop3_engine.h"

/* --- messages --- */

enum pop3_state
email__pop3_write_fetch(email__pop3 *p)
{
	uint32_t number = p->fetch.entries[p->fetch.asked++].number;

	if (p->fetch.extent == EMAIL__EXTENT_HEADER)
		return email__pop3_sent(p, email__pop3_put_top(&p->link, number), X_FETCH, S_READY);
	return email__pop3_sent(p, email__pop3_put_number(&p->link, "RETR", number), X_FETCH, S_READY);
}

static email_code
cancelled(email__pop3 *p, email_code code)
{
	if (code == EMAIL_E_CANCELLED)
		email__pop3_fail(p, code, "cancelled");
	return code == EMAIL_E_CANCELLED ? code : EMAIL_OK;
}

email_code
email__pop3_body_begins(email__pop3 *p)
{
	const email__mailbox_events *on = &p->events;

	email__pop3_body_start(&p->fetch.body);
	p->fetch.begun = true;
	p->fetch.bytes = 0;
	p->fetch.taken = on->begin ? on->begin(on->context, &p->fetch.entries[p->fetch.answered]) : EMAIL_OK;
	return cancelled(p, p->fetch.taken);
}

email_code
email__pop3_body_comes(email__pop3 *p)
{
	const email__mailbox_events *on = &p->events;
	const char *piece;
	size_t n;

	while (email__pop3_body_next(&p->fetch.body, &p->link.in, &piece, &n)) {
		p->fetch.bytes += n;
		if (p->fetch.taken || !on->data)
			continue;
		p->fetch.taken = on->data(on->context, piece, n);
		if (cancelled(p, p->fetch.taken))
			return p->fetch.taken;
	}
	return EMAIL_OK;
}

static email_code
end(email__pop3 *p, email_code code)
{
	const email__mailbox_events *on = &p->events;
	const email__entry *entry = &p->fetch.entries[p->fetch.answered++];

	p->fetch.begun = false;
	if (p->fetch.taken)
		code = p->fetch.taken;
	return on->end ? on->end(on->context, entry, code) : EMAIL_OK;
}

/* A message that the server refuses begins and ends too. */
enum pop3_state
email__pop3_answer_fetch(email__pop3 *p)
{
	bool header = p->fetch.extent == EMAIL__EXTENT_HEADER;
	email_code code = EMAIL_OK;

	if (p->reply.status == EMAIL__POP3_ERR) {
		code = email__pop3_reply_code(&p->reply,
		                              header && !p->can.top ? EMAIL_E_EXTENSION : EMAIL_E_REFUSED);
		if (email__pop3_body_begins(p))
			return S_FAILED;
	} else {
		email__link_log_body(&p->link, 'S', p->fetch.bytes);
		p->link.progress++;
	}
	return cancelled(p, end(p, code)) ? S_FAILED : p->state;
}

/* --- what becomes of them --- */

static const email__entry **
gone(const email__pop3 *p)
{
	return (const email__entry **)(void *)email__buf_head(&p->gone.entries);
}

static void
settled(email__pop3 *p, const email__entry *entry, email_code code)
{
	if (p->events.settled)
		p->events.settled(p->events.context, entry, code);
}

email_code
email__pop3_settle(email__pop3 *p, const email__entry *entry, email__fate fate)
{
	email_code rc;

	if (!p->logged_in || p->quit || p->state == S_FAILED || p->state == S_CLOSED || entry->number == 0)
		return EMAIL_E_USAGE;
	if (fate != EMAIL__FATE_DELETED) {
		settled(p, entry, EMAIL_OK);
		return EMAIL_OK;
	}
	if ((rc = email__buf_add(&p->gone.entries, &entry, sizeof(const email__entry *))))
		return rc;
	p->gone.n++;
	return EMAIL_OK;
}

enum pop3_state
email__pop3_write_dele(email__pop3 *p)
{
	uint32_t number = gone(p)[p->gone.asked++]->number;

	return email__pop3_sent(p, email__pop3_put_number(&p->link, "DELE", number), X_DELE, S_READY);
}

enum pop3_state
email__pop3_answer_dele(email__pop3 *p)
{
	size_t i = p->gone.answered++;
	const email__entry *entry = gone(p)[i];

	if (p->reply.status == EMAIL__POP3_OK)
		return p->state;
	gone(p)[i] = NULL;
	settled(p, entry, email__pop3_reply_code(&p->reply, EMAIL_E_REFUSED));
	return p->state;
}

static void
settle_all(email__pop3 *p, email_code code)
{
	size_t n = p->gone.n, i;

	p->gone.n = p->gone.asked = p->gone.answered = 0;
	for (i = 0; i < n; i++)
		if (gone(p)[i])
			settled(p, gone(p)[i], code);
	email__buf_clear(&p->gone.entries);
}

void
email__pop3_committed(email__pop3 *p)
{
	settle_all(p, EMAIL_OK);
}

void
email__pop3_lost(email__pop3 *p, email_code code)
{
	if (p->fetch.begun)
		(void)end(p, code);
	p->fetch.n = p->fetch.asked = p->fetch.answered = 0;
	settle_all(p, code);
}

bool
email__pop3_uncommitted(const email__pop3 *p)
{
	size_t i;

	for (i = 0; i < p->gone.n; i++)
		if (gone(p)[i])
			return true;
	return false;
}
