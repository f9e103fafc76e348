/* SPDX-License-Identifier: MIT */
/* A spool in a scratch folder, or in memory; letters for it, and a server that takes them. */
#ifndef EMAIL_TEST_SPOOLBOX_H
#define EMAIL_TEST_SPOOLBOX_H

#include "queue/spool.h"
#include "queue/store.h"

typedef struct spoolbox {
	char folder[64]; /* "": in memory */
	email__spool_options options;
	email__spool *spool;
	email__now now;
	size_t events[EMAIL__SPOOL_SETTLED + 1];
	char cause[200]; /* of the last event */
	char event_id[64];
} spoolbox;

/* Makes the folder (not where `memory`), and a time: a day in 2026, boot "aaaaaaaaaaaaaaaa". Opens nothing. */
void spoolbox_init(spoolbox *b, bool memory);
/* Opens; where `work`, the worker starts. Fails the test. */
void spoolbox_open(spoolbox *b, bool work);
void spoolbox_close(spoolbox *b);
/* Closes, removes the folder. */
void spoolbox_dispose(spoolbox *b);

/* From now on this store's calls are noted in `calls`, the oldest first: w a write, s the sync of a file, d of a folder. The
 * fail_sync-th sync of a file (1: the next) fails; 0: none. One store at a time. */
typedef struct spoolbox_disk {
	char calls[100];
	size_t fail_sync;
	/* Called before a lock is taken, until it returns true: what others do between opening and locking. NULL: nothing. */
	bool (*before_lock)(email__stored *f);
} spoolbox_disk;
spoolbox_disk *spoolbox_watch(email__store *s);

/* A source of n bytes. */
typedef struct spoolbox_text {
	const char *text;
	size_t n, at;
	email_code fails; /* instead of the end */
} spoolbox_text;
email__source spoolbox_source(spoolbox_text *t, const char *text);

/* Queues "Subject: <subject>" and a body to these, NULL-ended. */
email_code spoolbox_put(spoolbox *b, const char *subject, int priority, const char *key,
                        const char *const *to, char *id, email_error *e);
/* The first that waits; NULL: none. */
email__waiting *spoolbox_first(spoolbox *b);
size_t spoolbox_count(spoolbox *b);
/* The files in a folder of it ("queue"), by name. -1: it cannot be read. */
int spoolbox_files(const spoolbox *b, const char *folder);
/* All of a source, NUL-ended; free() it. NULL where it failed. */
char *spoolbox_read(email__source source);

#endif
