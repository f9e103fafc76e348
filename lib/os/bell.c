/* SPDX-License-Identifier: MIT */
#include "os/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/posix.h"

/* A FIFO of our own, and not what somebody put there for us to write into. */
static int
open_fifo(const char *path, int flags)
{
	struct stat st;
	int fd = email__os_open(path, flags | O_NONBLOCK | O_NOFOLLOW, 0);

	if (fd >= 0 && (fstat(fd, &st) || !S_ISFIFO(st.st_mode) || st.st_uid != geteuid())) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool
open_pipe(email__bell *bell)
{
	int ends[2], i;

	if (pipe(ends))
		return false;
	for (i = 0; i < 2; i++)
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) || fcntl(ends[i], F_SETFL, O_NONBLOCK)) {
			close(ends[0]);
			close(ends[1]);
			return false;
		}
	bell->fd = ends[0];
	bell->ringer = ends[1];
	return true;
}

bool
email__bell_open(email__bell *bell, const char *path)
{
	*bell = (email__bell){.fd = -1, .ringer = -1};
	/* opened for both, so that it never ends, and rings from here find somebody */
	if (path && (mkfifo(path, 0600) == 0 || errno == EEXIST))
		bell->fd = bell->ringer = open_fifo(path, O_RDWR);
	bell->shared = bell->fd >= 0;
	return bell->shared || open_pipe(bell);
}

void
email__bell_close(email__bell *bell)
{
	if (bell->ringer >= 0 && bell->ringer != bell->fd)
		close(bell->ringer);
	if (bell->fd >= 0)
		close(bell->fd);
	bell->fd = bell->ringer = -1;
}

/* Short enough to go in whole or not at all. */
static bool
write_word(int fd, const char *word)
{
	char line[256];
	int n = snprintf(line, sizeof line, "%s\n", word);
	ssize_t written;

	_Static_assert(sizeof line <= _POSIX_PIPE_BUF, "a word is written in one piece");
	if (n < 0 || (size_t)n >= sizeof line)
		return false;
	do
		written = write(fd, line, (size_t)n);
	while (written < 0 && errno == EINTR);
	return written == n || (written < 0 && errno == EAGAIN);
}

void
email__bell_ring(const email__bell *bell, const char *word)
{
	(void)write_word(bell->ringer, word);
}

bool
email__bell_ring_at(const char *path, const char *word)
{
	/* ENXIO where nobody has it open for reading; from then on we do, since a reader that goes would raise SIGPIPE */
	int fd = open_fifo(path, O_WRONLY), ear = fd >= 0 ? open_fifo(path, O_RDONLY) : -1;
	bool rung = ear >= 0 && write_word(fd, word);

	if (ear >= 0)
		close(ear);
	if (fd >= 0)
		close(fd);
	return rung;
}

void
email__bell_take(const email__bell *bell, char *words, size_t size, size_t *n)
{
	ssize_t got;

	do
		got = read(bell->fd, words, size - 1);
	while (got < 0 && errno == EINTR);
	*n = got > 0 ? (size_t)got : 0;
	words[*n] = '\0';
}
