/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on the files of a corpus folder, without a fuzzer: so that every input that was
 * interesting once is tried by every `make check`, under the sanitizers too. Prefixes of each file are
 * tried as well, since input that ends early is where parsers err. No corpus is an error.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIXES = 64 };

/* A copy of exactly this size, so that a read past the end is seen by a sanitizer. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(2);
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int
replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n, i;

	if (!f)
		return -1;
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	for (i = 0; i < PREFIXES; i++)
		run(data, n * i / PREFIXES);
	run(data, n);
	return 0;
}

int
main(int argc, char **argv)
{
	char path[4096];
	struct dirent *entry;
	unsigned files = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (!dir) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 64;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name) >= (int)sizeof path ||
		    replay(path) != 0) {
			fprintf(stderr, "cannot read %s/%s\n", argv[1], entry->d_name);
			return 1;
		}
		files++;
	}
	closedir(dir);
	printf("%u files\n", files);
	return files ? 0 : 1;
}
