/* SPDX-License-Identifier: MIT */
#include "account/handed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/clock.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char folder[] = "/tmp/handed_test.XXXXXX", path[64], lock_path[80];

static email__handed *
opened(const char *scope)
{
	email_error e = {0};
	email__handed *h = email__handed_open(path, scope, &e);

	if (!h)
		print_message("%s\n", e.text);
	assert_non_null(h);
	return h;
}

static void
set(email__handed *h, const char *uid, email__handed_state state)
{
	email_error e = {0};

	assert_int_equal(email__handed_set(h, uid, state, &e), EMAIL_OK);
}

static void
remembers_over_processes(void **state)
{
	email__handed *h;

	(void)state;
	unlink(path);
	h = opened("host user INBOX");
	set(h, "1", EMAIL__HANDED_ACCEPTED);
	set(h, "2", EMAIL__HANDED_ACCEPTED);
	set(h, "2", EMAIL__HANDED_SETTLED);
	set(h, "3", EMAIL__HANDED_SETTLED);
	set(h, "3", EMAIL__HANDED_NOT);
	email__handed_close(h);
	h = opened("host user INBOX");
	assert_int_equal(email__handed_get(h, "1"), EMAIL__HANDED_ACCEPTED);
	assert_int_equal(email__handed_get(h, "2"), EMAIL__HANDED_SETTLED);
	assert_int_equal(email__handed_get(h, "3"), EMAIL__HANDED_NOT);
	assert_int_equal(email__handed_get(h, "4"), EMAIL__HANDED_NOT);
	email__handed_close(h);
	/* of another mailbox nothing is known */
	h = opened("host other INBOX");
	assert_int_equal(email__handed_get(h, "1"), EMAIL__HANDED_NOT);
	set(h, "1", EMAIL__HANDED_SETTLED);
	email__handed_close(h);
	h = opened("host user INBOX");
	assert_int_equal(email__handed_get(h, "2"), EMAIL__HANDED_NOT);
	email__handed_close(h);
}

/* The file cut at every byte: what is whole counts, and it goes on from there. */
static void
survives_a_cut(void **state)
{
	static const char whole[] = "handed 1 s\nA 10\nS 10\nA 20\n";
	size_t cut;

	(void)state;
	for (cut = 0; cut <= strlen(whole); cut++) {
		FILE *f = fopen(path, "w");
		email__handed *h;

		assert_non_null(f);
		fwrite(whole, 1, cut, f);
		fclose(f);
		h = opened("s");
		assert_int_equal(email__handed_get(h, "10"), cut >= 21   ? EMAIL__HANDED_SETTLED
		                                             : cut >= 16 ? EMAIL__HANDED_ACCEPTED
		                                                         : EMAIL__HANDED_NOT);
		assert_int_equal(email__handed_get(h, "20"),
		                 cut >= 26 ? EMAIL__HANDED_ACCEPTED : EMAIL__HANDED_NOT);
		set(h, "30", EMAIL__HANDED_SETTLED);
		email__handed_close(h);
		h = opened("s");
		assert_int_equal(email__handed_get(h, "30"), EMAIL__HANDED_SETTLED);
		assert_int_equal(email__handed_get(h, "10"), cut >= 21   ? EMAIL__HANDED_SETTLED
		                                             : cut >= 16 ? EMAIL__HANDED_ACCEPTED
		                                                         : EMAIL__HANDED_NOT);
		email__handed_close(h);
	}
}

static void
forgets_what_is_gone(void **state)
{
	email_error e = {0};
	email__handed *h;
	struct stat st;
	char uid[16];
	int i;

	(void)state;
	unlink(path);
	h = opened("s");
	for (i = 0; i < 3000; i++) {
		snprintf(uid, sizeof uid, "%d", i);
		set(h, uid, EMAIL__HANDED_SETTLED);
	}
	email__handed_list_begin(h);
	for (i = 0; i < 10; i++) {
		snprintf(uid, sizeof uid, "%d", i);
		assert_int_equal(email__handed_listed(h, uid), EMAIL__HANDED_SETTLED);
	}
	assert_int_equal(email__handed_listed(h, "new"), EMAIL__HANDED_NOT);
	assert_int_equal(email__handed_list_end(h, &e), EMAIL_OK);
	assert_int_equal(email__handed_get(h, "9"), EMAIL__HANDED_SETTLED);
	assert_int_equal(email__handed_get(h, "10"), EMAIL__HANDED_NOT);
	set(h, "later", EMAIL__HANDED_ACCEPTED);
	email__handed_close(h);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 100);
	h = opened("s");
	assert_int_equal(email__handed_get(h, "9"), EMAIL__HANDED_SETTLED);
	assert_int_equal(email__handed_get(h, "2999"), EMAIL__HANDED_NOT);
	assert_int_equal(email__handed_get(h, "later"), EMAIL__HANDED_ACCEPTED);
	assert_int_equal(email__handed_rescope(h, "t", &e), EMAIL_OK);
	assert_int_equal(email__handed_get(h, "9"), EMAIL__HANDED_NOT);
	set(h, "9", EMAIL__HANDED_ACCEPTED);
	email__handed_close(h);
	h = opened("t");
	assert_int_equal(email__handed_get(h, "9"), EMAIL__HANDED_ACCEPTED);
	email__handed_close(h);
}

/* A watch that lasts for years: what is forgotten takes no room, neither in memory nor in the file. */
static void
forgets_without_a_list(void **state)
{
	email_error e = {0};
	email__handed *h;
	struct stat st;
	char uid[16];
	int i;

	(void)state;
	unlink(path);
	h = opened("s");
	set(h, "kept", EMAIL__HANDED_SETTLED);
	for (i = 0; i < EMAIL__HANDED_MAX + 10; i++) {
		snprintf(uid, sizeof uid, "7.%d", i);
		set(h, uid, EMAIL__HANDED_ACCEPTED);
		set(h, uid, EMAIL__HANDED_NOT);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 100000);
	assert_int_equal(email__handed_get(h, "kept"), EMAIL__HANDED_SETTLED);
	email__handed_close(h);
	h = opened("s");
	assert_int_equal(email__handed_get(h, "kept"), EMAIL__HANDED_SETTLED);
	assert_int_equal(email__handed_get(h, "7.10"), EMAIL__HANDED_NOT);
	email__handed_close(h);
	/* in memory alone */
	h = email__handed_open(NULL, "s", &e);
	assert_non_null(h);
	for (i = 0; i < EMAIL__HANDED_MAX + 10; i++) {
		snprintf(uid, sizeof uid, "7.%d", i);
		set(h, uid, EMAIL__HANDED_ACCEPTED);
		set(h, uid, EMAIL__HANDED_NOT);
	}
	email__handed_close(h);
}

/* A name that comes again (POP3) is another message's: what was forgotten is forgotten over processes. */
static void
forgets_over_processes(void **state)
{
	email_error e = {0};
	email__handed *h;

	(void)state;
	unlink(path);
	h = opened("s");
	set(h, "1", EMAIL__HANDED_SETTLED);
	set(h, "2", EMAIL__HANDED_SETTLED);
	email__handed_list_begin(h);
	assert_int_equal(email__handed_listed(h, "2"), EMAIL__HANDED_SETTLED);
	assert_int_equal(email__handed_list_end(h, &e), EMAIL_OK);
	email__handed_close(h);
	h = opened("s");
	assert_int_equal(email__handed_get(h, "1"), EMAIL__HANDED_NOT);
	assert_int_equal(email__handed_get(h, "2"), EMAIL__HANDED_SETTLED);
	email__handed_close(h);
}

static void
looking(void **state)
{
	email_error e = {0};
	email__handed *h, *looked;
	struct stat before, after;

	(void)state;
	unlink(path);
	looked = email__handed_look(path, "s", &e);
	assert_non_null(looked);
	assert_int_equal(email__handed_get(looked, "1"), EMAIL__HANDED_NOT);
	email__handed_close(looked);
	assert_int_not_equal(stat(path, &before), 0);
	h = opened("s");
	set(h, "1", EMAIL__HANDED_SETTLED);
	assert_int_equal(stat(path, &before), 0);
	/* while another process has it, too */
	looked = email__handed_look(path, "s", &e);
	assert_non_null(looked);
	assert_true(email__handed_lasts(looked));
	assert_int_equal(email__handed_get(looked, "1"), EMAIL__HANDED_SETTLED);
	assert_int_equal(email__handed_room(looked), EMAIL__HANDED_MAX - 1);
	email__handed_list_begin(looked);
	assert_int_equal(email__handed_list_end(looked, &e), EMAIL_OK);
	set(looked, "2", EMAIL__HANDED_SETTLED);
	email__handed_close(looked);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(email__handed_get(h, "1"), EMAIL__HANDED_SETTLED);
	email__handed_close(h);
	/* of another mailbox nothing is known */
	looked = email__handed_look(path, "t", &e);
	assert_int_equal(email__handed_get(looked, "1"), EMAIL__HANDED_NOT);
	email__handed_close(looked);
}

static void
one_at_a_time(void **state)
{
	email_error e = {0};
	email__handed *h = opened("t");
	int64_t from, took, shortest = INT64_MAX;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		from = email__clock_ms();
		assert_null(email__handed_open(path, "t", &e));
		took = email__clock_ms() - from;
		shortest = took < shortest ? took : shortest;
	}
	assert_true(shortest < 50); /* it is for the caller to come again */
	assert_int_equal(e.code, EMAIL_E_TEMPORARY);
	email__handed_close(h);
	email__handed_close(opened("t"));
}

static void
hostile_files(void **state)
{
	static const char *const files[] = {
		"", "\n", "handed 2 s\nA 1\n", "handed 1 s\nA\nA \nX 1\nA 1\nAA1\n",
		"handed 1 s\nA "
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"\nA 1\n"};
	email_error e = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		FILE *f = fopen(path, "w");
		email__handed *h;

		assert_non_null(f);
		fputs(files[i], f);
		fclose(f);
		h = opened("s");
		assert_int_equal(email__handed_get(h, "1"),
		                 i >= 3 ? EMAIL__HANDED_ACCEPTED : EMAIL__HANDED_NOT);
		assert_int_equal(email__handed_set(h, "", EMAIL__HANDED_ACCEPTED, &e), EMAIL_E_USAGE);
		email__handed_close(h);
	}
}

static void
no_memory(void **state)
{
	size_t n;
	bool failed = true;

	(void)state;
	for (n = 1; failed; n++) {
		email_error e = {0};
		email__handed *h;
		int i;

		unlink(path);
		email_test_fail_alloc(n);
		h = email__handed_open(path, "s", &e);
		if (!h)
			assert_int_equal(e.code, EMAIL_E_MEMORY);
		for (i = 0; h && i < 300; i++) {
			char uid[16];
			email_code rc;

			snprintf(uid, sizeof uid, "%d", i);
			rc = email__handed_set(h, uid, EMAIL__HANDED_ACCEPTED, &e);
			assert_true(rc == EMAIL_OK || rc == EMAIL_E_MEMORY);
			/* the file never knows more than the memory */
			if (rc)
				assert_int_equal(email__handed_get(h, uid), EMAIL__HANDED_NOT);
		}
		failed = email_test_alloc_failed();
		email__handed_close(h);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_over_processes),
		cmocka_unit_test(survives_a_cut),
		cmocka_unit_test(forgets_what_is_gone),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(forgets_without_a_list),
		cmocka_unit_test(forgets_over_processes),
		cmocka_unit_test(looking),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(no_memory),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/uids", folder);
	snprintf(lock_path, sizeof lock_path, "%s.lock", path);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	unlink(lock_path);
	rmdir(folder);
	return failed;
}
