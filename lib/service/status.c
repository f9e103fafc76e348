/* SPDX-License-Identifier: MIT */
#include "service/status.h"

#include <string.h>

#include "account/value.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/file.h"
#include "sheet/sheet.h"
#include "trust/record.h"

#define ROOT "status"
#define NAMESPACE "urn:emailservice:status:1"
#define ACCOUNT "account"
/* A process that holds the lock is writing a file of some kB. */
#define LOCK_MS 2000

/* --- the file --- */

/* What stands there; an empty one where there is none, or it cannot be read. NULL: no memory. */
static email__sheet *
open_sheet(const char *path)
{
	email__sheet *sheet = NULL;
	email__buf bytes;
	email_error ignored = {0};

	email__buf_init(&bytes, EMAIL__SHEET_MAX);
	if (email__file_read(path, &bytes, &ignored) == EMAIL_OK)
		(void)email__sheet_parse(email__buf_head(&bytes), email__buf_len(&bytes), EMAIL__SHEET_MAX,
		                         path, ROOT, NAMESPACE, &sheet, &ignored);
	email__buf_dispose(&bytes);
	return sheet ? sheet : email__sheet_new(ROOT, NAMESPACE);
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

/* Reads, changes, writes: one process at a time. `change` returns false where there is nothing to write. */
static bool
transaction(const char *folder, bool (*change)(email__node *root, void *context), void *context)
{
	char *path = email__path_join(folder, "status.xml"),
	     *lock_path = email__path_join(folder, "status.lock");
	email__sheet *sheet = NULL;
	email_error ignored = {0};
	email__buf bytes;
	bool done = false;
	int lock = -1;

	email__buf_init(&bytes, EMAIL__SHEET_MAX);
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

/* --- the rows --- */

static bool
is_kept(const email__property *row, email_account_kind kind)
{
	return row->p.read_only && !row->compute && email__property_of_kind(row, kind);
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

static void
load_row(email__node *node, const email__property *row, email_account *account)
{
	email__node *element = find(node, row->p.name, NULL);
	email_error ignored = {0};
	email__buf text;

	email__buf_init(&text, EMAIL__TEXT_MAX);
	if (element && email__node_text(element, &text) == EMAIL_OK && email__buf_text(&text)) {
		if (row->compute)
			account->v.status_bits = status_bits(email__buf_text(&text));
		else if (is_count(row))
			/* its row has no range: nobody sets it */
			(void)email__str_number(email__buf_text(&text), 0, INT64_MAX,
			                        number(row, &account->v));
		else if (row->type == EMAIL__TYPE_TIME)
			(void)email__time_read(email__buf_text(&text), number(row, &account->v));
		else
			(void)email__value_parse(row, &account->v, email__buf_text(&text), &ignored);
	}
	email__buf_dispose(&text);
}

static const email__property *
status_row(void)
{
	return email__table_find(&email__account_table, "status");
}

static void
load_account(email__node *node, email_account *account)
{
	size_t i;

	load_row(node, status_row(), account);
	for (i = 0; i < email__account_table.count; i++)
		if (is_kept(&email__account_table.row[i], account->kind))
			load_row(node, &email__account_table.row[i], account);
}

void
email__status_load(const char *folder, email_account *account)
{
	char *path = email__path_join(folder, "status.xml");
	email__sheet *sheet = path && email__file_exists(path) ? open_sheet(path) : NULL;
	email__node *node = sheet ? find(email__sheet_root(sheet), ACCOUNT, account->name) : NULL;

	if (node)
		load_account(node, account);
	account->counted = (email__counts){account->v.number_sent, account->v.number_discarded,
	                                   account->v.number_received};
	email__sheet_free(sheet);
	email__free(path);
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

/* What of a count the file knows of already; NULL where it is no count of ours. */
static int64_t *
known(const email__property *row, email_account *account)
{
	if (number(row, &account->v) == &account->v.number_sent)
		return &account->counted.sent;
	if (number(row, &account->v) == &account->v.number_discarded)
		return &account->counted.discarded;
	return number(row, &account->v) == &account->v.number_received ? &account->counted.received : NULL;
}

/* What others have counted since comes in; what this process has counted goes out. Should the file not be
 * written after all, `known` still tells the two apart. */
static void
add_up(email__node *node, const email__property *row, email_account *account)
{
	int64_t *mine = number(row, &account->v), *before = known(row, account), more;

	if (!before)
		return;
	more = *mine - *before;
	*mine = 0;
	load_row(node, row, account);
	*before = *mine;
	*mine = *mine + more > 0 ? *mine + more : 0;
}

static bool
save_account(email__node *root, void *context)
{
	email_account *account = context;
	email__node *node = find(root, ACCOUNT, account->name);
	email__buf text;
	bool ok = true;
	size_t i;

	if (!node && (!(node = email__node_add(root, NULL, ACCOUNT)) ||
	              email__node_set_attribute(node, "name", account->name)))
		return false;
	email__buf_init(&text, EMAIL__TEXT_MAX);
	if (email__value_print_number(status_row(), account->v.status_bits, &text) ||
	    !put_row(node, "status", &text))
		ok = false;
	for (i = 0; ok && i < email__account_table.count; i++) {
		const email__property *row = &email__account_table.row[i];

		if (!is_kept(row, account->kind))
			continue;
		if (is_count(row))
			add_up(node, row, account);
		email__buf_clear(&text);
		ok = email__value_print(row, &account->v, &text) == EMAIL_OK &&
		     put_row(node, row->p.name, &text);
	}
	email__buf_dispose(&text);
	return ok;
}

void
email__status_save(const char *folder, email_account *account)
{
	email_error ignored = {0};

	if (email__folder_make(folder, &ignored) || !transaction(folder, save_account, account))
		return;
	account->counted = (email__counts){account->v.number_sent, account->v.number_discarded,
	                                   account->v.number_received};
	account->status_unsaved = false;
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
email__status_forget(const char *folder, const char *name)
{
	if (email__file_exists(folder))
		(void)transaction(folder, forget, (void *)(uintptr_t)name);
}
