/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>

#include "base/limits.h"
#include "queue/spool_state.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static void
takes_what_it_is_given(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE], path[200];
	struct stat st;
	email__view *v;
	char *text;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "Boiler 2: \xC3\xA4", 9, "k", NULL, id, NULL), EMAIL_OK);
	assert_int_equal(strlen(id), 32);
	if (!*state) {
		snprintf(path, sizeof path, "%s/queue/%s", b.folder, id);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(stat(b.folder, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		assert_int_equal(spoolbox_files(&b, "tmp"), 0);
	}
	assert_int_equal(email__spool_view(b.spool, id, &v, NULL), EMAIL_OK);
	assert_false(email__view_dead(v));
	assert_string_equal(email__view_mail(v)->subject, "Boiler 2: \xC3\xA4");
	assert_string_equal(email__view_mail(v)->from, "plant@example.com");
	assert_string_equal(email__view_mail(v)->key, "k");
	assert_int_equal(email__view_mail(v)->priority, 9);
	assert_int_equal(email__view_mail(v)->created, b.now.wall);
	text = spoolbox_read(email__view_source(v));
	assert_string_equal(text, "Subject: Boiler 2: \xC3\xA4\r\n\r\nBoiler 2\r\n");
	free(text);
	email__view_free(v);
	spoolbox_dispose(&b);
}

static void
any_tool_can_read_the_message(void **state)
{
	spoolbox b;
	char command[300];

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "plain", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	snprintf(command, sizeof command,
	         "[ \"$(sed '1,/^$/d' %s/queue/* | head -n 1 | tr -d '\\r')\" = 'Subject: plain' ]",
	         b.folder);
	assert_int_equal(system(command), 0);
	spoolbox_dispose(&b);
}

static void
every_bound_is_told(void **state)
{
	spoolbox b;
	spoolbox_text t;
	email__source source;
	const char *to[EMAIL__RECIPIENTS_MAX + 1];
	email__letter letter = {.from = "p@example.com", .to = to, .count = 1};
	char id[EMAIL_ID_SIZE];
	email_error e = {0};
	size_t i;

	spoolbox_init(&b, *state != NULL);
	b.options.max_size = 20;
	b.options.max_count = 2;
	spoolbox_open(&b, false);
	for (i = 0; i <= EMAIL__RECIPIENTS_MAX; i++)
		to[i] = "a@example.com";
	source = spoolbox_source(&t, "12345678901234567890");
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, &e), EMAIL_OK);
	source = spoolbox_source(&t, "123456789012345678901");
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, &e),
	                 EMAIL_E_LIMIT);
	assert_string_equal(e.text, "the mail is larger than the 20 bytes that may be queued");
	letter.size = 21; /* known beforehand */
	assert_int_equal(email__spool_enqueue(b.spool, &letter, NULL, &b.now, id, NULL, NULL), EMAIL_E_LIMIT);
	letter.size = 0;
	letter.count = 0;
	assert_int_equal(email__spool_enqueue(b.spool, &letter, NULL, &b.now, id, NULL, NULL), EMAIL_E_LIMIT);
	letter.count = EMAIL__RECIPIENTS_MAX + 1;
	assert_int_equal(email__spool_enqueue(b.spool, &letter, NULL, &b.now, id, NULL, NULL), EMAIL_E_LIMIT);
	letter.count = EMAIL__RECIPIENTS_MAX;
	source = spoolbox_source(&t, "many");
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL), EMAIL_OK);
	memset(&e, 0, sizeof e);
	source = spoolbox_source(&t, "one too many");
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, &e),
	                 EMAIL_E_QUEUE_FULL);
	assert_true(e.temporary);
	assert_true(*state || spoolbox_files(&b, "tmp") == 0);
	spoolbox_dispose(&b);
}

static void
what_cannot_be_written_down_is_refused(void **state)
{
	static const char *const bad[] = {"a@example.com\nto b@example.com", "", NULL};
	char longer[EMAIL__ADDRESS_MAX + 2], id[EMAIL_ID_SIZE];
	const char *to = longer;
	spoolbox b;
	spoolbox_text t;
	email__source source;
	email__letter letter = {.from = "p@example.com", .count = 1, .to = &to};
	size_t i;

	(void)state;
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	source = spoolbox_source(&t, "x");
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL),
	                 EMAIL_E_VALUE);
	for (i = 0; bad[i]; i++) {
		to = bad[i];
		assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL),
		                 EMAIL_E_VALUE);
	}
	to = "a@example.com";
	letter.priority = 10;
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL),
	                 EMAIL_E_VALUE);
	letter.priority = 5;
	t.fails = EMAIL_E_CLOSED; /* the source breaks off */
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL),
	                 EMAIL_E_CLOSED);
	assert_int_equal(spoolbox_files(&b, "queue"), 0);
	assert_int_equal(spoolbox_files(&b, "tmp"), 0);
	spoolbox_dispose(&b);
}

static void
the_oldest_makes_room(void **state)
{
	spoolbox b;
	char id[3][EMAIL_ID_SIZE];
	email__view *v;

	spoolbox_init(&b, *state != NULL);
	b.options.max_count = 2;
	b.options.drop_oldest = true;
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "urgent", 9, NULL, NULL, id[0], NULL), EMAIL_OK);
	assert_int_equal(spoolbox_put(&b, "first", 5, NULL, NULL, id[1], NULL), EMAIL_OK);
	assert_int_equal(spoolbox_put(&b, "second", 5, NULL, NULL, id[2], NULL), EMAIL_OK);
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 1);
	assert_int_equal(email__spool_view(b.spool, id[1], &v, NULL), EMAIL_OK);
	assert_true(email__view_dead(v));
	email__view_free(v);
	/* nothing less important than this one is there */
	assert_int_equal(spoolbox_put(&b, "low", 1, NULL, NULL, NULL, NULL), EMAIL_E_QUEUE_FULL);
	spoolbox_dispose(&b);
}

/* One after the other, whether the worker has looked in between or not; also where others took some meanwhile. */
static void
the_oldest_make_room_for_many(void **state)
{
	spoolbox b;
	char id[40][EMAIL_ID_SIZE], subject[8];
	email__view *v;
	int i, k, work;

	(void)state;
	for (work = 0; work < 2; work++) {
		email__spool *other;

		spoolbox_init(&b, false);
		b.options.max_count = 10;
		b.options.drop_oldest = true;
		spoolbox_open(&b, work);
		for (i = 0; i < 40; i++) {
			snprintf(subject, sizeof subject, "%d", i);
			assert_int_equal(spoolbox_put(&b, subject, 5, NULL, NULL, id[i], NULL), EMAIL_OK);
			if (i == 30 && work)
				assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
		}
		assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 30);
		/* 30 and 31 are taken by another process, 32 and 33 make room, then 34 */
		b.options.event = NULL;
		assert_int_equal(email__spool_open(&b.options, &b.now, &other, NULL), EMAIL_OK);
		for (i = 30; i < 34; i++)
			assert_int_equal(email__spool_cancel(other, id[i], "no longer wanted", &b.now, NULL),
			                 EMAIL_OK);
		email__spool_close(other);
		for (i = 0; i < 5; i++)
			assert_int_equal(spoolbox_put(&b, "more", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
		for (k = 33; k < 36; k++) {
			assert_int_equal(email__spool_view(b.spool, id[k], &v, NULL), EMAIL_OK);
			assert_int_equal(email__view_dead(v), k < 35);
			email__view_free(v);
		}
		spoolbox_dispose(&b);
	}
}

/* For it many leave. */
static void
a_digest_finds_room(void **state)
{
	spoolbox b;
	spoolbox_text t;
	email__source source = spoolbox_source(&t, "x");
	const char *to = "a@example.com";
	email__letter letter = {.from = "p@example.com", .to = &to, .count = 1};
	char id[EMAIL_ID_SIZE];

	spoolbox_init(&b, *state != NULL);
	b.options.max_count = 1;
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL),
	                 EMAIL_E_QUEUE_FULL);
	letter.digest = true;
	source = spoolbox_source(&t, "x");
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL), EMAIL_OK);
	spoolbox_dispose(&b);
}

static void
counts_are_made_good(void **state)
{
	spoolbox b;
	char command[200];
	size_t n;
	uint64_t bytes;

	(void)state;
	spoolbox_init(&b, false);
	b.options.max_count = 1;
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "a", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	snprintf(command, sizeof command, "rm %s/queue/*", b.folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(spoolbox_put(&b, "b", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	/* after another start of the machine nothing of the counter is believed */
	spoolbox_close(&b);
	assert_int_equal(system(command), 0);
	b.options.boot = "bbbbbbbbbbbbbbbb";
	spoolbox_open(&b, false);
	assert_int_equal(email__spool_size(b.spool, &b.now, &n, &bytes, NULL), EMAIL_OK);
	assert_int_equal(n, 0);
	assert_true(bytes == 0);
	spoolbox_dispose(&b);
}

static bool
sweep(email__stored *f)
{
	return f->store->ops->remove(f->store, EMAIL__AREA_TMP, f->name, NULL) == EMAIL_OK;
}

static void
a_file_that_is_swept_before_its_lock_is_made_again(void **state)
{
	spoolbox b;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	spoolbox_watch(b.spool->store)->before_lock = sweep;
	b.spool->ops = b.spool->store->ops;
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 1);
	spoolbox_dispose(&b);
}

static void *
many(void *context)
{
	spoolbox *b = context;
	int i;

	for (i = 0; i < 25; i++)
		if (spoolbox_put(b, "thread", 5, NULL, NULL, NULL, NULL))
			return b;
	return NULL;
}

static void
many_at_a_time(void **state)
{
	spoolbox b;
	pthread_t thread[4];
	void *failed;
	size_t i, n;
	email__waiting *const *all;

	spoolbox_init(&b, *state != NULL);
	b.options.max_count = 1000;
	spoolbox_open(&b, true);
	if (!*state && fork() == 0) { /* and another process */
		spoolbox other = b;

		spoolbox_open(&other, false);
		_exit(many(&other) ? 1 : 0);
	}
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, many, &b), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	if (!*state) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	all = email__spool_waiting(b.spool, &n);
	assert_int_equal(n, *state ? 100 : 125);
	for (i = 1; i < n; i++) /* each with a number of its own */
		assert_true(all[i]->sequence > all[i - 1]->sequence);
	spoolbox_dispose(&b);
}

static void
one_key_from_many_hands(void **state)
{
	spoolbox b;
	int i;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	for (i = 0; i < 6; i++)
		if (fork() == 0) {
			spoolbox other = b;

			spoolbox_open(&other, false);
			_exit(spoolbox_put(&other, "once", 5, "the same", NULL, NULL, NULL) ? 1 : 0);
		}
	for (i = 0; i < 6; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(spoolbox_files(&b, "queue"), 1);
	assert_int_equal(spoolbox_files(&b, "tmp"), 0);
	spoolbox_dispose(&b);
}

static void
no_memory_is_an_error_and_nothing_else(void **state)
{
	size_t n, before;
	bool failed = true;

	for (n = 1; failed; n++) {
		spoolbox b;
		email_code rc;

		spoolbox_init(&b, *state != NULL);
		email_test_fail_alloc(0);
		before = email_test_blocks();
		spoolbox_open(&b, true);
		email_test_fail_alloc(n);
		rc = spoolbox_put(&b, "one", 5, "key", NULL, NULL, NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc(0);
		if (rc) {
			assert_int_equal(rc, EMAIL_E_MEMORY);
			assert_int_equal(spoolbox_put(&b, "one", 5, "key", NULL, NULL, NULL), EMAIL_OK);
		}
		assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
		assert_int_equal(spoolbox_count(&b), 1);
		assert_true(*state || spoolbox_files(&b, "tmp") == 0);
		spoolbox_dispose(&b);
		assert_int_equal(email_test_blocks(), before);
	}
	assert_true(n > 8);
	email_test_fail_alloc_off();
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		BOTH(takes_what_it_is_given),
		cmocka_unit_test(any_tool_can_read_the_message),
		BOTH(every_bound_is_told),
		cmocka_unit_test(what_cannot_be_written_down_is_refused),
		BOTH(the_oldest_makes_room),
		cmocka_unit_test(the_oldest_make_room_for_many),
		BOTH(a_digest_finds_room),
		cmocka_unit_test(counts_are_made_good),
		BOTH(a_file_that_is_swept_before_its_lock_is_made_again),
		BOTH(many_at_a_time),
		cmocka_unit_test(one_key_from_many_hands),
		BOTH(no_memory_is_an_error_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
