/* SPDX-License-Identifier: MIT */
/*
 * Stands between the library and the kernel: what is linked into a program in front of the C library's open, pwrite, fsync
 * and so on is called in their place, as if it were preloaded. Each call counts; the n-th can be the last one of the
 * process, fail, be cut short, or (a sync) do nothing. What it did can be recorded. The library itself knows nothing of it.
 */
#ifndef EMAIL_CRASH_FAULT_H
#define EMAIL_CRASH_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum fault_kind {
	FAULT_NONE,  /* counts calls */
	FAULT_KILL,  /* the process ends before the n-th call, as by SIGKILL */
	FAULT_ERROR, /* the n-th call that can fail in this way (errno) does */
	FAULT_SHORT, /* the n-th read or write does half of it */
	FAULT_HALT, /* from the n-th fsync or fdatasync on nothing has any effect: as if the process had died then */
	FAULT_NOSYNC, /* the n-th fsync or fdatasync says yes and does nothing */
	FAULT_POWER /* the file system goes down before the n-th call that changes anything, and the process with it */
} fault_kind;

/* From now on; `forever`: from the n-th on. Counting begins at 1. */
void fault_arm(fault_kind kind, unsigned long n, int error, bool forever);
/* Ends it; how many calls were counted since, and whether it came to the fault. */
unsigned long fault_off(void);
bool fault_happened(void);
/* How many operations had been recorded then. */
size_t fault_at(void);
/* The n-th sync from now on fails with EIO, whatever else is armed: part of a scenario, not of a test of it. */
void fault_fail_sync(unsigned long n);

/* FAULT_POWER's file system, by a folder in it. `flush`: its journal is written out first, but not what belongs to it;
 * else what is not durable yet is lost. False, with errno: this one cannot be shut down. */
bool fault_power(const char *folder, bool flush);
/* Every sync says yes and does nothing, whatever else is armed. */
void fault_forget_syncs(void);

/* --- what was done ---------------------------------------------------------------------------- */

typedef enum fault_what {
	DID_MKDIR,
	DID_CREATE,
	DID_WRITE,
	DID_TRUNCATE,
	DID_SYNC, /* a file or a folder, by its inode */
	DID_RENAME,
	DID_UNLINK
} fault_what;

typedef struct fault_op {
	fault_what what;
	uint64_t inode;        /* the file or folder itself */
	uint64_t folder, from; /* where its name is, was */
	char name[48], old[48];
	size_t at, n; /* of a write; truncate: at */
	unsigned char *bytes;
	int mode;
} fault_op;

/* Records from now on into `ops`, room for max; returns what was recorded by fault_recorded(). */
void fault_record(fault_op *ops, size_t max);
size_t fault_recorded(void);

/* Calls that count nowhere. */
long fault_raw_write(int fd, const void *bytes, size_t n);

#endif
