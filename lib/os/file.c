/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/clock.h"
#include "os/posix.h"

/* Composing asks for rows as they fit: what is small comes from here. */
#define READ_AHEAD 8192

struct email__file {
	int fd;
	long long size, mtime_ns;
	size_t at, end; /* of the bytes in ahead */
	unsigned char ahead[READ_AHEAD];
};

email_code
email__os_failed(email_error *e, const char *what, const char *path)
{
	int os = errno;
	size_t n = strlen(path);
	char why[96];

	if (strerror_r(os, why, sizeof why) != 0)
		why[0] = '\0';
	if (e && e->code == EMAIL_OK)
		e->os = os;
	email__error_place(e, path, 0);
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "could not %s %s%s: %s", what,
	                        n > 160 ? "..." : "", n > 160 ? path + n - 160 : path, why);
}

int
email__os_open(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static void
close_kept_errno(int fd)
{
	int os = errno;

	close(fd);
	errno = os;
}

/* Bytes read, or -1. */
static ssize_t
read_some(int fd, void *buffer, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buffer, size);
	while (n < 0 && errno == EINTR);
	return n;
}

bool
email__os_write(int fd, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n > 0) {
		ssize_t written = write(fd, p, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		p += written;
		n -= (size_t)written;
	}
	return true;
}

/* Opened without waiting, so that a FIFO cannot hang us, and refused where it is no regular file. */
static int
open_regular(const char *path, struct stat *st)
{
	int fd = email__os_open(path, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
	return -1;
}

email_code
email__file_read(const char *path, email__buf *out, email_error *e)
{
	struct stat st;
	int fd = open_regular(path, &st);
	email_code rc = EMAIL_OK;

	email__buf_clear(out);
	if (fd < 0)
		return email__os_failed(e, "read", path);
	for (;;) {
		size_t left = email__buf_left(out), want = left < 4096 ? left : 4096;
		unsigned char more = 0, *room = want ? email__buf_room(out, want) : &more;
		ssize_t n;

		if (!room) {
			rc = email__error_memory(e, EMAIL_STAGE_NONE);
			break;
		}
		n = read_some(fd, room, want ? want : 1);
		if (n < 0)
			rc = email__os_failed(e, "read", path);
		else if (n > 0 && want == 0) {
			rc = email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_NONE,
			                      "%s is larger than %zu bytes", path, out->max);
			email__error_place(e, path, 0);
		} else if (n > 0)
			email__buf_added(out, (size_t)n);
		if (n <= 0 || rc)
			break;
	}
	close(fd);
	if (rc)
		email__buf_clear(out);
	return rc;
}

/* The folder that a path lies in; "." where it names none. NULL: no memory. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return email__strdup(".");
	return slash == path ? email__strdup("/") : email__strndup(path, (size_t)(slash - path));
}

/* A rename is durable once the folder that holds the name is. */
static bool
sync_folder(const char *folder)
{
	int fd = email__os_open(folder, O_RDONLY | O_DIRECTORY, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	close_kept_errno(fd);
	return ok;
}

char *
email__path_real(const char *path)
{
	char real[PATH_MAX];

	return email__strdup(realpath(path, real) ? real : path);
}

/* What is needed of the temporary file between its making and its renaming. */
static bool
fill(int fd, const void *bytes, size_t n, const char *target, bool secret)
{
	struct stat old;
	mode_t mode = 0600;

	if (!email__os_write(fd, bytes, n))
		return false;
	if (stat(target, &old) == 0) {
		mode = old.st_mode & (secret ? 0600 : 07777);
		/* root edits for the station's own user, who must be able to read it afterwards */
		if (geteuid() == 0 && fchown(fd, old.st_uid, old.st_gid) != 0)
			return false;
	}
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		return false;
	return true;
}

static email_code
save(const char *target, const char *temporary, const char *folder, const void *bytes, size_t n, bool secret,
     email_error *e)
{
	email_code rc = EMAIL_OK;
	int fd;

	/* left by a process that was killed here; the name is ours alone */
	unlink(temporary);
	fd = email__os_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return email__os_failed(e, "make a file beside", target);
	if (!fill(fd, bytes, n, target, secret))
		rc = email__os_failed(e, "write", target);
	if (close(fd) != 0 && rc == EMAIL_OK)
		rc = email__os_failed(e, "write", target);
	if (rc == EMAIL_OK && rename(temporary, target) != 0)
		rc = email__os_failed(e, "replace", target);
	if (rc != EMAIL_OK)
		unlink(temporary);
	else if (!sync_folder(folder))
		rc = email__os_failed(e, "make durable", target);
	return rc;
}

email_code
email__file_save(const char *path, const void *bytes, size_t n, bool secret, email_error *e)
{
	email__buf temporary;
	/* so that a link stays, and its target is replaced */
	char *target = email__path_real(path), *folder = target ? folder_of(target) : NULL;
	email_code rc;

	email__buf_init(&temporary, PATH_MAX + 64);
	if (!target || !folder ||
	    email__buf_addf(&temporary, "%s.%ld.%lld.new", target, (long)getpid(),
	                    (long long)email__clock_ms()) ||
	    !email__buf_text(&temporary))
		rc = email__error_memory(e, EMAIL_STAGE_NONE);
	else
		rc = save(target, email__buf_text(&temporary), folder, bytes, n, secret, e);
	email__buf_dispose(&temporary);
	email__free(folder);
	email__free(target);
	return rc;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

email_code
email__folder_make(const char *path, email_error *e)
{
	char *copy = email__strdup(path), *at;
	email_code rc = EMAIL_OK;

	if (!copy)
		return email__error_memory(e, EMAIL_STAGE_NONE);
	for (at = copy + 1; copy[0] && *at && rc == EMAIL_OK; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, 0700) != 0 && !is_folder(copy))
			rc = email__os_failed(e, "make the folder", copy);
		*at = '/';
	}
	if (rc == EMAIL_OK && mkdir(copy, 0700) != 0 && !is_folder(copy))
		rc = email__os_failed(e, "make the folder", copy);
	email__free(copy);
	return rc;
}

email_code
email__folder_move(const char *path, const char *new_path, email_error *e)
{
	char *parent = folder_of(new_path);
	email_code rc = EMAIL_OK;

	if (!parent)
		return email__error_memory(e, EMAIL_STAGE_NONE);
	if (rename(path, new_path))
		rc = email__os_failed(e, "rename", path);
	else if (!sync_folder(parent))
		rc = email__os_failed(e, "sync", parent);
	email__free(parent);
	return rc;
}

bool
email__file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool
email__file_private(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & 07177) == 0;
}

static long long
mtime_ns(const struct stat *st)
{
	return (long long)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

bool
email__file_stamp_get(const char *path, email__file_stamp *stamp)
{
	struct stat st;

	memset(stamp, 0, sizeof *stamp);
	if (stat(path, &st) != 0)
		return false;
	stamp->size = (long long)st.st_size;
	stamp->mtime_ns = mtime_ns(&st);
	stamp->inode = (long long)st.st_ino;
	return true;
}

email_code
email__lock_take(const char *path, long wait_ms, int *lock, email_error *e)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	int64_t until = email__clock_ms() + wait_ms;
	int fd = email__os_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	*lock = -1;
	if (fd < 0)
		return email__os_failed(e, "lock", path);
	/* flock belongs to this open file, so it keeps out other threads as well as other processes */
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || email__clock_ms() >= until) {
			close_kept_errno(fd);
			return email__os_failed(e, "lock", path);
		}
		nanosleep(&pause, NULL);
	}
	*lock = fd;
	return EMAIL_OK;
}

void
email__lock_release(int lock)
{
	if (lock >= 0)
		close(lock);
}

email_code
email__file_open(const char *path, email__file **file, email_error *e)
{
	struct stat st;
	int fd = open_regular(path, &st);

	*file = NULL;
	if (fd < 0)
		return email__os_failed(e, "read", path);
	*file = email__new(email__file);
	if (!*file) {
		close(fd);
		return email__error_memory(e, EMAIL_STAGE_NONE);
	}
	(*file)->fd = fd;
	(*file)->size = (long long)st.st_size;
	(*file)->mtime_ns = mtime_ns(&st);
	return EMAIL_OK;
}

email_code
email__file_next(email__file *file, void *buffer, size_t size, size_t *got)
{
	ssize_t n;

	*got = 0;
	if (file->at == file->end && size < READ_AHEAD) {
		n = read_some(file->fd, file->ahead, READ_AHEAD);
		if (n < 0)
			return EMAIL_E_FILE;
		file->at = 0;
		file->end = (size_t)n;
	}
	if (file->at < file->end) {
		*got = size < file->end - file->at ? size : file->end - file->at;
		memcpy(buffer, file->ahead + file->at, *got);
		file->at += *got;
	} else if (size >= READ_AHEAD) {
		n = read_some(file->fd, buffer, size);
		*got = n > 0 ? (size_t)n : 0;
		return n < 0 ? EMAIL_E_FILE : EMAIL_OK;
	}
	return EMAIL_OK;
}

email_code
email__file_restart(email__file *file)
{
	file->at = file->end = 0;
	return lseek(file->fd, 0, SEEK_SET) == 0 ? EMAIL_OK : EMAIL_E_FILE;
}

long long
email__file_size(const email__file *file)
{
	return file->size;
}

void
email__file_close(email__file *file)
{
	if (!file)
		return;
	close(file->fd);
	email__free(file);
}

static email_code
read_at(void *context, uint64_t at, void *buffer, size_t size, size_t *got)
{
	const email__file *file = context;
	struct stat now;
	ssize_t n;

	*got = 0;
	do
		n = pread(file->fd, buffer, size, (off_t)at);
	while (n < 0 && errno == EINTR);
	/* looked at afterwards: what was read before a change is as it was */
	if (n < 0 || fstat(file->fd, &now) != 0 || (long long)now.st_size != file->size ||
	    mtime_ns(&now) != file->mtime_ns)
		return EMAIL_E_FILE;
	*got = (size_t)n;
	return EMAIL_OK;
}

email__reader
email__file_reader(email__file *file)
{
	return (email__reader){.read_at = read_at, .context = file, .size = (uint64_t)file->size};
}

email_code
email__file_create(const char *path, int *fd, email_error *e)
{
	*fd = email__os_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	return *fd < 0 ? email__os_failed(e, "make", path) : EMAIL_OK;
}

email_code
email__file_append(int fd, const char *path, const void *bytes, size_t n, email_error *e)
{
	return email__os_write(fd, bytes, n) ? EMAIL_OK : email__os_failed(e, "write", path);
}

email_code
email__file_finish(int fd, const char *path, bool keep, email_error *e)
{
	char *folder = keep ? folder_of(path) : NULL;
	email_code rc = EMAIL_OK;

	if (keep && !folder)
		rc = email__error_memory(e, EMAIL_STAGE_NONE);
	else if (keep && (fsync(fd) != 0 || !sync_folder(folder)))
		rc = email__os_failed(e, "make durable", path);
	if (close(fd) != 0 && keep && rc == EMAIL_OK)
		rc = email__os_failed(e, "write", path);
	if (!keep || rc)
		unlink(path);
	email__free(folder);
	return rc;
}

email_code
email__folder_visit(const char *path, bool (*visit)(void *context, const char *name), void *context,
                    email_error *e)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool more = true;

	if (!folder)
		return email__os_failed(e, "read the folder", path);
	errno = 0;
	while (more && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			more = visit(context, entry->d_name);
		errno = 0;
	}
	if (more && errno != 0) {
		email__os_failed(e, "read the folder", path);
		closedir(folder);
		return EMAIL_E_FILE;
	}
	closedir(folder);
	return EMAIL_OK;
}

char *
email__path_join(const char *folder, const char *name)
{
	size_t a = strlen(folder), b = strlen(name);
	char *path = email__alloc(a + b + 2);

	if (!path)
		return NULL;
	memcpy(path, folder, a);
	if (a > 0 && folder[a - 1] != '/')
		path[a++] = '/';
	memcpy(path + a, name, b + 1);
	return path;
}

char *
email__path_beside(const char *beside, const char *path)
{
	char *folder, *joined;

	if (path[0] == '/' || !strchr(beside, '/'))
		return email__strdup(path);
	folder = folder_of(beside);
	joined = folder ? email__path_join(folder, path) : NULL;
	email__free(folder);
	return joined;
}

const char *
email__environment(const char *name)
{
	return getenv(name);
}

email_code
email__file_remove(const char *path, email_error *e)
{
	if (unlink(path) == 0)
		return EMAIL_OK;
	email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "%s cannot be removed", path);
	if (e && !e->os)
		e->os = errno;
	return EMAIL_E_FILE;
}
