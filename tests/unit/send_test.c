/* SPDX-License-Identifier: MIT */
/* Whole mails through the blocking calls, to a real server over real TLS. */
#include "support/cm.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "support/failalloc.h"
#include "support/post.h"

static const email_test_tls transports[] = {EMAIL_TEST_SSL, EMAIL_TEST_STARTTLS};

static void
goes_out_and_keeps_the_connection(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		email_report *report = NULL;
		email_test_counts n;
		post p;
		int k;

		post_init(&p, transports[i]);
		post_open(&p, true);
		for (k = 0; k < 3; k++) {
			assert_int_equal(email_account_send(p.account, p.message, &report), EMAIL_OK);
			assert_int_equal(report->count, 2);
			assert_string_equal(report->recipients[1].address, "night@example.com");
			assert_int_equal(report->recipients[1].outcome, EMAIL_OUTCOME_ACCEPTED);
			assert_int_equal(report->recipients[1].reply, 250);
			if (k > 0)
				assert_int_equal(report->round_trips, 1);
			email_report_free(report);
		}
		assert_int_equal(email_account_error(p.account)->code, EMAIL_OK);
		email_account_close(p.account);
		n = post_counts(&p);
		assert_int_equal(n.connections, 1);
		assert_int_equal(n.messages, 3);
		assert_int_equal(n.violations, 0);
		post_close(&p);
	}
}

static void
a_changed_property_ends_the_kept_connection(void **state)
{
	email_test_counts n;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	assert_int_equal(email_account_set_tls_min_protocol(p.account, EMAIL_TLS_1_3), EMAIL_OK);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	/* a root less: what was trusted is judged again */
	assert_int_equal(email_trust_delete(p.trust, "site"), EMAIL_OK);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_E_TRUST);
	n = post_counts(&p);
	assert_int_equal(n.messages, 2);
	post_close(&p);
}

static bool
first_host(void *context, const email_allowed_host *entry)
{
	*(email_allowed_host *)context = *entry;
	return false;
}

static void
an_unknown_server_gets_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		email_allowed_host entry = {0};
		email_test_counts n;
		post p;

		post_init(&p, transports[i]);
		post_open(&p, false);
		assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_E_TRUST);
		assert_int_equal(email_account_error(p.account)->stage, EMAIL_STAGE_TRUST);
		assert_false(email_account_error(p.account)->temporary);
		assert_true(email_account_error(p.account)->remedy[0]);
		assert_int_equal(email_trust_list_hosts(p.trust, first_host, &entry), EMAIL_OK);
		assert_string_equal(entry.host, "127.0.0.1");
		assert_int_equal(entry.approval, EMAIL_APPROVAL_NO);
		assert_true(entry.reasons & (EMAIL_REASON(UNKNOWN_ISSUER) | EMAIL_REASON(NO_ROOTS)));
		n = post_counts(&p);
		assert_int_equal(n.tls_in, 0);
		assert_int_equal(n.messages, 0);
		/* approved by its fingerprint, it goes out */
		assert_int_equal(email_trust_approve(p.trust, "127.0.0.1", entry.port,
		                                     entry.certificate.public_key_sha256, 0),
		                 EMAIL_OK);
		assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
		post_close(&p);
	}
}

static email_answer
answer(void *context, const email_allowed_host *entry)
{
	email_answer *next = context;

	assert_string_equal(entry->host, "127.0.0.1");
	assert_true(entry->certificate.sha256[0]);
	return *next;
}

static void
the_challenge_is_answered_within_the_call(void **state)
{
	email_answer what;
	post p;

	(void)state;
	for (what = EMAIL_ANSWER_LATER; what <= EMAIL_ANSWER_REJECT; what++) {
		post_init(&p, EMAIL_TEST_SSL);
		post_open(&p, false);
		email_trust_set_challenge(p.trust, answer, &what);
		assert_int_equal(email_account_send(p.account, p.message, NULL),
		                 what == EMAIL_ANSWER_APPROVE ? EMAIL_OK : EMAIL_E_TRUST);
		post_close(&p);
	}
}

static void
partly_refused_goes_to_the_rest(void **state)
{
	email_report *report;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_rule(&p, "rcpt:duty@example.com", EMAIL_TEST_REPLY, "550 5.1.1 nobody here");
	post_open(&p, true);
	assert_int_equal(email_account_send(p.account, p.message, &report), EMAIL_E_PARTIAL);
	assert_int_equal(report->recipients[0].outcome, EMAIL_OUTCOME_REFUSED);
	assert_int_equal(report->recipients[0].reply, 550);
	assert_string_equal(report->recipients[0].enhanced, "5.1.1");
	assert_int_equal(report->recipients[1].outcome, EMAIL_OUTCOME_ACCEPTED);
	email_report_free(report);
	post_close(&p);
}

static void
no_answer_to_the_end_is_unsure(void **state)
{
	email_report *report;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_rule(&p, "dot", EMAIL_TEST_DROP, NULL);
	post_open(&p, true);
	assert_int_equal(email_account_send(p.account, p.message, &report), EMAIL_E_UNSURE);
	assert_int_equal(report->recipients[0].outcome, EMAIL_OUTCOME_UNSURE);
	assert_true(report->message_id[0] == '<');
	email_report_free(report);
	/* and the account is well again with the next mail */
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	post_close(&p);
}

static void
a_dead_kept_connection_is_replaced(void **state)
{
	const struct timespec idle = {.tv_sec = 1, .tv_nsec = 100000000};
	email_test_counts n;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	post_open(&p, true);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	post_restart(&p);
	nanosleep(&idle, NULL);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	email_account_close(p.account);
	n = post_counts(&p);
	assert_int_equal(n.messages, 1);
	post_close(&p);
}

static void
wrong_password_is_told_and_never_shown(void **state)
{
	const email_error *e;
	char status[32];
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	p.options.password = "another";
	post_open(&p, true);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_E_LOGIN);
	e = email_account_error(p.account);
	assert_int_equal(e->stage, EMAIL_STAGE_AUTHENTICATE);
	assert_int_equal(e->reply, 535);
	assert_null(strstr(e->text, "hunter2"));
	assert_int_equal(email_account_get(p.account, "status", status, sizeof status), EMAIL_OK);
	assert_non_null(strstr(status, "fault"));
	post_close(&p);
}

static void
what_cannot_be_sent_is_refused_before_connecting(void **state)
{
	email_message *empty = email_message_new(), *received = email_message_read_data("A: b\n", 5, NULL);
	email_account *in = email_account_new(EMAIL_INCOMING, "In");
	email_report *report;
	email_test_counts n;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	assert_int_equal(email_account_send(in, p.message, NULL), EMAIL_E_USAGE);
	assert_int_equal(email_account_set_enabled(p.account, false), EMAIL_OK);
	assert_int_equal(email_account_send(p.account, p.message, &report), EMAIL_E_DISABLED);
	assert_null(report);
	assert_int_equal(email_account_set_enabled(p.account, true), EMAIL_OK);
	assert_int_equal(email_account_send(p.account, empty, NULL), EMAIL_E_MESSAGE);
	assert_int_equal(email_account_send(p.account, received, NULL), EMAIL_E_USAGE);
	n = post_counts(&p);
	assert_int_equal(n.connections, 0);
	assert_int_equal(email_account_set_hostname(p.account, ""), EMAIL_OK);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_E_VALUE);
	email_account_free(in);
	email_message_free(empty);
	email_message_free(received);
	post_close(&p);
}

static void
is_cancelled_from_another_thread(void **state)
{
	static const char *const stages[] = {"greeting", "ehlo", "auth", "dot"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof stages / sizeof *stages; i++) {
		struct timespec t0, t1;
		pthread_t thread;
		email_code rc;
		post p;

		post_init(&p, EMAIL_TEST_SSL);
		post_rule(&p, stages[i], EMAIL_TEST_STALL, NULL);
		post_open(&p, true);
		assert_int_equal(pthread_create(&thread, NULL, post_cancel_stalled, &p), 0);
		clock_gettime(CLOCK_MONOTONIC, &t0);
		rc = email_account_send(p.account, p.message, NULL);
		clock_gettime(CLOCK_MONOTONIC, &t1);
		pthread_join(thread, NULL);
		assert_true(rc == EMAIL_E_CANCELLED ||
		            (strcmp(stages[i], "dot") == 0 && rc == EMAIL_E_UNSURE));
		assert_true(t1.tv_sec - t0.tv_sec < 3);
		/* a cancel with nothing running does nothing */
		email_account_cancel(p.account);
		post_restart(&p);
		assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
		post_close(&p);
	}
}

static void
want_of_memory_anywhere_is_an_error(void **state)
{
	size_t n;
	email_code rc;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	post_open(&p, true);
	for (n = 1;; n++) {
		email_report *report = NULL;

		email_test_fail_alloc(n);
		rc = email_account_send(p.account, p.message, &report);
		email_report_free(report);
		email_account_close(p.account);
		if (!email_test_alloc_failed())
			break;
		/* the report alone may be what was not to be had */
		assert_true(rc == EMAIL_E_MEMORY || rc == EMAIL_OK || rc == EMAIL_E_TLS ||
		            rc == EMAIL_E_TRUST);
		if (rc != EMAIL_OK)
			assert_int_equal(email_account_error(p.account)->code, rc);
	}
	assert_int_equal(rc, EMAIL_OK);
	assert_true(n > 10);
	email_test_fail_alloc_off();
	post_close(&p);
}

typedef struct steps {
	size_t n;
	email_stage stage[16];
	bool ok[16];
} steps;

static void
note(void *context, const email_test_step *step)
{
	steps *s = context;

	assert_true(s->n < 16);
	s->stage[s->n] = step->stage;
	s->ok[s->n++] = step->ok;
	assert_true(step->milliseconds >= 0);
	assert_non_null(step->detail);
}

static void
a_test_tells_its_steps_and_sends_nothing(void **state)
{
	/* what counts is what the server offers inside TLS */
	static const email_stage expected[] = {EMAIL_STAGE_CONNECT,     EMAIL_STAGE_GREETING,
	                                       EMAIL_STAGE_STARTTLS,    EMAIL_STAGE_TLS_HANDSHAKE,
	                                       EMAIL_STAGE_TRUST,       EMAIL_STAGE_CAPABILITIES,
	                                       EMAIL_STAGE_AUTHENTICATE};
	steps s = {0};
	email_test_counts n;
	char status[32];
	size_t i, at = 0;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	post_open(&p, true);
	assert_int_equal(email_account_get(p.account, "status", status, sizeof status), EMAIL_OK);
	assert_string_equal(status, "unverified");
	assert_int_equal(email_account_set_enabled(p.account, false), EMAIL_OK);
	assert_int_equal(email_account_test(p.account, note, &s), EMAIL_OK);
	for (i = 0; i < s.n; i++) {
		assert_true(s.ok[i]);
		if (s.stage[i] == EMAIL_STAGE_RESOLVE)
			continue;
		assert_true(at < sizeof expected / sizeof *expected);
		assert_int_equal(s.stage[i], expected[at++]);
	}
	assert_int_equal(at, sizeof expected / sizeof *expected);
	n = post_counts(&p);
	assert_int_equal(n.messages, 0);
	assert_int_equal(email_account_set_enabled(p.account, true), EMAIL_OK);
	assert_int_equal(email_account_get(p.account, "status", status, sizeof status), EMAIL_OK);
	assert_string_equal(status, "ok");
	post_close(&p);

	memset(&s, 0, sizeof s);
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, false);
	assert_int_equal(email_account_test(p.account, note, &s), EMAIL_E_TRUST);
	assert_false(s.ok[s.n - 1]);
	assert_int_equal(s.stage[s.n - 1], EMAIL_STAGE_TRUST);
	post_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_out_and_keeps_the_connection),
		cmocka_unit_test(a_changed_property_ends_the_kept_connection),
		cmocka_unit_test(an_unknown_server_gets_nothing),
		cmocka_unit_test(the_challenge_is_answered_within_the_call),
		cmocka_unit_test(partly_refused_goes_to_the_rest),
		cmocka_unit_test(no_answer_to_the_end_is_unsure),
		cmocka_unit_test(a_dead_kept_connection_is_replaced),
		cmocka_unit_test(wrong_password_is_told_and_never_shown),
		cmocka_unit_test(what_cannot_be_sent_is_refused_before_connecting),
		cmocka_unit_test(is_cancelled_from_another_thread),
		cmocka_unit_test(want_of_memory_anywhere_is_an_error),
		cmocka_unit_test(a_test_tells_its_steps_and_sends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
