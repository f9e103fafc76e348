/* SPDX-License-Identifier: MIT */
/* Events: numbers, the last 64, those for the callback; from several threads. */
#include "support/cm.h"

#include <limits.h>
#include <pthread.h>

#include "service/events.h"
#include "support/failalloc.h"

static email__events events;

static int
setup(void **state)
{
	(void)state;
	return email__events_init(&events) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email__events_dispose(&events);
	return 0;
}

/* What came, and whether in order. */
typedef struct seen {
	unsigned long count, first, last, lost;
	bool disorder, empty;
} seen;

static void
see(void *context, const email_event *event)
{
	seen *s = context;

	if (event->kind == EMAIL_EVENT_QUEUE && strstr(event->text, "faster")) {
		s->lost += event->count;
		return;
	}
	s->disorder = s->disorder || event->number <= s->last;
	s->empty = s->empty || !event->account[0] || event->time == 0;
	if (s->count++ == 0)
		s->first = event->number;
	s->last = event->number;
}

static void
add(unsigned long n)
{
	email_event event = {.kind = EMAIL_EVENT_SENT, .account = "Out", .count = 1};

	while (n-- > 0)
		email__events_add(&events, &event);
}

static void
expect_kept(unsigned long after, unsigned long first, unsigned long last)
{
	seen s = {0};

	email__events_visit(&events, after, see, &s);
	assert_int_equal(s.first, first);
	assert_int_equal(s.last, last);
	assert_int_equal(s.count, first ? last - first + 1 : 0);
	assert_false(s.disorder || s.empty);
}

static void
every_kind_has_a_name(void **state)
{
	int i, k;

	(void)state;
	for (i = EMAIL_EVENT_SENT; i <= EMAIL_EVENT_STATUS; i++) {
		assert_true(strlen(email_event_name((email_event_kind)i)) > 3);
		for (k = EMAIL_EVENT_SENT; k < i; k++)
			assert_string_not_equal(email_event_name((email_event_kind)i),
			                        email_event_name((email_event_kind)k));
	}
	assert_string_equal(email_event_name((email_event_kind)99), "");
}

static void
the_last_64_are_kept(void **state)
{
	(void)state;
	expect_kept(0, 0, 0);
	add(1);
	expect_kept(0, 1, 1);
	expect_kept(1, 0, 0);
	add(62);
	expect_kept(0, 1, 63);
	add(1);
	expect_kept(0, 1, 64);
	add(1);
	expect_kept(0, 2, 65);
	add(135);
	expect_kept(0, 137, 200);
	expect_kept(136, 137, 200);
	expect_kept(150, 151, 200);
	expect_kept(199, 200, 200);
	expect_kept(200, 0, 0);
	expect_kept(ULONG_MAX, 0, 0);
	expect_kept(ULONG_MAX - 1, 0, 0);
}

static void
only_who_wants_them_gets_them(void **state)
{
	seen s = {0};

	(void)state;
	add(3);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, 0);
	email__events_want(&events, true);
	add(4);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, 4);
	assert_int_equal(s.first, 4);
	assert_false(s.disorder || s.empty);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, 4);
	/* nobody listens: they are gone all the same */
	add(1);
	email__events_deliver(&events, NULL, NULL);
	add(1);
	email__events_want(&events, false);
	email__events_want(&events, true);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, 4);
	expect_kept(0, 1, 9);
}

static void
what_is_too_fast_is_counted(void **state)
{
	seen s = {0};

	(void)state;
	email__events_want(&events, true);
	add(EMAIL__EVENTS_PENDING + 10);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, EMAIL__EVENTS_PENDING);
	assert_int_equal(s.lost, 10);
	assert_false(s.disorder);
	add(1);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, EMAIL__EVENTS_PENDING + 1);
	assert_int_equal(s.lost, 10);
	assert_int_equal(s.last, EMAIL__EVENTS_PENDING + 11);
}

/* Adds while some are pending, also where the room has to grow; and asks for the last ones. */
static void
see_and_add(void *context, const email_event *event)
{
	seen *s = context, kept = {0};

	see(s, event);
	if (s->count == 5 || s->count == 30)
		add(40);
	email__events_visit(&events, 0, see, &kept);
	assert_true(kept.count > 0 && kept.count <= EMAIL__EVENTS_KEPT);
	assert_false(kept.disorder || kept.empty);
}

static void
a_callback_may_add_and_ask(void **state)
{
	seen s = {0};

	(void)state;
	email__events_want(&events, true);
	add(16);
	email__events_deliver(&events, see_and_add, &s);
	assert_int_equal(s.count, 96);
	assert_int_equal(s.last, 96);
	assert_false(s.disorder || s.empty);
}

static void
visit_and_add(void *context, const email_event *event)
{
	see(context, event);
	add(1);
}

/* It ends, though each that is visited makes another one. */
static void
a_visit_ends(void **state)
{
	seen s = {0};

	(void)state;
	add(10);
	email__events_visit(&events, 0, visit_and_add, &s);
	assert_int_equal(s.count, 10);
	expect_kept(0, 1, 20);
}

static void
want_of_memory_loses_no_number(void **state)
{
	seen s = {0};

	(void)state;
	email__events_want(&events, true);
	email_test_fail_alloc_from(1);
	add(2);
	expect_kept(0, 0, 0);
	email_test_fail_alloc(0);
	add(1);
	expect_kept(0, 3, 3);
	email__events_deliver(&events, see, &s);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.first, 3);
	assert_int_equal(s.lost, 2);
	/* the room cannot grow: what is there is told */
	add(16);
	email_test_fail_alloc_from(1);
	add(5);
	email__events_deliver(&events, see, &s);
	email_test_fail_alloc(0);
	assert_int_equal(s.count, 17);
	assert_int_equal(s.lost, 7);
	assert_false(s.disorder || s.empty);
	email__events_dispose(&events);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
	assert_true(email__events_init(&events));
}

/* --- threads ---------------------------------------------------------------------------------- */

#define THREADS 4
#define EACH 3000

static void *
add_many(void *context)
{
	email_event event = {.kind = EMAIL_EVENT_DEFERRED};
	unsigned long i;

	snprintf(event.account, sizeof event.account, "%d", *(int *)context);
	for (i = 1; i <= EACH; i++) {
		event.count = i;
		email__events_add(&events, &event);
	}
	return NULL;
}

/* Whether a thread's own come in its order. */
typedef struct crowd {
	seen seen;
	unsigned long last[THREADS];
	bool disorder, disorder_kept;
} crowd;

static void
see_crowd(void *context, const email_event *event)
{
	crowd *c = context;
	seen kept = {0};

	see(&c->seen, event);
	if (event->kind == EMAIL_EVENT_DEFERRED) {
		unsigned long *last = &c->last[event->account[0] - '0'];

		c->disorder = c->disorder || event->count <= *last;
		*last = event->count;
	}
	if (event->number % 16)
		return;
	email__events_visit(&events, event->number, see, &kept);
	c->disorder_kept = c->disorder_kept || kept.disorder || kept.empty ||
	                   (kept.count && kept.first <= event->number);
}

static void
many_threads_add_and_one_is_told(void **state)
{
	static const int number[THREADS] = {0, 1, 2, 3};
	pthread_t thread[THREADS];
	crowd c = {0};
	int i, wait;

	(void)state;
	email__events_want(&events, true);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, add_many, (void *)(uintptr_t)&number[i]),
		                 0);
	for (wait = 0; wait < 2000 && c.seen.last < THREADS * EACH / 2; wait++)
		email__events_deliver(&events, see_crowd, &c);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	email__events_deliver(&events, see_crowd, &c);
	assert_false(c.disorder || c.seen.disorder || c.seen.empty || c.disorder_kept);
	assert_int_equal(c.seen.count + c.seen.lost, THREADS * EACH);
	assert_true(c.seen.count >= EMAIL__EVENTS_PENDING);
	expect_kept(0, THREADS * EACH - EMAIL__EVENTS_KEPT + 1, THREADS * EACH);
}

static void
keep_one(void *context, const email_event *event)
{
	*(email_event *)context = *event;
}

/* A log and a JSON parser can have it. */
static void
texts_are_printable(void **state)
{
	email_event event = {.kind = EMAIL_EVENT_DEFERRED, .count = 1}, got = {0};

	(void)state;
	memset(event.text, 'x', sizeof event.text - 2);
	event.text[sizeof event.text - 2] = '\xC3'; /* the half of a character */
	strcpy(event.recipient, "a\033[2J@b");
	email__events_add(&events, &event);
	email__events_visit(&events, 0, keep_one, &got);
	assert_string_equal(got.recipient, "a?[2J@b");
	assert_int_equal(strlen(got.text), sizeof event.text - 1);
	assert_int_equal(got.text[sizeof event.text - 2], '?');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test_setup_teardown(the_last_64_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(only_who_wants_them_gets_them, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_too_fast_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_callback_may_add_and_ask, setup, teardown),
		cmocka_unit_test_setup_teardown(a_visit_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(want_of_memory_loses_no_number, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_are_printable, setup, teardown),
		cmocka_unit_test_setup_teardown(many_threads_add_and_one_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
