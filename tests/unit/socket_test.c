/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "net/resolve.h"
#include "net/socket.h"
#include "os/clock.h"
#include "support/peer.h"

static void
say_hello(peer *p)
{
	peer_say(p, "hello");
	peer_drain(p);
}

static void
connect_to(const char *host, int port, const email__address *from, int *fd)
{
	email__addresses to;
	struct pollfd p;
	bool bound;
	int os;

	assert_true(email__resolve_literal(host, port, &to));
	os = email__socket_connect(&to.list[0], from, fd, &bound);
	assert_true(bound);
	assert_true(os == 0 || os == EINPROGRESS);
	p = (struct pollfd){*fd, POLLOUT, 0};
	assert_int_equal(poll(&p, 1, 2000), 1);
}

static void
connects_and_moves_bytes(void **state)
{
	int before = count_descriptors(), fd, os = 0, on = 0;
	socklen_t n = sizeof on;
	char bytes[64];
	int64_t began;
	peer p = {0};

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	assert_true(peer_start(&p, "127.0.0.1", say_hello));
	connect_to("127.0.0.1", p.port, NULL, &fd);
	assert_int_equal(email__socket_outcome(fd), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	email__socket_ready(fd, 80);
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
	assert_true(on);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &n), 0);
	assert_true(on);
	email__socket_literal(fd, bytes);
	assert_string_equal(bytes, "[127.0.0.1]");

	assert_int_equal(email__socket_receive(fd, bytes, sizeof bytes, true, &os), 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_int_equal(email__socket_peek(fd, &os), EMAIL__BIO_AGAIN);
	assert_int_equal(email__socket_receive(fd, bytes, sizeof bytes, false, &os), EMAIL__BIO_AGAIN);
	began = email__clock_ms();
	assert_int_equal(email__socket_receive(fd, bytes, sizeof bytes, true, &os), EMAIL__BIO_AGAIN);
	assert_true(email__clock_ms() - began >= 70);
	assert_int_equal(email__socket_send(fd, "x", 1, &os), 1);
	shutdown(fd, SHUT_WR);
	assert_int_equal(email__socket_receive(fd, bytes, sizeof bytes, true, &os), 0);
	assert_int_equal(email__socket_peek(fd, &os), 0);
	/* no signal, but an error */
	assert_int_equal(email__socket_send(fd, "x", 1, &os), EMAIL__BIO_FAILED);
	assert_int_equal(os, EPIPE);
	close(fd);
	peer_stop(&p);
	assert_int_equal(count_descriptors(), before);
}

static void
refusal(void **state)
{
	email__addresses to;
	struct pollfd p;
	black_hole b;
	bool bound;
	int fd, os, before = count_descriptors();

	(void)state;
	assert_true(black_hole_open(&b, "127.0.0.1", 0));
	black_hole_close(&b);
	assert_true(email__resolve_literal("127.0.0.1", b.port, &to));
	os = email__socket_connect(&to.list[0], NULL, &fd, &bound);
	if (os == EINPROGRESS) {
		p = (struct pollfd){fd, POLLOUT, 0};
		assert_int_equal(poll(&p, 1, 2000), 1);
		os = email__socket_outcome(fd);
		close(fd);
	}
	assert_int_equal(os, ECONNREFUSED);
	assert_int_equal(count_descriptors(), before);
}

static void
local_addresses(void **state)
{
	email__address from;
	char text[EMAIL__ADDRESS_TEXT];
	peer p = {0};
	int fd, os, before = count_descriptors();
	email__addresses to;
	bool bound;

	(void)state;
	assert_true(email__socket_local("127.0.0.9", AF_INET, &from));
	email__address_text(&from, text);
	assert_string_equal(text, "127.0.0.9");
	assert_false(email__socket_local("127.0.0.9", AF_INET6, &from));
	assert_true(email__socket_local("::1", AF_INET6, &from));
	email__address_text(&from, text);
	assert_string_equal(text, "::1");
	assert_true(email__socket_local("lo", AF_INET, &from));
	email__address_text(&from, text);
	assert_string_equal(text, "127.0.0.1");
	assert_false(email__socket_local("no-such-interface", AF_INET, &from));

	assert_true(peer_start(&p, "127.0.0.1", say_hello));
	assert_true(email__socket_local("127.0.0.9", AF_INET, &from));
	connect_to("127.0.0.1", p.port, &from, &fd);
	email__socket_literal(fd, text);
	assert_string_equal(text, "[127.0.0.9]");
	close(fd);

	/* one that is not ours */
	assert_true(email__socket_local("192.0.2.77", AF_INET, &from));
	assert_true(email__resolve_literal("127.0.0.1", p.port, &to));
	os = email__socket_connect(&to.list[0], &from, &fd, &bound);
	assert_int_equal(os, EADDRNOTAVAIL);
	assert_int_equal(fd, -1);
	assert_false(bound);
	peer_stop(&p);
	assert_int_equal(count_descriptors(), before);
}

static void
version_6(void **state)
{
	char text[64];
	peer p = {0};
	int fd;

	(void)state;
	if (!peer_start(&p, "::1", say_hello))
		skip();
	connect_to("::1", p.port, NULL, &fd);
	email__socket_literal(fd, text);
	assert_string_equal(text, "[IPv6:::1]");
	close(fd);
	peer_stop(&p);
}

static void
words(void **state)
{
	(void)state;
	assert_string_equal(email__socket_text(ECONNREFUSED), "connection refused");
	assert_string_equal(email__socket_text(ENOTTY), "network error");
	assert_non_null(email__socket_remedy(ETIMEDOUT));
	assert_null(email__socket_remedy(ENOTTY));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects_and_moves_bytes),
		cmocka_unit_test(refusal),
		cmocka_unit_test(local_addresses),
		cmocka_unit_test(version_6),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
