/* SPDX-License-Identifier: MIT */
/*
 * A file of a few numbers that several processes change under its lock, overwritten in place like a record's state: two
 * copies, of which the valid one of the higher generation counts.
 */
#ifndef EMAIL__QUEUE_COUNTER_H
#define EMAIL__QUEUE_COUNTER_H

#include "queue/store.h"

#define EMAIL__COUNTER_VALUES 5
#define EMAIL__COUNTER_BOOT 16

typedef struct email__counter {
	bool valid; /* false: nothing in the file can be believed, all is 0 */
	uint64_t generation;
	char boot[EMAIL__COUNTER_BOOT + 1]; /* in which it was written; "" unknown */
	uint64_t value[EMAIL__COUNTER_VALUES];
} email__counter;

/* Opens the file of this name in the root, makes it where it is not there. */
email_code email__counter_open(email__store *s, const char *name, email__stored *f, email_error *e);
/* Under the file's lock, both of them. _write raises the generation; `durable` syncs: after a failure the file must be
 * opened anew. */
email_code email__counter_read(email__stored *f, email__counter *c, email_error *e);
email_code email__counter_write(email__stored *f, email__counter *c, bool durable, email_error *e);

#endif
