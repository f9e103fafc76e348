/* SPDX-License-Identifier: MIT */
/* A session's talking phase: flights out, replies in, and the engine between them. */
#include "net/session_state.h"

#include "base/error.h"
#include "base/limits.h"
#include "net/socket.h"
#include "os/clock.h"

/* --- writing --- */

typedef enum io { IO_MOVED, IO_AGAIN, IO_END, IO_FAILED } io;

static io
from_tls(email__tls_io outcome)
{
	switch (outcome) {
	case EMAIL__TLS_DONE: return IO_MOVED;
	case EMAIL__TLS_WANT_READ:
	case EMAIL__TLS_WANT_WRITE: return IO_AGAIN;
	case EMAIL__TLS_CLOSED:
	case EMAIL__TLS_TRUNCATED: return IO_END;
	case EMAIL__TLS_FAILED: break;
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

/* The server does not take the flight at once: from now on it is timed. Bytes on the wire count, not whole
 * records. */
static void
sending_waits(email__session *s)
{
	int64_t now = email__clock_ms();

	if (s->sending_since == 0) {
		s->sending_since = s->taken_at = now;
		s->sent_before = s->sent_seen = s->transport.sent;
	} else if (s->sent_seen != s->transport.sent) {
		s->sent_seen = s->transport.sent;
		s->taken_at = now;
	}
}

/* The flight, as far as the socket takes it. IO_MOVED: all of it went. */
static io
write_flight(email__session *s, email_error *e)
{
	io outcome = IO_MOVED;

	while (outcome == IO_MOVED && email__buf_len(&s->link->out)) {
		size_t n = 0;

		outcome = write_some(s, &n, e);
		s->turn += n;
		email__buf_consume(&s->link->out, n);
	}
	if (outcome == IO_MOVED && !email__transport_flush(&s->transport))
		outcome = s->transport.blocked ? IO_AGAIN : IO_FAILED;
	if (outcome == IO_AGAIN)
		sending_waits(s);
	else
		s->sending_since = 0;
	return outcome;
}

/* --- reading --- */

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
		email__tls_io io_of_tls = email__tls_read(s->tls, at, room, &n, e);

		s->link->whole = io_of_tls == EMAIL__TLS_CLOSED;
		outcome = from_tls(io_of_tls);
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
		s->received += n;
		s->turn += n;
		s->active_at = email__clock_ms();
	}
	return outcome;
}

/* The socket failed: errno is in the transport. */
static email__rest
broke(email__session *s)
{
	int os = s->transport.os;

	email__error_set(&s->error, EMAIL_E_CLOSED, s->link->stage, "the connection to %s port %d broke: %s",
	                 s->host, s->config.port, email__socket_text(os));
	if (!s->error.os)
		s->error.os = os;
	return email__session_end(s);
}

/* TLS's word where it has one, else the socket's. */
static email__rest
failed(email__session *s, const email_error *e)
{
	if (email__cancel_asked(&s->cancel))
		return email__session_cancelled(s);
	if (e->code == EMAIL_E_MEMORY || (e->code != EMAIL_OK && s->transport.os == 0)) {
		s->error = *e;
		return email__session_end(s);
	}
	return broke(s);
}

static void
step_engine(email__session *s)
{
	email__link *link = s->link;

	link->step(link);
	if (link->progress != s->progress || link->wait != s->wait)
		email__session_reply_begins(s);
}

static email__rest
peer_ended(email__session *s)
{
	if (email__cancel_asked(&s->cancel))
		return email__session_cancelled(s);
	s->link->eof(s->link);
	if (s->link->error.code == EMAIL_OK &&
	    (s->link->want & (EMAIL__WANT_READ | EMAIL__WANT_WRITE | EMAIL__WANT_TLS)))
		email__error_set(&s->error, EMAIL_E_CLOSED, s->link->stage,
		                 "%s port %d closed the connection", s->host, s->config.port);
	return email__session_end(s);
}

/* --- both --- */

/* A flight goes; a server that broke the connection in the middle of it may have said why before. */
static email__rest
send_flight(email__session *s)
{
	email_error e = {0}, ignored = {0};

	switch (write_flight(s, &e)) {
	case IO_MOVED:
		s->news = true;
		s->first_wait = true;
		/* it cannot be answered yet: no use in looking */
		s->transport.drained = true;
		email__session_reply_begins(s);
		step_engine(s);
		return EMAIL__GO_ON;
	case IO_AGAIN: return EMAIL__REST_BUSY;
	case IO_END:
	case IO_FAILED: break;
	}
	s->transport.drained = false;
	while (read_some(s, &ignored) == IO_MOVED)
		step_engine(s);
	if (s->link->want == 0 || (s->link->want & EMAIL__WANT_CLOSE))
		return email__session_end(s);
	return failed(s, &e);
}

static email__rest
receive(email__session *s)
{
	email_error e = {0};

	switch (read_some(s, &e)) {
	case IO_MOVED:
		s->news = true;
		step_engine(s);
		return EMAIL__GO_ON;
	case IO_AGAIN:
		if (email__buf_left(&s->link->in) == 0 && !s->sending_since) {
			email__error_set(&s->error, EMAIL_E_PROTOCOL, s->link->stage,
			                 "%s port %d sent more than was asked for", s->host, s->config.port);
			return email__session_end(s);
		}
		return EMAIL__REST_BUSY;
	case IO_END: return peer_ended(s);
	case IO_FAILED: break;
	}
	return failed(s, &e);
}

email__rest
email__session_talk(email__session *s)
{
	email__link *link = s->link;

	step_engine(s);
	for (;;) {
		email__rest next = EMAIL__GO_ON;

		/* one that has failed, and still wants to read, hears what was answered before it ends */
		if (link->error.code != EMAIL_OK && link->want == 0 && email__buf_len(&link->out) == 0)
			return email__session_end(s);
		/* a peer that is faster than we are would never make us wait */
		if (s->turn >= EMAIL__TURN_BYTES) {
			s->turn_over = true;
			return EMAIL__REST_BUSY;
		}
		if (email__buf_len(&link->out) || s->transport.gathered) {
			next = send_flight(s);
			if (next == EMAIL__GO_ON && s->phase == EMAIL__PHASE_TALKING)
				continue;
			if (next == EMAIL__GO_ON)
				return EMAIL__GO_ON;
		} else if (link->want == 0 || (link->want & EMAIL__WANT_CLOSE)) {
			return email__session_end(s);
		} else if (link->want & EMAIL__WANT_TLS) {
			return email__session_begin_tls(s, email__clock_ms() + s->config.response_timeout_ms);
		} else if ((link->want & EMAIL__WANT_CALLER) &&
		           (s->news || !(link->want & EMAIL__WANT_READ))) {
			s->news = false;
			return EMAIL__REST_IDLE;
		}
		/* also while the server takes nothing: it may be waiting for us to read (RFC 2920 3.1) */
		next = receive(s);
		if (next != EMAIL__GO_ON || s->phase != EMAIL__PHASE_TALKING)
			return next;
	}
}
