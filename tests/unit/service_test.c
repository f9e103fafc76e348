/* SPDX-License-Identifier: MIT */
/* The service's public face: accounts, its own properties, trust. Sheets: read_test.c, write_test.c. */
#include "support/cm.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/service.h>

#include "account/connection.h"
#include "service/service_state.h"
#include "support/failalloc.h"

static char folder[] = "/tmp/email-service-XXXXXX";
static email_service *service;

static int
group_setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
group_teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static int
setup(void **state)
{
	(void)state;
	return (service = email_service_new()) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_service_free(service);
	email_service_free(NULL);
	return 0;
}

static void
assert_own(const char *property, const char *expected)
{
	char text[512];

	assert_int_equal(email_service_get(service, property, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, expected);
}

static void
accounts(void **state)
{
	email_account *a, *b;

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "A", &a), EMAIL_OK);
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, "B", &b), EMAIL_OK);
	assert_ptr_equal(email_service_account(service, "A"), a);
	assert_ptr_equal(email_service_account_at(service, 1), b);
	assert_null(email_service_account_at(service, 2));
	assert_null(email_service_account_at(service, SIZE_MAX));

	assert_int_equal(email_service_add(service, EMAIL_INCOMING, "A", &b), EMAIL_E_VALUE);
	assert_null(b);
	assert_string_equal(email_service_error(service)->property, "name");
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, ".A", NULL), EMAIL_E_VALUE);
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, NULL, NULL), EMAIL_E_VALUE);

	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_E_VALUE);
	assert_int_equal(email_service_rename(service, "A", "a/b"), EMAIL_E_VALUE);
	assert_int_equal(email_service_rename(service, "C", "D"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_service_rename(service, "A", "A"), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "A", "C"), EMAIL_OK);
	assert_int_equal(email_service_error(service)->code, EMAIL_OK);
	assert_string_equal(email_account_name(a), "C");
	/* by the account's own property it is the same */
	assert_int_equal(email_account_set(a, "name", "B"), EMAIL_E_VALUE);
	assert_int_equal(email_account_set(a, "name", "D"), EMAIL_OK);
	assert_ptr_equal(email_service_account(service, "D"), a);

	assert_int_equal(email_service_remove(service, "A"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_service_remove(service, "D"), EMAIL_OK);
	assert_null(email_service_account(service, "D"));
	assert_non_null(email_service_account(service, "B"));
	assert_int_equal(email_service_remove(service, "B"), EMAIL_OK);
	assert_null(email_service_account_at(service, 0));
}

static void
its_own_properties(void **state)
{
	char text[4];

	(void)state;
	assert_own("enabled", "true");
	assert_own("stateFolder", "state");
	assert_int_equal(email_service_set(service, "stateFolder", "elsewhere"), EMAIL_OK);
	assert_own("stateFolder", "elsewhere");
	assert_int_equal(email_service_get(service, "stateFolder", text, sizeof text), EMAIL_E_LIMIT);
	assert_string_equal(text, "els");
	assert_int_equal(email_service_set(service, "stateFolder", ""), EMAIL_E_VALUE);
	assert_string_equal(email_service_error(service)->property, "stateFolder");
	assert_int_equal(email_service_set(service, "stateFolder", NULL), EMAIL_OK);
	assert_own("stateFolder", "state");
	assert_int_equal(email_service_set(service, "status", "ok"), EMAIL_E_VALUE);
	assert_int_equal(email_service_set(service, "enbled", "false"), EMAIL_E_UNKNOWN);
	assert_string_equal(email_service_error(service)->remedy, "did you mean enabled?");
	assert_int_equal(email_service_get(service, "hostname", text, sizeof text), EMAIL_E_UNKNOWN);
}

static void
status_is_the_worst_accounts(void **state)
{
	email_account *a, *b;

	(void)state;
	assert_own("status", "unverified");
	email_service_add(service, EMAIL_OUTGOING, "A", &a);
	email_service_add(service, EMAIL_INCOMING, "B", &b);
	assert_own("status", "unverified");
	a->v.status_bits = b->v.status_bits = 0;
	assert_own("status", "ok");
	assert_own("faultCause", "");
	email_account_set_enabled(a, false);
	assert_own("status", "disabled");
	b->v.status_bits = EMAIL__STATUS_UNVERIFIED;
	assert_own("status", "unverified");
	b->v.status_bits = EMAIL__STATUS_DOWN;
	assert_own("status", "down");
	a->v.status_bits = EMAIL__STATUS_FAULT;
	strcpy(a->v.fault_cause = realloc(a->v.fault_cause, 32), "login refused");
	assert_own("status", "fault");
	assert_own("faultCause", "A: login refused");
	email_service_set(service, "enabled", "false");
	assert_own("status", "disabled");
}

static void
accounts_have_the_services_trust(void **state)
{
	email_trust *trust, *own = email_trust_new();
	email_account *a;
	char state_folder[64];

	(void)state;
	snprintf(state_folder, sizeof state_folder, "%s/trust", folder);
	assert_int_equal(email_service_set_state_folder(service, state_folder), EMAIL_OK);
	email_service_add(service, EMAIL_OUTGOING, "A", &a);
	trust = email__account_trust(a);
	assert_non_null(trust);
	assert_ptr_equal(trust, email_service_trust(service));
	assert_int_equal(email_trust_error(trust)->code, EMAIL_OK);
	email_account_set_trust(a, own);
	assert_ptr_equal(email__account_trust(a), own);
	email_account_set_trust(a, NULL);
	assert_ptr_equal(email__account_trust(a), trust);
	/* nothing is made on disk before there is something to keep */
	assert_int_equal(access(state_folder, F_OK), -1);
	email_trust_free(own);
}

static void
write_sheet(const char *path, const char *state_folder)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
	        "<emailService xmlns=\"urn:emailservice:property-sheet:1\">"
	        "<stateFolder>%s</stateFolder><outgoingAccount name=\"A\"/></emailService>\n",
	        state_folder);
	fclose(f);
}

/* Relative to the sheet; the trust sheet that stands there is the one that is read. */
static void
the_state_folder_is_beside_the_sheet(void **state)
{
	char sheet[64], broken[64], trust_sheet[80];
	email_trust *trust;
	FILE *f;

	(void)state;
	snprintf(sheet, sizeof sheet, "%s/email.xml", folder);
	snprintf(broken, sizeof broken, "%s/broken", folder);
	snprintf(trust_sheet, sizeof trust_sheet, "%s/trust.xml", broken);
	write_sheet(sheet, "broken");
	assert_int_equal(mkdir(broken, 0700), 0);
	f = fopen(trust_sheet, "w");
	assert_non_null(f);
	fputs("<trust", f);
	fclose(f);
	assert_int_equal(email_service_load(service, sheet, NULL), EMAIL_OK);
	trust = email_service_trust(service);
	assert_non_null(trust);
	assert_int_equal(email_trust_error(trust)->code, EMAIL_E_SHEET);

	/* the same folder again: the same object; another folder: another one, which is read from there */
	assert_int_equal(email_service_load(service, sheet, NULL), EMAIL_OK);
	assert_ptr_equal(email_service_trust(service), trust);
	write_sheet(sheet, "sound");
	assert_int_equal(email_service_load(service, sheet, NULL), EMAIL_OK);
	assert_int_equal(email_trust_error(email_service_trust(service))->code, EMAIL_OK);
	write_sheet(sheet, "broken");
	assert_int_equal(email_service_load(service, sheet, NULL), EMAIL_OK);
	assert_int_equal(email_trust_error(email_service_trust(service))->code, EMAIL_E_SHEET);
}

/* --- while it runs ---------------------------------------------------------------------------- */

static char running_sheet[64];

/* Disabled, so that nothing is asked of anybody; beside its own state folder. */
static void
write_running(const char *accounts, const char *state_folder)
{
	FILE *f;

	snprintf(running_sheet, sizeof running_sheet, "%s/running.xml", folder);
	f = fopen(running_sheet, "w");
	assert_non_null(f);
	fprintf(f,
	        "<emailService xmlns=\"urn:emailservice:property-sheet:1\"><enabled>false</enabled>"
	        "<stateFolder>%s</stateFolder>%s</emailService>\n",
	        state_folder, accounts);
	fclose(f);
}

static email__lane *
lane(const char *name)
{
	return email__worker_lane(service->worker, name);
}

static void
a_load_reaches_the_worker(void **state)
{
	const email__host *host;
	email_trust *trust;
	email_account *a;

	(void)state;
	write_running("<outgoingAccount name=\"A\"/><outgoingAccount name=\"B\"/>", "running");
	assert_int_equal(email_service_load(service, running_sheet, NULL), EMAIL_OK);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	assert_true(email_service_running(service));
	assert_int_equal(service->worker->count, 2);
	host = lane("A")->host;
	assert_ptr_equal(lane("B")->host, host);
	assert_ptr_not_equal(host, &service->host);
	trust = email_service_trust(service);
	assert_ptr_equal(host->trust, trust);
	/* its own copies, which know that the sheet has them */
	assert_ptr_not_equal(lane("A")->account, email_service_account(service, "A"));
	assert_true(lane("A")->account->in_sheet);

	/* what the program changes comes with apply() */
	assert_int_equal(
		email_account_set(email_service_account(service, "A"), "hostname", "mail.example.com"),
		EMAIL_OK);
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, "C", NULL), EMAIL_OK);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	assert_string_equal(lane("A")->account->v.hostname, "");
	assert_null(lane("C"));
	assert_int_equal(email_service_apply(service), EMAIL_OK);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	assert_string_equal(lane("A")->account->v.hostname, "mail.example.com");
	assert_non_null(lane("C"));
	assert_false(lane("C")->account->in_sheet);

	/* another sheet with another folder: the old trust lives until the worker ends */
	write_running("<outgoingAccount name=\"B\"/><outgoingAccount name=\"D\"/>", "running 2");
	a = lane("B")->account;
	assert_int_equal(email_service_reload(service, NULL), EMAIL_OK);
	assert_ptr_not_equal(email_service_trust(service), trust);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	assert_int_equal(service->worker->count, 2);
	assert_null(lane("A"));
	assert_ptr_equal(lane("B")->account, a);
	assert_ptr_equal(lane("B")->host, lane("D")->host);
	assert_ptr_equal(email__account_trust(a), email_service_trust(service));
	assert_int_equal(service->worker->old_trusts, 1);
	assert_non_null(strstr(lane("B")->host->folder, "running 2"));

	/* one that cannot be read changes nothing */
	write_running("<outgoingAccount/>", "running");
	assert_int_equal(email_service_reload(service, NULL), EMAIL_E_SHEET);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	assert_ptr_equal(lane("B")->account, a);
	email_service_stop(service);
	assert_false(email_service_running(service));
}

typedef struct watch {
	email_service *service;
	_Atomic unsigned long told;
	unsigned long last;
	bool disorder, missing;
} watch;

static void
find_number(void *context, const email_event *event)
{
	unsigned long *wanted = context;

	if (event->number == *wanted)
		*wanted = 0;
}

/* In the worker's thread; asks for what it is told of. */
static void
watch_events(void *context, const email_event *event)
{
	watch *w = context;
	unsigned long wanted = event->number;

	w->disorder = w->disorder || event->number <= w->last;
	w->last = event->number;
	email_service_events(w->service, event->number - 1, find_number, &wanted);
	w->missing = w->missing || wanted;
	w->told++;
}

static void
a_callback_may_ask_for_events(void **state)
{
	email_message *m = email_message_new();
	watch w = {.service = service};
	email_account *a;
	int i;

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "A", &a), EMAIL_OK);
	/* nobody listens there: each attempt is told */
	email_account_set_hostname(a, "127.0.0.1");
	email_account_set_port(a, 1);
	email_message_set_from(m, "a@example.com");
	email_message_add_to(m, "b@example.com");
	email_message_set_text(m, "text");
	email_service_set_event_callback(service, watch_events, &w);
	assert_int_equal(email_service_start(service), EMAIL_OK);
	assert_int_equal(email_account_enqueue(a, m, EMAIL_PRIORITY_NORMAL, NULL, 0), EMAIL_OK);
	for (i = 0; i < 2000 && w.told < 2; i++) {
		unsigned long wanted = 1;

		email_service_events(service, 0, find_number, &wanted);
		poll(NULL, 0, 10);
	}
	assert_int_equal(email_account_queue_clear(a, NULL), EMAIL_OK);
	for (i = 0; i < 2000 && w.told < 3; i++) {
		assert_int_equal(email_account_queue_poll(a, NULL), EMAIL_OK);
		poll(NULL, 0, 10);
	}
	email_service_stop(service);
	assert_true(w.told >= 3);
	assert_false(w.disorder || w.missing);
	email_message_free(m);
}

/* In a thread, again and again, with questions in between. */
static void
loads_while_a_thread_works(void **state)
{
	char text[64];
	int i;

	(void)state;
	write_running("<outgoingAccount name=\"A\"/>", "running");
	assert_int_equal(email_service_load(service, running_sheet, NULL), EMAIL_OK);
	assert_int_equal(email_service_start(service), EMAIL_OK);
	assert_int_equal(email_service_start(service), EMAIL_E_USAGE);
	for (i = 0; i < 40; i++) {
		write_running(i % 2 ? "<outgoingAccount name=\"A\"/><incomingAccount name=\"B\"/>"
		                    : "<outgoingAccount "
		                      "name=\"A\"><hostname>x.example</hostname></outgoingAccount>",
		              i % 4 < 2 ? "running" : "running 2");
		assert_int_equal(email_service_load(service, running_sheet, NULL), EMAIL_OK);
		assert_int_equal(
			email_account_get(email_service_account(service, "A"), "status", text, sizeof text),
			EMAIL_OK);
		email_service_trust(service);
	}
	email_service_stop(service);
}

/* Whatever fails, the service and its worker go on as they were. */
static void
a_load_that_fails_for_want_of_memory(void **state)
{
	email_trust *trust;
	email_account *a;
	bool failed = true;
	email_code rc = EMAIL_E_MEMORY;
	size_t n;

	(void)state;
	write_running("<outgoingAccount name=\"A\"/>", "running");
	assert_int_equal(email_service_load(service, running_sheet, NULL), EMAIL_OK);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	trust = email_service_trust(service);
	write_running("<outgoingAccount name=\"A\"/><outgoingAccount name=\"B\"/>", "running 2");
	for (n = 1; rc; n++) {
		a = email_service_account(service, "A");
		email_test_fail_alloc(n);
		rc = email_service_load(service, running_sheet, NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		if (rc == EMAIL_OK)
			break;
		assert_true(failed && rc == EMAIL_E_MEMORY);
		assert_ptr_equal(email_service_account(service, "A"), a);
		assert_ptr_equal(a->owner, &service->host.owner);
		assert_null(email_service_account(service, "B"));
		assert_ptr_equal(email_service_trust(service), trust);
		assert_null(strstr(service->host.folder, "running 2"));
		assert_int_equal(email_service_step(service), EMAIL_OK);
		assert_int_equal(service->worker->count, 1);
		assert_null(strstr(lane("A")->host->folder, "running 2"));
	}
	assert_true(n > 20);
	assert_int_equal(email_service_step(service), EMAIL_OK);
	assert_non_null(lane("B"));
	email_service_stop(service);
}

static void
memory_may_end_anywhere(void **state)
{
	email_service *s = NULL;
	size_t n, blocks;

	(void)state;
	email_test_fail_alloc(0);
	blocks = email_test_blocks();
	for (n = 1; !s; n++) {
		email_test_fail_alloc(n);
		s = email_service_new();
		if (!s)
			assert_int_equal(email_test_blocks(), blocks);
	}
	for (n = 1;; n++) {
		email_account *a = NULL;
		email_code rc, other;

		email_test_fail_alloc(n);
		rc = email_service_add(s, EMAIL_OUTGOING, "A", &a);
		other = rc ? EMAIL_OK : email_service_rename(s, "A", "B");
		if (rc == EMAIL_OK && other == EMAIL_OK)
			break;
		assert_int_equal(rc ? rc : other, EMAIL_E_MEMORY);
		assert_int_equal(email_service_error(s)->code, EMAIL_E_MEMORY);
		email_test_fail_alloc(0);
		if (rc)
			assert_null(email_service_account_at(s, 0));
		else
			assert_int_equal(email_service_remove(s, "A"), EMAIL_OK);
	}
	email_service_free(s);
	assert_int_equal(email_test_blocks(), blocks);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(its_own_properties, setup, teardown),
		cmocka_unit_test_setup_teardown(status_is_the_worst_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(accounts_have_the_services_trust, setup, teardown),
		cmocka_unit_test_setup_teardown(the_state_folder_is_beside_the_sheet, setup, teardown),
		cmocka_unit_test_setup_teardown(a_load_reaches_the_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(a_callback_may_ask_for_events, setup, teardown),
		cmocka_unit_test_setup_teardown(loads_while_a_thread_works, setup, teardown),
		cmocka_unit_test_setup_teardown(a_load_that_fails_for_want_of_memory, setup, teardown),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
