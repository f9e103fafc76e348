/* SPDX-License-Identifier: MIT */
/* What an account asks for, and when: without a network; tests/oauth has the rest. */
#include "account/token.h"

#include <string.h>

#include "account/connection.h"
#include "os/clock.h"
#include "support/cm.h"

static email_account *account;

static int
setup(void **state)
{
	(void)state;
	account = email_account_new(EMAIL_OUTGOING, "out");
	return account ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_account_free(account);
	return 0;
}

static void
set(const char *property, const char *text)
{
	assert_int_equal(email_account_set(account, property, text), EMAIL_OK);
}

static void
oauth(void)
{
	set("emailAuthenticator.type", "oAuthClientSecret");
	set("emailAuthenticator.tokenEndpoint", "https://127.0.0.1:1/token");
	set("emailAuthenticator.clientId", "station");
	set("emailAuthenticator.account", "plant@example.com");
	set("emailAuthenticator.clientSecret", "value:s3cret");
}

static void
others_need_none(void **state)
{
	(void)state;
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_READY);
	assert_int_equal(email_account_set_basic_authenticator(account, "a", "b"), EMAIL_OK);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_READY);
	assert_false(email__token_refused(account));
	assert_int_equal(email_account_token_seconds(account), 0);
}

static void
asks(void **state)
{
	const email__connection *c = account->connection;

	(void)state;
	oauth();
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_non_null(c->session);
	assert_non_null(c->engine.http);
	assert_string_equal(c->key.host, "127.0.0.1");
	assert_int_equal(c->key.port, 1);
	email__token_abandon(account);
	assert_null(c->tokens.obtain);
}

/* Nobody is there: the endpoint is left in peace for a while. */
static void
backs_off(void **state)
{
	email__token_step step;

	(void)state;
	oauth();
	step = email__token_begin(account);
	while (step == EMAIL__TOKEN_ASKS) {
		assert_int_equal(email__session_run(account->connection->session), EMAIL__SESSION_CLOSED);
		step = email__token_answered(account);
	}
	assert_int_equal(step, EMAIL__TOKEN_NONE);
	assert_int_equal(email_account_error(account)->code, EMAIL_E_CONNECT);
	memset(&account->error, 0, sizeof account->error);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_NONE);
	assert_int_equal(email_account_error(account)->code, EMAIL_E_TEMPORARY);
	assert_int_equal(email_account_error(account)->stage, EMAIL_STAGE_TOKEN);
	/* a person changed something: nothing of before counts */
	set("emailAuthenticator.clientId", "another");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
}

static void
what_is_missing(void **state)
{
	(void)state;
	set("emailAuthenticator.type", "oAuthClientSecret");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_NONE);
	assert_int_equal(email_account_error(account)->code, EMAIL_E_VALUE);
	assert_int_equal(email_account_error(account)->stage, EMAIL_STAGE_TOKEN);
	memset(&account->error, 0, sizeof account->error);
	set("emailAuthenticator.type", "oAuthClientCertificate");
	set("emailAuthenticator.tokenEndpoint", "https://127.0.0.1:1/token");
	set("emailAuthenticator.clientId", "station");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_NONE);
	assert_int_equal(email_account_error(account)->code, EMAIL_E_VALUE);
	assert_non_null(strstr(email_account_error(account)->remedy, "clientCertificate"));
}

static void
hold(email__tokens *t)
{
	t->changes = account->changes;
	assert_int_equal(email__buf_adds(&t->access, "t0ken"), EMAIL_OK);
	email__life_got(&t->life, email__clock_ms(), 3600);
	email__status_of_token(account, email_account_token_seconds(account));
	assert_true(account->v.token_expires - email__clock_wall() > 3500);
}

/* A token that is held is used, and one that a server refused is not. */
static void
held_and_refused(void **state)
{
	email__tokens *t = &account->connection->tokens;
	char text[64];

	(void)state;
	oauth();
	hold(t);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_READY);
	assert_int_equal(email_account_get(account, "tokenExpires", text, sizeof text), EMAIL_OK);
	assert_int_equal(strlen(text), 20);
	assert_true(email_account_token_seconds(account) > 3500);
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_string_equal(account->connection->credentials.password, "t0ken");
	assert_int_equal(account->connection->credentials.kind, EMAIL__CREDENTIAL_TOKEN);
	email__connection_drop(account);
	assert_true(email__token_refused(account));
	assert_int_equal(email__buf_len(&t->access), 0);
	assert_int_equal(email_account_token_seconds(account), 0);
	assert_int_equal(account->v.token_expires, 0);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	/* once only */
	assert_false(email__token_refused(account));
}

/* One that was got with other settings is no more. */
static void
expires_with_the_settings(void **state)
{
	email__tokens *t = &account->connection->tokens;

	(void)state;
	oauth();
	hold(t);
	set("emailAuthenticator.scope", "mail");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_int_equal(account->v.token_expires, 0);
	email__token_abandon(account);
	hold(t);
	set("emailAuthenticator.type", "none");
	assert_int_equal(account->v.token_expires, 0);
}

static email_code
hand_over(void *context, bool again, char *secret, size_t size, bool *token)
{
	(void)again;
	assert_true(size > 16384);
	strcpy(secret, context ? context : "");
	*token = true;
	return context ? EMAIL_OK : EMAIL_E_FILE;
}

static void
the_programs_own(void **state)
{
	char text[] = "from the program";

	(void)state;
	set("emailAuthenticator.type", "callback");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_READY);
	assert_int_equal(email__credentials_read(account), EMAIL_E_SECRET);
	memset(&account->error, 0, sizeof account->error);
	email_account_set_credential_callback(account, hand_over, text);
	assert_int_equal(email__credentials_read(account), EMAIL_OK);
	assert_string_equal(account->connection->credentials.password, text);
	assert_int_equal(account->connection->credentials.kind, EMAIL__CREDENTIAL_TOKEN);
	email__connection_drop(account);
	email_account_set_credential_callback(account, hand_over, NULL);
	assert_int_equal(email__credentials_read(account), EMAIL_E_SECRET);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(others_need_none), T(asks),             T(backs_off), T(what_is_missing),
	                                   T(held_and_refused), T(expires_with_the_settings), T(the_programs_own)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
