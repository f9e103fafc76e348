/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "account/connection.h"
#include "support/failalloc.h"

static void
is_one_block_that_stands_alone(void **state)
{
	char address[] = "duty@example.com";
	email__smtp_recipient recipients[2] = {
		{.address = address,
	         .outcome = EMAIL_OUTCOME_ACCEPTED,
	         .reply = 250,
	         .enhanced = "2.1.5",
	         .text = "Ok"},
		{.address = "night@example.com",
	         .outcome = EMAIL_OUTCOME_REFUSED,
	         .reply = 550,
	         .enhanced = "5.1.1"},
	};
	email__connection c = {
		.recipients = recipients, .mail = {.count = 2}, .op = {.flights = 6, .sent = 1234}};
	email_report *report;

	(void)state;
	c.envelope.message_id = "<1@example.com>";
	email_test_fail_alloc(0);
	report = email__report_new(&c);
	assert_int_equal(email_test_allocs(), 1);
	address[0] = 'X';
	recipients[0].reply = 0;
	assert_string_equal(report->message_id, "<1@example.com>");
	assert_int_equal(report->count, 2);
	assert_string_equal(report->recipients[0].address, "duty@example.com");
	assert_int_equal(report->recipients[0].reply, 250);
	assert_string_equal(report->recipients[0].enhanced, "2.1.5");
	assert_string_equal(report->recipients[0].text, "Ok");
	assert_string_equal(report->recipients[1].address, "night@example.com");
	assert_int_equal(report->recipients[1].outcome, EMAIL_OUTCOME_REFUSED);
	assert_int_equal(report->round_trips, 6);
	assert_int_equal(report->bytes_sent, 1234);
	email_report_free(report);
	email_report_free(NULL);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc(1);
	assert_null(email__report_new(&c));
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(is_one_block_that_stands_alone)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
