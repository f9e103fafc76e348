/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "queue/spool_state.h"
#include "support/failalloc.h"

static email__waiting *
one(unsigned char priority, uint64_t sequence)
{
	email__waiting *w = email__new(email__waiting);

	w->priority = priority;
	w->sequence = sequence;
	return w;
}

/* Sorted, whole, and as many as there should be. */
static void
expect(email__spool *s, size_t n)
{
	size_t i, count, seen = 0;
	email__waiting *const *all = email__spool_waiting(s, &count), *last = NULL;

	for (i = 0; i < count; i++) {
		if (!all[i])
			continue;
		assert_true(!last || last->priority > all[i]->priority ||
		            (last->priority == all[i]->priority && last->sequence < all[i]->sequence));
		last = all[i];
		seen++;
	}
	assert_int_equal(seen, n);
	assert_true(count == 0 || all[0] != NULL);
}

static void
keeps_its_order_whatever_comes_and_goes(void **state)
{
	email__spool s;
	unsigned random = 1;
	size_t i, n = 0;

	(void)state;
	memset(&s, 0, sizeof s);
	for (i = 0; i < 5000; i++) {
		random = random * 1103515245u + 12345u;
		if (n > 0 && (random >> 16) % 5 < 2) {
			size_t count, at;
			email__waiting *const *all = email__spool_waiting(&s, &count);

			for (at = (random >> 8) % 3 ? 0 : (random >> 18) % count; !all[at];
			     at = (at + 1) % count)
				;
			email__spool_index_drop(&s, all[at]);
			n--;
		} else {
			assert_true(email__spool_index_add(&s, one((unsigned char)((random >> 20) % 10), i)));
			n++;
		}
		if (i % 50 == 0)
			expect(&s, n);
	}
	for (i = 0; i < 100; i++, n++)
		assert_true(email__spool_index_append(&s, one((unsigned char)(i * 7 % 10), 9000 - i)));
	email__spool_index_sort(&s);
	expect(&s, n);
	email__spool_index_clear(&s);
	expect(&s, 0);
}

static void
no_memory_is_noticed_by_the_next_look(void **state)
{
	email__spool s;
	email__waiting *w = one(5, 1);

	(void)state;
	memset(&s, 0, sizeof s);
	email_test_fail_alloc(1);
	assert_false(email__spool_index_add(&s, w));
	assert_true(s.missed);
	email_test_fail_alloc_off();
	email__free(w);
}

static void
knows_equal_mails(void **state)
{
	email__recipient to[] = {{.address = "a@b", .state = EMAIL__RCPT_PENDING},
	                         {.address = "c@d", .state = EMAIL__RCPT_DELIVERED}};
	email__mailfile m = {
		.subject = "x", .recipients = to, .count = 2, .queued = 5, .revived = 9, .next = 3};
	email__waiting *a, *b;

	(void)state;
	a = email__waiting_new("0123456789abcdef0123456789abcdef", &m);
	m.subject = "y";
	b = email__waiting_new("0123456789abcdef0123456789abcdef", &m);
	assert_true(a->subject != b->subject && a->recipients == b->recipients);
	assert_int_equal(a->pending, 1);
	assert_true(a->queued == 9 && a->next == 3);
	email__free(b);
	to[0].address = "a@bc";
	to[1].address = "@d";
	b = email__waiting_new("0123456789abcdef0123456789abcdef", &m);
	assert_true(a->recipients != b->recipients);
	email__free(a);
	email__free(b);
	email_test_fail_alloc(1);
	assert_null(email__waiting_new("0123456789abcdef0123456789abcdef", &m));
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_order_whatever_comes_and_goes),
		cmocka_unit_test(no_memory_is_noticed_by_the_next_look),
		cmocka_unit_test(knows_equal_mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
