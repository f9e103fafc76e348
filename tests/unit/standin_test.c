/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "base/limits.h"
#include "queue/policy.h"
#include "queue/standin.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

enum { FLOOD = 60 };
static email__waiting *chosen[FLOOD];

static size_t
choose(spoolbox *b)
{
	const email__policy_config config = {.per_day = -1, .per_minute = -1, .digest_above = 10};
	static email__policy p;
	email__waiting *const *all;
	size_t count, n;

	email__policy_init(&p, &config);
	all = email__spool_waiting(b->spool, &count);
	assert_int_equal(email__policy_fold(&p, all, count, email__spool_running(b->spool, &b->now), chosen,
	                                    FLOOD, &n),
	                 EMAIL_OK);
	return n;
}

static void
flood(spoolbox *b, bool memory)
{
	char subject[40];
	int i;

	spoolbox_init(b, memory);
	spoolbox_open(b, true);
	for (i = 0; i < FLOOD; i++) {
		snprintf(subject, sizeof subject, "Sensor %d", i);
		assert_int_equal(spoolbox_put(b, subject, 5, NULL, NULL, NULL, NULL), EMAIL_OK);
		b->now.mono += 10;
	}
	b->now.mono += 60000;
}

static void
names_what_it_stands_for_and_takes_its_place(void **state)
{
	spoolbox b;
	email__buf text;
	email__mailfile mail;
	char key[EMAIL__STANDIN_KEY], again[EMAIL__STANDIN_KEY], id[EMAIL_ID_SIZE], first[EMAIL_ID_SIZE];
	email__view *v;
	size_t n, named;

	flood(&b, *state != NULL);
	email__buf_init(&text, EMAIL__QUEUE_DIGEST_TEXT_MAX);
	n = choose(&b);
	assert_int_equal(n, FLOOD - 10);
	memcpy(first, chosen[0]->id, sizeof first);
	assert_int_equal(email__standin_text(b.spool, chosen, n, &text, key, &named, &mail, NULL), EMAIL_OK);
	assert_int_equal(named, n);
	assert_string_equal(mail.recipients[0].address, "duty@example.com");
	email__mailfile_dispose(&mail);
	assert_int_equal(email__standin_text(b.spool, chosen, n, &text, again, &named, &mail, NULL),
	                 EMAIL_OK);
	email__mailfile_dispose(&mail);
	assert_string_equal(key, again);
	assert_non_null(strstr(email__buf_text(&text), "2026-11-18T11:06:40Z  priority 5  Sensor 10\n"));
	assert_non_null(strstr(email__buf_text(&text), first));
	assert_non_null(strstr(email__buf_text(&text), "Sensor 59\n"));
	assert_null(strstr(email__buf_text(&text), "Sensor 9\n"));
	assert_non_null(strstr(email__buf_text(&text), "These 50 mails"));
	assert_int_equal(spoolbox_put(&b, "digest", 5, key, NULL, id, NULL), EMAIL_OK);
	assert_int_equal(email__standin_takes(b.spool, chosen, n, id, &b.now, &named, NULL), EMAIL_OK);
	assert_int_equal(named, n);
	assert_int_equal(spoolbox_count(&b), 11);
	assert_int_equal(b.events[EMAIL__SPOOL_DEAD], n);
	assert_int_equal(email__spool_view(b.spool, first, &v, NULL), EMAIL_OK);
	assert_non_null(strstr(email__view_mail(v)->cause, id));
	assert_int_equal(email__view_mail(v)->recipients[0].state, EMAIL__RCPT_CANCELLED);
	email__view_free(v);
	email__buf_dispose(&text);
	spoolbox_dispose(&b);
}

static void
what_has_left_is_left_out(void **state)
{
	spoolbox b;
	email__buf text;
	email__mailfile mail;
	char key[EMAIL__STANDIN_KEY];
	size_t i, n, named;

	flood(&b, *state != NULL);
	email__buf_init(&text, EMAIL__QUEUE_DIGEST_TEXT_MAX);
	n = choose(&b);
	assert_int_equal(email__spool_cancel(b.spool, chosen[0]->id, "", &b.now, NULL), EMAIL_OK);
	assert_int_equal(email__standin_text(b.spool, chosen, n, &text, key, &named, &mail, NULL), EMAIL_OK);
	email__mailfile_dispose(&mail);
	assert_int_equal(named, n - 1);
	for (i = 1; i < n; i++)
		assert_int_equal(email__spool_cancel(b.spool, chosen[i]->id, "", &b.now, NULL), EMAIL_OK);
	assert_int_equal(email__standin_text(b.spool, chosen, n, &text, key, &named, &mail, NULL),
	                 EMAIL_E_UNKNOWN);
	email__buf_dispose(&text);
	email__buf_init(&text, 20);
	spoolbox_dispose(&b);
	flood(&b, *state != NULL);
	n = choose(&b);
	assert_int_equal(email__standin_text(b.spool, chosen, n, &text, key, &named, &mail, NULL),
	                 EMAIL_E_LIMIT);
	email__buf_dispose(&text);
	spoolbox_dispose(&b);
}

static void
no_memory_loses_nothing(void **state)
{
	spoolbox b;
	email__buf text;
	email__mailfile mail;
	char key[EMAIL__STANDIN_KEY];
	size_t k, n, named;
	bool failed = true;

	flood(&b, *state != NULL);
	n = choose(&b);
	for (k = 1; failed && k < 400; k++) {
		email_code rc;

		email__buf_init(&text, EMAIL__QUEUE_DIGEST_TEXT_MAX);
		email_test_fail_alloc(k);
		rc = email__standin_text(b.spool, chosen, n, &text, key, &named, &mail, NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc(0);
		assert_true(rc == EMAIL_OK || failed);
		email__mailfile_dispose(&mail);
		email__buf_dispose(&text);
	}
	assert_false(failed);
	assert_int_equal(spoolbox_count(&b), FLOOD);
	email_test_fail_alloc_off();
	spoolbox_dispose(&b);
}

int
main(void)
{
	static char memory;
#define BOTH(f) cmocka_unit_test(f), cmocka_unit_test_prestate(f, &memory)
	const struct CMUnitTest tests[] = {
		BOTH(names_what_it_stands_for_and_takes_its_place),
		BOTH(what_has_left_is_left_out),
		cmocka_unit_test_prestate(no_memory_loses_nothing, &memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
