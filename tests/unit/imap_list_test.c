/* SPDX-License-Identifier: MIT */
/* Lists of many messages, in bounded memory. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;
static char text[EMAIL__IMAP_LINE_MAX * 8];

static size_t
item(size_t at, unsigned number, unsigned uid)
{
	return at + (size_t)sprintf(text + at,
	                            "* %u FETCH (UID %u RFC822.SIZE 9 FLAGS () INTERNALDATE \"17-Jul-1996 "
	                            "02:44:25 -0700\")\r\n",
	                            number, uid);
}

/* 100,000 messages, every second one unseen, by plain SEARCH: windows, and no more memory than one needs. */
static void
hundred_thousand(void **state)
{
	unsigned tag = 3, first, i, base;

	(void)state;
	email_test_fail_alloc(0);
	assert_true(email_test_imap_open(&p, "", 100000));
	base = (unsigned)email_test_blocks();
	p.quiet = true;
	p.l->flights = 0;
	assert_int_equal(email__imap_list(p.s, true, 1), EMAIL_OK);
	assert_string_equal(email_test_imap_say(&p, ""), "A3 UID SEARCH 1:4000 UNSEEN UNDELETED\r\n");
	for (first = 1; first <= 100000; first += EMAIL__IMAP_WINDOW) {
		size_t at = (size_t)sprintf(text, "* SEARCH");
		const char *wrote, *line;

		for (i = 0; i < EMAIL__IMAP_WINDOW; i += 2)
			at += (size_t)sprintf(text + at, " %u", 1000000000 + first + i);
		sprintf(text + at, "\r\nA%u OK x\r\n", tag++);
		wrote = email_test_imap_say(&p, text);
		at = 0;
		i = 0;
		for (line = wrote; (line = strstr(line, "UID FETCH")); line++) {
			const char *end = strstr(line, "\r\n"), *c;
			unsigned in_line = 1;

			assert_true(end - line < EMAIL__IMAP_COMMAND_MAX);
			for (c = line; c < end; c++)
				in_line += *c == ',';
			for (; in_line--; i += 2)
				at = item(at, first + i, 1000000000 + first + i);
			at += (size_t)sprintf(text + at, "A%u OK x\r\n", tag++);
		}
		assert_int_equal(i, EMAIL__IMAP_WINDOW);
		email_test_imap_say_bytes(&p, text, at);
		assert_int_equal(p.l->error.code, EMAIL_OK);
		assert_true(email_test_blocks() <= base + 1);
	}
	assert_int_equal(p.listed, 50000);
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email_test_blocks(), base);
	email_test_imap_close(&p);
	email_test_fail_alloc_off();
}

/* All of them are one command, however many. */
static void
all_of_them(void **state)
{
	unsigned uid;

	(void)state;
	assert_true(email_test_imap_open(&p, "ESEARCH", 5000));
	p.quiet = true;
	assert_int_equal(email__imap_list(p.s, false, 1), EMAIL_OK);
	assert_string_equal(email_test_imap_say(&p, ""),
	                    "A3 UID FETCH 1:* (UID RFC822.SIZE FLAGS INTERNALDATE)\r\n");
	email_test_fail_alloc(0);
	for (uid = 1; uid <= 5000; uid++) {
		item(0, uid, uid);
		email_test_imap_say(&p, text);
	}
	assert_int_equal(email_test_allocs(), 0);
	email_test_fail_alloc_off();
	email_test_imap_say(&p, "A3 OK x\r\n");
	assert_int_equal(p.listed, 5000);
	assert_true(email__imap_ready(p.s));
	email_test_imap_close(&p);
}

/* A server that finds more than there is, and sets that would be endless if anyone counted them out. */
static void
hostile_sets(void **state)
{
	size_t at, i;

	(void)state;
	assert_true(email_test_imap_open(&p, "ESEARCH", 3));
	assert_int_equal(email__imap_list(p.s, true, 1), EMAIL_OK);
	email_test_imap_say(&p, "");
	assert_string_equal(
		email_test_imap_say(&p, "* ESEARCH (TAG \"A3\") UID ALL 4294967295:1\r\nA3 OK x\r\n"),
		"A4 UID FETCH 1:* (UID RFC822.SIZE FLAGS INTERNALDATE)\r\n");
	email_test_imap_close(&p);

	assert_true(email_test_imap_open(&p, "ESEARCH", 3));
	assert_int_equal(email__imap_list(p.s, true, 1), EMAIL_OK);
	email_test_imap_say(&p, "");
	at = (size_t)sprintf(text, "* ESEARCH (TAG \"A3\") UID ALL 1");
	for (i = 0; i < 5000; i++)
		at += (size_t)sprintf(text + at, ",%zu", 10 + i * 2);
	strcpy(text + at, "\r\n");
	email_test_imap_say(&p, text);
	assert_int_equal(p.l->error.code, EMAIL_E_LIMIT);
	email_test_imap_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(hundred_thousand), cmocka_unit_test(all_of_them),
	                                   cmocka_unit_test(hostile_sets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
