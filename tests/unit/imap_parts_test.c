/* SPDX-License-Identifier: MIT */
/* Messages put together from their sections. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;

/* Without attachments: a batch of many, some structures at a time; no body of an attachment is ever asked for. */
static void
many(bool answers_late)
{
	static email__entry batch[100];
	unsigned tag = 3, i;
	size_t flights = 0, blocks;
	const char *wrote;

	email_test_fail_alloc(0);
	assert_true(email_test_imap_open(&p, "", 100));
	blocks = email_test_blocks();
	p.quiet = true;
	for (i = 0; i < 100; i++)
		batch[i].number = i + 1;
	assert_int_equal(email__imap_fetch(p.s, batch, 100, EMAIL__EXTENT_NO_ATTACHMENTS, 0), EMAIL_OK);
	wrote = email_test_imap_say(&p, "");
	while (!email__imap_ready(p.s) && p.l->error.code == EMAIL_OK) {
		static char asked[65536], text[65536], next[65536];
		char *line, *end;
		size_t at = 0;
		unsigned first_tag = tag;

		snprintf(asked, sizeof asked, "%s", wrote);
		assert_true(asked[0]);
		flights++;
		for (line = asked; (end = strstr(line, "\r\n")); line = end + 2) {
			char section[40];
			unsigned first, last, uid;

			*end = '\0';
			if (sscanf(line, "A%*u UID FETCH %u:%u (UID BODYSTRUCTURE)", &first, &last) == 2)
				for (; first <= last; first++)
					at += (size_t)sprintf(text + at,
					                      "* %u FETCH (UID %u BODYSTRUCTURE ((\"text\" "
					                      "\"plain\" NIL NIL NIL \"7bit\" 3 1)"
					                      "(\"a\" \"b\" NIL NIL NIL \"7bit\" 9) "
					                      "\"mixed\" (\"boundary\" \"b\")))\r\n",
					                      first, first);
			else {
				assert_int_equal(sscanf(line, "A%*u UID FETCH %u (UID BODY.PEEK[%39[^]]])",
				                        &uid, section),
				                 2);
				assert_string_not_equal(section, "2");
				at += (size_t)sprintf(text + at,
				                      "* %u FETCH (UID %u BODY[%s] {3}\r\nabc)\r\n", uid, uid,
				                      section);
			}
			if (!answers_late)
				at += (size_t)sprintf(text + at, "A%u OK x\r\n", tag);
			tag++;
		}
		next[0] = '\0';
		strcat(next, email_test_imap_say_bytes(&p, text, at));
		for (i = tag; answers_late && i > first_tag; i--) {
			snprintf(text, sizeof text, "A%u OK x\r\n", i - 1);
			strcat(next, email_test_imap_say(&p, text));
		}
		wrote = next;
	}
	assert_int_equal(p.l->error.code, EMAIL_OK);
	assert_int_equal(p.ended, 100);
	/* four sections each, and what stands between them */
	assert_int_equal(p.bytes, 100 * (4 * 3 + 2 * strlen("\r\n--b\r\n") + strlen("\r\n--b--\r\n")));
	assert_true(flights <= 30);
	assert_int_equal(email_test_blocks(), blocks);
	email_test_imap_close(&p);
	email_test_fail_alloc_off();
}

/* With each answer behind its data, and with all of them at the end, backwards. */
static void
many_texts(void **state)
{
	(void)state;
	many(false);
	many(true);
}

/* Want of memory for the plans is the caller's to know; want of it later ends the session, and each has its end. */
static void
no_memory(void **state)
{
	email__entry e = {.number = 5};

	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	email_test_fail_alloc(1);
	assert_int_equal(email__imap_fetch(p.s, &e, 1, EMAIL__EXTENT_NO_ATTACHMENTS, 0), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email__imap_fetch(p.s, &e, 1, EMAIL__EXTENT_NO_ATTACHMENTS, 0), EMAIL_OK);
	email_test_imap_say(&p, "");
	email_test_imap_say(&p, "* 1 FETCH (UID 5");
	email_test_fail_alloc(1);
	email_test_imap_say(&p, " BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1))\r\n");
	email_test_fail_alloc_off();
	assert_int_equal(p.l->error.code, EMAIL_E_MEMORY);
	assert_string_equal(email_test_imap_told(&p), "end 5 E_MEMORY\n");
	email_test_imap_close(&p);
}

/* A structure that is longer than any response may be, and one that takes more memory than plans get: those messages come
 * whole, the others by their parts, and the session goes on. */
static void
huge_structures(void **state)
{
	static char text[2 * EMAIL__IMAP_LINE_MAX];
	email__entry batch[3] = {{.number = 5}, {.number = 6}, {.number = 7}};
	size_t at, i;

	(void)state;
	assert_true(email_test_imap_open(&p, "", 3));
	assert_int_equal(email__imap_fetch(p.s, batch, 3, EMAIL__EXTENT_NO_ATTACHMENTS, 0), EMAIL_OK);
	email_test_imap_say(&p, "");
	at = (size_t)sprintf(text, "* 1 FETCH (UID 5 BODYSTRUCTURE (");
	while (at < EMAIL__IMAP_LINE_MAX + 5000)
		at += (size_t)sprintf(text + at,
		                      "(\"text\" \"plain\" (\"name\" {3}\r\n)\r\n) NIL NIL \"7bit\" 3 1)");
	at += (size_t)sprintf(text + at, " \"mixed\" (\"boundary\" \"b\")))\r\n");
	assert_string_equal(email_test_imap_say_bytes(&p, text, at), "");
	at = (size_t)sprintf(text, "* 2 FETCH (UID 6 BODYSTRUCTURE (");
	for (i = 0; i < EMAIL__IMAP_SECTIONS_MAX + 1; i++)
		at += (size_t)sprintf(text + at, "(\"a\" \"b\" NIL NIL NIL \"7bit\" 9)");
	at += (size_t)sprintf(text + at, " \"mixed\" (\"boundary\" \"b\")))\r\n");
	assert_true(at < EMAIL__IMAP_LINE_MAX);
	email_test_imap_say_bytes(&p, text, at);
	email_test_imap_say(
		&p, "* 3 FETCH (UID 7 BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1))\r\n");
	assert_string_equal(
		email_test_imap_say(&p, "A3 OK done\r\n"),
		"A4 UID FETCH 5 (UID BODY.PEEK[])\r\nA5 UID FETCH 6 (UID BODY.PEEK[])\r\n"
		"A6 UID FETCH 7 (UID BODY.PEEK[HEADER])\r\nA7 UID FETCH 7 (UID BODY.PEEK[TEXT])\r\n");
	email_test_imap_say(&p, "* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\nA4 OK x\r\n");
	email_test_imap_say(&p, "* 2 FETCH (UID 6 BODY[] {3}\r\ndef)\r\nA5 OK x\r\n");
	email_test_imap_say(&p, "* 3 FETCH (UID 7 BODY[HEADER] {2}\r\n\r\n)\r\nA6 OK x\r\n");
	email_test_imap_say(&p, "* 3 FETCH (UID 7 BODY[TEXT] {1}\r\nx)\r\nA7 OK x\r\n");
	assert_string_equal(email_test_imap_told(&p), "begin 5\nabcend 5 OK\nbegin 6\ndefend 6 OK\n"
	                                              "begin 7\n\r\nxend 7 OK\n");
	assert_true(email__imap_ready(p.s));
	/* what is too long is an error again */
	memset(text, 'x', sizeof text);
	memcpy(text, "* 1 FETCH", 9);
	email_test_imap_say_bytes(&p, text, sizeof text);
	assert_int_equal(p.l->error.code, EMAIL_E_PROTOCOL);
	email_test_imap_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(many_texts), cmocka_unit_test(no_memory),
	                                   cmocka_unit_test(huge_structures)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
