/* SPDX-License-Identifier: MIT */
#include "proto/smtp_reply.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "proto/remedy.h"

/* The length of an enhanced status code (RFC 2034 4, RFC 3463 2) whose class is that of the reply. */
static size_t
status_length(int code, const char *p, size_t n)
{
	size_t at = 2, part;

	if (n < 5 || p[0] - '0' != code / 100 || p[0] == '3' || p[1] != '.')
		return 0;
	for (part = 0; part < 2; part++) {
		size_t digits = 0;

		while (at < n && digits < 3 && email__is_digit(p[at])) {
			at++;
			digits++;
		}
		if (digits == 0)
			return 0;
		if (part == 0 && (at >= n || p[at++] != '.'))
			return 0;
	}
	return at == n || p[at] == ' ' ? at : 0;
}

/* The code of a line, or 0. */
static int
code_of(const char *p, size_t n)
{
	if (n < 3 || p[0] < '2' || p[0] > '5' || !email__is_digit(p[1]) || !email__is_digit(p[2]))
		return 0;
	if (n > 3 && p[3] != ' ' && p[3] != '-')
		return 0;
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
}

static void
add_words(email__smtp_reply *r, const char *p, size_t n)
{
	size_t room = sizeof r->text - r->text_len;

	if (r->text_len && room) {
		r->text[r->text_len++] = ' ';
		room--;
	}
	if (n > room)
		n = room;
	memcpy(r->text + r->text_len, p, n);
	r->text_len += n;
}

email_code
email__smtp_reply_line(email__smtp_reply *r, const char *line, size_t n, bool enhanced)
{
	int code = code_of(line, n);
	size_t status = 0;

	if (r->whole || r->lines == 0) {
		r->code = code;
		r->lines = 0;
		r->text_len = 0;
		r->enhanced[0] = '\0';
	}
	/* RFC 5321 4.2.1: every line of a reply has the same code */
	if (code == 0 || code != r->code)
		return EMAIL_E_PROTOCOL;
	r->whole = n == 3 || line[3] == ' ';
	if (++r->lines > EMAIL__SMTP_REPLY_LINES_MAX)
		return EMAIL_E_LIMIT;
	r->line = line + (n > 3 ? 4 : 3);
	r->line_len = n > 3 ? n - 4 : 0;
	if (enhanced)
		status = status_length(code, r->line, r->line_len);
	if (status && r->lines == 1) {
		memcpy(r->enhanced, r->line, status);
		r->enhanced[status] = '\0';
	}
	if (status < r->line_len)
		add_words(r, r->line + status + (status > 0), r->line_len - status - (status > 0));
	return EMAIL_OK;
}

void
email__smtp_reply_words(const email__smtp_reply *r, char *out, size_t size)
{
	size_t n = r->text_len < size - 1 ? r->text_len : size - 1, i;

	for (i = 0; i < n; i++)
		if ((unsigned char)(r->text[i] - ' ') > '~' - ' ') {
			email__printable(out, size, r->text, r->text_len);
			return;
		}
	memcpy(out, r->text, n);
	out[n] = '\0';
}

email_code
email__smtp_reply_error(const email__smtp_reply *r, email_error *e, email_code code, email_stage stage,
                        const char *what)
{
	char words[200];

	if (code == EMAIL_OK)
		code = r->code < 500 ? EMAIL_E_TEMPORARY : EMAIL_E_REFUSED;
	if (e->code != EMAIL_OK)
		return code;
	email__smtp_reply_words(r, words, sizeof words);
	email__error_set(e, code, stage, "%s: %d%s%s%s%s", what, r->code, r->enhanced[0] ? " " : "",
	                 r->enhanced, words[0] ? " " : "", words);
	e->temporary = e->temporary || r->code / 100 == 4;
	e->reply = r->code;
	memcpy(e->enhanced, r->enhanced, sizeof e->enhanced);
	email__remedy(e);
	return code;
}
