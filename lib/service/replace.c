/* SPDX-License-Identifier: MIT */
/*
 * One secret that changes by itself, a refresh token. A new one goes into the sheet at once: the sheet is read anew for it,
 * and nothing but this secret is written, so that values that are only tried stay out of it, and what others have changed
 * stays in it. What others have put there meanwhile comes back by the same way.
 */
#include "service/contents.h"

#include <string.h>

#include "account/accept.h"
#include "account/value.h"
#include "base/error.h"
#include "base/limits.h"

/* What is sealed is never the same twice, so both are read. */
static bool
says_the_same(const email_account *a, const email__secret *x, const email_account *b, const email__secret *y)
{
	email_error ignored = {0};
	email__buf one, other;
	bool same;

	email__buf_init(&one, EMAIL__SECRET_MAX + 2);
	email__buf_init(&other, EMAIL__SECRET_MAX + 2);
	one.secret = other.secret = true;
	same = email__secret_read(a, x, &one, &ignored) == EMAIL_OK &&
	       email__secret_read(b, y, &other, &ignored) == EMAIL_OK &&
	       email__buf_len(&one) == email__buf_len(&other) &&
	       (email__buf_len(&one) == 0 ||
	        memcmp(email__buf_head(&one), email__buf_head(&other), email__buf_len(&one)) == 0);
	email__buf_dispose(&one);
	email__buf_dispose(&other);
	return same;
}

/* The secret in the account of the sheet that stands for this one; NULL: nothing could. */
static email__secret *
counterpart(email_account *there, const email_account *account, const email__secret *secret)
{
	const email__property *row = email__value_secret_row(&email__account_table, &account->v, secret);
	email__secret *found;

	if (!row || there->kind != account->kind || there->v.auth_type != account->v.auth_type)
		return NULL;
	found = email__value_secret(row, &there->v);
	return email__secret_in_sheet(found) ? found : NULL;
}

/* Is it the one that is to be replaced? */
static bool
may_replace(const email_account *there, const email__secret *found, const email_account *account,
            const email__secret *secret)
{
	return found &&
	       (secret->origin == EMAIL__SECRET_UNSAVED || says_the_same(account, secret, there, found));
}

static email_code
replace(email__contents *c, const char *path, email_account *there, const email_account *account,
        const email__secret *secret, const char *text, email_error *e)
{
	email__secret *found = there ? counterpart(there, account, secret) : NULL;

	if (!may_replace(there, found, account, secret)) {
		email__error_set(
			e, EMAIL_E_SECRET, EMAIL_STAGE_SHEET,
			"the secret has changed, but the sheet is another one by now, and was left as it is");
		email__error_remedy(e, "load the sheet again");
		email__error_place(e, path, 0);
		return EMAIL_E_SECRET;
	}
	if (email__secret_keep(found, EMAIL__SECRET_VALUE, text))
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	/* the others of this account too, as with every save */
	return email__contents_save(c, path, e);
}

email_code
email__contents_replace(const char *path, const char *name, const email_account *account,
                        const email__secret *secret, const char *text, email_error *e)
{
	email__service_entry *entry;
	email__contents c;
	email_code rc = email__contents_read(path, &c, e);

	if (rc)
		return rc;
	/* its key */
	if ((entry = email__contents_find(&c, name)))
		entry->account->owner = account->owner;
	rc = replace(&c, path, entry ? entry->account : NULL, account, secret, text, e);
	if (entry)
		entry->account->owner = NULL;
	email__contents_dispose(&c);
	return rc;
}

/* --- and back --- */

email_code
email__contents_stored(const char *path, const char *name, const email_account *account,
                       const email__secret *secret, email__buf *out, email_error *e)
{
	email__service_entry *entry;
	email__secret *found;
	email__contents c;
	email_code rc = email__contents_read(path, &c, e);

	if (rc)
		return rc;
	entry = email__contents_find(&c, name);
	if (entry && (found = counterpart(entry->account, account, secret))) {
		entry->account->owner = account->owner;
		rc = email__secret_read(entry->account, found, out, e);
		entry->account->owner = NULL;
	} else
		rc = EMAIL_E_UNKNOWN;
	email__contents_dispose(&c);
	return rc;
}

static email__secret *
renewed_by_itself(email_account *account)
{
	email__secret *secret = &account->v.auth_refresh_token;

	return account->v.auth_type == EMAIL__AUTH_OAUTH_REFRESH_TOKEN &&
	                       secret->origin == EMAIL__SECRET_SHARED && email__secret_in_sheet(secret)
	               ? secret
	               : NULL;
}

bool
email__contents_shares(const email__contents *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->entry[i].node && renewed_by_itself(c->entry[i].account))
			return true;
	return false;
}

/* As it is written, so that no key is needed; but what is sealed is bound to the account's name. */
static email_code
catch_up(email_account *account, email__secret *secret, email_account *there, email__secret *found)
{
	email_error ignored = {0};
	email__buf text;
	const char *s;
	email_code rc;

	if (strcmp(account->name, there->name) == 0 || found->kind != EMAIL__SECRET_SEALED) {
		rc = email__secret_keep(secret, found->kind, found->text);
		if (rc == EMAIL_OK)
			secret->origin = EMAIL__SECRET_SHARED;
		return rc;
	}
	email__buf_init(&text, EMAIL__SECRET_MAX + 2);
	text.secret = true;
	there->owner = account->owner;
	rc = email__secret_read(there, found, &text, &ignored);
	there->owner = NULL;
	if (rc == EMAIL_OK)
		rc = (s = email__buf_text(&text)) ? email__secret_take(account, secret, s) : EMAIL_E_MEMORY;
	email__buf_dispose(&text);
	return rc == EMAIL_E_MEMORY ? rc : EMAIL_OK; /* without the key it was not renamed */
}

email_code
email__contents_catch_up(email__contents *c, const char *path)
{
	email_error ignored = {0};
	email__contents disk;
	email_code rc = email__contents_read(path, &disk, &ignored);
	size_t i;

	/* what is not to be read has nothing to say */
	if (rc)
		return rc == EMAIL_E_MEMORY ? rc : EMAIL_OK;
	for (i = 0; i < c->count && rc == EMAIL_OK; i++) {
		email_account *account = c->entry[i].account;
		email__secret *secret = c->entry[i].node ? renewed_by_itself(account) : NULL, *found;
		email__service_entry *there =
			secret ? email__contents_find(&disk, email__node_attribute(c->entry[i].node, "name"))
			       : NULL;

		if (there && (found = counterpart(there->account, account, secret)) &&
		    found->kind != EMAIL__SECRET_NONE)
			rc = catch_up(account, secret, there->account, found);
	}
	email__contents_dispose(&disk);
	return rc;
}
