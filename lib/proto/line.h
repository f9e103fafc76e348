/* SPDX-License-Identifier: MIT */
/*
 * A command being put together behind the end of `out`: nothing of it counts before line_finish(). For the typed
 * writers of the protocols (smtp_command.c and its like) alone, which check each argument by its own grammar first:
 * none has CR, LF or NUL.
 */
#ifndef EMAIL__PROTO_LINE_H
#define EMAIL__PROTO_LINE_H

#include <string.h>

#include "codec/base64.h"
#include "wire/link.h"

typedef struct line {
	email__link *link;
	char *start, *p, *end; /* start NULL: no room */
} line;

static inline line
line_begin(email__link *link, size_t most)
{
	char *room = (char *)email__buf_room(&link->out, most);

	return (line){link, room, room, room ? room + most : NULL};
}

/* What follows does not fit either then, and line_finish() says so. */
static inline void
line_fail(line *l)
{
	l->start = l->p = l->end = NULL;
}

static inline void
add(line *l, const char *p, size_t n)
{
	if (!l->start || n > (size_t)(l->end - l->p)) {
		line_fail(l);
		return;
	}
	memcpy(l->p, p, n);
	l->p += n;
}

static inline void
adds(line *l, const char *s)
{
	add(l, s, strlen(s));
}

static inline void
add_number(line *l, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	add(l, digits + at, sizeof digits - at);
}

/* Straight into `out`: no copy of a secret stays elsewhere. */
static inline void
add_base64(line *l, const void *p, size_t n)
{
	if (!l->start || EMAIL__BASE64_LEN(n) > (size_t)(l->end - l->p))
		line_fail(l);
	else
		l->p += email__base64_encode(l->p, p, n);
}

/* `masked`: what the transcript shows instead, or NULL. EMAIL_E_LIMIT: it had no room. */
static inline email_code
line_finish(line *l, const char *masked)
{
	email__link *link = l->link;
	size_t n = (size_t)(l->p - l->start);

	add(l, "\r\n", 2);
	if (!l->start)
		return EMAIL_E_LIMIT;
	email__link_log(link, 'C', masked ? masked : l->start, masked ? strlen(masked) : n);
	email__buf_added(&link->out, n + 2);
	link->sent += n + 2;
	return EMAIL_OK;
}

#endif
