/* SPDX-License-Identifier: MIT */
#include "account/refresh.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"

static void
secret_init(email__buf *b)
{
	email__buf_init(b, EMAIL__SECRET_MAX + 2);
	b->secret = true;
}

void
email__refresh_init(email__refresh *r)
{
	secret_init(&r->sent);
	secret_init(&r->stood);
	secret_init(&r->kept);
	email__error_clear(&r->unwritten);
}

void
email__refresh_dispose(email__refresh *r)
{
	email__buf_dispose(&r->sent);
	email__buf_dispose(&r->stood);
	email__buf_dispose(&r->kept);
}

void
email__refresh_done(email__refresh *r)
{
	email__buf_dispose(&r->sent);
}

void
email__refresh_forget(email__refresh *r)
{
	email__buf_clear(&r->kept);
	email__error_clear(&r->unwritten);
}

static bool
same(const email__buf *a, const email__buf *b)
{
	return email__buf_len(a) == email__buf_len(b) &&
	       (email__buf_len(a) == 0 ||
	        memcmp(email__buf_head(a), email__buf_head(b), email__buf_len(a)) == 0);
}

static email_code
copy(email__buf *to, const email__buf *from)
{
	email__buf_clear(to);
	return email__buf_len(from) ? email__buf_add(to, email__buf_head(from), email__buf_len(from))
	                            : EMAIL_OK;
}

/* --- writing --- */

static void
write_down(email_account *account, email__refresh *r, const char *text)
{
	email_error e = {0};

	if (email__secret_replace(account, &account->v.auth_refresh_token, text, &e) == EMAIL_OK) {
		email__refresh_forget(r);
		return;
	}
	email__error_clear(&r->unwritten);
	email__error_set(&r->unwritten, EMAIL_E_SECRET, EMAIL_STAGE_TOKEN,
	                 "the refresh token has changed, and the new one could not be written: %s", e.text);
	if (e.remedy[0])
		email__error_remedy(&r->unwritten, "%s", e.remedy);
	if (account->log)
		account->log(account->log_context, account->name, '*', r->unwritten.text);
}

void
email__refresh_keep(email_account *account, email__refresh *r, const char *text)
{
	if (email__buf_len(&r->kept) == 0) {
		email__buf_dispose(&r->stood);
		r->stood = r->sent;
		secret_init(&r->sent);
	}
	email__buf_clear(&r->kept);
	/* without memory for it, it may be written all the same */
	(void)email__buf_adds(&r->kept, text);
	write_down(account, r, text);
}

/* --- what counts --- */

/* What stands there is what the account has from here on, so that it saves no older one. */
static email_code
take(email_account *account, const email__buf *now, const char *text)
{
	email__secret *secret = &account->v.auth_refresh_token;
	email__buf mine;
	bool has;

	if (!email__secret_in_sheet(secret) || text[0] == '\0')
		return EMAIL_OK;
	secret_init(&mine);
	has = email__secret_read(account, secret, &mine, NULL) == EMAIL_OK && same(&mine, now);
	email__buf_dispose(&mine);
	return has ? EMAIL_OK : email__secret_take(account, secret, text);
}

/* Does what is kept count still? Not so where another one stands there than before it came; that it is itself what stands
 * there is true also of one that the account alone has. */
static bool
kept_counts(const email__refresh *r, email_code rc)
{
	return email__buf_len(&r->kept) && (rc || same(&r->sent, &r->stood) || same(&r->sent, &r->kept));
}

email_code
email__refresh_read(email_account *account, email__refresh *r, const char **text, email_error *e)
{
	email_error why = {0};
	email_code rc = email__secret_read_stored(account, &account->v.auth_refresh_token, &r->sent, &why);

	if (rc != EMAIL_E_MEMORY && kept_counts(r, rc)) {
		if (copy(&r->sent, &r->kept) || !(*text = email__buf_text(&r->sent)))
			return email__error_memory(e, EMAIL_STAGE_TOKEN);
		write_down(account, r, *text);
		return EMAIL_OK;
	}
	if (rc) {
		*e = why;
		return rc;
	}
	email__refresh_forget(r);
	if (!(*text = email__buf_text(&r->sent)) || take(account, &r->sent, *text))
		return email__error_memory(e, EMAIL_STAGE_TOKEN);
	return EMAIL_OK;
}

bool
email__refresh_changed(const email_account *account, const email__refresh *r)
{
	email__buf now;
	bool changed;

	secret_init(&now);
	changed =
		email__secret_read_stored(account, &account->v.auth_refresh_token, &now, NULL) == EMAIL_OK &&
		email__buf_len(&now) && !same(&now, &r->sent) &&
		!(email__buf_len(&r->kept) && same(&now, &r->stood));
	email__buf_dispose(&now);
	return changed;
}

const email_error *
email__refresh_fault(const email_account *account, const email__refresh *r)
{
	return account->v.auth_type == EMAIL__AUTH_OAUTH_REFRESH_TOKEN && r->unwritten.code ? &r->unwritten
	                                                                                    : NULL;
}
