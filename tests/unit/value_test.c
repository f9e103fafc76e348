/* SPDX-License-Identifier: MIT */
/* Every type of value: there and back, refused, copied, compared, freed, and all that without memory. */
#include "support/cm.h"

#include "account/accept.h"
#include "account/value.h"
#include "base/limits.h"
#include "support/failalloc.h"
#include "support/samples.h"

#define TABLE email__account_table

static email__values v;

static int
setup(void **state)
{
	(void)state;
	memset(&v, 0, sizeof v);
	return email__values_init(&TABLE, &v) != EMAIL_OK;
}

static int
teardown(void **state)
{
	(void)state;
	email__values_free(&TABLE, &v);
	return 0;
}

static void
assert_prints(const email__property *row, const char *expected)
{
	email__buf out;

	email__buf_init(&out, EMAIL__TEXT_MAX);
	assert_int_equal(email__value_print(row, &v, &out), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), expected);
	email__buf_dispose(&out);
}

static void
every_default_goes_through_text(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE.count; i++) {
		const email__property *row = &TABLE.row[i];

		if (row->compute || row->type == EMAIL__TYPE_NAME)
			continue;
		assert_prints(row, row->p.default_text);
		if (!row->p.read_only)
			assert_int_equal(email__value_parse(row, &v, row->p.default_text, NULL), EMAIL_OK);
		assert_prints(row, row->p.default_text);
	}
}

static void
every_good_text_comes_back(void **state)
{
	email__values other = {0};
	size_t i;

	(void)state;
	assert_int_equal(email__values_init(&TABLE, &other), EMAIL_OK);
	for (i = 0; i < TABLE.count; i++) {
		const email__property *row = &TABLE.row[i];
		const char *good = email_test_good(row);

		if (row->p.read_only || !good)
			continue;
		assert_int_equal(email__value_parse(row, &v, good, NULL), EMAIL_OK);
		assert_prints(row, good);
		if (row->type == EMAIL__TYPE_NAME || strcmp(good, row->p.default_text) == 0)
			continue;
		assert_false(email__value_equal(row, &v, &other));
		assert_int_equal(email__value_reset(row, &v), EMAIL_OK);
		assert_true(email__value_equal(row, &v, &other));
	}
	email__values_free(&TABLE, &other);
}

static void
every_bad_text_is_refused_and_explained(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE.count; i++) {
		const email__property *row = &TABLE.row[i];
		const char *bad;

		if (row->p.read_only)
			continue;
		for (k = 0; (bad = email_test_bad(row, k)); k++) {
			email_error e = {0};

			if (email__value_parse(row, &v, bad, &e) != EMAIL_E_VALUE)
				fail_msg("%s accepted \"%.80s\"", row->p.name, bad);
			assert_int_equal(e.code, EMAIL_E_VALUE);
			assert_non_null(strstr(e.text, row->p.name));
			assert_non_null(strstr(e.text, "expected"));
			if (row->type != EMAIL__TYPE_NAME)
				assert_prints(row, row->p.default_text);
		}
	}
}

static void
try(const char *name, const char *text, email_code code, const char *kept)
{
	const email__property *row = email__table_find(&TABLE, name);

	if (email__value_parse(row, &v, text, NULL) != code)
		fail_msg("%s=\"%s\"", name, text);
	if (kept)
		assert_prints(row, kept);
}

static void
hosts(void **state)
{
	(void)state;
	try("hostname", "192.0.2.1", EMAIL_OK, "192.0.2.1");
	try("hostname", "2001:db8::1", EMAIL_OK, "2001:db8::1");
	try("hostname", "[2001:db8::1]", EMAIL_OK, "2001:db8::1");
	try("hostname", "m\xC3\xBCll.example", EMAIL_OK, "m\xC3\xBCll.example");
	try("hostname", "SMTP.Example.COM.", EMAIL_OK, "SMTP.Example.COM.");
	try("hostname", "", EMAIL_OK, "");
	try("hostname", "a\r\nb", EMAIL_E_VALUE, NULL);
	try("hostname", "a\nb", EMAIL_E_VALUE, NULL);
	try("hostname", " a", EMAIL_E_VALUE, NULL);
	try("hostname", "[192.0.2.1]", EMAIL_E_VALUE, NULL);
	try("hostname", "[2001:db8::1", EMAIL_E_VALUE, NULL);
	try("hostname", "192.0.2.1:25", EMAIL_E_VALUE, NULL);
	try("hostname", "[2001:db8::1]:25", EMAIL_E_VALUE, NULL);
	try("hostname", "a..b", EMAIL_E_VALUE, NULL);
	try("hostname", "\xFF.example", EMAIL_E_VALUE, NULL);
	try("ehloName", "[IPv6:2001:db8::1]", EMAIL_OK, "[IPv6:2001:db8::1]");
	try("ehloName", "[2001:db8::1]", EMAIL_E_VALUE, NULL);
	try("ehloName", "[IPv6:192.0.2.1]", EMAIL_E_VALUE, NULL);
	try("ehloName", "[IPv6:]", EMAIL_E_VALUE, NULL);
	try("ehloName", "[example.com]", EMAIL_E_VALUE, NULL);
	try("ehloName", "192.0.2.1", EMAIL_E_VALUE, NULL);
	try("ehloName", "station.example.com", EMAIL_OK, NULL);
	try("ehloName", "a\r\nMAIL FROM:<>", EMAIL_E_VALUE, NULL);
}

static void
texts(void **state)
{
	char long_text[EMAIL__TEXT_MAX + 2];

	(void)state;
	try("folder", "Gel\xC3\xB6scht/2026", EMAIL_OK, "Gel\xC3\xB6scht/2026");
	try("folder", "", EMAIL_E_VALUE, NULL);
	try("folder", " a", EMAIL_E_VALUE, NULL);
	try("folder", "a ", EMAIL_E_VALUE, NULL);
	try("folder", "a\tb", EMAIL_E_VALUE, NULL);
	try("folder", "a\x7F", EMAIL_E_VALUE, NULL);
	try("folder", "\xC0\x80", EMAIL_E_VALUE, NULL);
	try("folder", "\xEF\xBF\xBE", EMAIL_E_VALUE, NULL); /* U+FFFE is no XML character */
	memset(long_text, 'a', sizeof long_text - 1);
	long_text[EMAIL__TEXT_MAX + 1] = '\0';
	try("folder", long_text, EMAIL_E_VALUE, NULL);
	long_text[EMAIL__TEXT_MAX] = '\0';
	try("folder", long_text, EMAIL_OK, long_text);
	try("useIdle", "0", EMAIL_OK, "false");
	try("useIdle", "1", EMAIL_OK, "true");
	try("pollrate", "PT60S", EMAIL_OK, "PT1M");
	try("pollrate", "PT1S", EMAIL_OK, "PT1S");
	try("port", "007", EMAIL_OK, "7");
	try("from", "\"Plant, room\" <plant@example.com>", EMAIL_OK, NULL);
	try("from", "a@example.com, b@example.com", EMAIL_E_VALUE, NULL);
	try("from", "a@example.com\r\nBcc: c@example.com", EMAIL_E_VALUE, NULL);
}

static void
secrets(void **state)
{
	static const char *const p = "emailAuthenticator.password";
	char big[EMAIL__SECRET_MAX + 16] = "value:";

	(void)state;
	try(p, "env:PLANT_PASSWORD", EMAIL_OK, "env:PLANT_PASSWORD");
	try(p, "value: with blanks ", EMAIL_OK, "value: with blanks ");
	try(p, "value:env:X", EMAIL_OK, "value:env:X");
	try(p, "hunter2", EMAIL_E_VALUE, NULL);
	try(p, "env:", EMAIL_E_VALUE, NULL);
	try(p, "env:1X", EMAIL_E_VALUE, NULL);
	try(p, "env:A B", EMAIL_E_VALUE, NULL);
	try(p, "file:", EMAIL_E_VALUE, NULL);
	try(p, "file:a\nb", EMAIL_E_VALUE, NULL);
	try(p, "sealed:AQID", EMAIL_OK, "sealed:AQID");
	try(p, "sealed:AQI=", EMAIL_OK, "sealed:AQI=");
	try(p, "sealed:", EMAIL_E_VALUE, NULL);
	try(p, "sealed:AQI", EMAIL_E_VALUE, NULL);
	try(p, "sealed:A===", EMAIL_E_VALUE, NULL);
	try(p, "sealed:AQ%D", EMAIL_E_VALUE, NULL);
	try(p, "value:env:X", EMAIL_OK, "value:env:X");
	try(p, "VALUE:x", EMAIL_E_VALUE, NULL);
	try(p, "value:\xFF", EMAIL_E_VALUE, "value:env:X");
	try(p, "value:", EMAIL_OK, "");
	try(p, "value:x", EMAIL_OK, "value:x");
	try(p, "", EMAIL_OK, "");
	memset(big + 6, 'x', EMAIL__SECRET_MAX);
	try(p, big, EMAIL_OK, NULL);
	big[6 + EMAIL__SECRET_MAX] = 'x';
	try(p, big, EMAIL_E_VALUE, NULL);
}

static void
a_secret_given_by_mistake_is_not_quoted(void **state)
{
	const email__property *row = email__table_find(&TABLE, "emailAuthenticator.password");
	email_error e = {0};

	(void)state;
	assert_int_equal(email__value_parse(row, &v, "hunter2", &e), EMAIL_E_VALUE);
	assert_null(strstr(e.text, "hunter2"));
	assert_null(strstr(e.remedy, "hunter2"));
}

static void
errors_help(void **state)
{
	email_error e = {0};

	(void)state;
	email__value_parse(email__table_find(&TABLE, "store"), &v, "imap", &e);
	assert_string_equal(e.remedy, "did you mean Imap?");
	memset(&e, 0, sizeof e);
	email__value_parse(email__table_find(&TABLE, "folder"), &v, "a\x1B[31m", &e);
	assert_null(strchr(e.text, '\x1B'));
}

static void
statuses(void **state)
{
	const email__property *row = email__table_find(&TABLE, "status");
	static const struct {
		int64_t bits;
		const char *text;
	} rows[] = {
		{0, "ok"},
		{EMAIL__STATUS_UNVERIFIED, "unverified"},
		{EMAIL__STATUS_DISABLED | EMAIL__STATUS_UNVERIFIED, "disabled,unverified"},
		{EMAIL__STATUS_DOWN | EMAIL__STATUS_FAULT, "down,fault"},
	};
	email__buf out;
	size_t i;

	(void)state;
	email__buf_init(&out, 64);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		email__buf_clear(&out);
		assert_int_equal(email__value_print_number(row, rows[i].bits, &out), EMAIL_OK);
		assert_string_equal(email__buf_text(&out), rows[i].text);
	}
	email__buf_dispose(&out);
	v.last_poll_success = 1795510800;
	assert_prints(email__table_find(&TABLE, "lastPollSuccess"), "2026-11-24T09:00:00Z");
}

static void
a_copy_is_equal_and_apart(void **state)
{
	email__values copy;
	size_t i;

	(void)state;
	try("emailAuthenticator.password", "value:x", EMAIL_OK, NULL);
	try("hostname", "a.example", EMAIL_OK, NULL);
	try("port", "99", EMAIL_OK, NULL);
	assert_int_equal(email__values_copy(&TABLE, &copy, &v, sizeof v), EMAIL_OK);
	for (i = 0; i < TABLE.count; i++)
		if (!TABLE.row[i].compute && TABLE.row[i].type != EMAIL__TYPE_NAME)
			assert_true(email__value_equal(&TABLE.row[i], &v, &copy));
	try("hostname", "b.example", EMAIL_OK, NULL);
	assert_string_equal(copy.hostname, "a.example");
	email__values_free(&TABLE, &copy);
}

static void
memory_may_end_anywhere(void **state)
{
	email__values a, copy;
	size_t n, before;
	bool done = false;

	(void)state;
	email_test_fail_alloc(0);
	before = email_test_blocks();
	for (n = 1; !done; n++) {
		email_code rc;

		memset(&a, 0, sizeof a);
		email_test_fail_alloc(n);
		rc = email__values_init(&TABLE, &a);
		if (rc == EMAIL_OK)
			rc = email__value_parse(email__table_find(&TABLE, "emailAuthenticator.password"), &a,
			                        "value:x", NULL);
		else
			assert_int_equal(email_test_blocks(), before);
		if (rc == EMAIL_OK) {
			rc = email__values_copy(&TABLE, &copy, &a, sizeof a);
			if (rc == EMAIL_OK)
				email__values_free(&TABLE, &copy);
		}
		assert_int_equal(rc, email_test_alloc_failed() ? EMAIL_E_MEMORY : EMAIL_OK);
		done = !email_test_alloc_failed();
		email__values_free(&TABLE, &a);
		assert_int_equal(email_test_blocks(), before);
	}
	assert_true(n > 30);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_default_goes_through_text, setup, teardown),
		cmocka_unit_test_setup_teardown(every_good_text_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(every_bad_text_is_refused_and_explained, setup, teardown),
		cmocka_unit_test_setup_teardown(hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(texts, setup, teardown),
		cmocka_unit_test_setup_teardown(secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(a_secret_given_by_mistake_is_not_quoted, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_help, setup, teardown),
		cmocka_unit_test_setup_teardown(statuses, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_is_equal_and_apart, setup, teardown),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
