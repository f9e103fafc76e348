/* SPDX-License-Identifier: MIT */
/* A file of lines that grows at its end: what must outlive the process, line by line. */
#ifndef EMAIL__OS_JOURNAL_H
#define EMAIL__OS_JOURNAL_H

#include <stddef.h>

#include <emailservice/error.h>

/* Opened for appending, made (0600) where missing; what is behind its last line end (a line that was being written
 * when the power failed) is cut off. *fd is -1 after an error: EMAIL_E_FILE. */
email_code email__journal_open(const char *path, int *fd, email_error *e);
/* Whole lines, in one write. EMAIL_E_FILE: then what was written of them is taken back. */
email_code email__journal_add(int fd, const char *path, const void *lines, size_t n, email_error *e);
/* They reach the disk. */
email_code email__journal_sync(int fd, const char *path, email_error *e);
void email__journal_close(int fd);

#endif
