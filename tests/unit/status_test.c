/* SPDX-License-Identifier: MIT */
/* The status of accounts, in memory (account/status.c) and in the state folder (service/status.c). */
#include "support/cm.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "account/connection.h"
#include "service/status.h"
#include "support/failalloc.h"

static char folder[] = "/tmp/status_test.XXXXXX";

static int
enter_scratch(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int
leave_scratch(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return chdir("/") || system(command);
}

static email_service *
loaded(void)
{
	email_service *service = email_service_new();
	email_error e;

	assert_non_null(service);
	if (access("email.xml", F_OK) != 0) {
		assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "Out", NULL), EMAIL_OK);
		assert_int_equal(email_service_add(service, EMAIL_INCOMING, "In", NULL), EMAIL_OK);
		assert_int_equal(email_service_save(service, "email.xml", &e), EMAIL_OK);
	}
	assert_int_equal(email_service_load(service, "email.xml", &e), EMAIL_OK);
	return service;
}

static void
expect(email_service *service, const char *account, const char *property, const char *value)
{
	char text[512];

	assert_int_equal(
		email_account_get(email_service_account(service, account), property, text, sizeof text),
		EMAIL_OK);
	assert_string_equal(text, value);
}

static void
fail_with(email_account *account, email_code code, const char *text)
{
	email_error e = {0};

	e.code = code;
	snprintf(e.text, sizeof e.text, "%s", text);
	email__status_of_session(account, &e);
	email__status_of_mail(account, code, &e);
}

static void
succeed(email_account *account)
{
	const email_error none = {0};

	email__status_of_session(account, &none);
	email__status_of_mail(account, EMAIL_OK, &none);
}

static void
reading_makes_nothing(void **state)
{
	email_service *service = loaded();

	(void)state;
	expect(service, "Out", "status", "unverified");
	expect(service, "Out", "numberSent", "0");
	email_service_free(service);
	assert_int_not_equal(access("state", F_OK), 0);
}

static void
another_process_sees_it(void **state)
{
	email_service *service = loaded(), *other;
	struct stat st;
	char text[64];

	(void)state;
	fail_with(email_service_account(service, "Out"), EMAIL_E_TRUST,
	          "the certificate is \"not\" <trusted>");
	/* a failure is there at once, in both senses */
	other = loaded();
	expect(other, "Out", "status", "fault,unverified");
	expect(other, "Out", "faultCause", "the certificate is \"not\" <trusted>");
	expect(other, "Out", "lastSendFailureCause", "the certificate is \"not\" <trusted>");
	expect(other, "In", "status", "unverified");
	assert_int_equal(email_service_get(other, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "fault");
	email_service_free(other);
	assert_int_equal(stat("state/status.xml", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("state", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	succeed(email_service_account(service, "Out"));
	email_service_free(service);
	other = loaded();
	expect(other, "Out", "status", "ok");
	expect(other, "Out", "faultCause", "");
	expect(other, "Out", "numberSent", "1");
	assert_int_equal(
		email_account_get(email_service_account(other, "Out"), "lastSendSuccess", text, sizeof text),
		EMAIL_OK);
	assert_true(strlen(text) > 10);
	fail_with(email_service_account(other, "Out"), EMAIL_E_TIMEOUT, "no answer");
	expect(other, "Out", "status", "down");
	email_service_free(other);
}

static void
counts_of_two_processes_add_up(void **state)
{
	email_service *service = loaded();
	email_account *out = email_service_account(service, "Out");
	char before[32], after[32];
	int i, status;
	pid_t child;

	(void)state;
	assert_int_equal(email_account_get(out, "numberSent", before, sizeof before), EMAIL_OK);
	child = fork();
	if (child == 0) {
		email_service *mine = loaded();

		for (i = 0; i < 30; i++)
			succeed(email_service_account(mine, "Out"));
		email_service_free(mine);
		_exit(0);
	}
	for (i = 0; i < 20; i++)
		succeed(out);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	email_service_free(service);
	service = loaded();
	assert_int_equal(
		email_account_get(email_service_account(service, "Out"), "numberSent", after, sizeof after),
		EMAIL_OK);
	assert_int_equal(atoi(after), atoi(before) + 50);
	/* a reset is seen by others too */
	assert_int_equal(email_account_reset(email_service_account(service, "Out"), "numberSent"), EMAIL_OK);
	email_service_free(service);
	service = loaded();
	expect(service, "Out", "numberSent", "0");
	email_service_free(service);
}

static void
many_mails_cost_one_writing(void **state)
{
	email_service *service = loaded();
	email_account *out = email_service_account(service, "Out");
	struct stat first, last;
	int i;

	(void)state;
	succeed(out);
	assert_int_equal(stat("state/status.xml", &first), 0);
	for (i = 0; i < 200; i++)
		email__status_of_mail(out, EMAIL_OK, &(email_error){0});
	assert_int_equal(stat("state/status.xml", &last), 0);
	assert_int_equal(first.st_ino, last.st_ino);
	email_service_free(service);
	assert_int_equal(stat("state/status.xml", &last), 0);
	assert_true(first.st_ino != last.st_ino || first.st_mtim.tv_nsec != last.st_mtim.tv_nsec);
	service = loaded();
	expect(service, "Out", "numberSent", "201");
	email_service_free(service);
}

static void
a_renamed_account_keeps_its_status(void **state)
{
	email_service *service = loaded();
	email_error e;

	(void)state;
	assert_int_equal(email_service_rename(service, "Out", "Alarm"), EMAIL_OK);
	assert_int_equal(email_service_save(service, "email.xml", &e), EMAIL_OK);
	email_service_free(service);
	service = loaded();
	expect(service, "Alarm", "status", "ok");
	expect(service, "Alarm", "numberSent", "201");
	assert_int_equal(email_service_rename(service, "Alarm", "Out"), EMAIL_OK);
	assert_int_equal(email_service_save(service, "email.xml", &e), EMAIL_OK);
	email_service_free(service);
}

static void
a_damaged_file_is_no_obstacle(void **state)
{
	static const char *const bad[] = {
		"", "<status", "<other/>", "<!DOCTYPE x><status/>",
		"<status xmlns=\"urn:emailservice:status:1\"><account name=\"Out\">"
		"<numberSent>x</numberSent><status>sorry</status></account></status>"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		email_service *service;
		FILE *f = fopen("state/status.xml", "w");

		fputs(bad[i], f);
		fclose(f);
		service = loaded();
		expect(service, "Out", "numberSent", "0");
		succeed(email_service_account(service, "Out"));
		email_service_free(service);
		service = loaded();
		expect(service, "Out", "status", "ok");
		expect(service, "Out", "numberSent", "1");
		email_service_free(service);
		/* and a person can still look at it */
		assert_int_equal(unlink("state/status.xml.damaged"), i < 4 ? 0 : -1);
	}
}

/* What one process did not change, it does not write over what another did. */
static void
two_running_processes_keep_each_others_news(void **state)
{
	email_service *a = loaded(), *b = loaded();

	(void)state;
	expect(a, "Out", "lastSendFailureCause", "");
	fail_with(email_service_account(b, "Out"), EMAIL_E_TIMEOUT, "seen by b alone");
	email_service_account(a, "Out")->v.server_certificate_not_before = 1700000000;
	succeed(email_service_account(a, "Out"));
	email_service_account(a, "Out")->v.server_certificate_not_before = 1700000000;
	email__status_keep(email_service_account(a, "Out"), true);
	expect(a, "Out", "lastSendFailureCause", "seen by b alone");
	email_service_free(a);
	email_service_free(b);
	a = loaded();
	expect(a, "Out", "lastSendFailureCause", "seen by b alone");
	/* a's session was the last */
	expect(a, "Out", "status", "ok");
	assert_int_equal(email_service_account(a, "Out")->v.server_certificate_not_before, 1700000000);
	succeed(email_service_account(a, "Out"));
	email_service_free(a);
}

/* A file that cannot be read now is not taken for an empty one: the other accounts' status is in it. */
static void
what_cannot_be_read_is_not_written_over(void **state)
{
	email_service *service = loaded();
	struct stat st;

	(void)state;
	assert_int_equal(rename("state/status.xml", "state/kept"), 0);
	assert_int_equal(mkdir("state/status.xml", 0700), 0);
	succeed(email_service_account(service, "Out"));
	assert_int_equal(stat("state/status.xml", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(rmdir("state/status.xml"), 0);
	assert_int_equal(rename("state/kept", "state/status.xml"), 0);
	email_service_free(service);
	service = loaded();
	expect(service, "Out", "status", "ok");
	email_service_free(service);
}

static void
want_of_memory_costs_no_more_than_the_status(void **state)
{
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		email_service *service = loaded();
		email_account *out = email_service_account(service, "Out");
		char text[64];
		bool failed;

		email_test_fail_alloc(n);
		succeed(out);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		assert_int_equal(email_account_get(out, "status", text, sizeof text), EMAIL_OK);
		assert_string_equal(text, "ok");
		email_service_free(service);
		if (!failed)
			break;
	}
	assert_true(n > 5);
}

/* Of accounts that have one, whichever process got it; of others not. */
static void
the_end_of_a_token_is_kept(void **state)
{
	email_service *service = loaded();
	email_account *out = email_service_account(service, "Out");
	email_error e;
	char text[64];

	(void)state;
	assert_int_equal(email_account_set(out, "emailAuthenticator.type", "oAuthClientSecret"), EMAIL_OK);
	assert_int_equal(email_service_save(service, "email.xml", &e), EMAIL_OK);
	email__status_of_token(out, 3600);
	assert_int_equal(email_account_get(out, "tokenExpires", text, sizeof text), EMAIL_OK);
	assert_int_equal(strlen(text), 20);
	email_service_free(service);
	service = loaded();
	expect(service, "Out", "tokenExpires", text);
	out = email_service_account(service, "Out");
	assert_int_equal(email_account_set(out, "emailAuthenticator.type", "none"), EMAIL_OK);
	assert_int_equal(email_service_save(service, "email.xml", &e), EMAIL_OK);
	email_service_free(service);
	service = loaded();
	expect(service, "Out", "tokenExpires", "");
	email_service_free(service);
}

/* Whoever reads it has what others did by now, whether they counted up or down. */
static void
a_look_sees_what_others_did(void **state)
{
	email_service *a = loaded(), *b = loaded();
	char text[64];
	int before;

	(void)state;
	assert_int_equal(email_account_get(email_service_account(a, "Out"), "numberSent", text, sizeof text), EMAIL_OK);
	before = atoi(text);
	succeed(email_service_account(b, "Out"));
	email__status_keep(email_service_account(b, "Out"), true);
	snprintf(text, sizeof text, "%d", before + 1);
	expect(a, "Out", "numberSent", text);
	expect(a, "Out", "status", "ok");
	fail_with(email_service_account(b, "Out"), EMAIL_E_TIMEOUT, "seen at once");
	expect(a, "Out", "status", "down");
	expect(a, "Out", "faultCause", "seen at once");
	/* and its own is not lost by that, though it is not written yet */
	succeed(email_service_account(a, "Out"));
	email__status_of_mail(email_service_account(a, "Out"), EMAIL_OK, &(email_error){0});
	expect(a, "Out", "status", "ok");
	snprintf(text, sizeof text, "%d", before + 3);
	expect(a, "Out", "numberSent", text);
	assert_int_equal(email_account_reset(email_service_account(b, "Out"), "numberSent"), EMAIL_OK);
	email_service_free(a);
	email_service_free(b);
}

static void
discards_add_up(void **state)
{
	email_service *a = loaded(), *b = loaded();

	(void)state;
	expect(a, "Out", "numberDiscarded", "0");
	email__status_of_discards(email_service_account(a, "Out"), 2, 1795000000, "expired");
	email__status_of_discards(email_service_account(b, "Out"), 3, 1795000001, "deleted");
	expect(a, "Out", "numberDiscarded", "5");
	expect(a, "Out", "lastDiscardCause", "deleted");
	email_service_free(a);
	email_service_free(b);
}

/* --- what is told --- */

typedef struct heard {
	size_t n;
	char last[400];
	unsigned long number;
} heard;

static void
hear(void *context, const email_event *event)
{
	heard *h = context;

	h->n++;
	h->number = event->number;
	snprintf(h->last, sizeof h->last, "%s %s %s %s", email_event_name(event->kind), event->account, event->status,
	         event->text);
}

/* Since the last time: so many, the last of them this. */
static void
expect_told(email_service *service, heard *h, size_t n, const char *last)
{
	h->n = 0;
	email_service_events(service, h->number, hear, h);
	assert_int_equal(h->n, n);
	if (n)
		assert_string_equal(h->last, last);
}

/* A change is told, and its repetition is not. */
static void
a_change_of_status_is_told_once(void **state)
{
	email_service *service = email_service_new();
	email_account *out;
	heard h = {.n = 0};

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "New", &out), EMAIL_OK);
	expect_told(service, &h, 0, NULL);
	fail_with(out, EMAIL_E_TIMEOUT, "no answer");
	expect_told(service, &h, 1, "status New down no answer");
	fail_with(out, EMAIL_E_TIMEOUT, "no answer");
	expect_told(service, &h, 0, NULL);
	fail_with(out, EMAIL_E_TIMEOUT, "still no answer");
	expect_told(service, &h, 1, "status New down still no answer");
	fail_with(out, EMAIL_E_LOGIN, "wrong password");
	expect_told(service, &h, 1, "status New fault wrong password");
	/* what we ended ourselves says nothing of the server */
	fail_with(out, EMAIL_E_CANCELLED, "cancelled");
	fail_with(out, EMAIL_E_DISABLED, "disabled");
	expect_told(service, &h, 0, NULL);
	succeed(out);
	expect_told(service, &h, 1, "status New ok ");
	succeed(out);
	expect_told(service, &h, 0, NULL);
	email__status_of_token(out, 3600);
	expect_told(service, &h, 1, "token New ok a new token is held");
	email__status_of_token(out, 0);
	expect_told(service, &h, 1, "token New refused the token that was held is good no more");
	email_service_free(service);
}

/* Sessions go well, but exemptions wait for somebody to repair their sheet: told once, not with every session. */
static void
a_lasting_fault_is_told_once(void **state)
{
	email_service *service = email_service_new();
	email_account *out;
	heard h = {.n = 0};
	struct stat first, last;
	char cause[400];
	FILE *f;
	int i;

	(void)state;
	assert_int_equal(mkdir("broken", 0700), 0);
	assert_non_null(f = fopen("broken/trust.xml", "w"));
	fputs("<trust", f);
	fclose(f);
	assert_int_equal(email_service_set_state_folder(service, "broken"), EMAIL_OK);
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "New", &out), EMAIL_OK);
	succeed(out);
	h.n = 0;
	email_service_events(service, 0, hear, &h);
	assert_int_equal(h.n, 1);
	assert_non_null(strstr(h.last, "status New fault the trust sheet cannot be read"));
	assert_int_equal(email_account_get(out, "faultCause", cause, sizeof cause), EMAIL_OK);
	assert_non_null(strstr(cause, "the trust sheet cannot be read"));
	assert_int_equal(email_account_get(out, "status", cause, sizeof cause), EMAIL_OK);
	assert_string_equal(cause, "fault");
	assert_int_equal(stat("broken/status.xml", &first), 0);
	for (i = 0; i < 20; i++)
		succeed(out);
	expect_told(service, &h, 0, NULL);
	assert_int_equal(stat("broken/status.xml", &last), 0);
	assert_int_equal(first.st_ino, last.st_ino);
	/* and another fault in between is news, and its end too */
	fail_with(out, EMAIL_E_TIMEOUT, "no answer");
	expect_told(service, &h, 1, "status New down no answer");
	succeed(out);
	h.n = 0;
	email_service_events(service, h.number, hear, &h);
	assert_int_equal(h.n, 1);
	email_service_free(service);
}

static void
an_account_alone_keeps_nothing(void **state)
{
	email_account *account = email_account_new(EMAIL_OUTGOING, "Alone");
	char text[64];

	(void)state;
	succeed(account);
	assert_int_equal(email_account_get(account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "ok");
	/* and has nobody to tell */
	fail_with(account, EMAIL_E_TIMEOUT, "no answer");
	email__status_of_token(account, 60);
	email__status_of_discards(account, 1, 1795000000, "expired");
	email__status_look(account);
	assert_int_equal(email_account_get(account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "down");
	email_account_free(account);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_makes_nothing),
		cmocka_unit_test(another_process_sees_it),
		cmocka_unit_test(counts_of_two_processes_add_up),
		cmocka_unit_test(many_mails_cost_one_writing),
		cmocka_unit_test(a_renamed_account_keeps_its_status),
		cmocka_unit_test(a_damaged_file_is_no_obstacle),
		cmocka_unit_test(two_running_processes_keep_each_others_news),
		cmocka_unit_test(what_cannot_be_read_is_not_written_over),
		cmocka_unit_test(want_of_memory_costs_no_more_than_the_status),
		cmocka_unit_test(the_end_of_a_token_is_kept),
		cmocka_unit_test(a_look_sees_what_others_did),
		cmocka_unit_test(discards_add_up),
		cmocka_unit_test(a_change_of_status_is_told_once),
		cmocka_unit_test(a_lasting_fault_is_told_once),
		cmocka_unit_test(an_account_alone_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
