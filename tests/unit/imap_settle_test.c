/* SPDX-License-Identifier: MIT */
/* Wishes by the hundred. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;
static email__entry entries[EMAIL__IMAP_BATCH_MAX + 1];

static void
number_them(void)
{
	size_t i;

	for (i = 0; i <= EMAIL__IMAP_BATCH_MAX; i++)
		entries[i].number = (uint32_t)(4000000000u + i * 2);
}

/* A full ring of them is one command, or two; one more has to wait. */
static void
full(void **state)
{
	const char *wrote;
	size_t i, round;

	(void)state;
	number_them();
	assert_true(email_test_imap_open(&p, "UIDPLUS", 1000));
	p.quiet = true;
	for (round = 0; round < 3; round++) {
		char answers[100];

		for (i = 0; i < EMAIL__IMAP_BATCH_MAX; i++)
			assert_int_equal(email__imap_settle(p.s, &entries[i], EMAIL__FATE_DELETED), EMAIL_OK);
		assert_int_equal(email__imap_settle(p.s, &entries[i], EMAIL__FATE_DELETED), EMAIL_E_LIMIT);
		assert_false(email__imap_ready(p.s));
		wrote = email_test_imap_say(&p, "");
		assert_non_null(strstr(wrote, "UID STORE 4000000000,"));
		assert_non_null(strstr(wrote, ",4000001022 +FLAGS.SILENT (\\Deleted)\r\n"));
		assert_non_null(strstr(wrote, ",4000001022\r\n")); /* UID EXPUNGE */
		assert_int_equal(p.settled, round * EMAIL__IMAP_BATCH_MAX);
		snprintf(answers, sizeof answers, "A%zu OK x\r\nA%zu OK x\r\n", 3 + round * 2, 4 + round * 2);
		email_test_imap_say(&p, answers);
		assert_int_equal(p.settled, (round + 1) * EMAIL__IMAP_BATCH_MAX);
		assert_true(email__imap_ready(p.s));
	}
	email_test_imap_close(&p);
}

/* While a fetch runs they wait until there are enough for a command, and then do not wait for its end. */
static void
behind_a_fetch(void **state)
{
	email__entry one = {.number = 5};
	size_t i;

	(void)state;
	number_them();
	assert_true(email_test_imap_open(&p, "UIDPLUS", 1000));
	p.quiet = true;
	assert_int_equal(email__imap_fetch(p.s, &one, 1, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
	email_test_imap_say(&p, "");
	for (i = 0; i < 63; i++)
		assert_int_equal(email__imap_settle(p.s, &entries[i], EMAIL__FATE_SEEN), EMAIL_OK);
	assert_string_equal(email_test_imap_say(&p, "* 1 FETCH (UID 5 BODY[] {100}\r\nabc"), "");
	assert_int_equal(email__imap_settle(p.s, &entries[i], EMAIL__FATE_SEEN), EMAIL_OK);
	assert_memory_equal(email_test_imap_say(&p, "def"), "A4 UID STORE 4000000000,", 24);
	email__imap_quit(p.s); /* and LOGOUT waits for all of it */
	assert_int_equal(email__imap_settle(p.s, &entries[i], EMAIL__FATE_SEEN), EMAIL_E_USAGE);
	assert_string_equal(email_test_imap_say(&p, ""), "");
	{
		char rest[120];

		memset(rest, 'x', 94);
		strcpy(rest + 94, ")\r\nA3 OK x\r\n");
		assert_string_equal(email_test_imap_say(&p, rest), "");
	}
	assert_int_equal(p.ended, 1);
	assert_string_equal(email_test_imap_say(&p, "A4 OK x\r\n"), "A5 LOGOUT\r\n");
	assert_int_equal(p.settled, 64);
	email_test_imap_say(&p, "* BYE x\r\nA5 OK x\r\n");
	assert_int_equal(p.l->want, EMAIL__WANT_CLOSE);
	assert_int_equal(p.l->error.code, EMAIL_OK);
	email_test_imap_close(&p);
}

/* Never more than was wished: no set but of these UIDs, no EXPUNGE without them where the server has UIDPLUS. */
static void
never_others(void **state)
{
	static const char *const capabilities[] = {"", "UIDPLUS", "MOVE", "UIDPLUS MOVE"};
	size_t k;

	(void)state;
	for (k = 0; k < 4; k++) {
		bool plus = strstr(capabilities[k], "UIDPLUS") != NULL,
		     move = strstr(capabilities[k], "MOVE") != NULL;
		email__entry e = {.number = 5};
		const char *wrote;

		assert_true(email_test_imap_open(&p, capabilities[k], 3));
		assert_int_equal(email__imap_settle(p.s, &e, EMAIL__FATE_DELETED), EMAIL_OK);
		wrote = email_test_imap_say(&p, "");
		assert_string_equal(wrote,
		                    plus ? "A3 UID STORE 5 +FLAGS.SILENT (\\Deleted)\r\nA4 UID EXPUNGE 5\r\n"
		                         : "A3 UID STORE 5 +FLAGS.SILENT (\\Deleted)\r\n");
		email_test_imap_close(&p);
		assert_true(email_test_imap_open(&p, capabilities[k], 3));
		assert_int_equal(email__imap_move(p.s, &e, EMAIL__FATE_LEFT), EMAIL_OK);
		wrote = email_test_imap_say(&p, "");
		assert_string_equal(wrote,
		                    move ? "A3 UID MOVE 5 \"Done\"\r\n" : "A3 UID COPY 5 \"Done\"\r\n");
		/* the copy is not there: the original stays */
		assert_string_equal(email_test_imap_say(&p, "A3 NO x\r\n"), "");
		assert_string_equal(email_test_imap_told(&p), "settled 5 E_REFUSED\n");
		email_test_imap_close(&p);
	}
}

static void
no_memory(void **state)
{
	email__entry e = {.number = 5};

	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	email_test_fail_alloc(1);
	assert_int_equal(email__imap_settle(p.s, &e, EMAIL__FATE_SEEN), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email__imap_settle(p.s, &e, EMAIL__FATE_SEEN), EMAIL_OK);
	email_test_imap_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(full), cmocka_unit_test(behind_a_fetch),
	                                   cmocka_unit_test(never_others), cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
