/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/mutex.h"
#include "os/thread.h"

typedef struct seen {
	email__thread thread;
	email__mutex started; /* held until `thread` is written */
	sigset_t blocked;
	bool itself;
} seen;

static void *
look(void *context)
{
	seen *s = context;

	email__mutex_lock(&s->started);
	email__mutex_unlock(&s->started);
	pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
	s->itself = email__thread_is_this(&s->thread);
	return NULL;
}

static void
run(seen *s)
{
	assert_true(email__mutex_init(&s->started));
	email__mutex_lock(&s->started);
	assert_true(email__thread_start(&s->thread, look, s));
	email__mutex_unlock(&s->started);
	assert_false(email__thread_is_this(&s->thread));
	email__thread_join(&s->thread);
	email__mutex_dispose(&s->started);
}

static void
knows_itself(void **state)
{
	seen s = {.itself = false};

	(void)state;
	run(&s);
	assert_true(s.itself);
}

/* Signals are for the program's own threads, and theirs are as they were. */
static void
takes_no_signals(void **state)
{
	static const int asked[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE, SIGALRM, SIGUSR1};
	seen s = {.itself = false};
	sigset_t mine, after;
	size_t i;

	(void)state;
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &mine, NULL);
	run(&s);
	for (i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_true(sigismember(&s.blocked, asked[i]));
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_false(sigismember(&after, asked[i]));
	assert_true(sigismember(&after, SIGUSR2));
	sigemptyset(&mine);
	pthread_sigmask(SIG_SETMASK, &mine, NULL);
}

static void *
nothing(void *context)
{
	return context;
}

/* In a process of its own, which then has no memory left for a thread's stack. What watches over memory needs some itself. */
static int
start_without_memory(void)
{
	struct rlimit none = {0};
	email__thread thread;
	sigset_t after;
	bool started;

	if (getrlimit(RLIMIT_AS, &none))
		return 2;
	none.rlim_cur = 4096;
	if (setrlimit(RLIMIT_AS, &none))
		return 2;
	started = email__thread_start(&thread, nothing, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	return started || sigismember(&after, SIGTERM);
}

static void
there_may_be_none(void **state)
{
	int status;
	pid_t child;

	(void)state;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	skip();
#endif
	if (getenv("EMAIL_TEST_VALGRIND"))
		skip(); /* it has no more memory either */
	if ((child = fork()) == 0)
		_exit(start_without_memory());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	/* the first: no stack is left over from a thread before */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_may_be_none),
		cmocka_unit_test(knows_itself),
		cmocka_unit_test(takes_no_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
