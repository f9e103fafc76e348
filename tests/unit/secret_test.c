/* SPDX-License-Identifier: MIT */
/* Secrets where they are kept: value, environment, file. */
#include "support/cm.h"

#include <stdlib.h>
#include <unistd.h>

#include "account/account.h"
#include "base/limits.h"
#include "support/failalloc.h"

static char folder[] = "/tmp/email-secret-XXXXXX";
static char sheet[128], file[128];
static email__buf text;

static int
group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(sheet, sizeof sheet, "%s/email.xml", folder);
	snprintf(file, sizeof file, "%s/a.secret", folder);
	email__buf_init(&text, EMAIL__SECRET_MAX + 2);
	text.secret = true;
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	email__buf_dispose(&text);
	unlink(file);
	return rmdir(folder);
}

static void
write_secret(const char *bytes, size_t n)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static email_code
read_it(email__secret_kind kind, const char *what, email_error *e)
{
	char copy[256];
	email__secret secret = {kind, copy};

	snprintf(copy, sizeof copy, "%s", what);
	memset(e, 0, sizeof *e);
	return email__secret_read(&secret, sheet, &text, e);
}

static void
values_and_nothing(void **state)
{
	email_error e;

	(void)state;
	assert_int_equal(read_it(EMAIL__SECRET_VALUE, "s3cret\n", &e), EMAIL_OK);
	assert_string_equal(email__buf_text(&text), "s3cret\n");
	assert_int_equal(read_it(EMAIL__SECRET_NONE, "", &e), EMAIL_OK);
	assert_int_equal(email__buf_len(&text), 0);
}

static void
environment(void **state)
{
	email_error e;

	(void)state;
	setenv("EMAIL_TEST_SECRET", "from env", 1);
	assert_int_equal(read_it(EMAIL__SECRET_ENV, "EMAIL_TEST_SECRET", &e), EMAIL_OK);
	assert_string_equal(email__buf_text(&text), "from env");
	setenv("EMAIL_TEST_SECRET", "", 1);
	assert_int_equal(read_it(EMAIL__SECRET_ENV, "EMAIL_TEST_SECRET", &e), EMAIL_E_SECRET);
	unsetenv("EMAIL_TEST_SECRET");
	assert_int_equal(read_it(EMAIL__SECRET_ENV, "EMAIL_TEST_SECRET", &e), EMAIL_E_SECRET);
	assert_non_null(strstr(e.text, "EMAIL_TEST_SECRET"));
	assert_int_equal(email__buf_len(&text), 0);
}

static void
files(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *secret; /* NULL: refused */
	} rows[] = {
		{"s3cret", 6, "s3cret"},
		{"s3cret\n", 7, "s3cret"},
		{"s3cret\r\n", 8, "s3cret"},
		{"s3cret\n\n", 8, "s3cret\n"},
		{" s ", 3, " s "},
		{"", 0, NULL},
		{"\n", 1, NULL},
		{"a\0b", 3, NULL},
	};
	email_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		write_secret(rows[i].bytes, rows[i].n);
		/* beside the sheet */
		assert_int_equal(read_it(EMAIL__SECRET_FILE, "a.secret", &e),
		                 rows[i].secret ? EMAIL_OK : EMAIL_E_SECRET);
		if (rows[i].secret)
			assert_string_equal(email__buf_text(&text), rows[i].secret);
		else
			assert_non_null(strstr(e.text, "a.secret"));
	}
	write_secret("abs", 3);
	assert_int_equal(read_it(EMAIL__SECRET_FILE, file, &e), EMAIL_OK);
	assert_string_equal(email__buf_text(&text), "abs");
}

static void
files_that_are_none(void **state)
{
	static char big[EMAIL__SECRET_MAX + 3];
	email_error e;

	(void)state;
	assert_int_equal(read_it(EMAIL__SECRET_FILE, "missing", &e), EMAIL_E_SECRET);
	assert_true(e.os != 0);
	assert_true(e.remedy[0] != '\0');
	assert_int_equal(read_it(EMAIL__SECRET_FILE, folder, &e), EMAIL_E_SECRET);
	memset(big, 'x', sizeof big);
	write_secret(big, sizeof big);
	assert_int_equal(read_it(EMAIL__SECRET_FILE, file, &e), EMAIL_E_SECRET);
	big[EMAIL__SECRET_MAX] = '\n';
	write_secret(big, EMAIL__SECRET_MAX + 1);
	assert_int_equal(read_it(EMAIL__SECRET_FILE, file, &e), EMAIL_OK);
	assert_int_equal(email__buf_len(&text), EMAIL__SECRET_MAX);
}

static void
memory_may_end_anywhere(void **state)
{
	email_error e;
	email_code rc;
	size_t n = 0;

	(void)state;
	write_secret("s3cret", 6);
	do {
		email__buf_dispose(&text);
		email_test_fail_alloc(++n);
		rc = read_it(EMAIL__SECRET_FILE, "a.secret", &e);
		assert_int_equal(rc, email_test_alloc_failed() ? EMAIL_E_MEMORY : EMAIL_OK);
	} while (rc);
	assert_true(n > 1);
	email__buf_dispose(&text);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_nothing),
		cmocka_unit_test(environment),
		cmocka_unit_test(files),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
