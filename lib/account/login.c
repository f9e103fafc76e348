/* SPDX-License-Identifier: MIT */
/*
 * Signing in once, for a station without a screen (RFC 8628): a person enters a code elsewhere, and the refresh token that
 * comes of it is the account's secret from then on.
 */
#include <string.h>

#include "account/connection.h"
#include "base/error.h"
#include "os/clock.h"
#include "proto/http.h"

/* How soon a cancel is seen while a person is waited for. */
#define LOOK_MS 200

static void
rest(email_account *account, long ms)
{
	int64_t until = email__clock_ms() + ms, left;

	while (!email__connection_cancelled(account) && (left = until - email__clock_ms()) > 0)
		email__clock_sleep(left < LOOK_MS ? (long)left : LOOK_MS);
}

/* One request over a session of its own. */
static void
ask(email_account *account, email__obtain *o)
{
	email__connection *c = account->connection;
	const email__web_request *request = email__obtain_request(o, email__clock_wall());

	if (!request)
		return;
	if (email__connection_open_web(account, request) == EMAIL_OK) {
		while (email__session_run(c->session) == EMAIL__SESSION_IDLE)
			;
		if (email__http_response(c->engine.http)) {
			email__obtain_answer(o, email__http_response(c->engine.http), email__clock_ms());
			goto out;
		}
		/* a person who says yes to its certificate asks again */
		if (email__connection_failed(account))
			goto out;
	}
	email__obtain_broken(o, &account->error, email__clock_ms());
	email__error_clear(&account->error);
out:
	email__connection_drop(account);
}

/* Until there is a token, or none to be had. */
static email_code
wait_for_person(email_account *account, email__obtain *o, email_device_fn show, void *context)
{
	bool shown = false;

	for (;;) {
		email__obtain_state state = email__obtain_step(o, email__clock_ms());
		const email__device *d = email__obtain_device(o);

		if (email__connection_cancelled(account))
			return email__error_set(&account->error, EMAIL_E_CANCELLED, EMAIL_STAGE_TOKEN,
			                        "cancelled");
		if (d && !shown) {
			const email_device device = {d->user_code, d->uri, d->direct, d->seconds};

			show(context, &device);
			shown = true;
		}
		switch (state) {
		case EMAIL__OBTAIN_SEND: ask(account, o); break;
		case EMAIL__OBTAIN_WAIT: rest(account, email__obtain_wait(o, email__clock_ms())); break;
		case EMAIL__OBTAIN_DONE: return EMAIL_OK;
		case EMAIL__OBTAIN_FAILED:
			account->error = *email__obtain_error(o);
			return account->error.code;
		}
	}
}

/* What comes of a renewal that is under way is of who signed in before, and may not come behind. One that does not end is no
 * reason to lose what a person has just done. */
static void
wait_for_turn(email_account *account, email__turn *turn)
{
	while (email__turn_take(turn, account) == EMAIL__TURN_THEIRS && !email__connection_cancelled(account))
		email__clock_sleep(email__turn_wait(turn));
}

static email_code
keep(email_account *account, email__token *token)
{
	const char *text = email__buf_len(&token->refresh) ? email__buf_text(&token->refresh) : NULL;
	email__tokens *t = &account->connection->tokens;
	email_code rc;

	if (!text) {
		email__error_set(&account->error, EMAIL_E_PROTOCOL, EMAIL_STAGE_TOKEN,
		                 "the server gave no refresh token");
		email__error_remedy(&account->error, "Add offline_access to emailAuthenticator.scope");
		return EMAIL_E_PROTOCOL;
	}
	wait_for_turn(account, &t->turn);
	/* of who signed in before */
	email__tokens_forget(t);
	email__refresh_forget(&t->refresh);
	rc = email__secret_replace(account, &account->v.auth_refresh_token, text, &account->error);
	email__turn_release(&t->turn);
	return rc;
}

static email_code
log_in(email_account *account, email_device_fn show, void *context)
{
	email__buf secret;
	email__obtain_config config = {.metadata_endpoint = account->v.auth_metadata_endpoint,
	                               .token_endpoint = account->v.auth_token_endpoint,
	                               .grant = {.grant = EMAIL__GRANT_DEVICE,
	                                         .client_id = account->v.auth_client_id,
	                                         .scope = account->v.auth_scope}};
	email__obtain *o = NULL;
	email_code rc;

	if (account->v.auth_type != EMAIL__AUTH_OAUTH_REFRESH_TOKEN) {
		rc = email__error_set(&account->error, EMAIL_E_USAGE, EMAIL_STAGE_TOKEN,
		                      "the account's authenticator is not of the type oAuthRefreshToken");
		email__error_remedy(&account->error, "Set emailAuthenticator.type to oAuthRefreshToken");
		return rc;
	}
	email__buf_init(&secret, EMAIL__SECRET_MAX + 2);
	secret.secret = true;
	rc = email__secret_read(account, &account->v.auth_client_secret, &secret, &account->error);
	if (rc == EMAIL_OK && !(config.grant.client_secret = email__buf_text(&secret)))
		rc = email__error_memory(&account->error, EMAIL_STAGE_TOKEN);
	if (rc == EMAIL_OK && !(o = email__obtain_new(&config, &account->error)))
		rc = account->error.code;
	if (rc == EMAIL_OK && (rc = wait_for_person(account, o, show, context)) == EMAIL_OK)
		rc = keep(account, email__obtain_token(o));
	email__obtain_free(o);
	email__buf_dispose(&secret);
	if (account->error.code && account->error.stage == EMAIL_STAGE_NONE)
		account->error.stage = EMAIL_STAGE_TOKEN;
	return rc;
}

email_code
email_account_login(email_account *account, email_device_fn show, void *context)
{
	email_operation *op = email__operation_start(account, EMAIL__OP_LOGIN);
	email_code rc;

	if (!op)
		return EMAIL_E_USAGE; /* another operation runs, and the error is its own */
	rc = log_in(account, show, context);
	email__connection_drop(account);
	email_operation_free(op);
	return rc;
}
