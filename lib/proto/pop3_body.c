/* SPDX-License-Identifier: MIT */
/*
 * A line begins behind CRLF, not behind a bare LF: what stands behind that is the message's own, the dot
 * too, or a message could end itself. What is looked for is dots: there is none in base64, which most
 * bytes are.
 */
#include "proto/pop3_body.h"

#include <string.h>

void
email__pop3_body_start(email__pop3_body *b)
{
	b->line_start = true;
	b->after_cr = false;
	b->ended = false;
}

enum dot { DOT_UNKNOWN, DOT_STUFFED, DOT_END };

/* A dot at the beginning of a line. */
static enum dot
dot(const char *p, size_t n)
{
	if (n > 1 && p[1] != '\r')
		return DOT_STUFFED;
	if (n < 3)
		return DOT_UNKNOWN;
	return p[2] == '\n' ? DOT_END : DOT_STUFFED;
}

/* The next dot that begins a line behind the first byte, or the end. */
static const char *
find(const email__pop3_body *b, const char *start, const char *end)
{
	const char *p = start + 1;

	for (; p < end && (p = memchr(p, '.', (size_t)(end - p))); p++)
		if (p[-1] == '\n' && (p - start > 1 ? p[-2] == '\r' : b->after_cr))
			return p;
	return end;
}

bool
email__pop3_body_next(email__pop3_body *b, email__buf *in, const char **piece, size_t *n)
{
	size_t held = email__buf_len(in);
	const char *p, *stop;

	if (b->ended || held == 0)
		return false;
	p = (const char *)email__buf_head(in);
	if (b->line_start && *p == '.') {
		enum dot is = dot(p, held);

		b->ended = is == DOT_END;
		if (is == DOT_END)
			email__buf_consume(in, 3);
		if (is != DOT_STUFFED)
			return false;
		email__buf_consume(in, 1);
		p++;
		held--;
	}
	stop = find(b, p, p + held);
	*piece = p;
	*n = (size_t)(stop - p);
	b->line_start = stop[-1] == '\n' && (*n > 1 ? stop[-2] == '\r' : b->after_cr);
	b->after_cr = stop[-1] == '\r';
	email__buf_consume(in, *n);
	return true;
}
