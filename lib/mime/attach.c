/* SPDX-License-Identifier: MIT */
/* Files of a message, attached or inline: from a path, from memory, from a stream. */
#include "mime/message.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "mime/header.h"
#include "mime/type.h"

/* "-1000", behind a content id that another file has. */
#define COUNT_MAX 5

/* What a caller says of a file, besides what is in it. */
typedef struct label {
	const char *name, *type, *content_id;
	bool shown;
} label;

void
email__part_free(email__part *p)
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

static email_code
refuse(email_message *m, const char *why)
{
	return email__error_set(&m->error, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "%s", why);
}

static email_code
check_name(email_message *m, const char *name)
{
	email_code rc;

	if (!*name || strchr(name, '\t'))
		return refuse(m, "a file's name is not valid");
	if ((rc = email__header_check(name, &m->error)))
		return rc;
	if (strlen(name) > EMAIL__FILE_NAME_MAX)
		return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "a file's name is longer than %d", EMAIL__FILE_NAME_MAX);
	return EMAIL_OK;
}

static bool
has_content_id(const email_message *m, const char *id)
{
	size_t i;

	for (i = 0; i < m->part_count; i++)
		if (m->parts[i]->content_id && strcmp(m->parts[i]->content_id, id) == 0)
			return true;
	return false;
}

static email_code
check_content_id(email_message *m, const char *id)
{
	if (!email__content_id_valid(id))
		return refuse(m, "the content id has a character that may not be there");
	return has_content_id(m, id) ? refuse(m, "the content id is another file's") : EMAIL_OK;
}

/* From the file's name, of characters that a content id and a URL have in common as they are: a "%" would be
 * one character to some readers, and three to others (RFC 2392 2). */
static void
make_content_id(const email_message *m, const char *name, char id[EMAIL__MESSAGE_ID_MAX + 1])
{
	size_t n = 0, k;

	for (; *name && n < EMAIL__MESSAGE_ID_MAX - COUNT_MAX; name++) {
		if (((unsigned char)*name & 0xC0) == 0x80)
			continue; /* one "_" a character */
		id[n++] = email__is_alpha(*name) || email__is_digit(*name) || strchr("+-.@_", *name) ? *name
		                                                                                     : '_';
	}
	id[n] = '\0';
	for (k = 2; has_content_id(m, id); k++)
		snprintf(id + n, COUNT_MAX + 1, "-%zu", k);
}

static email_code
check_label(email_message *m, const label *l)
{
	email_code rc;

	if (!l->name)
		return email__message_missing(m);
	if (m->part_count >= EMAIL__PARTS_MAX)
		return email__error_set(&m->error, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d files",
		                        EMAIL__PARTS_MAX);
	if ((rc = check_name(m, l->name)) || (l->content_id && (rc = check_content_id(m, l->content_id))))
		return rc;
	if (l->type && !email__type_valid(l->type)) {
		email__error_remedy(&m->error,
		                    "give a type like application/pdf, or none to take it from the name");
		return refuse(m, "not a content type that a file can have");
	}
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

/* False: no memory. */
static bool
copy(char **place, const char *text)
{
	return !text || (*place = email__strdup(text));
}

/* A part of its own memory, not yet in the message. NULL: no memory. */
static email__part *
part_new(const label *l, const email__content *content)
{
	email__part *p = email__new(email__part);

	if (!p)
		return NULL;
	p->shown = l->shown;
	p->content = *content;
	p->content.path = NULL;
	p->content.encoding = EMAIL__ENCODING_BASE64;
	if (!copy(&p->name, l->name) || !copy(&p->content_id, l->content_id) ||
	    !copy(&p->type, l->type ? l->type : email__type_of_name(l->name)) ||
	    !copy(&p->content.path, content->path))
		goto out;
	if (content->kind == EMAIL__CONTENT_DATA) {
		if (!(p->data = email__alloc(content->size)))
			goto out;
		if (content->size)
			memcpy(p->data, content->data, content->size);
		p->content.data = p->data;
	}
	return p;
out:
	email__part_free(p);
	return NULL;
}

/* What `content` points to stays the caller's. */
static email_code
add(email_message *m, label l, const email__content *content)
{
	char id[EMAIL__MESSAGE_ID_MAX + 1];
	email__part *p, **more;
	email_code rc;

	if ((rc = check_label(m, &l)) || (content->path && (rc = check_file(m, content->path))))
		return rc;
	if (l.shown && !l.content_id) {
		make_content_id(m, l.name, id);
		l.content_id = id;
	}
	if (!(p = part_new(&l, content)))
		return email__message_memory(m);
	if (!(more = email__room_for_one(m->parts, m->part_count, sizeof *more))) {
		email__part_free(p);
		return email__message_memory(m);
	}
	m->parts = more;
	m->parts[m->part_count++] = p;
	return EMAIL_OK;
}

static email_code
add_file(email_message *m, label l, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	email__content content = {.kind = EMAIL__CONTENT_FILE, .path = (char *)(uintptr_t)path};

	l.name = slash ? slash + 1 : path;
	if (!email__message_enter(m, l.shown ? "inline" : "attachment"))
		return EMAIL_E_USAGE;
	return email__message_leave(m, add(m, l, &content));
}

static email_code
add_data(email_message *m, label l, const void *data, size_t size)
{
	email__content content = {.kind = EMAIL__CONTENT_DATA, .data = data, .size = size};

	if (!email__message_enter(m, l.shown ? "inline" : "attachment"))
		return EMAIL_E_USAGE;
	return email__message_leave(m, data || size == 0 ? add(m, l, &content) : email__message_missing(m));
}

static email_code
add_stream(email_message *m, label l, email_read_fn read, email_rewind_fn rewind, void *context)
{
	email__content content = {
		.kind = EMAIL__CONTENT_STREAM, .read = read, .rewind = rewind, .context = context};

	if (!email__message_enter(m, l.shown ? "inline" : "attachment"))
		return EMAIL_E_USAGE;
	return email__message_leave(m, read ? add(m, l, &content) : email__message_missing(m));
}

email_code
email_message_attach_file(email_message *message, const char *path, const char *type)
{
	return add_file(message, (label){NULL, type, NULL, false}, path);
}

email_code
email_message_attach_data(email_message *message, const char *name, const char *type, const void *data,
                          size_t size)
{
	return add_data(message, (label){name, type, NULL, false}, data, size);
}

email_code
email_message_attach_stream(email_message *message, const char *name, const char *type, email_read_fn read,
                            email_rewind_fn rewind, void *context)
{
	return add_stream(message, (label){name, type, NULL, false}, read, rewind, context);
}

email_code
email_message_inline_file(email_message *message, const char *path, const char *type, const char *content_id)
{
	return add_file(message, (label){NULL, type, content_id, true}, path);
}

email_code
email_message_inline_data(email_message *message, const char *name, const char *type, const void *data,
                          size_t size, const char *content_id)
{
	return add_data(message, (label){name, type, content_id, true}, data, size);
}

email_code
email_message_inline_stream(email_message *message, const char *name, const char *type, email_read_fn read,
                            email_rewind_fn rewind, void *context, const char *content_id)
{
	return add_stream(message, (label){name, type, content_id, true}, read, rewind, context);
}
