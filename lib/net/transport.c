/* SPDX-License-Identifier: MIT */
#include "net/transport.h"

#include <string.h>

#include "net/socket.h"
#include "os/clock.h"

void
email__transport_start(email__transport *t, int fd, const email__cancel *cancel)
{
	memset(t, 0, sizeof *t);
	t->fd = fd;
	t->cancel = cancel;
	t->give_up = INT64_MAX;
	/* nobody speaks within the microsecond */
	t->drained = true;
}

void
email__transport_step(email__transport *t, int64_t give_up)
{
	t->reads = 0;
	t->give_up = give_up;
	/* what _wait() got was all there was, if it did not fill the room */
	t->drained = email__transport_pending(t) && t->ahead_end < sizeof t->ahead;
}

bool
email__transport_pending(const email__transport *t)
{
	return t->ahead_start < t->ahead_end;
}

/* --- sending --- */

static long
send_now(email__transport *t, const unsigned char *p, size_t n)
{
	long moved = email__socket_send(t->fd, p, n, &t->os);

	t->blocked = moved == EMAIL__BIO_AGAIN || (moved >= 0 && (size_t)moved < n);
	if (moved > 0)
		t->sent += (uint64_t)moved;
	return moved;
}

bool
email__transport_flush(email__transport *t)
{
	long moved;

	if (t->gathered == 0)
		return true;
	moved = send_now(t, t->out, t->gathered);
	if (moved <= 0)
		return false;
	t->gathered -= (size_t)moved;
	memmove(t->out, t->out + moved, t->gathered);
	return t->gathered == 0;
}

long
email__transport_send(void *context, const unsigned char *p, size_t n)
{
	email__transport *t = context;

	if (t->gather || t->gathered) {
		if (n > sizeof t->out - t->gathered && !email__transport_flush(t))
			return t->blocked ? EMAIL__BIO_AGAIN : EMAIL__BIO_FAILED;
		if (n <= sizeof t->out - t->gathered) {
			memcpy(t->out + t->gathered, p, n);
			t->gathered += n;
			/* the handshake's last flight and the first command leave in one */
			if (!t->gather)
				(void)email__transport_flush(t);
			return (long)n;
		}
	}
	return send_now(t, p, n);
}

/* --- receiving --- */

static long
receive_now(email__transport *t, unsigned char *p, size_t n, bool wait)
{
	long moved = email__socket_receive(t->fd, p, n, wait, &t->os);

	if (moved > 0 && !t->heard) {
		t->heard = true;
		t->first = p[0];
	}
	return moved;
}

/* A server that never stops sending (records without content, say) would keep a step for ever. */
static bool
may_read(email__transport *t)
{
	if (t->drained || email__cancel_asked(t->cancel))
		return false;
	return t->reads++ == 0 || email__clock_ms() < t->give_up;
}

long
email__transport_receive(void *context, unsigned char *p, size_t n)
{
	email__transport *t = context;
	long moved;

	if (!email__transport_pending(t)) {
		if (t->gathered && !email__transport_flush(t))
			return t->blocked ? EMAIL__BIO_AGAIN : EMAIL__BIO_FAILED;
		if (t->broken)
			return EMAIL__BIO_FAILED;
		if (!may_read(t))
			return EMAIL__BIO_AGAIN;
		if (n >= sizeof t->ahead) {
			moved = receive_now(t, p, n, false);
			t->drained = moved > 0 && (size_t)moved < n;
			return moved;
		}
		moved = receive_now(t, t->ahead, sizeof t->ahead, false);
		if (moved <= 0)
			return moved;
		t->ahead_start = 0;
		t->ahead_end = (size_t)moved;
		t->drained = t->ahead_end < sizeof t->ahead;
	}
	if (n > t->ahead_end - t->ahead_start)
		n = t->ahead_end - t->ahead_start;
	memcpy(p, t->ahead + t->ahead_start, n);
	t->ahead_start += n;
	return (long)n;
}

void
email__transport_wait(email__transport *t)
{
	long moved;

	if (email__transport_pending(t))
		return;
	moved = receive_now(t, t->ahead, sizeof t->ahead, true);
	t->broken = moved == EMAIL__BIO_FAILED;
	t->ahead_start = 0;
	t->ahead_end = moved > 0 ? (size_t)moved : 0;
}
