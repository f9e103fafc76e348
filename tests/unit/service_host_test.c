/* SPDX-License-Identifier: MIT */
/* What a service's accounts ask for (service/host.c): queue, bell, status, place. */
#include "support/cm.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "account/connection.h"
#include "account/copy.h"
#include "base/alloc.h"
#include "service/host.h"
#include "support/failalloc.h"
#include "support/scratch.h"

static email__shared shared;
static email__host host;
static email__seal_source seal;

static int
setup(void **state)
{
	(void)state;
	if (!email__shared_init(&shared))
		return -1;
	email__host_init(&host, &shared);
	host.seal = &seal;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__shared_dispose(&shared);
	email__host_dispose(&host);
	return 0;
}

static email_account *
account_of(email__host *owner, const char *name)
{
	email_account *account = email_account_new(EMAIL_OUTGOING, name);

	assert_non_null(account);
	account->owner = &owner->owner;
	account->sheet_path = owner->sheet;
	return account;
}

static email_code
enqueue(email_account *account)
{
	email_message *m = email_message_new();
	email_code rc;

	email_message_set_from(m, "a@example.com");
	email_message_add_to(m, "b@example.com");
	email_message_set_text(m, "text");
	rc = email_account_enqueue(account, m, EMAIL_PRIORITY_NORMAL, NULL, 0);
	email_message_free(m);
	return rc;
}

static int64_t
number(email_account *account, const char *property)
{
	char text[64];

	assert_int_equal(email_account_get(account, property, text, sizeof text), EMAIL_OK);
	return atoll(text);
}

static void
a_place_is_taken_whole_or_not(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(email__host_place(&host, "one", "one.xml"), EMAIL_OK);
	for (n = 1;; n++) {
		email_code rc;

		email_test_fail_alloc(n);
		rc = email__host_place(&host, "two", "two.xml");
		if (rc == EMAIL_OK)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
		assert_string_equal(host.folder, "one");
		assert_string_equal(host.sheet, "one.xml");
	}
	assert_string_equal(host.folder, "two");
	assert_string_equal(host.sheet, "two.xml");
	email_test_fail_alloc_off();
	/* its own texts may be given back to it */
	assert_int_equal(email__host_place(&host, host.folder, NULL), EMAIL_OK);
	assert_string_equal(host.folder, "two");
	assert_null(host.sheet);
}

static void
the_workers_host_is_like_it(void **state)
{
	email__host *mine = NULL;
	size_t n, blocks;
	char key[] = "seal.key";

	(void)state;
	assert_int_equal(email__host_place(&host, "state", "email.xml"), EMAIL_OK);
	seal.path = key;
	email_test_fail_alloc(0);
	blocks = email_test_blocks();
	for (n = 1; !mine; n++) {
		email_test_fail_alloc(n);
		mine = email__host_new(&shared, &host, NULL);
		if (!mine)
			assert_int_equal(email_test_blocks(), blocks);
	}
	assert_true(n > 4);
	assert_string_equal(mine->folder, "state");
	assert_string_equal(mine->sheet, "email.xml");
	assert_string_equal(mine->seal->path, "seal.key");
	assert_ptr_not_equal(mine->seal->path, seal.path);
	assert_ptr_equal(mine->shared, &shared);
	assert_int_equal(mine->users, 0);
	seal.path = NULL;
	email__host_free(mine);
	email__host_free(NULL);
	assert_int_equal(email_test_blocks(), blocks);
	email_test_fail_alloc_off();
}

static void
what_is_shared_begins_whole_or_not(void **state)
{
	email__shared s;

	(void)state;
	assert_true(email__shared_init(&s));
	assert_null(s.bell);
	email__shared_dispose(&s);
}

/* --- the queue -------------------------------------------------------------------------------- */

static void
looking_at_a_queue_makes_none(void **state)
{
	email_account *a;

	(void)state;
	assert_int_equal(email__host_place(&host, "looked", NULL), EMAIL_OK);
	a = account_of(&host, "A");
	assert_int_equal(email__host_queue_size(&host, a), -1);
	assert_int_equal(number(a, "queueSize"), 0);
	assert_int_not_equal(access("looked", F_OK), 0);
	assert_int_equal(enqueue(a), EMAIL_OK);
	assert_int_equal(access("looked/queue/A", F_OK), 0);
	assert_int_equal(email__host_queue_size(&host, a), 1);
	assert_int_equal(number(a, "queueSize"), 1);
	email_account_free(a);
}

/* The program's account and the worker's copy of it, in memory too. */
static void
two_hosts_have_one_queue(void **state)
{
	email__host *mine = email__host_new(&shared, &host, NULL);
	email_account *a = account_of(&host, "A"), *copy = email__account_copy(a), *b;
	email_error e = {0};

	(void)state;
	assert_non_null(mine);
	copy->owner = &mine->owner;
	assert_int_equal(enqueue(a), EMAIL_OK);
	assert_int_equal(enqueue(copy), EMAIL_OK);
	assert_int_equal(number(a, "queueSize"), 2);
	assert_int_equal(email__host_queue_size(mine, copy), 2);
	assert_ptr_equal(mine->owner.outbox(mine, copy, &e), host.owner.outbox(&host, a, &e));
	/* no other account's */
	b = account_of(&host, "B");
	assert_int_equal(number(b, "queueSize"), 0);
	email_account_free(a);
	email_account_free(b);
	email_account_free(copy);
	email__host_free(mine);
}

static void
the_queue_has_the_accounts_limits(void **state)
{
	email_account *a = account_of(&host, "A");
	email__host *mine = email__host_new(&shared, &host, NULL);

	(void)state;
	assert_int_equal(email_account_set(a, "maxQueueSize", "1"), EMAIL_OK);
	assert_int_equal(enqueue(a), EMAIL_OK);
	assert_int_equal(enqueue(a), EMAIL_E_QUEUE_FULL);
	assert_int_equal(email_account_set(a, "maxQueueSize", "2"), EMAIL_OK);
	assert_int_equal(enqueue(a), EMAIL_OK);
	email_account_free(a);
	email__host_free(mine);
}

static void
want_of_memory_is_told(void **state)
{
	email_account *a;
	email_error e;
	size_t n;

	(void)state;
	assert_int_equal(email__host_place(&host, "lack", NULL), EMAIL_OK);
	a = account_of(&host, "A");
	for (n = 1;; n++) {
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(n);
		if (host.owner.outbox(&host, a, &e))
			break;
		assert_int_equal(e.code, EMAIL_E_MEMORY);
	}
	assert_true(n > 4);
	for (n = 1; n < 8; n++) {
		email_test_fail_alloc(n);
		assert_true(email__host_queue_size(&host, a) >= -1);
	}
	email_test_fail_alloc_off();
	email_account_free(a);
}

/* --- the bell --------------------------------------------------------------------------------- */

static void
expect_rung(const email__bell *bell, const char *expected)
{
	char words[256];
	size_t n;

	email__bell_take(bell, words, sizeof words, &n);
	assert_string_equal(words, expected);
}

static void
the_worker_is_woken(void **state)
{
	email_account *a, *out;
	email__bell here, there;
	char *path;

	(void)state;
	assert_int_equal(email__host_place(&host, NULL, NULL), EMAIL_OK);
	a = account_of(&host, "A b");
	/* none, and no folder where there could be one */
	assert_null(email__host_bell_path(&host));
	assert_false(host.owner.wake(&host, a, false));
	assert_true(email__bell_open(&here, NULL));
	email__shared_set_bell(&shared, &here);
	assert_true(host.owner.wake(&host, a, false));
	expect_rung(&here, "+A b\n");
	assert_true(host.owner.wake(&host, a, true));
	expect_rung(&here, "!A b\n");
	email__shared_set_bell(&shared, NULL);
	assert_false(host.owner.wake(&host, a, false));

	/* in another process */
	assert_int_equal(mkdir("belfry", 0700), 0);
	assert_int_equal(email__host_place(&host, "belfry", NULL), EMAIL_OK);
	out = account_of(&host, "Out");
	assert_false(host.owner.wake(&host, out, true));
	path = email__host_bell_path(&host);
	assert_string_equal(path, "belfry/bell");
	assert_true(email__bell_open(&there, path));
	assert_true(there.shared);
	assert_true(host.owner.wake(&host, out, true));
	expect_rung(&there, "!Out\n");
	/* the one in this process goes before */
	email__shared_set_bell(&shared, &here);
	assert_true(host.owner.wake(&host, out, false));
	expect_rung(&there, "");
	expect_rung(&here, "+Out\n");
	email__shared_set_bell(&shared, NULL);
	email__bell_close(&there);
	assert_false(host.owner.wake(&host, out, true));
	email__bell_close(&here);
	email__free(path);
	email_account_free(a);
	email_account_free(out);
}

/* A mail that is queued rings by itself. */
static void
what_is_queued_rings(void **state)
{
	email_account *a = account_of(&host, "A");
	email__bell bell;

	(void)state;
	assert_true(email__bell_open(&bell, NULL));
	email__shared_set_bell(&shared, &bell);
	assert_int_equal(enqueue(a), EMAIL_OK);
	expect_rung(&bell, "+A\n");
	email__shared_set_bell(&shared, NULL);
	email__bell_close(&bell);
	email_account_free(a);
}

static void *
come_and_go(void *context)
{
	email__bell bell;
	int i;

	(void)context;
	for (i = 0; i < 300; i++) {
		if (!email__bell_open(&bell, NULL))
			return NULL;
		email__shared_set_bell(&shared, &bell);
		email__shared_set_bell(&shared, NULL);
		email__bell_close(&bell);
	}
	return NULL;
}

/* The worker comes and goes while others ring: nobody rings a bell that is closed. */
static void
bells_come_and_go(void **state)
{
	email_account *a = account_of(&host, "A");
	pthread_t thread;
	int i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, come_and_go, NULL), 0);
	for (i = 0; i < 2000; i++)
		(void)host.owner.wake(&host, a, i % 2);
	assert_int_equal(pthread_join(thread, NULL), 0);
	email_account_free(a);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void
count_event(void *context, const email_event *event)
{
	assert_string_equal(event->account, "A");
	++*(size_t *)context;
}

static void
the_workers_copy_is_no_account_of_the_program(void **state)
{
	email_account *a = account_of(&host, "A");
	email_error e = {0};
	unsigned char key[EMAIL_SEAL_KEY_SIZE];
	size_t events = 0;
	char *place;

	(void)state;
	assert_int_equal(host.owner.work(&host, a, &e), EMAIL_E_USAGE);
	assert_false(host.owner.name_taken(&host, "A"));
	assert_null(host.owner.renaming);
	assert_null(host.owner.trust(&host));
	assert_null(host.owner.state_folder(&host));
	assert_int_equal(host.owner.seal_key(&host, key, &e), EMAIL_E_UNKNOWN);
	assert_int_equal(email__host_place(&host, "state", NULL), EMAIL_OK);
	place = host.owner.state_folder(&host);
	assert_string_equal(place, "state");
	email__free(place);
	email__account_tell(a, EMAIL_EVENT_QUEUE, "", "something");
	email__events_visit(&shared.events, 0, count_event, &events);
	assert_int_equal(events, 1);
	email_account_free(a);
}

/* Only an account that the sheet knows by its name has a secret there to be replaced. */
static void
secrets_go_into_the_sheet(void **state)
{
	email_service *service = email_service_new();
	email_account *a, *copy;
	email_error e = {0};
	char text[128] = "";
	FILE *f;

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "A", &a), EMAIL_OK);
	assert_int_equal(email_account_set(a, "emailAuthenticator.type", "oAuthRefreshToken"), EMAIL_OK);
	assert_int_equal(email_account_set(a, "emailAuthenticator.refreshToken", "value:first"), EMAIL_OK);
	assert_int_equal(email_service_save(service, "secrets.xml", &e), EMAIL_OK);
	copy = email__account_copy(a);
	copy->owner = &host.owner;
	/* no sheet: the program keeps it */
	assert_int_equal(host.owner.secret_save(&host, copy, &copy->v.auth_refresh_token, "second", &e),
	                 EMAIL_OK);
	assert_int_equal(email__host_place(&host, "state", "secrets.xml"), EMAIL_OK);
	assert_int_equal(host.owner.secret_save(&host, copy, &copy->v.auth_refresh_token, "third", &e),
	                 EMAIL_OK);
	copy->in_sheet = true;
	assert_int_equal(host.owner.secret_save(&host, copy, &copy->v.auth_refresh_token, "fourth", &e),
	                 EMAIL_OK);
	f = fopen("secrets.xml", "r");
	while (fgets(text, sizeof text, f) && !strstr(text, "refreshToken"))
		continue;
	fclose(f);
	assert_non_null(strstr(text, "fourth"));
	assert_int_equal(access("state/sheet.lock", F_OK), 0);
	email_account_free(copy);
	email_service_free(service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_place_is_taken_whole_or_not, setup, teardown),
		cmocka_unit_test_setup_teardown(the_workers_host_is_like_it, setup, teardown),
		cmocka_unit_test(what_is_shared_begins_whole_or_not),
		cmocka_unit_test_setup_teardown(looking_at_a_queue_makes_none, setup, teardown),
		cmocka_unit_test_setup_teardown(two_hosts_have_one_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(the_queue_has_the_accounts_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(want_of_memory_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(the_worker_is_woken, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_queued_rings, setup, teardown),
		cmocka_unit_test_setup_teardown(bells_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(the_workers_copy_is_no_account_of_the_program, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(secrets_go_into_the_sheet, setup, teardown),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
