/* SPDX-License-Identifier: MIT */
/* What an account asks for, and when: without a network; tests/oauth has the rest. */
#include "account/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/connection.h"
#include "os/clock.h"
#include "os/file.h"
#include "proto/http.h"
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
	/* with the reason, still */
	assert_int_equal(email_account_error(account)->code, EMAIL_E_CONNECT);
	assert_true(email_account_error(account)->temporary);
	assert_non_null(strstr(email_account_error(account)->text, "asked again in "));
	memset(&account->error, 0, sizeof account->error);
	/* a person asks */
	account->connection->op.state = EMAIL__OP_BEGIN;
	account->connection->op.kind = EMAIL__OP_TEST;
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	account->connection->op.state = EMAIL__OP_NONE;
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

/* Nothing was asked, so nobody is to be left in peace. */
static void
what_is_wrong_at_home_may_be_mended(void **state)
{
	(void)state;
	oauth();
	unsetenv("EMAIL_TEST_SECRET");
	set("emailAuthenticator.clientSecret", "env:EMAIL_TEST_SECRET");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_NONE);
	assert_int_equal(email_account_error(account)->code, EMAIL_E_SECRET);
	memset(&account->error, 0, sizeof account->error);
	setenv("EMAIL_TEST_SECRET", "s3cret", 1);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
}

/* The endpoint's answer, in place of a session's. */
static email__token_step
answer(int status, const char *json)
{
	email__link *l = email__http_link(account->connection->engine.http);
	char text[512];

	snprintf(text, sizeof text, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(json),
	         json);
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
	return email__token_answered(account);
}

static const char *
sent(void)
{
	return email__buf_text(&account->connection->tokens.refresh.sent);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
is_in_file(const char *path, const char *text)
{
	char line[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	assert_string_equal(line, text);
}

static void
refresh_token(char *path, const char *kind)
{
	char value[128];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	write_file(path, "first\n");
	setenv("EMAIL_TEST_REFRESH", "first", 1);
	oauth();
	set("emailAuthenticator.type", "oAuthRefreshToken");
	set("emailAuthenticator.tokenEndpoint", "https://127.0.0.1:1/token");
	set("emailAuthenticator.clientId", "station");
	snprintf(value, sizeof value, "%s:%s", kind, strcmp(kind, "file") == 0 ? path : "EMAIL_TEST_REFRESH");
	set("emailAuthenticator.refreshToken", value);
}

#define GOOD_WITH(t) \
	"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":0,\"refresh_token\":\"" t "\"}"

/* The old one may be worth nothing any more: a new one that cannot be written is used all the same, and written as soon as
 * that works. */
static void
a_refresh_token_is_not_lost(void **state)
{
	char path[] = "/tmp/email-token-XXXXXX", aside[64];

	(void)state;
	refresh_token(path, "file");
	snprintf(aside, sizeof aside, "%s.aside", path);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "first");
	/* what is no file cannot be replaced by one */
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(answer(200, GOOD_WITH("second")), EMAIL__TOKEN_READY);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rename(aside, path), 0);
	is_in_file(path, "first\n");

	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "second");
	is_in_file(path, "second\n");
	assert_int_equal(answer(200, GOOD_WITH("third")), EMAIL__TOKEN_READY);
	is_in_file(path, "third\n");

	/* somebody signed in meanwhile */
	write_file(path, "fourth\n");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "fourth");
	email__token_abandon(account);
	unlink(path);
}

static void
an_environment_is_outlived(void **state)
{
	char path[] = "/tmp/email-token-XXXXXX";

	(void)state;
	refresh_token(path, "env");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_int_equal(answer(200, GOOD_WITH("second")), EMAIL__TOKEN_READY);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "second");
	assert_int_equal(answer(200, GOOD_WITH("third")), EMAIL__TOKEN_READY);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "third");
	email__token_abandon(account);
	unlink(path);
}

/* Two accounts, or two programs, that share the file: who comes second takes what the first one got. */
static void
another_was_first(void **state)
{
	static const char no[] = "{\"error\":\"invalid_grant\"}";
	char path[] = "/tmp/email-token-XXXXXX";

	(void)state;
	refresh_token(path, "file");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	write_file(path, "second\n");
	assert_int_equal(answer(400, no), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "second");
	assert_int_equal(email_account_error(account)->code, EMAIL_OK);
	/* once */
	write_file(path, "third\n");
	assert_int_equal(answer(400, no), EMAIL__TOKEN_NONE);
	assert_int_equal(email_account_error(account)->code, EMAIL_E_LOGIN);
	unlink(path);
}

/* What was lost is told by the account, for as long as it counts. */
static void
one_that_could_not_be_written_is_a_fault(void **state)
{
	char path[] = "/tmp/email-token-XXXXXX", text[600];

	(void)state;
	refresh_token(path, "env");
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_int_equal(answer(200, GOOD_WITH("second")), EMAIL__TOKEN_READY);
	email__status_of_session(account, &account->error);
	assert_int_equal(email_account_get(account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "fault");
	assert_int_equal(email_account_get(account, "faultCause", text, sizeof text), EMAIL_OK);
	assert_non_null(strstr(text, "refresh token"));
	assert_non_null(strstr(text, "EMAIL_TEST_REFRESH"));
	assert_null(strstr(text, "second"));
	/* somebody signed in */
	setenv("EMAIL_TEST_REFRESH", "third", 1);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "third");
	assert_int_equal(answer(200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":0}"),
	                 EMAIL__TOKEN_READY);
	email__status_of_session(account, &account->error);
	assert_int_equal(email_account_get(account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "ok");
	unlink(path);
}

/* --- turns --- */

static char turns[] = "/tmp/email-turns-XXXXXX";

static char *
state_folder(void *service)
{
	(void)service;
	return email__path_join(turns, "");
}

static void
no_status(void *service, email_account *a)
{
	(void)service;
	(void)a;
}

static void
no_event(void *service, const email_event *event)
{
	(void)service;
	(void)event;
}

static void
one_at_a_time(void **state)
{
	static const email__owner owner = {.state_folder = state_folder,
	                                   .status_load = no_status,
	                                   .status_save = no_status,
	                                   .tell = no_event};
	char path[] = "/tmp/email-token-XXXXXX", command[64];
	email__tokens *t = &account->connection->tokens;
	email__turn other;

	(void)state;
	assert_non_null(mkdtemp(turns));
	refresh_token(path, "file");
	account->owner = &owner;
	email_account_set_trust(account, email_trust_new());
	email__turn_init(&other);
	assert_int_equal(email__turn_take(&other, account), EMAIL__TURN_OURS);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_WAITS);
	assert_in_range(email__token_wait(account), 1, 1000);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_WAITS);
	/* what the other one got is read in our turn */
	write_file(path, "second\n");
	email__turn_release(&other);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_string_equal(sent(), "second");
	assert_int_equal(email__turn_take(&other, account), EMAIL__TURN_THEIRS);
	assert_int_equal(answer(200, GOOD_WITH("third")), EMAIL__TOKEN_READY);
	/* over with the answer, whichever it is */
	assert_int_equal(email__turn_take(&other, account), EMAIL__TURN_OURS);
	email__turn_release(&other);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	assert_int_equal(answer(400, "{\"error\":\"invalid_grant\"}"), EMAIL__TOKEN_NONE);
	memset(&account->error, 0, sizeof account->error);
	assert_int_equal(email__turn_take(&other, account), EMAIL__TURN_OURS);
	/* one that is to be renewed does while somebody else renews */
	email__life_forget(&t->life);
	email__life_got(&t->life, email__clock_ms() - 3500 * 1000, 3600);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_READY);
	assert_int_equal(account->error.code, EMAIL_OK);
	email__turn_release(&other);
	assert_int_equal(email__token_begin(account), EMAIL__TOKEN_ASKS);
	email__token_abandon(account);
	assert_int_equal(email__turn_take(&other, account), EMAIL__TURN_OURS);
	email__turn_release(&other);
	email_trust_free(account->trust);
	account->trust = NULL;
	account->owner = NULL;
	unlink(path);
	snprintf(command, sizeof command, "rm -r %s", turns);
	assert_int_equal(system(command), 0);
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
	const struct CMUnitTest tests[] = {T(others_need_none),
	                                   T(asks),
	                                   T(backs_off),
	                                   T(what_is_missing),
	                                   T(held_and_refused),
	                                   T(expires_with_the_settings),
	                                   T(the_programs_own),
	                                   T(what_is_wrong_at_home_may_be_mended),
	                                   T(a_refresh_token_is_not_lost),
	                                   T(an_environment_is_outlived),
	                                   T(another_was_first),
	                                   T(one_that_could_not_be_written_is_a_fault),
	                                   T(one_at_a_time)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
