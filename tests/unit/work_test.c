/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* usleep */
#include "support/cm.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/spool_state.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static void
there_is_one_worker(void **state)
{
	spoolbox b;
	email__spool *other;
	email_error e = {0};

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(email__spool_open(&b.options, &b.now, &other, NULL), EMAIL_OK);
	assert_int_equal(email__spool_start(other, &b.now, &e), EMAIL_E_TEMPORARY);
	email__spool_stop(b.spool, &b.now);
	assert_int_equal(email__spool_start(other, &b.now, NULL), EMAIL_OK);
	email__spool_close(other);
	/* one that died leaves no lock */
	if (fork() == 0)
		_exit(email__spool_start(b.spool, &b.now, NULL) ? 1 : 0);
	wait(NULL);
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	spoolbox_dispose(&b);
}

static void
what_others_add_is_found(void **state)
{
	spoolbox b, other;
	char id[EMAIL_ID_SIZE];

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	other = b;
	spoolbox_open(&other, false);
	assert_int_equal(spoolbox_put(&other, "theirs", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 0);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 1);
	assert_int_equal(spoolbox_put(&b, "ours", 9, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 2);
	assert_int_equal(spoolbox_first(&b)->priority, 9);
	assert_int_equal(email__spool_cancel(other.spool, id, "", &b.now, NULL), EMAIL_OK);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 1);
	spoolbox_close(&other);
	spoolbox_dispose(&b);
}

static void
shell(const spoolbox *b, const char *format)
{
	char command[1000];

	snprintf(command, sizeof command, "cd %s/queue && %s", b->folder, format);
	assert_int_equal(system(command), 0);
}

static void
bad_files_cost_an_event_each(void **state)
{
	spoolbox b;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "good", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	shell(&b,
	      "f=$(ls); : >00000000000000000000000000000001; head -c 100 $f "
	      ">00000000000000000000000000000002;"
	      "sed s/priority.5/priority.6/ $f >00000000000000000000000000000003; mkdir "
	      "00000000000000000000000000000004;"
	      "mkfifo 00000000000000000000000000000005; ln -s /etc/passwd 00000000000000000000000000000006;"
	      "cp $f stray; head -c 2000000 /dev/zero >00000000000000000000000000000007;"
	      "sed s/mail.1/mail.2/ $f >00000000000000000000000000000008; ln -s $f "
	      "00000000000000000000000000000009");
	shell(&b, "head -c 1000000 /dev/zero | tr '\\0' A >0000000000000000000000000000000a; mkdir "
	          "../bad/taken; mkdir taken; touch ../bad/taken/x");
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 1);
	assert_int_equal(b.events[EMAIL__SPOOL_SET_ASIDE], 11);
	assert_int_equal(spoolbox_files(&b, "bad"), 12);
	/* one could not be moved: it stays, and does nobody harm */
	assert_int_equal(b.events[EMAIL__SPOOL_UNREADABLE], 1);
	assert_int_equal(spoolbox_files(&b, "queue"), 2);
	spoolbox_dispose(&b);
}

static void
what_is_half_written_is_swept_but_not_under_its_writer(void **state)
{
	spoolbox b;
	email__stored f;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	shell(&b, "touch ../tmp/half ../tmp/writing; mkdir ../tmp/folder; ln -s /etc/passwd ../tmp/link; "
	          "mkfifo ../tmp/fifo");
	assert_int_equal(b.spool->ops->open(b.spool->store, EMAIL__AREA_TMP, "writing", true, &f, NULL),
	                 EMAIL_OK);
	assert_true(b.spool->ops->lock(&f, false));
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_files(&b, "tmp"), 1);
	b.spool->ops->close(&f);
	email__spool_stop(b.spool, &b.now);
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_files(&b, "tmp"), 0);
	spoolbox_dispose(&b);
}

static void
what_was_over_is_ended(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__stored f;
	email__mailfile m;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, id, NULL), EMAIL_OK);
	/* as a crash leaves it between the state and the move */
	assert_int_equal(email__spool_grab(b.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_OK);
	m.recipients[0].state = EMAIL__RCPT_FAILED;
	assert_int_equal(email__spool_write_state(&f, &m, NULL, NULL), EMAIL_OK);
	b.spool->ops->close(&f);
	email__mailfile_dispose(&m);
	assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 0);
	assert_int_equal(spoolbox_files(&b, "dead"), 1);
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 1);
	spoolbox_dispose(&b);
}

static void
what_a_dead_hand_cancelled_leaves(void **state)
{
	spoolbox b, other;
	char id[EMAIL_ID_SIZE];
	email__stored f;
	email__mailfile m;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	other = b;
	spoolbox_open(&other, false);
	assert_int_equal(spoolbox_put(&other, "x", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_grab(other.spool, EMAIL__AREA_QUEUE, id, &f, &m, NULL), EMAIL_OK);
	m.recipients[0].state = EMAIL__RCPT_CANCELLED;
	assert_int_equal(email__spool_write_state(&f, &m, NULL, NULL), EMAIL_OK);
	/* it is at it */
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_files(&b, "queue"), 1);
	/* and died */
	other.spool->ops->close(&f);
	email__mailfile_dispose(&m);
	spoolbox_close(&other);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_files(&b, "queue"), 0);
	assert_int_equal(spoolbox_files(&b, "dead"), 1);
	assert_int_equal(spoolbox_count(&b), 0);
	spoolbox_dispose(&b);
}

static void
what_cannot_be_read_is_told_once(void **state)
{
	spoolbox b;
	int i, status;

	(void)state;
	if (geteuid() != 0)
		skip();
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	spoolbox_close(&b);
	/* roots may read all, so it is somebody else who looks, in a folder of his own */
	shell(&b, "chown -R 65534 .. ../.. && chown 0 *");
	if (fork() == 0) {
		if (setuid(65534))
			_exit(2);
		spoolbox_open(&b, true);
		for (i = 0; i < 3; i++)
			if (email__spool_look(b.spool, &b.now, NULL))
				_exit(3);
		_exit(spoolbox_count(&b) == 0 && b.events[EMAIL__SPOOL_UNREADABLE] == 1 ? 0 : 1);
	}
	wait(&status);
	assert_int_equal(status, 0);
	shell(&b, "chown -R 0 ..");
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_count(&b), 1);
	spoolbox_dispose(&b);
}

static void
an_idle_look_writes_nothing(void **state)
{
	spoolbox b;
	char path[200];
	struct stat before, after;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	snprintf(path, sizeof path, "%s/sequence", b.folder);
	assert_int_equal(stat(path, &before), 0);
	usleep(20000);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(email__spool_tend(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(stat(path, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
	spoolbox_dispose(&b);
}

static void *
put_many(void *context)
{
	int i;

	for (i = 0; i < 40; i++)
		if (spoolbox_put(context, "x", i % 10, NULL, NULL, NULL, NULL))
			return context;
	return NULL;
}

/* The worker sends what three threads add meanwhile. */
static void
works_while_others_add(void **state)
{
	spoolbox b;
	pthread_t thread[3];
	size_t i, sent = 0;
	void *failed;

	spoolbox_init(&b, *state != NULL);
	b.options.max_count = 1000;
	spoolbox_open(&b, true);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, put_many, &b), 0);
	while (sent < 120) {
		email__waiting *w;
		email__attempt *a;

		assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
		email__spool_hold(b.spool);
		w = spoolbox_first(&b);
		email__spool_release(b.spool);
		if (!w)
			continue;
		assert_int_equal(email__spool_begin(b.spool, w, true, &b.now, &a, NULL), EMAIL_OK);
		email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "");
		assert_int_equal(email__spool_end(b.spool, a, 0, 0, "", &b.now, NULL), EMAIL_OK);
		sent++;
	}
	for (i = 0; i < 3; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 0);
	spoolbox_dispose(&b);
}

static void
no_memory_at_the_start(void **state)
{
	size_t n, before;
	bool failed = true;

	for (n = 1; failed; n++) {
		spoolbox b;
		email_code rc;

		spoolbox_init(&b, *state != NULL);
		email_test_fail_alloc(0);
		before = email_test_blocks();
		spoolbox_open(&b, false);
		assert_int_equal(spoolbox_put(&b, "a", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
		assert_int_equal(spoolbox_put(&b, "b", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
		email_test_fail_alloc(n);
		rc = email__spool_start(b.spool, &b.now, NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc(0);
		if (rc) {
			assert_int_equal(rc, EMAIL_E_MEMORY);
			assert_int_equal(email__spool_start(b.spool, &b.now, NULL), EMAIL_OK);
		}
		assert_int_equal(spoolbox_count(&b), 2);
		assert_int_equal(b.events[EMAIL__SPOOL_SET_ASIDE], 0);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_one_worker),
		cmocka_unit_test(what_others_add_is_found),
		cmocka_unit_test(bad_files_cost_an_event_each),
		cmocka_unit_test(what_is_half_written_is_swept_but_not_under_its_writer),
		cmocka_unit_test(what_was_over_is_ended),
		cmocka_unit_test(what_a_dead_hand_cancelled_leaves),
		cmocka_unit_test(what_cannot_be_read_is_told_once),
		cmocka_unit_test(an_idle_look_writes_nothing),
		cmocka_unit_test(works_while_others_add),
		cmocka_unit_test_prestate(works_while_others_add, &memory),
		cmocka_unit_test(no_memory_at_the_start),
		cmocka_unit_test_prestate(no_memory_at_the_start, &memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
