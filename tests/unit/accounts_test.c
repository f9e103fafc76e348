/* SPDX-License-Identifier: MIT */
/* Accounts with a queue go, and get other names (service/accounts.c); what has none is in service_test.c. */
#include "support/cm.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "account/connection.h"
#include "support/failalloc.h"
#include "support/scratch.h"

static email_service *service;

static int
setup(void **state)
{
	(void)state;
	return system("rm -rf state given") == 0 && (service = email_service_new()) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_service_free(service);
	return 0;
}

static email_account *
added(email_service *s, const char *name)
{
	email_account *account;

	assert_int_equal(email_service_add(s, EMAIL_OUTGOING, name, &account), EMAIL_OK);
	return account;
}

static email_account *
lasting(const char *name)
{
	assert_int_equal(email_service_set_state_folder(service, "state"), EMAIL_OK);
	return added(service, name);
}

static email_code
enqueue(email_account *account, char id[EMAIL_ID_SIZE])
{
	email_message *m = email_message_new();
	email_code rc;

	email_message_set_from(m, "a@example.com");
	email_message_add_to(m, "b@example.com");
	email_message_set_text(m, "text");
	rc = email_account_enqueue(account, m, EMAIL_PRIORITY_NORMAL, id, EMAIL_ID_SIZE);
	email_message_free(m);
	return rc;
}

static bool
note_id(void *context, const email_queued *mail)
{
	snprintf(context, EMAIL_ID_SIZE, "%s", mail->id);
	return false;
}

/* The first that waits. */
static void
expect_waiting(email_account *account, const char *id)
{
	char found[EMAIL_ID_SIZE] = "";

	assert_int_equal(email_account_queue_list(account, false, note_id, found), EMAIL_OK);
	assert_string_equal(found, id);
}

static void
note_event(void *context, const email_event *event)
{
	if (event->kind == EMAIL_EVENT_DISCARDED)
		*(email_event *)context = *event;
}

/* Events of the queue have the account's name. */
static void
expect_told_as(email_account *account, const char *id, const char *name)
{
	email_event last = {0};

	assert_int_equal(email_account_queue_delete(account, id), EMAIL_OK);
	email_service_events(service, 0, note_event, &last);
	assert_string_equal(last.account, name);
	assert_string_equal(last.id, id);
}

/* --- going ------------------------------------------------------------------------------------ */

static void
none_goes_while_mail_waits(void **state)
{
	email_account *a = lasting("A"), *memory = added(service, "Memory");
	char id[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(email_account_set(memory, "persistent", "false"), EMAIL_OK);
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(enqueue(memory, id), EMAIL_OK);
	assert_int_equal(email_service_remove(service, "A"), EMAIL_E_VALUE);
	assert_string_equal(email_service_error(service)->text, "mail waits in the queue of \"A\"");
	assert_non_null(strstr(email_service_error(service)->remedy, "clear"));
	assert_ptr_equal(email_service_account(service, "A"), a);
	assert_int_equal(email_service_remove(service, "Memory"), EMAIL_E_VALUE);
	assert_int_equal(email_account_queue_clear(a, NULL), EMAIL_OK);
	assert_int_equal(email_account_queue_clear(memory, NULL), EMAIL_OK);
	assert_int_equal(email_service_remove(service, "A"), EMAIL_OK);
	/* the name may be its own */
	assert_int_equal(email_service_remove(service, email_account_name(memory)), EMAIL_OK);
	assert_null(email_service_account_at(service, 0));
	/* the dead letters are there */
	assert_int_equal(access("state/queue/A/dead", F_OK), 0);
	a = added(service, "A");
	assert_int_equal(email_account_queue_list(a, true, note_id, id), EMAIL_OK);
	assert_int_equal(email_account_queue_delete(a, id), EMAIL_OK);
}

/* Also of another process. */
static void
mail_of_others_waits_too(void **state)
{
	int status;
	pid_t child;

	(void)state;
	lasting("A");
	if ((child = fork()) == 0) {
		char id[EMAIL_ID_SIZE];

		_exit(enqueue(email_service_account(service, "A"), id) != EMAIL_OK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(email_service_remove(service, "A"), EMAIL_E_VALUE);
}

static void
its_status_goes_with_it(void **state)
{
	email_account *a = lasting("A");
	char text[64];

	(void)state;
	email__status_of_mail(a, EMAIL_OK, &(email_error){0});
	email__status_keep(a, true);
	assert_int_equal(email_service_remove(service, "A"), EMAIL_OK);
	a = added(service, "A");
	assert_int_equal(email_account_get(a, "numberSent", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "0");
}

/* --- another name ----------------------------------------------------------------------------- */

static void
the_folder_moves(void **state)
{
	email_account *a = lasting("A");
	char id[EMAIL_ID_SIZE], second[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_OK);
	assert_int_not_equal(access("state/queue/A", F_OK), 0);
	assert_int_equal(access("state/queue/B", F_OK), 0);
	expect_waiting(a, id);
	/* by the property it is the same, and together with others */
	assert_int_equal(email_account_set(a, "name", "C"), EMAIL_OK);
	assert_int_equal(access("state/queue/C", F_OK), 0);
	expect_waiting(a, id);
	assert_int_equal(
		email_account_set_all(
			a, (email_property_value[]){{"hostname", "mail.example.com"}, {"name", "D"}}, 2),
		EMAIL_OK);
	expect_waiting(a, id);
	expect_told_as(a, id, "D");
	assert_int_equal(enqueue(a, second), EMAIL_OK);
	assert_int_equal(email_service_rename(service, email_account_name(a), "A"), EMAIL_OK);
	expect_waiting(a, second);
	/* where nothing was ever queued nothing moves */
	added(service, "Empty");
	assert_int_equal(email_service_rename(service, "Empty", "Empty 2"), EMAIL_OK);
}

static void
one_in_memory_keeps_its_mail(void **state)
{
	email_account *a, *b;
	char id[EMAIL_ID_SIZE];

	(void)state;
	/* no folder at all; then one that is not persistent, though it has a directory */
	a = added(service, "A");
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_OK);
	expect_waiting(a, id);
	expect_told_as(a, id, "B");
	assert_int_equal(email_account_set(a, "persistenceDirectory", "given"), EMAIL_OK);
	assert_int_equal(email_account_set(a, "persistent", "false"), EMAIL_OK);
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "B", "C"), EMAIL_OK);
	expect_waiting(a, id);
	/* another one that was of that name, and is gone */
	b = added(service, "Gone");
	assert_int_equal(email_account_set(b, "persistent", "false"), EMAIL_OK);
	expect_waiting(b, "");
	assert_int_equal(email_service_remove(service, "Gone"), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "C", "Gone"), EMAIL_OK);
	expect_waiting(a, id);
	expect_told_as(a, id, "Gone");
}

static void
a_given_directory_stays(void **state)
{
	email_account *a = lasting("A");
	char id[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(email_account_set(a, "persistenceDirectory", "given"), EMAIL_OK);
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_OK);
	assert_int_equal(access("given/queue", F_OK), 0);
	expect_waiting(a, id);
	expect_told_as(a, id, "B");
}

/* What an account left that is gone is not written over, and not taken for this one's. */
static void
a_queue_of_that_name_is_in_the_way(void **state)
{
	email_account *a = lasting("A");
	char id[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(mkdir("state/queue/B", 0700), 0);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_E_VALUE);
	assert_non_null(strstr(email_service_error(service)->text, "state/queue/B"));
	assert_string_equal(email_service_error(service)->property, "name");
	assert_string_equal(email_account_name(a), "A");
	assert_ptr_equal(email_service_account(service, "A"), a);
	expect_waiting(a, id);
	assert_int_equal(email_account_set(a, "name", "B"), EMAIL_E_VALUE);
	expect_waiting(a, id);
	assert_int_equal(rmdir("state/queue/B"), 0);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_OK);
	expect_waiting(a, id);
}

/* Who works it has its files open. */
static void
none_gets_a_name_while_its_queue_is_worked(void **state)
{
	email_service *other = email_service_new();
	email_account *a = lasting("A"), *in;
	char id[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, "In", &in), EMAIL_OK);
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	assert_int_equal(email_service_set_state_folder(other, "state"), EMAIL_OK);
	email_account_set_enabled(added(other, "A"), false);
	assert_int_equal(email_service_step(other), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_E_TEMPORARY);
	assert_string_equal(email_account_name(a), "A");
	expect_waiting(a, id);
	email_service_free(other);

	email_account_set_enabled(a, false);
	email_account_set_enabled(in, false);
	assert_int_equal(email_service_start(service), EMAIL_OK);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_E_USAGE);
	assert_int_equal(email_account_set(a, "name", "B"), EMAIL_E_USAGE);
	assert_string_equal(email_account_name(a), "A");
	/* one without a queue may */
	assert_int_equal(email_service_rename(service, "In", "Inbox"), EMAIL_OK);
	assert_int_equal(email_service_apply(service), EMAIL_OK);
	email_service_stop(service);
	assert_int_equal(email_service_rename(service, "A", "B"), EMAIL_OK);
	expect_waiting(a, id);
}

static void
counts_go_with_it(void **state)
{
	email_account *a = lasting("A");
	char text[64], id[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(enqueue(a, id), EMAIL_OK);
	email__status_of_mail(a, EMAIL_OK, &(email_error){0});
	email__status_keep(a, true);
	assert_int_equal(email_account_set(a, "name", "B"), EMAIL_OK);
	email_service_free(service);
	service = email_service_new();
	a = lasting("B");
	assert_int_equal(email_account_get(a, "numberSent", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "1");
	expect_waiting(a, id);
	a = added(service, "A");
	assert_int_equal(email_account_get(a, "numberSent", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "0");
}

static void
not_every_name(void **state)
{
	email_account *a = added(service, "A");

	(void)state;
	assert_int_equal(email_service_rename(service, "A", NULL), EMAIL_E_VALUE);
	assert_int_equal(email_service_rename(service, "A", ""), EMAIL_E_VALUE);
	assert_int_equal(email_service_rename(service, "A", "../A"), EMAIL_E_VALUE);
	assert_int_equal(email_service_rename(service, "A", ".."), EMAIL_E_VALUE);
	assert_string_equal(email_account_name(a), "A");
}

/* Whatever fails, account and queue have the same name. */
static void
want_of_memory_parts_nobody(void **state)
{
	size_t n, kind;
	bool failed;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		email_account *a = kind ? added(service, "A") : lasting("A");
		char id[EMAIL_ID_SIZE];

		if (kind)
			assert_int_equal(email_account_set(a, "persistent", "false"), EMAIL_OK);
		assert_int_equal(enqueue(a, id), EMAIL_OK);
		for (n = 1, failed = true; failed; n++) {
			email_code rc;

			email_test_fail_alloc(n);
			rc = email_service_rename(service, "A", "B");
			failed = email_test_alloc_failed();
			email_test_fail_alloc_off();
			assert_true(rc == EMAIL_OK || (failed && rc == EMAIL_E_MEMORY));
			expect_waiting(a, id);
			assert_string_equal(email_account_name(a), rc ? "A" : "B");
			/* that the status was not to be had is no reason */
			if (rc == EMAIL_OK && failed)
				assert_int_equal(email_service_rename(service, "B", "A"), EMAIL_OK);
		}
		assert_true(n > 10);
		assert_int_equal(email_account_queue_clear(a, NULL), EMAIL_OK);
		assert_int_equal(email_service_remove(service, "B"), EMAIL_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(none_goes_while_mail_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(mail_of_others_waits_too, setup, teardown),
		cmocka_unit_test_setup_teardown(its_status_goes_with_it, setup, teardown),
		cmocka_unit_test_setup_teardown(the_folder_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(one_in_memory_keeps_its_mail, setup, teardown),
		cmocka_unit_test_setup_teardown(a_given_directory_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_queue_of_that_name_is_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(none_gets_a_name_while_its_queue_is_worked, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_go_with_it, setup, teardown),
		cmocka_unit_test_setup_teardown(not_every_name, setup, teardown),
		cmocka_unit_test_setup_teardown(want_of_memory_parts_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
