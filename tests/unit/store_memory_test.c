/* SPDX-License-Identifier: MIT */
/* Both stores, held to the same: what the one in memory does is what folders do. */
#include "support/cm.h"

#include <errno.h>
#include <stdlib.h>

#include "queue/store.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static spoolbox box;

static email__store *
open_store(bool memory)
{
	spoolbox_init(&box, memory);
	return memory ? email__store_memory(NULL) : email__store_folder(box.folder, NULL);
}

static bool
count(void *context, const char *name)
{
	(void)name;
	++*(int *)context;
	return true;
}

static int
files(email__store *s, email__area area)
{
	int n = 0;

	assert_int_equal(s->ops->visit(s, area, count, &n, NULL), EMAIL_OK);
	return n;
}

static void
a_file_is_what_was_written(void **state)
{
	email__store *s = open_store(*state != NULL);
	email__stored f;
	char *big = malloc(300000), *back = malloc(300000);
	size_t i, got;
	uint64_t size;

	for (i = 0; i < 300000; i++)
		big[i] = (char)(i * 7 + i / 251);
	assert_int_equal(s->ops->create(s, EMAIL__AREA_TMP, "a", &f, NULL), EMAIL_OK);
	for (i = 0; i < 300000; i += 1500)
		assert_int_equal(s->ops->write(&f, i, big + i, 1500, NULL), EMAIL_OK);
	assert_int_equal(s->ops->write(&f, 70000, "over", 4, NULL), EMAIL_OK);
	memcpy(big + 70000, "over", 4);
	assert_int_equal(s->ops->size(&f, &size, NULL), EMAIL_OK);
	assert_true(size == 300000);
	assert_int_equal(s->ops->read(&f, 0, back, 300000, &got, NULL), EMAIL_OK);
	assert_int_equal(got, 300000);
	assert_memory_equal(big, back, 300000);
	assert_int_equal(s->ops->read(&f, 299990, back, 100, &got, NULL), EMAIL_OK);
	assert_int_equal(got, 10);
	assert_int_equal(s->ops->read(&f, 300000, back, 100, &got, NULL), EMAIL_OK);
	assert_int_equal(got, 0);
	s->ops->truncate(&f, 5000);
	assert_int_equal(s->ops->size(&f, &size, NULL), EMAIL_OK);
	assert_true(size == 5000);
	assert_int_equal(s->ops->read(&f, 0, back, 300000, &got, NULL), EMAIL_OK);
	assert_int_equal(got, 5000);
	assert_memory_equal(big, back, 5000);
	assert_int_equal(s->ops->sync(&f, false, NULL), EMAIL_OK);
	s->ops->close(&f);
	free(big);
	free(back);
	s->ops->free(s);
	spoolbox_dispose(&box);
}

static void
names_are_moved_and_removed(void **state)
{
	email__store *s = open_store(*state != NULL);
	email__stored f, g;
	email_error e = {0};
	bool there;
	char c;
	size_t got;

	assert_int_equal(s->ops->create(s, EMAIL__AREA_TMP, "a", &f, NULL), EMAIL_OK);
	assert_int_equal(s->ops->create(s, EMAIL__AREA_TMP, "a", &g, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, EEXIST);
	assert_int_equal(s->ops->write(&f, 0, "x", 1, NULL), EMAIL_OK);
	assert_true(s->ops->holds(&f, EMAIL__AREA_TMP, "a"));
	assert_int_equal(s->ops->move(s, EMAIL__AREA_TMP, "a", EMAIL__AREA_QUEUE, "b", NULL), EMAIL_OK);
	assert_false(s->ops->holds(&f, EMAIL__AREA_TMP, "a"));
	assert_true(s->ops->holds(&f, EMAIL__AREA_QUEUE, "b"));
	assert_int_equal(s->ops->exists(s, EMAIL__AREA_QUEUE, "b", &there, NULL), EMAIL_OK);
	assert_true(there);
	assert_int_equal(s->ops->exists(s, EMAIL__AREA_TMP, "a", &there, NULL), EMAIL_OK);
	assert_false(there);
	/* a lock is one file's, and ends with it */
	assert_true(s->ops->lock(&f, false));
	assert_int_equal(s->ops->open(s, EMAIL__AREA_QUEUE, "b", true, &g, NULL), EMAIL_OK);
	assert_false(s->ops->lock(&g, false));
	s->ops->unlock(&f);
	assert_true(s->ops->lock(&g, false));
	assert_false(s->ops->lock(&f, false));
	s->ops->close(&g);
	assert_true(s->ops->lock(&f, false));
	/* replaced, and read on by who has it open */
	assert_int_equal(s->ops->create(s, EMAIL__AREA_TMP, "c", &g, NULL), EMAIL_OK);
	s->ops->close(&g);
	assert_int_equal(s->ops->move(s, EMAIL__AREA_TMP, "c", EMAIL__AREA_QUEUE, "b", NULL), EMAIL_OK);
	assert_int_equal(files(s, EMAIL__AREA_QUEUE), 1);
	assert_false(s->ops->holds(&f, EMAIL__AREA_QUEUE, "b"));
	assert_int_equal(s->ops->read(&f, 0, &c, 1, &got, NULL), EMAIL_OK);
	assert_int_equal(c, 'x');
	s->ops->close(&f);
	assert_int_equal(s->ops->sync_area(s, EMAIL__AREA_QUEUE, NULL), EMAIL_OK);
	assert_int_equal(s->ops->remove(s, EMAIL__AREA_QUEUE, "b", NULL), EMAIL_OK);
	memset(&e, 0, sizeof e);
	assert_int_equal(s->ops->remove(s, EMAIL__AREA_QUEUE, "b", &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	memset(&e, 0, sizeof e);
	assert_int_equal(s->ops->open(s, EMAIL__AREA_QUEUE, "b", true, &f, &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	memset(&e, 0, sizeof e);
	assert_int_equal(s->ops->move(s, EMAIL__AREA_QUEUE, "b", EMAIL__AREA_DEAD, "b", &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	assert_int_equal(files(s, EMAIL__AREA_QUEUE), 0);
	s->ops->free(s);
	spoolbox_dispose(&box);
}

static void
what_is_removed_while_open_goes_with_the_last(void **state)
{
	email__store *s = open_store(*state != NULL);
	email__stored f;
	char c;
	size_t got;

	assert_int_equal(s->ops->create(s, EMAIL__AREA_TMP, "a", &f, NULL), EMAIL_OK);
	assert_int_equal(s->ops->write(&f, 0, "x", 1, NULL), EMAIL_OK);
	assert_int_equal(s->ops->remove(s, EMAIL__AREA_TMP, "a", NULL), EMAIL_OK);
	assert_int_equal(files(s, EMAIL__AREA_TMP), 0);
	assert_int_equal(s->ops->read(&f, 0, &c, 1, &got, NULL), EMAIL_OK);
	assert_int_equal(got, 1);
	s->ops->close(&f);
	s->ops->free(s);
	spoolbox_dispose(&box);
}

static void
no_memory(void **state)
{
	email__store *s;
	email__stored f;
	size_t n, before;
	bool failed = true;

	(void)state;
	email_test_fail_alloc(0);
	before = email_test_blocks();
	for (n = 1; failed; n++) {
		email_code rc = EMAIL_E_MEMORY;

		email_test_fail_alloc(n);
		if ((s = email__store_memory(NULL))) {
			rc = s->ops->create(s, EMAIL__AREA_TMP, "a", &f, NULL);
			if (rc == EMAIL_OK) {
				rc = s->ops->write(&f, 0, "x", 1, NULL);
				s->ops->close(&f);
			}
			if (rc == EMAIL_OK)
				rc = s->ops->move(s, EMAIL__AREA_TMP, "a", EMAIL__AREA_QUEUE, "b", NULL);
			s->ops->free(s);
		}
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(email_test_blocks(), before);
	}
	assert_int_equal(n, 7);
	email_test_fail_alloc_off();
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		BOTH(a_file_is_what_was_written),
		BOTH(names_are_moved_and_removed),
		BOTH(what_is_removed_while_open_goes_with_the_last),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
