/* SPDX-License-Identifier: MIT */
/*
 * A buffer with a named maximum. An append that would go over it, or finds no memory, leaves the buffer
 * as it was. Bytes are consumed at the front; `data + start` is the first one held.
 */
#ifndef EMAIL__BASE_BUF_H
#define EMAIL__BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef struct email__buf {
	unsigned char *data;
	size_t start, end; /* the bytes held are [start, end) */
	size_t cap, max;
	bool secret; /* wiped when it is moved, cleared or freed */
} email__buf;

void email__buf_init(email__buf *b, size_t max);
/* Takes all its memory now, so that later appends cannot fail for want of it. */
email_code email__buf_reserve(email__buf *b, size_t n);
void email__buf_dispose(email__buf *b);
void email__buf_clear(email__buf *b);

static inline size_t
email__buf_len(const email__buf *b)
{
	return b->end - b->start;
}

static inline unsigned char *
email__buf_head(const email__buf *b)
{
	/* a buffer that never held anything has no data, and C11 no NULL + 0 */
	return b->start ? b->data + b->start : b->data;
}

/* Errors: EMAIL_E_LIMIT (over the maximum), EMAIL_E_MEMORY. */
email_code email__buf_add(email__buf *b, const void *p, size_t n);
email_code email__buf_adds(email__buf *b, const char *s);
email_code email__buf_addf(email__buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes at the end: the place to write them, then _added(n). NULL as an append's error. */
unsigned char *email__buf_room(email__buf *b, size_t n);
void email__buf_added(email__buf *b, size_t n);
/* How many more bytes the maximum allows. */
size_t email__buf_left(const email__buf *b);
void email__buf_consume(email__buf *b, size_t n);
/* A NUL behind the last byte, not counted; the text, or NULL where there is no room for it. */
const char *email__buf_text(email__buf *b);

#endif
