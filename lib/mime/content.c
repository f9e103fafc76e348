/* SPDX-License-Identifier: MIT */
/*
 * Base64 is encoded where it was read: the raw rows go to the far end of the caller's buffer, the
 * encoded ones grow from its beginning and never catch up (base64.h), so that no second buffer is held.
 */
#include "mime/content.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "codec/base64.h"

void
email__content_text(email__content *c, const char *text, size_t size)
{
	memset(c, 0, sizeof *c);
	c->kind = EMAIL__CONTENT_TEXT;
	c->data = text;
	c->size = size;
	email__quoted_measure(&c->text, text, size);
}

static uint64_t
base64_length(uint64_t n)
{
	uint64_t rows = n / EMAIL__BASE64_ROW, rest = n % EMAIL__BASE64_ROW;

	return rows * EMAIL__BASE64_ROW_LEN + (rest ? EMAIL__BASE64_LEN(rest) + 2 : 0);
}

email__encoding
email__content_choose(const email__content *c, bool allow_eight_bit)
{
	if (c->text.longest <= EMAIL__LINE_MAX && !c->text.controls &&
	    (!c->text.eight_bit || allow_eight_bit))
		return c->text.eight_bit ? EMAIL__ENCODING_8BIT : EMAIL__ENCODING_7BIT;
	return c->text.quoted <= base64_length(c->text.length) ? EMAIL__ENCODING_QUOTED
	                                                       : EMAIL__ENCODING_BASE64;
}

const char *
email__encoding_name(email__encoding encoding)
{
	static const char *const names[] = {"7bit", "8bit", "quoted-printable", "base64"};

	return names[encoding];
}

/* Before the encoding. */
static bool
raw_size(const email__content *c, uint64_t *size)
{
	switch (c->kind) {
	case EMAIL__CONTENT_TEXT: *size = c->text.length; return true;
	case EMAIL__CONTENT_DATA: *size = c->size; return true;
	case EMAIL__CONTENT_FILE: *size = (uint64_t)c->stamp.size; return c->stamped;
	case EMAIL__CONTENT_STREAM: break;
	}
	return false;
}

bool
email__content_size(const email__content *c, uint64_t *size)
{
	uint64_t raw;

	if (!raw_size(c, &raw))
		return false;
	switch (c->encoding) {
	case EMAIL__ENCODING_7BIT:
	case EMAIL__ENCODING_8BIT: *size = raw; break;
	case EMAIL__ENCODING_QUOTED: *size = c->text.quoted; break;
	case EMAIL__ENCODING_BASE64: *size = base64_length(raw); break;
	}
	return true;
}

static email_code
file_changed(const email__content *c, email_error *e)
{
	email__error_remedy(e, "attach it again, or a copy that nobody writes to");
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "the file %.200s has changed", c->path);
}

email_code
email__content_check(email__content *c, email_error *e)
{
	email__file_stamp now;

	if (c->kind == EMAIL__CONTENT_STREAM && c->started && !c->rewind)
		return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                        "an attached stream cannot be read a second time");
	if (c->kind != EMAIL__CONTENT_FILE)
		return EMAIL_OK;
	if (!email__file_stamp_get(c->path, &now))
		return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "the file %.200s is not there",
		                        c->path);
	if (!c->stamped) {
		c->stamp = now;
		c->stamped = true;
	} else if (memcmp(&now, &c->stamp, sizeof now) != 0) {
		return file_changed(c, e);
	}
	return EMAIL_OK;
}

email_code
email__content_begin(email__content *c, email_error *e)
{
	c->at = 0;
	c->owes_lf = c->ended = false;
	c->count = 0;
	c->quoted = (email__quoted){.text = c->data, .size = c->size};
	switch (c->kind) {
	case EMAIL__CONTENT_TEXT:
	case EMAIL__CONTENT_DATA: break;
	case EMAIL__CONTENT_FILE: email__content_end(c); return email__file_open(c->path, &c->file, e);
	case EMAIL__CONTENT_STREAM:
		if (c->started && !c->rewind)
			return email__content_check(c, e);
		if (c->started && c->rewind(c->context) != 0)
			return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
			                        "an attached stream could not be started again");
		c->started = true;
		break;
	}
	return EMAIL_OK;
}

void
email__content_end(email__content *c)
{
	if (c->file)
		email__file_close(c->file);
	c->file = NULL;
}

/* The text from where it is, line ends as CRLF; may end between CR and LF. */
static size_t
fill_text(email__content *c, unsigned char *out, size_t want)
{
	unsigned char *o = out, *end = out + want;

	while (o < end) {
		const char *from = c->data + c->at, *p = from;
		const char *stop =
			from + (c->size - c->at < (size_t)(end - o) ? c->size - c->at : (size_t)(end - o));

		if (c->owes_lf) {
			*o++ = '\n';
			c->owes_lf = false;
			continue;
		}
		while (p < stop && *p != '\r' && *p != '\n')
			p++;
		memcpy(o, from, (size_t)(p - from));
		o += p - from;
		c->at += (size_t)(p - from);
		if (p == stop) {
			if (c->at == c->size)
				break;
			continue;
		}
		*o++ = '\r';
		c->owes_lf = true;
		if (*p == '\r' && c->at + 1 < c->size && p[1] == '\n')
			c->at++;
		c->at++;
	}
	return (size_t)(o - out);
}

static size_t
fill_data(email__content *c, unsigned char *out, size_t want)
{
	size_t n = c->size - c->at < want ? c->size - c->at : want;

	if (n)
		memcpy(out, c->data + c->at, n);
	c->at += n;
	return n;
}

/* A read may give less than asked for: rows must be whole, so ask until it is enough, or the end. */
static email_code
fill_file(email__content *c, unsigned char *out, size_t want, size_t *got, email_error *e)
{
	size_t n = 1;

	for (*got = 0; *got < want && n; *got += n)
		if (email__file_next(c->file, out + *got, want - *got, &n))
			return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
			                        "the file %.200s could not be read", c->path);
	c->count += *got;
	if (c->stamped && (n ? c->count > (uint64_t)c->stamp.size : c->count != (uint64_t)c->stamp.size))
		return file_changed(c, e);
	return EMAIL_OK;
}

static email_code
fill_stream(email__content *c, unsigned char *out, size_t want, size_t *got, email_error *e)
{
	*got = 0;
	while (*got < want) {
		size_t ask = want - *got;
		long n = c->read(c->context, out + *got, ask);

		if (n < 0 || (size_t)n > ask)
			return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE,
			                        "an attached stream could not be read");
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return EMAIL_OK;
}

/* As much as is wanted; less is the end, and is not asked behind: a row cut short would end the body. */

static email_code
fill(email__content *c, unsigned char *out, size_t want, size_t *got, email_error *e)
{
	email_code rc = EMAIL_OK;

	*got = 0;
	if (c->ended)
		return EMAIL_OK;
	switch (c->kind) {
	case EMAIL__CONTENT_TEXT: *got = fill_text(c, out, want); break;
	case EMAIL__CONTENT_DATA: *got = fill_data(c, out, want); break;
	case EMAIL__CONTENT_FILE: rc = fill_file(c, out, want, got, e); break;
	case EMAIL__CONTENT_STREAM: rc = fill_stream(c, out, want, got, e); break;
	}
	c->ended = *got < want;
	return rc;
}

email_code
email__content_read(email__content *c, unsigned char *out, size_t room, size_t *got, email_error *e)
{
	size_t rows = room / EMAIL__BASE64_ROW_LEN, want = rows * EMAIL__BASE64_ROW;
	unsigned char *raw = out + rows * (EMAIL__BASE64_ROW_LEN - EMAIL__BASE64_ROW);
	email_code rc;

	switch (c->encoding) {
	case EMAIL__ENCODING_7BIT:
	case EMAIL__ENCODING_8BIT: return fill(c, out, room, got, e);
	case EMAIL__ENCODING_QUOTED: *got = email__quoted_encode(&c->quoted, out, room); return EMAIL_OK;
	case EMAIL__ENCODING_BASE64:
		if ((rc = fill(c, raw, want, got, e)))
			return rc;
		*got = email__base64_rows(out, raw, *got);
		return EMAIL_OK;
	}
	return EMAIL_E_USAGE;
}
