/* SPDX-License-Identifier: MIT */
/*
 * Files and folders. With net the only room that calls POSIX. Every descriptor is close-on-exec, nothing
 * follows a link where it creates.
 */
#ifndef EMAIL__OS_FILE_H
#define EMAIL__OS_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/reader.h"

/* The whole file; EMAIL_E_LIMIT where it is larger than out->max, EMAIL_E_FILE with errno in e->os.
 * A file that is not there is EMAIL_E_FILE with e->os == ENOENT. */
email_code email__file_read(const char *path, email__buf *out, email_error *e);

/*
 * Replaces a file in one step: temporary file in the same folder (exclusive, 0600), contents, fsync,
 * mode, rename, fsync of the folder. The mode is that of the file replaced, narrowed to 0600 where
 * `secret`; a new file is 0600. After an error the old file is as it was.
 */
email_code email__file_save(const char *path, const void *bytes, size_t n, bool secret, email_error *e);

/* A folder with mode 0700, its missing parents too; fine where it is there already. */
email_code email__folder_make(const char *path, email_error *e);
/* Gives a folder another name beside it, durably. One that is there already with something in it is EMAIL_E_FILE. */
email_code email__folder_move(const char *path, const char *new_path, email_error *e);
bool email__file_exists(const char *path);
/* True where nobody but its owner (and root) may do anything with it: 0600 or less. */
bool email__file_private(const char *path);
email_code email__file_remove(const char *path, email_error *e);
/* Size and modification (a stamp that changes whenever the file was replaced). False: not there. */
typedef struct email__file_stamp {
	long long size, mtime_ns, inode;
} email__file_stamp;
bool email__file_stamp_get(const char *path, email__file_stamp *stamp);

/* A kernel lock (exclusive, between processes and threads) on a file, made where missing. Waits at most
 * wait_ms. *lock is -1 after an error. */
email_code email__lock_take(const char *path, long wait_ms, int *lock, email_error *e);
void email__lock_release(int lock);

/* Reading piece by piece: attachments. */
typedef struct email__file email__file;
email_code email__file_open(const char *path, email__file **file, email_error *e);
/* *got 0: the end. */
email_code email__file_next(email__file *file, void *buffer, size_t size, size_t *got);
email_code email__file_restart(email__file *file);
/* Of a regular file, in bytes; -1 where it is none. */
long long email__file_size(const email__file *file);
void email__file_close(email__file *file);
/* The file from any place, as a reader of its own size: EMAIL_E_FILE where it has changed since it was opened. It does
 * not move what _next reads. Lives as long as the file is open. */
email__reader email__file_reader(email__file *file);

/*
 * A new file that grows piece by piece: exclusive, 0600. One that is there already, a link too, is EMAIL_E_FILE.
 * _finish makes it durable, or removes it where not `keep`, or where that fails.
 */
email_code email__file_create(const char *path, int *fd, email_error *e);
email_code email__file_append(int fd, const char *path, const void *bytes, size_t n, email_error *e);
email_code email__file_finish(int fd, const char *path, bool keep, email_error *e);

/* Visits the names in a folder, but "." and ".."; false from the callback stops. */
email_code email__folder_visit(const char *path, bool (*visit)(void *context, const char *name),
                               void *context, email_error *e);

/* "a/b" from the folder of `beside` and a relative path; an absolute one is copied. NULL: no memory. */
char *email__path_beside(const char *beside, const char *path);
char *email__path_join(const char *folder, const char *name);
/* The file that it leads to, from the root on, without links; the path itself where it leads nowhere. NULL: no memory. */
char *email__path_real(const char *path);

/* An environment variable, or NULL: secrets by "env:". */
const char *email__environment(const char *name);

#endif
