/* SPDX-License-Identifier: MIT */
/*
 * One secret that changed by itself, a refresh token, goes into the sheet at once. The sheet is read anew for it, and
 * nothing but this secret is written: values that are only tried stay out of it, and what others have changed stays
 * in it.
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

/* The secret in the account of the sheet that stands for this one; NULL: it is not the one that is to be replaced. */
static email__secret *
counterpart(email_account *there, const email_account *account, const email__secret *secret)
{
	const email__property *row = email__value_secret_row(&email__account_table, &account->v, secret);
	email__secret *found;

	if (!row || there->kind != account->kind || there->v.auth_type != account->v.auth_type)
		return NULL;
	found = email__value_secret(row, &there->v);
	return email__secret_in_sheet(found) && (secret->origin == EMAIL__SECRET_UNSAVED || says_the_same(account, secret, there, found)) ? found
	                                                                                            : NULL;
}

static email_code
replace(email__contents *c, const char *path, email_account *there, const email_account *account,
        const email__secret *secret, const char *text, email_error *e)
{
	email__secret *found;

	if (!there || !(found = counterpart(there, account, secret))) {
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
