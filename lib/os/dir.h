/* SPDX-License-Identifier: MIT */
/*
 * An open folder, and the files in it by name: what a spool is made of. Names are looked up from the folder's
 * descriptor, so that nothing that happens to the path above it matters. Each call is checked; EMAIL_E_FILE has errno in
 * e->os. A folder is 0700, a file 0600, and neither is ever reached through a link.
 */
#ifndef EMAIL__OS_DIR_H
#define EMAIL__OS_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

typedef struct email__dir {
	int fd; /* -1: not open */
	char *path;
} email__dir;

/*
 * Opens the folder, makes it (0700, missing parents too) where it is not there. That the parents are there is durable then,
 * that the folder is once its own parent is synced. Refused (EACCES) where it is somebody else's; rights of others are
 * taken away. What root makes in a folder of somebody else belongs to that one, files too.
 */
email_code email__dir_open(const char *path, email__dir *d, email_error *e);
void email__dir_close(email__dir *d);
/* That the folder has its name is durable. */
email_code email__dir_sync_parent(email__dir *d, email_error *e);
/* What was renamed, made and removed in it is durable. A failure is final for the open folder (Q11): the next
 * call has a new one. From any thread. */
email_code email__dir_sync(email__dir *d, email_error *e);

/* A new file: exclusive, 0600, for reading and writing. */
email_code email__dir_create(email__dir *d, const char *name, int *fd, email_error *e);
/* A regular file that is there; anything else is refused (EINVAL), without waiting for it. */
email_code email__dir_file(email__dir *d, const char *name, bool writing, int *fd, email_error *e);
/* Replaces a file of that name. */
email_code email__dir_move(email__dir *from, const char *name, email__dir *to, const char *new_name,
                           email_error *e);
/* A file, or an empty folder. */
email_code email__dir_remove(email__dir *d, const char *name, email_error *e);
email_code email__dir_exists(const email__dir *d, const char *name, bool *there, email_error *e);
/* Is it this open file that has the name? Not so where it was moved away, removed or replaced. */
bool email__dir_holds(const email__dir *d, const char *name, int fd);
/* Visits the names but "." and ".."; false from the callback stops. */
email_code email__dir_visit(const email__dir *d, bool (*visit)(void *context, const char *name),
                            void *context, email_error *e);

/* Of an open file. `name` is for the error. */
email_code email__fd_read(int fd, uint64_t at, void *buffer, size_t size, size_t *got, const char *name,
                          email_error *e);
email_code email__fd_write(int fd, uint64_t at, const void *bytes, size_t n, const char *name,
                           email_error *e);
/* Once a descriptor: a failure is final (Q11). `in_place`: its size did not change, nothing but contents need to be kept. */
email_code email__fd_sync(int fd, bool in_place, const char *name, email_error *e);
email_code email__fd_size(int fd, uint64_t *size, const char *name, email_error *e);
/* Cut off; what fails is of no interest. */
void email__fd_truncate(int fd, uint64_t size);
/* The kernel's lock, which ends with the descriptor. False: somebody else has it, and we do not `wait`, or did for two
 * seconds. */
bool email__fd_lock(int fd, bool wait);
void email__fd_unlock(int fd);
void email__fd_close(int fd);

/* 16 hexadecimal digits that are others after each start of the machine; "" where it does not say. */
#define EMAIL__BOOT_SIZE 17
void email__boot(char out[EMAIL__BOOT_SIZE]);

#endif
