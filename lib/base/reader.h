/* SPDX-License-Identifier: MIT */
/* Bytes that can be read from any place, again and again: a message in memory, or in a file. */
#ifndef EMAIL__BASE_READER_H
#define EMAIL__BASE_READER_H

#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

typedef struct email__reader {
	/* Puts at most `size` bytes from `at` on into `buffer`; *got 0 is the end. */
	email_code (*read_at)(void *context, uint64_t at, void *buffer, size_t size, size_t *got);
	void *context;
	const char *bytes; /* where all of it lies in memory, else NULL */
	uint64_t size;
} email__reader;

#endif
