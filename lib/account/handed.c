/* SPDX-License-Identifier: MIT */
#include "account/handed.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/file.h"
#include "os/journal.h"

#define HEAD "handed 1 "
/* A line: state, blank, UID, line end. */
#define LINE_MAX_BYTES (2 + EMAIL__UID_MAX + 1)
/* Lines that say nothing new are dropped once there are as many, and not fewer than those that do. */
#define STALE_MAX 1000

typedef struct uid {
	uint64_t hash;
	email__handed_state state;
	bool listed;
	char text[];
} uid;

struct email__handed {
	char *path, *scope;
	int lock, fd;
	bool lasts;
	email__arena arena;
	uid **table; /* open addressing; never more than half full */
	size_t size, count, stale;
	size_t forgotten; /* of count */
};

/* --- the table --- */

static uid **
slot(uid **table, size_t size, uint64_t hash, const char *text)
{
	size_t at = (size_t)hash & (size - 1);

	while (table[at] && (table[at]->hash != hash || strcmp(table[at]->text, text) != 0))
		at = (at + 1) & (size - 1);
	return &table[at];
}

static uid **
find(const email__handed *h, const char *text)
{
	return slot(h->table, h->size, email__hash(text, strlen(text)), text);
}

static bool
grow(email__handed *h)
{
	size_t size = h->size ? h->size * 2 : 256, i;
	uid **table = email__calloc(size, sizeof *table);

	if (!table)
		return false;
	for (i = 0; i < h->size; i++)
		if (h->table[i])
			*slot(table, size, h->table[i]->hash, h->table[i]->text) = h->table[i];
	email__free(h->table);
	h->table = table;
	h->size = size;
	return true;
}

static void
become(email__handed *h, uid *u, email__handed_state state)
{
	h->stale++;
	h->forgotten -= u->state == EMAIL__HANDED_NOT;
	h->forgotten += state == EMAIL__HANDED_NOT;
	u->state = state;
}

static uid *
make(email__arena *arena, const char *text, size_t n, uint64_t hash, email__handed_state state)
{
	uid *made = email__arena_alloc(arena, sizeof *made + n + 1);

	if (!made)
		return NULL;
	made->hash = hash;
	made->state = state;
	made->listed = true;
	memcpy(made->text, text, n + 1);
	return made;
}

static void
arena_init(email__arena *arena)
{
	email__arena_init(arena, 4096, (size_t)EMAIL__HANDED_MAX * (sizeof(uid) + EMAIL__UID_MAX + 16));
}

/* The table without what is forgotten. Where there is no memory for it, it stays as it is. */
static void
shed(email__handed *h)
{
	uid **table = email__calloc(h->size, sizeof *table), *made;
	email__arena arena;
	size_t i;

	if (!table)
		return;
	arena_init(&arena);
	for (i = 0; i < h->size; i++) {
		const uid *u = h->table[i];

		if (!u || u->state == EMAIL__HANDED_NOT)
			continue;
		if (!(made = make(&arena, u->text, strlen(u->text), u->hash, u->state))) {
			email__arena_dispose(&arena);
			email__free(table);
			return;
		}
		made->listed = u->listed;
		*slot(table, h->size, u->hash, u->text) = made;
	}
	email__arena_dispose(&h->arena);
	email__free(h->table);
	h->arena = arena;
	h->table = table;
	h->count -= h->forgotten;
	h->forgotten = 0;
}

static email_code
put(email__handed *h, const char *text, email__handed_state state)
{
	size_t n = strlen(text);
	uint64_t hash = email__hash(text, n);
	uid **at, *made;

	if (h->forgotten && h->forgotten * 2 >= h->count && h->count * 2 >= h->size)
		shed(h);
	if (h->count * 2 >= h->size && !grow(h))
		return EMAIL_E_MEMORY;
	at = slot(h->table, h->size, hash, text);
	if (*at) {
		become(h, *at, state);
		return EMAIL_OK;
	}
	if (state == EMAIL__HANDED_NOT)
		return EMAIL_OK;
	if (h->count >= EMAIL__HANDED_MAX && h->forgotten) {
		shed(h);
		at = slot(h->table, h->size, hash, text);
	}
	if (h->count >= EMAIL__HANDED_MAX)
		return EMAIL_E_LIMIT;
	if (!(made = make(&h->arena, text, n, hash, state)))
		return EMAIL_E_MEMORY;
	*at = made;
	h->count++;
	return EMAIL_OK;
}

/* --- the file --- */

static char
letter(email__handed_state state)
{
	switch (state) {
	case EMAIL__HANDED_ACCEPTED: return 'A';
	case EMAIL__HANDED_SETTLED: return 'S';
	case EMAIL__HANDED_NOT: break;
	}
	return 'F';
}

static bool
known(char c, email__handed_state *state)
{
	*state = c == 'A' ? EMAIL__HANDED_ACCEPTED : c == 'S' ? EMAIL__HANDED_SETTLED : EMAIL__HANDED_NOT;
	return c == 'A' || c == 'S' || c == 'F';
}

/* One line without its end; what is none of ours is passed over. */
static email_code
take_line(email__handed *h, const char *line, size_t n)
{
	char text[EMAIL__UID_MAX + 1];
	email__handed_state state;

	if (n < 3 || n - 2 > EMAIL__UID_MAX || line[1] != ' ' || !known(line[0], &state) ||
	    memchr(line, '\0', n))
		return EMAIL_OK;
	memcpy(text, line + 2, n - 2);
	text[n - 2] = '\0';
	return put(h, text, state);
}

static email_code
load(email__handed *h, const char *scope, email_error *e)
{
	email__buf bytes;
	const char *p, *end, *stop;
	email_code rc;

	email__buf_init(&bytes, (size_t)EMAIL__HANDED_MAX * 2 * LINE_MAX_BYTES);
	if ((rc = email__file_read(h->path, &bytes, e)) || email__buf_len(&bytes) == 0)
		goto out;
	p = (const char *)email__buf_head(&bytes);
	stop = p + email__buf_len(&bytes);
	end = memchr(p, '\n', (size_t)(stop - p));
	if (!end || (size_t)(end - p) != strlen(HEAD) + strlen(scope) || memcmp(p, HEAD, strlen(HEAD)) != 0 ||
	    memcmp(p + strlen(HEAD), scope, strlen(scope)) != 0) {
		h->stale = STALE_MAX; /* another mailbox's: written anew */
		goto out;
	}
	for (p = end + 1; rc == EMAIL_OK && p < stop && (end = memchr(p, '\n', (size_t)(stop - p)));
	     p = end + 1)
		rc = take_line(h, p, (size_t)(end - p));
	if (rc == EMAIL_E_MEMORY)
		email__error_memory(e, EMAIL_STAGE_MAILBOX);
	else if (rc)
		email__error_set(e, rc, EMAIL_STAGE_MAILBOX, "more than %d messages are remembered in %s",
		                 EMAIL__HANDED_MAX, h->path);
out:
	email__buf_dispose(&bytes);
	return rc;
}

/* The file with no more in it than counts. */
static email_code
rewrite(email__handed *h, email_error *e)
{
	email__buf bytes;
	email_code rc;
	size_t i;

	h->stale = h->path ? h->stale : 0;
	if (!h->path)
		return EMAIL_OK;
	email__buf_init(&bytes, strlen(HEAD) + strlen(h->scope) + 1 + (h->count + 1) * LINE_MAX_BYTES);
	rc = email__buf_addf(&bytes, HEAD "%s\n", h->scope);
	for (i = 0; rc == EMAIL_OK && i < h->size; i++)
		if (h->table[i] && h->table[i]->state != EMAIL__HANDED_NOT)
			rc = email__buf_addf(&bytes, "%c %s\n", letter(h->table[i]->state),
			                     h->table[i]->text);
	if (rc)
		rc = email__error_memory(e, EMAIL_STAGE_MAILBOX);
	else
		rc = email__file_save(h->path, email__buf_head(&bytes), email__buf_len(&bytes), true, e);
	email__buf_dispose(&bytes);
	if (rc)
		return rc;
	h->stale = 0;
	email__journal_close(h->fd);
	return email__journal_open(h->path, &h->fd, e);
}

/* --- opening --- */

static email_code
take_file(email__handed *h, email_error *e)
{
	email__buf lock;
	email_error why = {0};
	email_code rc;

	email__buf_init(&lock, EMAIL__TEXT_MAX + 8);
	if (email__buf_addf(&lock, "%s.lock", h->path) || !email__buf_text(&lock))
		rc = email__error_memory(e, EMAIL_STAGE_MAILBOX);
	else if ((rc = email__lock_take(email__buf_text(&lock), 0, &h->lock, &why)) && why.os != 0 &&
	         why.os != EAGAIN && why.os != EWOULDBLOCK)
		*e = why;
	else if (rc)
		rc = email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_MAILBOX,
		                      "another process reads this mailbox now");
	email__buf_dispose(&lock);
	if (rc || (rc = email__journal_open(h->path, &h->fd, e)) || (rc = load(h, h->scope, e)))
		return rc;
	return h->count == 0 || h->stale >= STALE_MAX ? rewrite(h, e) : EMAIL_OK;
}

email__handed *
email__handed_open(const char *path, const char *scope, email_error *e)
{
	email__handed *h = email__new(email__handed);

	if (!h) {
		email__error_memory(e, EMAIL_STAGE_MAILBOX);
		return NULL;
	}
	h->lock = h->fd = -1;
	arena_init(&h->arena);
	h->path = path ? email__strdup(path) : NULL;
	h->lasts = path != NULL;
	h->scope = email__strdup(scope);
	if (!h->scope || (path && !h->path) || !grow(h)) {
		email__error_memory(e, EMAIL_STAGE_MAILBOX);
	} else if (!h->path || take_file(h, e) == EMAIL_OK) {
		return h;
	}
	email__handed_close(h);
	return NULL;
}

email__handed *
email__handed_look(const char *path, const char *scope, email_error *e)
{
	email__handed *h = email__handed_open(NULL, scope, e);
	email_error why = {0};

	if (!h)
		return NULL;
	h->lasts = true;
	if (!(h->path = email__strdup(path)))
		email__error_memory(&why, EMAIL_STAGE_MAILBOX);
	else
		(void)load(h, h->scope, &why);
	email__free(h->path);
	h->path = NULL;
	/* a file that is not there: nothing is known */
	if (why.code == EMAIL_OK || (why.code == EMAIL_E_FILE && why.os == ENOENT))
		return h;
	*e = why;
	email__handed_close(h);
	return NULL;
}

void
email__handed_close(email__handed *h)
{
	if (!h)
		return;
	email__journal_close(h->fd);
	email__lock_release(h->lock);
	email__arena_dispose(&h->arena);
	email__free(h->table);
	email__free(h->scope);
	email__free(h->path);
	email__free(h);
}

const char *
email__handed_scope(const email__handed *h)
{
	return h->scope;
}

size_t
email__handed_room(const email__handed *h)
{
	return EMAIL__HANDED_MAX - (h->count - h->forgotten);
}

bool
email__handed_lasts(const email__handed *h)
{
	return h->lasts;
}

/* Forgetting is in place: the arena's memory goes when it is closed. */
email_code
email__handed_rescope(email__handed *h, const char *scope, email_error *e)
{
	char *copy = email__strdup(scope);

	if (!copy)
		return email__error_memory(e, EMAIL_STAGE_MAILBOX);
	email__free(h->scope);
	h->scope = copy;
	memset(h->table, 0, h->size * sizeof *h->table);
	h->count = h->forgotten = 0;
	email__arena_dispose(&h->arena);
	return rewrite(h, e);
}

/* --- use --- */

/* Memory knows it: now the file. */
static email_code
write_line(email__handed *h, const char *text, email__handed_state state, email_error *e)
{
	char line[LINE_MAX_BYTES + 1];
	size_t n = strlen(text);

	if (!h->path)
		return EMAIL_OK;
	line[0] = letter(state);
	line[1] = ' ';
	memcpy(line + 2, text, n);
	line[n + 2] = '\n';
	return email__journal_add(h->fd, h->path, line, n + 3, e);
}

static bool
mostly_stale(const email__handed *h)
{
	return h->stale >= STALE_MAX && h->stale >= h->count - h->forgotten;
}

email__handed_state
email__handed_get(const email__handed *h, const char *text)
{
	const uid *u = *find(h, text);

	return u ? u->state : EMAIL__HANDED_NOT;
}

email_code
email__handed_set(email__handed *h, const char *text, email__handed_state state, email_error *e)
{
	size_t n = strlen(text);
	email_code rc;

	if (n == 0 || n > EMAIL__UID_MAX)
		return email__error_set(e, EMAIL_E_USAGE, EMAIL_STAGE_MAILBOX, "not a message's UID");
	if (email__handed_get(h, text) == state)
		return EMAIL_OK;
	/* memory first: a line that nobody knows of would be worse than none */
	if ((rc = put(h, text, state)))
		return rc == EMAIL_E_MEMORY
		               ? email__error_memory(e, EMAIL_STAGE_MAILBOX)
		               : email__error_set(e, rc, EMAIL_STAGE_MAILBOX,
		                                  "more than %d messages are remembered", EMAIL__HANDED_MAX);
	rc = write_line(h, text, state, e);
	if (rc == EMAIL_OK && mostly_stale(h)) {
		email_error ignored = {0};

		(void)rewrite(h, &ignored); /* it is written down already */
	}
	return rc;
}

void
email__handed_list_begin(email__handed *h)
{
	size_t i;

	for (i = 0; i < h->size; i++)
		if (h->table[i])
			h->table[i]->listed = false;
}

email__handed_state
email__handed_listed(email__handed *h, const char *text)
{
	uid *u = *find(h, text);

	if (u)
		u->listed = true;
	return u ? u->state : EMAIL__HANDED_NOT;
}

void
email__handed_owed(const email__handed *h, void (*visit)(void *context, const char *uid), void *context)
{
	size_t i;

	for (i = 0; i < h->size; i++)
		if (h->table[i] && !h->table[i]->listed && h->table[i]->state == EMAIL__HANDED_ACCEPTED)
			visit(context, h->table[i]->text);
}

email_code
email__handed_list_end(email__handed *h, email_error *e)
{
	email_code rc = EMAIL_OK;
	size_t i;

	for (i = 0; i < h->size && rc == EMAIL_OK; i++) {
		uid *u = h->table[i];

		if (!u || u->listed || u->state == EMAIL__HANDED_NOT)
			continue;
		/* or a process to come would take another message of this name for it (RFC 1939 7 allows that) */
		become(h, u, EMAIL__HANDED_NOT);
		rc = write_line(h, u->text, EMAIL__HANDED_NOT, e);
	}
	return rc == EMAIL_OK && mostly_stale(h) ? rewrite(h, e) : rc;
}

email_code
email__handed_sync(email__handed *h, email_error *e)
{
	return h->fd < 0 ? EMAIL_OK : email__journal_sync(h->fd, h->path, e);
}
