/* SPDX-License-Identifier: MIT */
/* What the files of the spool share. Nobody else includes this. */
#ifndef EMAIL__QUEUE_SPOOL_STATE_H
#define EMAIL__QUEUE_SPOOL_STATE_H

#include "os/mutex.h"
#include "queue/counter.h"
#include "queue/spool.h"
#include "queue/store.h"

/* Values of the counter "sequence" (Q9, Q15). It is not synced: after another start of the machine, and where it cannot be
 * read, it is made anew from the headers. */
enum { SEQUENCE_NEXT, SEQUENCE_CHANGES, SEQUENCE_COUNT, SEQUENCE_BYTES };
/* Of "day" (Q8, Q9), which is. */
enum { DAY_DAY, DAY_COUNT, DAY_WALL, DAY_RUNNING, DAY_MONO };

struct email__spool {
	email__store *store;
	const email__store_ops *ops;
	email__spool_options options;
	char boot[EMAIL__COUNTER_BOOT + 1]; /* "": unknown, and equal to none */

	email__mutex
		gate; /* before the counters' files, whose locks are between processes; taken before `mutex` */
	email__stored sequence, day;
	bool sequence_open, day_open;
	uint64_t day_generation; /* the last one that we made durable */
	int64_t recounted;       /* when the counts were last made anew (monotonic) */
	int64_t kept;            /* running time when it was last written down */

	email__mutex mutex;    /* over what follows */
	int64_t running, mono; /* running time at that monotonic one */
	email__waiting **order;
	size_t head, count, room; /* from head on: sorted, with gaps */
	size_t gaps;
	bool missed; /* something is in the queue that is not in `order` */

	/* the worker's alone */
	bool working;
	email__stored lock;
	uint64_t changes; /* SEQUENCE_CHANGES when it last looked */
	int64_t tended;   /* running time when the dead were last looked through */
	uint64_t *told;   /* checksums of the names that were told to be unreadable, sorted */
	size_t told_count;
};

struct email__attempt {
	email__spool *spool;
	email__waiting *waiting;
	char id[EMAIL_ID_SIZE];
	email__stored file;
	bool open;
	bool spoilt; /* a sync of this file failed: its contents must be written elsewhere (Q11) */
	email__mailfile mail;
	bool unnamed; /* it was written anew, and that it has the name is not durable yet */
	bool durable; /* the outcome is in the file: what remains is to move it */
	/* the source */
	char date[48];
	size_t date_n, date_at;
	uint64_t at;
};

/* --- spool.c */
void email__spool_tell(email__spool *s, email__spool_what what, const char *id, const char *cause,
                       const email__mailfile *mail);
email_code email__spool_memory(email_error *e);
bool email__spool_is_id(const char *name);
/* The counter "sequence", locked. Leave in any case but an error. */
email_code email__spool_enter(email__spool *s, email__counter *c, email_error *e);
void email__spool_leave(email__spool *s);
/* A mail has left. A count that is too high is made good later. */
void email__spool_left(email__spool *s, uint64_t bytes);
/* Counts anew, from the headers; inside. */
email_code email__spool_recount(email__spool *s, email__counter *c, email_error *e);

/* Running time, written down so that the next start of the machine goes on from there. */
void email__spool_keep_time(email__spool *s, const email__now *now);

/* --- enqueue.c */
/* A mail of this size is about to come into queue/: is there room for it, in numbers (EMAIL_E_QUEUE_FULL)? Then it is
 * counted, and whoever looks will see it. Inside, and so must be what brings it. */
email_code email__spool_coming(email__spool *s, email__counter *c, bool even_full, uint64_t size,
                               const email__now *now, email_error *e);

/* --- attempt.c */
void email__attempt_free(email__attempt *a);

/* --- readmail.c */
/* The ids in an area. Free `all` in any case. */
typedef struct email__id_list {
	char (*all)[EMAIL_ID_SIZE];
	size_t count, room;
	bool memory;
} email__id_list;
email_code email__spool_ids(email__spool *s, email__area area, email__id_list *ids, email_error *e);
/* Reads the header of an open file; not `header_only`: its length is what the header says. EMAIL_E_MESSAGE: it is no mail. */
email_code email__spool_read(email__stored *f, bool header_only, email__mailfile *mail, email_error *e);
/* Opens and reads. Of those in done/ the header is all there is. */
email_code email__spool_open_mail(email__spool *s, email__area area, const char *id, bool writing,
                                  email__stored *f, email__mailfile *mail, email_error *e);
/* That the message is what its sum says; reads all of it. */
email_code email__spool_verify(email__stored *f, const email__mailfile *mail, email_error *e);
/* Opens for a change, locked, and still there. EMAIL_E_TEMPORARY: somebody else has it; EMAIL_E_UNKNOWN: gone. */
email_code email__spool_grab(email__spool *s, email__area area, const char *id, email__stored *f,
                             email__mailfile *mail, email_error *e);
/* No mail: to bad/, with an event. */
void email__spool_set_aside(email__spool *s, const char *name, const char *cause);
/* It stays where it is, with one event however often it is found (Q13). */
void email__spool_unreadable(email__spool *s, const char *name, const char *cause);
/* Whoever wrote the state last, or this file in place of another, may have died before that was durable. It must be, unless
 * it is the `known` generation, before the state before it is written over. After an error this file must not be synced
 * again. */
email_code email__spool_catch_up(email__stored *f, email__area area, const email__mailfile *mail,
                                 uint64_t known, email_error *e);
/* Writes the state of a higher generation in place, and syncs it. After an error it is as it was, or nobody knows
 * (*spoilt, which may be NULL): then this file must not be synced again (Q11). */
email_code email__spool_write_state(email__stored *f, email__mailfile *mail, bool *spoilt, email_error *e);

/* --- index.c */
email__waiting *email__waiting_new(const char *id, const email__mailfile *mail);
void email__waiting_update(email__waiting *w, const email__mailfile *mail);
/* Under the mutex. Owns: w, where it returns true; one that is there already is freed. False: no memory (and s->missed). */
bool email__spool_index_add(email__spool *s, email__waiting *w);
/* The same for many: without their order, until they are sorted. */
bool email__spool_index_append(email__spool *s, email__waiting *w);
void email__spool_index_sort(email__spool *s);
void email__spool_index_drop(email__spool *s, email__waiting *w);
void email__spool_index_clear(email__spool *s);

/* --- leave.c */
/* What has no pending recipients leaves the queue: to dead/ where any failed or was cancelled, else away. *durable: the
 * state in the file says so already, or does now. May be called again after an error, but for *spoilt. */
email_code email__spool_finish(email__spool *s, email__stored *f, email__mailfile *mail, const char *id,
                               bool *durable, bool *spoilt, email_error *e);
/* Dead letters, or keys of what was delivered: the oldest over the maximum, once they are an eighth more, and where `days` at
 * once, and with them what is too old. */
void email__spool_prune(email__spool *s, email__area area, int64_t running, bool days);

#endif
