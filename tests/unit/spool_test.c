/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/spool_state.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static uint64_t
count_day(spoolbox *b, unsigned n)
{
	uint64_t today = 999;

	assert_int_equal(email__spool_count_day(b->spool, &b->now, n, &today, NULL), EMAIL_OK);
	return today;
}

static void
reopen(spoolbox *b, const char *boot)
{
	spoolbox_close(b);
	if (boot) {
		b->options.boot = boot;
		b->now.mono = 500; /* the monotonic clock begins anew */
	}
	spoolbox_open(b, false);
}

static void
the_day_is_counted_durably(void **state)
{
	spoolbox b, other;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	assert_int_equal(count_day(&b, 0), 0);
	assert_int_equal(count_day(&b, 1), 1);
	other = b;
	spoolbox_open(&other, false); /* `send` of another process */
	assert_int_equal(count_day(&other, 2), 3);
	spoolbox_close(&other);
	assert_int_equal(count_day(&b, 0), 3);
	reopen(&b, "bbbbbbbbbbbbbbbb");
	assert_int_equal(count_day(&b, 1), 4);
	b.now.wall += 86400;
	b.now.mono += 86400000;
	assert_int_equal(count_day(&b, 0), 0);
	spoolbox_dispose(&b);
}

/* The sums of the contract's Q9: a clock that jumps neither expires nor storms. */
static void
running_time_only_runs(void **state)
{
	spoolbox b;
	int64_t t;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	t = email__spool_running(b.spool, &b.now);
	b.now.wall += 5000000000;
	assert_true(email__spool_running(b.spool, &b.now) == t);
	b.now.mono += 7000;
	assert_true(email__spool_running(b.spool, &b.now) == t + 7000);
	/* another process of this boot sees the same */
	email__spool_stop(b.spool, &b.now);
	b.now.mono += 1000;
	reopen(&b, NULL);
	assert_true(email__spool_running(b.spool, &b.now) == t + 8000);
	/* while the machine is off, nothing ages */
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	email__spool_stop(b.spool, &b.now);
	reopen(&b, "bbbbbbbbbbbbbbbb");
	assert_true(email__spool_running(b.spool, &b.now) == t + 8000);
	b.now.mono += 500;
	assert_true(email__spool_running(b.spool, &b.now) == t + 8500);
	spoolbox_dispose(&b);
}

static void
no_mail_is_from_the_future(void **state)
{
	spoolbox b;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	b.now.mono += 3600000;
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	/* the power fails before running time was ever written down */
	reopen(&b, "bbbbbbbbbbbbbbbb");
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_true(email__spool_running(b.spool, &b.now) == spoolbox_first(&b)->queued);
	spoolbox_dispose(&b);
}

static void
numbers_go_on_after_another_start(void **state)
{
	spoolbox b;
	char command[200];
	uint64_t last;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "a", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_put(&b, "b", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	last = email__spool_waiting(b.spool, &(size_t){0})[1]->sequence;
	snprintf(command, sizeof command, "echo rubbish >%s/sequence", b.folder);
	spoolbox_close(&b);
	assert_int_equal(system(command), 0);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "c", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_true(email__spool_waiting(b.spool, &(size_t){0})[2]->sequence > last);
	last++;
	reopen(&b, "bbbbbbbbbbbbbbbb");
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_put(&b, "d", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_true(email__spool_waiting(b.spool, &(size_t){0})[3]->sequence > last);
	spoolbox_dispose(&b);
}

/* What was never counted before can be, on a disk that has become full since: the file has its room from the start. */
static void
the_day_has_its_room(void **state)
{
	spoolbox b;
	spoolbox_disk *disk;
	uint64_t size, now;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	assert_int_equal(b.spool->ops->size(&b.spool->day, &size, NULL), EMAIL_OK);
	assert_true(size > 0);
	disk = spoolbox_watch(b.spool->store);
	b.spool->ops = b.spool->store->ops;
	assert_int_equal(count_day(&b, 1), 1);
	assert_string_equal(disk->calls, "ws");
	assert_int_equal(count_day(&b, 1), 2);
	assert_string_equal(disk->calls, "wsws");
	/* whoever wrote that may have died before it was durable */
	reopen(&b, NULL);
	disk = spoolbox_watch(b.spool->store);
	b.spool->ops = b.spool->store->ops;
	assert_int_equal(count_day(&b, 1), 3);
	assert_string_equal(disk->calls, "sws");
	assert_int_equal(b.spool->ops->size(&b.spool->day, &now, NULL), EMAIL_OK);
	assert_true(now == size);
	spoolbox_dispose(&b);
}

static void
opening_without_memory(void **state)
{
	spoolbox b;
	size_t n, before;
	email_code rc = EMAIL_E_MEMORY;

	spoolbox_init(&b, *state != NULL);
	email_test_fail_alloc(0);
	before = email_test_blocks();
	for (n = 1; rc; n++) {
		email_test_fail_alloc(n);
		rc = email__spool_open(&b.options, &b.now, &b.spool, NULL);
		assert_int_equal(rc, email_test_alloc_failed() ? EMAIL_E_MEMORY : EMAIL_OK);
		if (rc)
			assert_int_equal(email_test_blocks(), before);
	}
	spoolbox_dispose(&b);
	assert_int_equal(email_test_blocks(), before);
	email_test_fail_alloc_off();
}

static void
a_folder_that_cannot_be(void **state)
{
	spoolbox b;
	email_error e = {0};

	(void)state;
	spoolbox_init(&b, false);
	b.options.folder = "/proc/no/such";
	assert_int_equal(email__spool_open(&b.options, &b.now, &b.spool, &e), EMAIL_E_FILE);
	assert_null(b.spool);
	assert_true(e.os != 0);
	spoolbox_dispose(&b);
}

int
main(void)
{
	static char memory;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_day_is_counted_durably),
		cmocka_unit_test(running_time_only_runs),
		cmocka_unit_test(no_mail_is_from_the_future),
		cmocka_unit_test(numbers_go_on_after_another_start),
		cmocka_unit_test(the_day_has_its_room),
		cmocka_unit_test(opening_without_memory),
		cmocka_unit_test_prestate(opening_without_memory, &memory),
		cmocka_unit_test(a_folder_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
