/* SPDX-License-Identifier: MIT */
/* Received mail as files: each is durable before the server is told that it was taken. */
#define _GNU_SOURCE /* O_TMPFILE */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static bool
write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static email_code
to_file(void *context, const void *bytes, size_t n)
{
	return write_all(*(const int *)context, bytes, n) ? EMAIL_OK : EMAIL_E_FILE;
}

/* A UID may hold what no file name should (RFC 1939 7: 0x21 to 0x7E). */
static void
file_name(const char *uid, char *name, size_t size)
{
	size_t n = 0;

	for (; *uid && n + 8 < size; uid++) {
		unsigned char c = (unsigned char)*uid;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c == '.' && n) || c == '-' || c == '_')
			name[n++] = (char)c;
		else
			n += (size_t)snprintf(name + n, size - n, "%%%02X", c);
	}
	snprintf(name + n, size - n, ".eml");
}

/* Made without a name, and given one when it is whole: a process that is killed leaves nothing behind. */
static int
open_unnamed(int folder, const char *name, char *temporary, size_t size)
{
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	temporary[0] = '\0';
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
		return fd;
	/* a file system that cannot do that */
	snprintf(temporary, size, ".%s.%ld", name, (long)getpid());
	return openat(folder, temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
}

/* 0, or errno: EEXIST where another file has the name. */
static int
link_as(int folder, int fd, const char *temporary, const char *name)
{
	char self[64];

	if (!temporary[0]) {
		snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
		return linkat(AT_FDCWD, self, folder, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
	}
	if (linkat(folder, temporary, folder, name, 0) == 0) {
		unlinkat(folder, temporary, 0);
		return 0;
	}
	/* a file system without links */
	if (errno != EEXIST && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return EEXIST;
	return errno != EEXIST && renameat(folder, temporary, folder, name) == 0 ? 0 : errno;
}

static bool
same_bytes(int folder, int fd, const char *name)
{
	int other = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char a[4096], b[sizeof a];
	ssize_t n = -1, m = -2;
	off_t at = 0;

	while (other >= 0) {
		n = pread(fd, a, sizeof a, at);
		m = pread(other, b, sizeof b, at);
		if (n != m || n <= 0 || memcmp(a, b, (size_t)n) != 0)
			break;
		at += n;
	}
	if (other >= 0)
		close(other);
	return n == 0 && m == 0;
}

/*
 * A file that is there already is the same message, from a run that ended before the server was told; or another one to
 * which the server gave the same UID: it must not be lost. Then the new one is "uid~2.eml".
 */
static bool
give_name(int folder, int fd, const char *temporary, char *name, size_t size)
{
	size_t stem = strlen(name) - strlen(".eml");
	int rc = EEXIST;

	for (int i = 2; i < 10000 && (rc = link_as(folder, fd, temporary, name)) == EEXIST; i++) {
		if (same_bytes(folder, fd, name)) {
			if (temporary[0])
				unlinkat(folder, temporary, 0);
			return true;
		}
		snprintf(name + stem, size - stem, "~%d.eml", i);
	}
	errno = rc;
	return rc == 0;
}

static bool
save(int in, const email_received *m, char name[FOLDER_NAME_SIZE])
{
	char temporary[FOLDER_NAME_SIZE + 20];
	int fd = open_unnamed(in, name, temporary, sizeof temporary), kept;
	bool saved = fd >= 0 && email_message_read(m->message, to_file, &fd) == EMAIL_OK && fsync(fd) == 0 &&
	             give_name(in, fd, temporary, name, FOLDER_NAME_SIZE) && fsync(in) == 0;

	kept = errno;
	if (!saved && fd >= 0 && temporary[0])
		unlinkat(in, temporary, 0);
	if (fd >= 0)
		close(fd);
	errno = kept;
	return saved;
}

/* -1: errno says why. */
static int
open_inside(const mail_folder *f, const char *in)
{
	if (mkdirat(f->fd, in, 0700) == 0)
		fsync(f->fd);
	else if (errno != EEXIST)
		return -1;
	return openat(f->fd, in, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool
folder_save(mail_folder *f, const char *in, const email_received *m, char name[FOLDER_NAME_SIZE])
{
	int inside = in ? open_inside(f, in) : f->fd;
	bool saved;

	file_name(m->uid, name, FOLDER_NAME_SIZE);
	saved = inside >= 0 && save(inside, m, name);
	f->why[0] = '\0';
	if (!saved)
		snprintf(f->why, sizeof f->why, "%.200s could not be written: %s", name, strerror(errno));
	if (in && inside >= 0)
		close(inside);
	return saved;
}

int
folder_open(const cli *c, mail_folder *f, const char *path)
{
	f->why[0] = '\0';
	f->fd = -1;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail_with(c, EMAIL_E_FILE, "", "%.200s cannot be made: %s", path, strerror(errno));
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->fd >= 0
	               ? DONE
	               : fail_with(c, EMAIL_E_FILE, "", "%.200s cannot be opened: %s", path, strerror(errno));
}

void
folder_close(mail_folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
