/* SPDX-License-Identifier: MIT */
#include <emailservice/emailservice.h>

#include "mime/message.h"
#include "mime/tree_state.h"
#include "support/cm.h"
#include "support/failalloc.h"

static void
who_wrote(void **state)
{
	static const struct {
		const char *header;
		email_auto want;
	} cases[] = {
		{"From: a@example.com", EMAIL_AUTO_NO},
		{"Auto-Submitted: no", EMAIL_AUTO_NO},
		{"Auto-Submitted: no\r\nPrecedence: bulk", EMAIL_AUTO_NO},
		{"Auto-Submitted: auto-generated", EMAIL_AUTO_GENERATED},
		{"auto-submitted: AUTO-REPLIED (vacation)", EMAIL_AUTO_REPLIED},
		{"Auto-Submitted: auto-replied; owner-email=\"a@b\"", EMAIL_AUTO_REPLIED},
		{"Auto-Submitted: auto-notified", EMAIL_AUTO_GENERATED},
		{"Auto-Submitted: x-unheard-of", EMAIL_AUTO_GENERATED},
		/* Exchange's out of office, and its other notices */
		{"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nIn-Reply-To: "
	         "<1@example.com>",
	         EMAIL_AUTO_REPLIED},
		{"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All", EMAIL_AUTO_GENERATED},
		{"X-Auto-Response-Suppress: OOF, AutoReply", EMAIL_AUTO_GENERATED},
		{"X-Auto-Response-Suppress: None", EMAIL_AUTO_NO},
		{"X-Autoreply: yes", EMAIL_AUTO_REPLIED},
		{"X-Autoreply: no", EMAIL_AUTO_NO},
		{"X-Autorespond: Re: alarm", EMAIL_AUTO_REPLIED},
		{"Precedence: auto_reply", EMAIL_AUTO_REPLIED},
		{"Precedence: Bulk", EMAIL_AUTO_GENERATED},
		{"Precedence: bulk\r\nX-Autoreply: yes", EMAIL_AUTO_REPLIED},
		{"Precedence: first-class", EMAIL_AUTO_NO},
		{"List-Id: <list.example.com>", EMAIL_AUTO_GENERATED},
		{"Return-Path: <a@example.com>", EMAIL_AUTO_NO},
		{"Return-Path:  <>", EMAIL_AUTO_GENERATED},
		{"Return-Path: <>\r\nReferences: <1@example.com>", EMAIL_AUTO_REPLIED},
		{"Return-Path: <>\r\nFrom: Mail Delivery <MAILER-DAEMON@example.com>", EMAIL_AUTO_REPORT},
		{"Return-Path: <>\r\nFrom: postmaster@example.com\r\nAuto-Submitted: auto-replied",
	         EMAIL_AUTO_REPORT},
		{"X-Failed-Recipients: a@b", EMAIL_AUTO_REPORT},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[512];
		email_message *m;

		snprintf(text, sizeof text, "%s\r\n\r\nbody\r\n", cases[i].header);
		m = email_message_read_data(text, strlen(text), NULL);
		assert_non_null(m);
		if (email_message_auto(m) != cases[i].want)
			fail_msg("%s: %d", cases[i].header, email_message_auto(m));
		email_message_free(m);
	}
}

static void
kinds_of_reports(void **state)
{
	static const struct {
		const char *type, *status;
		email_auto want;
	} cases[] = {
		{"; report-type=delivery-status", "message/delivery-status", EMAIL_AUTO_REPORT},
		{"; report-type=delivery-status", "text/plain", EMAIL_AUTO_REPORT},
		{"", "text/plain", EMAIL_AUTO_REPORT},
		{"; report-type=\"disposition-notification\"", "message/disposition-notification",
	         EMAIL_AUTO_REPLIED},
		{"; report-type=feedback-report", "message/feedback-report", EMAIL_AUTO_GENERATED},
		{"; report-type=tlsrpt", "application/tlsrpt+gzip", EMAIL_AUTO_GENERATED},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[512];
		email_message *m;

		snprintf(text, sizeof text,
		         "Content-Type: multipart/report%s; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
		         "--b\r\nContent-Type: %s\r\n\r\nAction: failed\r\n--b--\r\n",
		         cases[i].type, cases[i].status);
		m = email_message_read_data(text, strlen(text), NULL);
		assert_non_null(m);
		assert_int_equal(email_message_auto(m), cases[i].want);
		email_message_free(m);
	}
}

static void
want_of_memory(void **state)
{
	static const char text[] =
		"Precedence: list\r\nList-Id: <a>\r\nAuto-Submitted: auto-replied\r\n\r\nbody\r\n";
	bool more = true;
	size_t n;

	(void)state;
	for (n = 1; more; n++) {
		email_message *m = email_message_read_data(text, sizeof text - 1, NULL);

		m->tree->arena.at = m->tree->arena.end;
		m->tree->arena.total = 0;
		m->tree->arena.first = 1;
		email_test_fail_alloc_from(n);
		email_message_auto(m);
		more = email_test_alloc_failed();
		assert_int_equal(email_message_error(m)->code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc_off();
		assert_int_equal(email_message_auto(m), EMAIL_AUTO_REPLIED);
		email_message_free(m);
	}
	assert_true(n > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_wrote),
		cmocka_unit_test(kinds_of_reports),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
