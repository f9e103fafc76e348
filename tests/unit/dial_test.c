/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <time.h>

#include "net/dial.h"
#include "net/resolve.h"
#include "os/clock.h"
#include "support/peer.h"

/* The addresses that the host has in a test: "v6 v4 ...", and the port of each. */
static struct {
	const char *address;
	int port;
} hosts[EMAIL__ADDRESSES_MAX];
static size_t host_count;

static int
from_table(const char *host, int port, email__addresses *found)
{
	size_t i;

	(void)host;
	(void)port;
	found->count = 0;
	for (i = 0; i < host_count; i++) {
		email__addresses one;

		if (!email__resolve_literal(hosts[i].address, hosts[i].port, &one))
			return EAI_FAIL;
		found->list[found->count++] = one.list[0];
	}
	return 0;
}

static void
add(const char *address, int port)
{
	hosts[host_count].address = address;
	hosts[host_count++].port = port;
}

static email__cancel cancel;
static int descriptors;

static int
setup(void **state)
{
	(void)state;
	descriptors = count_descriptors();
	host_count = 0;
	email__resolve_set(from_table);
	return email__cancel_init(&cancel) ? 0 : -1;
}

static int
teardown(void **state)
{
	struct timespec t = {0, 1000000};
	int i;

	(void)state;
	for (i = 0; i < 2000 && email__lookups_running(); i++)
		nanosleep(&t, NULL);
	email__resolve_set(NULL);
	email__cancel_dispose(&cancel);
	assert_int_equal(count_descriptors(), descriptors);
	return 0;
}

static email__dial_state
run(email__dial *d, email_error *e)
{
	struct pollfd fds[EMAIL__DIAL_FDS];
	email__dial_state now = email__dial_step(d, NULL, 0, e);
	int64_t end = email__clock_ms() + 5000;

	while (now == EMAIL__DIAL_BUSY && email__clock_ms() < end) {
		size_t n = email__dial_fds(d, fds);
		int64_t left =
			email__dial_next(d) == INT64_MAX ? 5000 : email__dial_next(d) - email__clock_ms();
		int ready = poll(fds, (nfds_t)n, left < 0 ? 0 : (int)left);

		now = email__dial_step(d, ready > 0 ? fds : NULL, n, e);
	}
	return now;
}

static void
greet(peer *p)
{
	peer_say(p, "220\r\n");
	peer_drain(p);
}

static void
takes_turns_between_families(void **state)
{
	email_error e = {0};
	black_hole b;
	char peer_text[EMAIL__ADDRESS_TEXT + 16];
	email__dial *d;
	peer p = {0};
	int64_t began;
	int fd, i;

	(void)state;
	/* in the system's order the good one would be tried last, after 3,750 ms */
	assert_true(peer_start(&p, "127.0.0.1", greet));
	if (!black_hole_open(&b, "::1", 0)) {
		peer_stop(&p);
		skip();
	}
	for (i = 0; i < EMAIL__ADDRESSES_MAX - 1; i++)
		add("::1", b.port);
	add("127.0.0.1", p.port);
	d = email__dial_new("mail.example.com", p.port, "", &cancel);
	assert_non_null(d);
	began = email__clock_ms();
	assert_int_equal(run(d, &e), EMAIL__DIAL_CONNECTED);
	assert_true(email__clock_ms() - began >= 240 && email__clock_ms() - began < 3500);
	assert_int_equal(email__dial_found(d), EMAIL__ADDRESSES_MAX);
	email__dial_peer(d, peer_text);
	assert_non_null(strstr(peer_text, "127.0.0.1 port "));
	fd = email__dial_take(d);
	assert_true(fd >= 0);
	/* the loser is closed: the listener, the queue of the black hole, the server's two, and ours are left */
	email__dial_free(d);
	email__cancel_close(&cancel, fd);
	peer_stop(&p);
	black_hole_close(&b);
}

static void
all_refuse(void **state)
{
	email_error e = {0};
	black_hole b;
	email__dial *d;
	int64_t began = email__clock_ms();
	int i;

	(void)state;
	assert_true(black_hole_open(&b, "127.0.0.1", 0));
	black_hole_close(&b);
	for (i = 0; i < EMAIL__ADDRESSES_MAX; i++)
		add("127.0.0.1", b.port);
	d = email__dial_new("mail.example.com", 465, "", &cancel);
	assert_int_equal(run(d, &e), EMAIL__DIAL_FAILED);
	/* a failure makes the next begin at once */
	assert_true(email__clock_ms() - began < 3000);
	assert_int_equal(e.code, EMAIL_E_CONNECT);
	assert_int_equal(e.os, ECONNREFUSED);
	assert_string_equal(
		e.text,
		"could not connect to mail.example.com port 465: connection refused (16 addresses tried)");
	assert_string_not_equal(e.remedy, "");
	email__dial_free(d);
}

static void
losers_are_closed(void **state)
{
	email_error e = {0};
	black_hole b;
	email__dial *d;
	peer p = {0};
	int before, fd;

	(void)state;
	assert_true(peer_start(&p, "127.0.0.1", greet));
	assert_true(black_hole_open(&b, "127.0.0.2", p.port));
	add("127.0.0.2", p.port);
	add("127.0.0.2", p.port);
	add("127.0.0.1", p.port);
	before = count_descriptors();
	d = email__dial_new("mail.example.com", p.port, "", &cancel);
	assert_int_equal(run(d, &e), EMAIL__DIAL_CONNECTED);
	fd = email__dial_take(d);
	while (p.connections == 0)
		;
	/* ours and the server's */
	assert_int_equal(count_descriptors(), before + 2);
	email__dial_free(d);
	email__cancel_close(&cancel, fd);
	peer_stop(&p);
	black_hole_close(&b);
}

static void
freed_in_the_middle(void **state)
{
	email_error e = {0};
	black_hole b;
	email__dial *d;

	(void)state;
	assert_true(black_hole_open(&b, "127.0.0.2", 0));
	add("127.0.0.2", b.port);
	add("127.0.0.2", b.port);
	d = email__dial_new("mail.example.com", b.port, "", &cancel);
	assert_int_equal(email__dial_step(d, NULL, 0, &e), EMAIL__DIAL_BUSY);
	email__dial_free(d); /* looking up */
	d = email__dial_new("127.0.0.2", b.port, "", &cancel);
	assert_int_equal(email__dial_step(d, NULL, 0, &e), EMAIL__DIAL_BUSY);
	assert_int_equal(email__dial_found(d), 0);
	assert_int_equal(email__dial_timeout(d, 10000, &e), EMAIL_E_TIMEOUT);
	assert_non_null(strstr(e.text, "127.0.0.2 port "));
	assert_non_null(strstr(e.text, "could not be reached within 10 s (1 of 1 addresses tried)"));
	email__dial_free(d); /* connecting */
	black_hole_close(&b);
	email__dial_free(NULL);
}

static void
from_a_local_address(void **state)
{
	email_error e = {0};
	char literal[64];
	email__dial *d;
	peer p = {0};
	int fd;

	(void)state;
	assert_true(peer_start(&p, "127.0.0.1", greet));
	/* the family that the local address is not of is passed over */
	add("::1", p.port);
	add("127.0.0.1", p.port);
	d = email__dial_new("mail.example.com", p.port, "127.0.0.8", &cancel);
	assert_int_equal(run(d, &e), EMAIL__DIAL_CONNECTED);
	fd = email__dial_take(d);
	email__socket_literal(fd, literal);
	assert_string_equal(literal, "[127.0.0.8]");
	email__dial_free(d);
	email__cancel_close(&cancel, fd);

	d = email__dial_new("mail.example.com", p.port, "lo", &cancel);
	assert_int_equal(run(d, &e), EMAIL__DIAL_CONNECTED);
	email__dial_free(d);

	d = email__dial_new("mail.example.com", 25, "eth77", &cancel);
	assert_int_equal(run(d, &e), EMAIL__DIAL_FAILED);
	assert_int_equal(e.code, EMAIL_E_CONNECT);
	assert_string_equal(e.property, "localAddress");
	assert_string_equal(
		e.text, "could not connect to mail.example.com port 25 from eth77: no such local address");
	email__dial_free(d);
	peer_stop(&p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(takes_turns_between_families), T(all_refuse),           T(losers_are_closed),
		T(freed_in_the_middle),          T(from_a_local_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
