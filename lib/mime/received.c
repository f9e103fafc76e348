/* SPDX-License-Identifier: MIT */
/* A message that was read: opening it, its header, its parts. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "codec/date.h"
#include "mime/field.h"
#include "mime/message.h"
#include "mime/received.h"
#include "mime/tree_state.h"
#include "os/file.h"

/* --- opening --- */

void
email__message_receive(email_message *m, const email__reader *reader)
{
	if (m->error.code)
		email__error_clear(&m->error);
	m->received = true;
	m->planted = false;
	m->unread = EMAIL_OK;
	m->reader = *reader;
}

email_code
email__message_unread(const email_message *m)
{
	return m->unread;
}

email__tree *
email__message_tree(email_message *m)
{
	if (!m->received)
		return NULL;
	if (m->planted)
		return m->tree;
	m->tree = email__tree_read(m->tree, &m->reader, &m->error);
	m->planted = m->tree != NULL;
	m->unread = m->planted ? EMAIL_OK : m->error.code;
	if (m->planted)
		m->tree->error = &m->error;
	return m->tree;
}

/* Takes the message over; NULL where it cannot be read. */
static email_message *
read_message(email_message *m, const email__reader *reader, email_error *e)
{
	email__message_receive(m, reader);
	if (email__message_tree(m))
		return m;
	if (e)
		*e = m->error;
	email_message_free(m);
	return NULL;
}

email_message *
email_message_read_file(const char *path, email_error *error)
{
	email_message *m = email_message_new();
	email__reader reader;

	email__error_clear(error);
	if (!m) {
		email__error_memory(error, EMAIL_STAGE_NONE);
		return NULL;
	}
	if (email__file_open(path, &m->file, error)) {
		email_message_free(m);
		return NULL;
	}
	reader = email__file_reader(m->file);
	return read_message(m, &reader, error);
}

email_message *
email_message_read_data(const void *data, size_t size, email_error *error)
{
	const email__reader reader = {.bytes = size ? data : "", .size = size};
	email_message *m = email_message_new();

	email__error_clear(error);
	if (!m) {
		email__error_memory(error, EMAIL_STAGE_NONE);
		return NULL;
	}
	return read_message(m, &reader, error);
}

/* Every getter begins here: NULL where the message was composed. */
static email__tree *
enter(email_message *m)
{
	email__error_clear(&m->error);
	return email__message_tree(m);
}

/* For getters that change nothing that anybody sees. */
static const email__tree *
tree_of(const email_message *m)
{
	return m->planted ? m->tree : email__message_tree((email_message *)(uintptr_t)m);
}

/* --- header fields --- */

bool
email_message_part_header_at(email_message *message, unsigned number, size_t i, const char **name,
                             const char **value)
{
	email__tree *t = enter(message);
	email__field *f = t && number < t->count ? email__tree_field_at(t, number, i) : NULL;

	*name = f ? f->bytes : NULL;
	*value = f ? email__tree_value(t, number, f) : NULL;
	return *value != NULL;
}

const char *
email_message_part_header(email_message *message, unsigned number, const char *name)
{
	email__tree *t = enter(message);
	email__field *f = t && number < t->count ? email__tree_field(t, number, name) : NULL;

	return f ? email__tree_value(t, number, f) : NULL;
}

bool
email_message_header_at(email_message *message, size_t i, const char **name, const char **value)
{
	return email_message_part_header_at(message, 0, i, name, value);
}

const char *
email_message_header(email_message *message, const char *name)
{
	return email_message_part_header(message, 0, name);
}

const char *
email_message_subject(email_message *message)
{
	return email_message_header(message, "Subject");
}

/* --- fields with a meaning --- */

/* Those of all fields of the name, kept at the first of them; of a field that may stand once the first counts, lest
 * another sender is shown than the one that was checked. */
static email_code
read_mailboxes(email__tree *t, email__field *first)
{
	bool once = email__field_kind_of(first->bytes, first->name_n) != EMAIL__FIELD_OTHER;
	email__mailboxes *list = email__arena_alloc(&t->arena, sizeof *list);
	email__field *f;
	email_code rc = EMAIL_OK;

	if (!list)
		return EMAIL_E_MEMORY;
	*list = (email__mailboxes){0};
	for (f = first; f && rc == EMAIL_OK; f = once ? NULL : f->next) {
		uint64_t defects = 0;

		if (f->name_n != first->name_n || !email__str_equal_n(f->bytes, first->bytes, f->name_n))
			continue;
		if (email__tree_full(t, 0))
			break;
		rc = email__mailboxes_read(list, &t->arena, email__field_value(f), f->value_n, &defects);
		email__tree_defects(t, defects, 0);
	}
	if (rc == EMAIL_OK)
		first->mailboxes = list;
	return rc;
}

size_t
email_message_mailboxes(email_message *message, const char *name, const email_mailbox **list)
{
	email__tree *t = enter(message);
	email__field *f = t ? email__tree_field(t, 0, name) : NULL;

	*list = NULL;
	if (!f)
		return 0;
	if (!f->mailboxes && read_mailboxes(t, f)) {
		email__error_memory(&message->error, EMAIL_STAGE_NONE);
		return 0;
	}
	*list = f->mailboxes->item;
	return f->mailboxes->count;
}

bool
email_message_date(email_message *message, int64_t *seconds, int *offset)
{
	email__tree *t = enter(message);
	const email__field *f = t ? email__tree_field(t, 0, "Date") : NULL;
	int ahead = 0;

	*seconds = 0;
	if (offset)
		*offset = 0;
	if (!f)
		return false;
	if (!email__date_read(email__field_value(f), f->value_n, seconds, &ahead)) {
		*seconds = 0;
		email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_DATE, 0);
		return false;
	}
	if (offset)
		*offset = ahead;
	return true;
}

/* The three of RFC 5322 3.6.4, once. */
static email__tree *
read_ids(email_message *m)
{
	email__tree *t = enter(m);

	if (!t || t->ids_read)
		return t;
	t->message_id = t->in_reply_to = t->references = (email__ids){0};
	if (email__tree_ids(t, 0, "Message-ID", &t->message_id) ||
	    email__tree_ids(t, 0, "In-Reply-To", &t->in_reply_to) ||
	    email__tree_ids(t, 0, "References", &t->references))
		return NULL;
	t->ids_read = true;
	return t;
}

const char *
email_message_message_id(email_message *message)
{
	const email__tree *t = read_ids(message);

	return t && t->message_id.count ? t->message_id.item[0] : NULL;
}

size_t
email_message_in_reply_to(email_message *message, const char *const **ids)
{
	const email__tree *t = read_ids(message);

	*ids = t ? t->in_reply_to.item : NULL;
	return t ? t->in_reply_to.count : 0;
}

size_t
email_message_references(email_message *message, const char *const **ids)
{
	const email__tree *t = read_ids(message);

	*ids = t ? t->references.item : NULL;
	return t ? t->references.count : 0;
}

/* --- parts --- */

size_t
email_message_part_count(const email_message *message)
{
	const email__tree *t = tree_of(message);

	return t ? t->count : 0;
}

const email_part *
email_message_part(email_message *message, unsigned number)
{
	email__tree *t = enter(message);
	email__node *n;

	if (!t || number >= t->count || email__tree_choose(t) || !(n = email__tree_view(t, number)))
		return NULL;
	n->part.attachment = email__tree_attachment(t, number);
	return &n->part;
}

size_t
email_message_deliveries(email_message *message, const email_delivery **list)
{
	email__tree *t = enter(message);

	*list = NULL;
	if (!t || email__tree_deliveries(t))
		return 0;
	*list = t->delivery;
	return t->delivery_count;
}

bool
email_message_defect(const email_message *message, email_defect defect, unsigned *part)
{
	const email__tree *t = tree_of(message);

	if (!t || defect >= EMAIL_DEFECT_COUNT || !(t->defects >> defect & 1))
		return false;
	if (part)
		*part = t->defect_part[defect];
	return true;
}
