/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/bell.h"
#include "support/scratch.h"

static bool
rings(const email__bell *bell, int ms)
{
	struct pollfd p = {.fd = bell->fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1 && (p.revents & POLLIN);
}

static void
expect(const email__bell *bell, const char *words)
{
	char got[4096];
	size_t n;

	email__bell_take(bell, got, sizeof got, &n);
	assert_string_equal(got, words);
	assert_int_equal(n, strlen(words));
}

static void
wakes_with_a_word(void **state)
{
	static const char *const paths[] = {NULL, "bell"};
	email__bell bell;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_true(email__bell_open(&bell, paths[i]));
		assert_int_equal(bell.shared, i == 1);
		assert_false(rings(&bell, 0));
		expect(&bell, "");
		email__bell_ring(&bell, "+Out");
		email__bell_ring(&bell, "!Out");
		assert_true(rings(&bell, 1000));
		expect(&bell, "+Out\n!Out\n");
		assert_false(rings(&bell, 0));
		expect(&bell, "");
		email__bell_close(&bell);
		assert_int_equal(bell.fd, -1);
		email__bell_close(&bell);
	}
}

/* What does not fit is there the next time. */
static void
is_taken_piece_by_piece(void **state)
{
	char got[4];
	email__bell bell;
	size_t n;

	(void)state;
	assert_true(email__bell_open(&bell, NULL));
	email__bell_ring(&bell, "abcd");
	email__bell_take(&bell, got, sizeof got, &n);
	assert_string_equal(got, "abc");
	assert_int_equal(n, 3);
	email__bell_take(&bell, got, sizeof got, &n);
	assert_string_equal(got, "d\n");
	email__bell_close(&bell);
}

static void
is_heard_from_another_process(void **state)
{
	email__bell bell;
	struct stat st;
	int status;
	pid_t child;

	(void)state;
	assert_true(email__bell_open(&bell, "bell"));
	assert_int_equal(stat("bell", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	if ((child = fork()) == 0)
		_exit(email__bell_ring_at("bell", "!Out") ? 0 : 1);
	assert_true(rings(&bell, 5000));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	expect(&bell, "!Out\n");
	/* who rang has gone: that is no end, and no descriptor that is always ready */
	assert_false(rings(&bell, 50));
	expect(&bell, "");
	assert_true(email__bell_ring_at("bell", "+Out"));
	expect(&bell, "+Out\n");
	email__bell_close(&bell);
}

/* Nobody is there: it says so at once, and nothing waits, or is killed. */
static void
nobody_hears_it(void **state)
{
	email__bell bell;

	(void)state;
	assert_false(email__bell_ring_at("none", "!Out"));
	assert_int_not_equal(access("none", F_OK), 0);
	assert_true(email__bell_open(&bell, "bell"));
	email__bell_close(&bell);
	assert_int_equal(access("bell", F_OK), 0);
	assert_false(email__bell_ring_at("bell", "!Out"));
	/* one that was left behind serves the next */
	assert_true(email__bell_open(&bell, "bell"));
	assert_true(bell.shared);
	assert_false(rings(&bell, 0));
	email__bell_close(&bell);
}

/* What somebody else put there is not written into, and not read from. */
static void
what_is_no_bell_of_ours_is_left_alone(void **state)
{
	email__bell bell;
	struct stat st;
	FILE *f = fopen("file", "w");

	(void)state;
	assert_non_null(f);
	fclose(f);
	assert_int_equal(mkfifo("elsewhere", 0600), 0);
	assert_int_equal(symlink("elsewhere", "link"), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	for (const char *const *p = (const char *const[]){"file", "link", "folder", "none/bell", NULL}; *p;
	     p++) {
		assert_true(email__bell_open(&bell, *p));
		assert_false(bell.shared);
		email__bell_ring(&bell, "+Out");
		expect(&bell, "+Out\n");
		assert_false(email__bell_ring_at(*p, "!Out"));
		email__bell_close(&bell);
	}
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* Words that find no room are lost, whole: whoever rings never waits. */
static void
a_full_one_makes_nobody_wait(void **state)
{
	static const char *const paths[] = {NULL, "full"};
	static char all[1 << 20];
	char word[200], longer[400];
	size_t i, n = 1, total;
	email__bell bell;

	(void)state;
	memset(word, 'w', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	memset(longer, 'l', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	for (i = 0; i < 2; i++) {
		assert_true(email__bell_open(&bell, paths[i]));
		/* a word that is longer than any name is not rung, and not cut */
		email__bell_ring(&bell, longer);
		expect(&bell, "");
		for (total = 0; total < 10000; total++)
			email__bell_ring(&bell, word);
		if (paths[i])
			assert_true(email__bell_ring_at(paths[i], word));
		for (total = 0, n = 1; n; total += n)
			email__bell_take(&bell, all + total, sizeof all - total, &n);
		assert_in_range(total, 200, sizeof all - 1);
		assert_int_equal(total % 200, 0);
		for (n = 0; n < total; n += 200)
			assert_memory_equal(all + n, word, 199);
		email__bell_ring(&bell, "again");
		expect(&bell, "again\n");
		email__bell_close(&bell);
	}
}

static void
its_descriptors_go_to_no_child(void **state)
{
	email__bell bell;

	(void)state;
	assert_true(email__bell_open(&bell, NULL));
	assert_true(fcntl(bell.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(bell.ringer, F_GETFD) & FD_CLOEXEC);
	email__bell_close(&bell);
	assert_true(email__bell_open(&bell, "bell"));
	assert_true(fcntl(bell.fd, F_GETFD) & FD_CLOEXEC);
	email__bell_close(&bell);
}

static void
without_descriptors_there_is_none(void **state)
{
	struct rlimit was, none;
	email__bell bell;
	bool opened, shared;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	opened = email__bell_open(&bell, NULL);
	shared = email__bell_open(&bell, "bell") || email__bell_ring_at("bell", "!Out");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_false(opened);
	assert_false(shared);
	assert_int_equal(bell.fd, -1);
	email__bell_close(&bell);
}

enum { RINGERS = 4, RINGS = 500 };

static void *
ring_often(void *context)
{
	int i;

	for (i = 0; i < RINGS; i++)
		email__bell_ring(context, "+Out");
	return NULL;
}

/* No word is torn where many ring at once, and none is lost while there is room. */
static void
many_ring_at_once(void **state)
{
	pthread_t ringer[RINGERS];
	char got[101];
	email__bell bell;
	size_t n, i, total = 0;

	(void)state;
	assert_true(email__bell_open(&bell, "bell"));
	for (i = 0; i < RINGERS; i++)
		assert_int_equal(pthread_create(&ringer[i], NULL, ring_often, &bell), 0);
	while (total < RINGERS * RINGS * 5 && rings(&bell, 5000)) {
		email__bell_take(&bell, got, sizeof got, &n);
		for (i = 0; i < n; i++)
			assert_int_equal(got[i], "+Out\n"[(total + i) % 5]);
		total += n;
	}
	for (i = 0; i < RINGERS; i++)
		pthread_join(ringer[i], NULL);
	assert_int_equal(total, RINGERS * RINGS * 5);
	email__bell_close(&bell);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wakes_with_a_word),
		cmocka_unit_test(is_taken_piece_by_piece),
		cmocka_unit_test(is_heard_from_another_process),
		cmocka_unit_test(nobody_hears_it),
		cmocka_unit_test(what_is_no_bell_of_ours_is_left_alone),
		cmocka_unit_test(a_full_one_makes_nobody_wait),
		cmocka_unit_test(its_descriptors_go_to_no_child),
		cmocka_unit_test(without_descriptors_there_is_none),
		cmocka_unit_test(many_ring_at_once),
	};

	/* a ring that raised SIGPIPE would end the program that rings */
	signal(SIGPIPE, SIG_DFL);
	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
