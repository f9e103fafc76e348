/* SPDX-License-Identifier: MIT */
/*
 * A store in memory, for persistent=false: files are pieces of memory in a list. A file that was removed while it is open
 * goes with the last who has it open, as on a disk.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/mutex.h"
#include "queue/store.h"

/* So that a file that grows is not copied each time, and a small one takes little. */
#define PIECE_MIN 1024
#define PIECE_MAX (64 * 1024)

typedef struct piece {
	struct piece *next;
	size_t size, used;
	unsigned char bytes[];
} piece;

typedef struct node {
	struct node *next;
	char *name;
	email__area area;
	piece *first, *last;
	uint64_t size;
	unsigned opened;
	bool locked, removed;
} node;

typedef struct memory_store {
	email__store store;
	email__mutex mutex;
	node *files;
} memory_store;

static memory_store *
enter(email__store *s)
{
	memory_store *m = (memory_store *)s;

	email__mutex_lock(&m->mutex);
	return m;
}

static email_code
leave(memory_store *m, email_code rc)
{
	email__mutex_unlock(&m->mutex);
	return rc;
}

static email_code
fail(email_error *e, int os, const char *name)
{
	if (e && e->code == EMAIL_OK)
		e->os = os;
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_QUEUE, "no mail %s in this place", name);
}

static node *
find(memory_store *m, email__area area, const char *name)
{
	node *n;

	for (n = m->files; n; n = n->next)
		if (!n->removed && n->area == area && strcmp(n->name, name) == 0)
			return n;
	return NULL;
}

static void
cut(node *n, uint64_t size)
{
	piece **at = &n->first, *p;

	n->last = NULL;
	for (n->size = 0; (p = *at) && n->size < size; at = &p->next) {
		n->last = p;
		if (p->used > size - n->size)
			p->used = (size_t)(size - n->size);
		n->size += p->used;
	}
	while ((p = *at)) {
		*at = p->next;
		email__free(p);
	}
}

static void
dispose(memory_store *m, node *n)
{
	node **at;

	for (at = &m->files; *at != n; at = &(*at)->next)
		;
	*at = n->next;
	cut(n, 0);
	email__free(n->name);
	email__free(n);
}

static email_code
memory_create(email__store *s, email__area area, const char *name, email__stored *f, email_error *e)
{
	memory_store *m = enter(s);
	node *n;

	if (find(m, area, name))
		return leave(m, fail(e, EEXIST, name));
	n = email__new(node);
	if (n)
		n->name = email__strdup(name);
	if (!n || !n->name) {
		email__free(n);
		return leave(m, email__error_memory(e, EMAIL_STAGE_QUEUE));
	}
	n->area = area;
	n->opened = 1;
	n->next = m->files;
	m->files = n;
	*f = (email__stored){.store = s, .name = name, .node = n, .fd = -1};
	return leave(m, EMAIL_OK);
}

static email_code
memory_open(email__store *s, email__area area, const char *name, bool writing, email__stored *f,
            email_error *e)
{
	memory_store *m = enter(s);
	node *n = find(m, area, name);

	(void)writing;
	if (!n)
		return leave(m, fail(e, ENOENT, name));
	n->opened++;
	*f = (email__stored){.store = s, .name = name, .node = n, .fd = -1};
	return leave(m, EMAIL_OK);
}

/* Copies what two ranges have in common, piece by piece. */
static size_t
copy(node *n, uint64_t at, unsigned char *out, const unsigned char *in, size_t size)
{
	size_t done = 0;
	uint64_t begin = 0;
	piece *p;

	for (p = n->first; p && done < size; begin += p->used, p = p->next) {
		size_t from, some;

		if (at + done >= begin + p->used)
			continue;
		from = (size_t)(at + done - begin);
		some = p->used - from < size - done ? p->used - from : size - done;
		if (out)
			memcpy(out + done, p->bytes + from, some);
		else
			memcpy(p->bytes + from, in + done, some);
		done += some;
	}
	return done;
}

static email_code
memory_read(email__stored *f, uint64_t at, void *buffer, size_t size, size_t *got, email_error *e)
{
	memory_store *m = enter(f->store);

	(void)e;
	*got = copy(f->node, at, buffer, NULL, size);
	return leave(m, EMAIL_OK);
}

static bool
grow(node *n)
{
	size_t size = n->last ? n->last->size * 2 : PIECE_MIN;
	piece *p;

	if (size > PIECE_MAX)
		size = PIECE_MAX;
	p = email__alloc(sizeof *p + size);
	if (!p)
		return false;
	p->next = NULL;
	p->size = size;
	p->used = 0;
	if (n->last)
		n->last->next = p;
	else
		n->first = p;
	n->last = p;
	return true;
}

static email_code
memory_write(email__stored *f, uint64_t at, const void *bytes, size_t size, email_error *e)
{
	memory_store *m = enter(f->store);
	const unsigned char *in = bytes;
	node *n = f->node;
	size_t done;

	if (at > n->size) /* no holes: nobody makes them */
		return leave(m, fail(e, EINVAL, n->name));
	for (done = copy(n, at, NULL, in, size); done < size;) {
		size_t some;

		if ((!n->last || n->last->used == n->last->size) && !grow(n))
			return leave(m, email__error_memory(e, EMAIL_STAGE_QUEUE));
		some = n->last->size - n->last->used;
		if (some > size - done)
			some = size - done;
		memcpy(n->last->bytes + n->last->used, in + done, some);
		n->last->used += some;
		n->size += some;
		done += some;
	}
	return leave(m, EMAIL_OK);
}

static email_code
memory_sync(email__stored *f, bool in_place, email_error *e)
{
	(void)f;
	(void)in_place;
	(void)e;
	return EMAIL_OK;
}

static email_code
memory_size(email__stored *f, uint64_t *size, email_error *e)
{
	memory_store *m = enter(f->store);

	(void)e;
	*size = ((node *)f->node)->size;
	return leave(m, EMAIL_OK);
}

static void
memory_truncate(email__stored *f, uint64_t size)
{
	memory_store *m = enter(f->store);

	cut(f->node, size);
	leave(m, EMAIL_OK);
}

/* One process: who waits is kept in order by the spool's own mutex. */
static bool
memory_lock(email__stored *f, bool wait)
{
	memory_store *m = enter(f->store);
	node *n = f->node;
	bool free = !n->locked || wait;

	if (free)
		n->locked = f->locked = true;
	leave(m, EMAIL_OK);
	return free;
}

static void
memory_unlock(email__stored *f)
{
	memory_store *m = enter(f->store);

	((node *)f->node)->locked = f->locked = false;
	leave(m, EMAIL_OK);
}

static bool
memory_holds(email__stored *f, email__area area, const char *name)
{
	memory_store *m = enter(f->store);
	bool same = find(m, area, name) == f->node;

	leave(m, EMAIL_OK);
	return same;
}

static void
memory_close(email__stored *f)
{
	memory_store *m;
	node *n = f->node;

	if (!n)
		return;
	m = enter(f->store);
	if (f->locked)
		n->locked = false;
	if (--n->opened == 0 && n->removed)
		dispose(m, n);
	f->node = NULL;
	leave(m, EMAIL_OK);
}

static void
drop(memory_store *m, node *n)
{
	n->removed = true;
	if (n->opened == 0)
		dispose(m, n);
}

static email_code
memory_move(email__store *s, email__area from, const char *name, email__area to, const char *new_name,
            email_error *e)
{
	memory_store *m = enter(s);
	node *n = find(m, from, name), *over = find(m, to, new_name);
	char *copy;

	if (!n)
		return leave(m, fail(e, ENOENT, name));
	if (strcmp(name, new_name) != 0) {
		copy = email__strdup(new_name);
		if (!copy)
			return leave(m, email__error_memory(e, EMAIL_STAGE_QUEUE));
		email__free(n->name);
		n->name = copy;
	}
	if (over && over != n)
		drop(m, over);
	n->area = to;
	return leave(m, EMAIL_OK);
}

static email_code
memory_remove(email__store *s, email__area area, const char *name, email_error *e)
{
	memory_store *m = enter(s);
	node *n = find(m, area, name);

	if (!n)
		return leave(m, fail(e, ENOENT, name));
	drop(m, n);
	return leave(m, EMAIL_OK);
}

static email_code
memory_exists(email__store *s, email__area area, const char *name, bool *there, email_error *e)
{
	memory_store *m = enter(s);

	(void)e;
	*there = find(m, area, name) != NULL;
	return leave(m, EMAIL_OK);
}

static email_code
memory_sync_area(email__store *s, email__area area, email_error *e)
{
	(void)s;
	(void)area;
	(void)e;
	return EMAIL_OK;
}

static email_code
memory_visit(email__store *s, email__area area, bool (*visit)(void *context, const char *name), void *context,
             email_error *e)
{
	memory_store *m = enter(s);
	node *n;

	(void)e;
	for (n = m->files; n; n = n->next)
		if (!n->removed && n->area == area && !visit(context, n->name))
			break;
	return leave(m, EMAIL_OK);
}

static void
memory_free(email__store *s)
{
	memory_store *m = (memory_store *)s;

	while (m->files)
		dispose(m, m->files);
	email__mutex_dispose(&m->mutex);
	email__free(m);
}

static const email__store_ops ops = {
	.create = memory_create,
	.open = memory_open,
	.read = memory_read,
	.write = memory_write,
	.sync = memory_sync,
	.size = memory_size,
	.truncate = memory_truncate,
	.lock = memory_lock,
	.unlock = memory_unlock,
	.holds = memory_holds,
	.close = memory_close,
	.move = memory_move,
	.remove = memory_remove,
	.exists = memory_exists,
	.sync_area = memory_sync_area,
	.visit = memory_visit,
	.free = memory_free,
};

email__store *
email__store_memory(email_error *e)
{
	memory_store *m = email__new(memory_store);

	if (!m || !email__mutex_init(&m->mutex)) {
		email__free(m);
		email__error_memory(e, EMAIL_STAGE_QUEUE);
		return NULL;
	}
	m->store.ops = &ops;
	return &m->store;
}
