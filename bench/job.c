/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static size_t text_size = 832;

const char *
bench_text(void)
{
	static char text[2048];
	size_t n = 0;

	while (n + 64 < text_size)
		n += (size_t)snprintf(text + n, sizeof text - n, "%-60s\r\n", "Boiler 2 reports a flame failure; see the log.");
	return text;
}

const char *
bench_mail(void)
{
	static char mail[2560];

	snprintf(mail, sizeof mail,
	         "From: Plant room <" BENCH_FROM ">\r\nTo: " BENCH_TO "\r\nSubject: Boiler 2: flame failure\r\n"
	         "Date: Tue, 24 Nov 2026 03:00:00 +0000\r\nMessage-ID: <bench@example.com>\r\nMIME-Version: 1.0\r\n"
	         "Content-Type: text/plain; charset=us-ascii\r\n\r\n%s",
	         bench_text());
	return mail;
}

const char *
bench_file(const char *path, size_t *n)
{
	static char text[65536];
	FILE *f = fopen(path, "r");

	*n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	text[*n] = '\0';
	if (f)
		fclose(f);
	return text;
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Peak of the resident set. ru_maxrss would carry the parent's size over exec. */
static long
peak_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kb = 0;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

bench_received bench_got;

/* The place of a word in a list; the last one where it is none of them. */
static int
choice(const char *word, const char *const *list)
{
	int i = 0;

	while (list[i + 1] && strcmp(word, list[i]) != 0)
		i++;
	return i;
}

/* There where the run is counted (count.c). */
__attribute__((weak)) void bench_count_start(void);

int
main(int argc, char **argv)
{
	static const char *const transports[] = {"plain", "tls", "starttls", NULL};
	static const char *const works[] = {"kept", "each", "attach", "imap", "pop3", "enqueue", "drain", NULL};
	struct timespec t0, t1;
	struct rusage r0, r1;
	bench_job job = {0};
	int failed;

	if (argc < 7) {
		fprintf(stderr, "usage: %s PORT plain|tls|starttls CA kept|each|attach|imap|pop3|enqueue|drain COUNT "
		        "FILE|USER|FOLDER [HOW]\n",
		        argv[0]);
		return 64;
	}
	job.port = atoi(argv[1]);
	job.transport = (bench_transport)choice(argv[2], transports);
	job.ca = argv[3];
	job.work = (bench_work)choice(argv[4], works);
	if (job.work == BENCH_ENQUEUE || job.work == BENCH_DRAIN)
		text_size = 1800;
	job.count = atol(argv[5]);
	job.file = argv[6];
	job.how = argc > 7 ? argv[7] : "";
	if (bench_count_start)
		bench_count_start();
	clock_gettime(CLOCK_MONOTONIC, &t0);
	getrusage(RUSAGE_SELF, &r0);
	failed = bench_run(&job);
	getrusage(RUSAGE_SELF, &r1);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("{\"wall\": %.6f, \"cpu\": %.6f, \"rss_kb\": %ld, \"messages\": %ld, \"bytes\": %llu, "
	       "\"first\": %.6f}\n",
	       (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9,
	       seconds(&r1.ru_utime) + seconds(&r1.ru_stime) - seconds(&r0.ru_utime) - seconds(&r0.ru_stime), peak_kb(),
	       bench_got.messages, bench_got.bytes, bench_got.first);
	return failed;
}
