/* SPDX-License-Identifier: MIT */
/* Whose turn it is: between account objects, and between processes; and nobody waits in it. */
#include "account/turn.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define TOKEN "emailAuthenticator.refreshToken"

static char folder[] = "/tmp/email-turn-XXXXXX";
static char state[64];
static const char *kept_in = state;
static email_account *a, *b;
static unsigned logged;

static char *
state_folder(void *service)
{
	(void)service;
	return kept_in ? email__path_join(kept_in, "") : NULL;
}

static const email__owner owner = {.state_folder = state_folder};

static void
note(void *context, const char *account, char who, const char *line)
{
	(void)context;
	(void)account;
	(void)who;
	assert_non_null(strstr(line, "lock"));
	logged++;
}

static int
setup(void **unused)
{
	(void)unused;
	strcpy(folder, "/tmp/email-turn-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(state, sizeof state, "%s/state", folder);
	kept_in = state;
	logged = 0;
	a = email_account_new(EMAIL_OUTGOING, "A");
	b = email_account_new(EMAIL_INCOMING, "B");
	a->owner = b->owner = &owner;
	a->log = b->log = note;
	email_account_set(a, "emailAuthenticator.type", "oAuthRefreshToken");
	email_account_set(b, "emailAuthenticator.type", "oAuthRefreshToken");
	return 0;
}

static int
teardown(void **unused)
{
	char command[96];

	(void)unused;
	email_account_free(a);
	email_account_free(b);
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void
set(email_account *account, const char *token)
{
	assert_int_equal(email_account_set(account, TOKEN, token), EMAIL_OK);
}

/* Whether both could have it at once. */
static bool
share(void)
{
	email__turn one, other;
	bool theirs;

	email__turn_init(&one);
	email__turn_init(&other);
	assert_int_equal(email__turn_take(&one, a), EMAIL__TURN_OURS);
	assert_int_equal(email__turn_take(&one, a), EMAIL__TURN_OURS);
	theirs = email__turn_take(&other, b) == EMAIL__TURN_THEIRS;
	email__turn_release(&one);
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_OURS);
	email__turn_release(&other);
	return theirs;
}

static void
those_who_share_a_token_take_turns(void **unused)
{
	char path[128];
	FILE *f;

	(void)unused;
	set(a, "value:x");
	set(b, "value:x");
	assert_false(share());
	set(a, "env:EMAIL_A");
	set(b, "env:EMAIL_B");
	assert_false(share());
	set(b, "env:EMAIL_A");
	assert_true(share());
	/* however the file is called, and whether or not it is there yet */
	snprintf(path, sizeof path, "file:%s/token", folder);
	set(a, path);
	set(b, path);
	assert_true(share());
	f = fopen(path + 5, "w");
	assert_non_null(f);
	fclose(f);
	snprintf(path, sizeof path, "file:%s/./token", folder);
	set(b, path);
	assert_true(share());
	snprintf(path, sizeof path, "file:%s/link", folder);
	assert_int_equal(symlink("token", path + 5), 0);
	set(b, path);
	assert_true(share());
	/* the same account object twice is the same sheet's account in two services */
	set(a, "value:x");
	email_account_free(b);
	b = email_account_new(EMAIL_OUTGOING, "A");
	b->owner = &owner;
	assert_true(share());
}

static void
nobody_waits(void **unused)
{
	email__turn one, other;
	int64_t began, asked, took = 0, shortest = INT64_MAX;

	(void)unused;
	set(a, "env:EMAIL_A");
	set(b, "env:EMAIL_A");
	assert_int_equal(email_account_set(b, "connectionTimeout", "PT1S"), EMAIL_OK);
	email__turn_init(&one);
	email__turn_init(&other);
	assert_int_equal(email__turn_wait(&other), 0);
	assert_int_equal(email__turn_take(&one, a), EMAIL__TURN_OURS);
	assert_int_equal(email__turn_wait(&one), 0);
	began = email__clock_ms();
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_THEIRS);
	assert_in_range(email__turn_wait(&other), 1, 1000);
	for (asked = began; email__turn_take(&other, b) == EMAIL__TURN_THEIRS; asked = email__clock_ms()) {
		took = email__clock_ms() - asked;
		shortest = took < shortest ? took : shortest;
		email__clock_sleep(email__turn_wait(&other));
	}
	assert_true(shortest < 50); /* the caller waits; one may be long on a machine with other work */
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_LATE);
	assert_in_range(email__clock_ms() - began, 1000, 5000);
	/* he is told anew, and has his time again */
	email__turn_release(&other);
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_THEIRS);
	email__turn_release(&one);
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_OURS);
	email__turn_release(&other);
	assert_int_equal(logged, 0);
}

static void
a_process_that_dies_gives_it_up(void **unused)
{
	email__turn turn;
	char byte;
	pid_t pid;
	int ready[2];

	(void)unused;
	assert_int_equal(pipe(ready), 0);
	email__turn_init(&turn);
	if ((pid = fork()) == 0) {
		byte = email__turn_take(&turn, a) == EMAIL__TURN_OURS ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(email__turn_take(&turn, a), EMAIL__TURN_THEIRS);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(email__turn_take(&turn, a), EMAIL__TURN_OURS);
	email__turn_release(&turn);
	close(ready[0]);
	close(ready[1]);
}

/* Where nothing can be locked, mail goes on. */
static void
without_a_folder_it_is_ours(void **unused)
{
	email__turn one, other;
	char path[96];

	(void)unused;
	set(a, "env:EMAIL_A");
	set(b, "env:EMAIL_A");
	email__turn_init(&one);
	email__turn_init(&other);
	kept_in = NULL;
	assert_int_equal(email__turn_take(&one, a), EMAIL__TURN_OURS);
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_OURS);
	email__turn_release(&one);
	email__turn_release(&other);
	a->owner = NULL;
	assert_int_equal(email__turn_take(&one, a), EMAIL__TURN_OURS);
	email__turn_release(&one);
	assert_int_equal(logged, 0);
	/* a file in its place is told of */
	snprintf(path, sizeof path, "%s/file", folder);
	fclose(fopen(path, "w"));
	kept_in = path;
	assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_OURS);
	assert_int_equal(logged, 1);
	email__turn_release(&other);
	/* never taken */
	email__turn_init(&one);
	email__turn_release(&one);
}

/* For want of memory it may be that nothing is locked, but nothing is held that is not released. */
static void
memory_may_end_anywhere(void **unused)
{
	email__turn one, other;
	char path[128];
	size_t n;

	(void)unused;
	snprintf(path, sizeof path, "file:%s/token", folder);
	set(a, path);
	set(b, path);
	a->log = b->log = NULL;
	for (n = 1;; n++) {
		bool ended;

		email__turn_init(&one);
		email__turn_init(&other);
		email_test_fail_alloc(n);
		assert_int_equal(email__turn_take(&one, a), EMAIL__TURN_OURS);
		ended = !email_test_alloc_failed();
		email_test_fail_alloc_off();
		email__turn_release(&one);
		assert_int_equal(email__turn_take(&other, b), EMAIL__TURN_OURS);
		email__turn_release(&other);
		if (ended)
			break;
	}
	assert_true(n > 3);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(those_who_share_a_token_take_turns),
		T(nobody_waits),
		T(a_process_that_dies_gives_it_up),
		T(without_a_folder_it_is_ours),
		T(memory_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
