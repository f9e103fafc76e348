/* SPDX-License-Identifier: MIT */
#include "os/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cm.h"

static char folder[] = "/tmp/journal_test.XXXXXX", path[64];

static void
put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *
contents(void)
{
	static char text[20000];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
grows(void **state)
{
	email_error e = {0};
	struct stat st;
	int fd;

	(void)state;
	unlink(path);
	assert_int_equal(email__journal_open(path, &fd, &e), EMAIL_OK);
	assert_int_equal(email__journal_add(fd, path, "a\n", 2, &e), EMAIL_OK);
	email__journal_close(fd);
	assert_int_equal(email__journal_open(path, &fd, &e), EMAIL_OK);
	assert_int_equal(email__journal_add(fd, path, "b\nc\n", 4, &e), EMAIL_OK);
	assert_int_equal(email__journal_sync(fd, path, &e), EMAIL_OK);
	email__journal_close(fd);
	assert_string_equal(contents(), "a\nb\nc\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
half_a_line_goes(void **state)
{
	static const char *const cases[][2] = {{"", ""},        {"half", ""}, {"a\n", "a\n"},
	                                       {"a\nb", "a\n"}, {"\n", "\n"}, {"a\nb\nhal", "a\nb\n"}};
	char longer[10001];
	email_error e = {0};
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(cases[i][0]);
		assert_int_equal(email__journal_open(path, &fd, &e), EMAIL_OK);
		email__journal_close(fd);
		assert_string_equal(contents(), cases[i][1]);
	}
	/* over several blocks */
	memset(longer, 'x', 10000);
	longer[10000] = '\0';
	longer[0] = 'a';
	longer[1] = '\n';
	put(longer);
	assert_int_equal(email__journal_open(path, &fd, &e), EMAIL_OK);
	email__journal_close(fd);
	assert_string_equal(contents(), "a\n");
}

static void
no_file(void **state)
{
	email_error e = {0};
	int fd;

	(void)state;
	assert_int_equal(email__journal_open("/nonexistent/x", &fd, &e), EMAIL_E_FILE);
	assert_int_equal(fd, -1);
	assert_int_not_equal(e.os, 0);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__journal_open(folder, &fd, &e), EMAIL_E_FILE);
	memset(&e, 0, sizeof e);
	unlink(path);
	assert_int_equal(symlink("/tmp/elsewhere", path), 0);
	assert_int_equal(email__journal_open(path, &fd, &e), EMAIL_E_FILE);
	unlink(path);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__journal_add(-1, path, "a\n", 2, &e), EMAIL_E_FILE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(grows), cmocka_unit_test(half_a_line_goes),
	                                   cmocka_unit_test(no_file)};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/lines", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
