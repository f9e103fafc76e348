/* SPDX-License-Identifier: MIT */
#include "mime/tree_state.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "mime/parse.h"
#include "mime/text.h"

/* The first chunk holds the tree, its first nodes and a common header (3 to 8 kB): a small message needs one
 * chunk, an ordinary one two. */
#define FIRST_LEAST 4096
#define FIRST_MOST 16384
/* Fields as they stand take half of what a tree may hold; the rest is for what is decoded of them. */
#define FIELDS_MAX (EMAIL__TREE_MAX / 2)
/* What is read of a file in one go. */
#define PIECE 65536

typedef struct builder {
	email__tree *tree;
	email__parse parse;
} builder;

void
email__tree_defects(email__tree *t, uint64_t defects, unsigned number)
{
	uint64_t fresh = defects & ~t->defects;
	unsigned i;

	t->defects |= fresh;
	for (i = 0; fresh; i++, fresh >>= 1)
		if ((fresh & 1) && i < EMAIL_DEFECT_COUNT)
			t->defect_part[i] = number;
}

/* --- building --- */

/* Parts come in the order of the message, so a child goes behind its parent's last. */
static void
link_child(email__tree *t, unsigned number)
{
	email__node *n = &t->node[number], *parent = &t->node[n->part.parent];

	n->within = parent->within || strncmp(parent->part.type, "message/", 8) == 0;
	if (parent->last)
		t->node[parent->last].next = number;
	else
		parent->first = number;
	parent->last = number;
	parent->part.has_parts = true;
}

static email_code
on_part(void *context, unsigned number, unsigned parent, unsigned depth)
{
	builder *b = context;
	email__tree *t = b->tree;
	email__node *nodes = email__arena_grow(&t->arena, t->node, t->count, &t->room, sizeof *nodes);
	uint64_t at = b->parse.header_at;

	if (!nodes)
		return EMAIL_E_MEMORY;
	t->node = nodes;
	nodes[t->count++] = (email__node){
		.part = {.number = number,
	                 .parent = parent,
	                 .depth = depth,
	                 .type = "text/plain",
	                 .charset = "",
	                 .disposition = "",
	                 .file_name = "",
	                 .content_id = ""},
		.encoding = "",
		.header_at = at,
		.body_at = at,
		.end_at = at,
	};
	if (number)
		link_child(t, number);
	return EMAIL_OK;
}

static email_code
on_field(void *context, const char *name, size_t name_n, const char *value, size_t value_n)
{
	email__tree *t = ((builder *)context)->tree;
	email__node *n = &t->node[t->count - 1];
	size_t size = sizeof(email__field) + name_n + value_n + 2;
	email__field *f;

	if (size > FIELDS_MAX - t->field_bytes) {
		email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_TOO_MANY_HEADERS, n->part.number);
		return EMAIL_OK;
	}
	if (!(f = email__arena_alloc(&t->arena, size)))
		return EMAIL_E_MEMORY;
	t->field_bytes += size;
	*f = (email__field){.name_n = name_n, .value_n = value_n};
	memcpy(f->bytes, name, name_n);
	f->bytes[name_n] = '\0';
	if (value_n)
		memcpy(f->bytes + name_n + 1, value, value_n);
	f->bytes[name_n + 1 + value_n] = '\0';
	if (n->last_field)
		n->last_field->next = f;
	else
		n->fields = f;
	n->last_field = f;
	return EMAIL_OK;
}

/* A copy; nothing for "". The parser passes on what stands there, a text has clean characters. */
static bool
keep(email__tree *t, const char **place, const char *text)
{
	char clean[EMAIL__TYPE_MAX]; /* the longest of an entity's */

	*place = "";
	if (text[0] == '\0')
		return true;
	email__printable(clean, sizeof clean, text, strlen(text));
	*place = email__arena_text(&t->arena, clean, strlen(clean));
	return *place != NULL;
}

static email_code
on_body(void *context, const char *type, const char *charset, const char *encoding)
{
	builder *b = context;
	email__tree *t = b->tree;
	email__node *n = &t->node[t->count - 1];

	n->body_at = n->end_at = b->parse.body_at;
	return keep(t, &n->part.type, type) && keep(t, &n->part.charset, charset) &&
	                       keep(t, &n->encoding, encoding)
	               ? EMAIL_OK
	               : EMAIL_E_MEMORY;
}

static email_code
on_end(void *context, unsigned number)
{
	builder *b = context;
	email__node *n = &b->tree->node[number];

	if (b->parse.end_at > n->body_at)
		n->end_at = b->parse.end_at;
	n->part.encoded_size = n->end_at - n->body_at;
	return EMAIL_OK;
}

static void
on_defect(void *context, email_defect defect, unsigned number)
{
	email__tree_defects(((builder *)context)->tree, UINT64_C(1) << defect, number);
}

static email_code
push(void *context, const void *bytes, size_t n)
{
	return email__parse_push(&((builder *)context)->parse, bytes, n);
}

/* The tree lies in its own arena: one block less. */
static email__tree *
tree_new(const email__reader *reader)
{
	uint64_t first = FIRST_LEAST + reader->size;
	email__arena arena;
	email__tree *t;
	size_t i;

	email__arena_init(&arena, first < FIRST_MOST ? (size_t)first : FIRST_MOST, EMAIL__TREE_MAX);
	if (!(t = email__arena_alloc(&arena, sizeof *t)))
		return NULL;
	*t = (email__tree){.reader = reader, .arena = arena};
	for (i = 0; i < EMAIL__SHOW_COUNT; i++)
		email__buf_init(&t->text[i], EMAIL__TEXT_READ_MAX + 1);
	return t;
}

email__tree *
email__tree_read(const email__reader *reader, email_error *e)
{
	static const email_parser_events events = {
		.part = on_part, .field = on_field, .body = on_body, .end = on_end, .defect = on_defect};
	builder b; /* 8 kB: not zeroed for each message */
	email_code rc;

	if (!(b.tree = tree_new(reader))) {
		email__error_memory(e, EMAIL_STAGE_NONE);
		return NULL;
	}
	b.tree->error = e;
	email__parse_init(&b.parse, &events, &b);
	rc = email__tree_bytes(b.tree, 0, reader->size, push, &b);
	if (rc == EMAIL_OK)
		rc = email__parse_end(&b.parse);
	email__parse_dispose(&b.parse);
	b.tree->error = NULL;
	if (rc) {
		email__error_set(e, rc, EMAIL_STAGE_NONE, "%s", email_code_text(rc));
		email__tree_free(b.tree);
		return NULL;
	}
	return b.tree;
}

void
email__tree_free(email__tree *t)
{
	email__arena arena;
	size_t i;

	if (!t)
		return;
	for (i = 0; i < EMAIL__SHOW_COUNT; i++)
		email__buf_dispose(&t->text[i]);
	arena = t->arena;
	email__arena_dispose(&arena);
}

/* --- bytes --- */

static email_code
unreadable(email__tree *t)
{
	return email__error_set(t->error, EMAIL_E_FILE, EMAIL_STAGE_NONE,
	                        "the message cannot be read, or has changed since it was opened");
}

email_code
email__tree_bytes(email__tree *t, uint64_t at, uint64_t end, email_sink_fn sink, void *context)
{
	const email__reader *reader = t->reader;
	size_t piece = end - at < PIECE ? (size_t)(end - at) : PIECE, got = 0;
	email_code rc = EMAIL_OK;
	char *buffer;

	if (at == end)
		return EMAIL_OK;
	if (reader->bytes)
		return sink(context, reader->bytes + at, (size_t)(end - at));
	if (!(buffer = email__alloc(piece)))
		return email__error_memory(t->error, EMAIL_STAGE_NONE);
	for (; at < end && rc == EMAIL_OK; at += got) {
		if (end - at < piece)
			piece = (size_t)(end - at);
		/* what ends early was made shorter meanwhile */
		if (reader->read_at(reader->context, at, buffer, piece, &got) || got == 0)
			rc = unreadable(t);
		else
			rc = sink(context, buffer, got);
	}
	email__free(buffer);
	return rc;
}

/* --- fields --- */

email__field *
email__tree_field(const email__tree *t, unsigned number, const char *name)
{
	email__field *f = t->node[number].fields;
	size_t n = strlen(name);

	while (f && !(f->name_n == n && email__str_equal_n(f->bytes, name, n)))
		f = f->next;
	return f;
}

email__field *
email__tree_field_at(email__tree *t, unsigned number, size_t i)
{
	email__node *n = &t->node[number];

	/* asked for one after the other, as a rule */
	if (!n->cursor || i < n->cursor_at) {
		n->cursor = n->fields;
		n->cursor_at = 0;
	}
	for (; n->cursor && n->cursor_at < i; n->cursor_at++)
		n->cursor = n->cursor->next;
	return n->cursor;
}

const char *
email__tree_value(email__tree *t, unsigned number, email__field *f)
{
	uint64_t defects = 0;

	if (!f->text) {
		f->text = email__text_read(&t->arena, email__field_value(f), f->value_n, &defects);
		email__tree_defects(t, defects, number);
	}
	if (!f->text)
		email__error_memory(t->error, EMAIL_STAGE_NONE);
	return f->text;
}

const char *
email__tree_header(email__tree *t, unsigned number, const char *name)
{
	email__field *f = email__tree_field(t, number, name);
	const char *value = f ? email__tree_value(t, number, f) : NULL;

	return value ? value : "";
}

email_code
email__tree_ids(email__tree *t, unsigned number, const char *name, email__ids *ids)
{
	email__field *f = email__tree_field(t, number, name);
	uint64_t defects = 0;
	email_code rc = EMAIL_OK;

	if (f)
		rc = email__ids_read(ids, &t->arena, email__field_value(f), f->value_n, &defects);
	email__tree_defects(t, defects, number);
	return rc ? email__error_memory(t->error, EMAIL_STAGE_NONE) : EMAIL_OK;
}
