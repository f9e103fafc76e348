/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "queue/counter.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static email__store *
open_store(spoolbox *b, bool memory)
{
	spoolbox_init(b, memory);
	return memory ? email__store_memory(NULL) : email__store_folder(b->folder, NULL);
}

static void
counts(void **state)
{
	spoolbox b;
	email__store *s = open_store(&b, *state != NULL);
	email__stored f;
	email__counter c;
	int i;

	assert_int_equal(email__counter_open(s, "n", &f, NULL), EMAIL_OK);
	assert_int_equal(email__counter_read(&f, &c, NULL), EMAIL_OK);
	assert_false(c.valid);
	memcpy(c.boot, "abc", 4);
	for (i = 1; i < 5; i++) {
		c.value[1] = (uint64_t)i;
		assert_int_equal(email__counter_write(&f, &c, i % 2, NULL), EMAIL_OK);
		assert_int_equal(email__counter_read(&f, &c, NULL), EMAIL_OK);
		assert_true(c.valid);
		assert_int_equal(c.generation, i);
		assert_int_equal(c.value[1], i);
		assert_string_equal(c.boot, "abc");
	}
	s->ops->close(&f);
	assert_int_equal(email__counter_open(s, "n", &f, NULL), EMAIL_OK);
	assert_int_equal(email__counter_read(&f, &c, NULL), EMAIL_OK);
	assert_int_equal(c.value[1], 4);
	s->ops->close(&f);
	s->ops->free(s);
	spoolbox_dispose(&b);
}

static void
half_of_a_write_leaves_what_was(void **state)
{
	spoolbox b;
	email__store *s = open_store(&b, true);
	email__stored f;
	email__counter c;
	char before[400], after[400];
	size_t n, m, kept;

	(void)state;
	assert_int_equal(email__counter_open(s, "n", &f, NULL), EMAIL_OK);
	email__counter_read(&f, &c, NULL);
	for (kept = 0; kept < 3; kept++) {
		c.value[0] = 1;
		assert_int_equal(email__counter_write(&f, &c, false, NULL), EMAIL_OK);
	}
	assert_int_equal(s->ops->read(&f, 0, before, sizeof before, &n, NULL), EMAIL_OK);
	c.value[0] = 2;
	assert_int_equal(email__counter_write(&f, &c, false, NULL), EMAIL_OK);
	assert_int_equal(s->ops->read(&f, 0, after, sizeof after, &m, NULL), EMAIL_OK);
	assert_int_equal(n, m);
	for (kept = 0; kept <= n; kept++) { /* the new one from the front, as far as it got */
		assert_int_equal(s->ops->write(&f, 0, before, n, NULL), EMAIL_OK);
		assert_int_equal(s->ops->write(&f, 0, after, kept, NULL), EMAIL_OK);
		assert_int_equal(email__counter_read(&f, &c, NULL), EMAIL_OK);
		assert_true(c.valid);
		assert_true(c.value[0] == 1 || (c.value[0] == 2 && kept > n / 4));
	}
	assert_int_equal(c.value[0], 2);
	/* nothing whole is left of either */
	memset(before, '0', sizeof before);
	assert_int_equal(s->ops->write(&f, 0, before, n, NULL), EMAIL_OK);
	assert_int_equal(email__counter_read(&f, &c, NULL), EMAIL_OK);
	assert_false(c.valid);
	s->ops->close(&f);
	s->ops->free(s);
}

static void
a_count_that_was_not_synced_is_none(void **state)
{
	spoolbox b;
	email__store *s = open_store(&b, true);
	email__stored f;
	email__counter c;
	spoolbox_disk *disk = spoolbox_watch(s);
	int i;

	(void)state;
	assert_int_equal(email__counter_open(s, "n", &f, NULL), EMAIL_OK);
	email__counter_read(&f, &c, NULL);
	for (i = 1; i < 4; i++) {
		c.value[0] = (uint64_t)i;
		assert_int_equal(email__counter_write(&f, &c, true, NULL), EMAIL_OK);
	}
	for (i = 0; i < 3; i++) {
		disk->fail_sync = 1;
		c.value[0] = 9;
		assert_int_equal(email__counter_write(&f, &c, true, NULL), EMAIL_E_FILE);
		assert_int_equal(email__counter_read(&f, &c, NULL), EMAIL_OK);
		assert_true(c.valid);
		assert_int_equal(c.value[0], 3);
	}
	s->ops->close(&f);
	s->ops->free(s);
}

static void
no_memory(void **state)
{
	spoolbox b;
	email__store *s = open_store(&b, true);
	email__stored f;
	email__counter c;

	(void)state;
	assert_int_equal(email__counter_open(s, "n", &f, NULL), EMAIL_OK);
	email__counter_read(&f, &c, NULL);
	email_test_fail_alloc(1);
	assert_int_equal(email__counter_write(&f, &c, true, NULL), EMAIL_E_MEMORY);
	assert_int_equal(c.generation, 0);
	email_test_fail_alloc_off();
	s->ops->close(&f);
	s->ops->free(s);
}

int
main(void)
{
	static char memory;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test_prestate(counts, &memory),
		cmocka_unit_test(half_of_a_write_leaves_what_was),
		cmocka_unit_test(a_count_that_was_not_synced_is_none),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
