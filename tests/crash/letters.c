/* SPDX-License-Identifier: MIT */
#include "crash/letters.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

email__now
letters_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (email__now){.mono = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000,
	                    .wall = 1795000000,
	                    .clock_set = true};
}

typedef struct text {
	int n;
	size_t at, size;
} text;

static unsigned char
byte_of(int n, size_t at)
{
	static const char head[] = "Subject: a letter\r\n\r\n";

	if (at < sizeof head - 1)
		return (unsigned char)head[at];
	if (at % 64 >= 62)
		return at % 64 == 62 ? '\r' : '\n';
	return (unsigned char)('a' + ((unsigned)n * 7 + (unsigned)(at / 64) + (unsigned)at) % 26);
}

static email_code
read_text(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	text *t = context;

	for (*got = 0; *got < size && t->at < t->size; t->at++)
		buffer[(*got)++] = byte_of(t->n, t->at);
	return EMAIL_OK;
}

email_code
letters_put(email__spool *s, int n, int priority, const char *key, size_t recipients, size_t size, char *id,
            email_error *e)
{
	static const char *const to[] = {"a@example.com", "b@example.com"};
	char subject[20];
	text t = {.n = n, .size = size};
	email__source source = {.read = read_text, .context = &t};
	email__letter letter = {.from = "plant@example.com",
	                        .to = to,
	                        .count = recipients,
	                        .priority = priority,
	                        .subject = subject,
	                        .key = key};
	email__now now = letters_now();

	snprintf(subject, sizeof subject, "%d", n);
	return email__spool_enqueue(s, &letter, &source, &now, id, NULL, e);
}

int
letters_number(const email__mailfile *mail)
{
	char *end;
	long n = strtol(mail->subject, &end, 10);

	return end == mail->subject || *end || n < 0 || n > 100000000 ? -1 : (int)n;
}

bool
letters_intact(email__attempt *a, int n, size_t size)
{
	unsigned char bytes[4096];
	email__source source = email__attempt_source(a);
	size_t at = 0, got, i;

	do {
		if (source.read(source.context, bytes, sizeof bytes, &got))
			return false;
		for (i = 0; i < got; i++, at++)
			if (at >= size || bytes[i] != byte_of(n, at))
				return false;
	} while (got > 0);
	return at == size;
}

size_t
letters_files(const char *folder, const char *area)
{
	char path[300];
	struct dirent *entry;
	DIR *d;
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", folder, area);
	d = opendir(path);
	while (d && (entry = readdir(d)))
		n += entry->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}
