/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <netdb.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "net/resolve.h"
#include "support/failalloc.h"
#include "support/peer.h"

static void
wait_for(email__lookup *l)
{
	struct pollfd p = {email__lookup_fd(l), POLLIN, 0};

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(email__lookup_over(l));
}

static void
wait_for_none(void)
{
	struct timespec t = {0, 1000000};
	int i;

	for (i = 0; i < 2000 && email__lookups_running(); i++)
		nanosleep(&t, NULL);
	assert_int_equal(email__lookups_running(), 0);
}

static void
literals(void **state)
{
	email__addresses found;
	char text[EMAIL__ADDRESS_TEXT];

	(void)state;
	assert_true(email__resolve_literal("192.0.2.1", 465, &found));
	assert_int_equal(found.count, 1);
	email__address_text(&found.list[0], text);
	assert_string_equal(text, "192.0.2.1");
	assert_int_equal(ntohs(found.list[0].at.v4.sin_port), 465);
	assert_true(email__resolve_literal("2001:db8::1", 25, &found));
	email__address_text(&found.list[0], text);
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(ntohs(found.list[0].at.v6.sin6_port), 25);
	assert_false(email__resolve_literal("mail.example.com", 25, &found));
	assert_false(email__resolve_literal("", 25, &found));
	assert_false(email__resolve_literal("192.0.2.256", 25, &found));
}

static void
by_the_system(void **state)
{
	int before = count_descriptors();
	email_error e = {0};
	email__addresses found;
	email__lookup *l = email__lookup_start("localhost", 25, &e);

	(void)state;
	assert_non_null(l);
	wait_for(l);
	assert_int_equal(email__lookup_result(l, &found, &e), EMAIL_OK);
	assert_true(found.count >= 1);
	close(email__lookup_fd(l));
	email__lookup_free(l);
	wait_for_none();
	assert_int_equal(count_descriptors(), before);
}

static int answer;

static int
answering(const char *host, int port, email__addresses *found)
{
	assert_string_equal(host, "mail.example.com");
	assert_int_equal(port, 993);
	found->count = 0;
	return answer;
}

static void
failures(void **state)
{
	static const struct {
		int code;
		email_code expected;
		const char *text;
	} cases[] = {
		{EAI_NONAME, EMAIL_E_RESOLVE, "there is no host mail.example.com"},
		{EAI_AGAIN, EMAIL_E_RESOLVE,
	         "mail.example.com could not be looked up: the DNS server did not answer"},
		{EAI_FAIL, EMAIL_E_RESOLVE, "mail.example.com could not be looked up: the DNS server failed"},
		{EAI_MEMORY, EMAIL_E_MEMORY, "out of memory"},
	};
	size_t i;

	(void)state;
	email__resolve_set(answering);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		email_error e = {0};
		email__addresses found;
		email__lookup *l;

		answer = cases[i].code;
		l = email__lookup_start("mail.example.com", 993, &e);
		assert_non_null(l);
		wait_for(l);
		assert_int_equal(email__lookup_result(l, &found, &e), cases[i].expected);
		assert_string_equal(e.text, cases[i].text);
		assert_int_equal(e.stage, EMAIL_STAGE_RESOLVE);
		close(email__lookup_fd(l));
		email__lookup_free(l);
	}
	wait_for_none();
	email__resolve_set(NULL);
}

static void
no_memory(void **state)
{
	email_error e = {0};

	(void)state;
	email_test_fail_alloc(1);
	assert_null(email__lookup_start("mail.example.com", 25, &e));
	assert_int_equal(e.code, EMAIL_E_MEMORY);
	assert_int_equal(email__lookups_running(), 0);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals),
		cmocka_unit_test(by_the_system),
		cmocka_unit_test(failures),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
