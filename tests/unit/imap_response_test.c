/* SPDX-License-Identifier: MIT */
#include "proto/imap_response.h"

#include "support/cm.h"

static email__imap_response
read_one(const char *text)
{
	email__imap_response r;

	email__imap_response_read(&r, text, strlen(text));
	return r;
}

static void
statuses(void **state)
{
	static const struct {
		const char *text;
		email__imap_status status;
		const char *code, *argument, *words;
	} rows[] = {
		{"OK", EMAIL__IMAP_OK, "", "", ""},
		{"ok [UIDVALIDITY 7] x y", EMAIL__IMAP_OK, "UIDVALIDITY", "7", "[UIDVALIDITY 7] x y"},
		{"NO [ALERT]", EMAIL__IMAP_NO, "ALERT", "", "[ALERT]"},
		{"BAD what", EMAIL__IMAP_BAD_COMMAND, "", "", "what"},
		{"BYE [x", EMAIL__IMAP_BYE, "", "", "[x"},
		{"PREAUTH [A B C]D", EMAIL__IMAP_PREAUTH, "A", "B C", "[A B C]D"},
		{"OKAY", EMAIL__IMAP_NONE, "", "", ""},
		{"12 EXISTS", EMAIL__IMAP_NONE, "", "", ""},
		{"", EMAIL__IMAP_NONE, "", "", ""},
		{"OK \x1B[2J", EMAIL__IMAP_OK, "", "", "?[2J"},
		{"OK []", EMAIL__IMAP_OK, "", "", "[]"},
	};
	char words[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__imap_response r = read_one(rows[i].text);

		assert_int_equal(r.status, rows[i].status);
		assert_int_equal(r.code_len, strlen(rows[i].code));
		assert_true(r.code_len == 0 || email__imap_response_has(&r, rows[i].code));
		assert_int_equal(r.argument_len, strlen(rows[i].argument));
		if (r.argument_len)
			assert_memory_equal(r.argument, rows[i].argument, r.argument_len);
		email__imap_response_words(&r, words, sizeof words);
		assert_string_equal(words, rows[i].words);
	}
}

static void
numbers(void **state)
{
	static const struct {
		const char *text;
		uint32_t number;
	} rows[] = {{"OK [X 1]", 1},
	            {"OK [X 4294967295]", UINT32_MAX},
	            {"OK [X 4294967296]", 0},
	            {"OK [X 0]", 0},
	            {"OK [X -1]", 0},
	            {"OK [X]", 0},
	            {"OK [X 1 2]", 0},
	            {"OK", 0},
	            {"OK [X 00000000000000000001]", 0}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__imap_response r = read_one(rows[i].text);

		assert_int_equal(email__imap_response_number(&r), rows[i].number);
	}
}

static void
meanings(void **state)
{
	static const struct {
		const char *text;
		email_code code;
		bool remedy;
	} rows[] = {{"NO [AUTHENTICATIONFAILED] x", EMAIL_E_LOGIN, true},
	            {"NO [authorizationfailed]", EMAIL_E_LOGIN, true},
	            {"NO [UNAVAILABLE] x", EMAIL_E_TEMPORARY, true},
	            {"NO [LIMIT] x", EMAIL_E_TEMPORARY, true},
	            {"NO [INUSE] x", EMAIL_E_TEMPORARY, true},
	            {"NO [SERVERBUG] x", EMAIL_E_TEMPORARY, true},
	            {"NO [PRIVACYREQUIRED] x", EMAIL_E_MECHANISM, true},
	            {"NO [OVERQUOTA] x", EMAIL_E_REFUSED, true},
	            {"NO [CONTACTADMIN] x", EMAIL_E_REFUSED, true},
	            {"NO [ALERT] Please log in via your web browser: https://x.example/ (Failure)",
	             EMAIL_E_LOGIN, true},
	            {"NO [WEBALERT https://x.example/] Web login required. (Failure)", EMAIL_E_LOGIN, true},
	            {"NO [ALERT] Application-specific password required: https://x.example/ (Failure)",
	             EMAIL_E_LOGIN, true},
	            {"NO [ALERT] Your account is not enabled for IMAP use.", EMAIL_E_LOGIN, true},
	            {"NO [ALERT] Too many simultaneous connections. (Failure)", EMAIL_E_TEMPORARY, true},
	            {"NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)",
	             EMAIL_E_TEMPORARY, true},
	            {"BAD User is authenticated but not connected.", EMAIL_E_TEMPORARY, true},
	            {"BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds",
	             EMAIL_E_TEMPORARY, true},
	            {"NO Server Unavailable. 15", EMAIL_E_TEMPORARY, true},
	            {"NO mailbox is locked by another session", EMAIL_E_TEMPORARY, true},
	            {"NO [X-OWN] x", EMAIL_E_REFUSED, false},
	            {"BAD User is authenticated but not connected.", EMAIL_E_TEMPORARY, true},
	            {"NO now: user IS authenticated but not connected", EMAIL_E_TEMPORARY, true},
	            {"NO user is authenticated but not connecte", EMAIL_E_REFUSED, false},
	            {"NO x", EMAIL_E_REFUSED, false},
	            {"BAD x", EMAIL_E_REFUSED, false}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__imap_response r = read_one(rows[i].text);
		email_error e = {0};

		assert_int_equal(email__imap_response_code(&r, EMAIL_E_REFUSED), rows[i].code);
		assert_int_equal(
			email__imap_response_error(&r, &e, EMAIL_E_REFUSED, EMAIL_STAGE_FETCH, "what"),
			rows[i].code);
		assert_int_equal(e.code, rows[i].code);
		assert_int_equal(e.stage, EMAIL_STAGE_FETCH);
		assert_int_equal(e.temporary, rows[i].code == EMAIL_E_TEMPORARY);
		assert_int_equal(e.remedy[0] != '\0', rows[i].remedy);
		assert_memory_equal(e.text, "what: ", 6);
		assert_non_null(strstr(e.text, rows[i].text));
	}
	/* the first error stays */
	{
		email__imap_response r = read_one("NO [LIMIT] x");
		email_error e = {.code = EMAIL_E_CLOSED};

		email__imap_response_error(&r, &e, EMAIL_E_REFUSED, EMAIL_STAGE_FETCH, "what");
		assert_int_equal(e.code, EMAIL_E_CLOSED);
		assert_string_equal(e.text, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(statuses), cmocka_unit_test(numbers),
	                                   cmocka_unit_test(meanings)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
