/* SPDX-License-Identifier: MIT */
/* Any bytes are a message: every getter answers, in clean UTF-8, and a file gives the same tree as memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/emailservice.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "mime/tree_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* Valid, and without control characters but tab, and line ends where they may be. */
static void
check_text(const char *s, bool lines)
{
	size_t n = s ? strlen(s) : 0, i;

	must(email__utf8_valid(s ? s : "", n));
	for (i = 0; i < n; i++)
		must(((unsigned char)s[i] >= ' ' && s[i] != 0x7f) || s[i] == '\t' || (lines && s[i] == '\n'));
}

static void
check_header(email_message *m)
{
	static const char *const lists[] = {"From", "To", "Cc", "Reply-To", "Sender"};
	const email_mailbox *list;
	const char *const *ids;
	const char *name, *value;
	int64_t seconds;
	size_t n, i, k;
	int offset;

	for (i = 0; email_message_header_at(m, i, &name, &value); i++) {
		check_text(name, false);
		check_text(value, false);
		check_text(email_message_header(m, name), false);
	}
	must(i <= EMAIL__FIELDS_READ_MAX);
	for (k = 0; k < sizeof lists / sizeof lists[0]; k++) {
		n = email_message_mailboxes(m, lists[k], &list);
		must(n <= EMAIL__RECIPIENTS_MAX);
		for (i = 0; i < n; i++) {
			check_text(list[i].name, false);
			check_text(list[i].address, false);
			check_text(list[i].group, false);
		}
	}
	check_text(email_message_subject(m), false);
	check_text(email_message_message_id(m), false);
	n = email_message_in_reply_to(m, &ids);
	for (i = 0; i < n; i++)
		check_text(ids[i], false);
	n = email_message_references(m, &ids);
	must(n <= EMAIL__IDS_MAX);
	for (i = 0; i < n; i++)
		check_text(ids[i], false);
	if (email_message_date(m, &seconds, &offset))
		must(offset > -24 * 60 && offset < 24 * 60);
}

static email_code
count(void *context, const void *bytes, size_t n)
{
	(void)bytes;
	*(size_t *)context += n;
	return EMAIL_OK;
}

static void
check_parts(email_message *m, size_t size)
{
	size_t n = email_message_part_count(m), i, k, got;
	const char *name, *value;
	char hex[EMAIL_DIGEST_SIZE];

	must(n >= 1 && n <= EMAIL__READ_PARTS_MAX);
	for (i = 0; i < n; i++) {
		const email_part *p = email_message_part(m, (unsigned)i);

		must(p && p->number == i && (i == 0 || p->parent < i) && p->depth <= EMAIL__DEPTH_MAX);
		must(p->encoded_size <= size);
		check_text(p->type, false);
		check_text(p->charset, false);
		check_text(p->disposition, false);
		check_text(p->content_id, false);
		check_text(p->file_name, false);
		must(!strchr(p->file_name, '/') && strlen(p->file_name) <= 255 && p->file_name[0] != '.');
		for (k = 0; k < 20 && email_message_part_header_at(m, (unsigned)i, k, &name, &value); k++)
			check_text(value, false);
		got = 0;
		must(email_message_part_read(m, (unsigned)i, i % 2, count, &got) == EMAIL_OK);
	}
	must(email_message_part_digest(m, (unsigned)(n - 1), hex) == EMAIL_OK && strlen(hex) == 64);
	got = 0;
	must(email_message_read(m, count, &got) == EMAIL_OK && got == size);
	must(email_message_text_part(m) < (int)n && email_message_html_part(m) < (int)n);
	check_text(email_message_text(m), true);
	check_text(email_message_html(m), true);
	must(!email_message_text(m) == (email_message_text_part(m) < 0));
}

static void
check_deliveries(email_message *m)
{
	const email_delivery *list;
	size_t n = email_message_deliveries(m, &list), i;

	must(n <= EMAIL__RECIPIENTS_MAX);
	for (i = 0; i < n; i++) {
		check_text(list[i].recipient, false);
		check_text(list[i].action, false);
		check_text(list[i].status, false);
		check_text(list[i].diagnostic, false);
		check_text(list[i].remote, false);
		check_text(list[i].original_id, false);
		check_text(list[i].envelope_id, false);
		check_text(list[i].original_recipient, false);
	}
	must(email_message_auto(m) == EMAIL_AUTO_REPORT || n == 0);
}

typedef struct source {
	const uint8_t *data;
	size_t size;
} source;

/* Pieces of odd sizes, so that everything lies across two of them some time. */
static email_code
read_at(void *context, uint64_t at, void *buffer, size_t size, size_t *got)
{
	const source *s = context;
	size_t piece = 1 + (size_t)(at * 7 + s->size) % 61;

	*got = s->size - at < piece ? (size_t)(s->size - at) : piece;
	*got = *got < size ? *got : size;
	memcpy(buffer, s->data + at, *got);
	return EMAIL_OK;
}

static void
check_pieces(const uint8_t *data, size_t size)
{
	source s = {data, size};
	email__reader whole = {.bytes = size ? (const char *)data : "", .size = size};
	email__reader pieces = {.read_at = read_at, .context = &s, .size = size};
	email__tree *a = email__tree_read(NULL, &whole, NULL), *b = email__tree_read(NULL, &pieces, NULL);
	size_t i;

	must(a && b && a->count == b->count && a->defects == b->defects);
	for (i = 0; i < a->count; i++)
		must(a->node[i].part.parent == b->node[i].part.parent &&
		     a->node[i].body_at == b->node[i].body_at && a->node[i].end_at == b->node[i].end_at &&
		     a->node[i].header_at == b->node[i].header_at &&
		     strcmp(a->node[i].part.type, b->node[i].part.type) == 0);
	email__tree_free(a);
	email__tree_free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email_message *m = email_message_read_data(data, size, NULL);
	unsigned i, part;

	must(m != NULL);
	check_header(m);
	check_parts(m, size);
	check_deliveries(m);
	for (i = 0; i < EMAIL_DEFECT_COUNT; i++)
		if (email_message_defect(m, (email_defect)i, &part))
			must(part < email_message_part_count(m));
	must(email_message_error(m)->code == EMAIL_OK);
	email_message_free(m);
	check_pieces(data, size);
	return 0;
}
