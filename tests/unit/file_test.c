/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/clock.h"
#include "os/file.h"
#include "support/failalloc.h"
#include "support/scratch.h"

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
expect(const char *path, const char *text)
{
	email__buf b;
	email_error e = {0};

	email__buf_init(&b, 1000);
	assert_int_equal(email__file_read(path, &b, &e), EMAIL_OK);
	assert_string_equal(email__buf_text(&b), text);
	email__buf_dispose(&b);
}

static bool
count(void *context, const char *name)
{
	(void)name;
	++*(int *)context;
	return true;
}

static int
names(void)
{
	int n = 0;
	email_error e = {0};

	assert_int_equal(email__folder_visit(".", count, &n, &e), EMAIL_OK);
	return n;
}

static void
reads_within_its_bound(void **state)
{
	email__buf b;
	email_error e = {0};

	(void)state;
	put("five", "12345");
	email__buf_init(&b, 5);
	assert_int_equal(email__file_read("five", &b, &e), EMAIL_OK);
	assert_int_equal(email__buf_len(&b), 5);
	email__buf_dispose(&b);
	email__buf_init(&b, 4);
	assert_int_equal(email__file_read("five", &b, &e), EMAIL_E_LIMIT);
	assert_int_equal(email__buf_len(&b), 0);
	assert_string_equal(e.file, "five");
	memset(&e, 0, sizeof e);
	assert_int_equal(email__file_read("none", &b, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	email__buf_dispose(&b);
}

static void
what_is_no_file_does_not_hang(void **state)
{
	email__buf b;
	email_error e = {0};
	email__file *f;

	(void)state;
	email__buf_init(&b, 100);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(email__file_read("fifo", &b, &e), EMAIL_E_FILE);
	assert_int_equal(email__file_open("fifo", &f, &e), EMAIL_E_FILE);
	assert_null(f);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__file_read(".", &b, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, EISDIR);
	unlink("fifo");
	email__buf_dispose(&b);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
saves_with_the_right_mode(void **state)
{
	email_error e = {0};

	(void)state;
	assert_int_equal(email__file_save("new", "a", 1, false, &e), EMAIL_OK);
	assert_int_equal(mode_of("new"), 0600);
	chmod("new", 0644);
	assert_int_equal(email__file_save("new", "b", 1, false, &e), EMAIL_OK);
	assert_int_equal(mode_of("new"), 0644);
	assert_int_equal(email__file_save("new", "c", 1, true, &e), EMAIL_OK);
	assert_int_equal(mode_of("new"), 0600);
	expect("new", "c");
	if (geteuid() == 0) {
		struct stat st;

		assert_int_equal(chown("new", 65534, 65534), 0);
		assert_int_equal(email__file_save("new", "c", 1, true, &e), EMAIL_OK);
		assert_int_equal(stat("new", &st), 0);
		assert_int_equal(st.st_uid, 65534);
		assert_int_equal(st.st_gid, 65534);
	}
	/* a link stays a link, and what it leads to is replaced */
	assert_int_equal(symlink("new", "link"), 0);
	assert_int_equal(email__file_save("link", "d", 1, true, &e), EMAIL_OK);
	expect("new", "d");
	assert_int_equal(readlink("link", (char[8]){0}, 8), 3);
	unlink("link");
	unlink("new");
}

static void
a_full_disk_leaves_the_old_file(void **state)
{
	static char big[100000];
	struct rlimit old, small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
	email_error e = {0};
	int before;

	(void)state;
	put("sheet", "old");
	before = names();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(email__file_save("sheet", big, sizeof big, false, &e), EMAIL_E_FILE);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(e.os, EFBIG);
	expect("sheet", "old");
	assert_int_equal(names(), before);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__file_save("nowhere/sheet", "x", 1, false, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	unlink("sheet");
}

static void
want_of_memory_leaves_the_old_file(void **state)
{
	email_error e;
	size_t n;

	(void)state;
	put("sheet", "old");
	for (n = 1;; n++) {
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(n);
		if (email__file_save("sheet", "new", 3, false, &e) == EMAIL_OK)
			break;
		assert_int_equal(e.code, EMAIL_E_MEMORY);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		expect("sheet", "old");
	}
	email_test_fail_alloc_off();
	assert_true(n > 2);
	expect("sheet", "new");
	assert_int_equal(names(), 1);
	unlink("sheet");
}

static void
folders_are_private(void **state)
{
	email_error e = {0};

	(void)state;
	umask(0);
	assert_int_equal(email__folder_make("a/b/c", &e), EMAIL_OK);
	assert_int_equal(mode_of("a"), 0700);
	assert_int_equal(mode_of("a/b/c"), 0700);
	assert_int_equal(email__folder_make("a/b/c", &e), EMAIL_OK);
	put("a/file", "");
	assert_int_equal(email__folder_make("a/file", &e), EMAIL_E_FILE);
	assert_int_equal(email__folder_make("a/file/x", &e), EMAIL_E_FILE);
	umask(022);
}

static void
a_lock_keeps_out_threads_and_processes(void **state)
{
	int a, b, status;
	email_error e = {0};
	int64_t began;
	pid_t child;

	(void)state;
	assert_int_equal(email__lock_take("lock", 0, &a, &e), EMAIL_OK);
	began = email__clock_ms();
	assert_int_equal(email__lock_take("lock", 50, &b, &e), EMAIL_E_FILE);
	assert_in_range(email__clock_ms() - began, 40, 2000);
	assert_int_equal(b, -1);
	child = fork();
	if (child == 0)
		_exit(email__lock_take("lock", 0, &b, NULL) == EMAIL_E_FILE ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(fcntl(a, F_GETFD) & FD_CLOEXEC);
	email__lock_release(a);
	assert_int_equal(email__lock_take("lock", 0, &b, NULL), EMAIL_OK);
	email__lock_release(b);
	email__lock_release(-1);
}

static void
a_stamp_changes_with_each_save(void **state)
{
	email__file_stamp a, b;
	email_error e = {0};

	(void)state;
	assert_false(email__file_stamp_get("stamped", &a));
	assert_int_equal(email__file_save("stamped", "x", 1, false, &e), EMAIL_OK);
	assert_true(email__file_stamp_get("stamped", &a));
	assert_int_equal(email__file_save("stamped", "x", 1, false, &e), EMAIL_OK);
	assert_true(email__file_stamp_get("stamped", &b));
	assert_memory_not_equal(&a, &b, sizeof a);
}

static void
reads_a_file_piece_by_piece_and_again(void **state)
{
	email__file *f;
	email_error e = {0};
	char piece[4] = "";
	size_t got;

	(void)state;
	put("pieces", "abcde");
	assert_int_equal(email__file_open("pieces", &f, &e), EMAIL_OK);
	assert_int_equal(email__file_size(f), 5);
	assert_int_equal(email__file_next(f, piece, 3, &got), EMAIL_OK);
	assert_int_equal(got, 3);
	assert_string_equal(piece, "abc");
	assert_int_equal(email__file_restart(f), EMAIL_OK);
	assert_int_equal(email__file_next(f, piece, 1, &got), EMAIL_OK);
	assert_int_equal(piece[0], 'a');
	assert_int_equal(email__file_next(f, piece, 4, &got), EMAIL_OK);
	assert_int_equal(got, 4);
	assert_int_equal(email__file_next(f, piece, 4, &got), EMAIL_OK);
	assert_int_equal(got, 0);
	email__file_close(f);
	email__file_close(NULL);
}

static void
reads_from_any_place(void **state)
{
	email__file *file;
	email__reader reader;
	char text[16], next[4];
	size_t got;

	(void)state;
	put("any", "0123456789");
	assert_int_equal(email__file_open("any", &file, NULL), EMAIL_OK);
	reader = email__file_reader(file);
	assert_null(reader.bytes);
	assert_int_equal(reader.size, 10);
	assert_int_equal(reader.read_at(reader.context, 7, text, sizeof text, &got), EMAIL_OK);
	assert_int_equal(got, 3);
	assert_memory_equal(text, "789", 3);
	assert_int_equal(reader.read_at(reader.context, 2, text, 4, &got), EMAIL_OK);
	assert_int_equal(got, 4);
	assert_memory_equal(text, "2345", 4);
	assert_int_equal(reader.read_at(reader.context, 10, text, sizeof text, &got), EMAIL_OK);
	assert_int_equal(got, 0);
	/* reading on is where it was */
	assert_int_equal(email__file_next(file, next, sizeof next, &got), EMAIL_OK);
	assert_memory_equal(next, "0123", 4);
	/* shorter, longer, and replaced by a rename, which leaves what was opened */
	assert_int_equal(truncate("any", 5), 0);
	assert_int_equal(reader.read_at(reader.context, 0, text, sizeof text, &got), EMAIL_E_FILE);
	assert_int_equal(got, 0);
	email__file_close(file);
	put("any", "0123456789");
	assert_int_equal(email__file_open("any", &file, NULL), EMAIL_OK);
	reader = email__file_reader(file);
	put("other", "x");
	assert_int_equal(rename("other", "any"), 0);
	assert_int_equal(reader.read_at(reader.context, 0, text, sizeof text, &got), EMAIL_OK);
	assert_int_equal(got, 10);
	email__file_close(file);
}

/* Of the same length, but written again: the time says so. */
static void
sees_that_it_was_written_again(void **state)
{
	const struct timespec later[2] = {{.tv_sec = 7}, {.tv_sec = 7}};
	email__file *file;
	email__reader reader;
	char text[16];
	size_t got;

	(void)state;
	put("again", "0123456789");
	assert_int_equal(email__file_open("again", &file, NULL), EMAIL_OK);
	reader = email__file_reader(file);
	assert_int_equal(utimensat(AT_FDCWD, "again", later, 0), 0);
	assert_int_equal(reader.read_at(reader.context, 0, text, sizeof text, &got), EMAIL_E_FILE);
	email__file_close(file);
}

static void
makes_a_file_that_grows(void **state)
{
	email_error e = {0};
	struct stat st;
	int fd, none;

	(void)state;
	assert_int_equal(email__file_create("grown", &fd, &e), EMAIL_OK);
	assert_int_equal(email__file_create("grown", &none, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, EEXIST);
	assert_int_equal(email__file_append(fd, "grown", "one ", 4, NULL), EMAIL_OK);
	assert_int_equal(email__file_append(fd, "grown", "two", 3, NULL), EMAIL_OK);
	assert_int_equal(email__file_finish(fd, "grown", true, NULL), EMAIL_OK);
	assert_int_equal(stat("grown", &st), 0);
	assert_int_equal(st.st_size, 7);
	assert_int_equal(st.st_mode & 07777, 0600);

	assert_int_equal(email__file_create("dropped", &fd, NULL), EMAIL_OK);
	assert_int_equal(email__file_finish(fd, "dropped", false, NULL), EMAIL_OK);
	assert_false(email__file_exists("dropped"));

	/* a link that leads nowhere yet is not followed */
	assert_int_equal(symlink("elsewhere", "link"), 0);
	assert_int_equal(email__file_create("link", &fd, NULL), EMAIL_E_FILE);
	assert_false(email__file_exists("elsewhere"));
	assert_int_equal(email__file_create("no/such/folder", &fd, NULL), EMAIL_E_FILE);

	/* not durable: not there */
	assert_int_equal(email__file_create("memory", &fd, NULL), EMAIL_OK);
	email_test_fail_alloc(1);
	assert_int_equal(email__file_finish(fd, "memory", true, NULL), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_false(email__file_exists("memory"));
}

static void
path_is(char *path, const char *expected)
{
	assert_string_equal(path, expected);
	email__free(path);
}

static void
a_folder_gets_another_name(void **state)
{
	email_error e = {0};
	size_t n;

	(void)state;
	assert_int_equal(email__folder_make("old", &e), EMAIL_OK);
	put("old/mail", "here");
	assert_int_equal(email__folder_move("old", "new", &e), EMAIL_OK);
	assert_int_equal(e.code, EMAIL_OK);
	expect("new/mail", "here");
	assert_int_not_equal(access("old", F_OK), 0);
	/* an empty one in the way is none */
	assert_int_equal(email__folder_make("old", &e), EMAIL_OK);
	assert_int_equal(email__folder_move("new", "old", &e), EMAIL_OK);
	expect("old/mail", "here");
	/* one that has something in it stays */
	assert_int_equal(email__folder_make("new", &e), EMAIL_OK);
	put("new/mail", "there");
	assert_int_equal(email__folder_move("old", "new", &e), EMAIL_E_FILE);
	assert_true(e.os == ENOTEMPTY || e.os == EEXIST);
	expect("new/mail", "there");
	expect("old/mail", "here");
	memset(&e, 0, sizeof e);
	assert_int_equal(email__folder_move("none", "other", &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	assert_non_null(strstr(e.text, "could not rename none: "));
	memset(&e, 0, sizeof e);
	assert_int_equal(email__folder_move("old", "none/other", &e), EMAIL_E_FILE);
	for (n = 1; access("other", F_OK) != 0; n++) {
		email_test_fail_alloc(n);
		memset(&e, 0, sizeof e);
		assert_int_equal(email__folder_move("old", "other", &e), n == 1 ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc_off();
	}
	expect("other/mail", "here");
	assert_int_equal(system("rm -rf other new"), 0);
}

static void
paths_are_relative_to_the_sheet(void **state)
{
	(void)state;
	path_is(email__path_beside("/etc/mail/email.xml", "client.secret"), "/etc/mail/client.secret");
	path_is(email__path_beside("/email.xml", "x"), "/x");
	path_is(email__path_beside("email.xml", "x"), "x");
	path_is(email__path_beside("/etc/email.xml", "/run/x"), "/run/x");
	path_is(email__path_join("state/", "trust.xml"), "state/trust.xml");
	path_is(email__path_join("state", "trust.xml"), "state/trust.xml");
}

static void
private_is_the_owners_alone(void **state)
{
	static const mode_t mine[] = {0600, 0400, 0200, 0}, wide[] = {0640, 0604, 0660, 0601, 0700, 04600};
	size_t i;

	(void)state;
	put("private", "x");
	for (i = 0; i < sizeof mine / sizeof mine[0]; i++) {
		assert_int_equal(chmod("private", mine[i]), 0);
		assert_true(email__file_private("private"));
	}
	for (i = 0; i < sizeof wide / sizeof wide[0]; i++) {
		assert_int_equal(chmod("private", wide[i]), 0);
		assert_false(email__file_private("private"));
	}
	assert_false(email__file_private("missing"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(want_of_memory_leaves_the_old_file),
		cmocka_unit_test(reads_within_its_bound),
		cmocka_unit_test(what_is_no_file_does_not_hang),
		cmocka_unit_test(saves_with_the_right_mode),
		cmocka_unit_test(private_is_the_owners_alone),
		cmocka_unit_test(a_full_disk_leaves_the_old_file),
		cmocka_unit_test(folders_are_private),
		cmocka_unit_test(a_lock_keeps_out_threads_and_processes),
		cmocka_unit_test(a_stamp_changes_with_each_save),
		cmocka_unit_test(reads_a_file_piece_by_piece_and_again),
		cmocka_unit_test(reads_from_any_place),
		cmocka_unit_test(sees_that_it_was_written_again),
		cmocka_unit_test(makes_a_file_that_grows),
		cmocka_unit_test(a_folder_gets_another_name),
		cmocka_unit_test(paths_are_relative_to_the_sheet),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
