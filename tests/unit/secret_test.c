/* SPDX-License-Identifier: MIT */
/* Secrets where they are kept: value, environment, file. */
#include "support/cm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/account.h"
#include "base/error.h"
#include "base/limits.h"
#include "support/failalloc.h"

static char folder[] = "/tmp/email-secret-XXXXXX";
static char sheet[128], file[128];
static email__buf text;
static email_account *account;

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
	account = email_account_new(EMAIL_OUTGOING, "Out");
	if (!account || email_account_set(account, "emailAuthenticator.type", "oAuthRefreshToken"))
		return -1;
	account->sheet_path = sheet;
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	email__buf_dispose(&text);
	email_account_free(account);
	unlink(file);
	return rmdir(folder); /* fails where a temporary file was left */
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
	email__secret secret = {.kind = kind, .text = copy};

	snprintf(copy, sizeof copy, "%s", what);
	memset(e, 0, sizeof *e);
	return email__secret_read(account, &secret, &text, e);
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

/* --- another one in its place --- */

static const char token[] = "emailAuthenticator.refreshToken";

static email_code
replace(const char *given, const char *with, email_error *e)
{
	memset(e, 0, sizeof *e);
	assert_int_equal(email_account_set(account, token, given), EMAIL_OK);
	return email__secret_replace(account, &account->v.auth_refresh_token, with, e);
}

static void
assert_file(const char *bytes)
{
	char is[256];
	FILE *f = fopen(file, "r");
	struct stat st;

	assert_non_null(f);
	is[fread(is, 1, sizeof is - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(is, bytes);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
a_file_keeps_its_line_end(void **state)
{
	static const struct {
		const char *before, *with, *after;
	} rows[] = {
		{"old", "new", "new"},         {"old\n", "new", "new\n"}, {"old\r\n", "new", "new\r\n"},
		{"old", "new\n", "new\n\n"},   {"", "new", "new\n"},      {"\n", "new", "new\n"},
		{"old\r\n", "n\n", "n\n\r\n"},
	};
	email_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		write_secret(rows[i].before, strlen(rows[i].before));
		chmod(file, 0644);
		assert_int_equal(replace("file:a.secret", rows[i].with, &e), EMAIL_OK);
		assert_file(rows[i].after);
		assert_int_equal(email__secret_read(account, &account->v.auth_refresh_token, &text, &e),
		                 EMAIL_OK);
		assert_string_equal(email__buf_text(&text), rows[i].with);
	}
	unlink(file);
	assert_int_equal(replace("file:a.secret", "new", &e), EMAIL_OK);
	assert_file("new\n");
}

static void
a_file_that_cannot_be_written_stays(void **state)
{
	struct rlimit old, none;
	email_error e;

	(void)state;
	write_secret("old\n", 4);
	chmod(file, 0600);
	/* as a full disk does: the temporary file takes no byte */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(replace("file:a.secret", "new", &e), EMAIL_E_FILE);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(e.os, EFBIG);
	assert_string_equal(e.property, token);
	assert_file("old\n");
	/* root may write anywhere */
	if (geteuid() != 0) {
		chmod(folder, 0500);
		assert_int_equal(replace("file:a.secret", "new", &e), EMAIL_E_FILE);
		chmod(folder, 0700);
		assert_file("old\n");
	}
	assert_int_equal(replace("file:none/a.secret", "new", &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
	/* in its place lies a folder, or its temporary file was left by a crash */
	assert_int_equal(replace("file:.", "new", &e), EMAIL_E_FILE);
	assert_file("old\n");
	assert_int_equal(replace("file:a.secret", "new", &e), EMAIL_OK);
	assert_file("new\n");
}

static void
what_cannot_be_written(void **state)
{
	static char big[EMAIL__SECRET_MAX + 2];
	email_error e;

	(void)state;
	assert_int_equal(replace("env:TOKEN", "new", &e), EMAIL_E_SECRET);
	assert_non_null(strstr(e.text, "TOKEN"));
	assert_string_equal(e.property, token);
	assert_int_equal(account->v.auth_refresh_token.kind, EMAIL__SECRET_ENV);
	assert_int_equal(replace("value:old", "", &e), EMAIL_E_VALUE);
	assert_int_equal(replace("value:old", "\xFF", &e), EMAIL_E_VALUE);
	memset(big, 'x', sizeof big - 1);
	assert_int_equal(replace("value:old", big, &e), EMAIL_E_VALUE);
	assert_string_equal(account->v.auth_refresh_token.text, "old");
	big[EMAIL__SECRET_MAX] = '\0';
	assert_int_equal(replace("value:old", big, &e), EMAIL_OK);
}

/* Without a service the application keeps it. */
static void
an_account_alone_has_it_in_memory(void **state)
{
	email_error e;

	(void)state;
	assert_int_equal(replace("value:old", "new", &e), EMAIL_OK);
	assert_int_equal(account->v.auth_refresh_token.kind, EMAIL__SECRET_VALUE);
	assert_string_equal(account->v.auth_refresh_token.text, "new");
	assert_int_equal(replace("", "first", &e), EMAIL_OK);
	assert_string_equal(account->v.auth_refresh_token.text, "first");
	/* it may be its own text */
	assert_int_equal(email__secret_replace(account, &account->v.auth_refresh_token,
	                                       account->v.auth_refresh_token.text, &e),
	                 EMAIL_OK);
	assert_string_equal(account->v.auth_refresh_token.text, "first");
}

static email_code
no_room(void *service, const email_account *a, const email__secret *secret, const char *with, email_error *e)
{
	(void)service;
	assert_ptr_equal(a, account);
	/* the old one is still there */
	assert_string_equal(secret->text, "old");
	assert_string_equal(with, "new");
	return email__error_set(e, EMAIL_E_FILE, EMAIL_STAGE_NONE, "no room");
}

static void
the_account_goes_on_with_one_that_could_not_be_saved(void **state)
{
	static const email__owner owner = {.secret_save = no_room};
	email_error e;

	(void)state;
	assert_int_equal(email_account_set(account, token, "value:old"), EMAIL_OK);
	account->v.auth_refresh_token.origin = EMAIL__SECRET_SHARED;
	account->owner = &owner;
	memset(&e, 0, sizeof e);
	assert_int_equal(email__secret_replace(account, &account->v.auth_refresh_token, "new", &e),
	                 EMAIL_E_FILE);
	assert_string_equal(account->v.auth_refresh_token.text, "new");
	assert_int_equal(account->v.auth_refresh_token.origin, EMAIL__SECRET_UNSAVED);
	/* another property's change leaves it so, and a person's own forgets it */
	account->owner = NULL;
	assert_int_equal(email_account_set(account, "hostname", "mail.example.com"), EMAIL_OK);
	assert_int_equal(account->v.auth_refresh_token.origin, EMAIL__SECRET_UNSAVED);
	assert_int_equal(email_account_set(account, token, "value:mine"), EMAIL_OK);
	assert_int_equal(account->v.auth_refresh_token.origin, EMAIL__SECRET_GIVEN);
}

static void
replacing_memory_may_end_anywhere(void **state)
{
	email_error e;
	email_code rc;
	size_t n = 0;

	(void)state;
	write_secret("old\n", 4);
	assert_int_equal(email_account_set(account, token, "file:a.secret"), EMAIL_OK);
	do {
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(++n);
		rc = email__secret_replace(account, &account->v.auth_refresh_token, "new", &e);
		assert_true(rc == EMAIL_OK || rc == EMAIL_E_MEMORY);
		if (rc)
			assert_int_equal(e.code, EMAIL_E_MEMORY);
	} while (email_test_alloc_failed());
	assert_int_equal(rc, EMAIL_OK);
	assert_true(n > 3);
	email_test_fail_alloc_off();
	assert_file("new\n");
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
		cmocka_unit_test(a_file_keeps_its_line_end),
		cmocka_unit_test(a_file_that_cannot_be_written_stays),
		cmocka_unit_test(what_cannot_be_written),
		cmocka_unit_test(an_account_alone_has_it_in_memory),
		cmocka_unit_test(the_account_goes_on_with_one_that_could_not_be_saved),
		cmocka_unit_test(replacing_memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
