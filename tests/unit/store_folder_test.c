/* SPDX-License-Identifier: MIT */
/* What only folders can be: made, in the way, somebody else's. store_memory_test.c has what both do. */
#include "support/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/store.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static void
makes_its_folders(void **state)
{
	static const char *const names[] = {"", "tmp", "queue", "dead", "done", "bad"};
	spoolbox b;
	email__store *s;
	struct stat st;
	char path[200];
	size_t i;

	(void)state;
	spoolbox_init(&b, false);
	s = email__store_folder(b.folder, NULL);
	assert_non_null(s);
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", b.folder, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	s->ops->free(s);
	chmod(b.folder, 0777);
	assert_non_null(s = email__store_folder(b.folder, NULL));
	assert_int_equal(stat(b.folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	s->ops->free(s);
	spoolbox_dispose(&b);
}

static void
follows_no_link(void **state)
{
	spoolbox b;
	email_error e = {0};
	char path[200];

	(void)state;
	spoolbox_init(&b, false);
	assert_int_equal(mkdir(b.folder, 0700), 0);
	snprintf(path, sizeof path, "%s/queue", b.folder);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_null(email__store_folder(b.folder, &e));
	assert_int_equal(e.code, EMAIL_E_FILE);
	assert_true(e.os == ELOOP || e.os == ENOTDIR);
	spoolbox_dispose(&b);
}

static void
no_memory(void **state)
{
	spoolbox b;
	email__store *s = NULL;
	size_t n, before;

	(void)state;
	spoolbox_init(&b, false);
	email_test_fail_alloc(0);
	before = email_test_blocks();
	for (n = 1; !s; n++) {
		email_error e = {0};

		email_test_fail_alloc(n);
		s = email__store_folder(b.folder, &e);
		assert_int_equal(e.code, s ? EMAIL_OK : EMAIL_E_MEMORY);
		if (!s)
			assert_int_equal(email_test_blocks(), before);
	}
	assert_true(n > 6);
	s->ops->free(s);
	assert_int_equal(email_test_blocks(), before);
	email_test_fail_alloc_off();
	spoolbox_dispose(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_its_folders),
		cmocka_unit_test(follows_no_link),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
