/* SPDX-License-Identifier: MIT */
#include "account/token.h"

#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/wipe.h"
#include "crypto/mac.h"
#include "os/clock.h"
#include "proto/http.h"
#include "trust/keys.h"

static email__buf *const *
secrets(email__tokens *t, email__buf *list[3])
{
	list[0] = &t->client_secret;
	list[1] = &t->key;
	list[2] = &t->key_password;
	return list;
}

void
email__tokens_init(email__tokens *t)
{
	email__buf *list[3];
	size_t i;

	memset(t, 0, sizeof *t);
	email__buf_init(&t->access, EMAIL__SECRET_MAX + 2);
	t->access.secret = true;
	email__refresh_init(&t->refresh);
	email__turn_init(&t->turn);
	secrets(t, list);
	for (i = 0; i < 3; i++) {
		email__buf_init(list[i], EMAIL__SECRET_MAX + 2);
		list[i]->secret = true;
	}
	t->key.max = EMAIL__CHAIN_MAX * 2 * EMAIL__CERTIFICATE_MAX + 1;
}

/* What was read to ask for one. */
static void
forget_request(email__tokens *t)
{
	email__buf *list[3];
	size_t i;

	email__obtain_free(t->obtain);
	t->obtain = NULL;
	memset(&t->config, 0, sizeof t->config);
	secrets(t, list);
	for (i = 0; i < 3; i++)
		email__buf_dispose(list[i]);
	email__refresh_done(&t->refresh);
}

/* Whatever came of it. */
static void
end_request(email__tokens *t)
{
	forget_request(t);
	t->another = false;
	email__turn_release(&t->turn);
}

void
email__tokens_dispose(email__tokens *t)
{
	end_request(t);
	email__buf_dispose(&t->access);
	email__refresh_dispose(&t->refresh);
	email__free(t->known);
	t->known = NULL;
}

static email__tokens *
tokens(email_account *account)
{
	return &account->connection->tokens;
}

/* --- what is asked for --- */

static email_code
read_secret(email_account *account, const email__secret *secret, email__buf *out, const char **text)
{
	email_code rc = email__secret_read(account, secret, out, &account->error);

	if (rc == EMAIL_OK && !(*text = email__buf_text(out)))
		rc = email__error_memory(&account->error, EMAIL_STAGE_TOKEN);
	if (rc && account->error.stage == EMAIL_STAGE_NONE)
		account->error.stage = EMAIL_STAGE_TOKEN;
	return rc;
}

static email_code
read_key(email_account *account, email__grant_config *g)
{
	email__tokens *t = tokens(account);
	email_code rc;

	if (account->v.auth_certificate[0] == '\0') {
		rc = email__error_set(&account->error, EMAIL_E_VALUE, EMAIL_STAGE_TOKEN,
		                      "the authenticator names no clientCertificate");
		email__error_remedy(&account->error, "import a key (emailctl keys import), and set "
		                                     "emailAuthenticator.clientCertificate to its alias");
		return rc;
	}
	if ((rc = email__trust_client_key(email__account_trust(account), account->v.auth_certificate, &t->key,
	                                  &account->error)) ||
	    (rc = read_secret(account, &account->v.auth_private_key_password, &t->key_password,
	                      &g->key_password)))
		return rc;
	g->key = email__buf_head(&t->key);
	g->key_n = email__buf_len(&t->key);
	return EMAIL_OK;
}

static email_code
read_grant(email_account *account, email__grant_config *g)
{
	email__tokens *t = tokens(account);
	email_code rc;

	g->client_id = account->v.auth_client_id;
	g->scope = account->v.auth_scope;
	g->account = account->v.auth_account;
	switch ((email__authenticator)account->v.auth_type) {
	case EMAIL__AUTH_OAUTH_CLIENT_SECRET:
		g->grant = EMAIL__GRANT_CLIENT;
		return read_secret(account, &account->v.auth_client_secret, &t->client_secret,
		                   &g->client_secret);
	case EMAIL__AUTH_OAUTH_CLIENT_CERTIFICATE:
		g->grant = account->v.auth_use_jwt_bearer_assertion ? EMAIL__GRANT_JWT : EMAIL__GRANT_CLIENT;
		return read_key(account, g);
	case EMAIL__AUTH_OAUTH_REFRESH_TOKEN:
		g->grant = EMAIL__GRANT_REFRESH;
		rc = read_secret(account, &account->v.auth_client_secret, &t->client_secret,
		                 &g->client_secret);
		return rc ? rc
		          : email__refresh_read(account, &t->refresh, &g->refresh_token, &account->error);
	case EMAIL__AUTH_NONE:
	case EMAIL__AUTH_BASIC:
	case EMAIL__AUTH_EXTERNAL:
	case EMAIL__AUTH_CALLBACK: break;
	}
	return EMAIL_E_USAGE;
}

static bool
needs_token(const email_account *account)
{
	switch ((email__authenticator)account->v.auth_type) {
	case EMAIL__AUTH_OAUTH_CLIENT_SECRET:
	case EMAIL__AUTH_OAUTH_CLIENT_CERTIFICATE:
	case EMAIL__AUTH_OAUTH_REFRESH_TOKEN: return true;
	case EMAIL__AUTH_NONE:
	case EMAIL__AUTH_BASIC:
	case EMAIL__AUTH_EXTERNAL:
	case EMAIL__AUTH_CALLBACK: break;
	}
	return false;
}

/* --- the way to a token --- */

static unsigned
some_number(void)
{
	unsigned number = 0;

	(void)email__crypto_random(&number, sizeof number);
	return number;
}

/* Did the endpoint, or the way to it, fail? What is wrong at home is put right there, and tried at once then. */
static bool
endpoint_failed(const email_error *e)
{
	return e->code != EMAIL_E_MEMORY && e->code != EMAIL_E_CANCELLED && e->code != EMAIL_E_VALUE &&
	       e->code != EMAIL_E_CLOCK && !(e->code == EMAIL_E_TRUST && e->stage == EMAIL_STAGE_TRUST);
}

/* There is none to be had. One that is held still does until its end. */
static email__token_step
failed(email_account *account, bool endpoint)
{
	email__tokens *t = tokens(account);
	int64_t now = email__clock_ms();

	end_request(t);
	if (endpoint && endpoint_failed(&account->error)) {
		t->last = account->error;
		email__life_failed(&t->life, now, account->error.temporary, t->retry_after, some_number());
	}
	if (email__life_left(&t->life, now) > 0) {
		email__error_clear(&account->error);
		return EMAIL__TOKEN_READY;
	}
	return EMAIL__TOKEN_NONE;
}

/* A refresh token that came with it replaces the old one, on the disk before anything else happens. */
static void
keep_refresh(email_account *account, email__token *token)
{
	email__tokens *t = tokens(account);
	const char *text = email__buf_len(&token->refresh) ? email__buf_text(&token->refresh) : NULL;

	if (!text || account->v.auth_type != EMAIL__AUTH_OAUTH_REFRESH_TOKEN)
		return;
	email__refresh_keep(account, &t->refresh, text);
	/* the account is as it was, but for what it says of itself */
	t->changes = account->changes;
}

static email__token_step
got(email_account *account)
{
	email__tokens *t = tokens(account);
	email__token *token = email__obtain_token(t->obtain);
	const email__metadata *m = email__obtain_metadata(t->obtain);

	email__buf_clear(&t->access);
	if (email__buf_add(&t->access, email__buf_head(&token->access), email__buf_len(&token->access)) ||
	    !email__buf_text(&t->access)) {
		email__error_memory(&account->error, EMAIL_STAGE_TOKEN);
		return failed(account, false);
	}
	if (!t->known && m && (t->known = email__new(email__metadata)))
		*t->known = *m;
	t->changes = account->changes;
	email__life_got(&t->life, email__clock_ms(), token->seconds);
	email__status_of_token(account, email_account_token_seconds(account));
	keep_refresh(account, token);
	email__connection_token_told(account, token->seconds);
	end_request(t);
	return EMAIL__TOKEN_READY;
}

static email__token_step obtain(email_account *account);

/* A refresh token was refused, but another one stands in its place by now: somebody who does not take turns with us was
 * first. Once: a third one is a fight. */
static bool
another_came(email_account *account)
{
	email__tokens *t = tokens(account);

	if (t->another || account->error.code != EMAIL_E_LOGIN ||
	    account->v.auth_type != EMAIL__AUTH_OAUTH_REFRESH_TOKEN ||
	    !email__refresh_changed(account, &t->refresh))
		return false;
	t->another = true;
	return true;
}

/* The next request, or the end. */
static email__token_step
next(email_account *account)
{
	email__tokens *t = tokens(account);
	const email__web_request *request;

	switch (email__obtain_step(t->obtain, email__clock_ms())) {
	case EMAIL__OBTAIN_SEND:
		if (!(request = email__obtain_request(t->obtain, email__clock_wall())))
			break;
		if (email__connection_open_web(account, request))
			return failed(account, false);
		return EMAIL__TOKEN_ASKS;
	case EMAIL__OBTAIN_DONE: return got(account);
	case EMAIL__OBTAIN_WAIT:
	case EMAIL__OBTAIN_FAILED: break;
	}
	account->error = *email__obtain_error(t->obtain);
	if (another_came(account)) {
		email__error_clear(&account->error);
		return obtain(account);
	}
	return failed(account, true);
}

static email__token_step
obtain(email_account *account)
{
	email__tokens *t = tokens(account);

	forget_request(t);
	t->retry_after = -1;
	t->config.metadata_endpoint = account->v.auth_metadata_endpoint;
	t->config.token_endpoint = account->v.auth_token_endpoint;
	t->config.known = t->known;
	if (read_grant(account, &t->config.grant) ||
	    !(t->obtain = email__obtain_new(&t->config, &account->error))) {
		if (account->error.stage == EMAIL_STAGE_NONE)
			account->error.stage = EMAIL_STAGE_TOKEN;
		return failed(account, false);
	}
	return next(account);
}

void
email__tokens_forget(email__tokens *t)
{
	email__life_forget(&t->life);
	email__buf_clear(&t->access);
	email__free(t->known);
	t->known = NULL;
}

/* Why there is none, again: that it must wait is no reason. */
static email__token_step
wait(email_account *account, long ms)
{
	email_error *e = &account->error;
	size_t n;

	*e = tokens(account)->last;
	n = strlen(e->text);
	snprintf(e->text + n, sizeof e->text - n, "%sthe token endpoint is asked again in %ld s",
	         n ? "; " : "", (ms + 999) / 1000);
	return EMAIL__TOKEN_NONE;
}

/* A refresh token may be good for one use: one at a time. */
static email__token_step
in_turn(email_account *account)
{
	email__tokens *t = tokens(account);

	if (account->v.auth_type != EMAIL__AUTH_OAUTH_REFRESH_TOKEN)
		return obtain(account);
	switch (email__turn_take(&t->turn, account)) {
	case EMAIL__TURN_OURS: return obtain(account);
	case EMAIL__TURN_THEIRS:
		/* one that is to be renewed soon does until then */
		if (email__life_left(&t->life, email__clock_ms()) <= 0)
			return EMAIL__TOKEN_WAITS;
		email__turn_release(&t->turn);
		return EMAIL__TOKEN_READY;
	case EMAIL__TURN_LATE: break;
	}
	email__error_set(&account->error, EMAIL_E_TIMEOUT, EMAIL_STAGE_TOKEN,
	                 "somebody else has been renewing by the same refresh token for %lld s",
	                 (long long)(account->v.connection_timeout / 1000));
	email__error_remedy(&account->error, "look for another program that hangs, with this account");
	return failed(account, false);
}

email__token_step
email__token_begin(email_account *account)
{
	const email_operation *op = &account->connection->op;
	email__tokens *t = tokens(account);
	int64_t now = email__clock_ms();

	if (!needs_token(account))
		return EMAIL__TOKEN_READY;
	if (t->changes != account->changes) {
		if (t->life.held)
			email__status_of_token(account, 0);
		email__tokens_forget(t);
		t->changes = account->changes;
	}
	/* a person asks */
	if (op->state != EMAIL__OP_NONE && op->kind == EMAIL__OP_TEST && !op->renewed)
		email__life_ask(&t->life);
	switch (email__life_look(&t->life, now)) {
	case EMAIL__LIFE_USE: return EMAIL__TOKEN_READY;
	case EMAIL__LIFE_RENEW:
	case EMAIL__LIFE_GET: break;
	case EMAIL__LIFE_WAIT: return wait(account, email__life_wait(&t->life, now));
	}
	return in_turn(account);
}

long
email__token_wait(const email_account *account)
{
	return email__turn_wait(&account->connection->tokens.turn);
}

email__token_step
email__token_answered(email_account *account)
{
	email__connection *c = account->connection;
	email__tokens *t = &c->tokens;
	const email__web_response *response = email__http_response(c->engine.http);

	t->retry_after = response ? response->retry_after : -1;
	if (response) {
		email__obtain_answer(t->obtain, response, email__clock_ms());
		/* the next host is another one: the question to a person, and what its TLS can do */
		c->op.asked = c->op.cap_1_2 = false;
	} else if (email__connection_failed(account)) {
		/* a person said yes to its certificate, or another way is worth a try */
	} else {
		email__obtain_broken(t->obtain, &account->error, email__clock_ms());
		email__error_clear(&account->error);
	}
	email__connection_drop(account);
	return next(account);
}

void
email__token_abandon(email_account *account)
{
	end_request(tokens(account));
}

bool
email__token_refused(email_account *account)
{
	email__tokens *t = tokens(account);

	if (!needs_token(account))
		return false;
	email__buf_clear(&t->access);
	email__status_of_token(account, 0);
	if (email__life_refused(&t->life, email__clock_ms(), some_number()))
		return true;
	t->last = account->error;
	return false;
}

void
email__token_accepted(email_account *account)
{
	if (needs_token(account))
		email__life_accepted(&tokens(account)->life);
}

long
email_account_token_seconds(const email_account *account)
{
	return email__life_left(&account->connection->tokens.life, email__clock_ms());
}
