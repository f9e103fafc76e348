/* SPDX-License-Identifier: MIT */
/*
 * A source of bytes, pulled: what a message is to the engine that sends it. Whoever writes the bytes
 * down decides how many at a time, so nothing of unbounded size is ever held.
 */
#ifndef EMAIL__BASE_SOURCE_H
#define EMAIL__BASE_SOURCE_H

#include <stddef.h>

#include <emailservice/error.h>

typedef struct email__source {
	/* Puts at most `size` bytes into `buffer`; *got 0 is the end. */
	email_code (*read)(void *context, unsigned char *buffer, size_t size, size_t *got);
	/* From the start again: the same bytes. NULL: cannot. */
	email_code (*rewind)(void *context);
	void *context;
} email__source;

#endif
