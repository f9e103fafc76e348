/* SPDX-License-Identifier: MIT */
#include "os/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/posix.h"

/* Where the last whole line ends; -1 with errno. */
static off_t
last_line_end(int fd, off_t size)
{
	char block[4096];

	while (size > 0) {
		off_t from = size > (off_t)sizeof block ? size - (off_t)sizeof block : 0;
		ssize_t n = pread(fd, block, (size_t)(size - from), from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		for (; n > 0; n--)
			if (block[n - 1] == '\n')
				return from + n;
		size = from;
	}
	return 0;
}

email_code
email__journal_open(const char *path, int *fd, email_error *e)
{
	struct stat st;
	off_t end;
	int f;

	*fd = -1;
	do
		f = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	while (f < 0 && errno == EINTR);
	if (f < 0)
		return email__os_failed(e, "open", path);
	if (fstat(f, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(f);
		errno = EINVAL;
		return email__os_failed(e, "open", path);
	}
	end = last_line_end(f, st.st_size);
	if (end < 0 || (end < st.st_size && ftruncate(f, end) != 0)) {
		int os = errno;

		close(f);
		errno = os;
		return email__os_failed(e, "read", path);
	}
	*fd = f;
	return EMAIL_OK;
}

email_code
email__journal_add(int fd, const char *path, const void *lines, size_t n, email_error *e)
{
	const char *p = lines;
	struct stat before;
	size_t done = 0;

	if (fstat(fd, &before) != 0)
		return email__os_failed(e, "write", path);
	while (done < n) {
		ssize_t written = write(fd, p + done, n - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			int os = errno;

			/* half a line must not meet the next one */
			if (ftruncate(fd, before.st_size) != 0)
				errno = os;
			errno = os;
			return email__os_failed(e, "write", path);
		}
		done += (size_t)written;
	}
	return EMAIL_OK;
}

email_code
email__journal_sync(int fd, const char *path, email_error *e)
{
	int rc;

	do
		rc = fdatasync(fd);
	while (rc != 0 && errno == EINTR);
	return rc == 0 ? EMAIL_OK : email__os_failed(e, "write", path);
}

void
email__journal_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
