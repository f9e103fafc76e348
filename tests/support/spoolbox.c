/* SPDX-License-Identifier: MIT */
#include "support/spoolbox.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note(void *context, const email__spool_event *event)
{
	spoolbox *b = context;

	b->events[event->what]++;
	snprintf(b->cause, sizeof b->cause, "%s", event->cause ? event->cause : "");
	snprintf(b->event_id, sizeof b->event_id, "%s", event->id ? event->id : "");
}

void
spoolbox_init(spoolbox *b, bool memory)
{
	memset(b, 0, sizeof *b);
	if (!memory) {
		snprintf(b->folder, sizeof b->folder, "/tmp/spool_test.XXXXXX");
		if (!mkdtemp(b->folder))
			exit(2);
		strcat(b->folder, "/q");
	}
	b->now = (email__now){.mono = 1000000, .wall = 1795000000, .clock_set = true};
	b->options = (email__spool_options){
		.folder = memory ? NULL : b->folder, .boot = "aaaaaaaaaaaaaaaa", .event = note, .context = b};
}

void
spoolbox_open(spoolbox *b, bool work)
{
	email_error e = {0};

	if (email__spool_open(&b->options, &b->now, &b->spool, &e) ||
	    (work && email__spool_start(b->spool, &b->now, &e))) {
		fprintf(stderr, "spoolbox: %s\n", e.text);
		exit(2);
	}
}

void
spoolbox_close(spoolbox *b)
{
	email__spool_close(b->spool);
	b->spool = NULL;
}

void
spoolbox_dispose(spoolbox *b)
{
	char command[128];

	spoolbox_close(b);
	if (!b->folder[0])
		return;
	b->folder[strlen(b->folder) - 2] = '\0';
	snprintf(command, sizeof command, "rm -rf %s", b->folder);
	if (system(command))
		exit(2);
}

/* --- the store, watched ------------------------------------------------------------------------ */

static const email__store_ops *real;
static email__store_ops watched;
static spoolbox_disk disk;

static void
called(char what)
{
	size_t n = strlen(disk.calls);

	if (n < sizeof disk.calls - 1)
		disk.calls[n] = what;
}

static email_code
watched_write(email__stored *f, uint64_t at, const void *bytes, size_t n, email_error *e)
{
	called('w');
	return real->write(f, at, bytes, n, e);
}

static email_code
watched_sync(email__stored *f, bool in_place, email_error *e)
{
	called('s');
	if (disk.fail_sync && --disk.fail_sync == 0) {
		if (e)
			*e = (email_error){.code = EMAIL_E_FILE, .os = EIO};
		return EMAIL_E_FILE;
	}
	return real->sync(f, in_place, e);
}

static email_code
watched_sync_area(email__store *s, email__area area, email_error *e)
{
	called('d');
	return real->sync_area(s, area, e);
}

static bool
watched_lock(email__stored *f, bool wait)
{
	if (disk.before_lock && disk.before_lock(f))
		disk.before_lock = NULL;
	return real->lock(f, wait);
}

spoolbox_disk *
spoolbox_watch(email__store *s)
{
	if (s->ops != &watched) {
		real = s->ops;
		watched = *real;
		watched.write = watched_write;
		watched.sync = watched_sync;
		watched.sync_area = watched_sync_area;
		watched.lock = watched_lock;
		s->ops = &watched;
	}
	memset(&disk, 0, sizeof disk);
	return &disk;
}

/* --- letters ------------------------------------------------------------------------------------- */

static email_code
read_text(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	spoolbox_text *t = context;

	*got = size < t->n - t->at ? size : t->n - t->at;
	memcpy(buffer, t->text + t->at, *got);
	t->at += *got;
	return *got == 0 ? t->fails : EMAIL_OK;
}

email__source
spoolbox_source(spoolbox_text *t, const char *text)
{
	memset(t, 0, sizeof *t);
	t->text = text;
	t->n = strlen(text);
	return (email__source){.read = read_text, .context = t};
}

email_code
spoolbox_put(spoolbox *b, const char *subject, int priority, const char *key, const char *const *to, char *id,
             email_error *e)
{
	static const char *const nobody_else[] = {"duty@example.com", NULL};
	char message[400], unwanted[EMAIL_ID_SIZE];
	spoolbox_text t;
	email__source source;
	email__letter letter = {.from = "plant@example.com",
	                        .to = to ? to : nobody_else,
	                        .priority = priority,
	                        .subject = subject,
	                        .key = key,
	                        .message_id = "<1@example.com>"};

	for (letter.count = 0; letter.to[letter.count];)
		letter.count++;
	snprintf(message, sizeof message, "Subject: %s\r\n\r\nBoiler 2\r\n", subject);
	source = spoolbox_source(&t, message);
	return email__spool_enqueue(b->spool, &letter, &source, &b->now, id ? id : unwanted, NULL, e);
}

email__waiting *
spoolbox_first(spoolbox *b)
{
	size_t i, n;
	email__waiting *const *all = email__spool_waiting(b->spool, &n);

	for (i = 0; i < n; i++)
		if (all[i] && !all[i]->settling)
			return all[i];
	return NULL;
}

size_t
spoolbox_count(spoolbox *b)
{
	size_t i, n, count = 0;
	email__waiting *const *all = email__spool_waiting(b->spool, &n);

	for (i = 0; i < n; i++)
		count += all[i] != NULL;
	return count;
}

int
spoolbox_files(const spoolbox *b, const char *folder)
{
	char path[128];
	struct dirent *entry;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof path, "%s/%s", b->folder, folder);
	if (!(d = opendir(path)))
		return -1;
	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.';
	closedir(d);
	return n;
}

char *
spoolbox_read(email__source source)
{
	size_t n = 0, got, room = 1 << 20;
	char *text = malloc(room);

	for (;;) {
		if (!text || n + 1 >= room ||
		    source.read(source.context, (unsigned char *)text + n, room - n - 1, &got)) {
			free(text);
			return NULL;
		}
		if (got == 0)
			break;
		n += got;
	}
	text[n] = '\0';
	return text;
}
