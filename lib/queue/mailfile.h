/* SPDX-License-Identifier: MIT */
/*
 * The header of a mail's file. It is text, the message follows it as it is (RFC 5322), so that
 * `sed '1,/^$/d'` has the message and `less` the rest.
 *
 *   emailservice-mail 1 HEADER STATE SUM      bytes before the message, bytes before the state; checksum of
 *   sequence ..., size ..., sum ..., ...      what does not change: envelope, options, length and checksum
 *   to duty@example.com                       of the message
 *   state GENERATION ...                      what changes, twice: the valid one of the higher
 *   - 450 4.2.0 text                          generation counts, the other is overwritten in place. So a
 *   sum SUM                                   change needs no new space, and one that was cut off leaves
 *   state ...                                 the state as it was.
 *
 * Whatever is in a file, reading is bounded by EMAIL__QUEUE_HEADER_MAX.
 */
#ifndef EMAIL__QUEUE_MAILFILE_H
#define EMAIL__QUEUE_MAILFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define EMAIL__MAILFILE_TEXT 96
#define EMAIL__MAILFILE_ENHANCED 9
#define EMAIL__MAILFILE_BOOT 16

/* How a recipient ended (Q4); its letter in the file. */
typedef enum email__rcpt_state {
	EMAIL__RCPT_PENDING = '.',
	EMAIL__RCPT_DELIVERED = '+',
	EMAIL__RCPT_FAILED = '-',
	EMAIL__RCPT_CANCELLED = 'x'
} email__rcpt_state;

typedef struct email__recipient {
	const char *address;
	email__rcpt_state state;
	int reply;                                   /* the last one, or 0 */
	char enhanced[EMAIL__MAILFILE_ENHANCED + 1]; /* "4.2.0", or "" */
	char text[EMAIL__MAILFILE_TEXT + 1];
} email__recipient;

/* What an attempt that is under way was begun as. */
typedef enum email__trying {
	EMAIL__TRYING_NOT = '-',
	EMAIL__TRYING_ALONE = '1',
	EMAIL__TRYING_TOGETHER = 'n'
} email__trying;

typedef struct email__mailfile {
	/* what does not change */
	uint64_t sequence;
	uint64_t size, sum; /* of the message */
	int64_t created;    /* seconds since 1970, whatever the clock said */
	int64_t queued;     /* milliseconds of running time (Q9) */
	int priority;       /* 0..9 */
	bool eight_bit, utf8;
	bool undated; /* the message has no Date: it gets `date` in front when it first goes out */
	bool digest;  /* stands for others */
	unsigned dsn;
	const char *from, *message_id, *subject, *key; /* never NULL */

	/* what does */
	uint64_t generation;
	unsigned attempts;
	unsigned unsure;   /* attempts of which it is not known how they ended (Q5) */
	unsigned crashes;  /* within one boot, while it was sent alone (Q8) */
	unsigned failures; /* in a row: the step of the back-off */
	email__trying trying;
	bool suspect; /* was on its way, with others, when the process died: next time alone */
	char boot[EMAIL__MAILFILE_BOOT + 1];  /* in which the last attempt began; "" none */
	int64_t next;                         /* running time before which it is not tried */
	int64_t revived;                      /* running time at which it was queued again, or 0 */
	int64_t ended;                        /* running time at which it left the queue, or 0 */
	int64_t date;                         /* for an undated one, frozen; 0 not yet */
	int date_offset;                      /* minutes ahead of UTC */
	char cause[EMAIL__MAILFILE_TEXT + 1]; /* why it is dead, or "" */
	email__recipient *recipients;
	size_t count;

	/* where in the file */
	size_t header, state_at, state_size;
	uint64_t seed; /* of the states' sums */
	char *memory;  /* what the strings point into, where it was read */
} email__mailfile;

/* The whole header, both states alike. Sets header, state_at, state_size. Errors: EMAIL_E_MEMORY, EMAIL_E_LIMIT,
 * EMAIL_E_VALUE (an address or a count that cannot be written down). */
email_code email__mailfile_write(email__mailfile *r, email__buf *out);
/* The state alone, and where its place is: that of the older one. The generation is raised beforehand. */
email_code email__mailfile_write_state(const email__mailfile *r, email__buf *out, uint64_t *at);

/* From the first bytes of a file (EMAIL__MAILFILE_FIRST suffice): how long its header is; 0 where it is none. */
#define EMAIL__MAILFILE_FIRST 64
size_t email__mailfile_header(const char *bytes, size_t n);
/* Reads a header of exactly n bytes. EMAIL_E_MESSAGE: it is none; EMAIL_E_MEMORY. Dispose in any case. */
email_code email__mailfile_read(const char *bytes, size_t n, email__mailfile *r);
void email__mailfile_dispose(email__mailfile *r);

size_t email__mailfile_count(const email__mailfile *r, email__rcpt_state state);

#endif
