/* SPDX-License-Identifier: MIT */
#include "support/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
need(email_test_events *r, bool kept, const char *promise)
{
	if (!kept && !r->broken)
		r->broken = promise;
}

static void
note(email_test_events *r, const char *s, size_t n)
{
	if (r->text_n + n + 1 > r->text_room) {
		r->text_room = (r->text_n + n + 1) * 2;
		r->text = realloc(r->text, r->text_room);
		if (!r->text)
			exit(2);
	}
	memcpy(r->text + r->text_n, s, n);
	r->text_n += n;
	r->text[r->text_n] = '\0';
}

__attribute__((format(printf, 2, 3))) static void
notef(email_test_events *r, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	note(r, line, strlen(line));
}

static email_code
event(email_test_events *r)
{
	return ++r->events == r->fail_at ? EMAIL_E_CANCELLED : EMAIL_OK;
}

static void
moves_to(email_test_events *r, uint64_t at)
{
	need(r, at >= r->at && at <= r->size, "positions grow and are inside");
	r->at = (size_t)at;
}

static email_code
part(void *context, unsigned number, unsigned parent, unsigned depth)
{
	email_test_events *r = context;

	moves_to(r, r->parse.header_at);
	need(r, number == r->parts++ && depth == r->depth && depth <= EMAIL__DEPTH_MAX, "numbers and depths");
	need(r, parent == (depth ? r->stack[depth - 1] : 0), "the parent is open");
	need(r, r->parts <= EMAIL__READ_PARTS_MAX, "parts are bounded");
	if (r->depth <= EMAIL__DEPTH_MAX)
		r->stack[r->depth++] = number;
	r->fields = r->header_n = 0;
	notef(r, "part %u of %u @%zu\n", number, parent, r->at);
	return event(r);
}

static email_code
field(void *context, const char *name, size_t name_size, const char *value, size_t value_size)
{
	email_test_events *r = context;

	r->header_n += name_size + value_size + 1;
	need(r,
	     ++r->fields <= EMAIL__FIELDS_READ_MAX && r->header_n <= EMAIL__HEADER_READ_MAX &&
	             name_size + value_size < EMAIL__FIELD_READ_MAX,
	     "headers are bounded");
	need(r, name_size > 0, "a field has a name");
	note(r, name, name_size);
	note(r, ": ", 2);
	note(r, value, value_size);
	note(r, "\n", 1);
	return event(r);
}

static email_code
body(void *context, const char *type, const char *charset, const char *encoding)
{
	email_test_events *r = context;

	moves_to(r, r->parse.body_at);
	r->data_at = r->at;
	r->leaf = !r->parse.entity.multipart && !r->parse.entity.message;
	need(r, strchr(type, '/') || strlen(type) == EMAIL__TYPE_MAX - 1, "there is a type");
	notef(r, "= %s%s%s%s%s @%zu\n", type, *charset ? " " : "", charset, *encoding ? " " : "", encoding,
	      r->at);
	return event(r);
}

static email_code
data(void *context, const char *bytes, size_t size)
{
	email_test_events *r = context;

	need(r, r->leaf && size, "only leaves have data");
	need(r, size <= r->size - r->data_at && memcmp(r->bytes + r->data_at, bytes, size) == 0,
	     "data is what the message holds");
	r->data_at += size;
	r->calls++;
	return event(r);
}

static email_code
end(void *context, unsigned number)
{
	email_test_events *r = context;
	size_t from = r->at;

	moves_to(r, r->parse.end_at);
	need(r, r->depth && r->stack[--r->depth] == number, "parts end in pairs");
	if (r->leaf) {
		need(r, r->data_at == r->at, "all of a leaf's content is data");
		if (r->at - from > 200) {
			notef(r, "[%zu bytes]\n", r->at - from);
		} else {
			note(r, "[", 1);
			note(r, r->bytes + from, r->at - from);
			note(r, "]\n", 2);
		}
	}
	r->leaf = false;
	notef(r, "end %u @%zu\n", number, r->at);
	return event(r);
}

static void
defect(void *context, email_defect what, unsigned number)
{
	email_test_events *r = context;

	need(r, r->told[what] < 0, "a defect is told once");
	need(r, r->depth && r->stack[r->depth - 1] == number, "a defect's part is open");
	r->told[what] = (int)number;
}

void
email_test_events_init(email_test_events *r)
{
	static const email_parser_events events = {part, field, body, data, end, defect};

	memset(r, 0, sizeof *r);
	email__parse_init(&r->parse, &events, r);
}

static void
push(email_test_events *r, const char *s, size_t n, bool copy)
{
	char *own = copy ? malloc(n) : NULL;

	if (copy && !own)
		exit(2);
	if (own)
		memcpy(own, s, n);
	r->rc = email__parse_push(&r->parse, own ? own : s, n);
	free(own);
}

void
email_test_events_run(email_test_events *r, const void *bytes, size_t size, size_t chunk, unsigned seed,
                      bool copy)
{
	size_t i, n;
	int d;

	email__parse_reset(&r->parse);
	r->bytes = bytes;
	r->size = size;
	r->at = r->text_n = r->calls = r->events = 0;
	r->parts = r->depth = 0;
	r->leaf = false;
	r->rc = EMAIL_OK;
	for (d = 0; d < EMAIL_DEFECT_COUNT; d++)
		r->told[d] = -1;
	for (i = 0; i < size && !r->rc; i += n) {
		n = chunk ? chunk : size;
		if (seed) {
			seed = seed * 1103515245u + 12345u;
			n = 1 + (seed >> 8) % n;
		}
		n = n < size - i ? n : size - i;
		push(r, r->bytes + i, n, copy);
	}
	if (!r->rc)
		r->rc = email__parse_end(&r->parse);
	if (!r->rc)
		need(r, r->depth == 0 && r->parts && r->at == size, "all ends with the message");
	for (d = 0; d < EMAIL_DEFECT_COUNT; d++)
		if (r->told[d] >= 0)
			notef(r, "! %s %d\n", email_defect_name((email_defect)d), r->told[d]);
}

void
email_test_events_dispose(email_test_events *r)
{
	email__parse_dispose(&r->parse);
	free(r->text);
}
