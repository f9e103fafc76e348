/* SPDX-License-Identifier: MIT */
/*
 * Where a spool keeps its files: in folders (persistent), or in memory. Both behave alike, but that memory is gone with the
 * process. Every error is in `e`: EMAIL_E_FILE with errno in e->os (ENOENT: no such file), EMAIL_E_MEMORY.
 */
#ifndef EMAIL__QUEUE_STORE_H
#define EMAIL__QUEUE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

typedef enum email__area {
	EMAIL__AREA_ROOT,  /* "": counters and locks */
	EMAIL__AREA_TMP,   /* being written */
	EMAIL__AREA_QUEUE, /* waiting */
	EMAIL__AREA_DEAD,  /* failed or cancelled */
	EMAIL__AREA_DONE,  /* delivered, kept for their keys */
	EMAIL__AREA_BAD,   /* set aside */
	EMAIL__AREA_COUNT
} email__area;

typedef struct email__store email__store;

/* An open file. */
typedef struct email__stored {
	email__store *store;
	const char *name; /* of the store, or the caller's for as long as it is open */
	int fd;           /* in a folder */
	void *node;       /* in memory */
	bool locked;
} email__stored;

typedef struct email__store_ops {
	/* Exclusive, new. */
	email_code (*create)(email__store *s, email__area area, const char *name, email__stored *f,
	                     email_error *e);
	email_code (*open)(email__store *s, email__area area, const char *name, bool writing,
	                   email__stored *f, email_error *e);
	email_code (*read)(email__stored *f, uint64_t at, void *buffer, size_t size, size_t *got,
	                   email_error *e);
	email_code (*write)(email__stored *f, uint64_t at, const void *bytes, size_t n, email_error *e);
	/* Once while it is open; a failure is final for the file. `in_place`: it did not grow. */
	email_code (*sync)(email__stored *f, bool in_place, email_error *e);
	email_code (*size)(email__stored *f, uint64_t *size, email_error *e);
	/* Cut off; what fails is of no interest. */
	void (*truncate)(email__stored *f, uint64_t size);
	/* Who has it locked may change it. Ends when it is closed. */
	bool (*lock)(email__stored *f, bool wait);
	void (*unlock)(email__stored *f);
	/* Is this file the one of that name? */
	bool (*holds)(email__stored *f, email__area area, const char *name);
	void (*close)(email__stored *f);
	/* Replaces a file of that name, in one step. */
	email_code (*move)(email__store *s, email__area from, const char *name, email__area to,
	                   const char *new_name, email_error *e);
	email_code (*remove)(email__store *s, email__area area, const char *name, email_error *e);
	email_code (*exists)(email__store *s, email__area area, const char *name, bool *there,
	                     email_error *e);
	/* What was moved, made and removed there is durable. */
	email_code (*sync_area)(email__store *s, email__area area, email_error *e);
	/* False from the callback stops. Nothing of the store may be called from it. */
	email_code (*visit)(email__store *s, email__area area, bool (*visit)(void *context, const char *name),
	                    void *context, email_error *e);
	void (*free)(email__store *s);
} email__store_ops;

struct email__store {
	const email__store_ops *ops;
};

/* Opens the folders, makes them where they are not there; that they are is durable once the root is synced. NULL with `e`. */
email__store *email__store_folder(const char *folder, email_error *e);
email__store *email__store_memory(email_error *e);

#endif
