/* SPDX-License-Identifier: MIT */
#include "account/turn.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/clock.h"
#include "os/file.h"

/* A renewal is a request or two over TLS. */
#define TRY_MS 100

void
email__turn_init(email__turn *t)
{
	*t = (email__turn){.lock = -1};
}

/* The place where the token is kept, as a text that is the same for all who share it. NULL: no memory. */
static char *
place(const email_account *account)
{
	const email__secret *secret = &account->v.auth_refresh_token;
	char *path, *real;

	switch (secret->kind) {
	case EMAIL__SECRET_NONE:
	case EMAIL__SECRET_VALUE:
	case EMAIL__SECRET_SEALED: break;
	case EMAIL__SECRET_ENV: return email__path_join("env", secret->text);
	case EMAIL__SECRET_FILE:
		path = email__secret_path(account, secret);
		real = path ? email__path_real(path) : NULL;
		email__free(path);
		return real;
	}
	return email__path_join("account", account->name);
}

static char *
join(const char *folder, const char *key)
{
	email__buf name;
	char *path = NULL;

	email__buf_init(&name, EMAIL__TEXT_MAX);
	if (email__buf_addf(&name, "renewal-%016llx.lock",
	                    (unsigned long long)email__hash(key, strlen(key))) == EMAIL_OK &&
	    email__buf_text(&name))
		path = email__path_join(folder, email__buf_text(&name));
	email__buf_dispose(&name);
	return path;
}

/* NULL: nothing to be shared. */
static char *
lock_path(const email_account *account)
{
	const email__owner *owner = account->owner;
	char *folder = owner && owner->state_folder ? owner->state_folder(owner->service) : NULL;
	char *key = folder ? place(account) : NULL, *path = key ? join(folder, key) : NULL;

	/* one that cannot be made is told of by the lock */
	if (path)
		(void)email__folder_make(folder, NULL);
	email__free(key);
	email__free(folder);
	return path;
}

static email__turn_state
theirs(email__turn *t, const email_account *account)
{
	int64_t now = email__clock_ms();

	if (t->until_ms == 0)
		t->until_ms = now + account->v.connection_timeout;
	if (now >= t->until_ms)
		return EMAIL__TURN_LATE;
	t->next_ms = t->until_ms - now < TRY_MS ? t->until_ms : now + TRY_MS;
	return EMAIL__TURN_THEIRS;
}

email__turn_state
email__turn_take(email__turn *t, const email_account *account)
{
	email_error e = {0};
	email_code rc = EMAIL_OK;
	char *path;

	if (t->ours)
		return EMAIL__TURN_OURS;
	if ((path = lock_path(account)))
		rc = email__lock_take(path, 0, &t->lock, &e);
	email__free(path);
	if (rc && (e.os == EWOULDBLOCK || e.os == EINTR))
		return theirs(t, account);
	if (rc && account->log)
		account->log(account->log_context, account->name, '*', e.text);
	t->ours = true;
	return EMAIL__TURN_OURS;
}

long
email__turn_wait(const email__turn *t)
{
	int64_t left = t->next_ms - email__clock_ms();

	return t->ours || left < 0 ? 0 : (long)left;
}

void
email__turn_release(email__turn *t)
{
	email__lock_release(t->lock);
	email__turn_init(t);
}
