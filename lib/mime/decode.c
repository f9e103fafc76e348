/* SPDX-License-Identifier: MIT */
#include "mime/decode.h"

#include <string.h>

/* What is decoded at a time, on the stack. */
#define PIECE 16384

static email_code
deliver(void *context, const void *bytes, size_t n)
{
	email__decode *d = context;

	d->size += n;
	return d->sink(d->context, bytes, n);
}

/* Behind the transfer encoding. */
static email_code
pass(email__decode *d, const void *bytes, size_t n)
{
	if (n == 0)
		return EMAIL_OK;
	return d->to_utf8 ? email__charset_push(&d->charset, bytes, n, deliver, d) : deliver(d, bytes, n);
}

static void
note(email__decode *d, email_defect defect, bool wrong)
{
	if (wrong)
		d->defects |= UINT64_C(1) << defect;
}

static void
note_all(email__decode *d)
{
	note(d, EMAIL_DEFECT_BASE64, d->base64.foreign);
	note(d, EMAIL_DEFECT_BASE64_CUT, d->base64.cut);
	note(d, EMAIL_DEFECT_QUOTED_PRINTABLE, d->quoted.broken);
	note(d, EMAIL_DEFECT_UNKNOWN_CHARSET, d->charset.unknown);
	note(d, EMAIL_DEFECT_CHARSET, d->charset.broken && !d->charset.unknown);
}

void
email__decode_begin(email__decode *d, const char *encoding, const char *charset, email_sink_fn sink,
                    void *context)
{
	static const struct {
		const char *name;
		email__decode_encoding encoding;
	} encodings[] = {{"", EMAIL__DECODE_NONE},         {"7bit", EMAIL__DECODE_NONE},
	                 {"8bit", EMAIL__DECODE_NONE},     {"binary", EMAIL__DECODE_NONE},
	                 {"base64", EMAIL__DECODE_BASE64}, {"quoted-printable", EMAIL__DECODE_QUOTED}};
	size_t i, count = sizeof encodings / sizeof *encodings;

	*d = (email__decode){.sink = sink, .context = context, .to_utf8 = charset != NULL};
	for (i = 0; i < count && strcmp(encodings[i].name, encoding) != 0; i++)
		;
	if (i < count)
		d->encoding = encodings[i].encoding;
	note(d, EMAIL_DEFECT_UNKNOWN_ENCODING, i == count);
	email__unbase64_init(&d->base64);
	email__unquoted_init(&d->quoted);
	if (charset)
		email__charset_begin(&d->charset, charset, strlen(charset));
	note_all(d);
}

email_code
email__decode_push(email__decode *d, const void *bytes, size_t n)
{
	unsigned char out[PIECE];
	const char *p = bytes;
	email_code rc = EMAIL_OK;

	if (d->encoding == EMAIL__DECODE_NONE) {
		rc = pass(d, p, n);
		n = 0;
	}
	while (n && rc == EMAIL_OK) {
		bool base64 = d->encoding == EMAIL__DECODE_BASE64;
		size_t most = base64 ? sizeof out / 4 * 5 : sizeof out - EMAIL__UNQUOTED_HELD_MAX;
		size_t piece = n < most ? n : most;
		size_t got = base64 ? email__unbase64_push(&d->base64, out, p, piece)
		                    : email__unquoted_push(&d->quoted, out, p, piece);

		rc = pass(d, out, got);
		p += piece;
		n -= piece;
	}
	note_all(d);
	return rc;
}

email_code
email__decode_end(email__decode *d)
{
	unsigned char out[EMAIL__UNQUOTED_HELD_MAX];
	size_t got = 0;
	email_code rc;

	switch (d->encoding) {
	case EMAIL__DECODE_NONE: break;
	case EMAIL__DECODE_BASE64: got = email__unbase64_end(&d->base64, out); break;
	case EMAIL__DECODE_QUOTED: got = email__unquoted_end(&d->quoted, out); break;
	}
	rc = pass(d, out, got);
	if (rc == EMAIL_OK && d->to_utf8)
		rc = email__charset_end(&d->charset, deliver, d);
	note_all(d);
	email__decode_dispose(d);
	return rc;
}

void
email__decode_dispose(email__decode *d)
{
	email__charset_dispose(&d->charset);
}
