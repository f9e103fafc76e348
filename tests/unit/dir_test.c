/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/dir.h"
#include "support/failalloc.h"
#include "support/scratch.h"

static void
makes_folders_that_nobody_else_enters(void **state)
{
	email__dir d;
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(email__dir_open("a//b/c/", &d, NULL), EMAIL_OK);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	email__dir_close(&d);
	email__dir_close(&d);
	assert_int_equal(chmod("a/b/c", 0755), 0);
	assert_int_equal(email__dir_open("a/b/c", &d, NULL), EMAIL_OK);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	email__dir_close(&d);
	umask(022);
}

static void
somebody_elses_is_refused(void **state)
{
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir("roots", 0777), 0);
	assert_int_equal(chmod("roots", 0777), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (fork() == 0) {
		email__dir d;
		email_error e = {0};

		if (setuid(65534))
			_exit(2);
		_exit(email__dir_open("roots", &d, &e) == EMAIL_E_FILE && e.os == EACCES ? 0 : 1);
	}
	wait(&status);
	assert_int_equal(status, 0);
}

/* What root queues, the station's own user sends. */
static void
what_root_makes_is_the_owners(void **state)
{
	email__dir d;
	struct stat st;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir("users", 0700), 0);
	assert_int_equal(chown("users", 1234, 4321), 0);
	assert_int_equal(email__dir_open("users/q", &d, NULL), EMAIL_OK);
	assert_int_equal(stat("users/q", &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 4321);
	assert_int_equal(email__dir_create(&d, "x", &fd, NULL), EMAIL_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 4321);
	assert_int_equal(st.st_mode & 07777, 0600);
	email__fd_close(fd);
	email__dir_close(&d);
}

static void
only_regular_files_are_opened(void **state)
{
	email__dir d;
	email_error e = {0};
	int fd;

	(void)state;
	assert_int_equal(email__dir_open("r", &d, NULL), EMAIL_OK);
	assert_int_equal(mkfifo("r/fifo", 0600), 0);
	assert_int_equal(mkdir("r/folder", 0700), 0);
	assert_int_equal(symlink("/etc/passwd", "r/link"), 0);
	assert_int_equal(email__dir_file(&d, "fifo", false, &fd, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, EINVAL);
	assert_int_equal(fd, -1);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__dir_file(&d, "link", false, &fd, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ELOOP);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__dir_file(&d, "folder", false, &fd, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, EINVAL);
	/* and nothing is made where a name is taken, by a link least of all */
	memset(&e, 0, sizeof e);
	assert_int_equal(email__dir_create(&d, "link", &fd, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, EEXIST);
	assert_int_equal(email__dir_remove(&d, "folder", NULL), EMAIL_OK);
	assert_int_equal(email__dir_remove(&d, "fifo", NULL), EMAIL_OK);
	assert_int_equal(email__dir_remove(&d, "link", NULL), EMAIL_OK);
	email__dir_close(&d);
}

static void
the_path_above_does_not_matter(void **state)
{
	email__dir d;
	int fd;

	(void)state;
	assert_int_equal(email__dir_open("old", &d, NULL), EMAIL_OK);
	assert_int_equal(rename("old", "moved"), 0);
	assert_int_equal(email__dir_create(&d, "x", &fd, NULL), EMAIL_OK);
	assert_int_equal(email__dir_sync(&d, NULL), EMAIL_OK);
	assert_int_equal(access("moved/x", F_OK), 0);
	assert_true(email__dir_holds(&d, "x", fd));
	assert_int_equal(email__dir_remove(&d, "x", NULL), EMAIL_OK);
	assert_false(email__dir_holds(&d, "x", fd));
	email__fd_close(fd);
	email__dir_close(&d);
}

static void
locks_end_with_their_holder(void **state)
{
	email__dir d;
	int fd, other, status;
	int64_t began;

	(void)state;
	assert_int_equal(email__dir_open("l", &d, NULL), EMAIL_OK);
	assert_int_equal(email__dir_create(&d, "x", &fd, NULL), EMAIL_OK);
	if (fork() == 0) {
		int mine;

		email__dir_file(&d, "x", true, &mine, NULL);
		_exit(email__fd_lock(mine, false) ? 0 : 1);
	}
	wait(&status);
	assert_int_equal(status, 0);
	assert_true(email__fd_lock(fd, false));
	assert_int_equal(email__dir_file(&d, "x", true, &other, NULL), EMAIL_OK);
	assert_false(email__fd_lock(other, false));
	/* one that never lets go does not hold us up for ever */
	began = email__clock_ms();
	assert_false(email__fd_lock(other, true));
	assert_in_range(email__clock_ms() - began, 1900, 10000);
	email__fd_unlock(fd);
	assert_true(email__fd_lock(other, true));
	email__fd_close(fd);
	email__fd_close(other);
	email__dir_close(&d);
}

static void
a_sync_that_failed_has_no_second(void **state)
{
	email__dir d;
	int pipes[2], fd;

	(void)state;
	assert_int_equal(email__dir_open("s", &d, NULL), EMAIL_OK);
	/* a pipe cannot be synced: what stands for the folder is another descriptor afterwards */
	assert_int_equal(pipe(pipes), 0);
	fd = dup(d.fd);
	assert_true(dup2(pipes[0], d.fd) >= 0);
	assert_int_equal(email__dir_sync(&d, NULL), EMAIL_E_FILE);
	close(fd);
	email__dir_close(&d);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(email__dir_open("s", &d, NULL), EMAIL_OK);
	fd = d.fd;
	assert_int_equal(email__dir_sync(&d, NULL), EMAIL_OK);
	assert_int_equal(fd, d.fd);
	email__dir_close(&d);
}

static void
a_start_has_a_name(void **state)
{
	char one[EMAIL__BOOT_SIZE], other[EMAIL__BOOT_SIZE];

	(void)state;
	email__boot(one);
	email__boot(other);
	assert_string_equal(one, other);
	assert_true(one[0] == '\0' || strlen(one) == 16);
}

static void
no_memory(void **state)
{
	email__dir d;
	email_error e = {0};

	(void)state;
	email_test_fail_alloc(1);
	assert_int_equal(email__dir_open("m", &d, &e), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_int_equal(access("m", F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_folders_that_nobody_else_enters),
		cmocka_unit_test(somebody_elses_is_refused),
		cmocka_unit_test(what_root_makes_is_the_owners),
		cmocka_unit_test(only_regular_files_are_opened),
		cmocka_unit_test(the_path_above_does_not_matter),
		cmocka_unit_test(locks_end_with_their_holder),
		cmocka_unit_test(a_sync_that_failed_has_no_second),
		cmocka_unit_test(a_start_has_a_name),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
