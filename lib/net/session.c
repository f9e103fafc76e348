/* SPDX-License-Identifier: MIT */
/*
 * One state at a time, each with a function that goes as far as it can and returns what comes next:
 *
 *     START -> DIALING -> HANDSHAKE -> TALKING <-> HANDSHAKE (STARTTLS) -> CLOSED
 *                     \----------------^
 *
 * Deadlines: connectionTimeout runs from START to the end of the greeting; a STARTTLS handshake has
 * responseTimeout; a reply has its time from the end of the flight before it, or from the reply before it,
 * however its bytes drip; a flight that the server does not take has responseTimeout since the last byte
 * taken, and 1 kB/s on average after that.
 */
#include "net/session.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/dial.h"
#include "net/transport.h"
#include "os/clock.h"

/* --- limits --- */

/* Several attempts cannot be waited for by one descriptor: an application's event loop looks this often. */
#define RACE_LOOK_MS 25
/* A connection that was busy less than this ago is taken to live, which saves a system call a mail. */
#define FRESH_MS 1000
/* How much longer than its deadline a wait in recv(2) may be. */
#define BLOCK_SLACK_MS 20
/* Bytes a second that a server must take, on average, to keep a flight going. */
#define LEAST_RATE 1024

/* --- states --- */

typedef enum state { START, DIALING, HANDSHAKE, TALKING, CLOSED } state;
/* What a state's function comes to: the next state at once, or a rest. */
typedef enum rest { GO_ON, REST_BUSY, REST_IDLE } rest;

struct email__session {
	email__link *link;
	char *host, *local_address, *server_name;
	email__session_config config;
	state state;
	email__cancel cancel;
	email__dial *dial;
	email__tls *tls;
	bool secure;              /* the handshake is done and its verdict was asked */
	bool retry_1_2;
	int fd;
	int64_t connect_deadline; /* until the end of the greeting */
	int64_t handshake_deadline;
	int64_t reply_deadline;
	int64_t sending_since, taken_at; /* of a flight that the server does not take at once; 0: none */
	uint64_t taken;
	int64_t active_at;        /* when a byte came last */
	unsigned progress;        /* the engine's, when the reply's deadline was set */
	email__wait wait;
	bool first_wait;          /* nothing was waited for since the flight went */
	bool news;                /* something moved since the caller was last told that the engine is idle */
	char version[16], suite[64];
	int64_t not_after;
	email_error error;
	email__transport transport;
};

/* --- making and freeing --- */

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
static void
close_connection(email__session *s)
{
	if (s->secure && s->state == TALKING && !email__cancel_asked(&s->cancel))
		email__tls_close(s->tls);
	email__tls_free(s->tls);
	s->tls = NULL;
	email__dial_free(s->dial);
	s->dial = NULL;
	email__cancel_close(&s->cancel, s->fd);
	s->fd = -1;
	s->state = CLOSED;
}

void
email__session_free(email__session *s)
{
	if (!s)
		return;
	close_connection(s);
	email__cancel_dispose(&s->cancel);
	email__free(s->host);
	email__free(s->local_address);
	email__free(s->server_name);
	email__free(s);
}

/* --- ends --- */

static rest
end(email__session *s)
{
	close_connection(s);
	return GO_ON;
}

static rest
out_of_memory(email__session *s, email_stage stage)
{
	email__error_memory(&s->error, stage);
	return end(s);
}

/* The socket failed: errno is in the transport. */
static rest
broke(email__session *s)
{
	int os = s->transport.os;

	email__error_set(&s->error, EMAIL_E_CLOSED, s->link->stage, "the connection to %s port %d broke: %s", s->host,
	                 s->config.port, email__socket_text(os));
	if (!s->error.os)
		s->error.os = os;
	return end(s);
}

static rest
cancelled(email__session *s)
{
	email_stage stage = s->state == TALKING     ? s->link->stage
	                    : s->state == HANDSHAKE ? EMAIL_STAGE_TLS_HANDSHAKE
	                                            : EMAIL_STAGE_CONNECT;

	email__error_set(&s->error, EMAIL_E_CANCELLED, stage, "cancelled");
	return end(s);
}

static void
tell(email__session *s, email_stage stage, const char *detail)
{
	if (s->config.event)
		s->config.event(s->config.event_context, stage, detail);
}

/* --- deadlines --- */

static long
reply_time(const email__session *s)
{
	switch (s->link->wait) {
	case EMAIL__WAIT_DATA:
		return s->config.data_timeout_ms;
	case EMAIL__WAIT_GREETING:
	case EMAIL__WAIT_RESPONSE:
		break;
	}
	return s->config.response_timeout_ms;
}

static int64_t
sending_deadline(const email__session *s)
{
	int64_t silent = s->taken_at + s->config.response_timeout_ms;
	int64_t slow = s->sending_since + s->config.response_timeout_ms + (int64_t)(s->taken * 1000 / LEAST_RATE);

	return silent < slow ? silent : slow;
}

static int64_t
deadline(const email__session *s)
{
	switch (s->state) {
	case DIALING:
		return s->connect_deadline;
	case HANDSHAKE:
		return s->handshake_deadline;
	case TALKING:
		if (s->sending_since)
			return sending_deadline(s);
		return s->link->wait == EMAIL__WAIT_GREETING ? s->connect_deadline : s->reply_deadline;
	case START:
	case CLOSED:
		break;
	}
	return INT64_MAX;
}

static void
reply_begins(email__session *s)
{
	s->wait = s->link->wait;
	s->progress = s->link->progress;
	s->reply_deadline = email__clock_ms() + reply_time(s);
	s->transport.give_up = deadline(s);
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
		email__error_set(&s->error, EMAIL_E_TIMEOUT, s->link->stage, "%s port %d took no data for %ld %s", s->host,
		                 s->config.port, time, unit);
	else if (greeting)
		email__error_set(&s->error, EMAIL_E_TIMEOUT, EMAIL_STAGE_GREETING, "%s port %d sent no greeting within %ld %s",
		                 s->host, s->config.port, time, unit);
	else
		email__error_set(&s->error, EMAIL_E_TIMEOUT, s->link->stage, "%s port %d did not answer within %ld %s",
		                 s->host, s->config.port, time, unit);
	/* a server that expects TLS waits for us, as we for it */
	if (greeting && !s->secure && !s->transport.heard)
		email__error_remedy(&s->error, "if port %d expects TLS at once, set useSsl", s->config.port);
}

static rest
timed_out(email__session *s)
{
	if (s->state == DIALING) {
		email__dial_timeout(s->dial, s->config.connection_timeout_ms, &s->error);
	} else if (s->state == HANDSHAKE) {
		email__error_set(&s->error, EMAIL_E_TIMEOUT, EMAIL_STAGE_TLS_HANDSHAKE,
		                 "%s port %d did not finish the TLS handshake in time", s->host, s->config.port);
		if (!s->transport.heard && s->config.tls_first)
			email__error_remedy(&s->error, "if port %d does not expect TLS at once, set useStartTls or another port",
			                    s->config.port);
	} else {
		describe_silence(s);
	}
	return end(s);
}

/* --- dialing --- */

static rest
start(email__session *s)
{
	s->connect_deadline = email__clock_ms() + s->config.connection_timeout_ms;
	s->dial = email__dial_new(s->host, s->config.port, s->local_address, &s->cancel);
	if (!s->dial)
		return out_of_memory(s, EMAIL_STAGE_CONNECT);
	s->state = DIALING;
	return GO_ON;
}

static rest begin_handshake(email__session *s, int64_t until);

static rest
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
		return begin_handshake(s, s->connect_deadline);
	s->state = TALKING;
	reply_begins(s);
	return GO_ON;
}

static rest
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
	case EMAIL__DIAL_BUSY:
		return REST_BUSY;
	case EMAIL__DIAL_CONNECTED:
		return connected(s);
	case EMAIL__DIAL_FAILED:
		break;
	}
	return end(s);
}

/* --- TLS --- */

static rest
begin_handshake(email__session *s, int64_t until)
{
	email__bio bio = {email__transport_send, email__transport_receive, &s->transport};

	s->tls = email__tls_new(&s->config.tls, &bio, &s->error);
	if (!s->tls)
		return end(s);
	s->handshake_deadline = until;
	s->transport.gather = true;
	s->transport.heard = false;
	s->state = HANDSHAKE;
	return GO_ON;
}

/* What a server that greets in the clear sends first is no type of TLS record (20 to 23, RFC 8446 5.1). */
static bool
answered_in_the_clear(const email__session *s)
{
	return s->config.tls_first && s->transport.heard && s->transport.first >= 0x20;
}

static rest
handshake_failed(email__session *s, const email_error *e)
{
	s->retry_1_2 = email__tls_retry_1_2(s->tls);
	/* the alert */
	s->transport.gather = false;
	(void)email__transport_flush(&s->transport);
	if (answered_in_the_clear(s)) {
		email__error_set(&s->error, EMAIL_E_TLS, EMAIL_STAGE_TLS_HANDSHAKE,
		                 "%s port %d answered in the clear, but useSsl is set", s->host, s->config.port);
		email__error_remedy(&s->error, "set useStartTls, or the port that expects TLS at once");
		s->error.tls = e->tls;
	} else {
		s->error = *e;
		s->error.os = s->transport.os;
	}
	return end(s);
}

/* The one place that makes a connection a secure one. */
static rest
handshake_done(email__session *s)
{
	char detail[96];
	email_code verdict = email__tls_verdict(s->tls);

	if (verdict != EMAIL_OK) {
		email__error_set(&s->error, verdict, EMAIL_STAGE_TRUST, "the server's certificate was not accepted");
		return end(s);
	}
	s->secure = true;
	s->transport.gather = false;
	s->not_after = email__tls_not_after(s->tls);
	snprintf(s->version, sizeof s->version, "%s", email__tls_version_name(s->tls));
	snprintf(s->suite, sizeof s->suite, "%s", email__tls_cipher_suite(s->tls));
	snprintf(detail, sizeof detail, "%s %s", s->version, s->suite);
	tell(s, EMAIL_STAGE_TLS_HANDSHAKE, detail);
	s->state = TALKING;
	if (!s->config.tls_first)
		s->link->tls_started(s->link);
	reply_begins(s);
	return GO_ON;
}

static rest
handshake(email__session *s)
{
	email_error e = {0};

	switch (email__tls_handshake(s->tls, &e)) {
	case EMAIL__TLS_DONE:
		return handshake_done(s);
	case EMAIL__TLS_WANT_READ:
	case EMAIL__TLS_WANT_WRITE:
		return REST_BUSY;
	case EMAIL__TLS_CLOSED:
	case EMAIL__TLS_TRUNCATED:
	case EMAIL__TLS_FAILED:
		break;
	}
	return handshake_failed(s, &e);
}

/* --- talking: writing --- */

typedef enum io { IO_MOVED, IO_AGAIN, IO_END, IO_FAILED } io;

static io
from_tls(email__tls_io outcome)
{
	switch (outcome) {
	case EMAIL__TLS_DONE:
		return IO_MOVED;
	case EMAIL__TLS_WANT_READ:
	case EMAIL__TLS_WANT_WRITE:
		return IO_AGAIN;
	case EMAIL__TLS_CLOSED:
	case EMAIL__TLS_TRUNCATED:
		return IO_END;
	case EMAIL__TLS_FAILED:
		break;
	}
	return IO_FAILED;
}

static io
write_some(email__session *s, size_t *n, email_error *e)
{
	email__buf *out = &s->link->out;
	long moved;

	if (s->secure)
		return from_tls(email__tls_write(s->tls, email__buf_head(out), email__buf_len(out), n, e));
	moved = email__transport_send(&s->transport, email__buf_head(out), email__buf_len(out));
	*n = moved > 0 ? (size_t)moved : 0;
	return moved >= 0 ? IO_MOVED : moved == EMAIL__BIO_AGAIN ? IO_AGAIN : IO_FAILED;
}

/* The flight, as far as the socket takes it. IO_MOVED: all of it went. */
static io
write_flight(email__session *s, email_error *e)
{
	while (email__buf_len(&s->link->out)) {
		size_t n = 0;
		io outcome = write_some(s, &n, e);

		if (outcome == IO_FAILED)
			return IO_FAILED;
		if (s->sending_since == 0) {
			s->sending_since = s->taken_at = email__clock_ms();
			s->taken = 0;
		} else if (n) {
			s->taken_at = email__clock_ms();
		}
		s->taken += n;
		email__buf_consume(&s->link->out, n);
		if (outcome != IO_MOVED)
			return IO_AGAIN;
	}
	if (!email__transport_flush(&s->transport))
		return s->transport.blocked ? IO_AGAIN : IO_FAILED;
	s->sending_since = 0;
	return IO_MOVED;
}

/* --- talking: reading --- */

static io
read_some(email__session *s, email_error *e)
{
	email__buf *in = &s->link->in;
	size_t room = email__buf_left(in), n = 0;
	unsigned char *at;
	long moved;
	io outcome;

	if (room == 0)
		return IO_AGAIN;
	at = email__buf_room(in, room);
	if (!at) {
		email__error_memory(e, s->link->stage);
		return IO_FAILED;
	}
	if (s->secure) {
		outcome = from_tls(email__tls_read(s->tls, at, room, &n, e));
	} else {
		moved = email__transport_receive(&s->transport, at, room);
		n = moved > 0 ? (size_t)moved : 0;
		outcome = n                           ? IO_MOVED
		          : moved == 0                ? IO_END
		          : moved == EMAIL__BIO_AGAIN ? IO_AGAIN
		                                      : IO_FAILED;
	}
	if (n) {
		email__buf_added(in, n);
		s->active_at = email__clock_ms();
	}
	return outcome;
}

/* TLS's word where it has one, else the socket's. */
static rest
failed(email__session *s, const email_error *e)
{
	if (e->code == EMAIL_E_MEMORY || (e->code != EMAIL_OK && s->transport.os == 0)) {
		s->error = *e;
		return end(s);
	}
	return broke(s);
}

static void
step_engine(email__session *s)
{
	email__link *link = s->link;

	link->step(link);
	if (link->progress != s->progress || link->wait != s->wait)
		reply_begins(s);
}

static rest
peer_ended(email__session *s)
{
	s->link->eof(s->link);
	if (s->link->error.code == EMAIL_OK && (s->link->want & (EMAIL__WANT_READ | EMAIL__WANT_WRITE | EMAIL__WANT_TLS)))
		email__error_set(&s->error, EMAIL_E_CLOSED, s->link->stage, "%s port %d closed the connection", s->host,
		                 s->config.port);
	return end(s);
}

/* --- talking --- */

/* A flight goes; a server that broke the connection in the middle of it may have said why before. */
static rest
send_flight(email__session *s)
{
	email_error e = {0}, ignored = {0};

	switch (write_flight(s, &e)) {
	case IO_MOVED:
		s->news = true;
		s->first_wait = true;
		/* it cannot be answered yet: no use in looking */
		s->transport.drained = true;
		reply_begins(s);
		step_engine(s);
		return GO_ON;
	case IO_AGAIN:
		return REST_BUSY;
	case IO_END:
	case IO_FAILED:
		break;
	}
	while (read_some(s, &ignored) == IO_MOVED)
		step_engine(s);
	if (s->link->want == 0 || (s->link->want & EMAIL__WANT_CLOSE))
		return end(s);
	return failed(s, &e);
}

static rest
receive(email__session *s)
{
	email_error e = {0};

	switch (read_some(s, &e)) {
	case IO_MOVED:
		s->news = true;
		step_engine(s);
		return GO_ON;
	case IO_AGAIN:
		if (email__buf_left(&s->link->in) == 0 && !s->sending_since) {
			email__error_set(&s->error, EMAIL_E_PROTOCOL, s->link->stage, "%s port %d sent more than was asked for",
			                 s->host, s->config.port);
			return end(s);
		}
		return REST_BUSY;
	case IO_END:
		return peer_ended(s);
	case IO_FAILED:
		break;
	}
	return failed(s, &e);
}

static rest
talk(email__session *s)
{
	email__link *link = s->link;

	step_engine(s);
	for (;;) {
		rest next = GO_ON;

		if (link->error.code != EMAIL_OK && email__buf_len(&link->out) == 0)
			return end(s);
		if (email__buf_len(&link->out) || s->transport.gathered) {
			next = send_flight(s);
			if (next == GO_ON && s->state == TALKING)
				continue;
			if (next == GO_ON)
				return GO_ON;
		} else if (link->want == 0 || (link->want & EMAIL__WANT_CLOSE)) {
			return end(s);
		} else if (link->want & EMAIL__WANT_TLS) {
			return begin_handshake(s, email__clock_ms() + s->config.response_timeout_ms);
		} else if ((link->want & EMAIL__WANT_CALLER) && (s->news || !(link->want & EMAIL__WANT_READ))) {
			s->news = false;
			return REST_IDLE;
		}
		/* also while the server takes nothing: it may be waiting for us to read (RFC 2920 3.1) */
		next = receive(s);
		if (next != GO_ON || s->state != TALKING)
			return next;
	}
}

/* --- stepping --- */

static email__session_state
advance(email__session *s, const struct pollfd *polled, size_t count)
{
	rest next = GO_ON;

	while (next == GO_ON) {
		if (s->state == CLOSED)
			return EMAIL__SESSION_CLOSED;
		if (email__cancel_asked(&s->cancel)) {
			next = cancelled(s);
			continue;
		}
		switch (s->state) {
		case START:
			next = start(s);
			break;
		case DIALING:
			next = dialing(s, polled, count);
			break;
		case HANDSHAKE:
			next = handshake(s);
			break;
		case TALKING:
			next = talk(s);
			break;
		case CLOSED:
			break;
		}
		polled = NULL;
		if (next == REST_BUSY && email__clock_ms() >= deadline(s))
			next = timed_out(s);
	}
	return next == REST_IDLE ? EMAIL__SESSION_IDLE : EMAIL__SESSION_BUSY;
}

static email__session_state
step(email__session *s, const struct pollfd *polled, size_t count)
{
	email__transport_step(&s->transport, deadline(s));
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

	switch (s->state) {
	case DIALING:
		return email__dial_resolved(s->dial) ? POLLOUT : POLLIN;
	case HANDSHAKE:
	case TALKING:
		if (s->transport.blocked || s->transport.gathered)
			events |= POLLOUT;
		if (s->state == HANDSHAKE || email__buf_left(&s->link->in))
			events |= POLLIN;
		break;
	case START:
	case CLOSED:
		break;
	}
	return events;
}

int
email__session_fd(const email__session *s)
{
	struct pollfd fds[EMAIL__DIAL_FDS];
	size_t n;

	if (s->state != DIALING)
		return s->fd;
	n = email__dial_fds(s->dial, fds);
	return n ? fds[n - 1].fd : -1;
}

/* Milliseconds until the deadline, or `next` where that comes first. */
static int
time_left(const email__session *s, int64_t next)
{
	int64_t until = deadline(s), left;

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

	if (s->state == START || s->state == CLOSED)
		return 0;
	if (s->state == DIALING) {
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
	if (s->state != TALKING || !s->first_wait || s->sending_since || s->link->wait == EMAIL__WAIT_GREETING)
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
	if (s->state == DIALING) {
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
		size_t n = wait_for(s, fds);

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

	return from_tls(email__tls_read(s->tls, &byte, 1, &n, NULL)) == IO_AGAIN;
}

bool
email__session_alive(email__session *s)
{
	bool rested;

	if (s->state != TALKING || email__cancel_asked(&s->cancel) || email__buf_len(&s->link->in))
		return false;
	rested = email__clock_ms() - s->active_at >= FRESH_MS;
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
