/* SPDX-License-Identifier: MIT */
#include "service/contents.h"

#include <string.h>

#include "account/value.h"
#include "base/alloc.h"
#include "base/limits.h"

email_code
email__contents_init(email__contents *c)
{
	memset(c, 0, sizeof *c);
	return email__values_init(&email__service_table, &c->v);
}

void
email__contents_dispose(email__contents *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		email_account_free(c->entry[i].account);
	email__free(c->entry);
	email__values_free(&email__service_table, &c->v);
	email__sheet_free(c->sheet);
	email__free(c->path);
	memset(c, 0, sizeof *c);
}

email_code
email__contents_add(email__contents *c, email_account *account, email__node *node)
{
	email__service_entry *grown;

	if (c->count >= EMAIL__ACCOUNTS_MAX)
		return EMAIL_E_LIMIT;
	grown = email__realloc(c->entry, (c->count + 1) * sizeof *grown);
	if (!grown)
		return EMAIL_E_MEMORY;
	c->entry = grown;
	c->entry[c->count].account = account;
	c->entry[c->count].node = node;
	c->count++;
	account->sheet_path = c->path;
	return EMAIL_OK;
}

email__service_entry *
email__contents_find(const email__contents *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (strcmp(c->entry[i].account->name, name) == 0)
			return &c->entry[i];
	return NULL;
}
