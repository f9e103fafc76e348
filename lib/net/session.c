/* SPDX-License-Identifier: MIT */
/*
 * One phase at a time, each with a function that goes as far as it can and says what comes next:
 *
 *     START -> DIALING -> HANDSHAKE -> TALKING <-> HANDSHAKE (STARTTLS) -> CLOSED
 *                     \----------------^
 *
 * Talking is in talk.c, the deadlines in deadline.c.
 */
#include "net/session_state.h"

#include <poll.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/wipe.h"
#include "os/clock.h"
#include "tls/binding.h"

/* --- limits --- */

/* Several attempts cannot be waited for by one descriptor: an application's event loop looks this often. */
#define RACE_LOOK_MS 25
/* A connection that was busy less than this ago is taken to live, which saves a system call a mail. */
#define FRESH_MS 1000
/* How much longer than its deadline a wait in recv(2) may be. */
#define BLOCK_SLACK_MS 20

/* --- making and freeing --- */

/* What a connection costs beside the TLS library's own 40 kB. */
_Static_assert(sizeof(email__session) <= 8192, "a session has grown");

email__session *
email__session_new(const email__session_config *config, email__link *link)
{
	email__session *s = email__new(email__session);

	if (!s)
		return NULL;
	if (!email__cancel_init(&s->cancel)) {
		email__free(s);
		return NULL;
	}
	s->config = *config;
	s->link = link;
	s->fd = -1;
	s->host = email__strdup(config->host);
	s->local_address = email__strdup(config->local_address ? config->local_address : "");
	s->server_name = email__strdup(config->tls.server_name ? config->tls.server_name : "");
	s->config.host = s->host;
	s->config.local_address = s->local_address;
	s->config.tls.server_name = s->server_name;
	if (s->host && s->local_address && s->server_name)
		return s;
	email__session_free(s);
	return NULL;
}

/* Says good-bye as far as the socket takes it at once. */
void
email__session_close(email__session *s)
{
	if (s->secure && s->phase == EMAIL__PHASE_TALKING && !email__cancel_asked(&s->cancel))
		email__tls_close(s->tls);
	if (s->tls)
		s->kept = email__tls_take_session(s->tls);
	email__tls_free(s->tls);
	s->tls = NULL;
	email__dial_free(s->dial);
	s->dial = NULL;
	email__cancel_close(&s->cancel, s->fd);
	s->fd = -1;
	s->phase = EMAIL__PHASE_CLOSED;
}

void
email__session_free(email__session *s)
{
	if (!s)
		return;
	email__session_close(s);
	email__tls_session_free(s->kept);
	email__cancel_dispose(&s->cancel);
	email__free(s->host);
	email__free(s->local_address);
	email__free(s->server_name);
	/* what was read ahead in the clear may repeat a secret */
	email__wipe(s, sizeof *s);
	email__free(s);
}

/* --- ends --- */

email__rest
email__session_end(email__session *s)
{
	email__session_close(s);
	return EMAIL__GO_ON;
}

static email__rest
out_of_memory(email__session *s, email_stage stage)
{
	email__error_memory(&s->error, stage);
	return email__session_end(s);
}

/* Whoever cancels shuts the sockets: what fails behind that fails for it. */
email__rest
email__session_cancelled(email__session *s)
{
	email_stage stage = s->phase == EMAIL__PHASE_TALKING     ? s->link->stage
	                    : s->phase == EMAIL__PHASE_HANDSHAKE ? EMAIL_STAGE_TLS_HANDSHAKE
	                                                         : EMAIL_STAGE_CONNECT;

	email__error_clear(&s->error);
	email__error_set(&s->error, EMAIL_E_CANCELLED, stage, "cancelled");
	return email__session_end(s);
}

static void
tell(email__session *s, email_stage stage, const char *detail)
{
	if (s->config.event)
		s->config.event(s->config.event_context, stage, detail);
}

/* --- dialing --- */

static email__rest
start(email__session *s)
{
	s->connect_deadline = email__clock_ms() + s->config.connection_timeout_ms;
	s->dial = email__dial_new(s->host, s->config.port, s->local_address, &s->cancel);
	if (!s->dial)
		return out_of_memory(s, EMAIL_STAGE_CONNECT);
	s->phase = EMAIL__PHASE_DIALING;
	return EMAIL__GO_ON;
}

static email__rest
connected(email__session *s)
{
	char peer[EMAIL__ADDRESS_TEXT + 16];

	s->fd = email__dial_take(s->dial);
	email__dial_peer(s->dial, peer);
	email__dial_free(s->dial);
	s->dial = NULL;
	email__socket_ready(s->fd, s->config.response_timeout_ms);
	email__socket_literal(s->fd, s->link->local);
	email__transport_start(&s->transport, s->fd, &s->cancel);
	s->active_at = email__clock_ms();
	tell(s, EMAIL_STAGE_CONNECT, peer);
	if (s->config.tls_first)
		return email__session_begin_tls(s, s->connect_deadline);
	s->phase = EMAIL__PHASE_TALKING;
	email__session_reply_begins(s);
	return EMAIL__GO_ON;
}

static email__rest
dialing(email__session *s, const struct pollfd *polled, size_t count)
{
	bool resolved = email__dial_resolved(s->dial);
	email__dial_state now = email__dial_step(s->dial, polled, count, &s->error);
	char detail[32];

	if (!resolved && email__dial_resolved(s->dial) && email__dial_found(s->dial)) {
		snprintf(detail, sizeof detail, "%u addresses", (unsigned)email__dial_found(s->dial));
		tell(s, EMAIL_STAGE_RESOLVE, detail);
	}
	switch (now) {
	case EMAIL__DIAL_BUSY: return EMAIL__REST_BUSY;
	case EMAIL__DIAL_CONNECTED: return connected(s);
	case EMAIL__DIAL_FAILED: break;
	}
	return email__cancel_asked(&s->cancel) ? email__session_cancelled(s) : email__session_end(s);
}

/* --- TLS --- */

email__rest
email__session_begin_tls(email__session *s, int64_t until)
{
	email__bio bio = {email__transport_send, email__transport_receive, &s->transport};

	s->tls = email__tls_new(&s->config.tls, &bio, &s->error);
	if (!s->tls)
		return email__session_end(s);
	s->tls_began = true;
	s->handshake_deadline = until;
	s->transport.gather = true;
	s->transport.heard = false;
	s->phase = EMAIL__PHASE_HANDSHAKE;
	return EMAIL__GO_ON;
}

/* What a server that greets in the clear sends first is no type of TLS record (20 to 23, RFC 8446 5.1). */
static bool
answered_in_the_clear(const email__session *s)
{
	return s->config.tls_first && s->transport.heard && s->transport.first >= 0x20;
}

static email__rest
handshake_failed(email__session *s, const email_error *e)
{
	if (email__cancel_asked(&s->cancel))
		return email__session_cancelled(s);
	s->retry_1_2 = email__tls_retry_1_2(s->tls);
	/* the alert */
	s->transport.gather = false;
	(void)email__transport_flush(&s->transport);
	if (answered_in_the_clear(s)) {
		email__error_set(&s->error, EMAIL_E_TLS, EMAIL_STAGE_TLS_HANDSHAKE,
		                 "%s port %d answered in the clear, but useSsl is set", s->host,
		                 s->config.port);
		email__error_remedy(&s->error, "set useStartTls, or the port that expects TLS at once");
		s->error.tls = e->tls;
	} else {
		s->error = *e;
		s->error.os = s->transport.os;
	}
	return email__session_end(s);
}

/* The one place that makes a connection a secure one. */
static email__rest
handshake_done(email__session *s)
{
	char detail[96];
	email_code verdict = email__tls_verdict(s->tls);

	if (verdict != EMAIL_OK) {
		email__error_set(&s->error, verdict, EMAIL_STAGE_TRUST,
		                 "the server's certificate was not accepted");
		return email__session_end(s);
	}
	s->secure = true;
	s->transport.gather = false;
	s->not_after = email__tls_not_after(s->tls);
	email__tls_binding(s->tls, &s->binding);
	snprintf(s->version, sizeof s->version, "%s", email__tls_version_name(s->tls));
	snprintf(s->suite, sizeof s->suite, "%s", email__tls_cipher_suite(s->tls));
	snprintf(detail, sizeof detail, "%s %s%s", s->version, s->suite,
	         email__tls_resumed(s->tls) ? ", resumed" : "");
	tell(s, EMAIL_STAGE_TLS_HANDSHAKE, detail);
	s->phase = EMAIL__PHASE_TALKING;
	if (!s->config.tls_first)
		s->link->tls_started(s->link);
	email__session_reply_begins(s);
	return EMAIL__GO_ON;
}

static email__rest
handshake(email__session *s)
{
	email_error e = {0};

	switch (email__tls_handshake(s->tls, &e)) {
	case EMAIL__TLS_DONE: return handshake_done(s);
	case EMAIL__TLS_WANT_READ:
	case EMAIL__TLS_WANT_WRITE: return EMAIL__REST_BUSY;
	case EMAIL__TLS_CLOSED:
	case EMAIL__TLS_TRUNCATED:
	case EMAIL__TLS_FAILED: break;
	}
	return handshake_failed(s, &e);
}

/* --- stepping --- */

static email__session_state
advance(email__session *s, const struct pollfd *polled, size_t count)
{
	email__rest next = EMAIL__GO_ON;

	s->turn = 0;
	s->turn_over = false;
	while (next == EMAIL__GO_ON) {
		if (s->phase == EMAIL__PHASE_CLOSED)
			return EMAIL__SESSION_CLOSED;
		if (email__cancel_asked(&s->cancel)) {
			next = email__session_cancelled(s);
			continue;
		}
		switch (s->phase) {
		case EMAIL__PHASE_START: next = start(s); break;
		case EMAIL__PHASE_DIALING: next = dialing(s, polled, count); break;
		case EMAIL__PHASE_HANDSHAKE: next = handshake(s); break;
		case EMAIL__PHASE_TALKING: next = email__session_talk(s); break;
		case EMAIL__PHASE_CLOSED: break;
		}
		polled = NULL;
		if (next == EMAIL__REST_BUSY && email__clock_ms() >= email__session_deadline(s))
			next = email__session_no_news(s) ? EMAIL__REST_IDLE : email__session_timed_out(s);
	}
	return next == EMAIL__REST_IDLE ? EMAIL__SESSION_IDLE : EMAIL__SESSION_BUSY;
}

static email__session_state
step(email__session *s, const struct pollfd *polled, size_t count)
{
	email__transport_step(&s->transport, email__session_deadline(s));
	return advance(s, polled, count);
}

email__session_state
email__session_step(email__session *s)
{
	return step(s, NULL, 0);
}

/* --- waiting --- */

int
email__session_events(const email__session *s)
{
	int events = 0;

	switch (s->phase) {
	case EMAIL__PHASE_DIALING: return email__dial_resolved(s->dial) ? POLLOUT : POLLIN;
	case EMAIL__PHASE_HANDSHAKE:
	case EMAIL__PHASE_TALKING:
		if (s->transport.blocked || s->transport.gathered)
			events |= POLLOUT;
		if (s->phase == EMAIL__PHASE_HANDSHAKE || email__buf_left(&s->link->in))
			events |= POLLIN;
		break;
	case EMAIL__PHASE_START:
	case EMAIL__PHASE_CLOSED: break;
	}
	return events;
}

int
email__session_fd(const email__session *s)
{
	struct pollfd fds[EMAIL__DIAL_FDS];
	size_t n;

	if (s->phase != EMAIL__PHASE_DIALING)
		return s->fd;
	n = email__dial_fds(s->dial, fds);
	return n ? fds[n - 1].fd : -1;
}

/* Milliseconds until the deadline, or `next` where that comes first. */
static int
time_left(const email__session *s, int64_t next)
{
	int64_t until = email__session_deadline(s), left;

	if (next < until)
		until = next;
	left = until - email__clock_ms();
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

long
email__session_timeout(const email__session *s)
{
	struct pollfd fds[EMAIL__DIAL_FDS];
	int64_t next = INT64_MAX;

	if (s->phase == EMAIL__PHASE_START || s->phase == EMAIL__PHASE_CLOSED || s->turn_over)
		return 0;
	if (s->phase == EMAIL__PHASE_DIALING) {
		next = email__dial_next(s->dial);
		if (email__dial_fds(s->dial, fds) > 1 && email__clock_ms() + RACE_LOOK_MS < next)
			next = email__clock_ms() + RACE_LOOK_MS;
	}
	return time_left(s, next);
}

/* The reply to a flight that just went whole: the socket's own timeout bounds the wait, so that recv(2) does
 * without a poll(2) before it. */
static bool
may_block(const email__session *s)
{
	if (s->phase != EMAIL__PHASE_TALKING || !s->first_wait || s->sending_since ||
	    (s->link->wait != EMAIL__WAIT_RESPONSE && s->link->wait != EMAIL__WAIT_DATA))
		return false;
	/* the caller may have taken its time since the flight went */
	return s->reply_deadline - email__clock_ms() >= s->config.response_timeout_ms - BLOCK_SLACK_MS;
}

static size_t
wait_for(email__session *s, struct pollfd fds[EMAIL__DIAL_FDS])
{
	int64_t next = INT64_MAX;
	size_t n = 1;

	if (may_block(s)) {
		s->first_wait = false;
		email__transport_wait(&s->transport);
		return 0;
	}
	if (s->phase == EMAIL__PHASE_DIALING) {
		n = email__dial_fds(s->dial, fds);
		next = email__dial_next(s->dial);
	} else {
		fds[0] = (struct pollfd){s->fd, (short)email__session_events(s), 0};
	}
	return poll(fds, (nfds_t)n, time_left(s, next)) > 0 ? n : 0;
}

email__session_state
email__session_run(email__session *s)
{
	struct pollfd fds[EMAIL__DIAL_FDS];
	email__session_state now = step(s, NULL, 0);

	while (now == EMAIL__SESSION_BUSY) {
		size_t n = s->turn_over ? 0 : wait_for(s, fds);

		now = step(s, n ? fds : NULL, n);
	}
	return now;
}

void
email__session_cancel(email__session *s)
{
	email__cancel_ask(&s->cancel);
}

/* --- what it is like --- */

/* TLS: a ticket may have come meanwhile, which only TLS can tell from the server's words or its end. */
static bool
tls_is_quiet(email__session *s)
{
	unsigned char byte;
	size_t n;
	email__tls_io outcome = email__tls_read(s->tls, &byte, 1, &n, NULL);

	return outcome == EMAIL__TLS_WANT_READ || outcome == EMAIL__TLS_WANT_WRITE;
}

void
email__session_look(email__session *s)
{
	s->look = true;
}

bool
email__session_alive(email__session *s)
{
	bool rested;

	if (s->phase != EMAIL__PHASE_TALKING || email__cancel_asked(&s->cancel) ||
	    email__buf_len(&s->link->in))
		return false;
	rested = s->look || email__clock_ms() - s->active_at >= FRESH_MS;
	s->look = false;
	email__transport_step(&s->transport, INT64_MAX);
	s->transport.drained = !rested;
	if (s->secure)
		return tls_is_quiet(s);
	if (email__transport_pending(&s->transport))
		return false;
	return !rested || email__socket_peek(s->fd, &s->transport.os) == EMAIL__BIO_AGAIN;
}

bool
email__session_retry_1_2(const email__session *s)
{
	return s->retry_1_2;
}

bool
email__session_tls_began(const email__session *s)
{
	return s->tls_began;
}

email__tls_session *
email__session_take_tls(email__session *s)
{
	email__tls_session *session = s->tls ? email__tls_take_session(s->tls) : s->kept;

	s->kept = NULL;
	return session;
}

const char *
email__session_tls_version(const email__session *s)
{
	return s->version;
}

const char *
email__session_cipher_suite(const email__session *s)
{
	return s->suite;
}

const email__binding *
email__session_binding(const email__session *s)
{
	return &s->binding;
}

int64_t
email__session_not_after(const email__session *s)
{
	return s->not_after;
}

const email_error *
email__session_error(const email__session *s)
{
	return s->error.code != EMAIL_OK ? &s->error : &s->link->error;
}
