/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "queue/spool_state.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static email_code
try(spoolbox *b, const char *id, email__mailfile *m, email_error *e)
{
	email__stored f;
	email_code rc = email__spool_open_mail(b->spool, EMAIL__AREA_QUEUE, id, false, &f, m, e);

	if (rc == EMAIL_OK)
		b->spool->ops->close(&f);
	return rc;
}

static void
length_is_what_the_header_says(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE], command[300];
	email__mailfile m;
	email_error e = {0};

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(try(&b, id, &m, NULL), EMAIL_OK);
	email__mailfile_dispose(&m);
	snprintf(command, sizeof command, "printf x >>%s/queue/%s", b.folder, id);
	assert_int_equal(system(command), 0);
	assert_int_equal(try(&b, id, &m, &e), EMAIL_E_MESSAGE);
	assert_non_null(strstr(e.text, "not as long"));
	snprintf(command, sizeof command, "truncate -s -2 %s/queue/%s", b.folder, id);
	assert_int_equal(system(command), 0);
	assert_int_equal(try(&b, id, &m, NULL), EMAIL_E_MESSAGE);
	snprintf(command, sizeof command, "truncate -s 100 %s/queue/%s", b.folder, id);
	assert_int_equal(system(command), 0);
	assert_int_equal(try(&b, id, &m, NULL), EMAIL_E_MESSAGE);
	spoolbox_dispose(&b);
}

static void
long_headers_are_read_whole(void **state)
{
	static const char *to[EMAIL__RECIPIENTS_MAX + 1];
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__mailfile m;
	size_t i;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	for (i = 0; i < EMAIL__RECIPIENTS_MAX; i++)
		to[i] = "somebody@example.com";
	assert_int_equal(spoolbox_put(&b, "many", 5, NULL, to, id, NULL), EMAIL_OK);
	assert_int_equal(try(&b, id, &m, NULL), EMAIL_OK);
	assert_int_equal(m.count, EMAIL__RECIPIENTS_MAX);
	assert_string_equal(m.recipients[EMAIL__RECIPIENTS_MAX - 1].address, "somebody@example.com");
	email__mailfile_dispose(&m);
	spoolbox_dispose(&b);
}

static void
a_state_is_written_in_place(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__mailfile m;
	email__stored f;
	uint64_t size, now;
	int i;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_OK);
	assert_int_equal(b.spool->ops->size(&f, &size, NULL), EMAIL_OK);
	for (i = 1; i < 6; i++) {
		email__mailfile again;

		m.attempts = (unsigned)i * 100;
		assert_int_equal(email__spool_write_state(&f, &m, NULL, NULL), EMAIL_OK);
		assert_int_equal(b.spool->ops->size(&f, &now, NULL), EMAIL_OK);
		assert_true(now == size);
		assert_int_equal(email__spool_read(&f, false, &again, NULL), EMAIL_OK);
		assert_int_equal(again.attempts, i * 100);
		assert_int_equal(email__spool_verify(&f, &again, NULL), EMAIL_OK);
		email__mailfile_dispose(&again);
	}
	b.spool->ops->close(&f);
	email__mailfile_dispose(&m);
	spoolbox_dispose(&b);
}

/* What the disk has of it nobody knows, and the state before it is durable: that one counts, and is not written over. */
static void
a_state_that_was_not_synced_is_none(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__mailfile m, again;
	email__stored f;
	spoolbox_disk *disk;
	bool spoilt = false;
	int i;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	disk = spoolbox_watch(b.spool->store);
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_OK);
	m.attempts = 1;
	assert_int_equal(email__spool_write_state(&f, &m, NULL, NULL), EMAIL_OK);
	for (i = 0; i < 3; i++) {
		disk->fail_sync = 1;
		m.attempts = 2;
		assert_int_equal(email__spool_write_state(&f, &m, &spoilt, NULL), EMAIL_E_FILE);
		assert_true(spoilt);
		assert_int_equal(email__spool_read(&f, false, &again, NULL), EMAIL_OK);
		assert_int_equal(again.attempts, 1);
		assert_int_equal(again.generation, 1);
		email__mailfile_dispose(&again);
	}
	b.spool->ops->close(&f);
	email__mailfile_dispose(&m);
	spoolbox_dispose(&b);
}

static bool
move_away(email__stored *f)
{
	f->store->ops->move(f->store, EMAIL__AREA_QUEUE, f->name, EMAIL__AREA_DEAD, f->name, NULL);
	return true;
}

static void
what_leaves_before_the_lock_is_unknown(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__mailfile m;
	email__stored f;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	spoolbox_watch(b.spool->store)->before_lock = move_away;
	b.spool->ops = b.spool->store->ops;
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_E_UNKNOWN);
	email__mailfile_dispose(&m);
	spoolbox_dispose(&b);
}

static void
what_is_gone_is_unknown(void **state)
{
	spoolbox b;
	email__stored f;
	email__mailfile m;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, "0123456789abcdef0123456789abcdef", &f,
	                                   &m, NULL),
	                 EMAIL_E_UNKNOWN);
	spoolbox_dispose(&b);
}

static void
no_memory_is_no_damage(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__mailfile m;
	email_error e = {0};
	size_t n;
	email_code rc;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		rc = try(&b, id, &m, &e);
		if (!email_test_alloc_failed())
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
	}
	assert_int_equal(rc, EMAIL_OK);
	assert_int_equal(n, 4);
	email__mailfile_dispose(&m);
	email_test_fail_alloc_off();
	spoolbox_dispose(&b);
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_is_what_the_header_says),
		BOTH(long_headers_are_read_whole),
		BOTH(a_state_is_written_in_place),
		BOTH(a_state_that_was_not_synced_is_none),
		BOTH(what_leaves_before_the_lock_is_unknown),
		BOTH(what_is_gone_is_unknown),
		BOTH(no_memory_is_no_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
