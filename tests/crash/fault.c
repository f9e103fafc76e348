/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#pragma GCC visibility push(default) /* it is there to be found in place of the C library's */
#include "crash/fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	bool on, forever, happened;
	fault_kind kind;
	unsigned long n, count;
	int error;
	unsigned long fail_sync;
	bool forget_syncs;
	int power; /* a folder of the file system that goes down */
	uint32_t how;
	fault_op *ops;
	size_t recorded, max, at;
} f;

void
fault_arm(fault_kind kind, unsigned long n, int error, bool forever)
{
	f.kind = kind;
	f.n = n;
	f.error = error;
	f.forever = forever;
	f.count = 0;
	f.happened = false;
	f.on = true;
}

unsigned long
fault_off(void)
{
	f.on = false;
	f.fail_sync = 0;
	return f.count;
}

bool
fault_happened(void)
{
	return f.happened;
}

size_t
fault_at(void)
{
	return f.at;
}

void
fault_fail_sync(unsigned long n)
{
	f.fail_sync = n;
}

/* EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN, which are one number, with flags of one meaning; libc's headers have neither. */
#define SHUTDOWN _IOR('X', 125, uint32_t)
enum { SHUTDOWN_LOGFLUSH = 1, SHUTDOWN_NOLOGFLUSH = 2 };

bool
fault_power(const char *folder, bool flush)
{
	f.power = (int)syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
	f.how = flush ? SHUTDOWN_LOGFLUSH : SHUTDOWN_NOLOGFLUSH;
	return f.power >= 0;
}

void
fault_forget_syncs(void)
{
	f.forget_syncs = true;
}

void
fault_record(fault_op *ops, size_t max)
{
	f.ops = ops;
	f.max = max;
	f.recorded = 0;
}

size_t
fault_recorded(void)
{
	return f.recorded;
}

long
fault_raw_write(int fd, const void *bytes, size_t n)
{
	return syscall(SYS_write, fd, bytes, n);
}

/* --- which errors a call can have -------------------------------------------------------------- */

enum { READS = 1, WRITES = 2, OPENS = 4, MAKES = 8, SYNCS = 16, NAMES = 32, LOCKS = 64, LOOKS = 128 };

static bool
can_fail(int call, int error)
{
	switch (error) {
	case ENOSPC: return call & (WRITES | MAKES | SYNCS | NAMES);
	case EIO: return true;
	case EROFS: return call & (MAKES | NAMES);
	case EMFILE: return call & (OPENS | MAKES);
	case EINTR: return call & (READS | WRITES | OPENS | MAKES | LOCKS);
	default: return true;
	}
}

/* One more call. True: it fails now, errno is set. */
static bool
faulted(int call)
{
	if (!f.on)
		return false;
	if (f.kind == FAULT_ERROR && !can_fail(call, f.error))
		return false;
	if (f.kind == FAULT_SHORT && !(call & (READS | WRITES)))
		return false;
	if ((f.kind == FAULT_NOSYNC || (f.kind == FAULT_HALT && !f.happened)) && !(call & SYNCS))
		return false;
	if (f.kind == FAULT_POWER && !(call & (WRITES | MAKES | SYNCS | NAMES)))
		return false;
	f.count++;
	if (f.count != f.n && !(f.forever && f.count > f.n))
		return false;
	f.at = f.happened ? f.at : f.recorded;
	f.happened = true;
	if (f.kind == FAULT_POWER && f.count == f.n && syscall(SYS_ioctl, f.power, SHUTDOWN, &f.how) != 0)
		syscall(SYS_exit_group, 3);
	/* a disk that went away leaves the process, whose calls fail from now on */
	if (f.kind == FAULT_POWER && f.forever)
		return false;
	if (f.kind == FAULT_KILL || f.kind == FAULT_POWER)
		syscall(SYS_exit_group, 137);
	if (f.kind != FAULT_ERROR && f.kind != FAULT_HALT)
		return f.kind == FAULT_SHORT || f.kind == FAULT_NOSYNC;
	errno = f.error;
	return true;
}

static bool
failed(int call)
{
	return f.kind == FAULT_SHORT || f.kind == FAULT_NOSYNC ? false : faulted(call);
}

/* --- recording --------------------------------------------------------------------------------- */

static uint64_t
inode_of(int fd)
{
	struct stat st;

	return syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 ? (uint64_t)st.st_ino : 0;
}

static uint64_t
inode_at(int dir, const char *name)
{
	struct stat st;

	return syscall(SYS_newfstatat, dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_ino : 0;
}

static fault_op *
record(fault_what what)
{
	fault_op *op;

	if (!f.ops || f.recorded >= f.max)
		return NULL;
	op = &f.ops[f.recorded++];
	memset(op, 0, sizeof *op);
	op->what = what;
	return op;
}

static void
record_name(fault_what what, int dir, const char *name, int mode)
{
	fault_op *op = record(what);
	char parent[512];
	const char *slash = strrchr(name, '/');

	if (!op)
		return;
	op->inode = inode_at(dir, name);
	op->mode = mode;
	snprintf(op->name, sizeof op->name, "%s", slash ? slash + 1 : name);
	if (dir == AT_FDCWD) {
		snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - name) : 1, slash ? name : ".");
		op->folder = inode_at(AT_FDCWD, parent);
	} else
		op->folder = inode_of(dir);
}

/* --- the calls ---------------------------------------------------------------------------------- */

static int
opened(int dir, const char *path, int flags, mode_t mode)
{
	bool there = !(flags & O_CREAT) || inode_at(dir, path) != 0;
	int fd;

	if (failed(there ? OPENS : MAKES))
		return -1;
	fd = (int)syscall(SYS_openat, dir, path, flags, mode);
	if (fd >= 0 && !there)
		record_name(DID_CREATE, dir, path, (int)mode);
	return fd;
}

static mode_t
mode_of(int flags, va_list ap)
{
	return flags & O_CREAT ? (mode_t)va_arg(ap, int) : 0;
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return opened(AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return opened(dir, path, flags, mode);
}

ssize_t
pread(int fd, void *buffer, size_t n, off_t at)
{
	if (f.on && f.kind == FAULT_SHORT) {
		if (n > 1 && faulted(READS))
			n /= 2;
	} else if (failed(READS))
		return -1;
	return syscall(SYS_pread64, fd, buffer, n, at);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	fault_op *op;
	ssize_t done;

	if (f.on && f.kind == FAULT_SHORT) {
		if (n > 1 && faulted(WRITES))
			n /= 2;
	} else if (failed(WRITES))
		return -1;
	done = syscall(SYS_pwrite64, fd, bytes, n, at);
	if (done > 0 && (op = record(DID_WRITE))) {
		op->inode = inode_of(fd);
		op->at = (size_t)at;
		op->n = (size_t)done;
		op->bytes = malloc(op->n);
		if (op->bytes)
			memcpy(op->bytes, bytes, op->n);
	}
	return done;
}

static int
synced(long call, int fd)
{
	fault_op *op;
	int rc;

	if (f.fail_sync && --f.fail_sync == 0) {
		errno = EIO;
		return -1;
	}
	if (f.on && f.kind == FAULT_NOSYNC) {
		if (faulted(SYNCS))
			return 0;
	} else if (failed(SYNCS))
		return -1;
	if (f.forget_syncs)
		return 0;
	rc = (int)syscall(call, fd);
	if (rc == 0 && (op = record(DID_SYNC)))
		op->inode = inode_of(fd);
	return rc;
}

int
fsync(int fd)
{
	return synced(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return synced(SYS_fdatasync, fd);
}

int
mkdir(const char *path, mode_t mode)
{
	int rc;

	if (failed(MAKES))
		return -1;
	rc = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	if (rc == 0)
		record_name(DID_MKDIR, AT_FDCWD, path, (int)mode);
	return rc;
}

int
renameat(int from, const char *old, int to, const char *name)
{
	uint64_t inode = inode_at(from, old);
	fault_op *op;
	int rc;

	if (failed(NAMES))
		return -1;
	rc = (int)syscall(SYS_renameat2, from, old, to, name, 0);
	if (rc == 0 && (op = record(DID_RENAME))) {
		op->inode = inode;
		op->from = inode_of(from);
		op->folder = inode_of(to);
		snprintf(op->old, sizeof op->old, "%s", old);
		snprintf(op->name, sizeof op->name, "%s", name);
	}
	return rc;
}

int
unlinkat(int dir, const char *name, int flags)
{
	fault_op *op;
	int rc;

	if (failed(NAMES))
		return -1;
	rc = (int)syscall(SYS_unlinkat, dir, name, flags);
	if (rc == 0 && (op = record(DID_UNLINK))) {
		op->folder = inode_of(dir);
		snprintf(op->name, sizeof op->name, "%s", name);
	}
	return rc;
}

int
ftruncate(int fd, off_t size)
{
	fault_op *op;
	int rc;

	if (failed(WRITES))
		return -1;
	rc = (int)syscall(SYS_ftruncate, fd, size);
	if (rc == 0 && (op = record(DID_TRUNCATE))) {
		op->inode = inode_of(fd);
		op->at = (size_t)size;
	}
	return rc;
}

int
fstat(int fd, struct stat *st)
{
	return failed(LOOKS) ? -1 : (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

int
fstatat(int dir, const char *name, struct stat *st, int flags)
{
	return failed(LOOKS) ? -1 : (int)syscall(SYS_newfstatat, dir, name, st, flags);
}

int
flock(int fd, int how)
{
	return failed(LOCKS) ? -1 : (int)syscall(SYS_flock, fd, how);
}

DIR *
fdopendir(int fd)
{
	static DIR *(*real)(int);

	if (!real)
		real = (DIR * (*)(int)) dlsym(RTLD_NEXT, "fdopendir");
	return failed(OPENS) ? NULL : real(fd);
}

struct dirent *
readdir(DIR *d)
{
	static struct dirent *(*real)(DIR *);

	if (!real)
		real = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
	return failed(READS) ? NULL : real(d);
}
