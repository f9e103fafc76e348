/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/cancel.h"
#include "support/peer.h"

static bool
is_readable(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	return poll(&p, 1, 0) == 1;
}

static void
wakes_what_it_watches(void **state)
{
	int a[2], b[2], before = count_descriptors();
	email__cancel c;

	(void)state;
	assert_true(email__cancel_init(&c));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	email__cancel_watch(&c, a[0]);
	email__cancel_watch(&c, b[0]);
	assert_false(email__cancel_asked(&c));
	assert_false(is_readable(a[0]));
	email__cancel_close(&c, b[0]);
	email__cancel_close(&c, -1);
	email__cancel_ask(&c);
	assert_true(email__cancel_asked(&c));
	assert_true(is_readable(a[0]));
	email__cancel_close(&c, a[0]);
	close(a[1]);
	close(b[1]);
	email__cancel_dispose(&c);
	assert_int_equal(count_descriptors(), before);
}

/* A descriptor that was closed and is somebody else's now is left alone. */
static void
leaves_others_alone(void **state)
{
	int a[2], b[2];
	email__cancel c;

	(void)state;
	assert_true(email__cancel_init(&c));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	email__cancel_watch(&c, a[0]);
	email__cancel_close(&c, a[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	assert_int_equal(b[0], a[0]);
	email__cancel_ask(&c);
	assert_false(is_readable(b[0]));
	close(a[1]);
	close(b[0]);
	close(b[1]);
	email__cancel_dispose(&c);
}

static void
has_room_for_a_whole_race(void **state)
{
	int pair[EMAIL__ADDRESSES_MAX + 1][2], i;
	email__cancel c;

	(void)state;
	assert_true(email__cancel_init(&c));
	for (i = 0; i <= EMAIL__ADDRESSES_MAX; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
		email__cancel_watch(&c, pair[i][0]);
	}
	email__cancel_ask(&c);
	for (i = 0; i <= EMAIL__ADDRESSES_MAX; i++) {
		assert_true(is_readable(pair[i][0]));
		email__cancel_close(&c, pair[i][0]);
		close(pair[i][1]);
	}
	email__cancel_dispose(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wakes_what_it_watches),
		cmocka_unit_test(leaves_others_alone),
		cmocka_unit_test(has_room_for_a_whole_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
