/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
	const char *name, *text;
	email_class class;
} codes[] = {
#define X(name, class, text) {#name, text, EMAIL_CLASS_##class},
	EMAIL_CODES(X)
#undef X
};

static const char *const stages[] = {
#define X(name, text) text,
	EMAIL_STAGES(X)
#undef X
};

const char *
email_code_name(email_code code)
{
	return (unsigned)code < EMAIL_CODE_COUNT ? codes[code].name : "E_UNKNOWN_CODE";
}

const char *
email_code_text(email_code code)
{
	return (unsigned)code < EMAIL_CODE_COUNT ? codes[code].text : "unknown code";
}

email_class
email_code_class(email_code code)
{
	return (unsigned)code < EMAIL_CODE_COUNT ? codes[code].class : EMAIL_CLASS_BUG;
}

const char *
email_stage_name(email_stage stage)
{
	return (unsigned)stage < EMAIL_STAGE_COUNT ? stages[stage] : "";
}

void
email__error_clear(email_error *e)
{
	if (e)
		memset(e, 0, sizeof *e);
}

email_code
email__error_set(email_error *e, email_code code, email_stage stage, const char *format, ...)
{
	va_list ap;

	if (!e || e->code != EMAIL_OK)
		return code;
	e->code = code;
	e->stage = stage;
	e->temporary = email_code_class(code) == EMAIL_CLASS_RETRY;
	va_start(ap, format);
	vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
	return code;
}

void
email__error_remedy(email_error *e, const char *format, ...)
{
	va_list ap;

	if (!e || e->remedy[0])
		return;
	va_start(ap, format);
	vsnprintf(e->remedy, sizeof e->remedy, format, ap);
	va_end(ap);
}

void
email__error_place(email_error *e, const char *file, int line)
{
	size_t n = strlen(file), max = sizeof e->file - 1;

	if (!e || e->file[0])
		return;
	if (n > max) {
		file += n - max;
		n = max;
		/* not into the middle of a character (RFC 3629 3) */
		while (n && ((unsigned char)*file & 0xC0) == 0x80) {
			file++;
			n--;
		}
	}
	email__printable(e->file, sizeof e->file, file, n);
	e->line = line;
}

email_code
email__error_memory(email_error *e, email_stage stage)
{
	return email__error_set(e, EMAIL_E_MEMORY, stage, "out of memory");
}

void
email__printable(char *out, size_t size, const char *in, size_t n)
{
	size_t at = 0, used = 0;

	while (at < n) {
		unsigned long c;
		size_t len = email__utf8_decode((const unsigned char *)in + at, n - at, &c);
		/* C0, DEL, C1, and the marks that turn or hide text */
		int bad = len == 0 || c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
		          (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;

		if (len == 0)
			len = 1;
		if (used + (bad ? 1 : len) >= size)
			break;
		if (bad)
			out[used++] = '?';
		else {
			memcpy(out + used, in + at, len);
			used += len;
		}
		at += len;
	}
	if (size)
		out[used] = '\0';
}
