/* SPDX-License-Identifier: MIT */
#include "net/dial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/resolve.h"
#include "os/clock.h"

/* RFC 8305 8: the Connection Attempt Delay that it recommends. */
#define ATTEMPT_DELAY_MS 250

typedef enum state { START, RESOLVING, CONNECTING, CONNECTED, FAILED } state;

struct email__dial {
	const char *host, *local;
	int port;
	email__cancel *cancel;
	state state;
	bool literal;
	email__lookup *lookup;
	email__addresses addresses; /* in the order of the attempts */
	size_t tried;               /* of them, begun or passed over */
	struct {
		int fd;
		size_t address;
	} attempt[EMAIL__ADDRESSES_MAX];
	size_t attempts; /* that are under way */
	int64_t next_at; /* when one more begins */
	int os;          /* of the attempt that tells most */
	bool unbound;    /* no attempt got past binding */
	int fd;          /* connected */
	size_t winner;
};

email__dial *
email__dial_new(const char *host, int port, const char *local, email__cancel *cancel)
{
	email__dial *d = email__new(email__dial);

	if (!d)
		return NULL;
	d->host = host;
	d->port = port;
	d->local = local;
	d->cancel = cancel;
	d->unbound = true;
	d->fd = -1;
	return d;
}

static void
end_lookup(email__dial *d)
{
	if (!d->lookup)
		return;
	email__cancel_close(d->cancel, email__lookup_fd(d->lookup));
	email__lookup_free(d->lookup);
	d->lookup = NULL;
}

static void
end_attempts(email__dial *d)
{
	while (d->attempts)
		email__cancel_close(d->cancel, d->attempt[--d->attempts].fd);
}

void
email__dial_free(email__dial *d)
{
	if (!d)
		return;
	end_lookup(d);
	end_attempts(d);
	email__cancel_close(d->cancel, d->fd);
	email__free(d);
}

/* --- look-up --- */

/* RFC 8305 4: the families in turn, beginning with the one that the system puts first. */
static void
interleave(email__addresses *a)
{
	email__addresses sorted;
	int family = a->count ? a->list[0].at.any.sa_family : AF_UNSPEC;
	size_t first = 0, other = 0;

	for (sorted.count = 0; sorted.count < a->count;) {
		while (first < a->count && a->list[first].at.any.sa_family != family)
			first++;
		if (first < a->count)
			sorted.list[sorted.count++] = a->list[first++];
		while (other < a->count && a->list[other].at.any.sa_family == family)
			other++;
		if (other < a->count)
			sorted.list[sorted.count++] = a->list[other++];
	}
	*a = sorted;
}

static state
start(email__dial *d, email_error *e)
{
	d->literal = email__resolve_literal(d->host, d->port, &d->addresses);
	if (d->literal)
		return CONNECTING;
	d->lookup = email__lookup_start(d->host, d->port, e);
	if (!d->lookup)
		return FAILED;
	email__cancel_watch(d->cancel, email__lookup_fd(d->lookup));
	return RESOLVING;
}

static state
resolve(email__dial *d, email_error *e)
{
	email_code rc;

	if (!email__lookup_over(d->lookup))
		return RESOLVING;
	rc = email__lookup_result(d->lookup, &d->addresses, e);
	end_lookup(d);
	interleave(&d->addresses);
	return rc == EMAIL_OK ? CONNECTING : FAILED;
}

/* --- attempts --- */

/* The failure that tells a technician most: that a family has no network here is said only where that was
 * all. */
static void
note_failure(email__dial *d, int os)
{
	bool weak = d->os == 0 || d->os == ENETUNREACH || d->os == EAFNOSUPPORT || d->os == EADDRNOTAVAIL;

	if (weak && !(d->os && (os == ENETUNREACH || os == EAFNOSUPPORT || os == EADDRNOTAVAIL)))
		d->os = os;
}

static state
won(email__dial *d, int fd, size_t address)
{
	d->fd = fd;
	d->winner = address;
	return CONNECTED;
}

/* Begins attempts until one is under way. */
static state
begin(email__dial *d)
{
	while (d->tried < d->addresses.count) {
		const email__address *to = &d->addresses.list[d->tried];
		email__address from;
		bool bound = false;
		int fd, os = EADDRNOTAVAIL;

		d->tried++;
		if (!d->local[0])
			os = email__socket_connect(to, NULL, &fd, &bound);
		else if (email__socket_local(d->local, to->at.any.sa_family, &from))
			os = email__socket_connect(to, &from, &fd, &bound);
		if (bound)
			d->unbound = false;
		if (os != 0 && os != EINPROGRESS) {
			note_failure(d, os);
			continue;
		}
		email__cancel_watch(d->cancel, fd);
		if (os == 0)
			return won(d, fd, d->tried - 1);
		d->attempt[d->attempts].fd = fd;
		d->attempt[d->attempts++].address = d->tried - 1;
		d->next_at = d->tried < d->addresses.count ? email__clock_ms() + ATTEMPT_DELAY_MS : INT64_MAX;
		return CONNECTING;
	}
	d->next_at = INT64_MAX;
	return CONNECTING;
}

static short
answer_for(int fd, const struct pollfd *polled, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (polled[i].fd == fd)
			return polled[i].revents;
	return 0;
}

/* Looks at every attempt; a failed one makes the next begin at once (RFC 8305 5). */
static state
check(email__dial *d, const struct pollfd *polled, size_t count)
{
	size_t i = 0;

	while (i < d->attempts) {
		int fd = d->attempt[i].fd, os;
		size_t address = d->attempt[i].address;

		if (answer_for(fd, polled, count) == 0) {
			i++;
			continue;
		}
		d->attempt[i] = d->attempt[--d->attempts];
		os = email__socket_outcome(fd);
		if (os == 0)
			return won(d, fd, address);
		email__cancel_close(d->cancel, fd);
		note_failure(d, os);
		d->next_at = 0;
	}
	return CONNECTING;
}

static state
describe_failure(const email__dial *d, email_error *e)
{
	const char *remedy = email__socket_remedy(d->os);

	if (d->unbound && d->local[0]) {
		email__error_set(e, EMAIL_E_CONNECT, EMAIL_STAGE_CONNECT,
		                 "could not connect to %s port %d from %s: %s", d->host, d->port, d->local,
		                 email__socket_text(d->os));
		email__error_remedy(
			e, "set localAddress to an address or interface of this station, or to nothing");
		if (e && !e->property[0])
			snprintf(e->property, sizeof e->property, "localAddress");
	} else {
		email__error_set(e, EMAIL_E_CONNECT, EMAIL_STAGE_CONNECT,
		                 "could not connect to %s port %d: %s (%u %s tried)", d->host, d->port,
		                 email__socket_text(d->os), (unsigned)d->addresses.count,
		                 d->addresses.count == 1 ? "address" : "addresses");
		if (remedy)
			email__error_remedy(e, "%s", remedy);
	}
	if (e && !e->os)
		e->os = d->os;
	return FAILED;
}

static state
race(email__dial *d, const struct pollfd *polled, size_t count, email_error *e)
{
	struct pollfd own[EMAIL__DIAL_FDS];
	state next = CONNECTING;

	if (d->attempts && !polled) {
		count = email__dial_fds(d, own);
		polled = poll(own, (nfds_t)count, 0) > 0 ? own : NULL;
	}
	if (d->attempts && polled)
		next = check(d, polled, count);
	if (next == CONNECTING && (d->attempts == 0 || email__clock_ms() >= d->next_at))
		next = begin(d);
	if (next == CONNECTING && d->attempts == 0 && d->tried == d->addresses.count)
		return describe_failure(d, e);
	if (next == CONNECTED)
		end_attempts(d);
	return next;
}

/* --- for the caller --- */

email__dial_state
email__dial_step(email__dial *d, const struct pollfd *polled, size_t count, email_error *e)
{
	if (d->state == START)
		d->state = start(d, e);
	if (d->state == RESOLVING)
		d->state = resolve(d, e);
	if (d->state == CONNECTING)
		d->state = race(d, polled, count, e);
	return d->state == CONNECTED ? EMAIL__DIAL_CONNECTED
	       : d->state == FAILED  ? EMAIL__DIAL_FAILED
	                             : EMAIL__DIAL_BUSY;
}

size_t
email__dial_fds(const email__dial *d, struct pollfd fds[EMAIL__DIAL_FDS])
{
	size_t i;

	if (d->state == RESOLVING) {
		fds[0] = (struct pollfd){email__lookup_fd(d->lookup), POLLIN, 0};
		return 1;
	}
	for (i = 0; i < d->attempts; i++)
		fds[i] = (struct pollfd){d->attempt[i].fd, POLLOUT, 0};
	return d->attempts;
}

int64_t
email__dial_next(const email__dial *d)
{
	return d->state == CONNECTING ? d->next_at : INT64_MAX;
}

email_code
email__dial_timeout(const email__dial *d, long ms, email_error *e)
{
	long time = ms < 1000 ? ms : ms / 1000;
	const char *unit = ms < 1000 ? "ms" : "s";

	if (d->state == START || d->state == RESOLVING) {
		email__error_set(e, EMAIL_E_RESOLVE, EMAIL_STAGE_RESOLVE,
		                 "%s was not looked up within %ld %s", d->host, time, unit);
		email__error_remedy(e, "check the station's DNS servers");
		return EMAIL_E_RESOLVE;
	}
	email__error_set(e, EMAIL_E_TIMEOUT, EMAIL_STAGE_CONNECT,
	                 "%s port %d could not be reached within %ld %s (%u of %u addresses tried)", d->host,
	                 d->port, time, unit, (unsigned)d->tried, (unsigned)d->addresses.count);
	email__error_remedy(e, "%s", email__socket_remedy(ETIMEDOUT));
	if (e && !e->os)
		e->os = ETIMEDOUT;
	return EMAIL_E_TIMEOUT;
}

int
email__dial_take(email__dial *d)
{
	int fd = d->fd;

	d->fd = -1;
	return fd;
}

void
email__dial_peer(const email__dial *d, char out[EMAIL__ADDRESS_TEXT + 16])
{
	char text[EMAIL__ADDRESS_TEXT] = "";

	if (d->state == CONNECTED)
		email__address_text(&d->addresses.list[d->winner], text);
	snprintf(out, EMAIL__ADDRESS_TEXT + 16, "%s port %d", text, d->port);
}

size_t
email__dial_found(const email__dial *d)
{
	return d->literal ? 0 : d->addresses.count;
}

bool
email__dial_resolved(const email__dial *d)
{
	return d->state == CONNECTING || d->state == CONNECTED;
}
