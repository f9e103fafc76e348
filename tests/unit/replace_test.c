/* SPDX-License-Identifier: MIT */
/* A refresh token that a server has replaced goes into the sheet, durably, and nothing else with it. Sealed sheets too. */
#include "support/cm.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <emailservice/service.h>

#include "account/account.h"
#include "base/limits.h"
#include "support/failalloc.h"

#define TOKEN "emailAuthenticator.refreshToken"

static char folder[] = "/tmp/email-replace-XXXXXX";
static char path[128], temporary[160];
static email_service *service;
static email_account *account;
static char text[2][EMAIL__SHEET_MAX];

static const char before[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<emailService xmlns=\"urn:emailservice:property-sheet:1\">\n"
			     "  <!-- by hand -->\n"
			     "  <outgoingAccount name=\"Out\">\n"
			     "    <emailAuthenticator type=\"oAuthRefreshToken\">\n"
			     "      <refreshToken>first</refreshToken>\n"
			     "    </emailAuthenticator>\n"
			     "    <hostname>smtp.example.com</hostname>\n"
			     "  </outgoingAccount>\n"
			     "  <incomingAccount name=\"In\"/>\n"
			     "</emailService>\n";

static int
group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/email.xml", folder);
	snprintf(temporary, sizeof temporary, "%s.1.1.new", path);
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

static int
group_teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void
write_sheet(const char *xml)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(xml, f);
	fclose(f);
}

static const char *
sheet(int i)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[i][fread(text[i], 1, sizeof text[i] - 1, f)] = '\0';
	fclose(f);
	return text[i];
}

static void
load(void)
{
	email_error e = {0};

	if (email_service_load(service, path, &e))
		fail_msg("%s", e.text);
	account = email_service_account(service, "Out");
}

static int
setup(void **state)
{
	(void)state;
	write_sheet(before);
	chmod(path, 0644);
	service = email_service_new();
	load();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email_service_free(service);
	return 0;
}

static bool
give_key(void *context, unsigned char *key)
{
	memset(key, *(const char *)context, EMAIL_SEAL_KEY_SIZE);
	return *(const char *)context != 'n';
}

static void
set_key(const char *letter)
{
	email_service_set_seal_key(service, give_key, (void *)(uintptr_t)letter);
}

static email_code
replace(const char *with, email_error *e)
{
	memset(e, 0, sizeof *e);
	return email__secret_replace(account, &account->v.auth_refresh_token, with, e);
}

/* What the file says now, to somebody who loads it. */
static void
assert_token(const char *expected, const char *letter)
{
	email_service *other = email_service_new();
	email_account *there;
	email__buf out;
	email_error e = {0};

	email_service_set_seal_key(other, letter ? give_key : NULL, (void *)(uintptr_t)letter);
	assert_int_equal(email_service_load(other, path, &e), EMAIL_OK);
	there = email_service_account(other, "Out");
	email__buf_init(&out, EMAIL__SECRET_MAX + 2);
	out.secret = true;
	if (email__secret_read(there, &there->v.auth_refresh_token, &out, &e))
		fail_msg("%s", e.text);
	assert_string_equal(email__buf_text(&out), expected);
	email__buf_dispose(&out);
	email_service_free(other);
}

static mode_t
mode(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void
this_and_nothing_else_is_written(void **state)
{
	email_error e;

	(void)state;
	/* tried, not saved; and what another process has changed */
	assert_int_equal(email_account_set(account, "hostname", "tried.example.com"), EMAIL_OK);
	write_sheet(before);
	assert_int_equal(replace("second", &e), EMAIL_OK);
	snprintf(text[1], sizeof text[1], "%s", before);
	memcpy(strstr(text[1], "first"), "secon", 5);
	memmove(strstr(text[1], "secon") + 6, strstr(text[1], "secon") + 5,
	        strlen(strstr(text[1], "secon") + 5) + 1);
	strstr(text[1], "secon")[5] = 'd';
	assert_string_equal(sheet(0), text[1]);
	assert_int_equal(mode(), 0600);
	assert_string_equal(account->v.auth_refresh_token.text, "second");
	assert_int_equal(account->v.auth_refresh_token.origin, EMAIL__SECRET_SHARED);
	/* and again, and a save of everything has it too */
	assert_int_equal(replace("third", &e), EMAIL_OK);
	assert_token("third", NULL);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("third", NULL);
	assert_non_null(strstr(sheet(0), "tried.example.com"));
}

static void
sealed_where_there_is_a_key(void **state)
{
	email_error e;

	(void)state;
	chmod(path, 0644);
	set_key("a");
	assert_int_equal(replace("second", &e), EMAIL_OK);
	assert_int_equal(account->v.auth_refresh_token.kind, EMAIL__SECRET_SEALED);
	assert_null(strstr(sheet(0), "second"));
	assert_null(strstr(sheet(0), "first"));
	assert_non_null(strstr(sheet(0), "<refreshToken sealed=\"A"));
	assert_int_equal(mode(), 0644);
	assert_token("second", "a");
	assert_int_equal(replace("third", &e), EMAIL_OK);
	assert_token("third", "a");
	/* the key went: the new one can be put nowhere */
	set_key("n");
	assert_int_equal(replace("fourth", &e), EMAIL_E_SECRET);
	assert_token("third", "a");
	set_key("a");
	assert_int_equal(replace("fifth", &e), EMAIL_OK);
	assert_token("fifth", "a");
}

static void
saving_seals_and_is_stable(void **state)
{
	char value[16];
	email_error e;

	(void)state;
	set_key("a");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	snprintf(text[1], sizeof text[1], "%s", sheet(0));
	assert_null(strstr(text[1], "first"));
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_string_equal(sheet(0), text[1]);
	/* loads without its key, is the same when it is saved, and says so where it is needed */
	email_service_set_seal_key(service, NULL, NULL);
	load();
	assert_int_equal(email_account_get(account, TOKEN, value, sizeof value), EMAIL_OK);
	assert_string_equal(value, "set");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_string_equal(sheet(0), text[1]);
	/* a save that cannot seal changes nothing */
	set_key("n");
	assert_int_equal(email_account_set(account, TOKEN, "value:new"), EMAIL_OK);
	memset(&e, 0, sizeof e);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_E_SECRET);
	assert_string_equal(e.property, TOKEN);
	assert_string_equal(sheet(0), text[1]);
}

static void
renaming_seals_anew(void **state)
{
	email_error e = {0};

	(void)state;
	set_key("a");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	set_key("b");
	assert_int_equal(email_service_rename(service, "Out", "Alarms"), EMAIL_E_SECRET);
	assert_string_equal(email_service_error(service)->property, TOKEN);
	assert_non_null(email_service_account(service, "Out"));
	set_key("a");
	assert_int_equal(email_service_rename(service, "Out", "Alarms"), EMAIL_OK);
	/* the file has the old name still, and gets the token for that one */
	assert_int_equal(replace("second", &e), EMAIL_OK);
	assert_token("second", "a");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "Alarms", "Out"), EMAIL_OK);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("second", "a");
}

static void
a_sheet_that_others_changed_is_left_alone(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {{"first", "other"},
	               {">first<", "></refreshToken><refreshToken>first<"}, /* does not load */
	               {"name=\"Out\"", "name=\"Our\""},
	               {"<refreshToken>first</refreshToken>", "<refreshToken ref=\"env:X\"/>"},
	               {"oAuthRefreshToken\">\n      <refreshToken>first</refreshToken>", "basic\">"}};
	email_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const char *at = strstr(before, changes[i].from);

		assert_non_null(at);
		write_sheet(before);
		load();
		snprintf(text[1], sizeof text[1], "%.*s%s%s", (int)(at - before), before, changes[i].to,
		         at + strlen(changes[i].from));
		write_sheet(text[1]);
		assert_int_equal(replace("second", &e), i == 1 ? EMAIL_E_SHEET : EMAIL_E_SECRET);
		assert_string_equal(sheet(0), text[1]);
		/* the account goes on with it */
		assert_string_equal(account->v.auth_refresh_token.text, "second");
	}
	/* a token that was only tried is not this sheet's */
	write_sheet(before);
	load();
	assert_int_equal(email_account_set(account, TOKEN, "value:tried"), EMAIL_OK);
	assert_int_equal(replace("second", &e), EMAIL_E_SECRET);
	assert_string_equal(sheet(0), before);
	unlink(path);
	assert_int_equal(replace("third", &e), EMAIL_E_FILE);
	assert_int_equal(e.os, ENOENT);
}

/* Another process, with its key. */
static void
others_renew(const char *name, const char *with, const char *letter)
{
	email_service *other = email_service_new();
	email_account *there;
	email_error e = {0};

	email_service_set_seal_key(other, letter ? give_key : NULL, (void *)(uintptr_t)letter);
	assert_int_equal(email_service_load(other, path, &e), EMAIL_OK);
	there = email_service_account(other, name);
	assert_int_equal(email__secret_replace(there, &there->v.auth_refresh_token, with, &e), EMAIL_OK);
	email_service_free(other);
}

static void
stored(const char *expected)
{
	email_error e = {0};
	email__buf out;

	email__buf_init(&out, EMAIL__SECRET_MAX + 2);
	if (email__secret_read_stored(account, &account->v.auth_refresh_token, &out, &e))
		fail_msg("%s", e.text);
	assert_string_equal(email__buf_text(&out), expected);
	email__buf_dispose(&out);
}

static void
what_others_renewed_is_seen(void **state)
{
	email_error e = {0};
	email__buf out;

	(void)state;
	others_renew("Out", "second", NULL);
	stored("second");
	assert_string_equal(account->v.auth_refresh_token.text, "first");
	set_key("a");
	others_renew("Out", "third", "a");
	stored("third");
	/* without the key, or a sheet, what the account has is the best that there is */
	set_key("b");
	stored("first");
	unlink(path);
	stored("first");
	/* but not where it has one that is not written, which would come in the place of that one */
	assert_int_equal(replace("fourth", &e), EMAIL_E_FILE);
	memset(&e, 0, sizeof e);
	email__buf_init(&out, EMAIL__SECRET_MAX + 2);
	assert_int_equal(email__secret_read_stored(account, &account->v.auth_refresh_token, &out, &e),
	                 EMAIL_E_FILE);
	email__buf_dispose(&out);
	/* one of an account that the sheet has not is its own */
	write_sheet(before);
	load();
	snprintf(text[1], sizeof text[1], "%s", before);
	memcpy(strstr(text[1], "\"Out\""), "\"Our\"", 5);
	write_sheet(text[1]);
	stored("first");
	/* so is one that is given by hand */
	write_sheet(before);
	assert_int_equal(email_account_set(account, TOKEN, "value:mine"), EMAIL_OK);
	stored("mine");
}

static void
what_others_renewed_is_not_saved_over(void **state)
{
	email_error e = {0};

	(void)state;
	others_renew("Out", "second", NULL);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("second", NULL);
	/* also by who has no key */
	others_renew("Out", "third", "a");
	load();
	others_renew("Out", "fourth", "a");
	assert_int_equal(email_account_set(account, "hostname", "mail.example.com"), EMAIL_OK);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_non_null(strstr(sheet(0), "mail.example.com"));
	assert_token("fourth", "a");
	/* under another name it is sealed anew */
	set_key("a");
	assert_int_equal(email_service_rename(service, "Out", "Alarms"), EMAIL_OK);
	others_renew("Out", "fifth", "a");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "Alarms", "Out"), EMAIL_OK);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("fifth", "a");
	/* a person's own is */
	others_renew("Out", "sixth", "a");
	assert_int_equal(email_account_set(account, TOKEN, "value:mine"), EMAIL_OK);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("mine", "a");
	others_renew("Out", "seventh", "a");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("seventh", "a");
	/* to another file it is a copy of what is here */
	snprintf(text[1], sizeof text[1], "%s.copy", path);
	others_renew("Out", "eighth", "a");
	assert_int_equal(email_service_save(service, text[1], &e), EMAIL_OK);
	assert_int_equal(unlink(text[1]), 0);
	assert_token("eighth", "a");
	/* one that is not to be read keeps nobody from saving */
	write_sheet("<emailService");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_token("seventh", "a");
}

static void
catching_up_memory_may_end_anywhere(void **state)
{
	email_error e;
	email_code rc;
	bool failed;
	size_t n = 0;

	(void)state;
	set_key("a");
	do {
		write_sheet(before);
		load();
		others_renew("Out", "second", "a");
		assert_int_equal(email_account_set(account, "hostname", "mail.example.com"), EMAIL_OK);
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(++n);
		rc = email_service_save(service, path, &e);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		assert_token("second", "a");
		if (rc)
			assert_int_equal(rc, EMAIL_E_MEMORY);
	} while (failed);
	assert_int_equal(rc, EMAIL_OK);
	assert_true(n > 50);
}

static void
one_that_could_not_be_saved_is_with_the_next(void **state)
{
	struct rlimit old, none;
	email_error e;

	(void)state;
	getrlimit(RLIMIT_FSIZE, &old);
	none = old;
	none.rlim_cur = 100; /* the disk is full in the middle of it */
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(replace("second", &e), EMAIL_E_FILE);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(e.os, EFBIG);
	assert_string_equal(sheet(0), before);
	assert_string_equal(account->v.auth_refresh_token.text, "second");
	assert_int_equal(replace("third", &e), EMAIL_OK);
	assert_token("third", NULL);
	if (geteuid() != 0) {
		chmod(folder, 0500);
		assert_int_equal(replace("fourth", &e), EMAIL_E_FILE);
		chmod(folder, 0700);
		assert_token("third", NULL);
	}
}

/* Killed while it writes, again and again: the sheet is whole, with one token or the next, and what is left over hurts nobody. */
static void
a_crash_leaves_the_old_one_or_the_new_one(void **state)
{
	email_error e;
	FILE *f;
	int i;

	(void)state;
	f = fopen(temporary, "w");
	assert_non_null(f);
	fputs("<emailService", f);
	fclose(f);
	for (i = 0; i < 40; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			char next[32];
			int k;

			for (k = 0;; k++) {
				snprintf(next, sizeof next, "token-%d-%d", i, k);
				if (email__secret_replace(account, &account->v.auth_refresh_token, next, &e))
					_exit(1);
			}
		}
		nanosleep(&(struct timespec){.tv_nsec = (500 + 397 * i % 5000) * 1000}, NULL);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		load();
		assert_true(strstr(account->v.auth_refresh_token.text, "token-") || i < 8);
		assert_non_null(strstr(sheet(0), "<!-- by hand -->"));
	}
	assert_int_equal(replace("last", &e), EMAIL_OK);
	assert_token("last", NULL);
}

static void *
rotate(void *context)
{
	email_account *mine = context;
	char next[64];
	email_error e;
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(next, sizeof next, "%s-%d", email_account_name(mine), i);
		memset(&e, 0, sizeof e);
		if (email__secret_replace(mine, &mine->v.auth_refresh_token, next, &e))
			return mine;
	}
	return NULL;
}

static void
accounts_in_threads_of_their_own(void **state)
{
	email_account *in = email_service_account(service, "In");
	pthread_t one, other;
	void *failed[2];
	email_error e;

	(void)state;
	email_account_set(in, "emailAuthenticator.type", "oAuthRefreshToken");
	email_account_set(in, TOKEN, "value:in");
	set_key("a");
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_int_equal(pthread_create(&one, NULL, rotate, account), 0);
	assert_int_equal(pthread_create(&other, NULL, rotate, in), 0);
	pthread_join(one, &failed[0]);
	pthread_join(other, &failed[1]);
	assert_null(failed[0]);
	assert_null(failed[1]);
	assert_token("Out-19", "a");
	email_service_free(service);
	service = email_service_new();
	set_key("a");
	load();
	in = email_service_account(service, "In");
	{
		email__buf out;

		email__buf_init(&out, EMAIL__SECRET_MAX + 2);
		assert_int_equal(email__secret_read(in, &in->v.auth_refresh_token, &out, &e), EMAIL_OK);
		assert_string_equal(email__buf_text(&out), "In-19");
		email__buf_dispose(&out);
	}
}

static void
an_account_that_no_sheet_knows(void **state)
{
	email_error e;

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "New", &account), EMAIL_OK);
	email_account_set(account, "emailAuthenticator.type", "oAuthRefreshToken");
	assert_int_equal(replace("token", &e), EMAIL_OK);
	assert_string_equal(account->v.auth_refresh_token.text, "token");
	assert_string_equal(sheet(0), before);
	assert_int_equal(email_service_save(service, path, &e), EMAIL_OK);
	assert_int_equal(replace("next", &e), EMAIL_OK);
	assert_non_null(strstr(sheet(0), "<refreshToken>next</refreshToken>"));
}

static void
memory_may_end_anywhere(void **state)
{
	email_error e;
	email_code rc;
	size_t n;

	(void)state;
	set_key("a");
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		rc = replace("second", &e);
		if (!email_test_alloc_failed())
			break;
		assert_true(rc == EMAIL_E_MEMORY || rc == EMAIL_OK);
		if (rc)
			assert_int_equal(e.code, EMAIL_E_MEMORY);
	}
	assert_int_equal(rc, EMAIL_OK);
	assert_true(n > 100);
	email_test_fail_alloc_off();
	assert_token("second", "a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(this_and_nothing_else_is_written),
		TEST(sealed_where_there_is_a_key),
		TEST(saving_seals_and_is_stable),
		TEST(renaming_seals_anew),
		TEST(a_sheet_that_others_changed_is_left_alone),
		TEST(what_others_renewed_is_seen),
		TEST(what_others_renewed_is_not_saved_over),
		TEST(catching_up_memory_may_end_anywhere),
		TEST(one_that_could_not_be_saved_is_with_the_next),
		TEST(a_crash_leaves_the_old_one_or_the_new_one),
		TEST(accounts_in_threads_of_their_own),
		TEST(an_account_that_no_sheet_knows),
		TEST(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
