/* SPDX-License-Identifier: MIT */
/*
 * Preparing lays a message out once: everything but the contents (headers, boundaries) goes into one
 * buffer, the frame, and a list of segments says which of its bytes and which contents follow each
 * other:
 *
 *     frame  text  frame  file  frame  file  frame
 *
 * The source walks along the segments. A message that did not change is not laid out again.
 */
#include "mime/compose.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "base/limits.h"
#include "mime/layout.h"
#include "os/random.h"

#define RANDOM_ID 16
#define RANDOM_BOUNDARY 12

static email_code
about(email_error *e, const char *property, email_code rc)
{
	if (e && rc && !e->property[0])
		email__printable(e->property, sizeof e->property, property, strlen(property));
	return rc;
}

static email_code
memory(email_error *e)
{
	return email__error_memory(e, EMAIL_STAGE_NONE);
}

/* --- what stands before the message: sender, recipients, what is frozen --- */

static bool
same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Takes up the account's address, where it is another than last time. */
static email_code
take_default(char **kept, email__address *address, const char *text, const char *property, email_error *e)
{
	email__address parsed = {0};
	char *copy;
	email_code rc;

	if (same(*kept, text))
		return EMAIL_OK;
	if (*text && (rc = email__address_parse_one(text, &parsed, e)))
		return about(e, property, rc);
	if (!(copy = email__strdup(text))) {
		email__address_dispose(&parsed);
		return memory(e);
	}
	email__free(*kept);
	*kept = copy;
	email__address_dispose(address);
	*address = parsed;
	return EMAIL_OK;
}

static const email__address *
sender(const email_message *m)
{
	if (m->from.address)
		return &m->from;
	if (m->raw.path && m->raw.from.count)
		return &m->raw.from.item[0];
	return m->default_from.address ? &m->default_from : NULL;
}

static size_t
own_recipients(const email_message *m)
{
	return m->to.mailboxes + m->cc.mailboxes + m->bcc.mailboxes;
}

/* FNV-1a */
static size_t
hash(const char *s)
{
	uint64_t h = 0xCBF29CE484222325;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001B3;
	return (size_t)(h ^ h >> 32);
}

/* Adds those of the list that are not in the table yet; it is never more than half full. */
static void
add_unique(email_message *m, const email__address_list *list, unsigned short *table, size_t mask)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const char *address = list->item[i].address;
		size_t at;

		if (list->item[i].kind != EMAIL__ADDRESS_MAILBOX)
			continue;
		at = hash(address) & mask;
		while (table[at] && strcmp(m->recipients[table[at] - 1], address) != 0)
			at = (at + 1) & mask;
		if (table[at])
			continue;
		m->recipients[m->envelope.count++] = address;
		table[at] = (unsigned short)m->envelope.count;
		m->envelope.utf8 |= list->item[i].utf8;
	}
}

static email_code
gather_recipients(email_message *m, email_error *e)
{
	bool own = own_recipients(m) > 0 || !m->raw.path;
	const email__address_list *to = own ? &m->to : &m->raw.to, *cc = own ? &m->cc : &m->raw.cc;
	const email__address_list *bcc = own ? &m->bcc : &m->raw.bcc;
	size_t n = to->mailboxes + cc->mailboxes + bcc->mailboxes, size = 4;
	unsigned short *table;
	const char **list;

	if (!own && m->raw.defect.code)
		goto defect;
	if (n == 0)
		return about(e, "to",
		             email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                              "the message has no recipient"));
	if (n > EMAIL__RECIPIENTS_MAX)
		return about(e, "to",
		             email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d recipients",
		                              EMAIL__RECIPIENTS_MAX));
	if (!(list = email__realloc(m->recipients, n * sizeof *list)))
		return memory(e);
	m->recipients = list;
	while (size < n * 2)
		size *= 2;
	if (!(table = email__calloc(size, sizeof *table)))
		return memory(e);
	add_unique(m, to, table, size - 1);
	add_unique(m, cc, table, size - 1);
	add_unique(m, bcc, table, size - 1);
	email__free(table);
	m->envelope.recipients = m->recipients;
	return EMAIL_OK;
defect:
	if (e && e->code == EMAIL_OK)
		*e = m->raw.defect;
	return about(e, "rawFile", m->raw.defect.code);
}

/* Date, Message-ID and boundaries, once and for all. */
static email_code
freeze(email_message *m, const email__defaults *d, const char *from, email_error *e)
{
	unsigned char random[RANDOM_ID + RANDOM_BOUNDARY];
	const char *domain = strrchr(from, '@');
	size_t n = strlen(domain);
	char *p;
	int os;

	/* what a clock said that was not set is no Date: it is frozen once it is one */
	if (!m->frozen || (!m->dated && !d->undated && !m->has_date)) {
		m->frozen_date = d->now;
		m->offset = d->offset;
		m->dated = !d->undated;
	}
	if (m->frozen)
		return EMAIL_OK;
	if ((os = email__random_bytes(random, sizeof random)) != 0) {
		email_code rc = email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
		                                 "there is no random number to be had");

		if (e)
			e->os = os;
		return rc;
	}
	if (!(m->made_id = email__alloc(1 + RANDOM_ID * 2 + n + 2)))
		return memory(e);
	m->made_id[0] = '<';
	p = email__hex_write(m->made_id + 1, random, RANDOM_ID);
	memcpy(p, domain, n);
	memcpy(p + n, ">", 2);
	/* "=_" is in no quoted-printable and no base64 (RFC 2045 6.7) */
	memcpy(m->boundary, "=_", 2);
	*email__hex_write(m->boundary + 2, random + RANDOM_ID, RANDOM_BOUNDARY) = '\0';
	m->frozen = true;
	return EMAIL_OK;
}

/* --- the whole --- */

static email_code
check_contents(email_message *m, email_error *e)
{
	email_code rc;
	size_t i;

	if (m->raw.path)
		return about(e, "rawFile", email__raw_check(&m->raw, e));
	for (i = 0; i < m->part_count; i++)
		if ((rc = email__content_check(&m->parts[i]->content, e)))
			return about(e, m->parts[i]->shown ? "inline" : "attachment", rc);
	return EMAIL_OK;
}

/* Besides a ready message nothing else can go into it. */
static email_code
check_raw(const email_message *m, email_error *e)
{
	if (m->subject || m->text || m->html || m->header_count || m->part_count || m->reply_to.count ||
	    m->message_id || m->has_date)
		return about(e, "rawFile",
		             email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                              "a ready message goes out as it is: headers, text and "
		                              "files cannot be set beside it"));
	return EMAIL_OK;
}

static email_code
prepare(email_message *m, const email__defaults *d, email_error *e)
{
	const email__address *from;
	email_code rc;

	m->prepared = false;
	memset(&m->envelope, 0, sizeof m->envelope);
	if ((rc = take_default(&m->default_from_text, &m->default_from, d->from ? d->from : "", "from", e)) ||
	    (rc = take_default(&m->default_reply_to_text, &m->default_reply_to,
	                       d->reply_to ? d->reply_to : "", "replyTo", e)) ||
	    (m->raw.path && (rc = check_raw(m, e))))
		return rc;
	if (!(from = sender(m)))
		return about(e, "from",
		             email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                              "the message has no sender, and the account has no from"));
	m->envelope.from = from->address;
	m->envelope.utf8 = from->utf8;
	m->envelope.dsn = m->dsn;
	if ((rc = gather_recipients(m, e)) || (rc = check_contents(m, e)))
		return rc;
	if (m->raw.path) {
		m->envelope.message_id = m->raw.message_id ? m->raw.message_id : "";
		m->envelope.subject = m->raw.subject;
		m->envelope.size = m->raw.length;
		m->envelope.eight_bit = m->raw.eight_bit;
		m->envelope.utf8 |= m->raw.utf8;
	} else {
		if ((rc = freeze(m, d, from->address, e)))
			return rc;
		m->envelope.message_id = m->message_id ? m->message_id : m->made_id;
		m->envelope.subject = m->subject;
		m->envelope.undated = d->undated && !m->has_date;
		if ((rc = email__layout_make(m, from, d->allow_eight_bit, e)))
			return rc;
	}
	m->allow_eight_bit = d->allow_eight_bit;
	m->undated = d->undated;
	m->prepared = true;
	return EMAIL_OK;
}

email_code
email__message_prepare(email_message *message, const email__defaults *defaults, email__envelope *envelope,
                       email_error *error)
{
	email_code rc;

	if (message->received)
		return email__error_set(error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                        "a message that was read cannot be sent");
	if (message->prepared && message->allow_eight_bit == defaults->allow_eight_bit &&
	    message->undated == defaults->undated && same(message->default_from_text, defaults->from) &&
	    same(message->default_reply_to_text, defaults->reply_to))
		rc = check_contents(message, error);
	else
		rc = prepare(message, defaults, error);
	if (rc == EMAIL_OK)
		*envelope = message->envelope;
	return rc;
}

/* --- the source --- */

static email_code
read_raw(email_message *m, unsigned char *out, size_t room, size_t *got)
{
	email_code rc;

	if (!m->begun && (rc = email__raw_begin(&m->raw, &m->error)))
		return rc;
	m->begun = true;
	return email__raw_read(&m->raw, out, room, got, &m->error);
}

static email_code
read_content(email_message *m, email__content *c, unsigned char *out, size_t room, size_t *got)
{
	email_code rc;

	if (!m->begun && (rc = email__content_begin(c, &m->error)))
		return rc;
	m->begun = true;
	if ((rc = email__content_read(c, out, room, got, &m->error)))
		return rc;
	if (*got == 0) {
		email__content_end(c);
		m->begun = false;
		m->segment++;
	}
	return EMAIL_OK;
}

static void
read_frame(email_message *m, const email__segment *s, unsigned char *out, size_t room, size_t *got)
{
	size_t left = s->to - s->from - m->at;

	*got = left < room ? left : room;
	memcpy(out, email__buf_head(&m->frame) + s->from + m->at, *got);
	m->at += *got;
	if (*got == left) {
		m->at = 0;
		m->segment++;
	}
}

/* The next bytes, at least one unless it is the end; `room` is at least EMAIL__CONTENT_ROOM. */
static email_code
produce(email_message *m, unsigned char *out, size_t room, size_t *got)
{
	email_code rc = EMAIL_OK;

	*got = 0;
	if (m->raw.path)
		return read_raw(m, out, room, got);
	while (rc == EMAIL_OK && *got == 0 && m->segment < m->segment_count) {
		email__segment *s = &m->segments[m->segment];

		if (s->content)
			rc = read_content(m, s->content, out, room, got);
		else
			read_frame(m, s, out, room, got);
	}
	return rc;
}

/* Straight into the caller's buffer where it has room for a row, else by way of the carry. */
static email_code
source_read(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	email_message *m = context;
	email_code rc;
	size_t n;

	*got = 0;
	if (!m->prepared)
		return email__error_set(&m->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                        "the message was changed after it was prepared");
	while (*got < size) {
		size_t room = size - *got;

		if (m->carry_at < m->carry_end) {
			n = m->carry_end - m->carry_at < room ? m->carry_end - m->carry_at : room;
			memcpy(buffer + *got, m->carry + m->carry_at, n);
			m->carry_at += n;
		} else if (room >= EMAIL__CONTENT_ROOM) {
			if ((rc = produce(m, buffer + *got, room, &n)))
				return rc;
			if (n == 0)
				break;
		} else {
			m->carry_at = m->carry_end = 0;
			if ((rc = produce(m, m->carry, sizeof m->carry, &n)))
				return rc;
			if (n == 0)
				break;
			m->carry_end = n;
			continue;
		}
		*got += n;
	}
	return EMAIL_OK;
}

static email_code
source_rewind(void *context)
{
	email_message *m = context;

	email__message_release(m);
	email__error_clear(&m->error);
	m->segment = m->at = 0;
	m->carry_at = m->carry_end = 0;
	m->begun = false;
	return EMAIL_OK;
}

email__source
email__message_source(email_message *message)
{
	source_rewind(message);
	return (email__source){source_read, source_rewind, message};
}

void
email__message_release(email_message *message)
{
	size_t i;

	email__raw_end(&message->raw);
	for (i = 0; i < message->part_count; i++)
		email__content_end(&message->parts[i]->content);
	message->begun = false;
}
