/* SPDX-License-Identifier: MIT */
/* Where a secret is read: at each use, so that one that changed on disk is taken up. */
#include <string.h>

#include "account/account.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
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

static email_code
from_file(const char *beside, const char *relative, email__buf *out, email_error *e)
{
	char *path = beside ? email__path_beside(beside, relative) : email__strdup(relative);
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

email_code
email__secret_read(const email__secret *secret, const char *beside, email__buf *out, email_error *e)
{
	email_code rc = EMAIL_OK;

	email__buf_clear(out);
	switch (secret->kind) {
	case EMAIL__SECRET_NONE: break;
	case EMAIL__SECRET_VALUE: rc = email__buf_adds(out, secret->text); break;
	case EMAIL__SECRET_ENV: rc = from_environment(secret->text, out, e); break;
	case EMAIL__SECRET_FILE: rc = from_file(beside, secret->text, out, e); break;
	}
	if (rc)
		email__buf_clear(out);
	return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_NONE) : rc;
}

email_code
email__secret_replace(email_account *account, email__secret *secret, const char *text, email_error *e)
{
	char *copy = email__strdup(text);

	(void)account;
	if (!copy)
		return email__error_memory(e, EMAIL_STAGE_NONE);
	email__free(secret->text);
	secret->text = copy;
	secret->kind = EMAIL__SECRET_VALUE;
	return EMAIL_OK;
}
