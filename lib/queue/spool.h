/* SPDX-License-Identifier: MIT */
/*
 * The spool: mail on its way out, in files that survive what may come (the contract's Q1 to Q15; its terms are used here).
 *
 *   FOLDER/sequence   next number, counts; locked by whoever adds or takes one
 *   FOLDER/day        mails of this day, and running time
 *   FOLDER/worker     the worker's lock
 *   FOLDER/tmp        being written
 *   FOLDER/queue      waiting, by id
 *   FOLDER/dead       failed and cancelled
 *   FOLDER/done       delivered, kept empty for their keys
 *   FOLDER/bad        set aside: what was found in queue/ and is no mail
 *
 * Any number of threads may enqueue, list and view through one email__spool, and any number of processes through their own.
 * The worker is one thread of one process: it alone calls what stands under "the worker".
 */
#ifndef EMAIL__QUEUE_SPOOL_H
#define EMAIL__QUEUE_SPOOL_H

#include "base/source.h"
#include "queue/mailfile.h"
#include "queue/waiting.h"

typedef struct email__spool email__spool;
typedef struct email__attempt email__attempt;

typedef enum email__spool_what {
	EMAIL__SPOOL_SET_ASIDE,   /* no mail: is in bad/ (id is the name; Q3, Q13) */
	EMAIL__SPOOL_UNREADABLE,  /* could not be read, stays where it is */
	EMAIL__SPOOL_INTERRUPTED, /* an attempt was cut off: it may come a second time (Q5) */
	EMAIL__SPOOL_CRASHING,    /* the process died each time this was sent (Q8) */
	EMAIL__SPOOL_DEAD,        /* failed or cancelled (Q4); mail is set, cause too */
	EMAIL__SPOOL_FORGOTTEN,   /* a dead letter made room; mail is set */
	EMAIL__SPOOL_SETTLED      /* an outcome is durable that was not at the time; mail is set */
} email__spool_what;

typedef struct email__spool_event {
	email__spool_what what;
	const char *id, *cause;
	const email__mailfile *mail; /* or NULL */
} email__spool_event;

typedef struct email__spool_options {
	const char *folder; /* NULL: in memory */
	/* 0: the defaults of base/limits.h */
	size_t max_count;
	uint64_t max_bytes; /* of all messages */
	uint64_t max_size;  /* of one */
	size_t dead_max;
	unsigned dead_days;
	bool drop_oldest;
	const char *boot; /* NULL: the kernel's; for tests */
	/* Called from whichever thread it happened in; it must not call the spool. NULL: nobody. */
	void (*event)(void *context, const email__spool_event *event);
	void *context;
} email__spool_options;

/* Errors: EMAIL_E_FILE, EMAIL_E_MEMORY, with `e`. */
email_code email__spool_open(const email__spool_options *options, const email__now *now, email__spool **spool,
                             email_error *e);
/* Other bounds, 0 for the defaults, from now on. From any thread. */
void email__spool_limit(email__spool *s, size_t max_count, uint64_t max_size, bool drop_oldest);
/* Releases the worker's lock, too. NULL is fine. */
void email__spool_close(email__spool *s);

/* --- anybody ---------------------------------------------------------------------------------- */

typedef struct email__letter {
	const char *from;
	const char *const *to; /* each once */
	size_t count;
	int priority;
	const char *message_id, *subject; /* NULL: "" */
	const char *key;                  /* of the caller: the same one never makes two; NULL: none */
	bool eight_bit, utf8, undated, digest;
	unsigned dsn;
	uint64_t size; /* of the message where it is known, else 0 */
} email__letter;

/*
 * Takes a mail. EMAIL_OK: it is durable (Q1), or a mail with this key was taken before (*repeat, which may be NULL).
 * Anything else: it is not there (Q2), but for EMAIL_E_INDETERMINATE.
 * Errors: EMAIL_E_LIMIT (size, recipients), EMAIL_E_QUEUE_FULL, EMAIL_E_VALUE (a line break in an address), EMAIL_E_FILE,
 * EMAIL_E_MEMORY, what the source failed with.
 */
email_code email__spool_enqueue(email__spool *s, const email__letter *letter, email__source *message,
                                const email__now *now, char id[EMAIL_ID_SIZE], bool *repeat, email_error *e);
/* Was a mail with this key taken, so that another one would be a repeat? Then its id. EMAIL_E_FILE, EMAIL_E_MEMORY,
 * EMAIL_E_INDETERMINATE. */
email_code email__spool_repeat(email__spool *s, const char *key, char id[EMAIL_ID_SIZE], bool *repeat,
                               email_error *e);

/* Each mail that waits, or each dead letter, in no order; what is no mail is left out. False stops. */
email_code email__spool_list(email__spool *s, bool dead,
                             bool (*visit)(void *context, const char *id, const email__mailfile *mail),
                             void *context, email_error *e);

/* One mail and its message. EMAIL_E_UNKNOWN: there is none. */
typedef struct email__view email__view;
email_code email__spool_view(email__spool *s, const char *id, email__view **view, email_error *e);
const email__mailfile *email__view_mail(const email__view *v);
bool email__view_dead(const email__view *v);
email__source email__view_source(email__view *v);
void email__view_free(email__view *v);

/*
 * What a person does to one mail. EMAIL_E_UNKNOWN: there is none with this id; EMAIL_E_TEMPORARY: it is being sent just now.
 * _cancel: what has not ended is cancelled, to dead/. _delete: a waiting one is cancelled, a dead one is gone.
 * _requeue: a dead one waits again, for those recipients that did not get it (EMAIL_E_QUEUE_FULL: no room). _clear: cancels all that wait (*n of them).
 */
email_code email__spool_cancel(email__spool *s, const char *id, const char *cause, const email__now *now,
                               email_error *e);
email_code email__spool_delete(email__spool *s, const char *id, const email__now *now, email_error *e);
email_code email__spool_requeue(email__spool *s, const char *id, const email__now *now, email_error *e);
email_code email__spool_clear(email__spool *s, const email__now *now, size_t *n, email_error *e);

/* How many wait, and their bytes. */
email_code email__spool_size(email__spool *s, const email__now *now, size_t *count, uint64_t *bytes,
                             email_error *e);

/* The day's count (Q8): adds n, durably, before that many are attempted. *today: the count with them. n 0: asks. */
email_code email__spool_count_day(email__spool *s, const email__now *now, unsigned n, uint64_t *today,
                                  email_error *e);
/* One of them was taken by nobody: it does not count, from now on or, after a crash, as if it did. */
void email__spool_uncount_day(email__spool *s, const email__now *now);

/* Milliseconds that this spool has lived through, of running machines (Q9). */
int64_t email__spool_running(email__spool *s, const email__now *now);
/* The same between _hold and _release. */
int64_t email__spool_running_locked(const email__spool *s, const email__now *now);

/* --- the worker ------------------------------------------------------------------------------- */

/* Takes the worker's lock (EMAIL_E_TEMPORARY: somebody has it), sweeps tmp/, sets aside what is no mail, ends what was cut
 * off. Linear, reads headers only. May be called again. */
email_code email__spool_start(email__spool *s, const email__now *now, email_error *e);
/* What others have added or taken since. Cheap where nothing has changed. */
email_code email__spool_look(email__spool *s, const email__now *now, email_error *e);
/* Now and then, hourly at least: old dead letters, the running time. */
email_code email__spool_tend(email__spool *s, const email__now *now, email_error *e);
/* Ends the worker's part: the lock is free. */
void email__spool_stop(email__spool *s, const email__now *now);

/* Those that wait, highest priority first, then oldest first; some may be NULL. Until the next call of the worker; other
 * threads only add to them, under _hold. */
email__waiting *const *email__spool_waiting(email__spool *s, size_t *count);
void email__spool_hold(email__spool *s);
void email__spool_release(email__spool *s);

/*
 * An attempt begins: durable when this returns EMAIL_OK (Q8; the day's count is the caller's, before). `alone`: nothing else
 * is on its way in this process. The whole message has been verified.
 * Errors: EMAIL_E_MESSAGE (was set aside), EMAIL_E_UNKNOWN (gone), EMAIL_E_TEMPORARY (somebody else has it), EMAIL_E_FILE,
 * EMAIL_E_MEMORY: not to be sent.
 */
email_code email__spool_begin(email__spool *s, email__waiting *w, bool alone, const email__now *now,
                              email__attempt **attempt, email_error *e);
/* Its recipients, of whom only those that are pending may be addressed. */
const email__mailfile *email__attempt_mail(const email__attempt *a);
const char *email__attempt_id(const email__attempt *a);
/* The message from the start, with its Date (Q9), the same bytes each time (Q5). */
email__source email__attempt_source(email__attempt *a);
/* What became of a recipient; kept by _end. `text` is made printable. */
void email__attempt_recipient(email__attempt *a, size_t recipient, email__rcpt_state state, int reply,
                              const char *enhanced, const char *text);
/* How it ended is not known: the server may have it (Q5); kept by _end. */
void email__attempt_unsure(email__attempt *a);
/*
 * The attempt is over. EMAIL_OK: what was said of the recipients is durable, and only now may it be told (Q6). Where any are
 * pending, it waits until `next` (running time), with `failures` in a row; else it leaves the queue.
 * After an error the spool keeps the outcome, does not offer the mail again, and tries with _settle; an event tells
 * when it is durable. Owns: the attempt, in any case.
 */
email_code email__spool_end(email__spool *s, email__attempt *a, int64_t next, unsigned failures,
                            const char *cause, const email__now *now, email_error *e);
/* Outcomes that could not be made durable at the time. EMAIL_OK: there are none any more. */
email_code email__spool_settle(email__spool *s, const email__now *now, email_error *e);
/* Too old: what is pending has failed, to dead/. */
email_code email__spool_expire(email__spool *s, email__waiting *w, const char *cause, const email__now *now,
                               email_error *e);

#endif
