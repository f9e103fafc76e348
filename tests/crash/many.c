/* SPDX-License-Identifier: MIT */
#include "crash/many.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crash/letters.h"
#include "support/failalloc.h"

/* More than what is read of a file to know its header, so that reading on would show. */
enum { SIZE = 2600, HEADER_READ = 2048 };
/* Each bound is several times what it takes on a slow machine with two cores that others use, too. Microseconds a mail. */
enum { QUEUE_US = 1500, START_US = 150, LOOK_US = 20, SEND_US = 2000, CLEAR_US = 1500, BYTES = 400 };
/* A time that is linear is this much more at most, a mail. Of few mails a pause of the machine is too large a part. */
enum { LINEAR = 3, FEW = 50000 };

static int bad;

static double
us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
bound(const char *what, double is, double most)
{
	if (is <= most)
		return;
	bad++;
	fprintf(stderr, "%s: %.1f, and %.1f is the most\n", what, is, most);
}

static void
linear(const char *what, double ratio, unsigned letters)
{
	if (letters >= FEW)
		bound(what, ratio, LINEAR);
}

/* Bytes that this process has read. */
static double
read_so_far(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	unsigned long long n = 0;

	if (f && fscanf(f, "rchar: %llu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return (double)n;
}

static email__spool *
open_queue(const char *folder, unsigned letters)
{
	const email__spool_options options = {.folder = folder,
	                                      .boot = LETTERS_BOOT,
	                                      .max_count = letters + 1,
	                                      .max_bytes = UINT64_C(1) << 40};
	email__now now = letters_now();
	email__spool *s;
	email_error e = {0};

	if (email__spool_open(&options, &now, &s, &e)) {
		fprintf(stderr, "many: %s\n", e.text);
		exit(2);
	}
	return s;
}

static int
priority_of(unsigned n)
{
	return (int)(n * 7 % 10);
}

/* Microseconds a mail. */
static double
queue(email__spool *s, unsigned from, unsigned to)
{
	char id[EMAIL_ID_SIZE];
	email_error e = {0};
	double began = us();
	unsigned n;

	for (n = from; n < to; n++)
		if (letters_put(s, (int)n, priority_of(n), NULL, 1, SIZE, id, &e)) {
			fprintf(stderr, "many: letter %u: %s\n", n, e.text);
			exit(2);
		}
	return (us() - began) / (to - from);
}

static void
check_order(email__spool *s, unsigned letters)
{
	size_t n, i;
	email__waiting *const *all = email__spool_waiting(s, &n);

	if (n != letters)
		bound("mails that are missing", (double)letters - (double)n, 0);
	for (i = 1; i < n; i++)
		if (all[i]->priority > all[i - 1]->priority ||
		    (all[i]->priority == all[i - 1]->priority && all[i]->sequence <= all[i - 1]->sequence)) {
			bound("place where the order is broken", (double)i, 0);
			return;
		}
}

/* Starts with so many; microseconds a mail. */
static double
start(const char *folder, unsigned letters)
{
	email__spool *s = open_queue(folder, letters);
	email__now now = letters_now();
	double began, took, before;
	email_error e = {0};

	email_test_fail_alloc(0);
	before = read_so_far();
	began = us();
	if (email__spool_start(s, &now, &e)) {
		fprintf(stderr, "many: %s\n", e.text);
		exit(2);
	}
	took = (us() - began) / letters;
	bound("bytes read of each", (read_so_far() - before) / letters, HEADER_READ + 100);
	bound("bytes of memory for each", (double)email_test_peak() / letters, BYTES);
	printf("%7u letters: start %.1f us each, %.0f bytes of memory each\n", letters, took,
	       (double)email_test_peak() / letters);
	check_order(s, letters);
	email__spool_stop(s, &now);
	email__spool_close(s);
	return took;
}

/* Sends so many, of which each must be the next in order; microseconds a mail. */
static double
deliver(email__spool *s, unsigned count)
{
	double began = us();
	unsigned i, last = 9;
	int number = -1;

	for (i = 0; i < count; i++) {
		size_t n, at = 0;
		email__waiting *const *all = email__spool_waiting(s, &n);
		email__now now = letters_now();
		email__attempt *a;
		uint64_t today;
		int letter;

		while (at < n && !all[at])
			at++;
		if (at == n || email__spool_count_day(s, &now, 1, &today, NULL) ||
		    email__spool_begin(s, all[at], true, &now, &a, NULL)) {
			bound("letter that could not be sent", i, 0);
			break;
		}
		letter = letters_number(email__attempt_mail(a));
		if (!letters_intact(a, letter, SIZE) || email__attempt_mail(a)->priority > (int)last ||
		    (email__attempt_mail(a)->priority == (int)last && letter <= number))
			bound("letter that is damaged, or out of order", letter, -1);
		last = (unsigned)email__attempt_mail(a)->priority;
		number = letter;
		email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "");
		email__spool_end(s, a, 0, 0, "", &now, NULL);
	}
	return (us() - began) / count;
}

/* Another process queues one. */
static double
look(email__spool *s, const char *folder, unsigned letters)
{
	email__spool *other = open_queue(folder, letters);
	email__now now = letters_now();
	double began;

	queue(other, letters, letters + 1);
	email__spool_close(other);
	began = us();
	if (email__spool_look(s, &now, NULL))
		bound("look that failed", 1, 0);
	return (us() - began) / letters;
}

int
many_run(const char *folder, unsigned letters)
{
	unsigned some = letters / 5;
	double first, last, took;
	email__spool *s = open_queue(folder, letters);
	email__now now = letters_now();
	size_t cleared;

	bad = 0;
	first = queue(s, 0, some);
	email__spool_close(s);
	took = start(folder, some);
	s = open_queue(folder, letters);
	queue(s, some, letters - some);
	last = queue(s, letters - some, letters);
	email__spool_close(s);
	printf("%7u letters: queued in %.1f us each, the last ones in %.1f\n", letters, first, last);
	bound("microseconds to queue one", last, QUEUE_US);
	linear("more for the last ones", last / first, letters);
	last = start(folder, letters);
	bound("microseconds to start, each", last, START_US);
	linear("more for a longer queue", last / took, letters);

	s = open_queue(folder, letters);
	if (email__spool_start(s, &now, NULL))
		bound("start that failed", 1, 0);
	first = deliver(s, some / 2);
	took = look(s, folder, letters - some / 2);
	bound("microseconds to look, each", took, LOOK_US);
	deliver(s, letters - some / 2 - some + 1);
	last = deliver(s, some / 2);
	printf("%7u letters: sent in %.1f us each, the last ones in %.1f; a look %.1f us each\n", letters,
	       first, last, took);
	bound("microseconds to send one", first, SEND_US);
	linear("more for the first ones", first / last, letters);

	took = us();
	if (email__spool_clear(s, &now, &cleared, NULL) || cleared != some - some / 2)
		bound("letters that were not cleared", (double)(some - some / 2) - (double)cleared, 0);
	took = (us() - took) / (double)(some - some / 2);
	printf("%7zu letters: cleared in %.1f us each\n", cleared, took);
	bound("microseconds to clear one", took, CLEAR_US);
	if (email__spool_look(s, &now, NULL) || letters_files(folder, "queue") ||
	    letters_files(folder, "tmp"))
		bound("files that were left", (double)letters_files(folder, "queue"), 0);
	email__spool_stop(s, &now);
	email__spool_close(s);
	return bad;
}
