/* SPDX-License-Identifier: MIT */
#include "os/scratch.h"

#include <string.h>

#include "support/cm.h"
#include "support/failalloc.h"

static void
fill(char *out, size_t n, size_t from)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (char)((from + i) * 31 + ((from + i) >> 8));
}

/* Adds `total` bytes in pieces, reads them again in others. */
static void
round_trip(email__scratch *s, size_t total, size_t piece)
{
	static char bytes[70000], again[70000];
	email__reader r;
	email_error e = {0};
	uint64_t at = 0;
	size_t n, got, done;

	for (done = 0; done < total; done += n) {
		n = total - done < piece ? total - done : piece;
		fill(bytes, n, done);
		assert_int_equal(email__scratch_add(s, bytes, n, &e), EMAIL_OK);
	}
	assert_int_equal(email__scratch_reader(s, &r, &e), EMAIL_OK);
	assert_int_equal(r.size, total);
	for (;;) {
		assert_int_equal(r.read_at(r.context, at, again, 777, &got), EMAIL_OK);
		if (got == 0)
			break;
		fill(bytes, got, (size_t)at);
		assert_memory_equal(again, bytes, got);
		at += got;
	}
	assert_int_equal(at, total);
	assert_int_equal(r.read_at(r.context, total + 1000, again, 10, &got), EMAIL_OK);
	assert_int_equal(got, 0);
}

static void
small_ones_stay_in_memory(void **state)
{
	email__scratch s;
	email__reader r;

	(void)state;
	assert_int_equal(email__scratch_init(&s, "/nonexistent", 1000), EMAIL_OK);
	round_trip(&s, 0, 1);
	round_trip(&s, 1000, 7);
	assert_int_equal(email__scratch_reader(&s, &r, NULL), EMAIL_OK);
	assert_non_null(r.bytes);
	email__scratch_dispose(&s);
}

static void
large_ones_go_to_a_file(void **state)
{
	email__scratch s;

	(void)state;
	assert_int_equal(email__scratch_init(&s, NULL, 1000), EMAIL_OK);
	round_trip(&s, 100000, 333);
	assert_true(s.memory.cap <= 1000);
	email__scratch_clear(&s);
	round_trip(&s, 1001, 1);
	email__scratch_clear(&s);
	round_trip(&s, 65000, 65000);
	email__scratch_clear(&s);
	round_trip(&s, 500, 100);
	email__scratch_clear(&s);
	round_trip(&s, 65000, 65000);
	/* holds nothing, and is as good as new */
	email__scratch_rest(&s);
	assert_int_equal(s.fd, -1);
	assert_null(s.memory.data);
	round_trip(&s, 0, 1);
	round_trip(&s, 100000, 333);
	email__scratch_dispose(&s);
}

/* Until it is read, what was written ends with a whole block, whatever the pieces were. */
static void
the_file_is_written_in_blocks(void **state)
{
	static const size_t pieces[] = {1, 333, 999, 1000, 1001, 16384, 65000};
	static char bytes[65000];
	email__scratch s;
	email__reader r;
	email_error e = {0};
	size_t i, total;

	(void)state;
	assert_int_equal(email__scratch_init(&s, NULL, 1000), EMAIL_OK);
	for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		for (total = 0; total < 66000; total += pieces[i]) {
			assert_int_equal(email__scratch_add(&s, bytes, pieces[i], &e), EMAIL_OK);
			assert_int_equal(s.written % 1000, 0);
			assert_int_equal(s.written + email__buf_len(&s.memory), total + pieces[i]);
		}
		assert_true(s.written > 0);
		assert_int_equal(email__scratch_reader(&s, &r, &e), EMAIL_OK);
		assert_int_equal(r.size, total);
		email__scratch_clear(&s);
	}
	email__scratch_dispose(&s);
}

static void
no_place_for_the_file(void **state)
{
	email__scratch s;
	email_error e = {0};
	char bytes[20] = {0};

	(void)state;
	assert_int_equal(email__scratch_init(&s, "/nonexistent", 10), EMAIL_OK);
	assert_int_equal(email__scratch_add(&s, bytes, sizeof bytes, &e), EMAIL_E_FILE);
	assert_non_null(strstr(e.text, "/nonexistent"));
	assert_int_not_equal(e.os, 0);
	email__scratch_dispose(&s);
}

static void
no_memory(void **state)
{
	email__scratch s;
	email_error e = {0};
	size_t n;
	bool failed = true;

	(void)state;
	for (n = 1; failed; n++) {
		char bytes[2000] = {0};

		email_test_fail_alloc(n);
		if (email__scratch_init(&s, NULL, 1000) == EMAIL_OK) {
			email_code rc = email__scratch_add(&s, bytes, 10, &e);

			if (rc == EMAIL_OK)
				rc = email__scratch_add(&s, bytes, sizeof bytes, &e);
			assert_true(rc == EMAIL_OK || rc == EMAIL_E_MEMORY);
		}
		failed = email_test_alloc_failed();
		email__scratch_dispose(&s);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones_stay_in_memory),
		cmocka_unit_test(large_ones_go_to_a_file),
		cmocka_unit_test(the_file_is_written_in_blocks),
		cmocka_unit_test(no_place_for_the_file),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
