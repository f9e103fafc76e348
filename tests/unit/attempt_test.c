/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/spool_state.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static const char *const three[] = {"a@example.com", "b@example.com", "c@example.com", NULL};

static email__attempt *
begin(spoolbox *b, bool alone)
{
	email__attempt *a = NULL;
	email_error e = {0};
	email__waiting *w = spoolbox_first(b);

	assert_non_null(w);
	assert_int_equal(email__spool_begin(b->spool, w, alone, &b->now, &a, &e), EMAIL_OK);
	return a;
}

static void
end(spoolbox *b, email__attempt *a, int64_t next)
{
	email_error e = {0};

	assert_int_equal(email__spool_end(b->spool, a, next, 1, "said no", &b->now, &e), EMAIL_OK);
}

static void
delivered_is_gone(void **state)
{
	bool memory = *state != NULL;
	spoolbox b;
	email__attempt *a;
	char *text;

	spoolbox_init(&b, memory);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	a = begin(&b, true);
	assert_int_equal(email__attempt_mail(a)->attempts, 1);
	text = spoolbox_read(email__attempt_source(a));
	assert_string_equal(text, "Subject: one\r\n\r\nBoiler 2\r\n");
	free(text);
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "2.0.0", "ok");
	end(&b, a, 0);
	assert_null(spoolbox_first(&b));
	if (!memory) {
		assert_int_equal(spoolbox_files(&b, "queue"), 0);
		assert_int_equal(spoolbox_files(&b, "dead"), 0);
	}
	spoolbox_dispose(&b);
}

static void
who_has_it_is_not_addressed_again(void **state)
{
	spoolbox b;
	email__attempt *a;
	const email__mailfile *m;
	email__view *v;
	char id[EMAIL_ID_SIZE];

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "three", 5, NULL, three, id, NULL), EMAIL_OK);
	a = begin(&b, true);
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "2.1.5", "ok");
	email__attempt_recipient(a, 1, EMAIL__RCPT_FAILED, 550, "5.1.1", "no such \033[2J user\r\n");
	email__attempt_recipient(a, 2, EMAIL__RCPT_PENDING, 450, "4.2.1", "later");
	end(&b, a, 5000);
	if (!*state) { /* as another process would find it */
		spoolbox_close(&b);
		spoolbox_open(&b, true);
	}
	assert_int_equal(spoolbox_first(&b)->next, 5000);
	assert_int_equal(spoolbox_first(&b)->failures, 1);
	assert_int_equal(spoolbox_first(&b)->pending, 1);
	a = begin(&b, true);
	m = email__attempt_mail(a);
	assert_int_equal(m->recipients[0].state, EMAIL__RCPT_DELIVERED);
	assert_int_equal(m->recipients[1].state, EMAIL__RCPT_FAILED);
	assert_string_equal(m->recipients[1].text, "no such ?[2J user??");
	assert_string_equal(m->recipients[1].enhanced, "5.1.1");
	assert_int_equal(m->recipients[2].reply, 450);
	/* nothing takes back what was delivered */
	email__attempt_recipient(a, 0, EMAIL__RCPT_FAILED, 550, "", "");
	email__attempt_recipient(a, 2, EMAIL__RCPT_DELIVERED, 250, "", "");
	end(&b, a, 0);
	/* one failed: it is dead, with the reply */
	assert_null(spoolbox_first(&b));
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 1);
	assert_int_equal(email__spool_view(b.spool, id, &v, NULL), EMAIL_OK);
	assert_true(email__view_dead(v));
	assert_int_equal(email__view_mail(v)->recipients[0].state, EMAIL__RCPT_DELIVERED);
	assert_int_equal(email__view_mail(v)->recipients[1].reply, 550);
	assert_string_equal(email__view_mail(v)->cause, "said no");
	email__view_free(v);
	spoolbox_dispose(&b);
}

static void
an_attempt_is_known_before_it_is_made(void **state)
{
	spoolbox b;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	/* the process dies in it: its descriptors are gone, nothing was said */
	if (fork() == 0) {
		email__attempt *a;

		email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, NULL);
		_exit(0);
	}
	while (wait(NULL) < 0)
		;
	spoolbox_close(&b);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_first(&b)->attempts, 1);
	assert_int_equal(spoolbox_first(&b)->crashes, 1);
	assert_true(spoolbox_first(&b)->suspect);
	assert_int_equal(b.events[EMAIL__SPOOL_INTERRUPTED], 1);
	/* and starting again changes nothing */
	spoolbox_close(&b);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_first(&b)->crashes, 1);
	assert_int_equal(b.events[EMAIL__SPOOL_INTERRUPTED], 1);
	spoolbox_dispose(&b);
}

/* A person has it open, to cancel it, when the next worker starts: nothing is wrong with it. */
static void
one_that_is_held_is_not_unreadable(void **state)
{
	char id[EMAIL_ID_SIZE], path[160];
	spoolbox b;
	int fd;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	if (fork() == 0) {
		email__attempt *a;

		email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, NULL);
		_exit(0);
	}
	while (wait(NULL) < 0)
		;
	spoolbox_close(&b);
	snprintf(path, sizeof path, "%s/queue/%s", b.folder, id);
	assert_true((fd = open(path, O_RDWR)) >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	spoolbox_open(&b, true);
	assert_int_equal(b.events[EMAIL__SPOOL_UNREADABLE], 0);
	assert_non_null(spoolbox_first(&b));
	close(fd);
	spoolbox_dispose(&b);
}

/* Dies while sending, as many times; the n-th in another boot where `power`. */
static unsigned
crashes(int times, bool alone, bool power)
{
	spoolbox b;
	unsigned n;
	int i;

	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	for (i = 0; i < times; i++) {
		spoolbox_close(&b);
		if (fork() == 0) {
			spoolbox_open(&b, true);
			begin(&b, alone);
			_exit(0);
		}
		wait(NULL);
		if (power)
			b.options.boot = "bbbbbbbbbbbbbbbb";
		spoolbox_open(&b, true);
	}
	n = spoolbox_first(&b)->crashes;
	assert_int_equal(b.events[EMAIL__SPOOL_CRASHING], n >= 3);
	assert_int_equal(b.events[EMAIL__SPOOL_INTERRUPTED], times);
	spoolbox_dispose(&b);
	return n;
}

static void
only_crashes_alone_within_one_boot_count(void **state)
{
	(void)state;
	assert_int_equal(crashes(3, true, false), 3);
	assert_int_equal(crashes(3, false, false), 0);
	assert_int_equal(crashes(1, true, true), 0);
}

/* Its last state may be in the kernel's memory alone, where its writer died; the one before it is the durable one. */
static void
what_the_dead_wrote_is_made_durable_first(void **state)
{
	spoolbox b;
	email__attempt *a;
	spoolbox_disk *disk;
	const char *expected[] = {"ws", "sdws", "ws"};
	int i;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	for (i = 0; i < 3; i++) {
		disk = spoolbox_watch(b.spool->store);
		b.spool->ops = b.spool->store->ops;
		a = begin(&b, true);
		assert_string_equal(disk->calls, expected[i]);
		end(&b, a, 0);
		if (i == 0) {
			spoolbox_close(&b);
			spoolbox_open(&b, true);
		}
	}
	/* where that fails, the file is done with, and the mail is written anew */
	spoolbox_close(&b);
	spoolbox_open(&b, true);
	disk = spoolbox_watch(b.spool->store);
	b.spool->ops = b.spool->store->ops;
	disk->fail_sync = 1;
	a = begin(&b, true);
	assert_string_equal(disk->calls, "swwsd");
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "");
	end(&b, a, 0);
	assert_int_equal(spoolbox_count(&b), 0);
	spoolbox_dispose(&b);
}

static void
attempts_of_unknown_end_are_counted(void **state)
{
	spoolbox b;
	email__attempt *a;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	a = begin(&b, true);
	assert_int_equal(email__attempt_mail(a)->unsure, 0);
	email__attempt_unsure(a);
	end(&b, a, 0);
	a = begin(&b, true);
	assert_int_equal(email__attempt_mail(a)->unsure, 1);
	end(&b, a, 0);
	spoolbox_dispose(&b);
}

static void
an_undated_one_gets_its_date_once(void **state)
{
	spoolbox b;
	email__attempt *a;
	char *first, *second;
	spoolbox_text t;
	email__source source = spoolbox_source(&t, "Subject: x\r\n\r\n");
	const char *to = "a@example.com";
	email__letter letter = {.from = "p@example.com", .to = &to, .count = 1, .undated = true};
	char id[EMAIL_ID_SIZE];

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	b.now.wall = 5;
	b.now.clock_set = false;
	assert_int_equal(email__spool_enqueue(b.spool, &letter, &source, &b.now, id, NULL, NULL), EMAIL_OK);
	b.now.wall = 1795000000;
	b.now.offset = 60;
	a = begin(&b, true);
	first = spoolbox_read(email__attempt_source(a));
	assert_string_equal(first, "Date: Wed, 18 Nov 2026 12:06:40 +0100\r\nSubject: x\r\n\r\n");
	end(&b, a, 0);
	b.now.wall += 86400;
	a = begin(&b, true);
	second = spoolbox_read(email__attempt_source(a));
	assert_string_equal(first, second);
	free(first);
	free(second);
	end(&b, a, 0);
	spoolbox_dispose(&b);
}

static void
a_damaged_message_is_set_aside(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE], command[300];
	email__attempt *a;
	email_error e = {0};

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	snprintf(command, sizeof command, "sed -i s/Boiler/Boilor/ %s/queue/%s", b.folder, id);
	assert_int_equal(system(command), 0);
	assert_int_equal(email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, &e),
	                 EMAIL_E_MESSAGE);
	assert_null(a);
	assert_null(spoolbox_first(&b));
	assert_int_equal(spoolbox_files(&b, "bad"), 1);
	assert_int_equal(spoolbox_files(&b, "queue"), 0);
	assert_int_equal(b.events[EMAIL__SPOOL_SET_ASIDE], 1);
	spoolbox_dispose(&b);
}

static void
two_hands_do_not_meet(void **state)
{
	spoolbox b;
	email__attempt *a, *other;
	char id[EMAIL_ID_SIZE];
	email_error e = {0};

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	a = begin(&b, true);
	assert_int_equal(email__spool_cancel(b.spool, id, "x", &b.now, &e), EMAIL_E_TEMPORARY);
	assert_int_equal(email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &other, NULL),
	                 EMAIL_E_TEMPORARY);
	end(&b, a, 0);
	assert_int_equal(email__spool_cancel(b.spool, id, "x", &b.now, NULL), EMAIL_OK);
	/* the worker finds out when it wants to send */
	assert_int_equal(email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &other, NULL),
	                 EMAIL_E_UNKNOWN);
	assert_null(spoolbox_first(&b));
	spoolbox_dispose(&b);
}

static void
a_key_is_known_after_delivery(void **state)
{
	spoolbox b;
	email__attempt *a;
	char id[EMAIL_ID_SIZE], again[EMAIL_ID_SIZE];

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, "alarm 17", NULL, id, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_put(&b, "one", 5, "alarm 17", NULL, again, NULL), EMAIL_OK);
	assert_string_equal(id, again);
	assert_int_equal(spoolbox_count(&b), 1);
	a = begin(&b, true);
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "");
	end(&b, a, 0);
	assert_int_equal(spoolbox_put(&b, "one", 5, "alarm 17", NULL, again, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 0);
	assert_int_equal(spoolbox_put(&b, "one", 5, "alarm 18", NULL, again, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_count(&b), 1);
	spoolbox_dispose(&b);
}

/* With any allocation failing, a mail is sent or still waits; and nothing stays behind. */
static void
no_memory_loses_nothing(void **state)
{
	size_t n, before;
	bool failed;

	for (n = 1, failed = true; failed; n++) {
		spoolbox b;
		email__attempt *a = NULL;
		email_code rc;

		spoolbox_init(&b, *state != NULL);
		email_test_fail_alloc(0);
		before = email_test_blocks();
		spoolbox_open(&b, true);
		assert_int_equal(spoolbox_put(&b, "three", 5, NULL, three, NULL, NULL), EMAIL_OK);
		email_test_fail_alloc(n);
		rc = email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, NULL);
		if (rc == EMAIL_OK) {
			email__attempt_recipient(a, 0, EMAIL__RCPT_FAILED, 550, "", "");
			email__attempt_recipient(a, 1, EMAIL__RCPT_DELIVERED, 250, "", "");
			email__attempt_recipient(a, 2, EMAIL__RCPT_DELIVERED, 250, "", "");
			rc = email__spool_end(b.spool, a, 0, 0, "", &b.now, NULL);
			failed = email_test_alloc_failed();
			email_test_fail_alloc(0);
			if (rc) {
				assert_null(spoolbox_first(&b));
				assert_int_equal(email__spool_settle(b.spool, &b.now, NULL), EMAIL_OK);
				assert_int_equal(b.events[EMAIL__SPOOL_SETTLED], 1);
			}
			assert_int_equal(spoolbox_count(&b), 0);
			assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 1);
		} else {
			failed = email_test_alloc_failed();
			email_test_fail_alloc(0);
			assert_int_equal(rc, EMAIL_E_MEMORY);
			assert_int_equal(spoolbox_count(&b), 1);
		}
		spoolbox_dispose(&b);
		assert_int_equal(email_test_blocks(), before);
	}
	assert_true(n > 5);
	email_test_fail_alloc_off();
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		BOTH(delivered_is_gone),
		BOTH(who_has_it_is_not_addressed_again),
		cmocka_unit_test(an_attempt_is_known_before_it_is_made),
		cmocka_unit_test(one_that_is_held_is_not_unreadable),
		cmocka_unit_test(only_crashes_alone_within_one_boot_count),
		cmocka_unit_test(what_the_dead_wrote_is_made_durable_first),
		BOTH(attempts_of_unknown_end_are_counted),
		BOTH(an_undated_one_gets_its_date_once),
		cmocka_unit_test(a_damaged_message_is_set_aside),
		BOTH(two_hands_do_not_meet),
		BOTH(a_key_is_known_after_delivery),
		BOTH(no_memory_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
