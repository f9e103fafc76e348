/* SPDX-License-Identifier: MIT */
/* Bodies in large batches. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;

/* UIDs that do not fit into one line are several commands in one flight; each is told what it missed by its own answer,
 * and a server that is ahead of them changes nothing. */
static void
several_commands(void **state)
{
	static email__entry batch[EMAIL__IMAP_BATCH_MAX];
	static char text[EMAIL__IMAP_BATCH_MAX * 60];
	const char *wrote, *second;
	size_t i, at = 0;

	(void)state;
	assert_true(email_test_imap_open(&p, "", 5000));
	p.quiet = true;
	for (i = 0; i < EMAIL__IMAP_BATCH_MAX; i++)
		batch[i].number = (uint32_t)(4000000000u + i * 2);
	assert_int_equal(email__imap_fetch(p.s, batch, EMAIL__IMAP_BATCH_MAX, EMAIL__EXTENT_HEADER, 0),
	                 EMAIL_OK);
	wrote = email_test_imap_say(&p, "");
	second = strstr(wrote, "A4 UID FETCH ");
	assert_true((second == NULL) == (strlen(wrote) < EMAIL__IMAP_COMMAND_MAX));
	for (i = 0; i < EMAIL__IMAP_BATCH_MAX; i++)
		at += (size_t)sprintf(text + at, "* 1 FETCH (UID %lu BODY[HEADER] {2}\r\n\r\n)\r\n",
		                      (unsigned long)batch[i].number);
	email_test_imap_say(&p, text); /* all of it before the first answer */
	assert_int_equal(p.ended, EMAIL__IMAP_BATCH_MAX);
	email_test_imap_say(&p, "A3 OK x\r\n");
	if (second)
		email_test_imap_say(&p, "A4 OK x\r\n");
	assert_true(email__imap_ready(p.s));
	assert_int_equal(p.ended, EMAIL__IMAP_BATCH_MAX);
	email_test_imap_close(&p);
}

/* The same bodies, whatever order the server has. */
static void
any_order(void **state)
{
	static const unsigned order[] = {7, 5, 9, 6, 8};
	email__entry batch[5] = {{.number = 5}, {.number = 6}, {.number = 7}, {.number = 8}, {.number = 9}};
	size_t i;

	(void)state;
	assert_true(email_test_imap_open(&p, "", 9));
	assert_int_equal(email__imap_fetch(p.s, batch, 5, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
	assert_string_equal(email_test_imap_say(&p, ""), "A3 UID FETCH 5:9 (UID BODY.PEEK[])\r\n");
	for (i = 0; i < 5; i++) {
		char text[100], want[100];

		snprintf(text, sizeof text, "* 1 FETCH (UID %u BODY[] {1}\r\n%u)\r\n", order[i], order[i]);
		snprintf(want, sizeof want, "begin %u\n%uend %u OK\n", order[i], order[i], order[i]);
		email_test_imap_say(&p, text);
		assert_string_equal(email_test_imap_told(&p), want);
		email_test_imap_say(&p, text); /* twice: nobody's */
		assert_string_equal(email_test_imap_told(&p), "");
	}
	email_test_imap_say(&p, "A3 OK x\r\n");
	assert_true(email__imap_ready(p.s));
	email_test_imap_close(&p);
}

/* Quoted bodies, backslashes wherever the pieces are cut. */
static void
quoted(void **state)
{
	email__entry e = {.number = 5};
	size_t n;

	(void)state;
	for (n = 240; n < 270; n++) {
		char text[1000], want[700];

		assert_true(email_test_imap_open(&p, "", 3));
		assert_int_equal(email__imap_fetch(p.s, &e, 1, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
		email_test_imap_say(&p, "");
		memset(want, 'x', sizeof want);
		memcpy(want + n, "\\\"\\\\", 4);
		want[n + 250] = '"';
		want[n + 251] = '\0';
		{
			size_t i, at = (size_t)sprintf(text, "* 1 FETCH (UID 5 BODY[] \"");

			for (i = 0; want[i]; i++) {
				if (want[i] == '"' || want[i] == '\\')
					text[at++] = '\\';
				text[at++] = want[i];
			}
			strcpy(text + at, "\")\r\n");
		}
		email_test_imap_say(&p, text);
		{
			const char *told = email_test_imap_told(&p);

			assert_memory_equal(told, "begin 5\n", 8);
			assert_memory_equal(told + 8, want, n + 251);
			assert_string_equal(told + 8 + n + 251, "end 5 OK\n");
		}
		email_test_imap_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(several_commands), cmocka_unit_test(any_order),
	                                   cmocka_unit_test(quoted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
