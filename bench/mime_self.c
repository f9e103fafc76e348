/* SPDX-License-Identifier: MIT */
/* This library. Reading is by its public interface only; composing is what sending does, without a server. */
#include <stdio.h>
#include <string.h>

#include <emailservice/parse.h>

#include "mime.h"
#include "mime/compose.h"

static email_parser *parser;
static bench_found *events_found;

/* A part is a leaf where no part names it as its parent. */
static email_code
on_part(void *context, unsigned number, unsigned parent, unsigned depth)
{
	static unsigned char opened[1 << 16];

	(void)context;
	(void)depth;
	opened[number] = 0;
	events_found->leaves++;
	if (number && !opened[parent]) {
		opened[parent] = 1;
		events_found->leaves--;
	}
	return EMAIL_OK;
}

static email_code
on_data(void *context, const char *bytes, size_t size)
{
	(void)context;
	(void)bytes;
	events_found->bytes += (unsigned long)size;
	return EMAIL_OK;
}

int
bench_mime_start(bench_mime work)
{
	static const email_parser_events events = {.part = on_part, .data = on_data};

	if (work == BENCH_EVENTS)
		parser = email_parser_new(&events, NULL);
	return work == BENCH_EVENTS && !parser;
}

static email_code
nowhere(void *context, const void *bytes, size_t size)
{
	(void)bytes;
	((bench_found *)context)->bytes += (unsigned long)size;
	return EMAIL_OK;
}

static void
by_tree(bench_mime work, const char *bytes, size_t size, bench_found *found)
{
	email_message *message = email_message_read_data(bytes, size, NULL);
	size_t i, n = message ? email_message_part_count(message) : 0;

	for (i = 0; i < n; i++) {
		if (email_message_part(message, (unsigned)i)->has_parts)
			continue;
		found->leaves++;
		if (work == BENCH_DECODE)
			email_message_part_read(message, (unsigned)i, false, nowhere, found);
	}
	email_message_free(message);
}

void
bench_mime_read(bench_mime work, const char *bytes, size_t size, bench_found *found)
{
	if (work != BENCH_EVENTS) {
		by_tree(work, bytes, size, found);
		return;
	}
	events_found = found;
	email_parser_push(parser, bytes, size);
	email_parser_end(parser);
	email_parser_reset(parser);
}

/* The attachment stays where it is, as with the peers; email_message_attach_data() would copy it. */
typedef struct memory {
	const char *at;
	size_t left;
} memory;

static long
read_memory(void *context, void *buffer, size_t size)
{
	memory *m = context;

	if (size > m->left)
		size = m->left;
	memcpy(buffer, m->at, size);
	m->at += size;
	m->left -= size;
	return (long)size;
}

void
bench_mime_compose(bench_mime work, const char *data, size_t size, bench_found *found)
{
	static unsigned char buffer[16384]; /* one TLS record's worth, as when sending */
	email_message *message = email_message_new();
	memory attached = {data, size};
	email__defaults defaults = {.now = 1795509000};
	email__envelope envelope;
	email_error error = {0};
	email__source source;
	size_t got;

	email_message_set_from(message, "Plant room <plant@example.com>");
	email_message_add_to(message, "duty@example.com");
	email_message_set_subject(message, "Boiler 2: flame failure");
	if (work == BENCH_TEXT)
		email_message_set_text(message, data);
	else
		email_message_attach_stream(message, "data.bin", NULL, read_memory, NULL, &attached);
	if (email__message_prepare(message, &defaults, &envelope, &error))
		fprintf(stderr, "self: %s\n", error.text);
	source = email__message_source(message);
	while (source.read(source.context, buffer, sizeof buffer, &got) == EMAIL_OK && got)
		found->bytes += (unsigned long)got;
	email__message_release(message);
	email_message_free(message);
}
