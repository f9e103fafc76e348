/* SPDX-License-Identifier: MIT */
/* Commands that are outstanding, answered in any order, and never before they were asked. */
#include "base/error.h"
#include "proto/imap_engine.h"
#include "support/cm.h"

static struct email__imap s;

static void
start(unsigned head, unsigned commands)
{
	memset(&s, 0, sizeof s);
	email__buf_init(&s.link.out, EMAIL__LINK_OUT_MAX);
	s.head = head;
	while (commands--) {
		s.link.sent += 10;
		email__imap_expect(&s, commands % 2 ? X_FETCH : X_FLAG);
	}
}

/* Every order of taking four out, wherever the ring begins: the others keep theirs. */
static void
any_order(void **state)
{
	unsigned head, first, second, third;

	(void)state;
	for (head = 0; head < EMAIL__IMAP_COMMANDS; head++)
		for (first = 0; first < 4; first++)
			for (second = 0; second < 3; second++)
				for (third = 0; third < 2; third++) {
					unsigned left[4] = {1, 2, 3, 4}, n = 4, k,
						 out[3] = {first, second, third};

					start(head, 4);
					for (k = 0; k < 3; k++, n--) {
						char tag[16];
						const char *rest;
						unsigned i;

						snprintf(tag, sizeof tag, "A%u OK", left[out[k]]);
						assert_int_equal(
							email__imap_find_tag(&s, tag, strlen(tag), &rest),
							out[k]);
						assert_string_equal(rest, "OK");
						email__imap_remove(&s, out[k]);
						assert_int_equal(
							email__imap_find_tag(&s, tag, strlen(tag), &rest),
							s.expected);
						for (i = out[k]; i + 1 < n; i++)
							left[i] = left[i + 1];
					}
					assert_int_equal(s.expected, 1);
					assert_int_equal(s.ring[s.head].tag, left[0]);
				}
}

static void
tags(void **state)
{
	static const char *const none[] = {"A",     "A1",     "a1 OK", "A11 OK", "A01 OK",
	                                   "A5 OK", " A1 OK", "",      "A0 OK",  "B1 OK"};
	const char *rest;
	size_t i;

	(void)state;
	start(0, 4);
	for (i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(email__imap_find_tag(&s, none[i], strlen(none[i]), &rest), 4);
	assert_int_equal(email__imap_tag(&s), 5);
}

/* A command that still waits in `out`, if only by its last byte, has no answer. */
static void
not_asked_for(void **state)
{
	static const char bytes[40];

	(void)state;
	start(3, 4);
	assert_int_equal(email__buf_add(&s.link.out, bytes, 40), EMAIL_OK);
	assert_false(email__imap_asked_for(&s, 0));
	email__buf_consume(&s.link.out, 9);
	assert_false(email__imap_asked_for(&s, 0));
	email__buf_consume(&s.link.out, 1);
	assert_true(email__imap_asked_for(&s, 0));
	assert_false(email__imap_asked_for(&s, 1));
	email__buf_consume(&s.link.out, 30);
	assert_true(email__imap_asked_for(&s, 3));
	assert_false(email__imap_asked_for(&s, 4));
	assert_true(email__imap_awaits(&s, X_FETCH) && email__imap_awaits(&s, X_FLAG));
	assert_false(email__imap_awaits(&s, X_IDLE));
	email__buf_dispose(&s.link.out);
}

/* What could not be written is not expected, and ends the session. */
static void
not_written(void **state)
{
	(void)state;
	start(0, 0);
	assert_int_equal(email__imap_sent(&s, EMAIL_E_VALUE, X_FETCH, S_READY), S_FAILED);
	assert_int_equal(s.expected, 0);
	assert_int_equal(s.link.error.code, EMAIL_E_VALUE);
	assert_int_equal(email__imap_sent(&s, EMAIL_OK, X_FETCH, S_READY), S_READY);
	assert_int_equal(s.expected, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_order), cmocka_unit_test(tags),
	                                   cmocka_unit_test(not_asked_for), cmocka_unit_test(not_written)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
