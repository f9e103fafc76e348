/* SPDX-License-Identifier: MIT */
/* GMime 3: parts stay where they are in the message (its persistent streams), which is its fastest way. */
#include <gmime/gmime.h>

#include "mime.h"

static GMimeStream *nowhere;

int
bench_mime_start(bench_mime work)
{
	if (work == BENCH_EVENTS)
		return 1;
	g_mime_init();
	nowhere = g_mime_stream_null_new();
	g_mime_stream_null_set_count_newlines(GMIME_STREAM_NULL(nowhere), FALSE);
	return 0;
}

struct walk {
	bench_mime work;
	bench_found *found;
};

static void
each(GMimeObject *parent, GMimeObject *part, gpointer context)
{
	struct walk *walk = context;
	GMimeDataWrapper *content;

	(void)parent;
	if (!GMIME_IS_PART(part))
		return;
	walk->found->leaves++;
	content = g_mime_part_get_content(GMIME_PART(part));
	if (walk->work == BENCH_DECODE && content)
		walk->found->bytes += (unsigned long)g_mime_data_wrapper_write_to_stream(content, nowhere);
}

static void
walk_parts(GMimeObject *object, struct walk *walk)
{
	GMimeMessage *inside;

	each(NULL, object, walk);
	if (GMIME_IS_MULTIPART(object)) {
		int i, n = g_mime_multipart_get_count(GMIME_MULTIPART(object));

		for (i = 0; i < n; i++)
			walk_parts(g_mime_multipart_get_part(GMIME_MULTIPART(object), i), walk);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		inside = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		if (inside && g_mime_message_get_mime_part(inside))
			walk_parts(g_mime_message_get_mime_part(inside), walk);
	}
}

void
bench_mime_read(bench_mime work, const char *bytes, size_t size, bench_found *found)
{
	GByteArray array = {(guint8 *)(size_t)bytes, (guint)size};
	GMimeStream *stream = g_mime_stream_mem_new();
	struct walk walk = {work, found};
	GMimeMessage *message;
	GMimeParser *parser;

	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), &array);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	if (message) {
		if (g_mime_message_get_mime_part(message))
			walk_parts(g_mime_message_get_mime_part(message), &walk);
		g_object_unref(message);
	}
	g_object_unref(stream);
}

void
bench_mime_compose(bench_mime work, const char *data, size_t size, bench_found *found)
{
	GByteArray array = {(guint8 *)(size_t)data, (guint)size};
	GMimeStream *stream = g_mime_stream_mem_new();
	GMimeDataWrapper *content;
	GMimeMessage *message = g_mime_message_new(TRUE);
	GMimePart *part;

	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, "Plant room", "plant@example.com");
	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, NULL, "duty@example.com");
	g_mime_message_set_subject(message, "Boiler 2: flame failure", NULL);
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), &array);
	content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
	if (work == BENCH_TEXT) {
		part = g_mime_part_new_with_type("text", "plain");
		g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
		g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
		g_mime_message_set_mime_part(message, GMIME_OBJECT(part));
	} else {
		GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");

		part = g_mime_part_new_with_type("application", "octet-stream");
		g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
		g_mime_part_set_filename(part, "data.bin");
		g_mime_multipart_add(mixed, GMIME_OBJECT(part));
		g_mime_message_set_mime_part(message, GMIME_OBJECT(mixed));
		g_object_unref(mixed);
	}
	g_mime_part_set_content(part, content);
	GMIME_STREAM_NULL(nowhere)->written = 0;
	g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, nowhere);
	found->bytes += (unsigned long)GMIME_STREAM_NULL(nowhere)->written;
	g_object_unref(part);
	g_object_unref(content);
	g_object_unref(stream);
	g_object_unref(message);
}
