/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "net/wait.h"
#include "os/clock.h"
#include "support/failalloc.h"

enum { FEW = 3, MANY = 100 };

static int ends[MANY][2];
static email_wait list[MANY];
static bool ready[MANY + 1];

static void
open_all(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		assert_int_equal(pipe(ends[i]), 0);
		list[i] = (email_wait){ends[i][0], POLLIN};
		ready[i] = true;
	}
}

static void
close_all(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		close(ends[i][0]);
		if (ends[i][1] >= 0)
			close(ends[i][1]);
	}
}

static void
expect_only(size_t count, size_t one)
{
	size_t i;

	for (i = 0; i < count; i++)
		assert_int_equal(ready[i], i == one);
}

static void
says_which_is_ready(void **state)
{
	static const size_t counts[] = {1, FEW, 32, 33, MANY};
	size_t k;

	(void)state;
	for (k = 0; k < sizeof counts / sizeof *counts; k++) {
		size_t n = counts[k], last = n - 1;

		open_all(n);
		ready[n] = true;
		assert_int_equal(email__wait_for(list, n, 0, ready), EMAIL_OK);
		expect_only(n, SIZE_MAX);
		assert_int_equal(write(ends[last][1], "x", 1), 1);
		assert_int_equal(email__wait_for(list, n, 60000, ready), EMAIL_OK);
		expect_only(n, last);
		/* no more than were asked for */
		assert_true(ready[n]);
		close_all(n);
	}
}

/* An end, and a descriptor that is none, are news too: nobody waits for them in vain. */
static void
an_end_is_news(void **state)
{
	(void)state;
	open_all(FEW);
	close(ends[1][1]);
	ends[1][1] = -1;
	assert_int_equal(email__wait_for(list, FEW, 60000, ready), EMAIL_OK);
	expect_only(FEW, 1);
	close_all(FEW);
	assert_int_equal(email__wait_for(list, 1, 60000, ready), EMAIL_OK);
	assert_true(ready[0]);
	/* what cannot be waited for is not ready */
	list[0].fd = -1;
	assert_int_equal(email__wait_for(list, 1, 0, ready), EMAIL_OK);
	assert_false(ready[0]);
}

static void
room_to_write_is_waited_for_too(void **state)
{
	(void)state;
	open_all(FEW);
	list[2] = (email_wait){ends[2][1], POLLOUT};
	assert_int_equal(email__wait_for(list, FEW, 60000, ready), EMAIL_OK);
	expect_only(FEW, 2);
	close_all(FEW);
}

static void
waits_as_long_as_told(void **state)
{
	int64_t began = email__clock_ms(), took;

	(void)state;
	open_all(1);
	assert_int_equal(email__wait_for(list, 1, 60, ready), EMAIL_OK);
	took = email__clock_ms() - began;
	assert_false(ready[0]);
	assert_true(took >= 59);
	assert_int_equal(email__wait_for(NULL, 0, 1, NULL), EMAIL_OK);
	close_all(1);
}

static void *
ring_soon(void *context)
{
	poll(NULL, 0, 50);
	assert_int_equal(write(*(int *)context, "x", 1), 1);
	return NULL;
}

/* More milliseconds than poll(2) has numbers for are many, and not none or all. */
static void
the_longest_wait_is_a_wait(void **state)
{
	pthread_t thread;

	(void)state;
	open_all(1);
	assert_int_equal(pthread_create(&thread, NULL, ring_soon, &ends[0][1]), 0);
	assert_int_equal(email__wait_for(list, 1, LONG_MAX, ready), EMAIL_OK);
	assert_true(ready[0]);
	pthread_join(thread, NULL);
	close_all(1);
}

/* The caller then asks each of them itself. */
static void
without_memory_all_count_as_ready(void **state)
{
	(void)state;
	open_all(MANY);
	memset(ready, 0, sizeof ready);
	email_test_fail_alloc(1);
	assert_int_equal(email__wait_for(list, 32, 0, ready), EMAIL_OK);
	expect_only(32, SIZE_MAX);
	assert_int_equal(email__wait_for(list, MANY, 60000, ready), EMAIL_E_MEMORY);
	for (size_t i = 0; i < MANY; i++)
		assert_true(ready[i]);
	assert_false(ready[MANY]);
	assert_int_equal(email__wait_for(list, MANY, 0, ready), EMAIL_OK);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
	close_all(MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_is_ready),
		cmocka_unit_test(an_end_is_news),
		cmocka_unit_test(room_to_write_is_waited_for_too),
		cmocka_unit_test(waits_as_long_as_told),
		cmocka_unit_test(the_longest_wait_is_a_wait),
		cmocka_unit_test(without_memory_all_count_as_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
