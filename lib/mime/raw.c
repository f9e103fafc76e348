/* SPDX-License-Identifier: MIT */
/*
 * Looking through is a loop over lines: header lines are gathered into fields (unfolded, RFC 5322
 * 2.2.3) and taken up by name, body lines only counted. Reading is a loop over runs of bytes up to the
 * next line end or hidden range, in the caller's buffer: raw bytes at its far half, at most two written
 * for each.
 */
#include "mime/raw.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "mime/text.h"

#define CHUNK 4096

typedef struct scanner {
	email__raw *raw;
	email__file *file;
	email_error *e;
	unsigned char chunk[CHUNK];
	size_t chunk_at, chunk_n;
	uint64_t at; /* in the file */

	unsigned char line[EMAIL__LINE_MAX];
	size_t line_n;
	uint64_t line_from; /* in the file */
	int line_number;

	email__buf field;                   /* the one being gathered, unfolded */
	uint64_t field_from, length_before; /* in the file; of what goes out, before the field */
	int field_line;
	uint64_t header_length;
	bool in_header;
	bool header_utf8; /* every byte over 127 so far was UTF-8 */
} scanner;

static email_code
refuse(scanner *s, int line, const char *what)
{
	email_code rc = email__error_set(s->e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "%s", what);

	if (s->e)
		s->e->line = line;
	return rc;
}

/* The next byte; -1 at the end. */
static email_code
next_byte(scanner *s, int *c)
{
	email_code rc;

	if (s->chunk_at == s->chunk_n) {
		s->chunk_at = 0;
		rc = email__file_next(s->file, s->chunk, CHUNK, &s->chunk_n);
		if (rc) {
			s->chunk_n = 0;
			return email__error_set(s->e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
			                        "the file could not be read");
		}
		if (s->chunk_n == 0) {
			*c = -1;
			return EMAIL_OK;
		}
	}
	*c = s->chunk[s->chunk_at++];
	s->at++;
	return EMAIL_OK;
}

/* One line without its end (CRLF, CR, LF, or the file's). *more is false behind the last. */
static email_code
next_line(scanner *s, bool *more)
{
	email_code rc;
	int c = -1;

	s->line_n = 0;
	s->line_from = s->at;
	s->line_number++;
	for (;;) {
		if ((rc = next_byte(s, &c)))
			return rc;
		if (c < 0) {
			*more = s->line_n > 0;
			return EMAIL_OK;
		}
		if (c == '\r' || c == '\n')
			break;
		if (c == '\0')
			return refuse(s, s->line_number, "the message has a NUL");
		if (s->line_n == EMAIL__LINE_MAX)
			return refuse(s, s->line_number, "the message has a line longer than 998");
		s->raw->eight_bit |= c >= 0x80;
		s->line[s->line_n++] = (unsigned char)c;
	}
	*more = true;
	if (c == '\r') {
		if ((rc = next_byte(s, &c)))
			return rc;
		if (c >= 0 && c != '\n') {
			s->chunk_at--;
			s->at--;
		}
	}
	return EMAIL_OK;
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

/* The length of the field's name; 0 where the line begins none. White space before the colon is old
 * (RFC 5322 4.5) and tolerated. */
static size_t
name_length(const unsigned char *line, size_t n)
{
	size_t i = 0, end;

	while (i < n && line[i] > ' ' && line[i] <= '~' && line[i] != ':')
		i++;
	for (end = i; i < n && is_white((char)line[i]); i++)
		;
	return i < n && line[i] == ':' ? end : 0;
}

static bool
field_is(const unsigned char *line, size_t name, const char *wanted)
{
	return strlen(wanted) == name && email__str_equal_n((const char *)line, wanted, name);
}

static email_code
hide(scanner *s)
{
	email__raw *raw = s->raw;

	if (raw->hidden_count == EMAIL__RAW_HIDDEN_MAX)
		return email__error_set(s->e, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "the message has too many Bcc fields");
	raw->hidden[raw->hidden_count].from = s->field_from;
	raw->hidden[raw->hidden_count++].to = s->line_from;
	raw->length = s->length_before;
	return EMAIL_OK;
}

static email_code
take_addresses(scanner *s, const char *value, email__address_list *list)
{
	email_error e;
	email_code rc;

	/* an empty field is old, but of no harm (RFC 5322 4.5.3) */
	while (is_white(*value))
		value++;
	if (!*value)
		return EMAIL_OK;
	email__error_clear(&e);
	rc = email__address_parse(value, list, &e);
	if (rc == EMAIL_E_MESSAGE) {
		e.line = s->field_line;
		if (s->raw->defect.code == EMAIL_OK)
			s->raw->defect = e;
		return EMAIL_OK;
	}
	return rc ? email__error_set(s->e, rc, EMAIL_STAGE_NONE, "%s", e.text) : EMAIL_OK;
}

static email_code
take_id(scanner *s, const char *value)
{
	const char *open = strchr(value, '<'), *close = open ? strchr(open, '>') : NULL;

	if (!close || close - open >= EMAIL__MESSAGE_ID_MAX || s->raw->message_id)
		return EMAIL_OK;
	s->raw->message_id = email__strndup(open, (size_t)(close - open) + 1);
	return s->raw->message_id ? EMAIL_OK : email__error_memory(s->e, EMAIL_STAGE_NONE);
}

static email_code
take_subject(scanner *s, const char *value)
{
	email__arena arena;
	uint64_t ignored = 0;
	const char *text;

	if (s->raw->subject)
		return EMAIL_OK;
	email__arena_init(&arena, 1024, 2 * EMAIL__RAW_HEADER_MAX);
	if ((text = email__text_read(&arena, value, strlen(value), &ignored)))
		s->raw->subject = email__strdup(text);
	email__arena_dispose(&arena);
	return s->raw->subject ? EMAIL_OK : email__error_memory(s->e, EMAIL_STAGE_NONE);
}

/* The field gathered is whole: the next line is not its own. */
static email_code
end_field(scanner *s)
{
	const char *field;
	email_code rc = EMAIL_OK;
	size_t name;

	if (email__buf_len(&s->field) == 0)
		return EMAIL_OK;
	if (!(field = email__buf_text(&s->field)))
		return email__error_memory(s->e, EMAIL_STAGE_NONE);
	name = name_length((const unsigned char *)field, strlen(field));
	if (name) {
		const unsigned char *line = (const unsigned char *)field;
		const char *value = strchr(field, ':') + 1;

		if (field_is(line, name, "From"))
			rc = take_addresses(s, value, &s->raw->from);
		else if (field_is(line, name, "To"))
			rc = take_addresses(s, value, &s->raw->to);
		else if (field_is(line, name, "Cc"))
			rc = take_addresses(s, value, &s->raw->cc);
		else if (field_is(line, name, "Message-ID"))
			rc = take_id(s, value);
		else if (field_is(line, name, "Subject"))
			rc = take_subject(s, value);
		else if (field_is(line, name, "Bcc") && (rc = hide(s)) == EMAIL_OK)
			rc = take_addresses(s, value, &s->raw->bcc);
		else if (field_is(line, name, "Resent-Bcc"))
			rc = hide(s);
	}
	email__buf_clear(&s->field);
	return rc;
}

static email_code
header_line(scanner *s)
{
	email_code rc;

	if (s->line_n == 0) {
		if (s->line_number == 1)
			return refuse(s, 1, "the file does not begin with a header");
		s->in_header = false;
		return end_field(s);
	}
	s->header_length += s->line_n;
	if (s->header_length > EMAIL__RAW_HEADER_MAX)
		return email__error_set(s->e, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
		                        "the message's header is too long");
	if (!email__utf8_valid((const char *)s->line, s->line_n))
		s->header_utf8 = false;
	if (is_white((char)s->line[0])) {
		if (s->line_number == 1)
			return refuse(s, 1, "the file does not begin with a header");
	} else {
		if (name_length(s->line, s->line_n) == 0)
			return refuse(s, s->line_number,
			              s->line_number == 1 ? "the file does not begin with a header"
			                                  : "the header has a line without a name");
		if ((rc = end_field(s)))
			return rc;
		s->field_from = s->line_from;
		s->field_line = s->line_number;
		s->length_before = s->raw->length;
	}
	if ((rc = email__buf_add(&s->field, s->line, s->line_n)))
		return rc == EMAIL_E_MEMORY ? email__error_memory(s->e, EMAIL_STAGE_NONE) : rc;
	return EMAIL_OK;
}

static email_code
scan(scanner *s)
{
	email_code rc;
	bool more = false;
	size_t i;

	for (;;) {
		if ((rc = next_line(s, &more)))
			return rc;
		if (!more)
			break;
		if (s->in_header && (rc = header_line(s)))
			return rc;
		/* what has bytes over 127 up to here is in the header */
		if (s->in_header && s->raw->eight_bit)
			s->raw->utf8 = true;
		s->raw->length += s->line_n + 2;
	}
	if (s->line_number == 1)
		return refuse(s, 1, "the file is empty");
	if (s->in_header && (rc = end_field(s)))
		return rc;
	s->raw->utf8 &= s->header_utf8;
	for (i = 0; i < s->raw->from.count; i++)
		s->raw->utf8 |= s->raw->from.item[i].utf8;
	return EMAIL_OK;
}

/* The tail of a path that is too long says more than its head. */
static void
name_file(email_error *e, const char *path)
{
	size_t n = strlen(path), cut = n < sizeof e->file ? 0 : n - sizeof e->file + 1;

	email__printable(e->file, sizeof e->file, path + cut, n - cut);
}

email_code
email__raw_open(email__raw *raw, const char *path, email_error *e)
{
	scanner *s = email__new(scanner);
	email_code rc;

	memset(raw, 0, sizeof *raw);
	if (!s)
		return email__error_memory(e, EMAIL_STAGE_NONE);
	s->raw = raw;
	s->e = e;
	s->in_header = s->header_utf8 = true;
	email__buf_init(&s->field, EMAIL__RAW_HEADER_MAX + 1);
	if (!email__file_stamp_get(path, &raw->stamp))
		rc = email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "the file %.200s is not there",
		                      path);
	else
		rc = email__file_open(path, &s->file, e);
	if (rc == EMAIL_OK && !(raw->path = email__strdup(path)))
		rc = email__error_memory(e, EMAIL_STAGE_NONE);
	if (rc == EMAIL_OK)
		rc = scan(s);
	if (rc && e && !e->file[0])
		name_file(e, path);
	if (raw->defect.code)
		name_file(&raw->defect, path);
	if (s->file)
		email__file_close(s->file);
	email__buf_dispose(&s->field);
	email__free(s);
	if (rc)
		email__raw_dispose(raw);
	return rc;
}

void
email__raw_dispose(email__raw *raw)
{
	email__raw_end(raw);
	email__free(raw->path);
	email__free(raw->message_id);
	email__free(raw->subject);
	email__address_list_dispose(&raw->from);
	email__address_list_dispose(&raw->to);
	email__address_list_dispose(&raw->cc);
	email__address_list_dispose(&raw->bcc);
	memset(raw, 0, sizeof *raw);
}

static email_code
changed(const email__raw *raw, email_error *e)
{
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
	                        "the file %.200s has changed since it was set", raw->path);
}

email_code
email__raw_check(const email__raw *raw, email_error *e)
{
	email__file_stamp now;

	if (!email__file_stamp_get(raw->path, &now))
		return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "the file %.200s is not there",
		                        raw->path);
	return memcmp(&now, &raw->stamp, sizeof now) == 0 ? EMAIL_OK : changed(raw, e);
}

email_code
email__raw_begin(email__raw *raw, email_error *e)
{
	email__raw_end(raw);
	raw->at = 0;
	raw->next_hidden = 0;
	raw->after_cr = raw->in_line = raw->ended = false;
	return email__file_open(raw->path, &raw->file, e);
}

void
email__raw_end(email__raw *raw)
{
	if (raw->file)
		email__file_close(raw->file);
	raw->file = NULL;
}

/* How many of the n bytes from here on are alike: hidden or not. */
static size_t
alike(email__raw *raw, size_t n, bool *hidden)
{
	uint64_t border;

	*hidden = false;
	if (raw->next_hidden == raw->hidden_count)
		return n;
	border = raw->hidden[raw->next_hidden].from;
	if (raw->at >= border) {
		*hidden = true;
		border = raw->hidden[raw->next_hidden].to;
	}
	return border - raw->at < n ? (size_t)(border - raw->at) : n;
}

/* Line ends become CRLF. `in` may lie in the far half of the memory at `out`. */
static size_t
pass_on(email__raw *raw, unsigned char *out, const unsigned char *in, size_t n)
{
	unsigned char *o = out;
	size_t i = 0;

	while (i < n) {
		size_t from = i;
		unsigned char c;

		while (i < n && in[i] != '\r' && in[i] != '\n')
			i++;
		if (i > from) {
			memmove(o, in + from, i - from);
			o += i - from;
			raw->after_cr = false;
			raw->in_line = true;
		}
		if (i == n)
			break;
		c = in[i++];
		if (!(c == '\n' && raw->after_cr)) {
			*o++ = '\r';
			*o++ = '\n';
		}
		raw->after_cr = c == '\r';
		raw->in_line = false;
	}
	return (size_t)(o - out);
}

/* Passes on what of the n bytes is not hidden. */
static size_t
filter(email__raw *raw, unsigned char *out, const unsigned char *in, size_t n)
{
	size_t written = 0;

	while (n) {
		bool hidden;
		size_t run = alike(raw, n, &hidden);

		if (!hidden)
			written += pass_on(raw, out + written, in, run);
		else
			raw->after_cr = false;
		raw->at += run;
		in += run;
		n -= run;
		if (hidden && raw->at == raw->hidden[raw->next_hidden].to)
			raw->next_hidden++;
	}
	return written;
}

email_code
email__raw_read(email__raw *raw, unsigned char *out, size_t room, size_t *got, email_error *e)
{
	size_t half = room / 2, n;

	*got = 0;
	while (*got == 0 && !raw->ended) {
		unsigned char *in = out + (room - half);

		if (email__file_next(raw->file, in, half, &n))
			return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
			                        "the file %.200s could not be read", raw->path);
		*got = filter(raw, out, in, n);
		if (n)
			continue;
		raw->ended = true;
		if (raw->at != (uint64_t)raw->stamp.size)
			return changed(raw, e);
		if (raw->in_line) {
			out[0] = '\r';
			out[1] = '\n';
			*got = 2;
		}
	}
	return EMAIL_OK;
}
