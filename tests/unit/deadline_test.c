/* SPDX-License-Identifier: MIT */
/* Which time bounds which wait: reckoned, without any connection. */
#include "support/cm.h"

#include "net/session_state.h"
#include "os/clock.h"

static email__link link_;
static email__session session;

static int
setup(void **state)
{
	(void)state;
	memset(&link_, 0, sizeof link_);
	memset(&session, 0, sizeof session);
	session.link = &link_;
	session.fd = -1;
	session.host = (char *)(uintptr_t) "mail.example.com";
	session.config.port = 465;
	session.config.connection_timeout_ms = 10000;
	session.config.response_timeout_ms = 60000;
	session.config.data_timeout_ms = 600000;
	session.connect_deadline = 1000;
	session.handshake_deadline = 2000;
	session.reply_deadline = 3000;
	return 0;
}

static void
each_phase_has_its_own(void **state)
{
	(void)state;
	session.phase = EMAIL__PHASE_START;
	assert_true(email__session_deadline(&session) == INT64_MAX);
	session.phase = EMAIL__PHASE_DIALING;
	assert_int_equal(email__session_deadline(&session), 1000);
	session.phase = EMAIL__PHASE_HANDSHAKE;
	assert_int_equal(email__session_deadline(&session), 2000);
	session.phase = EMAIL__PHASE_TALKING;
	link_.wait = EMAIL__WAIT_GREETING;
	assert_int_equal(email__session_deadline(&session), 1000);
	link_.wait = EMAIL__WAIT_RESPONSE;
	assert_int_equal(email__session_deadline(&session), 3000);
	link_.wait = EMAIL__WAIT_DATA;
	assert_int_equal(email__session_deadline(&session), 3000);
	session.phase = EMAIL__PHASE_CLOSED;
	assert_true(email__session_deadline(&session) == INT64_MAX);
}

static void
replies_have_their_time_from_now(void **state)
{
	static const struct {
		email__wait wait;
		long ms;
	} rows[] = {{EMAIL__WAIT_RESPONSE, 60000}, {EMAIL__WAIT_DATA, 600000}};
	size_t i;

	(void)state;
	session.phase = EMAIL__PHASE_TALKING;
	for (i = 0; i < 2; i++) {
		int64_t now = email__clock_ms();

		link_.wait = rows[i].wait;
		link_.progress = (unsigned)i + 7;
		email__session_reply_begins(&session);
		assert_true(session.reply_deadline >= now + rows[i].ms &&
		            session.reply_deadline < now + rows[i].ms + 1000);
		assert_int_equal(session.progress, i + 7);
		assert_int_equal(session.wait, rows[i].wait);
		assert_true(session.transport.give_up == session.reply_deadline);
	}
}

/* A server that takes bytes one by one must take 1 kB of them a second. */
static void
a_slow_taker_has_no_end_of_time(void **state)
{
	(void)state;
	session.phase = EMAIL__PHASE_TALKING;
	link_.wait = EMAIL__WAIT_RESPONSE;
	session.sending_since = 5000;
	session.taken_at = 5000;
	assert_int_equal(email__session_deadline(&session), 65000);
	/* something was just taken: silence counts from there, but the average counts from the start */
	session.taken_at = 100000;
	assert_int_equal(email__session_deadline(&session), 65000);
	session.transport.sent = 100 * 1024;
	assert_int_equal(email__session_deadline(&session), 160000);
	session.transport.sent = 10 * 1024;
	assert_int_equal(email__session_deadline(&session), 75000);
	session.sent_before = 10 * 1024;
	assert_int_equal(email__session_deadline(&session), 65000);
}

static void
silence_is_described(void **state)
{
	static const struct {
		email__phase phase;
		email__wait wait;
		int64_t sending;
		const char *text;
	} rows[] = {
		{EMAIL__PHASE_TALKING, EMAIL__WAIT_GREETING, 0,
	         "mail.example.com port 465 sent no greeting within 10 s"},
		{EMAIL__PHASE_TALKING, EMAIL__WAIT_RESPONSE, 0,
	         "mail.example.com port 465 did not answer within 60 s"},
		{EMAIL__PHASE_TALKING, EMAIL__WAIT_DATA, 0,
	         "mail.example.com port 465 did not answer within 600 s"},
		{EMAIL__PHASE_TALKING, EMAIL__WAIT_RESPONSE, 1,
	         "mail.example.com port 465 took no data for 60 s"},
		{EMAIL__PHASE_HANDSHAKE, EMAIL__WAIT_RESPONSE, 0,
	         "mail.example.com port 465 did not finish the TLS handshake in time"},
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		setup(state);
		assert_true(email__cancel_init(&session.cancel));
		session.phase = rows[i].phase;
		link_.wait = rows[i].wait;
		session.sending_since = rows[i].sending;
		(void)email__session_timed_out(&session);
		assert_int_equal(session.error.code, EMAIL_E_TIMEOUT);
		assert_true(session.error.temporary);
		assert_string_equal(session.error.text, rows[i].text);
		assert_int_equal(session.phase, EMAIL__PHASE_CLOSED);
		email__cancel_dispose(&session.cancel);
	}
}

/* A server that sends a message byte by byte must send 1 kB of it a second, and never be silent for long. */
static void
a_slow_sender_has_no_end_of_time(void **state)
{
	(void)state;
	session.phase = EMAIL__PHASE_TALKING;
	session.received = 5000;
	link_.wait = EMAIL__WAIT_BODY;
	email__session_reply_begins(&session);
	assert_int_equal(session.body_before, 5000);
	session.body_since = session.active_at = 1000000;
	assert_int_equal(email__session_deadline(&session), 1060000);
	/* 100 kB later, and a byte just now: 60 s of silence */
	session.received += 100 * 1024;
	session.active_at = 1050000;
	assert_int_equal(email__session_deadline(&session), 1110000);
	/* a byte now and then does not buy time beyond what was earned */
	session.active_at = 1150000;
	assert_int_equal(email__session_deadline(&session), 1160000);
	/* the next message of the flight begins: its rate is that of the whole flight */
	link_.progress++;
	email__session_reply_begins(&session);
	assert_int_equal(session.body_since, 1000000);
}

static void
news_may_be_long_in_coming(void **state)
{
	int64_t now = email__clock_ms();

	(void)state;
	session.phase = EMAIL__PHASE_TALKING;
	link_.wait = EMAIL__WAIT_NEWS;
	link_.news_ms = 540000;
	email__session_reply_begins(&session);
	assert_true(session.reply_deadline >= now + 540000 && session.reply_deadline < now + 541000);
	/* what a server says meanwhile does not put it off */
	session.reply_deadline = now + 300000;
	link_.progress++;
	email__session_reply_begins(&session);
	assert_true(session.reply_deadline == now + 300000);
	assert_true(session.progress == link_.progress);
	session.reply_deadline = 5;
	assert_true(email__session_no_news(&session));
	assert_true(session.reply_deadline >= now + 540000);
	link_.wait = EMAIL__WAIT_RESPONSE;
	assert_false(email__session_no_news(&session));
	session.phase = EMAIL__PHASE_HANDSHAKE;
	link_.wait = EMAIL__WAIT_NEWS;
	assert_false(email__session_no_news(&session));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_phase_has_its_own, setup),
		cmocka_unit_test_setup(replies_have_their_time_from_now, setup),
		cmocka_unit_test_setup(a_slow_taker_has_no_end_of_time, setup),
		cmocka_unit_test_setup(a_slow_sender_has_no_end_of_time, setup),
		cmocka_unit_test_setup(news_may_be_long_in_coming, setup),
		cmocka_unit_test_setup(silence_is_described, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
