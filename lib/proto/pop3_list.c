/* SPDX-License-Identifier: MIT */
/*
 * The list of messages: STAT, LIST, UIDL. An entry needs a line of LIST and one of UIDL, so sizes are
 * kept until UIDL comes: four bytes for each number up to the highest, in a slot:
 *
 *     0 not in LIST    1 told to the caller    2.. the size and 2, the last value for all that are larger
 *
 * What UIDL left out is told at its end. Where no UIDs are wanted, lines of LIST are told as they come.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "proto/pop3_engine.h"

#define NOT_LISTED 0
#define TOLD 1
#define SIZE_0 2
/* A size that is not known, and one of 4 GB and more (which stands for itself: it is above any limit). */
#define UNKNOWN UINT32_MAX
#define LARGEST (UINT32_MAX - 1)

static uint32_t
to_slot(uint64_t size)
{
	if (size == EMAIL__SIZE_UNKNOWN)
		return UNKNOWN;
	return size > LARGEST - SIZE_0 ? LARGEST : (uint32_t)size + SIZE_0;
}

static uint32_t
slot_count(const email__pop3 *p)
{
	return (uint32_t)(email__buf_len(&p->list.slots) / sizeof(uint32_t));
}

static uint32_t *
slot_at(const email__pop3 *p, uint32_t number)
{
	return (uint32_t *)(void *)email__buf_head(&p->list.slots) + (number - 1);
}

/* The slot of a number, made where there is none; NULL: no memory, or above EMAIL__POP3_MESSAGES_MAX. */
static uint32_t *
slot(email__pop3 *p, uint32_t number, email_code *rc)
{
	email__buf *b = &p->list.slots;
	size_t have = email__buf_len(b), need = (size_t)number * sizeof(uint32_t);
	unsigned char *room;

	*rc = EMAIL_OK;
	if (number > EMAIL__POP3_MESSAGES_MAX) {
		*rc = EMAIL_E_LIMIT;
		return NULL;
	}
	if (need > have) {
		if (!(room = email__buf_room(b, need - have))) {
			*rc = EMAIL_E_MEMORY;
			return NULL;
		}
		memset(room, 0, need - have);
		email__buf_added(b, need - have);
	}
	return slot_at(p, number);
}

static void
tell(email__pop3 *p, uint32_t number, uint32_t *at, const char *uid, size_t n)
{
	email__entry entry = {.number = number};

	entry.size = *at == UNKNOWN ? EMAIL__SIZE_UNKNOWN : *at - SIZE_0;
	(void)email__pop3_uid(uid, n, entry.uid); /* else "" */
	*at = TOLD;
	if (p->events.listed)
		p->events.listed(p->events.context, &entry);
}

static email_code
too_many(email__pop3 *p)
{
	email__pop3_fail(p, EMAIL_E_LIMIT, "the mailbox has more than %d messages", EMAIL__POP3_MESSAGES_MAX);
	email__error_remedy(&p->link.error, "Delete messages that are no longer needed on the server");
	return EMAIL_E_LIMIT;
}

static email_code
list_line(email__pop3 *p, uint32_t number, const char *rest, size_t n)
{
	email_code rc;
	uint32_t *at = slot(p, number, &rc);

	if (rc == EMAIL_E_MEMORY)
		email__pop3_fail(p, rc, "out of memory");
	if (!at)
		return rc == EMAIL_E_LIMIT ? too_many(p) : rc;
	if (*at != NOT_LISTED)
		return EMAIL_OK;
	p->list.count++;
	*at = to_slot(email__pop3_size(rest, n));
	if (!p->list.uids)
		tell(p, number, at, "", 0);
	return EMAIL_OK;
}

static void
uidl_line(email__pop3 *p, uint32_t number, const char *rest, size_t n)
{
	uint32_t *at = number <= slot_count(p) ? slot_at(p, number) : NULL;

	if (at && *at >= SIZE_0)
		tell(p, number, at, rest, n);
}

email_code
email__pop3_listed(email__pop3 *p, enum pop3_expected what, const char *line, size_t n)
{
	uint32_t number;
	const char *rest;
	char shown[80];
	email_code rc = email__pop3_list_line(line, n, &number, &rest, &n);

	if (rc) {
		email__printable(shown, sizeof shown, line, n);
		email__pop3_fail(p, rc, "the server's list of messages makes no sense: \"%s\"", shown);
		return rc;
	}
	if (what == X_LIST)
		return list_line(p, number, rest, n);
	uidl_line(p, number, rest, n);
	return EMAIL_OK;
}

/* --- whole replies --- */

/* All that was asked for is there, or will not come. */
static void
answered(email__pop3 *p, unsigned which)
{
	p->list.unanswered &= ~which;
	p->list.unwritten &= p->list.unanswered;
	if (!p->list.unanswered)
		email__pop3_list_end(p);
}

enum pop3_state
email__pop3_answer_stat(email__pop3 *p)
{
	const email__pop3_reply *r = &p->reply;
	uint64_t count = email__pop3_size(r->text, r->text_len);
	char detail[40];

	if (r->status == EMAIL__POP3_ERR)
		return email__pop3_fail_reply(p, EMAIL_E_REFUSED, "the server does not open the mailbox");
	if (count != EMAIL__SIZE_UNKNOWN) {
		snprintf(detail, sizeof detail, "%llu message%s", (unsigned long long)count,
		         count == 1 ? "" : "s");
		email__pop3_ended(p, detail);
	}
	p->list.empty = count == 0;
	answered(p, LIST_STAT);
	/* what was not written yet need not be */
	if (p->list.empty)
		answered(p, p->list.unwritten);
	return p->state;
}

/* -ERR for an empty mailbox is not what RFC 1939 says, but harmless. */
enum pop3_state
email__pop3_answer_list(email__pop3 *p)
{
	if (p->reply.status == EMAIL__POP3_ERR && !p->list.empty)
		return email__pop3_fail_reply(p, EMAIL_E_REFUSED, "the server does not list the mailbox");
	answered(p, LIST_LIST);
	return p->state;
}

static enum pop3_state
no_uidl(email__pop3 *p)
{
	email__pop3_fail_reply(p, EMAIL_E_EXTENSION,
	                       "the server gives messages no lasting names (UIDL), so those that were read "
	                       "cannot be told from new ones");
	email__error_remedy(&p->link.error, "Use IMAP, or a server that has UIDL");
	return S_FAILED;
}

enum pop3_state
email__pop3_answer_uidl(email__pop3 *p)
{
	uint32_t n = slot_count(p), i;

	if (p->reply.status == EMAIL__POP3_ERR && p->list.count)
		return no_uidl(p);
	for (i = 1; i <= n; i++)
		if (*slot_at(p, i) >= SIZE_0)
			tell(p, i, slot_at(p, i), "", 0);
	answered(p, LIST_UIDL);
	return p->state;
}

void
email__pop3_list_end(email__pop3 *p)
{
	p->list.unwritten = p->list.unanswered = 0;
	email__buf_dispose(&p->list.slots);
}
