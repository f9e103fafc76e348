/* SPDX-License-Identifier: MIT */
/*
 * The frame: headers and boundaries in one buffer, and the order in which its bytes and the contents go
 * out.
 *
 *     mixed                        where files are attached
 *       alternative                where there are both text and HTML
 *         text/plain
 *         related                  where files are shown by the HTML
 *           text/html, files
 *       files
 */
#include "mime/layout.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/date.h"
#include "codec/fold.h"
#include "codec/param.h"
#include "mime/header.h"

/* The letter at a boundary's end: none is the beginning of another. */
typedef enum multipart { MIXED = 'm', ALTERNATIVE = 'a', RELATED = 'r' } multipart;

typedef struct layout {
	email_message *m;
	email__buf *out;
	size_t mark;     /* up to here the frame is in a segment */
	bool line_start; /* what was written last ends a line that belongs to no content */
	email_code rc;
} layout;

static void
put(layout *l, const char *s)
{
	if (!l->rc)
		l->rc = email__buf_adds(l->out, s);
}

/* What the frame has got since the last time, then the content. */
static void
end_segment(layout *l, email__content *content)
{
	email_message *m = l->m;
	size_t len = email__buf_len(l->out);

	if (l->rc)
		return;
	if (m->segment_count + 2 > m->segment_room) {
		size_t room = m->segment_room ? m->segment_room * 2 : 4;
		email__segment *more = email__realloc(m->segments, room * sizeof *more);

		if (!more) {
			l->rc = EMAIL_E_MEMORY;
			return;
		}
		m->segments = more;
		m->segment_room = room;
	}
	if (len > l->mark)
		m->segments[m->segment_count++] = (email__segment){NULL, l->mark, len};
	if (content)
		m->segments[m->segment_count++] = (email__segment){content, 0, 0};
	l->mark = len;
	/* rows of base64 all end in CRLF; the end of a text is its own */
	l->line_start = !content || content->encoding == EMAIL__ENCODING_BASE64;
}

static void
text_field(layout *l, const char *name, const char *value)
{
	if (!l->rc)
		l->rc = email__header_write_text(l->out, name, value);
}

static void
address_field(layout *l, const char *name, const email__address *a, size_t n)
{
	size_t i;

	if (n == 0 || l->rc)
		return;
	l->rc = email__header_write_addresses(l->out, name, a, n);
	for (i = 0; i < n; i++) {
		l->m->envelope.utf8 |= a[i].utf8;
		l->m->envelope.eight_bit |= a[i].utf8;
	}
}

/* In the order that people look at. */
static void
message_header(layout *l, const char *date, const email__address *from)
{
	email_message *m = l->m;
	size_t i;

	if (!m->envelope.undated)
		text_field(l, "Date", date);
	address_field(l, "From", from, 1);
	if (m->reply_to.count)
		address_field(l, "Reply-To", m->reply_to.item, m->reply_to.count);
	else
		address_field(l, "Reply-To", &m->default_reply_to, m->default_reply_to.address ? 1 : 0);
	address_field(l, "To", m->to.item, m->to.count);
	address_field(l, "Cc", m->cc.item, m->cc.count);
	if (m->to.count + m->cc.count == 0)
		put(l, "To: undisclosed-recipients:;\r\n");
	if (m->subject)
		text_field(l, "Subject", m->subject);
	put(l, "Message-ID: ");
	put(l, m->envelope.message_id);
	put(l, "\r\nMIME-Version: 1.0\r\n");
	for (i = 0; i < m->header_count; i++) {
		const email__header *h = &m->headers[i];

		if (!h->field)
			text_field(l, h->name, h->value);
		else if (h->field->kind == EMAIL__VALUE_ADDRESSES)
			address_field(l, h->name, h->addresses.item, h->addresses.count);
		else if (!l->rc)
			l->rc = email__structured_write(l->out, h->field, h->value);
	}
}

static void
boundary(layout *l, multipart kind)
{
	char letter[2] = {(char)kind, '\0'};

	put(l, l->m->boundary);
	put(l, letter);
}

static void
multipart_begin(layout *l, multipart kind, bool eight_bit)
{
	switch (kind) {
	case MIXED: put(l, "Content-Type: multipart/mixed;\r\n"); break;
	case ALTERNATIVE: put(l, "Content-Type: multipart/alternative;\r\n"); break;
	case RELATED:
		/* RFC 2387 3.1 */
		put(l, "Content-Type: multipart/related; type=\"text/html\";\r\n");
		break;
	}
	put(l, " boundary=\"");
	boundary(l, kind);
	put(l, "\"\r\n");
	/* what holds 8-bit parts says so too (RFC 2045 6.4) */
	if (eight_bit)
		put(l, "Content-Transfer-Encoding: 8bit\r\n");
	put(l, "\r\n");
	l->line_start = true;
}

static void
delimiter(layout *l, multipart kind, const char *end)
{
	put(l, l->line_start ? "--" : "\r\n--");
	boundary(l, kind);
	put(l, end);
	l->line_start = true;
}

static void
body_part(layout *l, const char *type, email__content *content)
{
	put(l, "Content-Type: ");
	put(l, type);
	put(l, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
	put(l, email__encoding_name(content->encoding));
	put(l, "\r\n\r\n");
	l->m->envelope.eight_bit |= content->encoding == EMAIL__ENCODING_8BIT;
	end_segment(l, content);
}

/* The type, then each of its parameters, which may fold. */
static void
write_type(email__fold *f, const char *type)
{
	while (*type && !f->rc) {
		const char *end = type;
		bool quoted = false;

		for (; *end && (quoted || *end != ';'); end++) {
			if (*end == '"')
				quoted = !quoted;
			else if (quoted && *end == '\\' && end[1])
				end++;
		}
		end += *end == ';';
		email__fold_word(f, type, (size_t)(end - type));
		type = end + strspn(end, " ");
	}
}

/* The name stands in Content-Disposition by RFC 2231, and in Content-Type for readers that know only
 * encoded words. */
static void
file_part(layout *l, email__part *p)
{
	email__fold f;

	if (l->rc)
		return;
	email__fold_begin(&f, l->out, "Content-Type");
	write_type(&f, p->type);
	email__param_write_old(&f, "name", p->name);
	if ((l->rc = email__fold_end(&f)))
		return;
	email__fold_begin(&f, l->out, "Content-Disposition");
	email__fold_words(&f, p->shown ? "inline" : "attachment");
	email__param_write(&f, "filename", p->name);
	l->rc = email__fold_end(&f);
	if (p->content_id) {
		put(l, "Content-ID: <");
		put(l, p->content_id);
		put(l, ">\r\n");
	}
	put(l, "Content-Transfer-Encoding: base64\r\n\r\n");
	end_segment(l, &p->content);
}

static size_t
count_shown(const email_message *m)
{
	size_t i, n = 0;

	for (i = 0; i < m->part_count; i++)
		n += m->parts[i]->shown;
	return n;
}

/* HTML, with the files that it shows. */
static void
html_body(layout *l)
{
	email_message *m = l->m;
	size_t i;

	if (count_shown(m) == 0) {
		body_part(l, "text/html", &m->html_content);
		return;
	}
	multipart_begin(l, RELATED, m->html_content.encoding == EMAIL__ENCODING_8BIT);
	delimiter(l, RELATED, "\r\n");
	body_part(l, "text/html", &m->html_content);
	for (i = 0; i < m->part_count; i++) {
		if (!m->parts[i]->shown)
			continue;
		delimiter(l, RELATED, "\r\n");
		file_part(l, m->parts[i]);
	}
	delimiter(l, RELATED, "--\r\n");
}

static bool
has_eight_bit(const email_message *m)
{
	return (m->text && m->text_content.encoding == EMAIL__ENCODING_8BIT) ||
	       (m->html && m->html_content.encoding == EMAIL__ENCODING_8BIT);
}

static void
text_bodies(layout *l)
{
	email_message *m = l->m;

	if (m->text && m->html) {
		multipart_begin(l, ALTERNATIVE, has_eight_bit(m));
		delimiter(l, ALTERNATIVE, "\r\n");
		body_part(l, "text/plain", &m->text_content);
		delimiter(l, ALTERNATIVE, "\r\n");
		html_body(l);
		delimiter(l, ALTERNATIVE, "--\r\n");
	} else if (m->html) {
		html_body(l);
	} else {
		body_part(l, "text/plain", &m->text_content);
	}
}

static void
message_body(layout *l)
{
	email_message *m = l->m;
	/* with no HTML to show it, an inline file is one among the others */
	size_t beside = m->html ? m->part_count - count_shown(m) : m->part_count, i;

	if (beside == 0) {
		text_bodies(l);
		return;
	}
	multipart_begin(l, MIXED, has_eight_bit(m));
	if (m->text || m->html) {
		delimiter(l, MIXED, "\r\n");
		text_bodies(l);
	}
	for (i = 0; i < m->part_count; i++) {
		if (m->html && m->parts[i]->shown)
			continue;
		delimiter(l, MIXED, "\r\n");
		file_part(l, m->parts[i]);
	}
	delimiter(l, MIXED, "--\r\n");
}

static uint64_t
measure(const email_message *m)
{
	uint64_t total = email__buf_len(&m->frame), n;
	size_t i;

	for (i = 0; i < m->segment_count; i++) {
		if (!m->segments[i].content)
			continue;
		if (!email__content_size(m->segments[i].content, &n))
			return 0;
		total += n;
	}
	return total;
}

email_code
email__layout_make(email_message *m, const email__address *from, bool allow_eight_bit, email_error *e)
{
	layout l = {.m = m, .out = &m->frame};
	char date[EMAIL__DATE_SIZE];

	if (!email__date_write(date, m->has_date ? m->date : m->frozen_date, m->offset))
		return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                        "the date is not within 1900 and 9999");
	email__buf_clear(&m->frame);
	m->segment_count = 0;
	m->text_content.encoding = email__content_choose(&m->text_content, allow_eight_bit);
	m->html_content.encoding = email__content_choose(&m->html_content, allow_eight_bit);
	message_header(&l, date, from);
	message_body(&l);
	/* a text that is the whole body must end its line; one of no bytes has none */
	if (l.rc == EMAIL_OK && !l.line_start) {
		const email__content *last = m->segments[m->segment_count - 1].content;

		if (last && last->size && !last->text.ends_line)
			put(&l, "\r\n");
	}
	end_segment(&l, NULL);
	if (l.rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_NONE);
	if (l.rc)
		return email__error_set(e, l.rc, EMAIL_STAGE_NONE, "the message's headers are too long");
	m->envelope.size = measure(m);
	return EMAIL_OK;
}
