/* SPDX-License-Identifier: MIT */
#include "proto/remedy.h"

#include <stdio.h>

#include "base/error.h"
#include "support/cm.h"

static const char *
remedy(email_code code, int reply, const char *enhanced)
{
	static email_error e;

	memset(&e, 0, sizeof e);
	e.code = code;
	e.reply = reply;
	snprintf(e.enhanced, sizeof e.enhanced, "%s", enhanced);
	email__remedy(&e);
	return e.remedy;
}

static void
answers(void **state)
{
	static const struct {
		int reply;
		const char *enhanced, *says;
	} rows[] = {{535, "5.7.3", "SMTP.SendAsApp"},
	            {535, "5.7.8", "app password"},
	            {535, "5.7.139", "SMTP AUTH"},
	            {550, "5.7.30", "OAuth"},
	            {534, "5.7.9", "app password"},
	            {454, "4.7.0", "tried again"},
	            {421, "", "tried again"},
	            {530, "5.7.57", "emailAuthenticator"},
	            {552, "5.3.4", "larger"},
	            {535, "5.9.9", "account and password"},
	            {550, "5.1.1", "no such mailbox"},
	            {550, "5.7.60", "Send As"},
	            {432, "4.3.2", "connections"},
	            {554, "5.2.0", "sending limit"},
	            {554, "5.2.2", "full"},
	            {504, "5.7.4", "useStartTls"},
	            {421, "4.7.0", "tried again"},
	            {530, "5.7.0", "useStartTls"},
	            {534, "", "app password"},
	            {538, "", "over TLS only"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_non_null(
			strstr(remedy(EMAIL_E_REFUSED, rows[i].reply, rows[i].enhanced), rows[i].says));
	assert_string_equal(remedy(EMAIL_E_REFUSED, 555, "5.5.4"), "");
	assert_string_equal(remedy(EMAIL_E_REFUSED, 0, ""), "");
	assert_non_null(strstr(remedy(EMAIL_E_STARTTLS, 0, ""), "useSsl"));
	assert_non_null(strstr(remedy(EMAIL_E_STARTTLS, 502, ""), "useSsl"));
}

/* Microsoft's and Google's answers to a token, beside those to a password. */
static void
tokens(void **state)
{
	static const struct {
		email_code code;
		int reply;
		const char *enhanced, *password, *token;
	} rows[] = {
		{EMAIL_E_LOGIN, 535, "5.7.3", "account and password", "service principal"},
		{EMAIL_E_LOGIN, 535, "5.7.3", "account and password", "SMTP AUTH"},
		{EMAIL_E_LOGIN, 535, "5.7.139", "OAuth authenticator", "for both, for logins by OAuth too"},
		{EMAIL_E_LOGIN, 535, "5.7.8", "app password", "https://mail.google.com/"},
		{EMAIL_E_LOGIN, 534, "5.7.9", "app password", "scope"},
		{EMAIL_E_LOGIN, 550, "5.7.30", "OAuth", "SMTP.SendAsApp"},
		{EMAIL_E_LOGIN, 0, "", "account and password", "POP.AccessAsApp"},
		{EMAIL_E_TEMPORARY, 454, "4.7.0", "tried again", "tried again"},
		{EMAIL_E_TEMPORARY, 421, "4.3.2", "tried again", "tried again"},
		{EMAIL_E_MECHANISM, 504, "5.7.4", "useStartTls", "no OAuth token"},
		{EMAIL_E_MECHANISM, 500, "5.5.6", "saslMechanism", "longer than the server takes"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email_error e = {.code = rows[i].code, .reply = rows[i].reply};

		snprintf(e.enhanced, sizeof e.enhanced, "%s", rows[i].enhanced);
		email__remedy(&e);
		assert_non_null(strstr(e.remedy, rows[i].password));
		email__remedy_token(&e);
		assert_non_null(strstr(e.remedy, rows[i].token));
		assert_true(strlen(e.remedy) < sizeof e.remedy - 1); /* not cut */
		assert_true(rows[i].code != EMAIL_E_LOGIN || !strstr(e.remedy, "password"));
	}
	{
		email_error e = {.code = EMAIL_E_MECHANISM};

		email__remedy_token(&e);
		assert_non_null(strstr(e.remedy, "no OAuth token"));
	}
}

static void
first_stays(void **state)
{
	email_error e = {.reply = 421, .remedy = "mine"};

	(void)state;
	email__remedy(&e);
	assert_string_equal(e.remedy, "mine");
}

static void
greetings(void **state)
{
	static const struct {
		const char *first, *says;
	} rows[] = {{"\x15\x03\x01", "useSsl"},
	            {"\x16", "useSsl"},
	            {"* OK x", "IMAP"},
	            {"+OK", "POP3"},
	            {"-ERR", "POP3"},
	            {"HTTP/1.1 400", "web"},
	            {"SSH-2.0", "SSH"},
	            {"x", "not SMTP"},
	            {"", "not SMTP"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email_error e = {0};

		email__remedy_greeting(&e, "SMTP", (const unsigned char *)rows[i].first,
		                       strlen(rows[i].first));
		assert_non_null(strstr(e.remedy, rows[i].says));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(tokens),
	                                   cmocka_unit_test(first_stays), cmocka_unit_test(greetings)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
