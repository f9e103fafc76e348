/* SPDX-License-Identifier: MIT */
/* What comes unasked, while nothing is awaited and in between. */
#include "support/cm.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;

/* The count of messages follows; what cannot be does not. */
static void
counts(void **state)
{
	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
	email_test_imap_say(&p, "");
	email_test_imap_say(&p, "* 5 EXISTS\r\n");
	assert_int_equal(email__imap_count(p.s), 5);
	assert_int_equal(p.news, 1);
	email_test_imap_say(
		&p, "* 5 EXPUNGE\r\n* 1 EXPUNGE\r\n* 4 EXPUNGE\r\n* 0 EXPUNGE\r\n* 4294967299 EXISTS\r\n");
	assert_int_equal(email__imap_count(p.s), 3);
	email_test_imap_say(&p, "* 2 RECENT\r\n* 2 RECENT\r\n");
	assert_int_equal(p.news, 2);
	email_test_imap_say(&p, "* 2 EXISTS\r\n"); /* without EXPUNGE: a server's error, and harmless */
	assert_int_equal(email__imap_count(p.s), 2);
	assert_int_equal(p.news, 2);
	email_test_imap_say(&p, "A3 OK x\r\n");
	assert_true(email__imap_ready(p.s));
	email_test_imap_close(&p);
}

/* More messages than any folder has: no time is spent on searching them. */
static void
too_many(void **state)
{
	char line[64];

	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	snprintf(line, sizeof line, "* %d EXISTS\r\n", EMAIL__IMAP_MESSAGES_MAX);
	email_test_imap_say(&p, line);
	assert_int_equal(email__imap_link(p.s)->error.code, EMAIL_OK);
	snprintf(line, sizeof line, "* %d EXISTS\r\n", EMAIL__IMAP_MESSAGES_MAX + 1);
	email_test_imap_say(&p, line);
	assert_int_equal(email__imap_link(p.s)->error.code, EMAIL_E_LIMIT);
	email_test_imap_close(&p);
}

/* A server that talks keeps its deadline; one that never answers does not. */
static void
talk_without_end(void **state)
{
	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	for (int round = 3; round <= 4; round++) {
		char answer[32];
		assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
		email_test_imap_say(&p, "");
		for (int i = 0; i < EMAIL__IMAP_UNTAGGED_MAX; i++)
			email_test_imap_say(&p, "* OK still searching\r\n");
		snprintf(answer, sizeof answer, "A%d OK x\r\n", round);
		email_test_imap_say(&p, answer);
		assert_true(email__imap_ready(p.s));
	}
	assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
	email_test_imap_say(&p, "");
	for (int i = 0; i < EMAIL__IMAP_UNTAGGED_MAX + 8; i++)
		email_test_imap_say(&p, "* OK still searching\r\n");
	assert_int_equal(email__imap_link(p.s)->error.code, EMAIL_E_PROTOCOL);
	email_test_imap_close(&p);
}

/* Whatever else: nobody asked, nobody is told, and the session goes on. */
static void
noise(void **state)
{
	static const char *const lines[] = {"* SEARCH 1 2 3",
	                                    "* ESEARCH UID ALL 1:9",
	                                    "* LIST (\\X) \"/\" x",
	                                    "* FLAGS (\\Seen)",
	                                    "* X",
	                                    "* NO",
	                                    "* OK [",
	                                    "* OK []",
	                                    "* OK [CAPABILITY]",
	                                    "* BAD",
	                                    "* ENABLED UTF8=ACCEPT",
	                                    "* VANISHED 1",
	                                    "* 1 FETCH (UID 1 BODY[] \"x\" BODYSTRUCTURE (\"a\"))",
	                                    "* 1 FETCH (FLAGS ())",
	                                    "* 9 X (",
	                                    "* STATUS {3}\r\na\nb (X 1)",
	                                    "* 1 FETCH (BODY[] {3}\r\nabc UID 1)",
	                                    "* \"x",
	                                    "* (((",
	                                    "* 1 "};
	size_t i;

	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
	email_test_imap_say(&p, "");
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		email_test_imap_say(&p, lines[i]);
		email_test_imap_say(&p, "\r\n");
		assert_int_equal(p.l->error.code, EMAIL_OK);
	}
	assert_string_equal(email_test_imap_told(&p), "");
	email_test_imap_say(&p, "A3 OK x\r\n");
	assert_true(email__imap_ready(p.s));
	email_test_imap_close(&p);
}

static void
alerts_and_ends(void **state)
{
	static const struct {
		const char *line;
		email_code code;
	} rows[] = {{"* BYE\r\n", EMAIL_E_CLOSED},
	            {"* BYE [UNAVAILABLE] later\r\n", EMAIL_E_TEMPORARY},
	            {"* OK [UIDVALIDITY 8] x\r\n", EMAIL_E_TEMPORARY},
	            {"* 1 FETCH x\r\n", EMAIL_E_PROTOCOL},
	            {"*\r\n", EMAIL_E_PROTOCOL},
	            {"\r\n", EMAIL_E_PROTOCOL},
	            {"+\r\n", EMAIL_E_PROTOCOL},
	            {"A4 OK x\r\n", EMAIL_E_PROTOCOL},
	            {"A3 PREAUTH x\r\n", EMAIL_E_PROTOCOL},
	            {"A3\r\n", EMAIL_E_PROTOCOL}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(email_test_imap_open(&p, "", 3));
		assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
		email_test_imap_say(&p, "");
		email_test_imap_say(&p, "* NO [ALERT] full\x1B[2J\r\n* OK [UIDVALIDITY 7] same\r\n");
		assert_string_equal(email__imap_alert(p.s), "full?[2J");
		email_test_imap_say(&p, rows[i].line);
		assert_int_equal(p.l->error.code, rows[i].code);
		assert_int_equal(p.l->want, 0);
		email_test_imap_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(too_many),
	                                   cmocka_unit_test(talk_without_end), cmocka_unit_test(noise),
	                                   cmocka_unit_test(alerts_and_ends)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
