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
#include "service/service_state.h"

/* --- what accounts may ask --- */

static email_trust *
lend_trust(void *context)
{
	return email_service_trust(((email__host *)context)->service);
}

static bool
name_taken(void *context, const char *name)
{
	const email_service *service = ((email__host *)context)->service;

	return email__contents_find(&service->c, name) != NULL;
}

/* The name by which the sheet knows it; NULL: it does not. */
static const char *
name_in_sheet(const email_service *service, const email_account *account)
{
	const email__service_entry *entry = email__contents_find(&service->c, account->name);

	return entry && entry->node ? email__node_attribute(entry->node, "name") : NULL;
}

static email_code
secret_save(void *context, const email_account *account, const email__secret *secret, const char *text,
            email_error *e)
{
	email__host *host = context;

	return email__host_save_secret(host, name_in_sheet(host->service, account), account, secret, text, e);
}

static email_code
secret_stored(void *context, const email_account *account, const email__secret *secret, email__buf *out,
              email_error *e)
{
	email__host *host = context;

	return email__host_stored_secret(host, name_in_sheet(host->service, account), account, secret, out,
	                                 e);
}

static email_code
work(void *context, email_account *account, email_error *e)
{
	return email__service_work(((email__host *)context)->service, account, e);
}

/* NULL: no memory. */
static char *
state_folder(const email_service *service, const email__contents *c)
{
	if (service->state_override)
		return email__strdup(service->state_override);
	return c->path ? email__path_beside(c->path, c->v.state_folder) : email__strdup(c->v.state_folder);
}

/* Where the accounts find what lasts. A service that was never loaded or saved, and was given no folder, has no place for
 * it. EMAIL_E_MEMORY: it is where it was. */
static email_code
place_host(email_service *service)
{
	bool lasting = service->c.path || service->state_override;
	char *folder = lasting ? state_folder(service, &service->c) : NULL;
	email_code rc = lasting && !folder ? EMAIL_E_MEMORY
	                                   : email__host_place(&service->host, folder, service->c.path);

	email__free(folder);
	return rc;
}

/* What the second of email__status_keep() held back. */
static void
save_statuses(email_service *service)
{
	email__status_place place = email__host_status(&service->host);
	size_t i;

	for (i = 0; i < service->c.count; i++)
		if (service->c.entry[i].account->status_unsaved)
			email__status_save(&place, service->c.entry[i].account);
}

/* Accounts know their service by its address, and their sheet by the service's copy of the path. */
static void
adopt(email_service *service)
{
	size_t i;

	for (i = 0; i < service->c.count; i++) {
		service->c.entry[i].account->owner = &service->host.owner;
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
	if (!email__shared_init(&service->shared)) {
		email__contents_dispose(&service->c);
		email__free(service);
		return NULL;
	}
	email__host_init(&service->host, &service->shared);
	service->host.service = service;
	service->host.seal = &service->seal;
	service->host.owner.trust = lend_trust;
	service->host.owner.name_taken = name_taken;
	service->host.owner.renaming = email__service_renaming;
	service->host.owner.secret_save = secret_save;
	service->host.owner.secret_stored = secret_stored;
	service->host.owner.work = work;
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
	email_service_stop(service);
	save_statuses(service);
	email__contents_dispose(&service->c);
	email__shared_dispose(&service->shared);
	email__host_dispose(&service->host);
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
	if (place_host(service))
		return email__error_memory(&service->error, EMAIL_STAGE_NONE);
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

/* The new contents in place of the old ones, and to the worker where one runs. EMAIL_E_MEMORY: the service is as it was,
 * and what was new is gone. */
static email_code
exchange(email_service *service, email__contents *next, email_trust *trust)
{
	email__contents before = service->c;
	email_trust *trust_before = service->trust;

	service->c = *next;
	adopt(service);
	if (trust) {
		service->trust = trust;
		service->trust_opened = false;
	}
	if (place_host(service) == EMAIL_OK &&
	    email__service_hand_over(service, trust ? trust_before : NULL) == EMAIL_OK) {
		email__contents_dispose(&before);
		return EMAIL_OK;
	}
	email__contents_dispose(next);
	service->c = before;
	if (trust) {
		email_trust_free(trust);
		service->trust = trust_before;
		service->trust_opened = true;
	}
	/* where it was it fitted, too */
	(void)place_host(service);
	return EMAIL_E_MEMORY;
}

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
	rc = exchange(service, &next, trust);
	if (rc)
		email__error_memory(error, EMAIL_STAGE_SHEET);
	return rc;
}

email_code
email_service_reload(email_service *service, email_error *error)
{
	char *path;
	email_code rc;

	email__error_clear(error);
	if (!service->c.path)
		return email__error_set(error, EMAIL_E_USAGE, EMAIL_STAGE_SHEET, "the service has no sheet");
	if (!(path = email__strdup(service->c.path)))
		return email__error_memory(error, EMAIL_STAGE_SHEET);
	rc = email_service_load(service, path, error);
	email__free(path);
	return rc;
}

/* Its own sheet may have a newer refresh token by now, which is not to be lost. */
static email_code
save_own(email_service *service, email_error *error)
{
	email__contents *c = &service->c;
	int lock = email__contents_shares(c) ? email__host_lock_sheet(&service->host) : -1;
	email_code rc;
	size_t i;

	if (email__contents_shares(c) && email__contents_catch_up(c, c->path))
		rc = email__error_memory(error, EMAIL_STAGE_SHEET);
	else
		rc = email__contents_save(c, c->path, error);
	email__lock_release(lock);
	for (i = 0; i < c->count && rc == EMAIL_OK; i++)
		c->entry[i].account->v.auth_refresh_token.origin = EMAIL__SECRET_SHARED;
	return rc;
}

email_code
email_service_save(email_service *service, const char *path, email_error *error)
{
	email_code rc;

	email__error_clear(error);
	if (service->c.path && strcmp(service->c.path, path) != 0)
		return email__contents_save(&service->c, path, error);
	if (service->c.path)
		return save_own(service, error);
	/* the first file that it is saved to is its sheet from then on */
	if (!(service->c.path = email__strdup(path)))
		return email__error_memory(error, EMAIL_STAGE_SHEET);
	if ((rc = save_own(service, error))) {
		email__free(service->c.path);
		service->c.path = NULL;
		return rc;
	}
	adopt(service);
	return place_host(service) ? email__error_memory(error, EMAIL_STAGE_SHEET) : EMAIL_OK;
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
	email__printable(shown, sizeof shown, near ? property : "of that name",
	                 strlen(near ? property : "of that name"));
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
	if (rc == EMAIL_OK && place_host(service))
		rc = email__error_memory(&service->error, EMAIL_STAGE_SHEET);
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

			email__status_look(account);
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
