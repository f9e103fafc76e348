/* SPDX-License-Identifier: MIT */
#include "mime/message.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/date.h"
#include "mime/header.h"
#include "mime/mailbox.h"

/* The most that one setter writes. */
#define HEADERS_TOGETHER 3
/* Where the ids of an answer are gathered: most threads fit. */
#define IDS_FIRST 4096

email_message *
email_message_new(void)
{
	email_message *m = email__new(email_message);

	if (!m)
		return NULL;
	email__buf_init(&m->frame, EMAIL__FRAME_MAX);
	email__content_text(&m->text_content, "", 0);
	email__content_text(&m->html_content, "", 0);
	return m;
}

static void
header_dispose(email__header *h)
{
	email__free(h->name);
	email__free(h->value);
	email__address_list_dispose(&h->addresses);
}

void
email_message_free(email_message *m)
{
	if (!m)
		return;
	email__address_dispose(&m->from);
	email__address_dispose(&m->default_from);
	email__address_dispose(&m->default_reply_to);
	email__address_list_dispose(&m->reply_to);
	email__address_list_dispose(&m->to);
	email__address_list_dispose(&m->cc);
	email__address_list_dispose(&m->bcc);
	email__free(m->subject);
	email__free(m->text);
	email__free(m->html);
	while (m->header_count)
		header_dispose(&m->headers[--m->header_count]);
	email__free(m->headers);
	while (m->part_count)
		email__part_free(m->parts[--m->part_count]);
	email__free(m->parts);
	email__free(m->message_id);
	email__free(m->made_id);
	email__free(m->default_from_text);
	email__free(m->default_reply_to_text);
	email__raw_dispose(&m->raw);
	email__buf_dispose(&m->frame);
	email__free(m->segments);
	email__free(m->recipients);
	email__tree_free(m->tree);
	email__file_close(m->file);
	email__free(m);
}

const email_error *
email_message_error(const email_message *message)
{
	return &message->error;
}

bool
email__message_enter(email_message *m, const char *field)
{
	email__error_clear(&m->error);
	email__printable(m->error.property, sizeof m->error.property, field, strlen(field));
	if (m->received)
		email__error_set(&m->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                 "a message that was read cannot be changed");
	return !m->received;
}

email_code
email__message_leave(email_message *m, email_code rc)
{
	if (rc == EMAIL_OK) {
		email__error_clear(&m->error);
		m->prepared = false;
	} else {
		email__error_set(&m->error, rc, EMAIL_STAGE_NONE, "%s", email_code_text(rc));
	}
	return rc;
}

email_code
email__message_memory(email_message *m)
{
	return email__error_memory(&m->error, EMAIL_STAGE_NONE);
}

email_code
email__message_missing(email_message *m)
{
	return email__error_set(&m->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE, "no text was given");
}

email_code
email_message_set_from(email_message *message, const char *address)
{
	email__address a = {0};
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "from"))
		return EMAIL_E_USAGE;
	if (address)
		rc = email__address_parse_one(address, &a, &message->error);
	if (rc == EMAIL_OK) {
		email__address_dispose(&message->from);
		message->from = a;
	}
	return email__message_leave(message, rc);
}

email_code
email_message_set_reply_to(email_message *message, const char *addresses)
{
	email__address_list list = {0};
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "replyTo"))
		return EMAIL_E_USAGE;
	if (addresses)
		rc = email__address_parse_groups(addresses, &list, &message->error);
	if (rc == EMAIL_OK) {
		email__address_list_dispose(&message->reply_to);
		message->reply_to = list;
	} else {
		email__address_list_dispose(&list);
	}
	return email__message_leave(message, rc);
}

static email_code
add_addresses(email_message *m, const char *field, email__address_list *list, const char *text)
{
	size_t before = list->count;
	email_code rc;

	if (!email__message_enter(m, field))
		return EMAIL_E_USAGE;
	rc = text ? email__address_parse_groups(text, list, &m->error) : email__message_missing(m);
	if (rc == EMAIL_OK && m->to.mailboxes + m->cc.mailboxes + m->bcc.mailboxes > EMAIL__RECIPIENTS_MAX) {
		email__address_list_cut(list, before);
		rc = email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d recipients",
		                      EMAIL__RECIPIENTS_MAX);
	}
	return email__message_leave(m, rc);
}

email_code
email_message_add_to(email_message *message, const char *addresses)
{
	return add_addresses(message, "to", &message->to, addresses);
}

email_code
email_message_add_cc(email_message *message, const char *addresses)
{
	return add_addresses(message, "cc", &message->cc, addresses);
}

email_code
email_message_add_bcc(email_message *message, const char *addresses)
{
	return add_addresses(message, "bcc", &message->bcc, addresses);
}

/* Puts a copy in place of what is there; NULL clears. */
static email_code
replace(email_message *m, char **place, const char *text)
{
	char *copy = NULL;

	if (text && !(copy = email__strdup(text)))
		return email__message_memory(m);
	email__free(*place);
	*place = copy;
	return EMAIL_OK;
}

email_code
email_message_set_subject(email_message *message, const char *subject)
{
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "subject"))
		return EMAIL_E_USAGE;
	if (subject)
		rc = email__header_check(subject, &message->error);
	if (rc == EMAIL_OK && subject && strlen(subject) > EMAIL__HEADER_VALUE_MAX)
		rc = email__error_set(&message->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                      "it is longer than %d", EMAIL__HEADER_VALUE_MAX);
	if (rc == EMAIL_OK)
		rc = replace(message, &message->subject, subject);
	return email__message_leave(message, rc);
}

static email_code
set_body(email_message *m, const char *field, char **place, email__content *content, const char *text)
{
	email_code rc = EMAIL_OK;

	if (!email__message_enter(m, field))
		return EMAIL_E_USAGE;
	if (text && !email__utf8_valid(text, strlen(text)))
		rc = email__error_set(&m->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "it is not UTF-8");
	if (rc == EMAIL_OK)
		rc = replace(m, place, text);
	if (rc == EMAIL_OK)
		email__content_text(content, *place ? *place : "", *place ? strlen(*place) : 0);
	return email__message_leave(m, rc);
}

email_code
email_message_set_text(email_message *message, const char *text)
{
	return set_body(message, "text", &message->text, &message->text_content, text);
}

email_code
email_message_set_html(email_message *message, const char *html)
{
	return set_body(message, "html", &message->html, &message->html_content, html);
}

void *
email__room_for_one(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return email__realloc(array, (count ? count * 2 : 1) * size);
}

static bool
has_header(const email_message *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->header_count; i++)
		if (email__str_equal(m->headers[i].name, name))
			return true;
	return false;
}

/* A header not yet in the message. */
static email_code
make_header(email_message *m, const char *name, const char *value, email__header *h)
{
	email_code rc;

	memset(h, 0, sizeof *h);
	if ((rc = email__header_check(value, &m->error)))
		return rc;
	if (strlen(value) > EMAIL__HEADER_VALUE_MAX)
		return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "the value is longer than %d", EMAIL__HEADER_VALUE_MAX);
	h->field = email__structured_find(name);
	if (h->field && (rc = email__structured_check(h->field, value, &m->error)))
		return rc;
	if (h->field && h->field->kind == EMAIL__VALUE_ADDRESSES)
		rc = email__address_parse_groups(value, &h->addresses, &m->error);
	if (rc == EMAIL_OK && (!(h->name = email__strdup(name)) || !(h->value = email__strdup(value))))
		rc = email__message_memory(m);
	if (rc)
		header_dispose(h);
	return rc;
}

static email_code
too_many_headers(email_message *m)
{
	return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d headers",
	                        EMAIL__HEADERS_MAX);
}

static email_code
append_header(email_message *m, const email__header *h)
{
	email__header *more;

	if (m->header_count >= EMAIL__HEADERS_MAX)
		return too_many_headers(m);
	if (!(more = email__room_for_one(m->headers, m->header_count, sizeof *more)))
		return email__message_memory(m);
	m->headers = more;
	m->headers[m->header_count++] = *h;
	return EMAIL_OK;
}

static email_code
add_header(email_message *m, const char *name, const char *value)
{
	email__header h;
	email_code rc;

	if ((rc = email__header_check_name(name, &m->error)) || (rc = make_header(m, name, value, &h)))
		return rc;
	if (h.field && h.field->once && has_header(m, name))
		rc = email__error_set(&m->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                      "a message has one %s at most", h.field->name);
	else
		rc = append_header(m, &h);
	if (rc)
		header_dispose(&h);
	return rc;
}

email_code
email_message_add_header(email_message *message, const char *name, const char *value)
{
	if (!email__message_enter(message, name && *name ? name : "header"))
		return EMAIL_E_USAGE;
	return email__message_leave(message, name && value ? add_header(message, name, value)
	                                                   : email__message_missing(message));
}

static void
remove_header(email_message *m, const char *name)
{
	size_t i, kept = 0;

	for (i = 0; i < m->header_count; i++) {
		if (email__str_equal(m->headers[i].name, name))
			header_dispose(&m->headers[i]);
		else
			m->headers[kept++] = m->headers[i];
	}
	m->header_count = kept;
}

/* Headers that belong together take the place of those of their names: all, or none of them; a value of
 * NULL only takes its header away. */
static email_code
replace_headers(email_message *m, const char *const *names, const char *const *values, size_t n)
{
	email__header h[HEADERS_TOGETHER], *more;
	size_t i, made = 0, room = 1;
	email_code rc;

	for (i = 0; i < n; i++) {
		if (values[i] && (rc = make_header(m, names[i], values[i], &h[made])))
			goto out;
		made += values[i] != NULL;
	}
	if (m->header_count + made > EMAIL__HEADERS_MAX) {
		rc = too_many_headers(m);
		goto out;
	}
	while (room < m->header_count + made)
		room *= 2;
	if (!(more = email__realloc(m->headers, room * sizeof *more))) {
		rc = email__message_memory(m);
		goto out;
	}
	m->headers = more;
	for (i = 0; i < n; i++)
		remove_header(m, names[i]);
	memcpy(m->headers + m->header_count, h, made * sizeof *h);
	m->header_count += made;
	return EMAIL_OK;
out:
	while (made)
		header_dispose(&h[--made]);
	return rc;
}

email_code
email_message_set_importance(email_message *message, email_importance importance)
{
	/* what is normal need not say so; the numbers are Outlook's and many others' */
	static const char *const names[] = {"Importance", "X-Priority", "Priority"};
	static const char *const none[HEADERS_TOGETHER] = {NULL};
	static const char *const high[] = {"high", "1", "urgent"};
	static const char *const low[] = {"low", "5", "non-urgent"};
	const char *const *values = NULL;

	if (!email__message_enter(message, "importance"))
		return EMAIL_E_USAGE;
	switch (importance) {
	case EMAIL_IMPORTANCE_NORMAL: values = none; break;
	case EMAIL_IMPORTANCE_HIGH: values = high; break;
	case EMAIL_IMPORTANCE_LOW: values = low; break;
	}
	return email__message_leave(message,
	                            values ? replace_headers(message, names, values, 3)
	                                   : email__error_set(&message->error, EMAIL_E_USAGE,
	                                                      EMAIL_STAGE_NONE, "it is not an importance"));
}

/* The ids of a text that can be written as they are, whatever stands around them; others are left out: those in UTF-8,
 * which would need SMTPUTF8 (RFC 6532 3.3), and those too long for a line. What is wrong is their maker's affair. */
static email_code
usable_ids(email_message *m, email__arena *a, const char *text, email__ids *ids)
{
	const email__structured *field = email__structured_find("References");
	uint64_t ignored = 0;
	size_t i, kept = 0;
	email_code rc = email__header_check(text, &m->error);

	if (rc)
		return rc;
	if (email__ids_read(ids, a, text, strlen(text), &ignored))
		return email__message_memory(m);
	for (i = 0; i < ids->count; i++)
		if (email__structured_check(field, ids->item[i], NULL) == EMAIL_OK)
			ids->item[kept++] = ids->item[i];
	ids->count = kept;
	return EMAIL_OK;
}

static email_code
add_id(email__buf *b, const char *id)
{
	email_code rc = email__buf_adds(b, email__buf_len(b) ? " " : "");

	return rc ? rc : email__buf_adds(b, id);
}

/* What the answered message refers to, and the message itself (RFC 5322 3.6.4). Where that would be too
 * long, the first id stays, which begins the thread, and the last ones. NULL: no memory. */
static char *
thread_of(const char *id, const email__ids *ids)
{
	size_t used = (id ? strlen(id) : 0) + (ids->count ? strlen(ids->item[0]) + 1 : 0), from = ids->count,
	       i;
	char *thread = NULL;
	email__buf b;

	while (from > 1 && used + strlen(ids->item[from - 1]) + 1 <= EMAIL__HEADER_VALUE_MAX)
		used += strlen(ids->item[--from]) + 1;
	email__buf_init(&b, EMAIL__HEADER_VALUE_MAX + 2);
	for (i = 0; i < ids->count; i = i == 0 && from > 1 ? from : i + 1)
		if (add_id(&b, ids->item[i]))
			goto out;
	if ((!id || !add_id(&b, id)) && email__buf_text(&b))
		thread = email__strdup(email__buf_text(&b));
out:
	email__buf_dispose(&b);
	return thread;
}

static email_code
set_reply(email_message *m, const char *id, const char *references)
{
	static const char *const names[] = {"In-Reply-To", "References"};
	const char *values[] = {NULL, NULL};
	email__ids answered = {0}, before = {0};
	email__arena a;
	char *thread = NULL;
	email_code rc;

	email__arena_init(&a, IDS_FIRST, EMAIL__TREE_MAX);
	if ((rc = usable_ids(m, &a, id ? id : "", &answered)))
		goto out;
	if (id && references) {
		(void)email__message_enter(m, "references"); /* not read: that was asked before */
		if ((rc = usable_ids(m, &a, references, &before)))
			goto out;
	}
	if (answered.count)
		values[0] = answered.item[0];
	if (answered.count || before.count) {
		if (!(values[1] = thread = thread_of(values[0], &before))) {
			rc = email__message_memory(m);
			goto out;
		}
	}
	rc = replace_headers(m, names, values, 2);
out:
	email__free(thread);
	email__arena_dispose(&a);
	return rc;
}

email_code
email_message_set_reply(email_message *message, const char *id, const char *references)
{
	if (!email__message_enter(message, "inReplyTo"))
		return EMAIL_E_USAGE;
	return email__message_leave(message, set_reply(message, id, references));
}

email_code
email_message_set_message_id(email_message *message, const char *id)
{
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "messageId"))
		return EMAIL_E_USAGE;
	if (id && !email__message_id_valid(id))
		rc = email__error_set(&message->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                      "it is not like \"<left@right>\"");
	if (rc == EMAIL_OK)
		rc = replace(message, &message->message_id, id);
	return email__message_leave(message, rc);
}

email_code
email_message_set_date(email_message *message, int64_t seconds)
{
	char date[EMAIL__DATE_SIZE];
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "date"))
		return EMAIL_E_USAGE;
	/* with a day to spare on each side for the local time */
	if (seconds < INT64_MIN / 2 || seconds > INT64_MAX / 2 ||
	    !email__date_write(date, seconds - 86400, 0) || !email__date_write(date, seconds + 86400, 0)) {
		rc = email__error_set(&message->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                      "the year is not within 1900 and 9999");
	} else {
		message->date = seconds;
		message->has_date = true;
	}
	return email__message_leave(message, rc);
}

email_code
email_message_set_dsn(email_message *message, unsigned notify)
{
	unsigned all = EMAIL_DSN_NEVER | EMAIL_DSN_SUCCESS | EMAIL_DSN_FAILURE | EMAIL_DSN_DELAY;
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "dsn"))
		return EMAIL_E_USAGE;
	if ((notify & ~all) || ((notify & EMAIL_DSN_NEVER) && notify != EMAIL_DSN_NEVER))
		rc = email__error_set(&message->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                      "not a set of delivery notices");
	else
		message->dsn = notify;
	return email__message_leave(message, rc);
}

email_code
email_message_set_raw_file(email_message *message, const char *path)
{
	email__raw raw = {0};
	email_code rc = EMAIL_OK;

	if (!email__message_enter(message, "rawFile"))
		return EMAIL_E_USAGE;
	if (path)
		rc = email__raw_open(&raw, path, &message->error);
	if (rc == EMAIL_OK) {
		email__raw_dispose(&message->raw);
		message->raw = raw;
	}
	return email__message_leave(message, rc);
}
