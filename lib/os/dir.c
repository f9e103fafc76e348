/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* dup3 */
#include "os/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "os/clock.h"
#include "os/posix.h"

#define LOCK_MS 2000

static int
open_at(int dir, const char *name, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static void
close_kept_errno(int fd)
{
	int os = errno;

	if (fd >= 0)
		close(fd);
	errno = os;
}

/* XFS says yes to the sync of a folder when it has been shut down by an error of its disk; what it knows of the folder it
 * does not say any more then. */
static bool
sync_folder(int fd)
{
	struct stat st;

	return fsync(fd) == 0 && fstat(fd, &st) == 0;
}

static bool
sync_once(const char *folder)
{
	int fd = email__os_open(folder, O_RDONLY | O_DIRECTORY, 0);
	bool ok = fd >= 0 && sync_folder(fd);

	close_kept_errno(fd);
	return ok;
}

static bool
sync_parent(char *path)
{
	char *slash = strrchr(path, '/');
	bool ok;

	if (!slash)
		return sync_once(".");
	if (slash == path)
		return sync_once("/");
	*slash = '\0';
	ok = sync_once(path);
	*slash = '/';
	return ok;
}

static bool
make(char *path)
{
	char *at;

	for (at = path + 1; path[0] && *at; at++) {
		bool ok;

		if (*at != '/' || at[1] == '/' || !at[1])
			continue;
		*at = '\0';
		ok = mkdir(path, 0700) == 0 ? sync_parent(path) : errno == EEXIST;
		*at = '/';
		if (!ok)
			return false;
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* A folder that we own, and nobody else may enter. */
static int
open_own(const char *path)
{
	int fd = email__os_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (st.st_uid != geteuid() && geteuid() != 0)
			errno = EACCES;
		else if ((st.st_mode & 07777) == 0700 || fchmod(fd, 0700) == 0)
			return fd;
	}
	close_kept_errno(fd);
	return -1;
}

/* What root makes in a folder of somebody else is that one's: root queues a mail, and the station's own user sends it. */
static bool
give_away(int fd, int dir, const char *owners)
{
	struct stat st;

	if (geteuid() != 0)
		return true;
	return fstatat(dir, owners, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0);
}

static int
make_own(char *path)
{
	int fd = make(path) ? open_own(path) : -1;

	if (fd >= 0 && !give_away(fd, fd, "..")) {
		close_kept_errno(fd);
		fd = -1;
	}
	return fd;
}

email_code
email__dir_open(const char *path, email__dir *d, email_error *e)
{
	size_t n;

	d->fd = -1;
	d->path = email__strdup(path);
	if (!d->path)
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	for (n = strlen(d->path); n > 1 && d->path[n - 1] == '/'; n--)
		d->path[n - 1] = '\0';
	d->fd = open_own(d->path);
	if (d->fd < 0 && errno == ENOENT)
		d->fd = make_own(d->path);
	if (d->fd < 0) {
		email__os_failed(e, "open the folder", path);
		email__dir_close(d);
		return EMAIL_E_FILE;
	}
	return EMAIL_OK;
}

email_code
email__dir_sync_parent(email__dir *d, email_error *e)
{
	return sync_parent(d->path) ? EMAIL_OK : email__os_failed(e, "make durable", d->path);
}

void
email__dir_close(email__dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	email__free(d->path);
	d->path = NULL;
}

email_code
email__dir_sync(email__dir *d, email_error *e)
{
	int fd;
	email_code rc;

	if (sync_folder(d->fd))
		return EMAIL_OK;
	rc = email__os_failed(e, "make durable", d->path);
	/* "." of the old one is the same folder, whatever its path has become. It takes the number of the old one in one
	 * step, since other threads use that meanwhile. */
	fd = open_at(d->fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0) {
		dup3(fd, d->fd, O_CLOEXEC);
		close(fd);
	}
	return rc;
}

email_code
email__dir_create(email__dir *d, const char *name, int *fd, email_error *e)
{
	email_code rc;

	*fd = open_at(d->fd, name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (*fd >= 0 && give_away(*fd, d->fd, "."))
		return EMAIL_OK;
	rc = email__os_failed(e, "make a file in", d->path);
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
		unlinkat(d->fd, name, 0);
	}
	return rc;
}

email_code
email__dir_file(email__dir *d, const char *name, bool writing, int *fd, email_error *e)
{
	int f = open_at(d->fd, name, (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK, 0);
	struct stat st;
	bool looked;

	*fd = -1;
	if (f < 0)
		return email__os_failed(e, "open", name);
	looked = fstat(f, &st) == 0;
	if (!looked || !S_ISREG(st.st_mode)) {
		email_code rc;

		/* that it cannot be looked at just now does not make it something else */
		if (looked)
			errno = EINVAL;
		rc = email__os_failed(e, "open", name);
		close(f);
		return rc;
	}
	*fd = f;
	return EMAIL_OK;
}

email_code
email__dir_move(email__dir *from, const char *name, email__dir *to, const char *new_name, email_error *e)
{
	if (renameat(from->fd, name, to->fd, new_name) != 0)
		return email__os_failed(e, "move", name);
	return EMAIL_OK;
}

email_code
email__dir_remove(email__dir *d, const char *name, email_error *e)
{
	int os;

	if (unlinkat(d->fd, name, 0) == 0)
		return EMAIL_OK;
	os = errno;
	if ((os == EISDIR || os == EPERM) && unlinkat(d->fd, name, AT_REMOVEDIR) == 0)
		return EMAIL_OK;
	errno = os;
	return email__os_failed(e, "remove", name);
}

email_code
email__dir_exists(const email__dir *d, const char *name, bool *there, email_error *e)
{
	struct stat st;

	*there = fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return *there || errno == ENOENT ? EMAIL_OK : email__os_failed(e, "look for", name);
}

bool
email__dir_holds(const email__dir *d, const char *name, int fd)
{
	struct stat named, held;

	return fstatat(d->fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &held) == 0 &&
	       named.st_ino == held.st_ino && named.st_dev == held.st_dev;
}

email_code
email__dir_visit(const email__dir *d, bool (*visit)(void *context, const char *name), void *context,
                 email_error *e)
{
	/* a descriptor of its own: it has a place in the folder, and closedir() takes it */
	int fd = open_at(d->fd, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool more = true;
	int os;

	if (!folder) {
		close_kept_errno(fd);
		return email__os_failed(e, "read the folder", d->path);
	}
	errno = 0;
	while (more && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			more = visit(context, entry->d_name);
		errno = 0;
	}
	os = errno;
	closedir(folder);
	errno = os;
	return more && os != 0 ? email__os_failed(e, "read the folder", d->path) : EMAIL_OK;
}

email_code
email__fd_read(int fd, uint64_t at, void *buffer, size_t size, size_t *got, const char *name, email_error *e)
{
	char *p = buffer;

	*got = 0;
	while (*got < size) {
		ssize_t n = pread(fd, p + *got, size - *got, (off_t)(at + *got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return email__os_failed(e, "read", name);
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return EMAIL_OK;
}

email_code
email__fd_write(int fd, uint64_t at, const void *bytes, size_t n, const char *name, email_error *e)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t written = pwrite(fd, p, n, (off_t)at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written == 0)
			errno = ENOSPC; /* POSIX allows it; it must not be tried for ever */
		if (written <= 0)
			return email__os_failed(e, "write", name);
		p += written;
		at += (uint64_t)written;
		n -= (size_t)written;
	}
	return EMAIL_OK;
}

email_code
email__fd_sync(int fd, bool in_place, const char *name, email_error *e)
{
	if ((in_place ? fdatasync(fd) : fsync(fd)) == 0)
		return EMAIL_OK;
	return email__os_failed(e, "make durable", name);
}

email_code
email__fd_size(int fd, uint64_t *size, const char *name, email_error *e)
{
	struct stat st;

	*size = 0;
	if (fstat(fd, &st) != 0)
		return email__os_failed(e, "look at", name);
	*size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	return EMAIL_OK;
}

void
email__fd_truncate(int fd, uint64_t size)
{
	if (ftruncate(fd, (off_t)size) != 0)
		errno = 0;
}

bool
email__fd_lock(int fd, bool wait)
{
	int64_t until = email__clock_ms() + LOCK_MS;
	long pause = 0;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || !wait || email__clock_ms() >= until)
			return false;
		/* whoever has it has it shortly, unless it was stopped; for that no thread of ours stands still */
		email__clock_sleep(pause);
		pause = pause < 5 ? pause + 1 : 5;
	}
	return true;
}

void
email__fd_unlock(int fd)
{
	flock(fd, LOCK_UN);
}

void
email__fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
email__boot(char out[EMAIL__BOOT_SIZE])
{
	char id[36];
	size_t i, n = 0, got = 0;
	int fd = email__os_open("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);

	if (fd >= 0)
		email__fd_read(fd, 0, id, sizeof id, &got, "boot_id", NULL);
	email__fd_close(fd);
	for (i = 0; i < got && n < EMAIL__BOOT_SIZE - 1; i++)
		if (email__hex_value(id[i]) >= 0)
			out[n++] = email__lower(id[i]);
	if (n < EMAIL__BOOT_SIZE - 1)
		n = 0;
	out[n] = '\0';
}
