/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "base/limits.h"
#include "queue/spool_state.h"
#include "support/spoolbox.h"

static size_t
dead(spoolbox *b)
{
	email__id_list ids;
	size_t n;

	assert_int_equal(email__spool_ids(b->spool, EMAIL__AREA_DEAD, &ids, NULL), EMAIL_OK);
	n = ids.count;
	free(ids.all);
	return n;
}

static void
kill_one(spoolbox *b, const char *subject, char *id)
{
	char mine[EMAIL_ID_SIZE];

	assert_int_equal(spoolbox_put(b, subject, 5, NULL, NULL, id ? id : mine, NULL), EMAIL_OK);
	assert_int_equal(email__spool_cancel(b->spool, id ? id : mine, "no longer wanted", &b->now, NULL),
	                 EMAIL_OK);
	b->now.mono += 1000;
}

static void
dead_letters_are_counted_and_the_oldest_makes_room(void **state)
{
	spoolbox b;
	char first[EMAIL_ID_SIZE], second[EMAIL_ID_SIZE];
	email__view *v;
	int i;

	spoolbox_init(&b, *state != NULL);
	b.options.dead_max = 3;
	spoolbox_open(&b, true);
	kill_one(&b, "first", first);
	kill_one(&b, "second", second);
	for (i = 0; i < 2; i++)
		kill_one(&b, "more", NULL);
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 4);
	assert_int_equal(b.events[EMAIL__SPOOL_FORGOTTEN], 1);
	assert_string_equal(b.event_id, first);
	assert_int_equal(dead(&b), 3);
	assert_int_equal(email__spool_view(b.spool, first, &v, NULL), EMAIL_E_UNKNOWN);
	assert_int_equal(email__spool_view(b.spool, second, &v, NULL), EMAIL_OK);
	assert_string_equal(email__view_mail(v)->cause, "no longer wanted");
	assert_int_equal(email__view_mail(v)->recipients[0].state, EMAIL__RCPT_CANCELLED);
	email__view_free(v);
	spoolbox_dispose(&b);
}

/* All must be read to know the oldest, so it is not done for each one. */
static void
room_is_made_for_some(void **state)
{
	spoolbox b;
	int i;

	spoolbox_init(&b, *state != NULL);
	b.options.dead_max = 16;
	spoolbox_open(&b, true);
	for (i = 0; i < 18; i++)
		kill_one(&b, "x", NULL);
	assert_int_equal(dead(&b), 18);
	kill_one(&b, "x", NULL);
	assert_int_equal(dead(&b), 16);
	kill_one(&b, "x", NULL);
	b.now.mono += INT64_C(86400) * 1000;
	assert_int_equal(email__spool_tend(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(dead(&b), 16);
	assert_int_equal(b.events[EMAIL__SPOOL_FORGOTTEN], 4);
	spoolbox_dispose(&b);
}

static void
they_age_by_running_time(void **state)
{
	spoolbox b;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	kill_one(&b, "old", NULL);
	b.now.wall += INT64_C(86400) * 36500; /* a clock that jumps ages nobody */
	b.now.mono += INT64_C(86400) * 1000 * 89;
	assert_int_equal(email__spool_tend(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(dead(&b), 1);
	kill_one(&b, "new", NULL);
	b.now.mono += INT64_C(86400) * 1000 * 2;
	assert_int_equal(email__spool_tend(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(dead(&b), 1);
	assert_int_equal(b.events[EMAIL__SPOOL_FORGOTTEN], 1);
	spoolbox_dispose(&b);
}

static void
a_mail_that_leaves_twice_leaves_once(void **state)
{
	spoolbox b;
	email__stored f;
	email__mailfile m;
	char id[EMAIL_ID_SIZE];
	bool durable = false, spoilt = false;
	size_t n;
	uint64_t bytes;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_OK);
	m.recipients[0].state = EMAIL__RCPT_FAILED;
	assert_int_equal(email__spool_finish(b.spool, &f, &m, id, &durable, &spoilt, NULL), EMAIL_OK);
	assert_true(durable && !spoilt);
	/* as after an error that came when it was gone already */
	assert_int_equal(email__spool_finish(b.spool, &f, &m, id, &durable, &spoilt, NULL), EMAIL_OK);
	assert_int_equal(dead(&b), 1);
	assert_int_equal(email__spool_size(b.spool, &b.now, &n, &bytes, NULL), EMAIL_OK);
	assert_int_equal(n, 0);
	b.spool->ops->close(&f);
	email__mailfile_dispose(&m);
	spoolbox_dispose(&b);
}

static void
of_the_delivered_only_the_header_stays(void **state)
{
	spoolbox b;
	email__stored f;
	email__mailfile m;
	char id[EMAIL_ID_SIZE];
	bool durable = false, spoilt = false;
	uint64_t size;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "x", 5, "key", NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_OK);
	m.recipients[0].state = EMAIL__RCPT_DELIVERED;
	assert_int_equal(email__spool_finish(b.spool, &f, &m, id, &durable, &spoilt, NULL), EMAIL_OK);
	b.spool->ops->close(&f);
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 0);
	email__mailfile_dispose(&m);
	assert_int_equal(email__spool_open_mail(b.spool, EMAIL__AREA_DONE, id, false, &f, &m, NULL),
	                 EMAIL_OK);
	assert_int_equal(b.spool->ops->size(&f, &size, NULL), EMAIL_OK);
	assert_true(size == m.header);
	b.spool->ops->close(&f);
	email__mailfile_dispose(&m);
	spoolbox_dispose(&b);
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		BOTH(dead_letters_are_counted_and_the_oldest_makes_room),
		BOTH(room_is_made_for_some),
		BOTH(they_age_by_running_time),
		BOTH(a_mail_that_leaves_twice_leaves_once),
		BOTH(of_the_delivered_only_the_header_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
