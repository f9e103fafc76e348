/* SPDX-License-Identifier: MIT */
#include "proto/pop3_reply.h"

#include "proto/mailbox.h"
#include "support/cm.h"

static email_code
line(email__pop3_reply *r, const char *text)
{
	return email__pop3_reply_line(r, text, strlen(text));
}

/* Row 150: exactly these. */
static void
statuses(void **state)
{
	static const struct {
		const char *text;
		email__pop3_status is;
		const char *words;
	} good[] = {{"+OK", EMAIL__POP3_OK, ""},
	            {"+OK ", EMAIL__POP3_OK, ""},
	            {"+OK 2 320", EMAIL__POP3_OK, "2 320"},
	            {"-ERR", EMAIL__POP3_ERR, ""},
	            {"-ERR no", EMAIL__POP3_ERR, "no"},
	            {"+", EMAIL__POP3_CONTINUE, ""},
	            {"+ ", EMAIL__POP3_CONTINUE, ""},
	            {"+ eA==", EMAIL__POP3_CONTINUE, "eA=="},
	            {"+OK \033[1m", EMAIL__POP3_OK, "?[1m"}};
	static const char *const bad[] = {"",      "OK",     "+OKx", "+ok",  "-err",   "-ER",
	                                  "-ERRx", "+OK\tx", " +OK", "* OK", "250 ok", "."};
	email__pop3_reply r;
	char words[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(line(&r, good[i].text), EMAIL_OK);
		assert_int_equal(r.status, good[i].is);
		email__pop3_reply_words(&r, words, sizeof words);
		assert_string_equal(words, good[i].words);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(line(&r, bad[i]), EMAIL_E_PROTOCOL);
}

static void
codes(void **state)
{
	static const struct {
		const char *text;
		email_code is;
	} rows[] = {
		{"-ERR [IN-USE] x", EMAIL_E_TEMPORARY},
		{"-ERR [in-use] x", EMAIL_E_TEMPORARY},
		{"-ERR [LOGIN-DELAY] x", EMAIL_E_TEMPORARY},
		{"-ERR [SYS/TEMP] x", EMAIL_E_TEMPORARY},
		{"-ERR [SYS/TEMP/DISK] x", EMAIL_E_TEMPORARY},
		{"-ERR [SYS/PERM] mailbox locked", EMAIL_E_REFUSED}, /* the code counts, not the words */
		{"-ERR [AUTH] try again later", EMAIL_E_LOGIN},
		{"-ERR [AUTHX] x", EMAIL_E_PARTIAL},
		{"-ERR [SYS] x", EMAIL_E_PARTIAL},
		{"-ERR [AUTH", EMAIL_E_PARTIAL},
		{"-ERR x [AUTH]", EMAIL_E_PARTIAL},
		{"-ERR Mailbox is LOCKED by another session", EMAIL_E_TEMPORARY},
		{"-ERR unable to lock maildrop", EMAIL_E_TEMPORARY},
		{"-ERR mailbox in use", EMAIL_E_TEMPORARY},
		{"-ERR Please try again later", EMAIL_E_TEMPORARY},
		{"-ERR too many connections", EMAIL_E_TEMPORARY},
		{"-ERR account locked", EMAIL_E_PARTIAL},
		{"-ERR no", EMAIL_E_PARTIAL},
		{"-ERR", EMAIL_E_PARTIAL},
	};
	email__pop3_reply r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(line(&r, rows[i].text), EMAIL_OK);
		assert_int_equal(email__pop3_reply_code(&r, EMAIL_E_PARTIAL), rows[i].is);
	}
}

static void
errors(void **state)
{
	static char much[2000] = "-ERR ";
	email__pop3_reply r;
	email_error e = {0};

	(void)state;
	line(&r, "-ERR [IN-USE] \033locked");
	assert_int_equal(email__pop3_reply_error(&r, &e, EMAIL_E_LOGIN, EMAIL_STAGE_AUTHENTICATE, "no"),
	                 EMAIL_E_TEMPORARY);
	assert_string_equal(e.text, "no: [IN-USE] ?locked");
	assert_true(e.temporary);
	assert_non_null(strstr(e.remedy, "Another program"));
	line(&r, "-ERR");
	assert_int_equal(email__pop3_reply_error(&r, &e, EMAIL_E_LOGIN, EMAIL_STAGE_AUTHENTICATE, "again"),
	                 EMAIL_E_LOGIN);
	assert_string_equal(e.text, "no: [IN-USE] ?locked"); /* the first one stays */
	memset(&e, 0, sizeof e);
	email__pop3_reply_error(&r, &e, EMAIL_E_LOGIN, EMAIL_STAGE_AUTHENTICATE, "no");
	assert_string_equal(e.text, "no");
	assert_string_equal(e.remedy, "Check account and password");
	memset(much + 5, 'x', sizeof much - 6);
	memset(&e, 0, sizeof e);
	line(&r, much);
	email__pop3_reply_error(&r, &e, EMAIL_E_REFUSED, EMAIL_STAGE_FETCH, "no");
	assert_true(strlen(e.text) < sizeof e.text && e.stage == EMAIL_STAGE_FETCH);
}

static void
list_lines(void **state)
{
	static const char *const bad[] = {"",
	                                  "0",
	                                  "0 1",
	                                  "-1 1",
	                                  "x",
	                                  " 1 1",
	                                  "1x",
	                                  "1\t1",
	                                  "+1",
	                                  "4294967296",
	                                  "99999999999999999999 1"};
	uint32_t number;
	const char *rest;
	size_t n, i;

	(void)state;
	assert_int_equal(email__pop3_list_line("4294967295  x y", 15, &number, &rest, &n), EMAIL_OK);
	assert_int_equal(number, 4294967295u);
	assert_int_equal(n, 3);
	assert_memory_equal(rest, "x y", 3);
	assert_int_equal(email__pop3_list_line("7", 1, &number, &rest, &n), EMAIL_OK);
	assert_int_equal(n, 0);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(email__pop3_list_line(bad[i], strlen(bad[i]), &number, &rest, &n),
		                 EMAIL_E_PROTOCOL);
}

static uint64_t
size(const char *text)
{
	return email__pop3_size(text, strlen(text));
}

static void
sizes(void **state)
{
	(void)state;
	assert_int_equal(size("0"), 0);
	assert_int_equal(size("1205"), 1205);
	assert_int_equal(size("1205 more"), 1205);
	assert_int_equal(size("9000000000000000"), 9000000000000000);
	assert_true(size("18446744073709551616") == EMAIL__SIZE_UNKNOWN);
	assert_true(size("-1") == EMAIL__SIZE_UNKNOWN);
	assert_true(size("12x") == EMAIL__SIZE_UNKNOWN);
	assert_true(size("") == EMAIL__SIZE_UNKNOWN);
}

static void
uids(void **state)
{
	static const char *const good[] = {
		"000000016b044653", "UID1-1795442377", "1795442268.1", "!", "~", "../x"};
	static const char *const bad[] = {"", " ", "a b", "a\x7f", "\xC3\xA4", "a\tb"};
	char uid[EMAIL__UID_MAX + 1], longest[80];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(email__pop3_uid(good[i], strlen(good[i]), uid));
		assert_string_equal(uid, good[i]);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(email__pop3_uid(bad[i], strlen(bad[i]), uid));
		assert_string_equal(uid, "");
	}
	assert_false(email__pop3_uid("a\0b", 3, uid));
	memset(longest, 'u', sizeof longest);
	assert_true(email__pop3_uid(longest, 70, uid));
	assert_int_equal(strlen(uid), 70);
	assert_false(email__pop3_uid(longest, 71, uid));
	longest[70] = ' ';
	assert_true(email__pop3_uid(longest, 71, uid));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(statuses), cmocka_unit_test(codes),
	                                   cmocka_unit_test(errors),   cmocka_unit_test(list_lines),
	                                   cmocka_unit_test(sizes),    cmocka_unit_test(uids)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
