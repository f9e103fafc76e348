/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "proto/smtp_engine.h"
#include "support/cm.h"

static email__smtp_recipient to[3];
static email__smtp_mail m;
static email__smtp_reply r;

static email_code
no_read(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	(void)context, (void)buffer, (void)size;
	*got = 0;
	return EMAIL_OK;
}

static void
fresh(void)
{
	memset(&m, 0, sizeof m);
	memset(to, 0, sizeof to);
	to[0].address = "a@x";
	to[1].address = "b@x";
	to[2].address = "c@x";
	m.from = "p@x";
	m.recipients = to;
	m.count = 3;
	m.source.read = no_read;
	email__smtp_mail_begin(&m);
	m.state = MAIL_BEGUN;
}

static const email__smtp_reply *
says(const char *line)
{
	memset(&r, 0, sizeof r);
	assert_int_equal(email__smtp_reply_line(&r, line, strlen(line), true), EMAIL_OK);
	return &r;
}

static void
rcpt(const char *one, const char *two, const char *three)
{
	email__smtp_mail_rcpt(&m, says(one));
	email__smtp_mail_rcpt(&m, says(two));
	email__smtp_mail_rcpt(&m, says(three));
}

static void
outcomes(email_code code, email_outcome one, email_outcome two, email_outcome three)
{
	assert_true(m.done);
	assert_int_equal(m.code, code);
	assert_int_equal(m.error.code, code);
	assert_int_equal(to[0].outcome, one);
	assert_int_equal(to[1].outcome, two);
	assert_int_equal(to[2].outcome, three);
}

#define A EMAIL_OUTCOME_ACCEPTED
#define D EMAIL_OUTCOME_DEFERRED
#define R EMAIL_OUTCOME_REFUSED
#define U EMAIL_OUTCOME_UNSURE

/* What the replies to RCPT and to the data make of a mail. */
static void
replies(void **state)
{
	static const struct {
		const char *rcpt[3], *data;
		email_code code;
		email_outcome outcome[3];
		bool temporary;
	} rows[] = {
		{{"250 a", "251 b", "252 c"}, "250 ok", EMAIL_OK, {A, A, A}, false},
		{{"250 a", "550 b", "450 c"}, "250 ok", EMAIL_E_PARTIAL, {A, R, D}, false},
		{{"250 a", "250 b", "450 c"}, "250 ok", EMAIL_E_PARTIAL, {A, A, D}, true},
		{{"550 a", "551 b", "450 c"}, "554 none", EMAIL_E_TEMPORARY, {R, R, D}, true},
		{{"550 a", "551 b", "553 c"}, "554 none", EMAIL_E_REFUSED, {R, R, R}, false},
		{{"250 a", "551 b", "250 c"}, "554 spam", EMAIL_E_REFUSED, {R, R, R}, false},
		{{"250 a", "551 b", "250 c"}, "452 full", EMAIL_E_TEMPORARY, {D, R, D}, true},
		{{"250 a", "450 b", "250 c"}, "554 spam", EMAIL_E_TEMPORARY, {R, D, R}, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		fresh();
		rcpt(rows[i].rcpt[0], rows[i].rcpt[1], rows[i].rcpt[2]);
		says(rows[i].data);
		if (r.code == 250)
			m.state |= MAIL_TAKEN;
		else if (m.accepted)
			email__smtp_mail_refused(&m, &r, EMAIL_STAGE_DATA);
		email__smtp_mail_done(&m, &r);
		outcomes(rows[i].code, rows[i].outcome[0], rows[i].outcome[1], rows[i].outcome[2]);
		assert_int_equal(m.error.temporary, rows[i].temporary);
	}
}

static void
sender_refused(void **state)
{
	(void)state;
	fresh();
	email__smtp_mail_refused(&m, says("550 5.1.8 who?"), EMAIL_STAGE_ENVELOPE);
	rcpt("503 a", "503 b", "250 c");
	email__smtp_mail_done(&m, says("503 no"));
	outcomes(EMAIL_E_REFUSED, R, R, R);
	assert_string_equal(to[2].text, "who?");
	assert_string_equal(m.error.enhanced, "5.1.8");
	assert_int_equal(m.error.reply, 550);
}

static void
texts(void **state)
{
	(void)state;
	fresh();
	rcpt("250 a", "550 5.1.1 \033unknown", "250 c");
	m.state |= MAIL_TAKEN;
	email__smtp_mail_done(&m, says("250 2.0.0 queued as 17"));
	outcomes(EMAIL_E_PARTIAL, A, R, A);
	assert_string_equal(to[0].text, "queued as 17");
	assert_string_equal(to[2].text, "queued as 17");
	assert_string_equal(to[1].text, "?unknown");
	assert_non_null(strstr(m.error.text, "b@x: 550 5.1.1 ?unknown"));
}

static void
broken(void **state)
{
	email_error e = {0};

	(void)state;
	email__error_set(&e, EMAIL_E_CLOSED, EMAIL_STAGE_DATA, "closed");
	/* before the end of the data */
	fresh();
	rcpt("250 a", "550 b", "250 c");
	email__smtp_mail_broken(&m, &e, 1000);
	outcomes(EMAIL_E_CLOSED, D, R, D);
	/* behind it */
	fresh();
	rcpt("250 a", "550 b", "250 c");
	m.state |= MAIL_ENDED;
	m.end = 500;
	email__smtp_mail_broken(&m, &e, 500);
	outcomes(EMAIL_E_UNSURE, U, R, U);
	/* but for its last byte */
	fresh();
	rcpt("250 a", "550 b", "250 c");
	m.state |= MAIL_ENDED;
	m.end = 500;
	email__smtp_mail_broken(&m, &e, 499);
	outcomes(EMAIL_E_CLOSED, D, R, D);
	/* in one flight, with replies still under way */
	fresh();
	email__smtp_mail_rcpt(&m, says("550 a"));
	m.state |= MAIL_ENDED;
	email__smtp_mail_broken(&m, &e, 500);
	outcomes(EMAIL_E_UNSURE, R, U, U);
	/* everyone refused before */
	fresh();
	rcpt("550 a", "550 b", "550 c");
	email__smtp_mail_broken(&m, &e, 500);
	outcomes(EMAIL_E_REFUSED, R, R, R);
	/* never begun */
	fresh();
	m.state = 0;
	email__smtp_mail_broken(&m, &e, 500);
	outcomes(EMAIL_E_CLOSED, EMAIL_OUTCOME_NONE, EMAIL_OUTCOME_NONE, EMAIL_OUTCOME_NONE);
}

static void
checks(void **state)
{
	email__smtp_capabilities can = {0};

	(void)state;
	fresh();
	assert_int_equal(email__smtp_mail_check(&m, &can), EMAIL_OK);
	m.from = "";
	assert_int_equal(email__smtp_mail_check(&m, &can), EMAIL_OK);
	m.utf8 = true;
	assert_int_equal(email__smtp_mail_check(&m, &can), EMAIL_E_EXTENSION);
	can.utf8 = true;
	m.size = 11;
	can.size_max = 10;
	assert_int_equal(email__smtp_mail_check(&m, &can), EMAIL_E_MESSAGE);
	m.size = 10;
	to[1].address = "b\r\n@x";
	assert_int_equal(email__smtp_mail_check(&m, &can), EMAIL_E_MESSAGE);
	assert_string_equal(m.error.text, "the recipient 'b??@x' is not an address");
	m.count = 0;
	assert_int_equal(email__smtp_mail_check(&m, &can), EMAIL_E_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replies), cmocka_unit_test(sender_refused),
	                                   cmocka_unit_test(texts), cmocka_unit_test(broken),
	                                   cmocka_unit_test(checks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
