/* SPDX-License-Identifier: MIT */
/*
 * A bell: who waits on its descriptor is woken by who rings it, from another thread or, where it has a path (a FIFO),
 * from another process, with a word of what for. Words are lines; one that finds no room is lost, since whoever is to be
 * woken then has enough to read.
 */
#ifndef EMAIL__OS_BELL_H
#define EMAIL__OS_BELL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__bell {
	int fd, ringer; /* the same for a FIFO */
	bool shared;
} email__bell;

/* `path` NULL, or a file system that has no FIFOs: for this process alone (`shared` is false). False: no descriptors. */
bool email__bell_open(email__bell *bell, const char *path);
void email__bell_close(email__bell *bell);
void email__bell_ring(const email__bell *bell, const char *word);
/* From another process. False: nobody listens there. */
bool email__bell_ring_at(const char *path, const char *word);
/* What was rung, ended by NUL; *n 0: nothing more. */
void email__bell_take(const email__bell *bell, char *words, size_t size, size_t *n);

#endif
