/* SPDX-License-Identifier: MIT */
/* Which refresh token counts: the one that is written down, one that could not be written, or another one by now. */
#include "account/refresh.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/service.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define TOKEN "emailAuthenticator.refreshToken"

static char folder[] = "/tmp/email-refresh-XXXXXX";
static char path[64], aside[64];
static email_service *service;
static email_account *account; /* of the service, or on its own */
static email__refresh r;
static unsigned logged;

static void
note(void *context, const char *name, char who, const char *line)
{
	(void)context;
	(void)name;
	(void)who;
	assert_null(strstr(line, "second"));
	logged++;
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/email-refresh-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(aside, sizeof aside, "%s/aside", folder);
	email__refresh_init(&r);
	service = NULL;
	account = NULL;
	logged = 0;
	return 0;
}

static int
teardown(void **state)
{
	char command[96];

	(void)state;
	email__refresh_dispose(&r);
	if (service)
		email_service_free(service);
	else
		email_account_free(account);
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void
write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
alone(const char *token)
{
	account = email_account_new(EMAIL_OUTGOING, "Out");
	assert_non_null(account);
	account->log = note;
	assert_int_equal(email_account_set(account, "emailAuthenticator.type", "oAuthRefreshToken"),
	                 EMAIL_OK);
	assert_int_equal(email_account_set(account, TOKEN, token), EMAIL_OK);
}

static void
in_file(void)
{
	char token[80];

	snprintf(path, sizeof path, "%s/token", folder);
	snprintf(token, sizeof token, "file:%s", path);
	write_text("first\n");
	alone(token);
}

static void
write_sheet(const char *token)
{
	char text[1024];

	snprintf(text, sizeof text,
	         "<emailService xmlns=\"urn:emailservice:property-sheet:1\">\n"
	         "  <outgoingAccount name=\"Out\">\n"
	         "    <emailAuthenticator type=\"oAuthRefreshToken\">\n"
	         "      <refreshToken>%s</refreshToken>\n"
	         "    </emailAuthenticator>\n"
	         "  </outgoingAccount>\n"
	         "</emailService>\n",
	         token);
	write_text(text);
}

static email_service *
loaded(void)
{
	email_service *s = email_service_new();
	email_error e = {0};

	assert_non_null(s);
	if (email_service_load(s, path, &e))
		fail_msg("%s", e.text);
	return s;
}

static void
in_sheet(void)
{
	snprintf(path, sizeof path, "%s/email.xml", folder);
	write_sheet("first");
	service = loaded();
	account = email_service_account(service, "Out");
	account->log = note;
}

/* What is used next. */
static void
counts(const char *expected)
{
	email_error e = {0};
	const char *text = NULL;

	if (email__refresh_read(account, &r, &text, &e))
		fail_msg("%s", e.text);
	assert_string_equal(text, expected);
}

static void
comes(const char *text)
{
	email__refresh_keep(account, &r, text);
	email__refresh_done(&r);
}

/* On the disk. */
static void
stands(const char *expected)
{
	char text[2048];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	if (!strstr(text, expected))
		fail_msg("no %s in %s", expected, text);
}

/* A folder in its place: nothing can be read there, nor written. */
static void
block(void)
{
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
unblock(void)
{
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rename(aside, path), 0);
}

static void
faulty(const char *why)
{
	const email_error *e = email__refresh_fault(account, &r);

	assert_non_null(e);
	assert_int_equal(e->code, EMAIL_E_SECRET);
	assert_int_equal(e->stage, EMAIL_STAGE_TOKEN);
	assert_non_null(strstr(e->text, "could not be written"));
	assert_non_null(strstr(e->text, why));
	assert_null(strstr(e->text, "second"));
}

static void
sound(void)
{
	assert_null(email__refresh_fault(account, &r));
}

static void
round_of(void)
{
	counts("first");
	sound();
	comes("second");
	sound();
	stands("second");
	counts("second");
	comes("third");
	stands("third");
	assert_int_equal(logged, 0);
}

static void
each_is_written_at_once(void **state)
{
	(void)state;
	in_file();
	round_of();
	email_account_free(account);
	in_sheet();
	round_of();
}

static void
one_that_cannot_be_written_is_used(const char *why)
{
	counts("first");
	block();
	comes("second");
	faulty(why);
	assert_int_equal(logged, 1);
	counts("second");
	faulty(why);
	comes("third");
	faulty(why);
	counts("third");
	unblock();
	stands("first");
	counts("third");
	stands("third");
	sound();
	comes("fourth");
	stands("fourth");
	sound();
}

static void
one_that_cannot_be_written_counts(void **state)
{
	(void)state;
	in_file();
	one_that_cannot_be_written_is_used("token");
	email_account_free(account);
	logged = 0;
	in_sheet();
	one_that_cannot_be_written_is_used("email.xml");
}

static void
another_one_by_now(void (*write)(const char *text))
{
	counts("first");
	assert_false(email__refresh_changed(account, &r));
	write("other");
	assert_true(email__refresh_changed(account, &r));
	counts("other");
	assert_false(email__refresh_changed(account, &r));
	/* also in place of one that could not be written */
	block();
	comes("second");
	assert_non_null(email__refresh_fault(account, &r));
	counts("second");
	assert_false(email__refresh_changed(account, &r));
	unblock();
	assert_false(email__refresh_changed(account, &r));
	write("person");
	assert_true(email__refresh_changed(account, &r));
	counts("person");
	sound();
	comes("next");
	stands("next");
	sound();
}

static void
somebody_elses_counts(void **state)
{
	(void)state;
	in_file();
	another_one_by_now(write_text);
	email_account_free(account);
	in_sheet();
	another_one_by_now(write_sheet);
}

/* The account has it too then, and saves no older one. */
static void
the_account_takes_it_up(void **state)
{
	email_error e = {0};

	(void)state;
	in_sheet();
	counts("first");
	write_sheet("other");
	counts("other");
	assert_string_equal(account->v.auth_refresh_token.text, "other");
	assert_int_equal(email_account_set(account, "hostname", "mail.example.com"), EMAIL_OK);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	stands(">other<");
	stands("mail.example.com");
	/* and by no more than saving */
	write_sheet("third");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	stands(">third<");
	assert_string_equal(account->v.auth_refresh_token.text, "third");
}

/* What an application gave is its own, until it is saved. */
static void
what_is_only_tried_stays_out_of_the_sheet(void **state)
{
	email_error e = {0};

	(void)state;
	in_sheet();
	assert_int_equal(email_account_set(account, TOKEN, "value:tried"), EMAIL_OK);
	counts("tried");
	comes("second");
	stands(">first<");
	faulty("another one");
	counts("second");
	stands(">first<");
	faulty("another one");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	stands(">second<");
	counts("second");
	sound();
}

static void
an_environment_cannot_be_written(void **state)
{
	(void)state;
	setenv("EMAIL_TEST_REFRESH", "first", 1);
	alone("env:EMAIL_TEST_REFRESH");
	counts("first");
	comes("second");
	faulty("EMAIL_TEST_REFRESH");
	counts("second");
	/* a person moves it, or logs in otherwise */
	assert_int_equal(email_account_set(account, TOKEN, "value:mine"), EMAIL_OK);
	counts("mine");
	sound();
	comes("fourth");
	sound();
	assert_int_equal(email_account_set(account, TOKEN, "env:EMAIL_TEST_REFRESH"), EMAIL_OK);
	counts("first");
	comes("second");
	faulty("EMAIL_TEST_REFRESH");
	assert_int_equal(email_account_set_basic_authenticator(account, "a", "b"), EMAIL_OK);
	sound();
}

static void
what_cannot_be_read_is_told(void **state)
{
	email_error e = {0};
	const char *text;

	(void)state;
	in_file();
	block();
	assert_int_equal(email__refresh_read(account, &r, &text, &e), EMAIL_E_SECRET);
	assert_non_null(strstr(e.text, "token"));
	unblock();
	counts("first");
}

/* Either it is on the disk, or the account and its fault know of it; nothing leaks. */
static void
memory_may_end_anywhere(void **state)
{
	email_error e;
	const char *text;
	size_t n;
	bool ended = false;

	(void)state;
	in_sheet();
	account->log = NULL;
	for (n = 1; !ended; n++) {
		write_sheet("first");
		email__refresh_forget(&r);
		counts("first");
		email_test_fail_alloc(n);
		comes("second");
		ended = !email_test_alloc_failed();
		email_test_fail_alloc_off();
		if (email__refresh_fault(account, &r)) {
			email__refresh_done(&r);
			memset(&e, 0, sizeof e);
			assert_int_equal(email__refresh_read(account, &r, &text, &e), EMAIL_OK);
			/* but for its own copy it may have gone to the disk alone */
			assert_string_equal(text, "second");
		}
		stands("second");
	}
	assert_true(n > 10);
	for (n = 1, ended = false; !ended; n++) {
		email__refresh_done(&r);
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(n);
		if (email__refresh_read(account, &r, &text, &e))
			assert_int_equal(e.code, EMAIL_E_MEMORY);
		else
			assert_string_equal(text, "second");
		ended = !email_test_alloc_failed();
		email_test_fail_alloc_off();
	}
	assert_true(n > 10);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_is_written_at_once),
		T(one_that_cannot_be_written_counts),
		T(somebody_elses_counts),
		T(the_account_takes_it_up),
		T(what_is_only_tried_stays_out_of_the_sheet),
		T(an_environment_cannot_be_written),
		T(what_cannot_be_read_is_told),
		T(memory_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
