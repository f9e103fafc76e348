/* SPDX-License-Identifier: MIT */
/* What all share who fill an account's queue and who work it: on a real folder, and in memory. */
#include "queue/standin.h"
#include "support/cm.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "account/connection.h"
#include "account/outbox.h"
#include "base/limits.h"
#include "os/clock.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

static char folder[64];
static int in_memory = 1;
static email__outbox_config config;
static email__outbox *outbox;
static email_account *account;
static email_error e;
static char id[EMAIL_ID_SIZE];

/* --- the scene --- */

static size_t events[EMAIL__SPOOL_SETTLED + 1];
static char told[65];

static void
note(void *context, const char *name, const email__spool_event *event)
{
	assert_ptr_equal(context, events);
	events[event->what]++;
	snprintf(told, sizeof told, "%s", name);
}

static void
open_it(void)
{
	email__now now = email__outbox_now(NULL);

	if (email__outbox_open(&config, &now, &outbox, &e))
		fail_msg("%s", e.text);
}

/* Each test on a folder, and in memory (*state). */
static int
setup(void **state)
{
	strcpy(folder, "/tmp/outbox_test.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	memset(events, 0, sizeof events);
	memset(&e, 0, sizeof e);
	config = (email__outbox_config){.name = "Out",
	                                .folder = *state ? NULL : folder,
	                                .max_count = 100,
	                                .max_size = 100000,
	                                .event = note,
	                                .context = events};
	open_it();
	account = email_account_new(EMAIL_OUTGOING, "Out");
	return account && email_account_set(account, "from", "plant@example.com") == EMAIL_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[96];

	(void)state;
	email__outbox_close(outbox);
	email__outbox_close(NULL);
	email_account_free(account);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static email_message *
mail(const char *subject, const char *to)
{
	email_message *m = email_message_new();

	assert_non_null(m);
	assert_int_equal(email_message_add_to(m, to), EMAIL_OK);
	assert_int_equal(email_message_set_subject(m, subject), EMAIL_OK);
	assert_int_equal(email_message_set_text(m, "At 03:00.\n"), EMAIL_OK);
	return m;
}

static email_code
add(const char *subject, const char *to, int priority, const char *key)
{
	email_message *m = mail(subject, to);
	email_code rc;

	memset(&e, 0, sizeof e);
	rc = email__outbox_add(outbox, account, m, priority, key, id, &e);
	assert_int_equal(e.code, rc);
	email_message_free(m);
	return rc;
}

static bool
count_one(void *context, const char *which, const email__mailfile *f)
{
	(void)which;
	(void)f;
	++*(size_t *)context;
	return true;
}

/* The files themselves: a count may be too high where something failed. */
static size_t
size_of(email__outbox *o)
{
	email_error ignored = {0};
	size_t count = 0;

	assert_int_equal(email__spool_list(o->spool, false, count_one, &count, &ignored), EMAIL_OK);
	return count;
}

static email__view *
view(const char *which)
{
	email__view *v;

	memset(&e, 0, sizeof e);
	if (email__spool_view(outbox->spool, which, &v, &e))
		fail_msg("%s", e.text);
	return v;
}

/* --- adding --- */

static void
keeps_what_the_envelope_says(void **state)
{
	const email__mailfile *f;
	email_message *m = mail("Boiler 2", "duty@example.com, night@example.com");
	email__view *v;
	char *text;

	(void)state;
	assert_int_equal(email_account_set(account, "replyTo", "desk@example.com"), EMAIL_OK);
	assert_int_equal(email_message_add_bcc(m, "log@example.com"), EMAIL_OK);
	assert_int_equal(email_message_set_dsn(m, EMAIL_DSN_FAILURE), EMAIL_OK);
	assert_int_equal(email__outbox_add(outbox, account, m, 7, "key 1", id, &e), EMAIL_OK);
	email_message_free(m);
	v = view(id);
	f = email__view_mail(v);
	assert_string_equal(f->from, "plant@example.com");
	assert_int_equal(f->count, 3);
	assert_string_equal(f->recipients[2].address, "log@example.com");
	assert_int_equal(f->priority, 7);
	assert_string_equal(f->subject, "Boiler 2");
	assert_string_equal(f->key, "key 1");
	assert_int_equal(f->dsn, EMAIL_DSN_FAILURE);
	assert_false(f->undated || f->digest || f->eight_bit || f->utf8);
	text = spoolbox_read(email__view_source(v));
	assert_non_null(text);
	assert_int_equal(strlen(text), f->size);
	assert_non_null(strstr(text, "From: plant@example.com\r\n"));
	assert_non_null(strstr(text, "Reply-To: desk@example.com\r\n"));
	assert_non_null(strstr(text, f->message_id));
	assert_non_null(strstr(text, "\r\nDate: ") ? strstr(text, "\r\nDate: ") : strstr(text, "Date: "));
	assert_null(strstr(text, "log@example.com"));
	free(text);
	email__view_free(v);
}

static void
what_is_no_mail_is_refused(void **state)
{
	email_message *m = email_message_new();

	(void)state;
	assert_int_equal(email__outbox_add(outbox, account, m, 5, NULL, id, &e), EMAIL_E_MESSAGE);
	assert_int_equal(size_of(outbox), 0);
	email_message_free(m);
	assert_int_equal(add("Large", "duty@example.com", 5, NULL), EMAIL_OK);
	config.max_size = 200;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("Large", "duty@example.com", 5, NULL), EMAIL_E_LIMIT);
	assert_int_equal(size_of(outbox), 1);
}

static void
limits_may_change_at_any_time(void **state)
{
	(void)state;
	config.max_count = 2;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("1", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("2", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("3", "duty@example.com", 5, NULL), EMAIL_E_QUEUE_FULL);
	config.max_count = 3;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("3", "duty@example.com", 5, NULL), EMAIL_OK);
	config.drop_oldest = true;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("4", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(size_of(outbox), 3);
	assert_int_equal(events[EMAIL__SPOOL_DEAD], 1);
	assert_string_equal(told, "Out");
	/* one that is less important than all that wait makes no room for itself */
	assert_int_equal(add("5", "duty@example.com", 4, NULL), EMAIL_E_QUEUE_FULL);
	config.drop_oldest = false;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("6", "duty@example.com", 5, NULL), EMAIL_E_QUEUE_FULL);
}

/* --- suppressWithin --- */

static void
suppress(int64_t ms)
{
	config.suppress_within = ms;
	email__outbox_limit(outbox, &config);
}

static void
the_same_again_is_suppressed(void **state)
{
	(void)state;
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_OK);
	suppress(60000);
	/* what came before it was asked for is not remembered */
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_E_SUPPRESSED);
	assert_int_equal(e.stage, EMAIL_STAGE_QUEUE);
	/* another subject, others to read it, more of them, are another mail */
	assert_int_equal(add("Door closed", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("Door open", "night@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("Door open", "duty@example.com, night@example.com", 5, NULL), EMAIL_OK);
	/* however important */
	assert_int_equal(add("Door open", "duty@example.com", 9, NULL), EMAIL_E_SUPPRESSED);
	assert_int_equal(size_of(outbox), 5);
	suppress(0);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_OK);
}

static void
after_its_time_it_is_a_mail_again(void **state)
{
	int64_t began;

	(void)state;
	suppress(50);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_OK);
	began = email__clock_ms();
	while (add("Door open", "duty@example.com", 5, NULL) == EMAIL_E_SUPPRESSED)
		assert_true(email__clock_ms() - began < 5000);
	assert_int_equal(e.code, EMAIL_OK);
	assert_int_equal(size_of(outbox), 2);
}

/* One that could not be queued is no reason to suppress the next. */
static void
what_was_refused_suppresses_nothing(void **state)
{
	(void)state;
	suppress(60000);
	config.max_count = 1;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("Other", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_E_QUEUE_FULL);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_E_QUEUE_FULL);
	config.max_count = 2;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("Door open", "duty@example.com", 5, NULL), EMAIL_E_SUPPRESSED);
}

/* A repeat under its key is no flood: it is answered with the id, whether suppressWithin is set or not. */
static void
a_key_is_answered_before_anything_is_suppressed(void **state)
{
	char first[EMAIL_ID_SIZE];

	(void)state;
	suppress(60000);
	assert_int_equal(add("Door open", "duty@example.com", 5, "door 1"), EMAIL_OK);
	memcpy(first, id, sizeof first);
	memset(id, 0, sizeof id);
	assert_int_equal(add("Door open", "duty@example.com", 5, "door 1"), EMAIL_OK);
	assert_string_equal(id, first);
	assert_int_equal(size_of(outbox), 1);
	/* under another key it is the same mail again */
	assert_int_equal(add("Door open", "duty@example.com", 5, "door 2"), EMAIL_E_SUPPRESSED);
	assert_int_equal(size_of(outbox), 1);
	/* a repeat with another subject neither, and it does not stand for a mail that was queued */
	assert_int_equal(add("Door closed", "duty@example.com", 5, "door 1"), EMAIL_OK);
	assert_string_equal(id, first);
	assert_int_equal(add("Door closed", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(size_of(outbox), 2);
}

/* --- many at once --- */

enum { THREADS = 4, EACH = 25 };
static int taken[THREADS];

static void *
add_often(void *context)
{
	email_account *mine = email_account_new(EMAIL_OUTGOING, "Out");
	char made[EMAIL_ID_SIZE];
	int i, *n = context;

	email_account_set(mine, "from", "plant@example.com");
	for (i = 0; i < EACH; i++) {
		email_message *m = email_message_new();
		email_error why = {0};

		email_message_add_to(m, "duty@example.com");
		email_message_set_subject(m, "The same");
		email_message_set_text(m, "text\n");
		*n += email__outbox_add(outbox, mine, m, i % 10, NULL, made, &why) == EMAIL_OK;
		email_message_free(m);
	}
	email_account_free(mine);
	return NULL;
}

static int
add_from_threads(void)
{
	pthread_t thread[THREADS];
	int i, sum = 0;

	memset(taken, 0, sizeof taken);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, add_often, &taken[i]), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		sum += taken[i];
	}
	return sum;
}

static void
several_threads_at_once(void **state)
{
	(void)state;
	config.max_count = 10 + EACH;
	email__outbox_limit(outbox, &config);
	assert_int_equal(add_from_threads(), 10 + EACH);
	assert_int_equal(size_of(outbox), 10 + EACH);
	/* of the same one, however many bring it, one is the first */
	config.max_count = 1000;
	suppress(600000);
	assert_int_equal(add_from_threads(), 1);
	assert_int_equal(size_of(outbox), 11 + EACH);
}

/* --- what the account is told --- */

static void
expect(const char *property, const char *value)
{
	char text[400];

	assert_int_equal(email_account_get(account, property, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, value);
}

static void
discards_are_counted_once(void **state)
{
	email__now now = email__outbox_now(NULL);
	size_t n;

	(void)state;
	email__outbox_count_discards(outbox, account);
	expect("numberDiscarded", "0");
	assert_int_equal(add("1", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("2", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(add("3", "duty@example.com", 5, NULL), EMAIL_OK);
	assert_int_equal(email__spool_cancel(outbox->spool, id, "nobody wants it", &now, &e), EMAIL_OK);
	email__outbox_count_discards(outbox, account);
	expect("numberDiscarded", "1");
	expect("lastDiscardCause", "nobody wants it");
	assert_int_equal(email__spool_clear(outbox->spool, &now, &n, &e), EMAIL_OK);
	email__outbox_count_discards(outbox, account);
	email__outbox_count_discards(outbox, account);
	expect("numberDiscarded", "3");
	expect("lastDiscardCause", "the queue was cleared");
	assert_true(account->v.last_discard >= now.wall);
	assert_int_equal(events[EMAIL__SPOOL_DEAD], 3);
}

/* --- a digest --- */

enum { FLOOD = 30 };

/* Of what waits, what 10 mails a minute leave for a digest. */
static size_t
choose(email__waiting **chosen, const email__now *now)
{
	const email__policy_config policy = {.per_day = -1, .per_minute = -1, .digest_above = 10};
	static email__policy p;
	email__waiting *const *all;
	size_t count, n;

	email__policy_init(&p, &policy);
	email__spool_hold(outbox->spool);
	all = email__spool_waiting(outbox->spool, &count);
	assert_int_equal(email__policy_fold(&p, all, count, email__spool_running_locked(outbox->spool, now),
	                                    chosen, FLOOD, &n),
	                 EMAIL_OK);
	email__spool_release(outbox->spool);
	return n;
}

/* The worker has the queue, and many came at once. */
static size_t
flood(const char *subject, email__waiting **chosen, email__now *now)
{
	size_t n, i;

	*now = email__outbox_now(NULL);
	assert_int_equal(email__spool_start(outbox->spool, now, &e), EMAIL_OK);
	for (i = 0; i < FLOOD; i++)
		assert_int_equal(add(subject, "duty@example.com, night@example.com", i == 15 ? 7 : 5, NULL),
		                 EMAIL_OK);
	now->mono += 120000;
	n = choose(chosen, now);
	assert_int_equal(n, FLOOD - 10);
	return n;
}

static void
a_digest_stands_for_a_flood(void **state)
{
	email__waiting *chosen[FLOOD];
	char dead[EMAIL_ID_SIZE], line[80], *text;
	const email__mailfile *f;
	email__view *v;
	email__now now;
	size_t n, folded;

	(void)state;
	n = flood("Sensor", chosen, &now);
	memcpy(dead, chosen[3]->id, sizeof dead);
	suppress(60000); /* which is not for digests */
	memset(&e, 0, sizeof e);
	assert_int_equal(email__outbox_digest(outbox, chosen, n, &now, &folded, id, &e), EMAIL_OK);
	assert_int_equal(folded, n);
	/* they are named, and leave when the worker has time */
	assert_int_equal(size_of(outbox), FLOOD + 1);
	assert_int_equal(email__standin_takes(outbox->spool, chosen, n, id, &now, &folded, &e), EMAIL_OK);
	assert_int_equal(folded, n);
	assert_int_equal(size_of(outbox), FLOOD - n + 1);
	v = view(id);
	f = email__view_mail(v);
	assert_true(f->digest);
	assert_int_equal(f->priority, 7);
	assert_string_equal(f->from, "plant@example.com");
	assert_int_equal(f->count, 2);
	assert_string_equal(f->recipients[1].address, "night@example.com");
	snprintf(line, sizeof line, "%zu messages: Sensor", n);
	assert_string_equal(f->subject, line);
	text = spoolbox_read(email__view_source(v));
	assert_non_null(strstr(text, "Auto-Submitted: auto-generated\r\n"));
	assert_non_null(strstr(text, dead));
	assert_null(strstr(strstr(text, "\r\n\r\n"), "night@example.com"));
	free(text);
	email__view_free(v);
	v = view(dead);
	assert_true(email__view_dead(v));
	assert_non_null(strstr(email__view_mail(v)->cause, id));
	email__view_free(v);
	email__outbox_count_discards(outbox, account);
	snprintf(line, sizeof line, "%zu", n);
	expect("numberDiscarded", line);
	/* nobody is left to stand for */
	memset(&e, 0, sizeof e);
	email__spool_stop(outbox->spool, &now);
}

/* However its mails' subject was cut, a digest has one that can be sent. */
static void
a_digest_of_long_subjects(void **state)
{
	email__waiting *chosen[FLOOD];
	char subject[2 * EMAIL__QUEUE_SUBJECT_MAX + 3];
	email__view *v;
	email__now now;
	size_t n, folded, i, shift;

	(void)state;
	shift = *state ? 1 : 0;
	memset(subject, 'x', sizeof subject);
	for (i = shift; i + 2 < sizeof subject; i += 2)
		memcpy(subject + i, "\xC3\xA9", 2);
	subject[i] = '\0';
	n = flood(subject, chosen, &now);
	memset(&e, 0, sizeof e);
	if (email__outbox_digest(outbox, chosen, n, &now, &folded, id, &e))
		fail_msg("%s", e.text);
	v = view(id);
	assert_int_equal(email__view_mail(v)->count, 2);
	email__view_free(v);
	email__spool_stop(outbox->spool, &now);
}

/* It waits still, or a digest that waits stands for it. */
static void
is_waiting_or_stood_for(const char *which)
{
	email__view *v = view(which), *digest;
	char by[EMAIL_ID_SIZE];

	if (email__view_dead(v)) {
		assert_int_equal(sscanf(email__view_mail(v)->cause, "digest %32s stands for it", by), 1);
		digest = view(by);
		assert_false(email__view_dead(digest));
		assert_true(email__view_mail(digest)->digest);
		email__view_free(digest);
	}
	email__view_free(v);
}

/* Whatever fails, no mail is gone. */
static void
a_digest_without_memory(void **state)
{
	email__waiting *chosen[FLOOD];
	char ids[FLOOD][EMAIL_ID_SIZE];
	email__now now;
	size_t n, all, i, k, folded;
	bool failed = true;

	(void)state;
	all = flood("Sensor", chosen, &now);
	for (i = 0; i < all; i++)
		memcpy(ids[i], chosen[i]->id, EMAIL_ID_SIZE);
	for (i = 1, n = all; failed && n > 0; i++, n = choose(chosen, &now)) {
		email_code rc;

		memset(&e, 0, sizeof e);
		email_test_fail_alloc(i);
		rc = email__outbox_digest(outbox, chosen, n, &now, &folded, id, &e);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		assert_int_equal(e.code, rc);
		assert_true(rc == EMAIL_OK || failed);
		for (k = 0; k < all; k++)
			is_waiting_or_stood_for(ids[k]);
	}
	assert_true(i > 20);
	email__spool_stop(outbox->spool, &now);
}

/* --- memory --- */

static void
want_of_memory_queues_nothing(void **state)
{
	size_t n, before;
	bool failed = true;

	(void)state;
	for (n = 1; failed; n++) {
		email_message *m = mail("Boiler 2", "duty@example.com");
		email_code rc;

		before = size_of(outbox);
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(n);
		rc = email__outbox_add(outbox, account, m, 5, NULL, id, &e);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		assert_int_equal(e.code, rc);
		assert_true(rc == EMAIL_OK || failed);
		/* an error means absent */
		assert_int_equal(size_of(outbox), before + (rc == EMAIL_OK));
		email_message_free(m);
	}
	assert_true(n > 10);
}

static void
want_of_memory_opens_nothing(void **state)
{
	email__now now = email__outbox_now(NULL);
	bool failed = true;
	size_t n;

	email__outbox_close(outbox);
	for (n = 1; failed; n++) {
		size_t before = email_test_blocks(), after;
		email_code rc;

		memset(&e, 0, sizeof e);
		email_test_fail_alloc(n);
		rc = email__outbox_open(&config, &now, &outbox, &e);
		failed = email_test_alloc_failed();
		assert_int_equal(rc != EMAIL_OK, outbox == NULL);
		assert_int_equal(e.code, rc);
		assert_true(rc == EMAIL_OK || failed);
		email__outbox_close(outbox);
		after = email_test_blocks();
		email_test_fail_alloc_off();
		assert_int_equal(after, before);
	}
	assert_true(n > 3);
	open_it();
	(void)state;
}

/* A folder that cannot be one is an error of this account, with its name. */
static void
a_folder_that_is_none(void **state)
{
	email__now now = email__outbox_now(NULL);
	email__outbox *other = outbox;
	char path[96];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/file", folder);
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
	config.folder = path;
	assert_int_equal(email__outbox_open(&config, &now, &other, &e), EMAIL_E_FILE);
	assert_null(other);
	assert_non_null(strstr(e.text, path));
}

/* What the clock says is believed where nobody knows better. */
static void
the_time_as_the_queue_wants_it(void **state)
{
	int64_t before = email__clock_ms();
	email__now now = email__outbox_now(NULL);

	(void)state;
	assert_in_range(now.mono, before, email__clock_ms());
	assert_in_range(now.wall, email__clock_wall() - 1, email__clock_wall());
	assert_int_equal(now.offset, email__clock_local_offset(now.wall));
	assert_true(now.clock_set);
}

int
main(void)
{
#define T(f) \
	cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, NULL), \
		cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, &in_memory)
	const struct CMUnitTest tests[] = {
		T(keeps_what_the_envelope_says),
		T(what_is_no_mail_is_refused),
		T(limits_may_change_at_any_time),
		T(the_same_again_is_suppressed),
		T(after_its_time_it_is_a_mail_again),
		T(what_was_refused_suppresses_nothing),
		T(a_key_is_answered_before_anything_is_suppressed),
		T(several_threads_at_once),
		T(discards_are_counted_once),
		T(a_digest_stands_for_a_flood),
		T(a_digest_of_long_subjects),
		T(a_digest_without_memory),
		T(want_of_memory_queues_nothing),
		T(want_of_memory_opens_nothing),
		T(a_folder_that_is_none),
		T(the_time_as_the_queue_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
