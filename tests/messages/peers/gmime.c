/* SPDX-License-Identifier: MIT */
/*
 * What GMime 3 reads in messages, in the shape of `emailctl parse` (as far as it has it): a line of JSON for
 * each file that standard input names. Leaves have the size and the SHA-256 of what they hold, decoded.
 */
#include <gmime/gmime.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void
set(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key,
		                    json_string(text) ? json_string(text) : json_string("(not UTF-8)"));
}

static void
lower(json_t *object, const char *key, const char *text)
{
	char *low = text ? g_ascii_strdown(text, -1) : NULL;

	set(object, key, low);
	g_free(low);
}

static void
add_addresses(json_t *list, InternetAddressList *from, const char *group)
{
	int i, n = from ? internet_address_list_length(from) : 0;

	for (i = 0; i < n; i++) {
		InternetAddress *one = internet_address_list_get_address(from, i);
		const char *name = internet_address_get_name(one);
		json_t *told;

		if (INTERNET_ADDRESS_IS_GROUP(one)) {
			InternetAddressList *members =
				internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one));

			add_addresses(list, members, name);
			if (internet_address_list_length(members))
				continue;
		}
		told = json_object();
		if (INTERNET_ADDRESS_IS_MAILBOX(one)) {
			set(told, "name", name);
			set(told, "address",
			    internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)));
			set(told, "group", group);
		} else {
			set(told, "group", name);
		}
		json_array_append_new(list, told);
	}
}

static void
set_addresses(json_t *object, const char *key, GMimeMessage *m, GMimeAddressType type)
{
	json_t *list = json_array();

	add_addresses(list, g_mime_message_get_addresses(m, type), NULL);
	json_object_set_new(object, key, list);
}

static void
set_content(json_t *told, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *bytes;

	if (content)
		g_mime_data_wrapper_write_to_stream(content, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	json_object_set_new(told, "size", json_integer(bytes->len));
	if (bytes->len) {
		char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);

		set(told, "sha256", sum);
		g_free(sum);
	}
	g_object_unref(stream);
}

static json_t *
part_json(GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	char *mime = g_mime_content_type_get_mime_type(type);
	json_t *told = json_object(), *parts = json_array();
	GMimeObject *inside = NULL;
	int i;

	lower(told, "type", mime);
	lower(told, "charset", g_mime_content_type_get_parameter(type, "charset"));
	if (g_mime_object_get_content_disposition(object))
		lower(told, "disposition", g_mime_object_get_disposition(object));
	set(told, "contentId", g_mime_object_get_content_id(object));
	if (GMIME_IS_MULTIPART(object)) {
		for (i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(object)); i++)
			json_array_append_new(
				parts, part_json(g_mime_multipart_get_part(GMIME_MULTIPART(object), i)));
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		if (m && (inside = g_mime_message_get_mime_part(m)))
			json_array_append_new(parts, part_json(inside));
	} else if (GMIME_IS_PART(object)) {
		set(told, "fileName", g_mime_part_get_filename(GMIME_PART(object)));
		set_content(told, GMIME_PART(object));
	}
	if (json_array_size(parts))
		json_object_set(told, "parts", parts);
	json_decref(parts);
	g_free(mime);
	return told;
}

static void
set_message(json_t *told, GMimeMessage *m)
{
	GDateTime *date = g_mime_message_get_date(m);
	char *text = date ? g_date_time_format(date, "%s") : NULL;
	json_t *parts = json_array();

	set(told, "subject", g_mime_message_get_subject(m));
	set(told, "messageId", g_mime_message_get_message_id(m));
	if (text)
		json_object_set_new(told, "seconds", json_integer(g_ascii_strtoll(text, NULL, 10)));
	set_addresses(told, "from", m, GMIME_ADDRESS_TYPE_FROM);
	set_addresses(told, "to", m, GMIME_ADDRESS_TYPE_TO);
	set_addresses(told, "cc", m, GMIME_ADDRESS_TYPE_CC);
	if (g_mime_message_get_mime_part(m))
		json_array_append_new(parts, part_json(g_mime_message_get_mime_part(m)));
	json_object_set_new(told, "parts", parts);
	g_free(text);
}

static void
one(const char *path)
{
	GMimeStream *stream = g_mime_stream_file_open(path, "r", NULL);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
	json_t *told = json_object();

	if (m)
		set_message(told, m);
	json_dumpf(told, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(told);
	if (m)
		g_object_unref(m);
	g_object_unref(parser);
	g_object_unref(stream);
}

int
main(void)
{
	char path[4096];

	g_mime_init();
	while (fgets(path, sizeof path, stdin)) {
		path[strcspn(path, "\n")] = '\0';
		one(path);
	}
	g_mime_shutdown();
	return 0;
}
