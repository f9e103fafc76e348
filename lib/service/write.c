/* SPDX-License-Identifier: MIT */
/*
 * From objects to the sheet that they came from. What an element means is found by reading it as a sheet
 * is read; only where that differs from the object is it changed, so that a person's comments, order and
 * spellings stay, and a sheet that nobody changed keeps every byte.
 */
#include "service/contents.h"

#include <stdio.h>
#include <string.h>

#include "account/accept.h"
#include "account/value.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/file.h"

/* A level of the tree: whose children stand for which rows. */
typedef struct level {
	const email__table *table;
	bool fields; /* of an authenticator */
} level;

static const level of_root = {&email__service_table, false};
static const level of_account = {&email__account_table, false};
static const level of_authenticator = {&email__account_table, true};

static email__node *
child(email__node *parent, const char *name)
{
	email__node *node;

	for (node = email__node_first(parent); node; node = email__node_next(node))
		if (strcmp(email__node_name(node), name) == 0)
			return node;
	return NULL;
}

/* The element that a row is kept in. */
static const char *
element_name(const level *at, const email__property *row)
{
	return at->fields ? email__property_field(row) : row->p.name;
}

/* Where an element stands in the order of the table; accounts come after everything. */
static size_t
rank(const level *at, const char *name)
{
	size_t i;

	if (!at->fields && strcmp(name, EMAIL__AUTHENTICATOR) == 0)
		name = EMAIL__AUTHENTICATOR_TYPE;
	for (i = 0; i < at->table->count; i++) {
		const char *known = element_name(at, &at->table->row[i]);

		if (known && strcmp(known, name) == 0)
			break;
	}
	return i;
}

static email__node *
add(const level *at, email__node *parent, const char *name)
{
	size_t mine = rank(at, name);
	email__node *before = email__node_first(parent);

	while (before && rank(at, email__node_name(before)) <= mine)
		before = email__node_next(before);
	return email__node_add(parent, before, name);
}

/* --- one property --- */

/* White space at its ends would be taken for indentation, and XML has no control characters. */
static bool
secret_can_be_kept(const email__secret *secret)
{
	size_t n = secret->kind == EMAIL__SECRET_VALUE ? strlen(secret->text) : 0;

	return n == 0 ||
	       (secret->text[0] != ' ' && secret->text[n - 1] != ' ' && email__text_valid(secret->text, n));
}

static email_code
fill(email__node *node, const email__property *row, void *values, const char *text, email_error *e)
{
	const email__secret *secret = row->p.secret ? email__value_secret(row, values) : NULL;

	if (!secret)
		return email__node_set_text(node, text);
	if (secret->kind == EMAIL__SECRET_SEALED)
		return email__node_set_attribute(node, "sealed", secret->text);
	if (secret->kind != EMAIL__SECRET_VALUE)
		return email__node_set_attribute(node, "ref", text);
	if (!secret_can_be_kept(secret)) {
		email__error_set(
			e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
			"a sheet cannot hold %s: it has white space at its ends, or control characters",
			row->p.name);
		email__error_remedy(e, "keep it in a file of its own: file:PATH");
		return EMAIL_E_VALUE;
	}
	return email__node_set_text(node, secret->text);
}

/* A secret gets a new element, so that value and ref never stand together, even where memory ends. */
static email_code
put_text(const level *at, email__node *parent, const email__property *row, void *values, const char *text,
         email_error *e)
{
	const char *name = element_name(at, row);
	email__node *old = child(parent, name), *node = old;
	email_code rc;

	if (!old)
		node = add(at, parent, name);
	else if (row->p.secret)
		node = email__node_add(parent, old, name);
	if (!node)
		return EMAIL_E_MEMORY;
	rc = fill(node, row, values, text, e);
	if (node == old)
		return rc;
	if (rc)
		email__node_remove(node);
	else if (old)
		email__node_remove(old);
	return rc;
}

static email_code
put_property(const level *at, email__node *parent, const email__property *row, void *values,
             const void *defaults, email_error *e)
{
	email__node *old = child(parent, element_name(at, row));
	email__buf text;
	const char *s;
	email_code rc;

	if (email__value_equal(row, values, defaults)) {
		if (old)
			email__node_remove(old);
		return EMAIL_OK;
	}
	email__buf_init(&text, EMAIL__SECRET_GIVEN_MAX + 1);
	text.secret = true;
	rc = email__value_print(row, values, &text);
	if (rc == EMAIL_OK)
		rc = (s = email__buf_text(&text)) ? put_text(at, parent, row, values, s, e) : EMAIL_E_MEMORY;
	email__buf_dispose(&text);
	if (rc && e && !e->property[0])
		snprintf(e->property, sizeof e->property, "%s", row->p.name);
	return rc;
}

/* --- an account --- */

/* What the type does not have would make the sheet invalid, also where it says no more than a default. */
static void
remove_foreign_fields(email__node *element, int64_t type)
{
	email__node *node = email__node_first(element), *next;
	size_t i;

	for (; node; node = next) {
		next = email__node_next(node);
		i = rank(&of_authenticator, email__node_name(node));
		if (!email__property_of_authenticator(&email__account_table.row[i], type))
			email__node_remove(node);
	}
}

/* The authenticator's type is an attribute of the element that holds its fields; none is no element. */
static email_code
put_authenticator(email__node *node, const email_account *account)
{
	email__node *old = child(node, EMAIL__AUTHENTICATOR), *element = old;
	email_code rc;

	if (account->v.auth_type == EMAIL__AUTH_NONE) {
		if (old)
			email__node_remove(old);
		return EMAIL_OK;
	}
	if (!element && !(element = add(&of_account, node, EMAIL__AUTHENTICATOR)))
		return EMAIL_E_MEMORY;
	rc = email__node_set_attribute(element, "type", email__authenticator_name(account->v.auth_type));
	if (rc == EMAIL_OK)
		remove_foreign_fields(element, account->v.auth_type);
	else if (!old)
		email__node_remove(element);
	return rc;
}

static email_code
put_row(email__node *node, const email__property *row, email_account *account, const email_account *defaults,
        email_error *e)
{
	email__node *parent;

	if (row->type == EMAIL__TYPE_NAME)
		return email__node_set_attribute(node, "name", account->name);
	if (strcmp(row->p.name, EMAIL__AUTHENTICATOR_TYPE) == 0)
		return put_authenticator(node, account);
	if (!email__property_field(row))
		return put_property(&of_account, node, row, &account->v, &defaults->v, e);
	/* without its element the fields are gone already */
	parent = child(node, EMAIL__AUTHENTICATOR);
	return parent ? put_property(&of_authenticator, parent, row, &account->v, &defaults->v, e) : EMAIL_OK;
}

/* Changes what differs between the account and what its element means now. */
static email_code
put_differences(const char *file, email__node *node, email_account *account, const email_account *defaults,
                email_error *e)
{
	email_account *meant = email_account_new(account->kind, email__node_attribute(node, "name"));
	email_code rc;
	size_t i;

	if (!meant)
		return EMAIL_E_MEMORY;
	rc = email__read_account(node, file, meant, e);
	for (i = 0; i < email__account_table.count && rc == EMAIL_OK; i++) {
		const email__property *row = &email__account_table.row[i];

		if (email__property_of_kind(row, account->kind) && !row->p.read_only &&
		    !email__value_equal(row, &meant->v, &account->v))
			rc = put_row(node, row, account, defaults, e);
	}
	email_account_free(meant);
	return rc;
}

static email_code
new_element(email__contents *c, email__service_entry *entry)
{
	email__node *root = email__sheet_root(c->sheet), *node;
	char name[32];
	size_t n = 0;
	const char *word = email__words_at(EMAIL__SHEET_KINDS, (int64_t)entry->account->kind, &n);
	email_code rc;

	snprintf(name, sizeof name, "%.*s", (int)n, word);
	if (!(node = email__node_add(root, NULL, name)))
		return EMAIL_E_MEMORY;
	if ((rc = email__node_set_attribute(node, "name", entry->account->name))) {
		email__node_remove(node);
		return rc;
	}
	entry->node = node;
	return EMAIL_OK;
}

/* The account has them sealed from here on, so that the next save writes the same bytes. */
static email_code
seal_secrets(email_account *account, email_error *e)
{
	email_code rc = EMAIL_OK;
	size_t i;

	for (i = 0; i < email__account_table.count && rc == EMAIL_OK; i++) {
		const email__property *row = &email__account_table.row[i];

		if (row->p.secret &&
		    (rc = email__secret_seal(account, email__value_secret(row, &account->v), e)) && e &&
		    !e->property[0])
			snprintf(e->property, sizeof e->property, "%s", row->p.name);
	}
	return rc;
}

static email_code
sync_account(email__contents *c, email__service_entry *entry, email_error *e)
{
	email_account *defaults = email_account_new(entry->account->kind, entry->account->name);
	email_code rc = defaults ? EMAIL_OK : EMAIL_E_MEMORY;
	int pass;

	if (rc == EMAIL_OK)
		rc = seal_secrets(entry->account, e);
	if (rc == EMAIL_OK && !entry->node)
		rc = new_element(c, entry);
	/* twice: what an element leaves unsaid may change with what another one says (useStartTls gone,
	 * useSsl is true again) */
	for (pass = 0; pass < 2 && rc == EMAIL_OK; pass++)
		rc = put_differences(c->path ? c->path : "", entry->node, entry->account, defaults, e);
	email_account_free(defaults);
	return rc;
}

static bool
holds_secret(email_account *account)
{
	size_t i;

	for (i = 0; i < email__account_table.count; i++) {
		const email__property *row = &email__account_table.row[i];

		if (row->p.secret && email__value_secret(row, &account->v)->kind == EMAIL__SECRET_VALUE)
			return true;
	}
	return false;
}

/* --- the service --- */

static email_code
put_own_differences(email__contents *c, email__service_values *meant, const email__service_values *defaults,
                    email_error *e)
{
	email__node *root = email__sheet_root(c->sheet);
	email_code rc = email__read_service(root, c->path ? c->path : "", meant, e);
	size_t i;

	for (i = 0; i < email__service_table.count && rc == EMAIL_OK; i++) {
		const email__property *row = &email__service_table.row[i];

		if (!row->p.read_only && !email__value_equal(row, meant, &c->v))
			rc = put_property(&of_root, root, row, &c->v, defaults, e);
	}
	return rc;
}

static email_code
sync_service(email__contents *c, email_error *e)
{
	email__service_values meant = {0}, defaults = {0};
	email_code rc = email__values_init(&email__service_table, &meant);

	if (rc == EMAIL_OK)
		rc = email__values_init(&email__service_table, &defaults);
	if (rc == EMAIL_OK)
		rc = put_own_differences(c, &meant, &defaults, e);
	email__values_free(&email__service_table, &meant);
	email__values_free(&email__service_table, &defaults);
	return rc;
}

email_code
email__contents_sync(email__contents *c, bool *secret, email_error *e)
{
	email_code rc;
	size_t i;

	*secret = false;
	if (!c->sheet && !(c->sheet = email__sheet_new(EMAIL__SHEET_ROOT, EMAIL__SHEET_NAMESPACE)))
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	rc = sync_service(c, e);
	for (i = 0; i < c->count && rc == EMAIL_OK; i++) {
		rc = sync_account(c, &c->entry[i], e);
		*secret = *secret || holds_secret(c->entry[i].account);
	}
	return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_SHEET) : rc;
}

static email_code
write_file(email__contents *c, const char *path, bool secret, email_error *e)
{
	email__buf bytes;
	email_code rc;

	/* what is larger could not be loaded again */
	email__buf_init(&bytes, EMAIL__SHEET_MAX);
	bytes.secret = secret;
	rc = email__sheet_write(c->sheet, &bytes);
	if (rc == EMAIL_E_MEMORY)
		email__error_memory(e, EMAIL_STAGE_SHEET);
	else if (rc)
		email__error_set(e, rc, EMAIL_STAGE_SHEET, "the sheet would be larger than %d bytes",
		                 EMAIL__SHEET_MAX);
	else
		rc = email__file_save(path, email__buf_head(&bytes), email__buf_len(&bytes), secret, e);
	email__buf_dispose(&bytes);
	return rc;
}

email_code
email__contents_save(email__contents *c, const char *path, email_error *e)
{
	bool secret;
	email_code rc = email__contents_sync(c, &secret, e);

	if (rc == EMAIL_OK)
		rc = write_file(c, path, secret, e);
	if (rc && e)
		email__error_place(e, path, 0);
	return rc;
}
