/* SPDX-License-Identifier: MIT */
/* Folders of messages: a file each, named by UID and flags (server.h). What is done to one is done at once. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "server_internal.h"

/* "17" or "17:2,S"; false: no message. */
static bool
read_name(const char *name, box_message *m)
{
	char *end;
	unsigned long uid = strtoul(name, &end, 10);

	if (name[0] < '1' || name[0] > '9' || uid > UINT32_MAX || strlen(name) >= sizeof m->file ||
	    (*end && strncmp(end, ":2,", 3)))
		return false;
	*m = (box_message){.uid = (uint32_t)uid};
	memcpy(m->file, name, strlen(name)); /* its length was looked at */
	(void)snprintf(m->flags, sizeof m->flags, "%.*s", (int)sizeof m->flags - 1, *end ? end + 3 : "");
	return true;
}

static void
path_of(const box *b, const char *name, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, "%.900s/%.64s", b->path, name);
}

static bool
folder_path(const conn *c, const char *folder, char path[PATH_SIZE])
{
	bool inbox = strcasecmp(folder, "INBOX") == 0;

	if (!c->s->o.mail || !*folder || folder[0] == '.' || strchr(folder, '/'))
		return false;
	return snprintf(path, PATH_SIZE, "%s%s%s", c->s->o.mail, inbox ? "" : "/", inbox ? "" : folder) <
	       PATH_SIZE;
}

static int
by_uid(const void *a, const void *b)
{
	uint32_t x = ((const box_message *)a)->uid, y = ((const box_message *)b)->uid;

	return (x > y) - (x < y);
}

/* Messages of the folder beyond `last`, into an array that the caller frees. */
static size_t
scan(const box *b, uint32_t last, box_message **list)
{
	DIR *d = opendir(b->path);
	size_t n = 0, room = 0;
	struct dirent *e;

	*list = NULL;
	while (d && (e = readdir(d)) != NULL) {
		char path[PATH_SIZE];
		struct stat st;
		box_message m, *more;
		path_of(b, e->d_name, path);
		if (!read_name(e->d_name, &m) || m.uid <= last || stat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		m.size = (uint64_t)st.st_size;
		if (n == room) {
			room = room ? room * 2 : 64;
			more = realloc(*list, room * sizeof **list);
			if (!more)
				break;
			*list = more;
		}
		(*list)[n++] = m;
	}
	if (d)
		(void)closedir(d);
	if (n)
		qsort(*list, n, sizeof **list, by_uid);
	return n;
}

bool
email_test_box_open(conn *c, const char *folder)
{
	box *b = &c->box;
	struct stat st;

	email_test_box_close(c);
	if (!folder_path(c, folder, b->path) || stat(b->path, &st) || !S_ISDIR(st.st_mode))
		return false;
	b->n = scan(b, 0, &b->m);
	b->open = true;
	return true;
}

void
email_test_box_close(conn *c)
{
	free(c->box.m);
	c->box.m = NULL;
	c->box.n = 0;
	c->box.open = false;
}

size_t
email_test_box_look(conn *c)
{
	box *b = &c->box;
	box_message *list, *more;
	size_t n = scan(b, b->n ? b->m[b->n - 1].uid : 0, &list);

	if (n && (more = realloc(b->m, (b->n + n) * sizeof *more)) != NULL) {
		memcpy(more + b->n, list, n * sizeof *list);
		b->m = more;
		b->n += n;
	}
	free(list);
	return n;
}

unsigned char *
email_test_box_read(conn *c, const box_message *m, size_t *n)
{
	char path[PATH_SIZE];
	unsigned char *p = malloc(m->size + 1);
	FILE *f;

	path_of(&c->box, m->file, path);
	f = fopen(path, "rb");
	*n = 0;
	if (f && p)
		*n = fread(p, 1, m->size, f);
	if (f)
		(void)fclose(f);
	if (p && *n == m->size) {
		p[*n] = '\0';
		return p;
	}
	free(p);
	email_test_log(c, "cannot read %s", path);
	return NULL;
}

bool
email_test_box_flag(conn *c, box_message *m, const char *flags)
{
	char from[PATH_SIZE], to[PATH_SIZE], name[sizeof m->file];

	(void)snprintf(name, sizeof name, "%lu%s%.12s", (unsigned long)m->uid, *flags ? ":2," : "", flags);
	path_of(&c->box, m->file, from);
	path_of(&c->box, name, to);
	if (rename(from, to))
		return false;
	memcpy(m->file, name, strlen(name)); /* its length was looked at */
	(void)snprintf(m->flags, sizeof m->flags, "%.12s", flags);
	email_test_log(c, "flagged %lu %s", (unsigned long)m->uid, flags);
	return true;
}

bool
email_test_box_remove(conn *c, box_message *m)
{
	char path[PATH_SIZE];

	path_of(&c->box, m->file, path);
	if (remove(path))
		return false;
	email_test_log(c, "removed %lu", (unsigned long)m->uid);
	return true;
}

bool
email_test_box_copy(conn *c, const box_message *m, const char *folder)
{
	box other = {.open = true};
	char path[PATH_SIZE], name[32];
	box_message *list;
	unsigned char *p;
	struct stat st;
	size_t n, count;
	FILE *f;
	bool ok;

	if (!folder_path(c, folder, other.path) || stat(other.path, &st))
		return false;
	count = scan(&other, 0, &list);
	(void)snprintf(name, sizeof name, "%lu%s%.12s", (unsigned long)(count ? list[count - 1].uid + 1 : 1),
	               *m->flags ? ":2," : "", m->flags);
	free(list);
	path_of(&other, name, path);
	p = email_test_box_read(c, m, &n);
	f = p ? fopen(path, "wb") : NULL;
	ok = f && fwrite(p, 1, n, f) == n;
	ok = f && fclose(f) == 0 && ok;
	free(p);
	if (ok)
		email_test_log(c, "copied %lu to %s", (unsigned long)m->uid, folder);
	return ok;
}

bool
email_test_box_make(conn *c, const char *folder)
{
	char path[PATH_SIZE];

	return folder_path(c, folder, path) && mkdir(path, 0700) == 0;
}
