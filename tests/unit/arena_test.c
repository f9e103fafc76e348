/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "support/cm.h"
#include "support/failalloc.h"

static void
gives_out_what_stays(void **state)
{
	email__arena a;
	char *text[200];
	size_t i;

	(void)state;
	email__arena_init(&a, 64, 1 << 20);
	for (i = 0; i < 200; i++) {
		char s[40];

		memset(s, 'a' + (int)(i % 26), sizeof s);
		assert_non_null(text[i] = email__arena_text(&a, s, i % 40));
	}
	for (i = 0; i < 200; i++) {
		size_t k;

		assert_int_equal(strlen(text[i]), i % 40);
		for (k = 0; k < i % 40; k++)
			assert_int_equal(text[i][k], 'a' + (int)(i % 26));
	}
	email__arena_dispose(&a);
	assert_int_equal(a.total, 0);
}

static void
aligns(void **state)
{
	email__arena a;
	size_t i;

	(void)state;
	email__arena_init(&a, 100, 1 << 20);
	for (i = 1; i < 50; i++) {
		assert_non_null(email__arena_text(&a, "x", 1));
		assert_int_equal((uintptr_t)email__arena_alloc(&a, i) % _Alignof(max_align_t), 0);
	}
	email__arena_dispose(&a);
}

static void
keeps_to_its_maximum(void **state)
{
	email__arena a;

	(void)state;
	email__arena_init(&a, 64, 200);
	assert_non_null(email__arena_alloc(&a, 64));
	assert_null(email__arena_alloc(&a, 137));
	assert_non_null(email__arena_alloc(&a, 136));
	assert_null(email__arena_alloc(&a, 1));
	assert_null(email__arena_alloc(&a, SIZE_MAX - 8));
	assert_int_equal(a.total, 200);
	email__arena_dispose(&a);
}

static void
room_brings_along(void **state)
{
	email__arena a;
	char *p;

	(void)state;
	email__arena_init(&a, 16, 1 << 20);
	assert_non_null(p = email__arena_room(&a, 10, 0));
	memcpy(p, "0123456789", 10);
	assert_non_null(p = email__arena_room(&a, 1000, 10));
	assert_memory_equal(p, "0123456789", 10);
	email__arena_commit(&a, 10);
	assert_ptr_equal(email__arena_room(&a, 1, 0), p + 10);
	email__arena_dispose(&a);
}

static void
arrays_grow(void **state)
{
	email__arena a;
	int *list = NULL;
	size_t room = 0, i;

	(void)state;
	email__arena_init(&a, 16, 1 << 20);
	for (i = 0; i < 1000; i++) {
		assert_non_null(list = email__arena_grow(&a, list, i, &room, sizeof *list));
		list[i] = (int)i;
	}
	for (i = 0; i < 1000; i++)
		assert_int_equal(list[i], (int)i);
	email__arena_dispose(&a);
}

static void
no_memory(void **state)
{
	email__arena a;

	(void)state;
	email__arena_init(&a, 16, 1 << 20);
	email_test_fail_alloc(1);
	assert_null(email__arena_alloc(&a, 1));
	email_test_fail_alloc_off();
	assert_non_null(email__arena_alloc(&a, 1));
	email__arena_dispose(&a);
}

static void
used_again(void **state)
{
	email__arena a;
	unsigned i;

	(void)state;
	email__arena_init(&a, 64, 1 << 20);
	email__arena_reset(&a, 1 << 20);
	email_test_fail_alloc(0);
	for (i = 0; i < 300; i++) {
		memset(email__arena_alloc(&a, 100), 7, 100);
		if (i % 100 == 99)
			email__arena_reset(&a, 1 << 20);
	}
	/* chunks that double, then one for all, and then none */
	assert_in_range(email_test_allocs(), 7, 10);
	email_test_fail_alloc(0);
	for (i = 0; i < 100; i++)
		memset(email__arena_alloc(&a, 100), 7, 100);
	assert_int_equal(email_test_allocs(), 0);
	/* more than is to be kept */
	email__arena_reset(&a, 100);
	assert_null(a.chunk);
	assert_int_equal(a.total, 0);
	assert_non_null(email__arena_alloc(&a, 100));
	email_test_fail_alloc_off();
	email__arena_dispose(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_out_what_stays), cmocka_unit_test(aligns),
		cmocka_unit_test(keeps_to_its_maximum), cmocka_unit_test(room_brings_along),
		cmocka_unit_test(arrays_grow),          cmocka_unit_test(no_memory),
		cmocka_unit_test(used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
