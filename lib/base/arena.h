/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given out piece by piece and freed at once: chunks, each twice the last, up to a named
 * maximum in all. What was given out never moves.
 */
#ifndef EMAIL__BASE_ARENA_H
#define EMAIL__BASE_ARENA_H

#include <stddef.h>

typedef struct email__arena_chunk email__arena_chunk;

typedef struct email__arena {
	email__arena_chunk *chunk; /* the newest */
	size_t at, end;            /* in it */
	size_t first;              /* size of the first chunk */
	size_t total, max;         /* bytes of all chunks */
} email__arena;

void email__arena_init(email__arena *a, size_t first, size_t max);
void email__arena_dispose(email__arena *a);
/* Bytes given out, and those left behind in older chunks. */
static inline size_t
email__arena_used(const email__arena *a)
{
	return a->total - (a->end - a->at);
}
/* Everything given out comes back. What was enough in one chunk stays for what is next, up to `keep` bytes; what
 * needed several gets one of their size. So where the same is done again and again no memory is asked for. */
void email__arena_reset(email__arena *a, size_t keep);
/* Aligned for anything; not zeroed. NULL: no memory, or over the maximum. */
void *email__arena_alloc(email__arena *a, size_t n);
/* Aligned for characters, with a NUL behind them. */
char *email__arena_text(email__arena *a, const char *s, size_t n);
/* Text of unknown length: room for at least n bytes at the end, not given out until _commit(), which takes
 * the first n of them. A larger room asked for again brings along the first `keep` bytes. */
char *email__arena_room(email__arena *a, size_t n, size_t keep);
void email__arena_commit(email__arena *a, size_t n);
/* An array of `count` items that becomes one of room for more: doubles, copies. NULL as _alloc. */
void *email__arena_grow(email__arena *a, void *items, size_t count, size_t *room, size_t item);

#endif
