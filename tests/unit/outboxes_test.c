/* SPDX-License-Identifier: MIT */
/* A service's queues: one each, by folder or by name, from any thread. */
#include "support/cm.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "service/outboxes.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"
#include "support/scratch.h"

static email__outboxes boxes;

static int
setup(void **state)
{
	(void)state;
	return email__outboxes_init(&boxes) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email__outboxes_dispose(&boxes);
	return 0;
}

static char last_name[80];

static void
note_name(void *context, const char *name, const email__spool_event *event)
{
	(void)context;
	(void)event;
	snprintf(last_name, sizeof last_name, "%s", name);
}

static email__outbox *
get(const char *name, const char *path, size_t max_count)
{
	email__outbox_config config = {
		.name = name, .folder = path, .max_count = max_count, .event = note_name};
	email__now now = email__outbox_now(NULL);
	email_error e = {0};

	return email__outboxes_get(&boxes, &config, &now, &e);
}

static email_code
put(email__outbox *box, char id[EMAIL_ID_SIZE])
{
	static const char *const to[] = {"ann@example.com"};
	email__letter letter = {.from = "a@example.com", .to = to, .count = 1, .priority = 5};
	email__now now = email__outbox_now(NULL);
	spoolbox_text text;
	email__source source = spoolbox_source(&text, "Subject: x\r\n\r\ny\r\n");
	email_error e = {0};

	return email__spool_enqueue(box->spool, &letter, &source, &now, id, NULL, &e);
}

static size_t
size_of(email__outbox *box)
{
	email__now now = email__outbox_now(NULL);
	email_error e = {0};
	uint64_t bytes;
	size_t count = 0;

	assert_int_equal(email__spool_size(box->spool, &now, &count, &bytes, &e), EMAIL_OK);
	return count;
}

static void
each_is_opened_once(void **state)
{
	email__outbox *a, *b;
	char id[EMAIL_ID_SIZE];

	(void)state;
	assert_non_null(a = get("A", "a", 0));
	assert_ptr_equal(get("A", "a", 0), a);
	/* it is the folder that tells */
	assert_ptr_equal(get("Other", "a", 0), a);
	assert_non_null(b = get("A", NULL, 0));
	assert_ptr_not_equal(b, a);
	assert_ptr_equal(get("A", NULL, 0), b);
	assert_ptr_not_equal(get("B", NULL, 0), b);
	assert_int_equal(boxes.count, 3);
	/* limits are those of the last who asked */
	assert_int_equal(put(b, id), EMAIL_OK);
	get("A", NULL, 1);
	assert_int_equal(put(b, id), EMAIL_E_QUEUE_FULL);
	get("A", NULL, 2);
	assert_int_equal(put(b, id), EMAIL_OK);
}

static void
one_that_cannot_be_opened_is_none(void **state)
{
	FILE *f = fopen("file", "w");
	email__outbox_config config = {.name = "A", .folder = "file"};
	email__now now = email__outbox_now(NULL);
	email_error e = {0};

	(void)state;
	assert_non_null(f);
	fclose(f);
	assert_null(email__outboxes_get(&boxes, &config, &now, &e));
	assert_int_equal(e.code, EMAIL_E_FILE);
	assert_int_equal(boxes.count, 0);
	/* and is asked for anew */
	assert_int_equal(unlink("file"), 0);
	assert_non_null(email__outboxes_get(&boxes, &config, &now, &e));
}

/* One in memory goes on under the new name; an empty one that stood there does not hide it. */
static void
one_in_memory_gets_another_name(void **state)
{
	email__outbox *a;
	char id[EMAIL_ID_SIZE];
	email__now now = email__outbox_now(NULL);
	email_error e = {0};

	(void)state;
	assert_non_null(get("B", NULL, 0));
	assert_non_null(a = get("A", NULL, 0));
	assert_int_equal(put(a, id), EMAIL_OK);
	assert_true(email__outboxes_rename(&boxes, NULL, "A", "B"));
	assert_ptr_equal(get("B", NULL, 0), a);
	assert_int_equal(boxes.count, 1);
	assert_int_equal(size_of(get("B", NULL, 0)), 1);
	assert_int_equal(email__spool_delete(a->spool, id, &now, &e), EMAIL_OK);
	assert_string_equal(last_name, "B");
	assert_ptr_not_equal(get("A", NULL, 0), a);
	/* one that is not open has nothing to rename */
	assert_true(email__outboxes_rename(&boxes, NULL, "C", "D"));
}

static void
one_in_a_folder_stays_there(void **state)
{
	email__outbox *a = get("A", "given", 0);
	char id[EMAIL_ID_SIZE];
	email__now now = email__outbox_now(NULL);
	email_error e = {0};

	(void)state;
	assert_non_null(a);
	assert_non_null(get("B", NULL, 0));
	assert_int_equal(put(a, id), EMAIL_OK);
	assert_true(email__outboxes_rename(&boxes, "given", "A", "B"));
	assert_int_equal(boxes.count, 2);
	assert_ptr_equal(get("B", "given", 0), a);
	assert_int_equal(email__spool_delete(a->spool, id, &now, &e), EMAIL_OK);
	assert_string_equal(last_name, "B");
}

static void
one_is_dropped(void **state)
{
	char id[EMAIL_ID_SIZE];

	(void)state;
	get("M", NULL, 0);
	assert_int_equal(put(get("D", "dropped", 0), id), EMAIL_OK);
	get("N", NULL, 0);
	email__outboxes_drop(&boxes, "dropped", "D");
	assert_int_equal(boxes.count, 2);
	email__outboxes_drop(&boxes, "dropped", "D");
	email__outboxes_drop(&boxes, NULL, "M");
	assert_int_equal(boxes.count, 1);
	/* what lay in the folder is there */
	assert_int_equal(size_of(get("D", "dropped", 0)), 1);
	assert_int_equal(size_of(get("M", NULL, 0)), 0);
}

static void *
ask_often(void *context)
{
	email__outbox *first = NULL;
	int i;

	(void)context;
	for (i = 0; i < 200; i++) {
		email__outbox *box = get(i % 2 ? "T" : "U", i % 2 ? "threads" : NULL, 1000 + (size_t)i);

		if (i < 2 && !box)
			return NULL;
		if (i == 1)
			first = box;
	}
	return first;
}

static void
all_threads_get_the_same(void **state)
{
	pthread_t thread[4];
	void *got[4];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask_often, NULL), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], &got[i]), 0);
	for (i = 0; i < 4; i++)
		assert_ptr_equal(got[i], got[0]);
	assert_non_null(got[0]);
	assert_int_equal(boxes.count, 2);
}

static void
where_a_queue_lies(void **state)
{
	static const struct {
		const char *directory, *state_folder, *sheet, *folder;
		bool persistent;
	} rows[] = {
		{"", "/var/state", "/etc/email.xml", "/var/state/queue/A", true},
		{"", NULL, NULL, NULL, true},
		{"", "/var/state", NULL, NULL, false},
		{"mails", "/var/state", "/etc/email.xml", "/etc/mails", true},
		{"mails", NULL, NULL, "mails", true},
		{"/mails", "/var/state", "/etc/email.xml", "/mails", true},
		{"/mails", "/var/state", "/etc/email.xml", NULL, false},
	};
	email_account *account = email_account_new(EMAIL_OUTGOING, "A");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email_code rc;
		char *path;

		assert_int_equal(
			email_account_set(account, "persistent", rows[i].persistent ? "true" : "false"),
			EMAIL_OK);
		assert_int_equal(email_account_set(account, "persistenceDirectory", rows[i].directory),
		                 EMAIL_OK);
		path = email__outbox_folder(account, rows[i].state_folder, rows[i].sheet, &rc);
		assert_int_equal(rc, EMAIL_OK);
		if (rows[i].folder)
			assert_string_equal(path, rows[i].folder);
		else
			assert_null(path);
		email_text_free(path);
	}
	email_account_free(account);
}

static void
memory_may_end_anywhere(void **state)
{
	email_account *account = email_account_new(EMAIL_OUTGOING, "A");
	size_t n, blocks;
	email__outbox *a = NULL;
	email_code rc;
	char *path = NULL;

	(void)state;
	email_test_fail_alloc(0);
	blocks = email_test_blocks();
	for (n = 1; !a; n++) {
		email_test_fail_alloc(n);
		a = get("A", n % 2 ? "memory" : NULL, 0);
		assert_int_equal(boxes.count, a != NULL);
	}
	assert_true(n > 4);
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		if (email__outboxes_rename(&boxes, a->folder, "A", "B"))
			break;
		assert_string_equal(a->name, "A");
	}
	assert_string_equal(a->name, "B");
	for (n = 1; !path; n++) {
		email_test_fail_alloc(n);
		path = email__outbox_folder(account, "state", NULL, &rc);
		assert_int_equal(rc, path ? EMAIL_OK : EMAIL_E_MEMORY);
	}
	email_text_free(path);
	email_test_fail_alloc(0);
	email__outboxes_dispose(&boxes);
	assert_int_equal(email_test_blocks(), blocks);
	email_test_fail_alloc_off();
	email_account_free(account);
	assert_true(email__outboxes_init(&boxes));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_opened_once, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_opened_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(one_in_memory_gets_another_name, setup, teardown),
		cmocka_unit_test_setup_teardown(one_in_a_folder_stays_there, setup, teardown),
		cmocka_unit_test_setup_teardown(one_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(all_threads_get_the_same, setup, teardown),
		cmocka_unit_test(where_a_queue_lies),
		cmocka_unit_test_setup_teardown(memory_may_end_anywhere, setup, teardown),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
