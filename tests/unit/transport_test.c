/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transport.h"
#include "os/clock.h"

typedef struct fixture {
	int fd[2]; /* ours, theirs */
	email__cancel cancel;
	email__transport t;
} fixture;

static fixture f;

static int
setup(void **state)
{
	(void)state;
	if (!email__cancel_init(&f.cancel) || socketpair(AF_UNIX, SOCK_STREAM, 0, f.fd))
		return -1;
	email__transport_start(&f.t, f.fd[0], &f.cancel);
	email__transport_step(&f.t, INT64_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(f.fd[0]);
	close(f.fd[1]);
	email__cancel_dispose(&f.cancel);
	return 0;
}

static long
get(void *p, size_t n)
{
	return email__transport_receive(&f.t, p, n);
}

static void
peer_gives(const char *text)
{
	assert_int_equal(send(f.fd[1], text, strlen(text), 0), strlen(text));
}

static long
peer_gets(char *p, size_t n)
{
	return recv(f.fd[1], p, n, MSG_DONTWAIT);
}

static void
reads_ahead_once(void **state)
{
	char p[16];

	(void)state;
	assert_int_equal(get(p, 5), EMAIL__BIO_AGAIN);
	email__transport_step(&f.t, INT64_MAX);
	peer_gives("HEADRbody");
	assert_int_equal(get(p, 5), 5);
	assert_true(f.t.heard);
	assert_int_equal(f.t.first, 'H');
	/* a short read took all: what comes now is for the next step */
	peer_gives("more");
	assert_int_equal(get(p, 16), 4);
	assert_memory_equal(p, "body", 4);
	assert_int_equal(get(p, 16), EMAIL__BIO_AGAIN);
	email__transport_step(&f.t, INT64_MAX);
	assert_int_equal(get(p, 16), 4);
	close(f.fd[1]);
	email__transport_step(&f.t, INT64_MAX);
	assert_int_equal(get(p, 16), 0);
	f.fd[1] = dup(f.fd[0]);
}

static void
large_reads_go_straight(void **state)
{
	static char big[EMAIL__READ_AHEAD + 10];

	(void)state;
	memset(big, 'x', sizeof big);
	assert_int_equal(send(f.fd[1], big, sizeof big, 0), sizeof big);
	assert_int_equal(get(big, sizeof big), sizeof big);
	assert_false(email__transport_pending(&f.t));
}

static void
waits_and_keeps(void **state)
{
	char p[16];

	(void)state;
	peer_gives("250");
	email__transport_wait(&f.t);
	assert_true(email__transport_pending(&f.t));
	email__transport_wait(&f.t); /* there is something: no wait */
	email__transport_step(&f.t, INT64_MAX);
	peer_gives("later");
	assert_int_equal(get(p, 16), 3);
	assert_int_equal(get(p, 16), EMAIL__BIO_AGAIN);
	email__transport_step(&f.t, INT64_MAX);
	assert_int_equal(get(p, 16), 5);
}

static void
gathers_until_an_answer_is_wanted(void **state)
{
	static char big[EMAIL__GATHER + 1];
	char p[64];

	(void)state;
	f.t.gather = true;
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"one", 3), 3);
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"two", 3), 3);
	assert_int_equal(peer_gets(p, sizeof p), -1);
	assert_int_equal(get(p, 1), EMAIL__BIO_AGAIN);
	assert_int_equal(peer_gets(p, sizeof p), 6);
	assert_memory_equal(p, "onetwo", 6);

	/* what the last flight left goes with the next bytes */
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"fin", 3), 3);
	f.t.gather = false;
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"EHLO", 4), 4);
	assert_int_equal(peer_gets(p, sizeof p), 7);
	assert_memory_equal(p, "finEHLO", 7);
	assert_int_equal(f.t.gathered, 0);

	/* more than is gathered: in order */
	f.t.gather = true;
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"a", 1), 1);
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)big, sizeof big), sizeof big);
	assert_int_equal(peer_gets(p, 1), 1);
	assert_int_equal(p[0], 'a');
	assert_int_equal(f.t.sent, 6 + 7 + 1 + sizeof big);
}

static void
knows_when_it_is_blocked(void **state)
{
	static unsigned char big[1 << 20];
	long n, total = 0;

	(void)state;
	while ((n = email__transport_send(&f.t, big, sizeof big)) > 0)
		total += n;
	assert_int_equal(n, EMAIL__BIO_AGAIN);
	assert_true(f.t.blocked);
	assert_int_equal(f.t.sent, total);
	f.t.gather = true;
	assert_int_equal(email__transport_send(&f.t, big, 10), 10);
	assert_int_equal(get(big, 1), EMAIL__BIO_AGAIN);
	assert_int_equal(f.t.gathered, 10);
}

static void
failures_are_told(void **state)
{
	char p[16];

	(void)state;
	close(f.fd[1]);
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"x", 1), EMAIL__BIO_FAILED);
	assert_int_equal(f.t.os, EPIPE);
	f.t.gather = true;
	assert_int_equal(email__transport_send(&f.t, (const unsigned char *)"x", 1), 1);
	assert_int_equal(get(p, 1), EMAIL__BIO_FAILED);
	f.fd[1] = dup(f.fd[0]);
}

static void
deadline_and_cancel_stop_reading(void **state)
{
	char p[16];

	(void)state;
	/* one read is made whatever the time is, a second one not */
	email__transport_step(&f.t, email__clock_ms() - 1);
	peer_gives("abc");
	assert_int_equal(get(p, 16), 3);
	f.t.drained = false;
	peer_gives("abc");
	assert_int_equal(get(p, 16), EMAIL__BIO_AGAIN);
	email__transport_step(&f.t, INT64_MAX);
	email__cancel_ask(&f.cancel);
	assert_int_equal(get(p, 16), EMAIL__BIO_AGAIN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_ahead_once),
		T(large_reads_go_straight),
		T(waits_and_keeps),
		T(gathers_until_an_answer_is_wanted),
		T(knows_when_it_is_blocked),
		T(failures_are_told),
		T(deadline_and_cancel_stop_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
