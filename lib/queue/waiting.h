/* SPDX-License-Identifier: MIT */
/* A mail that waits, as the worker knows it: what decides who is next. The rest stays in its file. */
#ifndef EMAIL__QUEUE_WAITING_H
#define EMAIL__QUEUE_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/queue.h>

typedef struct email__waiting {
	char id[EMAIL_ID_SIZE]; /* random, or made from the caller's key */
	unsigned char priority; /* 0..9, highest first */
	bool suspect;           /* to be sent alone (Q8) */
	bool trying;            /* an attempt is under way */
	bool settling;          /* it was sent, and the outcome is not durable yet: never again (Q6, Q7) */
	bool held;              /* one of a flood: a digest will stand for it */
	bool digest;            /* stands for others itself */
	bool named;             /* a digest stands for it: it is about to leave */
	bool seen;              /* of the spool, while it looks */
	bool dropped;           /* made room for others: the next look finds it gone */
	unsigned attempts, failures, crashes;
	unsigned pending; /* recipients that have not ended */
	uint64_t sequence, size;
	uint64_t generation;              /* of its state, that is durable for all this worker knows */
	uint64_t subject, recipients;     /* checksums, to compare */
	int64_t queued, next;             /* running time, in milliseconds */
	struct email__attempt *unsettled; /* of the spool */
} email__waiting;

/* The time, as whoever drives the queue sees it. */
typedef struct email__now {
	int64_t mono;   /* milliseconds, within one boot */
	int64_t wall;   /* seconds since 1970 */
	int offset;     /* minutes that local time is ahead of UTC */
	bool clock_set; /* the wall clock may be believed (model 6, rule 4) */
} email__now;

#endif
