/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/log.h>

static void *
from_malloc(void *context, void *p, size_t want)
{
	(void)context;
	if (want == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, want);
}

/* Set once, before use: the only mutable global of the library. */
static email_realloc_fn allocator = from_malloc;
static void *allocator_context;

void
email_set_allocator(email_realloc_fn realloc_fn, void *context)
{
	allocator = realloc_fn ? realloc_fn : from_malloc;
	allocator_context = context;
}

void *
email__alloc(size_t n)
{
	return allocator(allocator_context, NULL, n ? n : 1);
}

void *
email__calloc(size_t count, size_t size)
{
	void *p;

	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	p = email__alloc(count * size);
	if (p)
		memset(p, 0, count * size);
	return p;
}

void *
email__realloc(void *p, size_t n)
{
	return allocator(allocator_context, p, n ? n : 1);
}

void
email__free(void *p)
{
	if (p)
		allocator(allocator_context, p, 0);
}

char *
email__strndup(const char *s, size_t n)
{
	char *copy = email__alloc(n + 1);

	if (copy) {
		memcpy(copy, s, n);
		copy[n] = '\0';
	}
	return copy;
}

char *
email__strdup(const char *s)
{
	return email__strndup(s, strlen(s));
}
