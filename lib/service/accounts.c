/* SPDX-License-Identifier: MIT */
/* A service's accounts come, go, and get other names; a queue goes with its account's. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/file.h"
#include "service/service_state.h"

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
	made->owner = &service->host.owner;
	if (account)
		*account = made;
	return EMAIL_OK;
}

static void
status_forget(email_service *service, const char *name)
{
	email__status_place place = email__host_status(&service->host);

	email__status_forget(&place, name);
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
	if (entry->account->kind == EMAIL_OUTGOING &&
	    email__host_queue_size(&service->host, entry->account) > 0) {
		name_error(service, EMAIL_E_VALUE, name, "mail waits in the queue of");
		email__error_remedy(
			&service->error,
			"clear its queue first: what waits becomes dead letters, which stay in its folder");
		return EMAIL_E_VALUE;
	}
	if (entry->node)
		email__node_remove(entry->node);
	/* `name` may be the account's own */
	status_forget(service, name);
	email_account_free(entry->account);
	i = (size_t)(entry - c->entry);
	memmove(entry, entry + 1, (c->count - i - 1) * sizeof *entry);
	c->count--;
	return EMAIL_OK;
}

/* --- another name ----------------------------------------------------------------------------- */

/* Who works the queue just now has its folder open. */
static email_code
nobody_works(email_service *service, email_account *account, email_error *e)
{
	email__now now = email__outbox_now(NULL);
	email__outbox *outbox = service->host.owner.outbox(&service->host, account, e);
	email_code rc;

	if (!outbox)
		return e->code;
	if ((rc = email__spool_start(outbox->spool, &now, e)) == EMAIL_OK)
		email__spool_stop(outbox->spool, &now);
	return rc;
}

/* The queue's folder has the account's name. */
static email_code
move_folder(email_service *service, email_account *account, const char *folder, const char *to,
            email_error *e)
{
	char *queues = email__path_join(service->host.folder, "queue"),
	     *new = queues ? email__path_join(queues, to) : NULL;
	email_code rc;

	if (!new)
		rc = email__error_memory(e, EMAIL_STAGE_QUEUE);
	else if (email__file_exists(new)) {
		rc = email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_QUEUE,
		                      "there is a queue of that name already: %s", new);
		email__error_remedy(
			e,
			"it is of an account that is gone: move it elsewhere, once nobody wants its mails");
	} else if ((rc = nobody_works(service, account, e)) == EMAIL_OK) {
		email__outboxes_drop(&service->shared.outboxes, folder, account->name);
		rc = email__folder_move(folder, new, e);
	}
	email__free(queues);
	email__free(new);
	return rc;
}

static email_code
move_queue(email_service *service, email_account *account, const char *to, email_error *e)
{
	email_code rc = EMAIL_OK;
	char *folder;

	if (service->worker)
		return email__error_set(
			e, EMAIL_E_USAGE, EMAIL_STAGE_QUEUE,
			"an outgoing account gets another name only while the service does not run");
	folder = email__outbox_folder(account, service->host.folder, service->host.sheet, &rc);
	if (rc)
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	if (!folder || account->v.persistence_directory[0]) {
		if (!email__outboxes_rename(&service->shared.outboxes, folder, account->name, to))
			rc = email__error_memory(e, EMAIL_STAGE_QUEUE);
	} else if (email__file_exists(folder))
		rc = move_folder(service, account, folder, to, e);
	email__free(folder);
	return rc;
}

email_code
email__service_renaming(void *host, email_account *account, const char *to, email_error *e)
{
	email_service *service = ((email__host *)host)->service;
	email_code rc;

	if (account->kind == EMAIL_OUTGOING && (rc = move_queue(service, account, to, e)))
		return rc;
	status_forget(service, account->name);
	/* under its new name it is new to the file */
	account->status_unsaved = true;
	return EMAIL_OK;
}

email_code
email_service_rename(email_service *service, const char *name, const char *new_name)
{
	email__service_entry *entry = email__contents_find(&service->c, name);
	email_code rc;

	email__error_clear(&service->error);
	if (!entry)
		return no_account(service, name);
	if (new_name && strcmp(name, new_name) == 0)
		return EMAIL_OK;
	if ((rc = may_take_name(service, new_name)))
		return rc;
	if ((rc = email_account_set(entry->account, "name", new_name)))
		service->error = *email_account_error(entry->account);
	return rc;
}
