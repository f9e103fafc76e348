/* SPDX-License-Identifier: MIT */
#include "sasl/exchange.h"

#include <stdlib.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "support/cm.h"
#include "support/failalloc.h"

static const email__credentials who = {.user = "user", .password = "secret"};
static email__exchange x;
static email_error e;

static int
setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof e);
	email__exchange_init(&x);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__exchange_end(&x);
	return 0;
}

static email_code
choose(const char *offered, const char *wanted, bool clear_ok)
{
	memset(&e, 0, sizeof e);
	return email__exchange_choose(&x, offered, wanted, clear_ok, clear_ok, &who, &e);
}

static email_code
challenge(const char *text)
{
	return email__exchange_challenge(&x, text, strlen(text), &e);
}

static void
choice(void **state)
{
	const email__credentials nobody = {.user = "", .password = "secret"};

	(void)state;
	assert_int_equal(choose("LOGIN PLAIN", NULL, true), EMAIL_OK);
	assert_string_equal(x.sasl.mechanism->name, "PLAIN");
	assert_int_equal(choose("LOGIN PLAIN", NULL, false), EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "the login would show the password to whoever reads the connection");
	assert_int_equal(choose("", NULL, true), EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "the server offers no login");
	assert_int_equal(choose("", NULL, false), EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "the server offers no login on a connection without TLS");
	assert_int_equal(choose("X Y", NULL, true), EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "none of the logins that the server offers is known");
	assert_int_equal(choose("PLAIN", "LOGIN", true), EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "LOGIN is not among the logins that the server offers");
	assert_int_equal(e.stage, EMAIL_STAGE_AUTHENTICATE);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__exchange_choose(&x, "PLAIN", NULL, true, true, &nobody, &e), EMAIL_E_LOGIN);
}

/* As long as the room, and a byte longer: then it is said in two steps. */
static void
initial(void **state)
{
	bool has;

	(void)state;
	assert_int_equal(choose("PLAIN", NULL, true), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 16, &has), EMAIL_OK);
	assert_true(has);
	assert_int_equal(email__buf_len(&x.response), 12);
	assert_memory_equal(email__buf_head(&x.response), "\0user\0secret", 12);
	assert_int_equal(email__exchange_accept(&x, &e), EMAIL_OK);

	assert_int_equal(choose("PLAIN", NULL, true), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 15, &has), EMAIL_OK);
	assert_false(has);
	assert_int_equal(email__buf_len(&x.response), 0);
	assert_int_equal(email__exchange_accept(&x, &e), EMAIL_E_PROTOCOL);
	assert_int_equal(challenge(""), EMAIL_OK);
	assert_memory_equal(email__buf_head(&x.response), "\0user\0secret", 12);

	assert_int_equal(choose("LOGIN", NULL, true), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 100, &has), EMAIL_OK);
	assert_false(has);
}

static void
challenges(void **state)
{
	static char much[4 * EMAIL__SASL_CHALLENGE_MAX];
	unsigned i;

	(void)state;
	assert_int_equal(choose("LOGIN", NULL, true), EMAIL_OK);
	assert_int_equal(challenge(" VXNlciBOYW1lAA== "), EMAIL_OK);
	assert_memory_equal(email__buf_head(&x.response), "user", 4);
	assert_int_equal(email__exchange_accept(&x, &e), EMAIL_E_PROTOCOL);
	assert_int_equal(challenge("   "), EMAIL_OK);
	assert_int_equal(email__buf_len(&x.response), 6);
	assert_int_equal(email__exchange_accept(&x, &e), EMAIL_OK);
	assert_int_equal(challenge(""), EMAIL_E_PROTOCOL); /* one too many for the mechanism */
	assert_int_equal(choose("LOGIN", NULL, true), EMAIL_OK);
	assert_int_equal(challenge("Username:"), EMAIL_E_PROTOCOL);
	assert_int_equal(challenge("VXNl\rA=="), EMAIL_E_PROTOCOL);
	memset(much, 'A', sizeof much);
	assert_int_equal(email__exchange_challenge(&x, much, sizeof much, &e), EMAIL_E_PROTOCOL);
	assert_int_equal(choose("LOGIN", NULL, true), EMAIL_OK);
	for (i = 0; i < EMAIL__SASL_CHALLENGES_MAX; i++) {
		x.sasl.step = 0;
		assert_int_equal(challenge(""), EMAIL_OK);
	}
	x.sasl.step = 0;
	assert_int_equal(challenge(""), EMAIL_E_PROTOCOL);
}

static void
bounds(void **state)
{
	static char password[EMAIL__SECRET_MAX + 2], user[EMAIL__SASL_USER_MAX + 2];
	email__credentials c = {.user = "user", .password = password};
	bool has;

	(void)state;
	memset(password, 'p', EMAIL__SECRET_MAX);
	memset(user, ',', EMAIL__SASL_USER_MAX); /* each of them three bytes in OAUTHBEARER */
	assert_int_equal(email__exchange_choose(&x, "PLAIN", NULL, true, true, &c, &e), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 99999, &has), EMAIL_OK);
	c = (email__credentials){
		.user = user, .password = password, .kind = EMAIL__CREDENTIAL_TOKEN, .host = "h"};
	assert_int_equal(email__exchange_choose(&x, "OAUTHBEARER", NULL, true, true, &c, &e), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 99999, &has), EMAIL_OK);
	assert_true(email__exchange_token(&x));
	user[EMAIL__SASL_USER_MAX] = 'u';
	assert_int_equal(email__exchange_choose(&x, "OAUTHBEARER", NULL, true, true, &c, &e), EMAIL_E_LIMIT);
	assert_string_equal(e.text, "the account's user name has 1025 bytes, more than 1024");
	memset(&e, 0, sizeof e);
	user[1] = '\0';
	password[EMAIL__SECRET_MAX] = 'p';
	assert_int_equal(email__exchange_choose(&x, "OAUTHBEARER", NULL, true, true, &c, &e), EMAIL_E_LIMIT);
	assert_string_equal(e.text, "the token has 16385 bytes, more than 16384");
	assert_non_null(strstr(e.remedy, "provider"));
	memset(&e, 0, sizeof e);
	c.kind = EMAIL__CREDENTIAL_PASSWORD;
	assert_int_equal(email__exchange_choose(&x, "PLAIN", NULL, true, true, &c, &e), EMAIL_E_LIMIT);
	assert_string_equal(e.text, "the password has 16385 bytes, more than 16384");
	assert_string_equal(e.remedy, "");
	email__exchange_end(&x);
	email_test_fail_alloc_from(1);
	assert_int_equal(email__exchange_choose(&x, "PLAIN", NULL, true, true, &who, &e), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 99, &has), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
}

static void
refusals(void **state)
{
	static const email__credentials token = {
		.user = "user", .password = "t", .kind = EMAIL__CREDENTIAL_TOKEN};
	static const email__binding exporter = {.type = "tls-exporter", .data = "0123", .n = 4};
	static const email__credentials bound = {.user = "user", .password = "secret", .binding = &exporter};
	char long_json[400] = "{\"status\":\"401\",\"x\":\"", encoded[600];
	bool has;

	(void)state;
	/* the server's reason, printable, once, and as much as there is room for */
	assert_int_equal(email__exchange_choose(&x, "XOAUTH2", NULL, true, true, &token, &e), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 99, &has), EMAIL_OK);
	memset(long_json + strlen(long_json), '\n', 300);
	encoded[email__base64_encode(encoded, long_json, strlen(long_json))] = '\0';
	assert_int_equal(challenge(encoded), EMAIL_OK);
	assert_int_equal(email__buf_len(&x.response), 0);
	memset(e.text, 'w', 200);
	e.code = EMAIL_E_LOGIN;
	email__exchange_refused(&x, &e);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_non_null(strstr(e.text, "ww ({\"status\":\"401\",\"x\":\"?????"));
	assert_int_equal(e.text[sizeof e.text - 2], ')');
	/* what asks for the initial response may have any words */
	memset(&e, 0, sizeof e);
	assert_int_equal(email__exchange_choose(&x, "XOAUTH2", NULL, true, true, &token, &e), EMAIL_OK);
	assert_int_equal(challenge("XOAUTH2 supported"), EMAIL_OK);
	assert_memory_equal(email__buf_head(&x.response), "user=user\1auth=Bearer t\1\1", 25);
	assert_int_equal(challenge("no base64"), EMAIL_E_PROTOCOL);
	/* no downgrade by itself, but a word on it */
	memset(&e, 0, sizeof e);
	assert_int_equal(email__exchange_choose(&x, "SCRAM-SHA-1-PLUS PLAIN", NULL, true, true, &bound, &e),
	                 EMAIL_OK);
	assert_string_equal(x.sasl.mechanism->name, "SCRAM-SHA-1-PLUS");
	assert_false(email__exchange_token(&x));
	snprintf(e.remedy, sizeof e.remedy, "an app password");
	e.temporary = true;
	email__exchange_refused(&x, &e);
	assert_string_equal(e.remedy, "an app password");
	e.temporary = false;
	email__exchange_refused(&x, &e);
	assert_non_null(strstr(e.remedy, "without -PLUS"));
	/* closed in the middle of it: a token that is long may be the reason */
	{
		static char much[5001];
		const email__credentials c = {
			.user = "user", .password = much, .kind = EMAIL__CREDENTIAL_TOKEN};

		memset(much, 't', 5000);
		memset(&e, 0, sizeof e);
		assert_int_equal(email__exchange_choose(&x, "XOAUTH2", NULL, true, true, &c, &e), EMAIL_OK);
		email__exchange_closed(&x, &e);
		assert_string_equal(e.remedy, ""); /* none of it was sent */
		assert_int_equal(email__exchange_initial(&x, 9999, &has), EMAIL_OK);
		email__exchange_closed(&x, &e);
		assert_memory_equal(e.remedy, "the token has 5000 bytes", 24);
		much[100] = '\0';
		memset(&e, 0, sizeof e);
		email__exchange_closed(&x, &e);
		assert_string_equal(e.remedy, "");
		email__exchange_end(&x);
		email__exchange_closed(&x, &e);
		assert_string_equal(e.remedy, "");
	}
	/* in the words for what would be shown */
	memset(&e, 0, sizeof e);
	assert_int_equal(email__exchange_choose(&x, "XOAUTH2", NULL, false, false, &token, &e),
	                 EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "the login would show the token to whoever reads the connection");
	memset(&e, 0, sizeof e);
	assert_int_equal(email__exchange_choose(&x, "PLAIN LOGIN", NULL, true, true, &token, &e),
	                 EMAIL_E_MECHANISM);
	assert_string_equal(e.text, "none of the logins that the server offers takes a token");
}

/* Cleared, and ended: no trace of the password in the buffer; and usable anew. */
static void
wiped(void **state)
{
	bool has;
	size_t i;

	(void)state;
	assert_int_equal(choose("PLAIN", NULL, true), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 99, &has), EMAIL_OK);
	assert_true(x.response.secret);
	email__buf_clear(&x.response);
	for (i = 0; i + 6 <= x.response.cap; i++)
		assert_memory_not_equal(x.response.data + i, "secret", 6);
	email__exchange_end(&x);
	email__exchange_end(&x);
	assert_null(x.sasl.credentials);
	assert_int_equal(choose("PLAIN", NULL, true), EMAIL_OK);
	assert_int_equal(email__exchange_initial(&x, 99, &has), EMAIL_OK);
	assert_true(has);
}

#define with_exchange(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {with_exchange(choice),     with_exchange(initial),
	                                   with_exchange(challenges), with_exchange(bounds),
	                                   with_exchange(refusals),   with_exchange(wiped)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
