/* SPDX-License-Identifier: MIT */
#include "os/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/file.h"
#include "os/random.h"

/* Names that were tried; another process's is met once in 2^64. */
#define TRIES 8

static email_code
failed(email_error *e, const char *what, const char *where)
{
	int os = errno;
	char why[96];

	if (strerror_r(os, why, sizeof why) != 0)
		why[0] = '\0';
	if (e && e->code == EMAIL_OK)
		e->os = os;
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "could not %s a temporary file in %s: %s",
	                        what, where, why);
}

email_code
email__scratch_init(email__scratch *s, const char *folder, size_t memory)
{
	const char *chosen = folder ? folder : email__environment("TMPDIR");

	*s = (email__scratch){.fd = -1};
	email__buf_init(&s->memory, memory);
	s->memory.secret = true; /* mail is nobody else's business */
	s->folder = email__strdup(chosen && *chosen ? chosen : "/tmp");
	return s->folder ? EMAIL_OK : EMAIL_E_MEMORY;
}

void
email__scratch_rest(email__scratch *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->written = 0;
	email__buf_dispose(&s->memory);
}

void
email__scratch_dispose(email__scratch *s)
{
	email__scratch_rest(s);
	email__free(s->folder);
	s->folder = NULL;
}

void
email__scratch_clear(email__scratch *s)
{
	email__buf_rewind(&s->memory);
	/* not cut short: pages that are there need not be found again */
	s->written = 0;
}

static email_code
open_file(email__scratch *s, email_error *e)
{
	char name[64];
	uint64_t random;
	int i;

	for (i = 0; i < TRIES; i++) {
		char *path;
		int os;

		if ((os = email__random_bytes(&random, sizeof random)) != 0) {
			errno = os;
			return failed(e, "name", s->folder);
		}
		snprintf(name, sizeof name, ".emailservice-%016llx", (unsigned long long)random);
		if (!(path = email__path_join(s->folder, name)))
			return email__error_memory(e, EMAIL_STAGE_NONE);
		s->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		os = errno;
		if (s->fd >= 0)
			unlink(path);
		email__free(path);
		errno = os;
		if (s->fd >= 0 || (os != EEXIST && os != EINTR))
			break;
	}
	return s->fd >= 0 ? EMAIL_OK : failed(e, "make", s->folder);
}

/* What is in memory goes to the file. */
static email_code
flush(email__scratch *s, email_error *e)
{
	const unsigned char *p = email__buf_head(&s->memory);
	size_t left = email__buf_len(&s->memory);
	email_code rc;

	if (s->fd < 0 && (rc = open_file(s, e)))
		return rc;
	while (left > 0) {
		ssize_t done = pwrite(s->fd, p, left, (off_t)s->written);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return failed(e, "write", s->folder);
		p += done;
		left -= (size_t)done;
		s->written += (uint64_t)done;
	}
	email__buf_rewind(&s->memory);
	return EMAIL_OK;
}

/* The file is written in blocks as large as the memory, each at a multiple of its size, however small or odd the pieces
 * are: that takes the kernel a quarter of the time of pieces that begin and end within its pages. */
email_code
email__scratch_add(email__scratch *s, const void *bytes, size_t n, email_error *e)
{
	const char *p = bytes;
	email_code rc;

	while (n > 0) {
		size_t room = email__buf_left(&s->memory), part = n < room ? n : room;

		if (room == 0) {
			if ((rc = flush(s, e)))
				return rc;
			continue;
		}
		if (email__buf_add(&s->memory, p, part))
			return email__error_memory(e, EMAIL_STAGE_NONE);
		p += part;
		n -= part;
	}
	return EMAIL_OK;
}

static email_code
read_memory(void *context, uint64_t at, void *buffer, size_t size, size_t *got)
{
	const email__scratch *s = context;
	size_t len = email__buf_len(&s->memory);

	*got = 0;
	if (at < len) {
		*got = len - (size_t)at < size ? len - (size_t)at : size;
		memcpy(buffer, email__buf_head(&s->memory) + at, *got);
	}
	return EMAIL_OK;
}

static email_code
read_file(void *context, uint64_t at, void *buffer, size_t size, size_t *got)
{
	const email__scratch *s = context;
	size_t want = at < s->written ? size : 0;
	ssize_t n;

	*got = 0;
	if (want > s->written - at)
		want = (size_t)(s->written - at);
	if (want == 0)
		return EMAIL_OK;
	do
		n = pread(s->fd, buffer, want, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return EMAIL_E_FILE;
	*got = (size_t)n;
	return EMAIL_OK;
}

email_code
email__scratch_reader(email__scratch *s, email__reader *reader, email_error *e)
{
	email_code rc;

	*reader = (email__reader){.context = s};
	if (s->written == 0) {
		reader->read_at = read_memory;
		reader->bytes = email__buf_len(&s->memory) ? (const char *)email__buf_head(&s->memory) : "";
		reader->size = email__buf_len(&s->memory);
		return EMAIL_OK;
	}
	if (email__buf_len(&s->memory) && (rc = flush(s, e)))
		return rc;
	reader->read_at = read_file;
	reader->size = s->written;
	return EMAIL_OK;
}
