/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "support/failalloc.h"
#include "support/spoolbox.h"

typedef struct seen {
	size_t n;
	char subject[100];
} seen;

static bool
see(void *context, const char *id, const email__mailfile *mail)
{
	seen *s = context;

	assert_int_equal(strlen(id), 32);
	s->n++;
	snprintf(s->subject, sizeof s->subject, "%s", mail->subject);
	return true;
}

static size_t
listed(spoolbox *b, bool dead)
{
	seen s = {0};

	assert_int_equal(email__spool_list(b->spool, dead, see, &s, NULL), EMAIL_OK);
	return s.n;
}

static void
dead_mail_waits_again(void **state)
{
	static const char *const two[] = {"a@example.com", "b@example.com", NULL};
	spoolbox b;
	email__attempt *a;
	char id[EMAIL_ID_SIZE];

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "two", 5, NULL, two, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, NULL), EMAIL_OK);
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "");
	email__attempt_recipient(a, 1, EMAIL__RCPT_FAILED, 550, "", "");
	assert_int_equal(email__spool_end(b.spool, a, 0, 0, "refused", &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, false), 0);
	assert_int_equal(listed(&b, true), 1);
	b.now.mono += 86400000;
	assert_int_equal(email__spool_requeue(b.spool, id, &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, true), 0);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	/* for who did not get it; and its age begins anew */
	assert_int_equal(spoolbox_first(&b)->pending, 1);
	assert_true(spoolbox_first(&b)->queued == email__spool_running(b.spool, &b.now));
	assert_int_equal(email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, NULL), EMAIL_OK);
	assert_int_equal(email__attempt_mail(a)->recipients[0].state, EMAIL__RCPT_DELIVERED);
	assert_int_equal(email__attempt_mail(a)->recipients[1].state, EMAIL__RCPT_PENDING);
	email__attempt_recipient(a, 1, EMAIL__RCPT_DELIVERED, 250, "", "");
	assert_int_equal(email__spool_end(b.spool, a, 0, 0, "", &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, false) + listed(&b, true), 0);
	spoolbox_dispose(&b);
}

static void
deleted_twice_is_gone(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, false);
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_delete(b.spool, id, &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, true), 1);
	assert_int_equal(email__spool_delete(b.spool, id, &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, true), 0);
	assert_int_equal(email__spool_delete(b.spool, id, &b.now, NULL), EMAIL_E_UNKNOWN);
	assert_int_equal(email__spool_requeue(b.spool, id, &b.now, NULL), EMAIL_E_UNKNOWN);
	spoolbox_dispose(&b);
}

static void
names_are_no_paths(void **state)
{
	spoolbox b;
	email__view *v;
	static const char *const bad[] = {"", "../queue/x", "..", "0123456789abcdef0123456789abcdeF",
	                                  "0123456789abcdef0123456789abcdef0"};
	size_t i;

	(void)state;
	spoolbox_init(&b, false);
	spoolbox_open(&b, false);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(email__spool_view(b.spool, bad[i], &v, NULL), EMAIL_E_UNKNOWN);
		assert_int_equal(email__spool_delete(b.spool, bad[i], &b.now, NULL), EMAIL_E_UNKNOWN);
		assert_int_equal(email__spool_cancel(b.spool, bad[i], "", &b.now, NULL), EMAIL_E_UNKNOWN);
		assert_int_equal(email__spool_requeue(b.spool, bad[i], &b.now, NULL), EMAIL_E_UNKNOWN);
	}
	spoolbox_dispose(&b);
}

static void
clearing_cancels_what_waits(void **state)
{
	spoolbox b;
	email__attempt *a;
	size_t n;
	int i;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	for (i = 0; i < 4; i++)
		assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	assert_int_equal(email__spool_begin(b.spool, spoolbox_first(&b), true, &b.now, &a, NULL), EMAIL_OK);
	assert_int_equal(email__spool_clear(b.spool, &b.now, &n, NULL), EMAIL_OK);
	assert_int_equal(n, 3);
	assert_int_equal(listed(&b, true), 3);
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], 3);
	assert_int_equal(email__spool_look(b.spool, &b.now, NULL), EMAIL_OK);
	/* what is on its way goes on */
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "");
	assert_int_equal(email__spool_end(b.spool, a, 0, 0, "", &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, true), 3);
	spoolbox_dispose(&b);
}

static void
bounds_hold_for_what_waits_again(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email_error e = {0};

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "one", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__spool_cancel(b.spool, id, "", &b.now, NULL), EMAIL_OK);
	assert_int_equal(spoolbox_put(&b, "two", 5, NULL, NULL, NULL, NULL), EMAIL_OK);
	email__spool_limit(b.spool, 1, 0, false);
	assert_int_equal(email__spool_requeue(b.spool, id, &b.now, &e), EMAIL_E_QUEUE_FULL);
	assert_string_equal(e.text, "the queue is full: it holds 1 mails");
	assert_int_equal(listed(&b, true), 1);
	email__spool_limit(b.spool, 0, 0, false); /* as it was by default */
	assert_int_equal(email__spool_requeue(b.spool, id, &b.now, NULL), EMAIL_OK);
	assert_int_equal(listed(&b, false), 2);
	spoolbox_dispose(&b);
}

static void
what_is_too_old_has_failed(void **state)
{
	spoolbox b;
	char id[EMAIL_ID_SIZE];
	email__view *v;

	spoolbox_init(&b, *state != NULL);
	spoolbox_open(&b, true);
	assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(
		email__spool_expire(b.spool, spoolbox_first(&b), "older than two days", &b.now, NULL),
		EMAIL_OK);
	assert_null(spoolbox_first(&b));
	assert_int_equal(email__spool_view(b.spool, id, &v, NULL), EMAIL_OK);
	assert_int_equal(email__view_mail(v)->recipients[0].state, EMAIL__RCPT_FAILED);
	email__view_free(v);
	spoolbox_dispose(&b);
}

static void
no_memory(void **state)
{
	size_t n, before;
	bool failed = true;

	for (n = 1; failed; n++) {
		spoolbox b;
		char id[EMAIL_ID_SIZE];
		email__view *v = NULL;
		seen s = {0};

		spoolbox_init(&b, *state != NULL);
		email_test_fail_alloc(0);
		before = email_test_blocks();
		spoolbox_open(&b, false);
		assert_int_equal(spoolbox_put(&b, "x", 5, NULL, NULL, id, NULL), EMAIL_OK);
		email_test_fail_alloc(n);
		email__spool_list(b.spool, false, see, &s, NULL);
		email__spool_view(b.spool, id, &v, NULL);
		email__view_free(v);
		email__spool_cancel(b.spool, id, "", &b.now, NULL);
		email__spool_requeue(b.spool, id, &b.now, NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc(0);
		assert_int_equal(listed(&b, false) + listed(&b, true), 1);
		spoolbox_dispose(&b);
		assert_int_equal(email_test_blocks(), before);
	}
	assert_true(n > 10);
	email_test_fail_alloc_off();
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		BOTH(dead_mail_waits_again),
		BOTH(deleted_twice_is_gone),
		cmocka_unit_test(names_are_no_paths),
		BOTH(clearing_cancels_what_waits),
		BOTH(bounds_hold_for_what_waits_again),
		BOTH(what_is_too_old_has_failed),
		BOTH(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
