/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <emailservice/emailservice.h>

#include "base/limits.h"
#include "mime/message.h"
#include "mime/received.h"
#include "mime/tree_state.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define REPORT_HEADER \
	"Return-Path: <>\r\n" \
	"From: MAILER-DAEMON@mx.example.net\r\n" \
	"Subject: Undelivered Mail\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n" \
	"\r\n" \
	"--b\r\n" \
	"\r\n" \
	"It could not be delivered.\r\n" \
	"--b\r\n" \
	"Content-Type: message/delivery-status\r\n" \
	"\r\n"
#define RETURNED \
	"--b\r\n" \
	"Content-Type: message/rfc822\r\n" \
	"\r\n" \
	"From: plant@example.com\r\n" \
	"Message-ID: <alarm.1@example.com>\r\n" \
	"\r\n" \
	"text\r\n" \
	"--b--\r\n"

static email_message *
read_text(const char *text)
{
	email_message *m = email_message_read_data(text, strlen(text), NULL);

	assert_non_null(m);
	return m;
}

static void
delivery_is(const email_delivery *d, const char *recipient, const char *action, const char *status,
            const char *diagnostic, const char *remote)
{
	assert_string_equal(d->recipient, recipient);
	assert_string_equal(d->action, action);
	assert_string_equal(d->status, status);
	assert_string_equal(d->diagnostic, diagnostic);
	assert_string_equal(d->remote, remote);
}

static void
as_the_standard_says(void **state)
{
	static const char text[] =
		REPORT_HEADER "Reporting-MTA: dns; mx.example.net\r\n"
			      "Original-Envelope-Id: Q-17\r\n"
			      "Arrival-Date: Tue, 24 Nov 2026 08:30:00 +0100\r\n"
			      "\r\n"
			      "Final-Recipient: rfc822; who@example.net\r\n"
			      "Original-Recipient: rfc822;alias@example.net\r\n"
			      "Action: failed\r\n"
			      "Status: 5.1.1\r\n"
			      "Remote-MTA: dns; mail.example.net\r\n"
			      "Diagnostic-Code: smtp; 550 5.1.1 <who@example.net>: Recipient\r\n"
			      "    address rejected\r\n"
			      "\r\n"
			      "Original-Recipient: rfc822; other@example.net\r\n"
			      "Action: delayed\r\n"
			      "Status: 4.4.1 (no answer)\r\n"
			      "\r\n" RETURNED;
	email_message *m = read_text(text);
	const email_delivery *list, *again;

	(void)state;
	assert_int_equal(email_message_deliveries(m, &list), 2);
	delivery_is(&list[0], "who@example.net", "failed", "5.1.1",
	            "550 5.1.1 <who@example.net>: Recipient address rejected", "mail.example.net");
	assert_string_equal(list[0].original_recipient, "alias@example.net");
	delivery_is(&list[1], "other@example.net", "delayed", "4.4.1", "", "");
	assert_string_equal(list[1].original_recipient, "other@example.net");
	assert_string_equal(list[0].original_id, "<alarm.1@example.com>");
	assert_string_equal(list[1].original_id, "<alarm.1@example.com>");
	assert_string_equal(list[0].envelope_id, "Q-17");
	assert_int_equal(email_message_deliveries(m, &again), 2);
	assert_ptr_equal(list, again);
	assert_false(email_message_defect(m, EMAIL_DEFECT_REPORT, NULL));
	assert_string_equal(email_message_text(m), "It could not be delivered.");
	email_message_free(m);
}

/* One report with these fields; what the first of its recipients is. */
static email_message *
report(const char *fields, const email_delivery **list, size_t count, bool broken)
{
	char text[4096];
	email_message *m;

	snprintf(text, sizeof text, REPORT_HEADER "%s" RETURNED, fields);
	m = email_message_read_data(text, strlen(text), NULL);
	assert_int_equal(email_message_deliveries(m, list), count);
	assert_int_equal(email_message_defect(m, EMAIL_DEFECT_REPORT, NULL), broken);
	return m;
}

static void
as_others_write(void **state)
{
	const email_delivery *d;
	email_message *m;

	(void)state;
	/* all in one group, names in any case, angle brackets, no type, no status digits to be had */
	m = report("reporting-mta:dns;x\r\nFINAL-RECIPIENT:RFC822;<a@example.net>\r\nAction:Failed\r\n"
	           "Status:5.0.0\r\n",
	           &d, 1, false);
	delivery_is(d, "a@example.net", "failed", "5.0.0", "", "");
	email_message_free(m);
	m = report("Final-Recipient: a@example.net\r\nAction: failed (for good)\r\nStatus: no\r\n", &d, 1,
	           true);
	delivery_is(d, "a@example.net", "failed", "", "", "");
	email_message_free(m);
	/* comments (Gmail has one behind the server) */
	m = report(
		"Final-Recipient: rfc822; \"a (b\"@example.net (A (Nobody))\r\nAction: failed\r\nStatus: "
		"5.1.1\r\n"
		"Remote-MTA: dns; mx.example.net. (192.0.2.1, the server for\r\n the domain example.net.)\r\n"
		"Diagnostic-Code: smtp; 550 5.1.1 no (really)\r\n",
		&d, 1, false);
	delivery_is(d, "\"a (b\"@example.net", "failed", "5.1.1", "550 5.1.1 no (really)", "mx.example.net.");
	email_message_free(m);
	m = report(
		"Final-Recipient: rfc822; a)\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; (x)\r\n",
		&d, 1, false);
	delivery_is(d, "a)", "failed", "5.1.1", "", "");
	email_message_free(m);
	/* several empty lines, white space in them, and a line that is no field */
	m = report("\r\n\r\nReporting-MTA: dns; x\r\n  \r\n\r\nFinal-Recipient: rfc822; a@example.net\r\n"
	           "Action: relayed\r\nStatus: 2.1.9\r\nno field at all\r\n",
	           &d, 1, true);
	delivery_is(d, "a@example.net", "relayed", "2.1.9", "", "");
	email_message_free(m);
	/* no recipient at all */
	m = report("Reporting-MTA: dns; x\r\n", &d, 0, true);
	assert_null(d);
	email_message_free(m);
	/* of two the first counts */
	m = report("Final-Recipient: rfc822; a@example.net\r\nFinal-Recipient: rfc822; b@example.net\r\n"
	           "Action: failed\r\nStatus: 5.1.1\r\n",
	           &d, 1, false);
	assert_string_equal(d->recipient, "a@example.net");
	assert_string_equal(d->original_recipient, "");
	email_message_free(m);
}

/* RFC 6533 3 */
static void
international(void **state)
{
	static const char text[] =
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
		"--b\r\n\r\nx\r\n"
		"--b\r\nContent-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: "
		"base64\r\n\r\n"
		"RmluYWwtUmVjaXBpZW50OiB1dGYtODsgasO8cmdAZXhhbXBsZS5uZXQKT3JpZ2luYWwtUmVj\r\n"
		"aXBpZW50OiB1dGYtODsgalx4e0ZDfXJnQGV4YW1wbGUubmV0CkFjdGlvbjogZmFpbGVkClN0\r\n"
		"YXR1czogNS4xLjEK\r\n"
		"--b\r\nContent-Type: message/global-headers\r\n\r\n"
		"Subject: x\r\nMessage-ID:\r\n <long@example.com>\r\n"
		"--b--\r\n";
	email_message *m = read_text(text);
	const email_delivery *d;

	(void)state;
	assert_int_equal(email_message_deliveries(m, &d), 1);
	assert_string_equal(d->recipient, "j\xc3\xbcrg@example.net");
	assert_string_equal(d->original_id, "<long@example.com>");
	email_message_free(m);

	m = report(
		"Final-Recipient: utf-8; j\\x{FC}rg\\x{}\\x{0a}\\x{zz}\\x{1f600}\\x{110000}@example.net\r\n"
		"Action: failed\r\nStatus: 5.1.1\r\n",
		&d, 1, false);
	assert_string_equal(d->recipient,
	                    "j\xc3\xbcrg\\x{}\\x{0a}\\x{zz}\xf0\x9f\x98\x80\\x{110000}@example.net");
	email_message_free(m);
}

static void
original_is(const char *header, const char *last_part, const char *first_text, const char *want)
{
	char text[4096];
	const email_delivery *d;
	email_message *m;

	snprintf(text, sizeof text,
	         "%sContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n"
	         "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
	         "Final-Recipient: rfc822; a@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n%s--b--\r\n",
	         header, first_text, last_part);
	m = read_text(text);
	assert_int_equal(email_message_deliveries(m, &d), 1);
	assert_string_equal(d->original_id, want);
	email_message_free(m);
}

static void
which_mail_it_was(void **state)
{
	static const char headers[] = "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
				      "Subject: x\r\nMESSAGE-ID: <2@example.com>\r\n";

	(void)state;
	original_is("", "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <1@example.com>\r\n\r\n", "",
	            "<1@example.com>");
	original_is("", headers, "", "<2@example.com>");
	original_is("In-Reply-To: <3@example.com>\r\n", "", "", "<3@example.com>");
	original_is("In-Reply-To: <3@example.com>\r\n", headers, "", "<2@example.com>");
	original_is("", "", "Your mail:\r\n> Subject: x\r\n> Message-Id: <4@example.com>\r\n",
	            "<4@example.com>");
	original_is("", "", "nothing about Message-ID: <5@example.com>", "");
	original_is("", "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: no id\r\n\r\n", "", "");
}

static void
original_of(const char *text, const char *want)
{
	email_message *m = read_text(text);

	assert_string_equal(email__message_original_id(m), want);
	assert_int_equal(email_message_error(m)->code, EMAIL_OK);
	email_message_free(m);
}

/* Also where nothing says what became of whom. */
static void
without_a_report(void **state)
{
	email_message *m = email_message_new();

	(void)state;
	original_of("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno such user\r\n"
	            "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: "
	            "<1@example.com>\r\n\r\nx\r\n--b--\r\n",
	            "<1@example.com>");
	original_of("Subject: x\r\nIn-Reply-To: <2@example.com>\r\n\r\ntext\r\n", "<2@example.com>");
	original_of("Subject: x\r\n\r\nMessage-Id: <3@example.com>\r\n", "<3@example.com>");
	original_of("Subject: x\r\nMessage-ID: <own@example.com>\r\n\r\ntext\r\n", "");
	original_of("", "");
	original_of("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n"
	            "In-Reply-To: <other@example.com>\r\n\r\n--b\r\n\r\nread\r\n"
	            "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
	            "Final-Recipient: rfc822;a@example.net\r\nOriginal-Message-ID: <4@example.com>\r\n"
	            "Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n",
	            "<4@example.com>");
	/* one that was not read has none */
	assert_string_equal(email__message_original_id(m), "");
	email_message_free(m);
}

/* A report within a mail that was forwarded is nothing of this mail. */
static void
only_its_own(void **state)
{
	static const char text[] = "Content-Type: multipart/mixed; boundary=m\r\n\r\n"
				   "--m\r\n\r\nlook at this\r\n"
				   "--m\r\nContent-Type: message/rfc822\r\n\r\n" REPORT_HEADER
				   "Final-Recipient: rfc822; a@example.net\r\nAction: failed\r\n"
				   "Status: 5.1.1\r\n" RETURNED "--m--\r\n";
	/* but one wrapped by a list is */
	static const char wrapped[] = "Content-Type: multipart/mixed; boundary=m\r\n\r\n"
				      "--m\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
				      "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
				      "Final-Recipient: rfc822; a@example.net\r\nAction: failed\r\n"
				      "Status: 5.1.1\r\n--b--\r\n--m\r\n\r\nfooter\r\n--m--\r\n";
	const email_delivery *d;
	email_message *m = read_text(text);

	(void)state;
	assert_int_equal(email_message_deliveries(m, &d), 0);
	assert_null(d);
	email_message_free(m);
	m = read_text(wrapped);
	assert_int_equal(email_message_deliveries(m, &d), 1);
	email_message_free(m);
}

static void
more_recipients_than_there_may_be(void **state)
{
	char *text = malloc(400000);
	size_t n = (size_t)sprintf(text, "%s", REPORT_HEADER), i;
	const email_delivery *d;
	email_message *m;

	(void)state;
	for (i = 0; i < 3000; i++)
		n += (size_t)sprintf(text + n,
		                     "Final-Recipient: rfc822; %zu@example.net\r\nAction: failed\r\n"
		                     "Status: 5.1.1\r\n\r\n",
		                     i);
	strcpy(text + n, RETURNED);
	m = read_text(text);
	assert_int_equal(email_message_deliveries(m, &d), EMAIL__RECIPIENTS_MAX);
	assert_string_equal(d[999].recipient, "999@example.net");
	assert_true(email_message_defect(m, EMAIL_DEFECT_TOO_MANY_ADDRESSES, NULL));
	email_message_free(m);
	free(text);
}

static void
status_is(const char *text, const char *want)
{
	email__arena a;

	email__arena_init(&a, 64, 4096);
	assert_string_equal(email__status_find(&a, text, strlen(text)), want);
	email__arena_dispose(&a);
}

static void
status_codes(void **state)
{
	(void)state;
	status_is("5.1.1", "5.1.1");
	status_is("550 5.7.26 refused", "5.7.26");
	status_is("(#4.4.1)", "4.4.1");
	status_is("4.999.999", "4.999.999");
	status_is("", "");
	status_is("5", "");
	status_is("5.", "");
	status_is("5.1", "");
	status_is("5.1.", "");
	status_is("5..1", "");
	status_is("3.1.1", "");
	status_is("5.1000.1", "");
	status_is("192.0.2.1 says no", "");
	status_is("2.0.2.1 says no", "");
	status_is("15.1.1 x5.2.2.", "5.2.2");
}

static void
want_of_memory(void **state)
{
	static const char text[] =
		REPORT_HEADER "Original-Envelope-Id: 1\r\n\r\n"
			      "Final-Recipient: rfc822; a@example.net\r\nAction: failed\r\n"
			      "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550\r\n" RETURNED;
	bool more = true;
	size_t n, count;

	(void)state;
	for (n = 1; more; n++) {
		email_message *m = read_text(text);
		const email_delivery *d;

		m->tree->arena.at = m->tree->arena.end;
		m->tree->arena.total = 0;
		m->tree->arena.first = 1;
		email_test_fail_alloc(n);
		count = email_message_deliveries(m, &d);
		more = email_test_alloc_failed();
		assert_int_equal(count, more ? 0 : 1);
		assert_int_equal(email_message_error(m)->code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc_off();
		assert_int_equal(email_message_deliveries(m, &d), 1);
		delivery_is(d, "a@example.net", "failed", "5.1.1", "550", "");
		assert_string_equal(d->original_id, "<alarm.1@example.com>");
		email_message_free(m);
	}
	assert_true(n > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_standard_says), cmocka_unit_test(as_others_write),
		cmocka_unit_test(international),        cmocka_unit_test(which_mail_it_was),
		cmocka_unit_test(only_its_own),         cmocka_unit_test(more_recipients_than_there_may_be),
		cmocka_unit_test(status_codes),         cmocka_unit_test(without_a_report),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
