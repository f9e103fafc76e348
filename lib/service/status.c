/* SPDX-License-Identifier: MIT */
#include "service/status.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "account/value.h"
#include "base/alloc.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/file.h"
#include "sheet/sheet.h"

#define ROOT "status"
#define NAMESPACE "urn:emailservice:status:1"
#define ACCOUNT "account"
/* Counts: nothing that is added to one is too much for its type. More than that is no count. */
#define COUNT_MAX (INT64_MAX / 4)
/* A process that holds the lock is writing a file of some kB. */
#define LOCK_MS 2000

/* --- the file --- */

/* What a file that is no sheet held is put beside it, for a person to look at. */
static void
set_aside(const char *path, const email__buf *bytes)
{
	email__buf beside;
	email_error ignored = {0};

	email__buf_init(&beside, EMAIL__TEXT_MAX);
	if (email__buf_addf(&beside, "%s.damaged", path) == EMAIL_OK && email__buf_text(&beside))
		(void)email__file_save(email__buf_text(&beside), email__buf_head(bytes),
		                       email__buf_len(bytes), true, &ignored);
	email__buf_dispose(&beside);
}

/* What stands there; an empty one where there is none, or it is damaged. NULL where that cannot be told for now (no
 * memory, no right, an I/O error, too large): whoever wrote over it then would lose what others have written. */
static email__sheet *
open_sheet(const char *path)
{
	email__sheet *sheet = NULL;
	email__buf bytes;
	email_error e = {0};
	email_code rc;

	email__buf_init(&bytes, EMAIL__STATUS_SHEET_MAX);
	rc = email__file_read(path, &bytes, &e);
	if (rc == EMAIL_OK) {
		email__error_clear(&e);
		rc = email__sheet_parse(email__buf_head(&bytes), email__buf_len(&bytes),
		                        EMAIL__STATUS_SHEET_MAX, path, ROOT, NAMESPACE, &sheet, &e);
		if (rc == EMAIL_E_SHEET) {
			set_aside(path, &bytes);
			sheet = email__sheet_new(ROOT, NAMESPACE);
		}
	} else if (e.os == ENOENT) {
		sheet = email__sheet_new(ROOT, NAMESPACE);
	}
	email__buf_dispose(&bytes);
	return sheet;
}

static email__node *
find(email__node *parent, const char *element, const char *name)
{
	email__node *node;

	for (node = email__node_first(parent); node; node = email__node_next(node)) {
		const char *given = name ? email__node_attribute(node, "name") : NULL;

		if (strcmp(email__node_name(node), element) == 0 &&
		    (!name || (given && strcmp(given, name) == 0)))
			return node;
	}
	return NULL;
}

/* --- in memory --- */

bool
email__board_init(email__board *board)
{
	memset(board, 0, sizeof *board);
	return email__mutex_init(&board->mutex);
}

void
email__board_dispose(email__board *board)
{
	email__sheet_free(board->sheet);
	email__mutex_dispose(&board->mutex);
}

static bool
change_board(email__board *board, bool (*change)(email__node *root, void *context), void *context)
{
	bool done;

	email__mutex_lock(&board->mutex);
	if (!board->sheet)
		board->sheet = email__sheet_new(ROOT, NAMESPACE);
	done = board->sheet && change(email__sheet_root(board->sheet), context);
	board->revision++;
	email__mutex_unlock(&board->mutex);
	return done;
}

/* --- either --- */

/* Reads, changes, writes: one process at a time. `change` returns false where there is nothing to write. */
static bool
change_file(const char *folder, bool (*change)(email__node *root, void *context), void *context)
{
	char *path = email__path_join(folder, "status.xml"),
	     *lock_path = email__path_join(folder, "status.lock");
	email__sheet *sheet = NULL;
	email_error ignored = {0};
	email__buf bytes;
	bool done = false;
	int lock = -1;

	email__buf_init(&bytes, EMAIL__STATUS_SHEET_MAX);
	if (!path || !lock_path || email__lock_take(lock_path, LOCK_MS, &lock, &ignored))
		goto out;
	if (!(sheet = open_sheet(path)) || !change(email__sheet_root(sheet), context) ||
	    email__sheet_write(sheet, &bytes))
		goto out;
	done = email__file_save(path, email__buf_head(&bytes), email__buf_len(&bytes), true, &ignored) ==
	       EMAIL_OK;
out:
	email__lock_release(lock);
	email__buf_dispose(&bytes);
	email__sheet_free(sheet);
	email__free(lock_path);
	email__free(path);
	return done;
}

static bool
transaction(const email__status_place *place, bool (*change)(email__node *root, void *context), void *context)
{
	return place->folder ? change_file(place->folder, change, context)
	                     : change_board(place->board, change, context);
}

/* --- the rows --- */

/* Kept, though it is no property: how long the certificate's life is (account/check.c). */
static const email__property not_before = {.p = {.name = "serverCertificateNotBefore"},
                                           .type = EMAIL__TYPE_TIME,
                                           .offset = offsetof(email__values, server_certificate_not_before)};

/* Rows are walked by their place in the table, and one behind its end. */
static size_t
row_count(void)
{
	return email__account_table.count + 1;
}

/* NULL: this row is not kept. Of what is computed only the status is: by its bits. */
static const email__property *
kept_row(size_t i, const email_account *account)
{
	const email__property *row;

	if (i == email__account_table.count)
		return &not_before;
	row = &email__account_table.row[i];
	if (!row->p.read_only || !email__property_of_kind(row, account->kind) ||
	    !email__property_of_authenticator(row, account->v.auth_type) ||
	    row->offset == offsetof(email__values, queue_size)) /* the queue itself knows */
		return NULL;
	return !row->compute || row->type == EMAIL__TYPE_STATUS ? row : NULL;
}

/* Counted by each process on its own, and added up in the file. */
static bool
is_count(const email__property *row)
{
	return row->type == EMAIL__TYPE_INTEGER;
}

static int64_t *
number(const email__property *row, email__values *v)
{
	return (int64_t *)(void *)((char *)v + row->offset);
}

/* The bits of "down,fault"; "ok" is none. */
static int64_t
status_bits(const char *text)
{
	return (strstr(text, "unverified") ? EMAIL__STATUS_UNVERIFIED : 0) |
	       (strstr(text, "down") ? EMAIL__STATUS_DOWN : 0) |
	       (strstr(text, "fault") ? EMAIL__STATUS_FAULT : 0);
}

static email_code
print(const email__property *row, email_account *account, email__buf *out)
{
	email__buf_clear(out);
	if (row->compute)
		return email__value_print_number(row, account->v.status_bits, out);
	return email__value_print(row, &account->v, out);
}

static void
load_text(const email__property *row, email_account *account, const char *text)
{
	email_error ignored = {0};

	if (row->compute)
		account->v.status_bits = status_bits(text);
	else if (is_count(row))
		/* its row has no range: nobody sets it */
		(void)email__str_number(text, 0, COUNT_MAX, number(row, &account->v));
	else if (row->type == EMAIL__TYPE_TIME)
		(void)email__time_read(text, number(row, &account->v));
	else
		(void)email__value_parse(row, &account->v, text, &ignored);
}

static void
load_default(const email__property *row, email_account *account)
{
	if (row->compute)
		account->v.status_bits = EMAIL__STATUS_UNVERIFIED;
	else if (is_count(row) || row->type == EMAIL__TYPE_TIME)
		*number(row, &account->v) = 0;
	else
		(void)email__value_reset(row, &account->v);
}

/* The row as the file has it; what cannot be read leaves it as it is. */
static void
load_row(email__node *node, const email__property *row, email_account *account)
{
	email__node *element = find(node, row->p.name, NULL);
	email__buf text;

	if (!element) {
		load_default(row, account);
		return;
	}
	email__buf_init(&text, EMAIL__TEXT_MAX);
	if (email__node_text(element, &text) == EMAIL_OK && email__buf_text(&text))
		load_text(row, account, email__buf_text(&text));
	email__buf_dispose(&text);
}

/* --- what the file is known to say --- */

/* Kept as texts, a place for each row, so that what this process changed is told from what others did. */
static void
note(email_account *account)
{
	email__buf text;
	size_t i;

	if (!account->status_seen)
		account->status_seen = email__calloc(row_count(), sizeof *account->status_seen);
	email__buf_init(&text, EMAIL__TEXT_MAX);
	for (i = 0; account->status_seen && i < row_count(); i++) {
		const email__property *row = kept_row(i, account);

		if (!row)
			continue;
		email__free(account->status_seen[i]);
		account->status_seen[i] = print(row, account, &text) == EMAIL_OK && email__buf_text(&text)
		                                  ? email__strdup(email__buf_text(&text))
		                                  : NULL;
	}
	account->status_seen_count = account->status_seen ? row_count() : 0;
	email__buf_dispose(&text);
}

static const char *
seen(const email_account *account, size_t i)
{
	return account->status_seen ? account->status_seen[i] : NULL;
}

/* For the first time: all there is. */
static void
load_all(email__node *node, email_account *account)
{
	size_t i;

	for (i = 0; node && i < row_count(); i++)
		if (kept_row(i, account))
			load_row(node, kept_row(i, account), account);
	note(account);
}

static bool
put_row(email__node *node, const char *name, email__buf *text)
{
	email__node *element = find(node, name, NULL);
	const char *value = email__buf_text(text);

	if (!value)
		return false;
	if (value[0] == '\0') {
		if (element)
			email__node_remove(element);
		return true;
	}
	if (!element && !(element = email__node_add(node, NULL, name)))
		return false;
	return email__node_set_text(element, value) != EMAIL_E_MEMORY;
}

/* What others have written since comes in: to a count it is added, else it stands where this process has changed
 * nothing. A count that then cannot be written is known by the file's number, so that nothing counts twice. */
static bool
merge(email__node *node, const email__property *row, email_account *account, size_t i, email__buf *text)
{
	const char *before = seen(account, i);
	int64_t known = 0, more;

	if (is_count(row)) {
		if (before && !email__str_number(before, 0, COUNT_MAX, &known))
			known = 0;
		more = *number(row, &account->v) - known;
		*number(row, &account->v) = known;
		load_row(node, row, account);
		if (print(row, account, text) || !email__buf_text(text) || !account->status_seen)
			return false;
		email__free(account->status_seen[i]);
		account->status_seen[i] = email__strdup(email__buf_text(text));
		*number(row, &account->v) +=
			*number(row, &account->v) + more > 0 ? more : -*number(row, &account->v);
		return account->status_seen[i] != NULL;
	}
	/* what a session has just told is news also where it is the same as before */
	if (account->status_judged && (row->compute || row->offset == offsetof(email__values, fault_cause)))
		return true;
	if (print(row, account, text) || !email__buf_text(text))
		return false;
	if (before && strcmp(before, email__buf_text(text)) == 0)
		load_row(node, row, account);
	return true;
}

/* A row that this process has not changed since it knew the file: as it stands there now. */
static void
load_unchanged(email__node *node, const email__property *row, email_account *account, size_t i,
               email__buf *text)
{
	const char *before = seen(account, i);

	if (!before || print(row, account, text) || !email__buf_text(text) ||
	    strcmp(before, email__buf_text(text)) != 0)
		return;
	load_row(node, row, account);
	if (print(row, account, text) || !email__buf_text(text))
		return;
	email__free(account->status_seen[i]);
	account->status_seen[i] = email__strdup(email__buf_text(text));
}

/* Once more: what others have changed comes in. */
static void
load_news(email__node *node, email_account *account)
{
	email__buf text;
	size_t i;

	email__buf_init(&text, EMAIL__TEXT_MAX);
	for (i = 0; i < row_count(); i++) {
		const email__property *row = kept_row(i, account);

		if (row && is_count(row))
			(void)merge(node, row, account, i, &text);
		else if (row)
			load_unchanged(node, row, account, i, &text);
	}
	email__buf_dispose(&text);
}

static void
load_from(email__sheet *sheet, email_account *account)
{
	email__node *node = sheet ? find(email__sheet_root(sheet), ACCOUNT, account->name) : NULL;

	if (!account->status_seen)
		load_all(node, account);
	else if (node)
		load_news(node, account);
}

static bool
is_news(email_account *account, const email__file_stamp *stamp)
{
	if (account->status_seen && memcmp(stamp, &account->status_stamp, sizeof *stamp) == 0)
		return false;
	account->status_stamp = *stamp;
	return true;
}

static void
load_file(const char *folder, email_account *account)
{
	char *path = email__path_join(folder, "status.xml");
	email__file_stamp stamp = {0};
	email__sheet *sheet = NULL;

	if (path && email__file_stamp_get(path, &stamp) && is_news(account, &stamp)) {
		sheet = open_sheet(path);
		load_from(sheet, account);
	} else if (!account->status_seen)
		load_from(NULL, account);
	email__sheet_free(sheet);
	email__free(path);
}

void
email__status_load(const email__status_place *place, email_account *account)
{
	email__file_stamp stamp = {0};

	if (place->folder) {
		load_file(place->folder, account);
		return;
	}
	email__mutex_lock(&place->board->mutex);
	stamp.size = place->board->revision;
	if (is_news(account, &stamp))
		load_from(place->board->sheet, account);
	email__mutex_unlock(&place->board->mutex);
}

static bool
save_account(email__node *root, void *context)
{
	email_account *account = context;
	email__node *node = find(root, ACCOUNT, account->name);
	bool fresh = !node, ok = true;
	email__buf text;
	size_t i;

	if (fresh && (!(node = email__node_add(root, NULL, ACCOUNT)) ||
	              email__node_set_attribute(node, "name", account->name)))
		return false;
	email__buf_init(&text, EMAIL__TEXT_MAX);
	for (i = 0; ok && i < row_count(); i++) {
		const email__property *row = kept_row(i, account);

		if (!row)
			continue;
		ok = (fresh || merge(node, row, account, i, &text)) &&
		     print(row, account, &text) == EMAIL_OK && put_row(node, row->p.name, &text);
	}
	email__buf_dispose(&text);
	return ok;
}

void
email__status_save(const email__status_place *place, email_account *account)
{
	email_error ignored = {0};

	if ((place->folder && email__folder_make(place->folder, &ignored)) ||
	    !transaction(place, save_account, account))
		return;
	note(account);
	account->status_unsaved = account->status_judged = false;
}

static bool
forget(email__node *root, void *context)
{
	email__node *node = find(root, ACCOUNT, context);

	if (node)
		email__node_remove(node);
	return node != NULL;
}

void
email__status_forget(const email__status_place *place, const char *name)
{
	if (!place->folder || email__file_exists(place->folder))
		(void)transaction(place, forget, (void *)(uintptr_t)name);
}
