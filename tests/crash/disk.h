/* SPDX-License-Identifier: MIT */
/* The queue on a disk that is full: it refuses in plain words, and what it has goes out all the same (Q10). */
#ifndef EMAIL_CRASH_DISK_H
#define EMAIL_CRASH_DISK_H

/* FOLDER is on a small file system that nobody else uses; it is filled, the folder above it included. Returns how often the
 * contract was broken, each told on standard error. */
int disk_run(const char *folder);

#endif
