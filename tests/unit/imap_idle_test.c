/* SPDX-License-Identifier: MIT */
/* Waiting for news. Dialogues: tests/transcripts. */
#include "support/cm.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;

/* Waiting: woken before IDLE was written, and while it is on its way. */
static void
waiting(void **state)
{
	(void)state;
	assert_true(email_test_imap_open(&p, "IDLE", 3));
	assert_int_equal(email__imap_wait(p.s), EMAIL_OK);
	email__imap_wake(p.s);
	assert_string_equal(email_test_imap_say(&p, ""), "");
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email__imap_wait(p.s), EMAIL_OK);
	assert_string_equal(email_test_imap_say(&p, ""), "A3 IDLE\r\n");
	assert_int_equal(p.l->wait, EMAIL__WAIT_RESPONSE);
	assert_int_equal(p.l->want, EMAIL__WANT_READ);
	email_test_imap_say(&p, "+ idling\r\n");
	assert_int_equal(p.l->wait, EMAIL__WAIT_NEWS);
	assert_int_equal(p.l->want, EMAIL__WANT_READ | EMAIL__WANT_CALLER);
	email_test_imap_say(&p, "* 4 EXISTS\r\n");
	assert_int_equal(p.news, 1);
	email__imap_wake(p.s);
	assert_string_equal(email_test_imap_say(&p, ""), "DONE\r\n");
	assert_int_equal(p.l->wait, EMAIL__WAIT_RESPONSE);
	email_test_imap_say(&p, "A3 OK x\r\n");
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email__imap_count(p.s), 4);
	email_test_imap_close(&p);
}

/* News of before the wait are told at once, once a list was asked for they are none any more. */
static void
fresh(void **state)
{
	email__entry e = {.number = 5};

	(void)state;
	assert_true(email_test_imap_open(&p, "IDLE", 3));
	assert_int_equal(email__imap_settle(p.s, &e, EMAIL__FATE_SEEN), EMAIL_OK);
	email_test_imap_say(&p, "");
	email_test_imap_say(&p, "* 4 EXISTS\r\nA3 OK x\r\n");
	assert_int_equal(p.news, 0);
	assert_int_equal(email__imap_wait(p.s), EMAIL_OK);
	assert_int_equal(p.news, 1);
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
	assert_int_equal(p.news, 2);
	assert_int_equal(email__imap_list(p.s, true, 1), EMAIL_OK);
	email_test_imap_say(&p, "");
	email_test_imap_say(&p, "A4 OK x\r\n");
	assert_int_equal(email__imap_wait(p.s), EMAIL_OK);
	assert_int_equal(p.news, 2);
	assert_string_equal(email_test_imap_say(&p, ""), "A5 IDLE\r\n");
	email_test_imap_close(&p);
}

/* A server that says no to it is not asked again. */
static void
refused(void **state)
{
	(void)state;
	assert_true(email_test_imap_open(&p, "IDLE", 3));
	assert_true(email__imap_offers_idle(p.s));
	assert_int_equal(email__imap_wait(p.s), EMAIL_OK);
	email_test_imap_say(&p, "");
	email_test_imap_say(&p, "A3 NO never\r\n");
	assert_true(email__imap_ready(p.s));
	assert_false(email__imap_offers_idle(p.s));
	assert_int_equal(email__imap_wait(p.s), EMAIL_E_EXTENSION);
	assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
	assert_string_equal(email_test_imap_say(&p, ""), "A4 NOOP\r\n");
	email_test_imap_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(waiting), cmocka_unit_test(fresh),
	                                   cmocka_unit_test(refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
