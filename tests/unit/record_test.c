/* SPDX-License-Identifier: MIT */
/* The trust record in memory: its times, its roots, and what its digest is of. */
#include "trust/record.h"

#include "base/alloc.h"
#include "base/str.h"
#include "support/chains.h"
#include "support/cm.h"

#include "base/calendar.h"
#include "support/failalloc.h"

static void
test_times(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"},
		{951782399, "2000-02-28T23:59:59Z"},
		{951782400, "2000-02-29T00:00:00Z"},
		{1767225599, "2025-12-31T23:59:59Z"},
		{2147483648, "2038-01-19T03:14:08Z"},
		{4102444800, "2100-01-01T00:00:00Z"},
		{INT64_C(4107542400), "2100-03-01T00:00:00Z"},
		{INT64_C(253402300799), "9999-12-31T23:59:59Z"},
	};
	static const char *const bad[] = {"",
	                                  "2026-11-24",
	                                  "2026-11-24T08:30:00",
	                                  "2026-11-24 08:30:00Z",
	                                  "2026-11-24T08:30:00z",
	                                  "2026-02-29T00:00:00Z",
	                                  "2026-13-01T00:00:00Z",
	                                  "2026-11-24T24:00:00Z",
	                                  "2026-11-24T08:30:00Zx",
	                                  "+026-11-24T08:30:00Z",
	                                  "2026-11-24T08:30:00.5Z",
	                                  "2026-11-24T08:30:00+00:00"};
	char text[24];
	int64_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__time_write(rows[i].seconds, text);
		assert_string_equal(text, rows[i].text);
		assert_true(email__time_read(text, &seconds));
		assert_int_equal(seconds, rows[i].seconds);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(email__time_read(bad[i], &seconds));
}

static void
test_reasons(void **state)
{
	email_reasons all = ((email_reasons)1 << EMAIL_REASON_COUNT) - 1, back;
	char text[640];

	(void)state;
	email__reasons_write(all, text, sizeof text);
	assert_true(email__reasons_read(text, &back));
	assert_int_equal(back, all);
	email__reasons_write(0, text, sizeof text);
	assert_string_equal(text, "");
	assert_true(email__reasons_read("", &back) && back == 0);
	assert_true(email__reasons_read("expired  selfSigned ", &back));
	assert_int_equal(back, EMAIL_REASON(EXPIRED) | EMAIL_REASON(SELF_SIGNED));
	assert_false(email__reasons_read("expire", &back));
	assert_false(email__reasons_read("expired,selfSigned", &back));
}

static void
test_roots(void **state)
{
	email__record record = {0};

	(void)state;
	assert_int_equal(email__record_add_root(&record, "a", email__span_of("1", 1)), EMAIL_OK);
	assert_int_equal(email__record_add_root(&record, "b", email__span_of("22", 2)), EMAIL_OK);
	assert_int_equal(email__record_add_root(&record, "c", email__span_of("333", 3)), EMAIL_OK);
	email__record_remove_root(&record, 1);
	assert_int_equal(record.root_count, 2);
	assert_string_equal(record.roots[1].alias, "c");
	assert_int_equal(record.roots[1].len, 3);
	email_test_fail_alloc(1);
	assert_int_equal(email__record_add_root(&record, "d", email__span_of("4", 1)), EMAIL_E_MEMORY);
	email_test_fail_alloc(2);
	assert_int_equal(email__record_add_root(&record, "d", email__span_of("4", 1)), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_int_equal(record.root_count, 2);
	email__record_dispose(&record);
	assert_int_equal(record.root_count, 0);
}

static bool
moved(const email__record *record, uint64_t *digest)
{
	uint64_t before = *digest;

	*digest = email__record_digest(record);
	return *digest != before;
}

/* It moves with everything that a verdict depends on, and with nothing that a connection changes by itself. */
static void
test_digest(void **state)
{
	email__record record = {0};
	uint64_t d = email__record_digest(&record);
	email__cert leaf;
	email__row *row;
	email_code rc;
	bool first;

	(void)state;
	chain_setup(NULL);
	assert_true(email__cert_parse(email__span_of(made.leaf.der, made.leaf.len), &leaf));
	assert_false(moved(&record, &d));
	record.floor_policy = true;
	assert_true(moved(&record, &d));
	record.system_store = email__strdup("a");
	assert_true(moved(&record, &d));
	record.crl_file = record.system_store;
	record.system_store = NULL;
	assert_true(moved(&record, &d));
	email__record_add_root(&record, "a", email__span_of("1", 1));
	assert_true(moved(&record, &d));
	row = email__hosts_record(&record.hosts, "a.example", 465, &leaf, 1, 1000, &first, &rc);
	assert_non_null(row);
	assert_false(moved(&record, &d));
	email__hosts_approve(row, 1000, 0);
	assert_true(moved(&record, &d));
	row = email__hosts_record(&record.hosts, "a.example", 465, &leaf, 3, 2000, &first, &rc);
	record.clock_floor = 5;
	assert_false(moved(&record, &d));
	row->until = 7000;
	assert_true(moved(&record, &d));
	row->port = 25;
	assert_true(moved(&record, &d));
	email__hosts_refuse(&record.hosts, row, EMAIL_APPROVAL_REJECTED);
	assert_true(moved(&record, &d));
	row->changed = true;
	row->node = &record;
	email__record_settled(&record);
	assert_false(row->changed || row->node || row->unsaved);
	assert_int_equal(row->saved, 2000);
	email__record_dispose(&record);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_reasons),
	                                   cmocka_unit_test(test_roots), cmocka_unit_test(test_digest)};

	return cmocka_run_group_tests(tests, NULL, end);
}
