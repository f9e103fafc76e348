/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/wipe.h"

void
email__buf_init(email__buf *b, size_t max)
{
	memset(b, 0, sizeof *b);
	b->max = max;
}

void
email__buf_dispose(email__buf *b)
{
	if (b->secret && b->data)
		email__wipe(b->data, b->cap);
	email__free(b->data);
	b->data = NULL;
	b->start = b->end = b->cap = 0;
}

void
email__buf_clear(email__buf *b)
{
	if (b->secret && b->data)
		email__wipe(b->data, b->end);
	b->start = b->end = 0;
}

void
email__buf_rewind(email__buf *b)
{
	b->start = b->end = 0;
}

/* A new block, so that a secret one never leaves a copy behind in what realloc gave back. */
static email_code
grow(email__buf *b, size_t cap)
{
	unsigned char *data = email__alloc(cap);
	size_t len = email__buf_len(b);

	if (!data)
		return EMAIL_E_MEMORY;
	if (len)
		memcpy(data, email__buf_head(b), len);
	if (b->secret && b->data)
		email__wipe(b->data, b->cap);
	email__free(b->data);
	b->data = data;
	b->start = 0;
	b->end = len;
	b->cap = cap;
	return EMAIL_OK;
}

email_code
email__buf_reserve(email__buf *b, size_t n)
{
	size_t len = email__buf_len(b), cap;

	if (n > b->max || len > b->max - n)
		return EMAIL_E_LIMIT;
	if (b->cap - b->end >= n)
		return EMAIL_OK;
	if (b->cap - len >= n) {
		memmove(b->data, email__buf_head(b), len);
		if (b->secret)
			email__wipe(b->data + len, b->end - len);
		b->start = 0;
		b->end = len;
		return EMAIL_OK;
	}
	cap = b->cap ? b->cap : 64;
	while (cap < len + n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	return grow(b, cap);
}

unsigned char *
email__buf_room(email__buf *b, size_t n)
{
	return email__buf_reserve(b, n) == EMAIL_OK ? b->data + b->end : NULL;
}

void
email__buf_added(email__buf *b, size_t n)
{
	b->end += n;
}

size_t
email__buf_left(const email__buf *b)
{
	return b->max - email__buf_len(b);
}

email_code
email__buf_add(email__buf *b, const void *p, size_t n)
{
	email_code rc;

	if (n == 0)
		return EMAIL_OK;
	if ((rc = email__buf_reserve(b, n)))
		return rc;
	memcpy(b->data + b->end, p, n);
	b->end += n;
	return EMAIL_OK;
}

email_code
email__buf_adds(email__buf *b, const char *s)
{
	return email__buf_add(b, s, strlen(s));
}

email_code
email__buf_addf(email__buf *b, const char *format, ...)
{
	va_list ap;
	email_code rc;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		return EMAIL_E_USAGE;
	if ((rc = email__buf_reserve(b, (size_t)n)))
		return rc;
	/* vsnprintf wants a place for its NUL, which the maximum may not leave */
	if (b->cap - b->end == (size_t)n && (rc = grow(b, b->cap + 1)))
		return rc;
	va_start(ap, format);
	vsnprintf((char *)b->data + b->end, (size_t)n + 1, format, ap);
	va_end(ap);
	b->end += (size_t)n;
	return EMAIL_OK;
}

void
email__buf_consume(email__buf *b, size_t n)
{
	b->start += n;
	if (b->start == b->end)
		email__buf_clear(b);
}

const char *
email__buf_text(email__buf *b)
{
	if (b->cap == b->end && grow(b, email__buf_len(b) + 1))
		return NULL;
	b->data[b->end] = '\0';
	return (const char *)email__buf_head(b);
}
