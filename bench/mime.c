/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mime.h"

#define MESSAGES_MAX 100000

static struct {
	const char *at;
	size_t size;
} message[MESSAGES_MAX];
static size_t messages;

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *
slurp(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		return NULL;
	text = malloc((size_t)n + 1);
	if (text && fread(text, 1, (size_t)n, f) == (size_t)n)
		text[n] = '\0';
	fclose(f);
	*size = (size_t)n;
	return text;
}

/* A mailbox is lines "SIZE\n", each followed by so many bytes. */
static void
divide(char *text, size_t size)
{
	char *at = text, *end = text + size;

	while (at < end && messages < MESSAGES_MAX) {
		message[messages].size = (size_t)strtoul(at, &at, 10);
		message[messages].at = ++at;
		at += message[messages++].size;
	}
}

static void
pass(bench_mime work, const char *text, size_t size, bench_found *found)
{
	size_t i;

	*found = (bench_found){0};
	if (work >= BENCH_ATTACH)
		bench_mime_compose(work, text, size, found);
	else
		for (i = 0; i < messages; i++)
			bench_mime_read(work, message[i].at, message[i].size, found);
}

int
main(int argc, char **argv)
{
	static const char *const works[] = {"events", "parse", "decode", "attach", "text"};
	bench_found found = {0};
	size_t size = 0, work = 0;
	char *text;
	double began;
	int i, passes;

	if (argc != 4)
		return 64;
	while (work < sizeof works / sizeof *works && strcmp(works[work], argv[1]))
		work++;
	text = slurp(argv[2], &size);
	if (!text || work == sizeof works / sizeof *works || bench_mime_start((bench_mime)work))
		return 1;
	if (work < BENCH_ATTACH)
		divide(text, size);
	passes = atoi(argv[3]);
	pass((bench_mime)work, text, size, &found); /* warm */
	began = cpu();
	for (i = 0; i < passes; i++)
		pass((bench_mime)work, text, size, &found);
	printf("{\"cpu\": %.6f, \"bytes\": %zu, \"messages\": %zu, \"leaves\": %lu, \"found\": %lu}\n",
	       cpu() - began, size, messages, found.leaves, found.bytes);
	free(text);
	return 0;
}
