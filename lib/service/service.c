/* SPDX-License-Identifier: MIT */
#include <emailservice/service.h>

#include <stdio.h>
#include <string.h>

#include "account/value.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "os/file.h"
#include "service/contents.h"
#include "service/sealkey.h"
#include "service/status.h"

struct email_service {
	email__contents c;
	char *state_override; /* NULL: the property says */
	email_trust *trust;
	bool trust_opened;
	email__seal_source seal;
	email__owner owner; /* what the accounts see of this */
	email_error error;
};

/* --- what accounts may ask --- */

static email_trust *
lend_trust(void *service)
{
	return email_service_trust(service);
}

static bool
name_taken(void *context, const char *name)
{
	const email_service *service = context;

	return email__contents_find(&service->c, name) != NULL;
}

/* NULL: no memory. */
static char *
state_folder(const email_service *service, const email__contents *c)
{
	if (service->state_override)
		return email__strdup(service->state_override);
	return c->path ? email__path_beside(c->path, c->v.state_folder) : email__strdup(c->v.state_folder);
}

/* A service that was never loaded or saved, and was given no folder, has no place for what lasts: NULL. */
static char *
lasting_folder(void *context)
{
	email_service *service = context;

	return service->c.path || service->state_override ? state_folder(service, &service->c) : NULL;
}

static void
with_status(email_service *service, email_account *account, void (*act)(const char *folder, email_account *))
{
	char *folder = lasting_folder(service);

	if (folder)
		act(folder, account);
	email__free(folder);
}

static void
status_load(void *service, email_account *account)
{
	with_status(service, account, email__status_load);
}

static void
status_save(void *service, email_account *account)
{
	with_status(service, account, email__status_save);
}

static void
status_forget(email_service *service, const char *name)
{
	char *folder = lasting_folder(service);

	if (folder)
		email__status_forget(folder, name);
	email__free(folder);
}

/* What the second of email__status_keep() held back. */
static void
save_statuses(email_service *service)
{
	size_t i;

	for (i = 0; i < service->c.count; i++)
		if (service->c.entry[i].account->status_unsaved)
			status_save(service, service->c.entry[i].account);
}

static email_code
seal_key(void *context, unsigned char *key, email_error *e)
{
	const email_service *service = context;

	return email__seal_source_key(&service->seal, key, e);
}

/* Accounts in threads of their own, and other processes, may have one to write too. What cannot be locked is written all
 * the same: a secret that is lost is lost for good. */
#define LOCK_MS 5000

static int
lock_sheet(email_service *service)
{
	char *folder = lasting_folder(service);
	char *path = folder ? email__path_join(folder, "sheet.lock") : NULL;
	email_error ignored = {0};
	int lock = -1;

	if (path && email__folder_make(folder, &ignored) == EMAIL_OK)
		(void)email__lock_take(path, LOCK_MS, &lock, &ignored);
	email__free(path);
	email__free(folder);
	return lock;
}

static email_code
secret_save(void *context, const email_account *account, const email__secret *secret, const char *text,
            email_error *e)
{
	email_service *service = context;
	const email__service_entry *entry = email__contents_find(&service->c, account->name);
	email_code rc;
	int lock;

	/* no sheet, or none that knows the account: the application keeps it, or saves it yet */
	if (!service->c.path || !entry || !entry->node)
		return EMAIL_OK;
	lock = lock_sheet(service);
	rc = email__contents_replace(service->c.path, email__node_attribute(entry->node, "name"), account, secret, text,
	                             e);
	email__lock_release(lock);
	return rc;
}

/* Accounts know their service by its address, and their sheet by the service's copy of the path. */
static void
adopt(email_service *service)
{
	size_t i;

	for (i = 0; i < service->c.count; i++) {
		service->c.entry[i].account->owner = &service->owner;
		service->c.entry[i].account->sheet_path = service->c.path;
	}
}

/* --- making and freeing --- */

email_service *
email_service_new(void)
{
	email_service *service = email__new(email_service);

	if (!service)
		return NULL;
	if (email__contents_init(&service->c)) {
		email__free(service);
		return NULL;
	}
	service->owner = (email__owner){.service = service,
	                                .trust = lend_trust,
	                                .name_taken = name_taken,
	                                .status_load = status_load,
	                                .status_save = status_save,
	                                .state_folder = lasting_folder,
	                                .seal_key = seal_key,
	                                .secret_save = secret_save};
	if (!(service->trust = email_trust_new())) {
		email_service_free(service);
		return NULL;
	}
	return service;
}

void
email_service_free(email_service *service)
{
	if (!service)
		return;
	save_statuses(service);
	email__contents_dispose(&service->c);
	email_trust_free(service->trust);
	email__free(service->state_override);
	email__seal_source_dispose(&service->seal);
	email__free(service);
}

const email_error *
email_service_error(const email_service *service)
{
	return &service->error;
}

/* --- the state folder and trust --- */

email_trust *
email_service_trust(email_service *service)
{
	char *folder;

	if (service->trust_opened)
		return service->trust;
	folder = state_folder(service, &service->c);
	if (folder) {
		/* what went wrong is in email_trust_error() */
		email_trust_open(service->trust, folder);
		service->trust_opened = true;
	}
	email__free(folder);
	return service->trust;
}

email_code
email_service_set_state_folder(email_service *service, const char *folder)
{
	char *copy = NULL;

	email__error_clear(&service->error);
	if (folder && !(copy = email__strdup(folder)))
		return email__error_memory(&service->error, EMAIL_STAGE_NONE);
	email__free(service->state_override);
	service->state_override = copy;
	return EMAIL_OK;
}

/* A new sheet with another state folder needs a new trust object: *trust, else NULL. */
static email_code
trust_for(const email_service *service, const email__contents *next, email_trust **trust)
{
	char *old, *new;
	email_code rc = EMAIL_OK;

	*trust = NULL;
	if (!service->trust_opened)
		return EMAIL_OK;
	old = state_folder(service, &service->c);
	new = state_folder(service, next);
	if (!old || !new || (strcmp(old, new) != 0 && !(*trust = email_trust_new())))
		rc = EMAIL_E_MEMORY;
	email__free(old);
	email__free(new);
	return rc;
}

/* --- load and save --- */

email_code
email_service_load(email_service *service, const char *path, email_error *error)
{
	email__contents next;
	email_trust *trust;
	email_code rc;

	email__error_clear(error);
	if ((rc = email__contents_read(path, &next, error)))
		return rc;
	if (trust_for(service, &next, &trust)) {
		email__contents_dispose(&next);
		return email__error_memory(error, EMAIL_STAGE_SHEET);
	}
	save_statuses(service);
	email__contents_dispose(&service->c);
	service->c = next;
	adopt(service);
	if (trust) {
		email_trust_free(service->trust);
		service->trust = trust;
		service->trust_opened = false;
	}
	return EMAIL_OK;
}

email_code
email_service_save(email_service *service, const char *path, email_error *error)
{
	char *first = NULL;
	email_code rc;

	email__error_clear(error);
	/* the first file that it is saved to is its sheet from then on */
	if (!service->c.path && !(first = email__strdup(path)))
		return email__error_memory(error, EMAIL_STAGE_SHEET);
	rc = email__contents_save(&service->c, path, error);
	if (rc == EMAIL_OK && first) {
		service->c.path = first;
		adopt(service);
		first = NULL;
	}
	email__free(first);
	return rc;
}

/* --- the key of sealed secrets --- */

void
email_service_set_seal_key(email_service *service, email_seal_key_fn key, void *context)
{
	email__seal_source_dispose(&service->seal);
	service->seal = (email__seal_source){.ask = key, .context = context};
}

email_code
email_service_set_seal_key_file(email_service *service, const char *path)
{
	unsigned char key[EMAIL_SEAL_KEY_SIZE];
	email__seal_source next = {.path = NULL};
	email_code rc;

	email__error_clear(&service->error);
	if (!path) {
		email__seal_source_dispose(&service->seal);
		return EMAIL_OK;
	}
	if (!(next.path = email__strdup(path)))
		return email__error_memory(&service->error, EMAIL_STAGE_NONE);
	rc = email__seal_source_key(&next, key, &service->error);
	email__wipe(key, sizeof key);
	email__seal_source_dispose(rc ? &next : &service->seal);
	if (rc == EMAIL_OK)
		service->seal = next;
	return rc;
}

/* --- accounts --- */

email_account *
email_service_account(email_service *service, const char *name)
{
	email__service_entry *entry = email__contents_find(&service->c, name);

	return entry ? entry->account : NULL;
}

email_account *
email_service_account_at(email_service *service, size_t i)
{
	return i < service->c.count ? service->c.entry[i].account : NULL;
}

/* The record for a name that no account has, or one that is taken or not valid. */
static email_code
name_error(email_service *service, email_code code, const char *name, const char *why)
{
	char shown[EMAIL__NAME_MAX + 1];

	email__printable(shown, sizeof shown, name ? name : "", name ? strlen(name) : 0);
	email__error_set(&service->error, code, EMAIL_STAGE_SHEET, "%s \"%s\"", why, shown);
	snprintf(service->error.property, sizeof service->error.property, "name");
	return code;
}

static email_code
no_account(email_service *service, const char *name)
{
	return name_error(service, EMAIL_E_UNKNOWN, name, "there is no account");
}

static email_code
may_take_name(email_service *service, const char *name)
{
	if (!email_account_name_valid(name))
		return name_error(
			service, EMAIL_E_VALUE, name,
			"expected 1 to 64 bytes, no '/' or control character, no leading '.' or '-', not");
	if (email__contents_find(&service->c, name))
		return name_error(service, EMAIL_E_VALUE, name, "there is already an account");
	return EMAIL_OK;
}

email_code
email_service_add(email_service *service, email_account_kind kind, const char *name, email_account **account)
{
	email_account *made;
	email_code rc;

	email__error_clear(&service->error);
	if (account)
		*account = NULL;
	if ((rc = may_take_name(service, name)))
		return rc;
	if (!(made = email_account_new(kind, name)))
		return email__error_memory(&service->error, EMAIL_STAGE_SHEET);
	if ((rc = email__contents_add(&service->c, made, NULL))) {
		email_account_free(made);
		return email__error_set(&service->error, rc, EMAIL_STAGE_SHEET, "%s", email_code_text(rc));
	}
	made->owner = &service->owner;
	if (account)
		*account = made;
	return EMAIL_OK;
}

email_code
email_service_remove(email_service *service, const char *name)
{
	email__contents *c = &service->c;
	email__service_entry *entry = email__contents_find(c, name);
	size_t i;

	email__error_clear(&service->error);
	if (!entry)
		return no_account(service, name);
	if (entry->node)
		email__node_remove(entry->node);
	status_forget(service, name);
	email_account_free(entry->account);
	i = (size_t)(entry - c->entry);
	memmove(entry, entry + 1, (c->count - i - 1) * sizeof *entry);
	c->count--;
	return EMAIL_OK;
}

email_code
email_service_rename(email_service *service, const char *name, const char *new_name)
{
	email__service_entry *entry = email__contents_find(&service->c, name);
	char old[EMAIL__NAME_MAX + 1];
	email_code rc;

	email__error_clear(&service->error);
	if (!entry)
		return no_account(service, name);
	if (strcmp(name, new_name) == 0)
		return EMAIL_OK;
	if ((rc = may_take_name(service, new_name)))
		return rc;
	email__status_know(entry->account);
	/* `name` may be the account's own */
	snprintf(old, sizeof old, "%s", name);
	if ((rc = email_account_set(entry->account, "name", new_name))) {
		service->error = entry->account->error;
		return rc;
	}
	status_forget(service, old);
	/* under its new name it is new to the file */
	entry->account->status_unsaved = true;
	return EMAIL_OK;
}

/* --- its own properties --- */

static email_code
find_row(email_service *service, const char *property, const email__property **row)
{
	const char *near;
	char shown[64];

	email__error_clear(&service->error);
	if ((*row = email__table_find(&email__service_table, property)))
		return EMAIL_OK;
	near = email__table_nearest(&email__service_table, -1, false, property);
	/* what looks like none may be a secret at the wrong place, which is not repeated */
	email__printable(shown, sizeof shown, near ? property : "of that name", strlen(near ? property : "of that name"));
	email__error_set(&service->error, EMAIL_E_UNKNOWN, EMAIL_STAGE_SHEET,
	                 "the service has no property %s", shown);
	if (near) {
		snprintf(service->error.property, sizeof service->error.property, "%s", shown);
		email__error_remedy(&service->error, "did you mean %s?", near);
	}
	return EMAIL_E_UNKNOWN;
}

email_code
email_service_set(email_service *service, const char *property, const char *text)
{
	const email__property *row;
	email_code rc;

	if ((rc = find_row(service, property, &row)))
		return rc;
	if (row->p.read_only)
		rc = email__error_set(&service->error, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
		                      "%s is status: it can be read, not set", row->p.name);
	else
		rc = email__value_parse(row, &service->c.v, text ? text : row->p.default_text,
		                        &service->error);
	if (rc)
		snprintf(service->error.property, sizeof service->error.property, "%s", row->p.name);
	return rc;
}

/* The account that is worst off, and how: an account that somebody disabled is no worry. NULL: none. */
static const email_account *
worst_account(const email_service *service, int64_t *status)
{
	static const int64_t order[] = {EMAIL__STATUS_FAULT, EMAIL__STATUS_DOWN, EMAIL__STATUS_UNVERIFIED,
	                                EMAIL__STATUS_DISABLED};
	size_t i, k;

	for (k = 0; k < sizeof order / sizeof order[0]; k++) {
		for (i = 0; i < service->c.count; i++) {
			email_account *account = service->c.entry[i].account;

			email__status_know(account);
			*status = email__effective_status(account) & order[k];
			/* nothing is expected of a disabled account: that no session was had is as it should be */
			if (*status && (order[k] != EMAIL__STATUS_UNVERIFIED || account->v.enabled))
				return account;
		}
	}
	*status = service->c.count ? 0 : EMAIL__STATUS_UNVERIFIED;
	return NULL;
}

static email_code
print(const email_service *service, const email__property *row, email__buf *out)
{
	int64_t status;
	const email_account *worst = worst_account(service, &status);

	if (!row->p.read_only)
		return email__value_print(row, &service->c.v, out);
	if (row->type != EMAIL__TYPE_STATUS)
		return worst && worst->v.fault_cause[0]
		               ? email__buf_addf(out, "%s: %s", worst->name, worst->v.fault_cause)
		               : EMAIL_OK;
	if (!service->c.v.enabled)
		status = EMAIL__STATUS_DISABLED;
	return email__value_print_number(row, status, out);
}

email_code
email_service_get(email_service *service, const char *property, char *text, size_t size)
{
	const email__property *row;
	email__buf out;
	email_code rc;

	if (size)
		text[0] = '\0';
	if ((rc = find_row(service, property, &row)))
		return rc;
	email__buf_init(&out, EMAIL__TEXT_MAX + EMAIL__NAME_MAX + 2);
	rc = print(service, row, &out);
	if (rc == EMAIL_OK)
		rc = email__text_out(&out, text, size);
	email__buf_dispose(&out);
	return rc ? email__error_set(&service->error, rc, EMAIL_STAGE_SHEET, "%s", email_code_text(rc))
	          : EMAIL_OK;
}

void
email_text_free(char *text)
{
	email__free(text);
}
