/* SPDX-License-Identifier: MIT */
/* What the files of this room share. No other room includes this. */
#ifndef EMAIL__OS_POSIX_H
#define EMAIL__OS_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <emailservice/error.h>

/* What failed, on which file, and why: EMAIL_E_FILE with errno kept in e->os. */
email_code email__os_failed(email_error *e, const char *what, const char *path);
/* open(2), close-on-exec, again where a signal came between. */
int email__os_open(const char *path, int flags, mode_t mode);
/* All of it, however many writes that takes. */
bool email__os_write(int fd, const void *bytes, size_t n);

#endif
