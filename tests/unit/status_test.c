/* SPDX-License-Identifier: MIT */
/* The status of accounts, in memory (account/status.c) and in the state folder (service/status.c). */
#include "support/cm.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "account/connection.h"
#include "account/copy.h"
#include "service/host.h"
#include "support/failalloc.h"
#include "support/scratch.h"

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
		("<status xmlns=\"urn:emailservice:status:1\"><account name=\"Out\">"
	         "<numberSent>x</numberSent><status>sorry</status></account></status>")};
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
	assert_int_equal(email_account_get(email_service_account(a, "Out"), "numberSent", text, sizeof text),
	                 EMAIL_OK);
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
	snprintf(h->last, sizeof h->last, "%s %s %s %s", email_event_name(event->kind), event->account,
	         event->status, event->text);
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

/* Without loading the sheet again: two services that both live on, and several accounts. */
static void
others_news_come_in_while_running(void **state)
{
	email_service *a = loaded(), *b = loaded();

	(void)state;
	assert_int_equal(email_account_reset(email_service_account(a, "Out"), "numberSent"), EMAIL_OK);
	expect(a, "Out", "numberSent", "0");
	expect(a, "In", "lastPollFailureCause", "");
	succeed(email_service_account(b, "Out"));
	email__status_keep(email_service_account(b, "Out"), true);
	email__status_of_poll(email_service_account(b, "In"),
	                      &(email_error){.code = EMAIL_E_TIMEOUT, .text = "no answer"});
	expect(a, "Out", "numberSent", "1");
	expect(a, "In", "lastPollFailureCause", "no answer");
	/* and back, each what the other did not write */
	fail_with(email_service_account(a, "In"), EMAIL_E_CONNECT, "refused");
	expect(b, "In", "faultCause", "refused");
	expect(b, "In", "lastPollFailureCause", "no answer");
	expect(b, "Out", "numberSent", "1");
	/* an account more, that this one does not know yet */
	assert_int_equal(email_service_add(b, EMAIL_OUTGOING, "New", NULL), EMAIL_OK);
	succeed(email_service_account(b, "New"));
	expect(a, "Out", "status", "ok");
	email_service_free(b);
	assert_int_equal(email_service_add(a, EMAIL_OUTGOING, "New", NULL), EMAIL_OK);
	expect(a, "New", "numberSent", "1");
	assert_int_equal(email_service_remove(a, "New"), EMAIL_OK);
	succeed(email_service_account(a, "In"));
	email_service_free(a);
}

/* --- in memory -------------------------------------------------------------------------------- */

static email__shared shared;
static email__host ours, workers;

static void
share(void)
{
	assert_true(email__shared_init(&shared));
	email__host_init(&ours, &shared);
	email__host_init(&workers, &shared);
}

static email_account *
lent(email__host *host, email_account_kind kind, const char *name)
{
	email_account *account = email_account_new(kind, name);

	assert_non_null(account);
	account->owner = &host->owner;
	return account;
}

static void
says(email_account *account, const char *property, const char *value)
{
	char text[512];

	assert_int_equal(email_account_get(account, property, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, value);
}

/* The worker's copy and the program's own, where there is no folder. */
static void
the_board_is_between_copies(void **state)
{
	email_account *out, *copy, *in;
	email__status_place place;

	(void)state;
	share();
	out = lent(&ours, EMAIL_OUTGOING, "Out");
	in = lent(&ours, EMAIL_INCOMING, "In");
	copy = email__account_copy(out);
	copy->owner = &workers.owner;
	says(out, "status", "unverified");
	assert_null(shared.board.sheet);
	fail_with(copy, EMAIL_E_LOGIN, "a wrong <password>");
	says(out, "status", "fault,unverified");
	says(out, "faultCause", "a wrong <password>");
	says(in, "status", "unverified");
	succeed(out);
	succeed(copy);
	succeed(copy);
	email__status_keep(copy, true);
	email__status_keep(out, true);
	says(out, "numberSent", "3");
	says(copy, "numberSent", "3");
	says(out, "status", "ok");
	succeed(in);
	says(copy, "numberSent", "3");

	/* gone, and one of its name is a new one */
	place = email__host_status(&ours);
	assert_null(place.folder);
	email__status_forget(&place, "Out");
	email__status_forget(&place, "nobody");
	email_account_free(copy);
	copy = lent(&workers, EMAIL_OUTGOING, "Out");
	says(copy, "numberSent", "0");
	email_account_free(out);
	email_account_free(copy);
	email_account_free(in);
	email__shared_dispose(&shared);
}

#define TIMES 200

static void *
succeed_often(void *context)
{
	email_account *account = context;
	int i;

	for (i = 0; i < TIMES; i++) {
		succeed(account);
		if (i % 10 == 0)
			email__status_keep(account, true);
		email__status_look(account);
	}
	email__status_keep(account, true);
	return NULL;
}

static void
the_board_is_for_threads(void **state)
{
	email_account *account[4];
	pthread_t thread[4];
	size_t i;

	(void)state;
	share();
	for (i = 0; i < 4; i++) {
		account[i] = lent(i % 2 ? &ours : &workers, EMAIL_OUTGOING, i < 3 ? "Out" : "Other");
		assert_int_equal(pthread_create(&thread[i], NULL, succeed_often, account[i]), 0);
	}
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	for (i = 0; i < 4; i++) {
		says(account[i], "numberSent", i < 3 ? "600" : "200");
		email_account_free(account[i]);
	}
	email__shared_dispose(&shared);
}

/* --- files that lie --------------------------------------------------------------------------- */

#define HEAD "<status xmlns=\"urn:emailservice:status:1\">"
#define OUT HEAD "<account name=\"Out\">"
#define END "</account></status>"

static void
write_status(const char *text, size_t times, const char *more)
{
	FILE *f = fopen("state/status.xml", "w");

	assert_non_null(f);
	fputs(text, f);
	while (times-- > 0)
		fputs(more, f);
	fclose(f);
}

/* Neither a crash nor a count that runs over; what can be read is. */
static void
a_file_that_lies_does_no_harm(void **state)
{
	static const struct {
		const char *text, *sent;
	} rows[] = {
		{OUT "<numberSent>9223372036854775807</numberSent>" END, "0"},
		{OUT "<numberSent>9223372036854775799</numberSent>" END, "0"},
		{OUT "<numberSent>99999999999999999999999999</numberSent>" END, "0"},
		{OUT "<numberSent>-1</numberSent>" END, "0"},
		{OUT "<numberSent>2305843009213693951</numberSent>" END, "2305843009213693951"},
		{OUT "<numberSent> 7</numberSent>" END, NULL},
		{OUT "<numberSent>7</numberSent><numberSent>8</numberSent>" END, "7"},
		{OUT
	         "<numberSent>7</numberSent></account><account name=\"Out\"><numberSent>8</numberSent>" END,
	         "7"},
		{HEAD "<account><numberSent>7</numberSent>" END, "0"},
		{HEAD "<account name=\"\"/><account name=\"Out\"><numberSent>7</numberSent>" END, "7"},
		{OUT "<numberSent><numberSent>7</numberSent></numberSent>" END, NULL},
		{OUT "<numberSent/><status/><lastSendSuccess>yesterday</lastSendSuccess>" END, "0"},
		{OUT "<lastSendSuccess>9999-99-99T99:99:99Z</lastSendSuccess><numberSent>7</numberSent>" END,
	         "7"},
		{OUT "<password>secret</password><hostname>evil.example.com</hostname><numberSent>7</"
	             "numberSent>" END,
	         "7"},
		{OUT "<queueSize>77</queueSize><numberSent>7</numberSent>" END, "7"},
		{"<status><account name=\"Out\"><numberSent>7</numberSent></account></status>", "0"},
		{"\xFF\xFE<\0s", "0"},
		{"<!DOCTYPE s [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" OUT
	         "<faultCause>&b;</faultCause>" END,
	         "0"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email_service *before = loaded(), *service;
		char hostname[64];

		write_status(rows[i].text, 0, "");
		service = loaded();
		if (rows[i].sent)
			expect(service, "Out", "numberSent", rows[i].sent);
		expect(service, "Out", "hostname", "");
		expect(service, "Out", "queueSize", "0");
		/* one that knew the file, and one that did not, go on with it */
		succeed(email_service_account(before, "Out"));
		email__status_keep(email_service_account(before, "Out"), true);
		succeed(email_service_account(service, "Out"));
		email_service_free(service);
		email_service_free(before);
		service = loaded();
		expect(service, "Out", "status", "ok");
		assert_int_equal(email_account_get(email_service_account(service, "Out"), "numberSent",
		                                   hostname, sizeof hostname),
		                 EMAIL_OK);
		assert_true(hostname[0] != '-');
		email_service_free(service);
		unlink("state/status.xml");
		unlink("state/status.xml.damaged");
	}
}

static void
a_file_too_large_is_left_alone(void **state)
{
	email_service *service;
	struct stat before, after;

	(void)state;
	write_status(HEAD, 400000, "<account name=\"X\"/>");
	assert_int_equal(stat("state/status.xml", &before), 0);
	service = loaded();
	expect(service, "Out", "numberSent", "0");
	succeed(email_service_account(service, "Out"));
	expect(service, "Out", "status", "ok");
	email_service_free(service);
	assert_int_equal(stat("state/status.xml", &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	/* nested more deeply than anybody writes */
	write_status(OUT, 20000, "<a>");
	service = loaded();
	succeed(email_service_account(service, "Out"));
	expect(service, "Out", "numberSent", "1");
	email_service_free(service);
	unlink("state/status.xml");
	unlink("state/status.xml.damaged");
}

/* A count may end where it does: it never runs over. */
static void
counts_end(void **state)
{
	email_service *service;
	email_account *out;
	char text[64];
	int i;

	(void)state;
	write_status(OUT "<numberSent>9223372036854775799</numberSent><numberDiscarded>9223372036854775799</"
	                 "numberDiscarded>" END,
	             0, "");
	service = loaded();
	out = email_service_account(service, "Out");
	for (i = 0; i < 3; i++) {
		succeed(out);
		email__status_of_discards(out, INT64_MAX / 16, 1, "full");
		email__status_keep(out, true);
	}
	assert_int_equal(email_account_get(out, "numberSent", text, sizeof text), EMAIL_OK);
	assert_true(text[0] != '-');
	email_service_free(service);
	unlink("state/status.xml");
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
		cmocka_unit_test(others_news_come_in_while_running),
		cmocka_unit_test(the_board_is_between_copies),
		cmocka_unit_test(the_board_is_for_threads),
		cmocka_unit_test(a_file_that_lies_does_no_harm),
		cmocka_unit_test(a_file_too_large_is_left_alone),
		cmocka_unit_test(counts_end),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
