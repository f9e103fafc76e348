/* SPDX-License-Identifier: MIT */
/* Where a secret is read, at each use, so that one that changed on disk is taken up; and where one is written that a server
 * has given in its place. */
#include <stdio.h>
#include <string.h>

#include "account/accept.h"
#include "account/sealed.h"
#include "account/value.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "os/file.h"

static email_code
from_environment(const char *name, email__buf *out, email_error *e)
{
	const char *text = email__environment(name);

	if (text && text[0] && strlen(text) <= EMAIL__SECRET_MAX)
		return email__buf_adds(out, text);
	email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE, "the environment variable %s is %s", name,
	                 !text      ? "not set"
	                 : !text[0] ? "empty"
	                            : "too long for a secret");
	email__error_remedy(e, "set %s in the environment of this program", name);
	return EMAIL_E_SECRET;
}

/* One newline at the end is the editor's. */
static void
drop_newline(email__buf *b)
{
	if (email__buf_len(b) && b->data[b->end - 1] == '\n')
		b->data[--b->end] = '\0';
	else
		return;
	if (email__buf_len(b) && b->data[b->end - 1] == '\r')
		b->data[--b->end] = '\0';
}

static email_code
refuse_file(const char *path, const char *why, email_error *e)
{
	char shown[160];

	email__printable(shown, sizeof shown, path, strlen(path));
	email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE, "the secret's file %s %s", shown, why);
	email__error_remedy(e, "write the secret into %s, readable by this program only", shown);
	return EMAIL_E_SECRET;
}

char *
email__secret_path(const email_account *account, const email__secret *secret)
{
	return account->sheet_path ? email__path_beside(account->sheet_path, secret->text)
	                           : email__strdup(secret->text);
}

static email_code
from_file(const email_account *account, const email__secret *secret, email__buf *out, email_error *e)
{
	char *path = email__secret_path(account, secret);
	email_error why = {0};
	email_code rc;

	if (!path)
		return EMAIL_E_MEMORY;
	rc = email__file_read(path, out, &why);
	if (rc == EMAIL_E_LIMIT)
		rc = refuse_file(path, "is too large", e);
	else if (rc && rc != EMAIL_E_MEMORY)
		rc = refuse_file(path, "could not be read", e);
	if (e && why.os)
		e->os = why.os;
	if (rc == EMAIL_OK) {
		drop_newline(out);
		if (email__buf_len(out) == 0)
			rc = refuse_file(path, "is empty", e);
		else if (memchr(email__buf_head(out), '\0', email__buf_len(out)))
			rc = refuse_file(path, "holds a NUL byte", e);
	}
	email__free(path);
	return rc;
}

static const char *
property_of(const email_account *account, const email__secret *secret)
{
	const email__property *row = email__value_secret_row(&email__account_table, &account->v, secret);

	return row ? row->p.name : "";
}

email_code
email__secret_read(const email_account *account, const email__secret *secret, email__buf *out, email_error *e)
{
	email_code rc = EMAIL_OK;

	email__buf_clear(out);
	switch (secret->kind) {
	case EMAIL__SECRET_NONE: break;
	case EMAIL__SECRET_VALUE: rc = email__buf_adds(out, secret->text); break;
	case EMAIL__SECRET_ENV: rc = from_environment(secret->text, out, e); break;
	case EMAIL__SECRET_FILE: rc = from_file(account, secret, out, e); break;
	case EMAIL__SECRET_SEALED:
		rc = email__sealed_open(account, account->name, property_of(account, secret), secret, out, e);
		break;
	}
	if (rc)
		email__buf_clear(out);
	return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_NONE) : rc;
}

email_code
email__secret_seal(const email_account *account, email__secret *secret, email_error *e)
{
	email_code rc = EMAIL_E_UNKNOWN;

	if (secret->kind == EMAIL__SECRET_VALUE)
		rc = email__sealed_make(account, account->name, property_of(account, secret), secret, e);
	return rc == EMAIL_E_UNKNOWN ? EMAIL_OK : rc;
}

/* --- in the sheet, where others see it --- */

bool
email__secret_in_sheet(const email__secret *secret)
{
	return secret->kind == EMAIL__SECRET_NONE || secret->kind == EMAIL__SECRET_VALUE ||
	       secret->kind == EMAIL__SECRET_SEALED;
}

email_code
email__secret_read_stored(const email_account *account, const email__secret *secret, email__buf *out,
                          email_error *e)
{
	const email__owner *owner = account->owner;
	email_error why = {0};
	email_code rc;

	if (email__secret_in_sheet(secret) && secret->origin != EMAIL__SECRET_GIVEN && owner &&
	    owner->secret_stored) {
		rc = owner->secret_stored(owner->service, account, secret, out, &why);
		if (rc == EMAIL_OK)
			return rc;
		email__buf_clear(out);
		if (rc == EMAIL_E_MEMORY ||
		    (rc != EMAIL_E_UNKNOWN && secret->origin == EMAIL__SECRET_UNSAVED)) {
			if (e)
				*e = why;
			return rc;
		}
	}
	return email__secret_read(account, secret, out, e);
}

email_code
email__secret_take(email_account *account, email__secret *secret, const char *text)
{
	email_error ignored = {0};

	if (email__secret_keep(secret, EMAIL__SECRET_VALUE, text))
		return EMAIL_E_MEMORY;
	secret->origin = EMAIL__SECRET_SHARED;
	(void)email__secret_seal(account, secret, &ignored);
	return EMAIL_OK;
}

/* --- another one in its place --- */

/* What ends the file now, so that it ends as its editor likes it. A newline of the secret's own needs another one behind
 * it (drop_newline). */
static const char *
line_end(const char *path, const char *text, email__buf *old)
{
	size_t n = strlen(text);
	const unsigned char *end;

	if (email__file_read(path, old, NULL) || email__buf_len(old) == 0)
		return "\n";
	end = old->data + old->end;
	if (email__buf_len(old) > 1 && end[-1] == '\n' && end[-2] == '\r')
		return "\r\n";
	return end[-1] == '\n' || text[n - 1] == '\n' ? "\n" : "";
}

static email_code
replace_file(const email_account *account, const email__secret *secret, const char *text, email_error *e)
{
	char *path = email__secret_path(account, secret);
	email__buf bytes, old;
	email_code rc = EMAIL_E_MEMORY;

	email__buf_init(&bytes, EMAIL__SECRET_MAX + 2);
	email__buf_init(&old, EMAIL__SECRET_MAX + 2);
	bytes.secret = old.secret = true;
	if (path && (rc = email__buf_adds(&bytes, text)) == EMAIL_OK &&
	    (rc = email__buf_adds(&bytes, line_end(path, text, &old))) == EMAIL_OK)
		rc = email__file_save(path, email__buf_head(&bytes), email__buf_len(&bytes), true, e);
	email__buf_dispose(&old);
	email__buf_dispose(&bytes);
	email__free(path);
	return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_NONE) : rc;
}

static email_code
replace_in_sheet(email_account *account, email__secret *secret, const char *text, email_error *e)
{
	const email__owner *owner = account->owner;
	bool given = secret->origin == EMAIL__SECRET_GIVEN;
	email_error ignored = {0};
	email_code rc = EMAIL_OK;

	if (owner && owner->secret_save)
		rc = owner->secret_save(owner->service, account, secret, text, e);
	if (email__secret_keep(secret, EMAIL__SECRET_VALUE, text))
		return rc ? rc : email__error_memory(e, EMAIL_STAGE_NONE);
	/* one that was only tried has no right to the sheet later, either */
	secret->origin = rc == EMAIL_OK ? EMAIL__SECRET_SHARED
	                 : given        ? EMAIL__SECRET_GIVEN
	                                : EMAIL__SECRET_UNSAVED;
	/* what cannot be sealed now is sealed when the sheet is saved */
	(void)email__secret_seal(account, secret, &ignored);
	return rc;
}

email_code
email__secret_replace(email_account *account, email__secret *secret, const char *text, email_error *e)
{
	const char *property = property_of(account, secret);
	email_code rc = EMAIL_OK;

	if (text[0] == '\0' || strlen(text) > EMAIL__SECRET_MAX || !email__utf8_valid(text, strlen(text)))
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_NONE,
		                        "what %s should become is no secret of 1 to %d bytes", property,
		                        EMAIL__SECRET_MAX);
	switch (secret->kind) {
	case EMAIL__SECRET_ENV:
		rc = email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE,
		                      "%s has changed, but the environment variable %s cannot be written",
		                      property, secret->text);
		email__error_remedy(e, "keep it in a file (file:PATH) or in the sheet");
		break;
	case EMAIL__SECRET_FILE: rc = replace_file(account, secret, text, e); break;
	case EMAIL__SECRET_NONE:
	case EMAIL__SECRET_VALUE:
	case EMAIL__SECRET_SEALED: rc = replace_in_sheet(account, secret, text, e); break;
	}
	if (rc && e && !e->property[0])
		snprintf(e->property, sizeof e->property, "%s", property);
	return rc;
}
