/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

struct email__arena_chunk {
	email__arena_chunk *older;
	max_align_t bytes[];
};

#define ALIGN _Alignof(max_align_t)

static char *
base(const email__arena *a)
{
	return (char *)a->chunk->bytes;
}

void
email__arena_init(email__arena *a, size_t first, size_t max)
{
	*a = (email__arena){.first = first, .max = max};
}

void
email__arena_dispose(email__arena *a)
{
	while (a->chunk) {
		email__arena_chunk *older = a->chunk->older;

		email__free(a->chunk);
		a->chunk = older;
	}
	email__arena_init(a, a->first, a->max);
}

void
email__arena_reset(email__arena *a, size_t keep)
{
	size_t total = a->total;

	if (a->chunk && !a->chunk->older && total <= keep) {
		a->at = 0;
		return;
	}
	email__arena_dispose(a);
	if (total > a->first && total <= keep)
		a->first = total;
}

/* A chunk with room for n at least. */
static bool
add_chunk(email__arena *a, size_t n)
{
	size_t size = a->total ? a->total : a->first;
	email__arena_chunk *chunk;

	if (n > a->max - a->total)
		return false;
	if (size > a->max - a->total)
		size = a->max - a->total;
	if (size < n)
		size = n;
	if (!(chunk = email__alloc(sizeof *chunk + size)))
		return false;
	chunk->older = a->chunk;
	a->chunk = chunk;
	a->total += size;
	a->at = 0;
	a->end = size;
	return true;
}

void *
email__arena_alloc(email__arena *a, size_t n)
{
	size_t at = (a->at + ALIGN - 1) / ALIGN * ALIGN;

	if (at > a->end || n > a->end - at) {
		if (!add_chunk(a, n))
			return NULL;
		at = 0;
	}
	a->at = at + n;
	return base(a) + at;
}

char *
email__arena_text(email__arena *a, const char *s, size_t n)
{
	char *text = email__arena_room(a, n + 1, 0);

	if (!text)
		return NULL;
	if (n)
		memcpy(text, s, n);
	text[n] = '\0';
	email__arena_commit(a, n + 1);
	return text;
}

char *
email__arena_room(email__arena *a, size_t n, size_t keep)
{
	const char *kept = keep ? base(a) + a->at : NULL;

	if (n > a->end - a->at) {
		if (!add_chunk(a, n))
			return NULL;
		if (keep)
			memcpy(base(a), kept, keep);
	}
	return a->chunk ? base(a) + a->at : NULL;
}

void
email__arena_commit(email__arena *a, size_t n)
{
	a->at += n;
}

void *
email__arena_grow(email__arena *a, void *items, size_t count, size_t *room, size_t item)
{
	size_t more = *room ? *room * 2 : 8;
	void *grown;

	if (count < *room)
		return items;
	if (more > SIZE_MAX / item || !(grown = email__arena_alloc(a, more * item)))
		return NULL;
	if (count)
		memcpy(grown, items, count * item);
	*room = more;
	return grown;
}
