/* SPDX-License-Identifier: MIT */
/* What responses lead to, while the mailbox is open. Dialogues: tests/transcripts. */
#include "support/cm.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;

/* A search is outstanding, which is A3: what its answer may not be. */
static void
not_asked_for(void **state)
{
	static const struct {
		const char *said, *shown;
	} rows[] = {
		{"A4 OK done\r\n", "\"A4 OK done\""},
		{"A33 OK done\r\n", "\"A33 OK done\""},
		{"A03 OK done\r\n", "\"A03 OK done\""},
		{"A3OK done\r\n", "\"A3OK done\""},
		{"A3\r\n", "\"A3\""},
		{"A3 FINE done\r\n", "\"A3 FINE done\""},
		{"A3 BYE done\r\n", "\"A3 BYE done\""},
		{"A3 PREAUTH done\r\n", "\"A3 PREAUTH done\""},
		{"OK done\r\n", "\"OK done\""},
		{"*\r\n", "\"*\""},
		{"\r\n", "\"\""},
		{"+ go ahead\r\n", "\"+ go ahead\""},
		{"A3 FINE \x1B[2J\xC3\xA4\r\n", "FINE"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(email_test_imap_open(&p, "", 3));
		assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
		assert_string_equal(email_test_imap_say(&p, ""), "A3 NOOP\r\n");
		assert_int_equal(p.l->stage, EMAIL_STAGE_MAILBOX);
		email_test_imap_say(&p, rows[i].said);
		assert_int_equal(p.l->error.code, EMAIL_E_PROTOCOL);
		assert_int_equal(p.l->error.stage, EMAIL_STAGE_MAILBOX);
		assert_non_null(strstr(p.l->error.text, rows[i].shown));
		assert_null(strchr(p.l->error.text, '\x1B'));
		email_test_imap_close(&p);
	}
}

/* No answer before its question has left, and none while nothing is asked. */
static void
too_early(void **state)
{
	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	email_test_imap_say(&p, "A2 OK again\r\n");
	assert_int_equal(p.l->error.code, EMAIL_E_PROTOCOL);
	email_test_imap_close(&p);
	assert_true(email_test_imap_open(&p, "", 3));
	assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
	email_test_imap_say(&p, "A3 OK done\r\n"); /* said before NOOP was read */
	assert_int_equal(p.l->error.code, EMAIL_E_PROTOCOL);
	email_test_imap_close(&p);
}

/* The stage is that of the answer that is awaited, and tells where an error belongs. */
static void
stages(void **state)
{
	email__entry e = {.number = 5};

	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	assert_int_equal(p.l->stage, EMAIL_STAGE_NONE);
	assert_int_equal(email__imap_fetch(p.s, &e, 1, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
	email_test_imap_say(&p, "");
	assert_int_equal(p.l->stage, EMAIL_STAGE_FETCH);
	email_test_imap_say(&p, "* 1 FETCH (UID 5 BODY[] {2}\r\nab");
	assert_int_equal(p.l->stage, EMAIL_STAGE_FETCH);
	email_test_imap_say(&p, ")\r\nA3 NO [SERVERBUG] x\r\n");
	assert_int_equal(p.l->stage, EMAIL_STAGE_NONE);
	assert_true(email__imap_ready(p.s));
	assert_string_equal(email__imap_words(p.s), "[SERVERBUG] x");
	email_test_imap_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(not_asked_for), cmocka_unit_test(too_early),
	                                   cmocka_unit_test(stages)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
