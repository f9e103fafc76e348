/* SPDX-License-Identifier: MIT */
/*
 * A session's deadlines: connectionTimeout runs from the look-up to the end of the greeting; a STARTTLS
 * handshake has responseTimeout; a reply has its time from the end of the flight before it, or from the reply
 * before it, however its bytes drip; a flight that the server does not take has responseTimeout since the last
 * byte taken, and 1 kB/s on average after that; so has a server in the middle of a message that we read. Where no
 * answer is owed the caller has said how long to wait.
 */
#include "net/session_state.h"

#include "base/error.h"
#include "os/clock.h"

/* Bytes a second that a server must take or send, on average, to keep a message going. */
#define LEAST_RATE 1024

static long
reply_time(const email__session *s)
{
	switch (s->link->wait) {
	case EMAIL__WAIT_DATA: return s->config.data_timeout_ms;
	case EMAIL__WAIT_NEWS: return s->link->news_ms;
	case EMAIL__WAIT_BODY:
	case EMAIL__WAIT_GREETING:
	case EMAIL__WAIT_RESPONSE: break;
	}
	return s->config.response_timeout_ms;
}

static int64_t
sending_deadline(const email__session *s)
{
	int64_t earned = (int64_t)((s->transport.sent - s->sent_before) * 1000 / LEAST_RATE);
	int64_t silent = s->taken_at + s->config.response_timeout_ms;
	int64_t slow = s->sending_since + s->config.response_timeout_ms + earned;

	return silent < slow ? silent : slow;
}

static int64_t
receiving_deadline(const email__session *s)
{
	int64_t earned = (int64_t)((s->received - s->body_before) * 1000 / LEAST_RATE);
	int64_t silent = s->active_at + s->config.response_timeout_ms;
	int64_t slow = s->body_since + s->config.response_timeout_ms + earned;

	return silent < slow ? silent : slow;
}

int64_t
email__session_deadline(const email__session *s)
{
	switch (s->phase) {
	case EMAIL__PHASE_DIALING: return s->connect_deadline;
	case EMAIL__PHASE_HANDSHAKE: return s->handshake_deadline;
	case EMAIL__PHASE_TALKING:
		if (s->sending_since)
			return sending_deadline(s);
		if (s->link->wait == EMAIL__WAIT_BODY)
			return receiving_deadline(s);
		return s->link->wait == EMAIL__WAIT_GREETING ? s->connect_deadline : s->reply_deadline;
	case EMAIL__PHASE_START:
	case EMAIL__PHASE_CLOSED: break;
	}
	return INT64_MAX;
}

/* Words to keep the connection open ("* OK Still here") are no news: they do not put off the caller's turn. */
static bool
waits_on(const email__session *s)
{
	return s->link->wait == EMAIL__WAIT_NEWS && s->wait == EMAIL__WAIT_NEWS &&
	       email__clock_ms() < s->reply_deadline;
}

void
email__session_reply_begins(email__session *s)
{
	if (waits_on(s)) {
		s->progress = s->link->progress;
		return;
	}
	if (s->link->wait == EMAIL__WAIT_BODY && s->wait != EMAIL__WAIT_BODY) {
		s->body_since = email__clock_ms();
		s->body_before = s->received;
	}
	s->wait = s->link->wait;
	s->progress = s->link->progress;
	s->reply_deadline = email__clock_ms() + reply_time(s);
	s->transport.give_up = email__session_deadline(s);
}

static void
describe_silence(email__session *s)
{
	bool greeting = s->link->wait == EMAIL__WAIT_GREETING;
	long ms = s->sending_since ? s->config.response_timeout_ms
	          : greeting       ? s->config.connection_timeout_ms
	                           : reply_time(s);
	long time = ms < 1000 ? ms : ms / 1000;
	const char *unit = ms < 1000 ? "ms" : "s";

	if (s->sending_since)
		email__error_set(&s->error, EMAIL_E_TIMEOUT, s->link->stage,
		                 "%s port %d took no data for %ld %s", s->host, s->config.port, time, unit);
	else if (greeting)
		email__error_set(&s->error, EMAIL_E_TIMEOUT, EMAIL_STAGE_GREETING,
		                 "%s port %d sent no greeting within %ld %s", s->host, s->config.port, time,
		                 unit);
	else if (s->link->wait == EMAIL__WAIT_BODY)
		email__error_set(&s->error, EMAIL_E_TIMEOUT, s->link->stage,
		                 "%s port %d stopped in the middle of a message, or sent less than 1 kB/s",
		                 s->host, s->config.port);
	else
		email__error_set(&s->error, EMAIL_E_TIMEOUT, s->link->stage,
		                 "%s port %d did not answer within %ld %s", s->host, s->config.port, time,
		                 unit);
	/* a server that expects TLS waits for us, as we for it */
	if (greeting && !s->secure && !s->transport.heard)
		email__error_remedy(&s->error, "if port %d expects TLS at once, set useSsl", s->config.port);
}

bool
email__session_no_news(email__session *s)
{
	if (s->phase != EMAIL__PHASE_TALKING || s->link->wait != EMAIL__WAIT_NEWS || s->sending_since)
		return false;
	email__session_reply_begins(s);
	return true;
}

email__rest
email__session_timed_out(email__session *s)
{
	if (s->phase == EMAIL__PHASE_DIALING) {
		email__dial_timeout(s->dial, s->config.connection_timeout_ms, &s->error);
	} else if (s->phase == EMAIL__PHASE_HANDSHAKE) {
		email__error_set(&s->error, EMAIL_E_TIMEOUT, EMAIL_STAGE_TLS_HANDSHAKE,
		                 "%s port %d did not finish the TLS handshake in time", s->host,
		                 s->config.port);
		if (!s->transport.heard && s->config.tls_first)
			email__error_remedy(
				&s->error,
				"if port %d does not expect TLS at once, set useStartTls or another port",
				s->config.port);
	} else {
		describe_silence(s);
	}
	return email__session_end(s);
}
