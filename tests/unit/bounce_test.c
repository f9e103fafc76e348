/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include <emailservice/emailservice.h>

#include "base/limits.h"
#include "support/cm.h"

static email_message *
read_text(const char *text)
{
	email_message *m = email_message_read_data(text, strlen(text), NULL);

	assert_non_null(m);
	return m;
}

static void
qmail(void **state)
{
	static const char text[] =
		"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nSubject: failure notice\n\n"
		"Hi. This is the qmail-send program at mx.example.com.\n"
		"I'm afraid I wasn't able to deliver your message.\n"
		"This is a permanent error; I've given up.\n\n"
		"<who@example.net>:\n"
		"192.0.2.7 does not like recipient.\n"
		"Remote host said: 550 5.1.1 unknown user\n"
		"Giving up on 192.0.2.7.\n\n"
		"<local@example.com>:\n"
		"Sorry, no mailbox here by that name. (#5.1.2)\n\n"
		"--- Below this line is a copy of the message.\n\n"
		"Return-Path: <plant@example.com>\n"
		"Message-ID: <7@example.com>\n\n"
		"<not@a.recipient>:\nhe said\n";
	email_message *m = read_text(text);
	const email_delivery *d;

	(void)state;
	assert_int_equal(email_message_deliveries(m, &d), 2);
	assert_string_equal(d[0].recipient, "who@example.net");
	assert_string_equal(d[0].action, "failed");
	assert_string_equal(d[0].status, "5.1.1");
	assert_string_equal(d[0].remote, "192.0.2.7");
	assert_string_equal(d[0].diagnostic, "192.0.2.7 does not like recipient. Remote host said: 550 5.1.1 "
	                                     "unknown user Giving up on 192.0.2.7.");
	assert_string_equal(d[0].original_id, "<7@example.com>");
	assert_string_equal(d[1].recipient, "local@example.com");
	assert_string_equal(d[1].status, "5.1.2");
	assert_string_equal(d[1].remote, "");
	email_message_free(m);
	/* a person who quotes such a text is no mail system */
	m = read_text("From: a@example.com\n\nHi. This is the qmail-send program at x.\n\n<a@b>:\nno\n");
	assert_int_equal(email_message_deliveries(m, &d), 0);
	email_message_free(m);
}

static void
exim(void **state)
{
	static const char text[] =
		"X-Failed-Recipients: who@example.net,\n other@example.net\n"
		"Auto-Submitted: auto-replied\n"
		"From: Mail Delivery System <Mailer-Daemon@mx.example.com>\n\n"
		"This message was created automatically by mail delivery software.\n\n"
		"The following address(es) failed:\n\n"
		"  who@example.net\n"
		"    host mail.example.net [192.0.2.7]\n"
		"    SMTP error from remote mail server after RCPT TO:<who@example.net>:\n"
		"    550 5.7.1 no\n\n"
		"------ This is a copy of the message, including all the headers. ------\n\n"
		"Message-ID: <8@example.com>\n\n";
	email_message *m = read_text(text);
	const email_delivery *d;

	(void)state;
	assert_int_equal(email_message_deliveries(m, &d), 2);
	assert_string_equal(d[0].recipient, "who@example.net");
	assert_string_equal(d[0].action, "failed");
	assert_string_equal(d[0].status, "5.7.1");
	assert_memory_equal(d[0].diagnostic, "host mail.example.net [192.0.2.7]", 33);
	assert_string_equal(d[0].original_id, "<8@example.com>");
	assert_string_equal(d[1].recipient, "other@example.net");
	assert_string_equal(d[1].diagnostic, "");
	assert_string_equal(d[1].status, "");
	email_message_free(m);
	m = read_text("X-Failed-Recipients: , ,a@b,\n\n");
	assert_int_equal(email_message_deliveries(m, &d), 1);
	assert_string_equal(d[0].recipient, "a@b");
	email_message_free(m);
}

/* Long lists and long texts cost no more than reading them. */
static void
linear(void **state)
{
	size_t n = 0, i;
	char *text = malloc(4000000);
	const email_delivery *d;
	email_message *m;
	clock_t before;

	(void)state;
	n += (size_t)sprintf(text, "X-Failed-Recipients: a@b");
	for (i = 0; i < 15000; i++)
		n += (size_t)sprintf(text + n, ",a@b");
	n += (size_t)sprintf(text + n, "\n\n");
	for (i = 0; i < 250000; i++)
		n += (size_t)sprintf(text + n, " a@\n");
	m = read_text(text);
	before = clock();
	assert_int_equal(email_message_deliveries(m, &d), EMAIL__RECIPIENTS_MAX);
	assert_true(clock() - before < 2 * CLOCKS_PER_SEC);
	email_message_free(m);

	n = (size_t)sprintf(text, "Return-Path: <>\n\nHi. This is the ");
	for (i = 0; i < 250000; i++)
		n += (size_t)sprintf(text + n, "\n\n<>");
	m = read_text(text);
	before = clock();
	assert_int_equal(email_message_deliveries(m, &d), 0);
	assert_true(clock() - before < 2 * CLOCKS_PER_SEC);
	email_message_free(m);
	free(text);
}

static void
parts_that_are_not_there(void **state)
{
	static const char *const texts[] = {
		"Return-Path: <>\n\nHi. This is the ",
		"Return-Path: <>\n\nHi. This is the \n\n<",
		"Return-Path: <>\n\nHi. This is the \n\n<a@b>:",
		"Return-Path: <>\n\nHi. This is the \n\n>:\n",
		"Return-Path: <>\n\nHi. This is the \n\n<>:\nx",
		"Return-Path: <>\nContent-Type: application/x\n\nHi. This is the \n\n<a@b>:\nx",
		"Return-Path: <>\n\n",
	};
	const email_delivery *d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		email_message *m = read_text(texts[i]);

		assert_int_equal(email_message_deliveries(m, &d), 0);
		assert_int_equal(email_message_error(m)->code, EMAIL_OK);
		email_message_free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qmail),
		cmocka_unit_test(exim),
		cmocka_unit_test(linear),
		cmocka_unit_test(parts_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
