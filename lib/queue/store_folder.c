/* SPDX-License-Identifier: MIT */
/* A store in folders: os/dir.h, by areas. */
#include "base/alloc.h"
#include "base/error.h"
#include "os/dir.h"
#include "os/file.h"
#include "queue/store.h"

typedef struct folder_store {
	email__store store;
	email__dir dir[EMAIL__AREA_COUNT];
} folder_store;

static const char *const names[] = {
	[EMAIL__AREA_ROOT] = "",     [EMAIL__AREA_TMP] = "tmp",   [EMAIL__AREA_QUEUE] = "queue",
	[EMAIL__AREA_DEAD] = "dead", [EMAIL__AREA_DONE] = "done", [EMAIL__AREA_BAD] = "bad"};

static email__dir *
dir(email__store *s, email__area area)
{
	return &((folder_store *)s)->dir[area];
}

static email_code
opened(email__store *s, const char *name, int fd, email__stored *f)
{
	*f = (email__stored){.store = s, .name = name, .fd = fd};
	return EMAIL_OK;
}

static email_code
folder_create(email__store *s, email__area area, const char *name, email__stored *f, email_error *e)
{
	int fd;
	email_code rc = email__dir_create(dir(s, area), name, &fd, e);

	return rc ? rc : opened(s, name, fd, f);
}

static email_code
folder_open(email__store *s, email__area area, const char *name, bool writing, email__stored *f,
            email_error *e)
{
	int fd;
	email_code rc = email__dir_file(dir(s, area), name, writing, &fd, e);

	return rc ? rc : opened(s, name, fd, f);
}

static email_code
folder_read(email__stored *f, uint64_t at, void *buffer, size_t size, size_t *got, email_error *e)
{
	return email__fd_read(f->fd, at, buffer, size, got, f->name, e);
}

static email_code
folder_write(email__stored *f, uint64_t at, const void *bytes, size_t n, email_error *e)
{
	return email__fd_write(f->fd, at, bytes, n, f->name, e);
}

static email_code
folder_sync(email__stored *f, bool in_place, email_error *e)
{
	return email__fd_sync(f->fd, in_place, f->name, e);
}

static email_code
folder_size(email__stored *f, uint64_t *size, email_error *e)
{
	return email__fd_size(f->fd, size, f->name, e);
}

static void
folder_truncate(email__stored *f, uint64_t size)
{
	email__fd_truncate(f->fd, size);
}

static bool
folder_lock(email__stored *f, bool wait)
{
	return email__fd_lock(f->fd, wait);
}

static void
folder_unlock(email__stored *f)
{
	email__fd_unlock(f->fd);
}

static bool
folder_holds(email__stored *f, email__area area, const char *name)
{
	return email__dir_holds(dir(f->store, area), name, f->fd);
}

static void
folder_close(email__stored *f)
{
	email__fd_close(f->fd);
	f->fd = -1;
}

static email_code
folder_move(email__store *s, email__area from, const char *name, email__area to, const char *new_name,
            email_error *e)
{
	return email__dir_move(dir(s, from), name, dir(s, to), new_name, e);
}

static email_code
folder_remove(email__store *s, email__area area, const char *name, email_error *e)
{
	return email__dir_remove(dir(s, area), name, e);
}

static email_code
folder_exists(email__store *s, email__area area, const char *name, bool *there, email_error *e)
{
	return email__dir_exists(dir(s, area), name, there, e);
}

static email_code
folder_sync_area(email__store *s, email__area area, email_error *e)
{
	return email__dir_sync(dir(s, area), e);
}

static email_code
folder_visit(email__store *s, email__area area, bool (*visit)(void *context, const char *name), void *context,
             email_error *e)
{
	return email__dir_visit(dir(s, area), visit, context, e);
}

static void
folder_free(email__store *s)
{
	size_t i;

	for (i = 0; i < EMAIL__AREA_COUNT; i++)
		email__dir_close(dir(s, (email__area)i));
	email__free(s);
}

static const email__store_ops ops = {
	.create = folder_create,
	.open = folder_open,
	.read = folder_read,
	.write = folder_write,
	.sync = folder_sync,
	.size = folder_size,
	.truncate = folder_truncate,
	.lock = folder_lock,
	.unlock = folder_unlock,
	.holds = folder_holds,
	.close = folder_close,
	.move = folder_move,
	.remove = folder_remove,
	.exists = folder_exists,
	.sync_area = folder_sync_area,
	.visit = folder_visit,
	.free = folder_free,
};

email__store *
email__store_folder(const char *folder, email_error *e)
{
	folder_store *s = email__new(folder_store);
	email_code rc = EMAIL_OK;
	size_t i;

	if (!s) {
		email__error_memory(e, EMAIL_STAGE_QUEUE);
		return NULL;
	}
	s->store.ops = &ops;
	for (i = 0; i < EMAIL__AREA_COUNT; i++)
		s->dir[i].fd = -1;
	rc = email__dir_open(folder, &s->dir[EMAIL__AREA_ROOT], e);
	for (i = EMAIL__AREA_ROOT + 1; i < EMAIL__AREA_COUNT && rc == EMAIL_OK; i++) {
		char *path = email__path_join(folder, names[i]);

		rc = path ? email__dir_open(path, &s->dir[i], e) : email__error_memory(e, EMAIL_STAGE_QUEUE);
		email__free(path);
	}
	/* also where it was there: who made it may have died before that was durable */
	if (rc == EMAIL_OK)
		rc = email__dir_sync_parent(&s->dir[EMAIL__AREA_ROOT], e);
	if (rc == EMAIL_OK)
		return &s->store;
	folder_free(&s->store);
	return NULL;
}
