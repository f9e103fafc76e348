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
#include "mime/type.h"

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
part_free(email__part *p)
{
	if (!p)
		return;
	email__content_end(&p->content);
	email__free(p->content.path);
	email__free(p->name);
	email__free(p->type);
	email__free(p->content_id);
	email__free(p->data);
	email__free(p);
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
	email__address_dispose(&m->reply_to);
	email__address_dispose(&m->default_from);
	email__address_dispose(&m->default_reply_to);
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
		part_free(m->parts[--m->part_count]);
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

/* A setter begins: what fails from here on concerns this field. False: the message was read, and stays so. */
static bool
enter(email_message *m, const char *field)
{
	email__error_clear(&m->error);
	email__printable(m->error.property, sizeof m->error.property, field, strlen(field));
	if (m->tree)
		email__error_set(&m->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                 "a message that was read cannot be changed");
	return !m->tree;
}

/* A setter ends. */
static email_code
leave(email_message *m, email_code rc)
{
	if (rc == EMAIL_OK) {
		email__error_clear(&m->error);
		m->prepared = false;
	} else {
		email__error_set(&m->error, rc, EMAIL_STAGE_NONE, "%s", email_code_text(rc));
	}
	return rc;
}

static email_code
memory(email_message *m)
{
	return email__error_memory(&m->error, EMAIL_STAGE_NONE);
}

static email_code
missing(email_message *m)
{
	return email__error_set(&m->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE, "no text was given");
}

static email_code
set_address(email_message *m, const char *field, email__address *to, const char *text)
{
	email__address a = {0};
	email_code rc = EMAIL_OK;

	if (!enter(m, field))
		return EMAIL_E_USAGE;
	if (text)
		rc = email__address_parse_one(text, &a, &m->error);
	if (rc == EMAIL_OK) {
		email__address_dispose(to);
		*to = a;
	}
	return leave(m, rc);
}

email_code
email_message_set_from(email_message *message, const char *address)
{
	return set_address(message, "from", &message->from, address);
}

email_code
email_message_set_reply_to(email_message *message, const char *address)
{
	return set_address(message, "replyTo", &message->reply_to, address);
}

static email_code
add_addresses(email_message *m, const char *field, email__address_list *list, const char *text)
{
	size_t before = list->count;
	email_code rc;

	if (!enter(m, field))
		return EMAIL_E_USAGE;
	rc = text ? email__address_parse(text, list, &m->error) : missing(m);
	if (rc == EMAIL_OK && m->to.count + m->cc.count + m->bcc.count > EMAIL__RECIPIENTS_MAX) {
		while (list->count > before)
			email__address_dispose(&list->item[--list->count]);
		rc = email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d recipients",
		                      EMAIL__RECIPIENTS_MAX);
	}
	return leave(m, rc);
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
		return memory(m);
	email__free(*place);
	*place = copy;
	return EMAIL_OK;
}

email_code
email_message_set_subject(email_message *message, const char *subject)
{
	email_code rc = EMAIL_OK;

	if (!enter(message, "subject"))
		return EMAIL_E_USAGE;
	if (subject)
		rc = email__header_check(subject, &message->error);
	if (rc == EMAIL_OK && subject && strlen(subject) > EMAIL__HEADER_VALUE_MAX)
		rc = email__error_set(&message->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                      "it is longer than %d", EMAIL__HEADER_VALUE_MAX);
	if (rc == EMAIL_OK)
		rc = replace(message, &message->subject, subject);
	return leave(message, rc);
}

static email_code
set_body(email_message *m, const char *field, char **place, email__content *content, const char *text)
{
	email_code rc = EMAIL_OK;

	if (!enter(m, field))
		return EMAIL_E_USAGE;
	if (text && !email__utf8_valid(text, strlen(text)))
		rc = email__error_set(&m->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "it is not UTF-8");
	if (rc == EMAIL_OK)
		rc = replace(m, place, text);
	if (rc == EMAIL_OK)
		email__content_text(content, *place ? *place : "", *place ? strlen(*place) : 0);
	return leave(m, rc);
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

/* Room for one more in an array that grows at powers of two. */
static void *
room_for_one(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return email__realloc(array, (count ? count * 2 : 1) * size);
}

static email_code
add_header(email_message *m, const char *name, const char *value)
{
	email__header h = {0}, *more;
	email_code rc;

	if ((rc = email__header_check_name(name, &m->error)) || (rc = email__header_check(value, &m->error)))
		return rc;
	if (strlen(value) > EMAIL__HEADER_VALUE_MAX || m->header_count >= EMAIL__HEADERS_MAX)
		return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "the value is longer than %d, or there are more than %d headers",
		                        EMAIL__HEADER_VALUE_MAX, EMAIL__HEADERS_MAX);
	if (email__header_has_addresses(name) && (rc = email__address_parse(value, &h.addresses, &m->error)))
		goto out;
	rc = EMAIL_E_MEMORY;
	if (!(h.name = email__strdup(name)) || !(h.value = email__strdup(value)) ||
	    !(more = room_for_one(m->headers, m->header_count, sizeof *more)))
		goto out;
	m->headers = more;
	m->headers[m->header_count++] = h;
	return EMAIL_OK;
out:
	header_dispose(&h);
	return rc;
}

email_code
email_message_add_header(email_message *message, const char *name, const char *value)
{
	if (!enter(message, name && *name ? name : "header"))
		return EMAIL_E_USAGE;
	return leave(message, name && value ? add_header(message, name, value) : missing(message));
}

/* What may stand in "<left@right>" (RFC 5322 3.6.4) and in a content id. */
static bool
id_valid(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr("<>()\\,;\"", s[i]))
			return false;
	return n > 0 && n <= EMAIL__MESSAGE_ID_MAX;
}

email_code
email_message_set_message_id(email_message *message, const char *id)
{
	size_t n = id ? strlen(id) : 0;
	const char *at = id ? strchr(id, '@') : NULL;
	email_code rc = EMAIL_OK;

	if (!enter(message, "messageId"))
		return EMAIL_E_USAGE;
	if (id && (n < 5 || id[0] != '<' || id[n - 1] != '>' || !id_valid(id + 1, n - 2) || !at ||
	           at == id + 1 || at == id + n - 2 || strchr(at + 1, '@')))
		rc = email__error_set(&message->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                      "it is not like \"<left@right>\"");
	if (rc == EMAIL_OK)
		rc = replace(message, &message->message_id, id);
	return leave(message, rc);
}

email_code
email_message_set_date(email_message *message, int64_t seconds)
{
	char date[EMAIL__DATE_SIZE];
	email_code rc = EMAIL_OK;

	if (!enter(message, "date"))
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
	return leave(message, rc);
}

email_code
email_message_set_dsn(email_message *message, unsigned notify)
{
	unsigned all = EMAIL_DSN_NEVER | EMAIL_DSN_SUCCESS | EMAIL_DSN_FAILURE | EMAIL_DSN_DELAY;
	email_code rc = EMAIL_OK;

	if (!enter(message, "dsn"))
		return EMAIL_E_USAGE;
	if ((notify & ~all) || ((notify & EMAIL_DSN_NEVER) && notify != EMAIL_DSN_NEVER))
		rc = email__error_set(&message->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                      "not a set of delivery notices");
	else
		message->dsn = notify;
	return leave(message, rc);
}

static const char *
last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static email_code
check_part(email_message *m, const char *name, const char *type)
{
	email_code rc;

	if (m->part_count >= EMAIL__PARTS_MAX)
		return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d files",
		                        EMAIL__PARTS_MAX);
	if (!*name || strchr(name, '\t'))
		return email__error_set(&m->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                        "a file's name is not valid");
	if ((rc = email__header_check(name, &m->error)))
		return rc;
	if (strlen(name) > EMAIL__FILE_NAME_MAX)
		return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "a file's name is longer than %d", EMAIL__FILE_NAME_MAX);
	if (type && !email__type_valid(type)) {
		email__error_remedy(&m->error,
		                    "give a type like application/pdf, or none to take it from the name");
		return email__error_set(&m->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                        "not a content type that a file can have");
	}
	return EMAIL_OK;
}

/* A part with its name and type, not yet in the message. NULL: no memory. */
static email__part *
part_new(const char *name, const char *type, email__content_kind kind)
{
	email__part *p = email__new(email__part);

	if (!p)
		return NULL;
	p->name = email__strdup(name);
	p->type = email__strdup(type ? type : email__type_of_name(name));
	p->content.kind = kind;
	p->content.encoding = EMAIL__ENCODING_BASE64;
	if (!p->name || !p->type) {
		part_free(p);
		return NULL;
	}
	return p;
}

/* Takes the part over; frees it on an error. */
static email_code
add_part(email_message *m, email__part *p)
{
	/* an array of pointers, and so meant: NOLINTNEXTLINE(bugprone-sizeof-expression) */
	email__part **more = room_for_one(m->parts, m->part_count, sizeof *more);

	if (!more) {
		part_free(p);
		return memory(m);
	}
	m->parts = more;
	m->parts[m->part_count++] = p;
	return EMAIL_OK;
}

/* A regular file that can be opened. */
static email_code
check_file(email_message *m, const char *path)
{
	email__file *file;
	email__file_stamp stamp;
	bool regular;
	email_code rc;

	/* not opened before it is known to be there: opening a pipe would wait */
	if (!email__file_stamp_get(path, &stamp))
		return email__error_set(&m->error, EMAIL_E_FILE, EMAIL_STAGE_NONE,
		                        "the file %.200s is not there", path);
	if ((rc = email__file_open(path, &file, &m->error)))
		return rc;
	regular = email__file_size(file) >= 0;
	email__file_close(file);
	return regular ? EMAIL_OK
	               : email__error_set(&m->error, EMAIL_E_FILE, EMAIL_STAGE_NONE,
	                                  "%.200s is no regular file", path);
}

static email_code
attach_path(email_message *m, const char *path, const char *type, const char *content_id)
{
	const char *name = last_name(path);
	email__part *p;
	email_code rc;

	if ((rc = check_part(m, name, type)) || (rc = check_file(m, path)))
		return rc;
	if (!(p = part_new(name, type, EMAIL__CONTENT_FILE)))
		return memory(m);
	p->content.path = email__strdup(path);
	if (content_id) {
		p->shown = true;
		p->content_id = email__strdup(content_id);
	}
	if (!p->content.path || (content_id && !p->content_id)) {
		part_free(p);
		return memory(m);
	}
	return add_part(m, p);
}

email_code
email_message_attach_file(email_message *message, const char *path, const char *type)
{
	if (!enter(message, "attachment"))
		return EMAIL_E_USAGE;
	return leave(message, path ? attach_path(message, path, type, NULL) : missing(message));
}

email_code
email_message_inline_file(email_message *message, const char *path, const char *type, const char *content_id)
{
	size_t i;

	if (!enter(message, "inline"))
		return EMAIL_E_USAGE;
	if (!path || !content_id)
		return leave(message, missing(message));
	if (!id_valid(content_id, strlen(content_id)))
		return leave(message,
		             email__error_set(&message->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                              "the content id has a character that may not be there"));
	for (i = 0; i < message->part_count; i++)
		if (message->parts[i]->content_id && strcmp(message->parts[i]->content_id, content_id) == 0)
			return leave(message,
			             email__error_set(&message->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
			                              "the content id is another file's"));
	return leave(message, attach_path(message, path, type, content_id));
}

static email_code
attach_data(email_message *m, const char *name, const char *type, const void *data, size_t size)
{
	email__part *p;
	email_code rc;

	if ((rc = check_part(m, name, type)))
		return rc;
	if (!(p = part_new(name, type, EMAIL__CONTENT_DATA)))
		return memory(m);
	if (!(p->data = email__alloc(size))) {
		part_free(p);
		return memory(m);
	}
	if (size)
		memcpy(p->data, data, size);
	p->content.data = p->data;
	p->content.size = size;
	return add_part(m, p);
}

email_code
email_message_attach_data(email_message *message, const char *name, const char *type, const void *data,
                          size_t size)
{
	if (!enter(message, "attachment"))
		return EMAIL_E_USAGE;
	return leave(message, name && (data || size == 0) ? attach_data(message, name, type, data, size)
	                                                  : missing(message));
}

static email_code
attach_stream(email_message *m, const char *name, const char *type, email_read_fn read,
              email_rewind_fn rewind, void *context)
{
	email__part *p;
	email_code rc;

	if ((rc = check_part(m, name, type)))
		return rc;
	if (!(p = part_new(name, type, EMAIL__CONTENT_STREAM)))
		return memory(m);
	p->content.read = read;
	p->content.rewind = rewind;
	p->content.context = context;
	return add_part(m, p);
}

email_code
email_message_attach_stream(email_message *message, const char *name, const char *type, email_read_fn read,
                            email_rewind_fn rewind, void *context)
{
	if (!enter(message, "attachment"))
		return EMAIL_E_USAGE;
	return leave(message, name && read ? attach_stream(message, name, type, read, rewind, context)
	                                   : missing(message));
}

email_code
email_message_set_raw_file(email_message *message, const char *path)
{
	email__raw raw = {0};
	email_code rc = EMAIL_OK;

	if (!enter(message, "rawFile"))
		return EMAIL_E_USAGE;
	if (path)
		rc = email__raw_open(&raw, path, &message->error);
	if (rc == EMAIL_OK) {
		email__raw_dispose(&message->raw);
		message->raw = raw;
	}
	return leave(message, rc);
}
