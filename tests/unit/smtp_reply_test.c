/* SPDX-License-Identifier: MIT */
#include "proto/smtp_reply.h"

#include "support/cm.h"

static email_code
line(email__smtp_reply *r, const char *text)
{
	return email__smtp_reply_line(r, text, strlen(text), true);
}

static void
codes(void **state)
{
	static const char *const good[] = {"250 ok", "250", "250 ", "599 x", "200 x", "354 go"};
	static const char *const bad[] = {"",      "2",     "25",    "25O ok",  "250ok", "099 x",
	                                  "199 x", "600 x", "999 x", "250\tok", "-250",  " 250"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		email__smtp_reply r = {0};

		assert_int_equal(line(&r, good[i]), EMAIL_OK);
		assert_true(r.whole);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		email__smtp_reply r = {0};

		assert_int_equal(line(&r, bad[i]), EMAIL_E_PROTOCOL);
	}
}

static void
lines(void **state)
{
	email__smtp_reply r = {0};
	char words[64];
	int i;

	(void)state;
	assert_int_equal(line(&r, "550-5.7.1 not"), EMAIL_OK);
	assert_false(r.whole);
	assert_int_equal(line(&r, "550-"), EMAIL_OK);
	assert_int_equal(line(&r, "550 5.7.1 here"), EMAIL_OK);
	assert_true(r.whole);
	assert_int_equal(r.lines, 3);
	assert_string_equal(r.enhanced, "5.7.1");
	email__smtp_reply_words(&r, words, sizeof words);
	assert_string_equal(words, "not here");
	/* the next reply begins afresh */
	assert_int_equal(line(&r, "250 \033[1m"), EMAIL_OK);
	assert_string_equal(r.enhanced, "");
	email__smtp_reply_words(&r, words, sizeof words);
	assert_string_equal(words, "?[1m");
	assert_int_equal(line(&r, "250-a"), EMAIL_OK);
	assert_int_equal(line(&r, "251 a"), EMAIL_E_PROTOCOL);
	memset(&r, 0, sizeof r);
	for (i = 0; i < 100; i++)
		assert_int_equal(line(&r, "250-a long line to fill what is kept of the words"), EMAIL_OK);
	assert_int_equal(line(&r, "250 a"), EMAIL_E_LIMIT);
}

static void
statuses(void **state)
{
	static const struct {
		const char *text, *status;
	} rows[] = {{"550 5.1.1 no", "5.1.1"}, {"550 5.123.456", "5.123.456"},
	            {"550 5.1234.1 x", ""},    {"550 4.1.1 x", ""},
	            {"250 2.0.0", "2.0.0"},    {"354 3.0.0 x", ""},
	            {"550 5.1. x", ""},        {"550 5..1 x", ""},
	            {"550 5.1.1x", ""},        {"550 5.1", ""}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__smtp_reply r = {0};

		assert_int_equal(line(&r, rows[i].text), EMAIL_OK);
		assert_string_equal(r.enhanced, rows[i].status);
		/* not announced: words like others */
		memset(&r, 0, sizeof r);
		assert_int_equal(email__smtp_reply_line(&r, rows[i].text, strlen(rows[i].text), false),
		                 EMAIL_OK);
		assert_string_equal(r.enhanced, "");
	}
}

static void
errors(void **state)
{
	email__smtp_reply r = {0};
	email_error e = {0};

	(void)state;
	line(&r, "451 4.7.1 greylisted");
	assert_int_equal(email__smtp_reply_error(&r, &e, EMAIL_OK, EMAIL_STAGE_ENVELOPE, "no"),
	                 EMAIL_E_TEMPORARY);
	assert_string_equal(e.text, "no: 451 4.7.1 greylisted");
	assert_true(e.temporary);
	assert_int_equal(e.reply, 451);
	assert_string_equal(e.enhanced, "4.7.1");
	line(&r, "550 x");
	/* the first one stays */
	assert_int_equal(email__smtp_reply_error(&r, &e, EMAIL_OK, EMAIL_STAGE_DATA, "again"),
	                 EMAIL_E_REFUSED);
	assert_int_equal(e.reply, 451);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__smtp_reply_error(&r, &e, EMAIL_E_LOGIN, EMAIL_STAGE_AUTHENTICATE, "no"),
	                 EMAIL_E_LOGIN);
	assert_false(e.temporary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(codes), cmocka_unit_test(lines),
	                                   cmocka_unit_test(statuses), cmocka_unit_test(errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
