/* SPDX-License-Identifier: MIT */
#include "crash/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash/letters.h"

enum { LETTERS_MAX = 200, SIZE = 9000 };

static struct {
	email__spool *spool;
	const char *folder;
	char id[LETTERS_MAX][EMAIL_ID_SIZE];
	int got[LETTERS_MAX];
	int n, bad;
} d;

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
complain(const char *format, ...)
{
	va_list ap;

	d.bad++;
	fputs("full disk: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* --- somebody else fills it ---------------------------------------------------------------------- */

static const char *
ballast(void)
{
	static char path[300];

	snprintf(path, sizeof path, "%s.ballast", d.folder);
	return path;
}

/* To the last byte that the file system gives, again after each thing that may have made room. */
static void
fill(void)
{
	static char bytes[1 << 16];
	int fd = open(ballast(), O_WRONLY | O_CREAT | O_APPEND, 0600);
	size_t n = sizeof bytes;
	ssize_t done;

	memset(bytes, 'x', sizeof bytes);
	do {
		done = write(fd, bytes, n);
		n = done > 0 ? n : n / 2;
	} while (fd >= 0 && n > 0);
	/* what was promised only, is taken back here */
	if (fd >= 0 && fsync(fd) != 0)
		errno = 0;
	close(fd);
}

/* All but so much. */
static void
fill_but(off_t rest)
{
	struct stat st;

	fill();
	if (stat(ballast(), &st) || st.st_size < rest || truncate(ballast(), st.st_size - rest))
		complain("the disk is smaller than %ld bytes", (long)rest);
}

/* --- its steps ------------------------------------------------------------------------------------- */

static bool
open_queue(void)
{
	const email__spool_options options = {
		.folder = d.folder, .boot = LETTERS_BOOT, .max_count = LETTERS_MAX};
	email__now now = letters_now();
	email_error e = {0};

	if (email__spool_open(&options, &now, &d.spool, &e) == EMAIL_OK &&
	    email__spool_start(d.spool, &now, &e) == EMAIL_OK)
		return true;
	complain("the queue cannot be opened: %s", e.text);
	email__spool_close(d.spool);
	d.spool = NULL;
	return false;
}

/* Until it refuses; each must say why. */
static void
queue_until_full(void)
{
	email_error e = {0};
	size_t before = letters_files(d.folder, "queue");
	int from = d.n;

	while (d.n < LETTERS_MAX - 5 &&
	       letters_put(d.spool, d.n, 5, NULL, 2, SIZE, d.id[d.n], &e) == EMAIL_OK)
		d.n++;
	if (d.n == LETTERS_MAX - 5)
		complain("the disk does not become full");
	else if (e.code != EMAIL_E_FILE || e.os != ENOSPC || !strstr(e.text, strerror(ENOSPC)))
		complain("letter %d was refused with code %d, errno %d, \"%s\"", d.n, (int)e.code, e.os,
		         e.text);
	if (letters_files(d.folder, "tmp"))
		complain("a letter that was refused left its file");
	if (letters_files(d.folder, "queue") != before + (size_t)(d.n - from))
		complain("%d letters were taken, and %zu are there", d.n - from,
		         letters_files(d.folder, "queue") - before);
}

/* One attempt on letter n; what the server says of its two recipients. False: it was not to be had. */
static bool
try(int n, int first, int second)
{
	size_t i, count;
	email__waiting *const *all = email__spool_waiting(d.spool, &count);
	const int said[] = {first, second};
	email__now now = letters_now();
	email__attempt *a;
	email_error e = {0};
	uint64_t today;

	for (i = 0; i < count && (!all[i] || strcmp(all[i]->id, d.id[n]) != 0); i++)
		;
	if (i == count) {
		complain("letter %d does not wait", n);
		return false;
	}
	if (email__spool_count_day(d.spool, &now, 1, &today, &e) ||
	    email__spool_begin(d.spool, all[i], true, &now, &a, &e)) {
		complain("letter %d cannot be sent: %s", n, e.text);
		return false;
	}
	if (!letters_intact(a, n, SIZE))
		complain("letter %d is damaged", n);
	for (i = 0; i < 2; i++) {
		if (email__attempt_mail(a)->recipients[i].state != EMAIL__RCPT_PENDING)
			continue;
		d.got[n] += said[i] == 250;
		email__attempt_recipient(a, i,
		                         said[i] == 250   ? EMAIL__RCPT_DELIVERED
		                         : said[i] == 550 ? EMAIL__RCPT_FAILED
		                                          : EMAIL__RCPT_PENDING,
		                         said[i], "", "said the server");
	}
	if (email__spool_end(d.spool, a, 0, 1, "refused", &now, &e))
		complain("what became of letter %d cannot be written down: %s", n, e.text);
	fill();
	return true;
}

static void
is_dead(int n)
{
	email__view *v;

	if (email__spool_view(d.spool, d.id[n], &v, NULL))
		complain("letter %d is gone", n);
	else if (!email__view_dead(v))
		complain("letter %d is not dead", n);
	if (v)
		email__view_free(v);
}

static void
work_while_full(void)
{
	email__now now = letters_now();
	email_error e = {0};

	try(0, 250, 250); /* delivered */
	try(1, 250, 450); /* in part, */
	try(1, 450, 450); /* later */
	try(1, 450, 250); /* and the rest of it */
	try(2, 450, 450);
	try(3, 550, 250);
	is_dead(3);
	if (email__spool_cancel(d.spool, d.id[4], "not wanted", &now, &e))
		complain("letter 4 cannot be cancelled: %s", e.text);
	is_dead(4);
	if (email__spool_requeue(d.spool, d.id[4], &now, &e) || email__spool_look(d.spool, &now, &e))
		complain("letter 4 cannot wait again: %s", e.text);
	fill();
	try(4, 450, 450);
	if (email__spool_delete(d.spool, d.id[3], &now, &e))
		complain("letter 3 cannot be deleted: %s", e.text);
	d.got[3] = 2; /* nobody misses it */
	fill();
}

int
disk_run(const char *folder)
{
	email__now now = letters_now();
	email_error e = {0};
	int n, taken, more;

	memset(&d, 0, sizeof d);
	d.folder = folder;
	if (!open_queue())
		return d.bad;
	fill_but(400000);
	/* nothing was ever sent from here: what counts the attempts is not there yet, but for its room */
	queue_until_full();
	fill();
	taken = d.n;
	if (taken < 8)
		complain("only %d letters were taken", taken);
	for (n = 0; n < 5; n++)
		queue_until_full();
	if (d.n == taken && taken >= 8)
		work_while_full();
	else
		complain("the disk is not as full as it should be: %d letters more", d.n - taken);
	/* another process, or the same one after a crash */
	email__spool_close(d.spool);
	fill();
	if (!open_queue())
		return d.bad;
	queue_until_full();
	try(5, 250, 250);

	/* and when there is room again, all goes on */
	unlink(ballast());
	for (more = 0; more < 5; more++, d.n++)
		if (letters_put(d.spool, d.n, 5, NULL, 2, SIZE, d.id[d.n], &e))
			complain("there is room again, and letter %d is not taken: %s", d.n, e.text);
	for (n = 0; n < d.n; n++)
		if (d.got[n] < 2)
			try(n, 250, 250);
	unlink(ballast());
	for (n = 0; n < d.n; n++)
		if (d.got[n] != 2)
			complain("letter %d came %d times", n, d.got[n]);
	if (letters_files(folder, "queue") || letters_files(folder, "tmp") || letters_files(folder, "bad"))
		complain("something was left");
	email__spool_stop(d.spool, &now);
	email__spool_close(d.spool);
	printf("a full disk: %d letters, then %d more; %d violations\n", taken, d.n - taken, d.bad);
	return d.bad;
}
