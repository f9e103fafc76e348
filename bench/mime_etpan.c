/* SPDX-License-Identifier: MIT */
/* libetpan. */
#include <stdlib.h>
#include <string.h>

#include <libetpan/libetpan.h>
#include <libetpan/mailmime_write_generic.h>

#include "mime.h"

int
bench_mime_start(bench_mime work)
{
	return work == BENCH_EVENTS;
}

static void
leaf(bench_mime work, struct mailmime *part, bench_found *found)
{
	struct mailmime_data *data = part->mm_data.mm_single;
	size_t at = 0, size = 0;
	char *text = NULL;
	int encoding = MAILMIME_MECHANISM_8BIT;

	found->leaves++;
	if (work != BENCH_DECODE || !data || data->dt_type != MAILMIME_DATA_TEXT)
		return;
	if (part->mm_mime_fields)
		encoding = mailmime_transfer_encoding_get(part->mm_mime_fields);
	if (mailmime_part_parse(data->dt_data.dt_text.dt_data, data->dt_data.dt_text.dt_length, &at, encoding,
	                        &text, &size))
		return;
	found->bytes += (unsigned long)size;
	mailmime_decoded_part_free(text);
}

static void
walk(bench_mime work, struct mailmime *part, bench_found *found)
{
	clistiter *i;

	switch (part->mm_type) {
	case MAILMIME_SINGLE: leaf(work, part, found); break;
	case MAILMIME_MULTIPLE:
		for (i = clist_begin(part->mm_data.mm_multipart.mm_mp_list); i; i = clist_next(i))
			walk(work, clist_content(i), found);
		break;
	case MAILMIME_MESSAGE:
		if (part->mm_data.mm_message.mm_msg_mime)
			walk(work, part->mm_data.mm_message.mm_msg_mime, found);
		break;
	}
}

void
bench_mime_read(bench_mime work, const char *bytes, size_t size, bench_found *found)
{
	struct mailmime *message = NULL;
	size_t at = 0;

	if (mailmime_parse(bytes, size, &at, &message))
		return;
	walk(work, message, found);
	mailmime_free(message);
}

static int
nowhere(void *context, const char *bytes, size_t size)
{
	(void)bytes;
	((bench_found *)context)->bytes += (unsigned long)size;
	return (int)size;
}

static struct mailmime *
content(bench_mime work, const char *data, size_t size)
{
	int text = work == BENCH_TEXT;
	struct mailmime_fields *fields = mailmime_fields_new_encoding(
		text ? MAILMIME_MECHANISM_QUOTED_PRINTABLE : MAILMIME_MECHANISM_BASE64);
	struct mailmime *part = mailmime_new_empty(
		mailmime_content_new_with_str(text ? "text/plain" : "application/octet-stream"), fields);

	mailmime_set_body_text(part, (char *)(size_t)data, size);
	return part;
}

void
bench_mime_compose(bench_mime work, const char *data, size_t size, bench_found *found)
{
	struct mailmime *message = mailmime_new_message_data(NULL), *part = content(work, data, size), *mixed;
	struct mailimf_mailbox_list *from = mailimf_mailbox_list_new_empty();
	struct mailimf_address_list *to = mailimf_address_list_new_empty();
	int column = 0;

	mailimf_mailbox_list_add_parse(from, (char *)(size_t) "Plant room <plant@example.com>");
	mailimf_address_list_add_parse(to, (char *)(size_t) "duty@example.com");
	mailmime_set_imf_fields(message,
	                        mailimf_fields_new_with_data(from, NULL, NULL, to, NULL, NULL, NULL, NULL,
	                                                     strdup("Boiler 2: flame failure")));
	if (work == BENCH_ATTACH) {
		mixed = mailmime_multiple_new("multipart/mixed");
		mailmime_add_part(message, mixed);
		mailmime_smart_add_part(mixed, part);
	} else {
		mailmime_add_part(message, part);
	}
	mailmime_write_driver(nowhere, found, &column, message);
	mailmime_free(message);
}
