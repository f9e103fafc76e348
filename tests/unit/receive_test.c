/* SPDX-License-Identifier: MIT */
/* The public calls of receiving, as far as they go without a server; tests/live has the rest. */
#include <emailservice/receive.h>

#include <arpa/inet.h>
#include <emailservice/service.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "account/handed.h"
#include "base/error.h"
#include "support/cm.h"
#include "support/server.h"

static email_code
take(void *context, const email_received *received)
{
	(void)received;
	++*(int *)context;
	return EMAIL_OK;
}

static void
only_incoming_accounts(void **state)
{
	email_account *out = email_account_new(EMAIL_OUTGOING, "out");
	int calls = 0;

	(void)state;
	assert_int_equal(email_account_receive(out, take, &calls), EMAIL_E_USAGE);
	assert_int_equal(email_account_peek(out, take, &calls), EMAIL_E_USAGE);
	assert_string_equal(email_account_error(out)->text, "not an incoming account");
	email_account_free(out);
	assert_int_equal(calls, 0);
}

static void
refusals_before_the_network(void **state)
{
	email_account *in = email_account_new(EMAIL_INCOMING, "in");
	email_message *m = email_message_new();
	int calls = 0;

	(void)state;
	assert_int_equal(email_account_receive(in, take, &calls), EMAIL_E_VALUE);
	assert_string_equal(email_account_error(in)->text, "hostname is empty");
	assert_int_equal(email_account_set_hostname(in, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_enabled(in, false), EMAIL_OK);
	assert_int_equal(email_account_receive(in, take, &calls), EMAIL_E_DISABLED);
	assert_int_equal(email_account_send(in, m, NULL), EMAIL_E_USAGE);
	assert_int_equal(calls, 0);
	email_message_free(m);
	email_account_free(in);
}

static void
one_operation_at_a_time(void **state)
{
	email_account *in = email_account_new(EMAIL_INCOMING, "in");
	email_operation *op;
	int calls = 0;

	(void)state;
	assert_int_equal(email_account_set_hostname(in, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_port(in, 1), EMAIL_OK);
	assert_non_null(op = email_account_start_receive(in, take, &calls, true));
	assert_null(email_account_start_receive(in, take, &calls, false));
	assert_int_equal(email_account_receive(in, take, &calls), EMAIL_E_USAGE);
	email_account_cancel(in);
	while (email_operation_step(op) == EMAIL_PENDING)
		;
	assert_int_not_equal(email_operation_result(op), EMAIL_OK);
	email_operation_free(op);
	/* and the next one may */
	assert_non_null(op = email_account_start_receive(in, take, &calls, false));
	email_operation_free(op);
	email_account_free(in);
}

/* An account of a service, so that what was handed over lies in a file; its server listens, and says nothing. */
typedef struct place {
	char folder[32], path[64];
	email_service *service;
	email_account *in;
	int listener;
} place;

static void
place_open(place *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof at;

	snprintf(p->folder, sizeof p->folder, "/tmp/receive_test.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof p->path, "%s/uids/in", p->folder);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(p->listener, 5), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &size), 0);
	p->service = email_service_new();
	assert_int_equal(email_service_set_state_folder(p->service, p->folder), EMAIL_OK);
	assert_int_equal(email_service_add(p->service, EMAIL_INCOMING, "in", &p->in), EMAIL_OK);
	assert_int_equal(email_account_set_hostname(p->in, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_port(p->in, ntohs(at.sin_port)), EMAIL_OK);
}

static void
place_close(place *p)
{
	static const char *const left[] = {"/uids/in",    "/uids/in.lock",    "/uids",       "/status",
	                                   "/status.xml", "/status.xml.lock", "/trust.lock", "/status.lock"};
	char path[64];
	size_t i;

	email_service_free(p->service);
	close(p->listener);
	for (i = 0; i < sizeof left / sizeof *left; i++) {
		snprintf(path, sizeof path, "%s%s", p->folder, left[i]);
		(void)remove(path);
	}
	rmdir(p->folder);
}

/* Another process reads the mailbox. */
static email__handed *
taken(place *p)
{
	email_operation *op;
	email__handed *h;
	email_error e = {0};
	int calls = 0;

	if ((h = email__handed_open(p->path, "x", &e)))
		return h;
	/* its folder is made */
	assert_non_null(op = email_account_start_receive(p->in, take, &calls, false));
	(void)email_operation_step(op);
	email_operation_free(op);
	email__error_clear(&e);
	assert_non_null(h = email__handed_open(p->path, "x", &e));
	return h;
}

/* Freed before it is done: another process may read the mailbox. */
static void
nothing_is_kept_locked(void **state)
{
	email_operation *op;
	email_error e = {0};
	email__handed *h;
	int calls = 0;
	place p;

	(void)state;
	place_open(&p);
	assert_non_null(op = email_account_start_receive(p.in, take, &calls, true));
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	assert_null(email__handed_open(p.path, "x", &e));
	email_operation_free(op);
	assert_non_null(h = email__handed_open(p.path, "x", &e));
	email__handed_close(h);
	place_close(&p);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* No step waits for another process; once that one is through, the next step goes on, and not before. */
static void
a_locked_mailbox_blocks_nobody(void **state)
{
	email_operation *op;
	email__handed *h;
	int64_t from, took, shortest = INT64_MAX;
	int calls = 0, i;
	place p;

	(void)state;
	place_open(&p);
	h = taken(&p);
	assert_non_null(op = email_account_start_receive(p.in, take, &calls, false));
	for (i = 0; i < 20; i++) {
		from = now_ms();
		assert_int_equal(email_operation_step(op), EMAIL_PENDING);
		took = now_ms() - from;
		shortest = took < shortest ? took : shortest;
		assert_int_equal(email_operation_fd(op), -1);
		assert_int_equal(email_operation_events(op), 0);
		assert_in_range(email_operation_timeout(op), 1, 100);
		assert_int_equal(email_operation_result(op), EMAIL_E_USAGE);
	}
	assert_true(shortest < 50); /* one may be long on a machine with other work */
	email__handed_close(h);
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	assert_true(email_operation_fd(op) >= 0); /* on its way to the server */
	email_operation_free(op);
	place_close(&p);
}

/* Its turn comes with the next poll, or it is cancelled; the blocking call waits as long. */
static void
a_locked_mailbox_is_given_up(void **state)
{
	email_operation *op;
	email__handed *h;
	int64_t from;
	int calls = 0;
	place p;

	(void)state;
	place_open(&p);
	h = taken(&p);
	from = now_ms();
	assert_int_equal(email_account_receive(p.in, take, &calls), EMAIL_E_TEMPORARY);
	assert_true(now_ms() - from >= 1900);
	assert_string_equal(email_account_error(p.in)->text, "another process reads this mailbox now");
	assert_int_equal(email_account_error(p.in)->stage, EMAIL_STAGE_MAILBOX);
	assert_non_null(op = email_account_start_receive(p.in, take, &calls, false));
	for (from = now_ms(); email_operation_step(op) == EMAIL_PENDING;)
		poll(NULL, 0, (int)email_operation_timeout(op));
	assert_true(now_ms() - from >= 1900);
	assert_int_equal(email_operation_result(op), EMAIL_E_TEMPORARY);
	email_operation_free(op);
	assert_non_null(op = email_account_start_receive(p.in, take, &calls, false));
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	email_operation_cancel(op);
	assert_int_equal(email_operation_step(op), EMAIL_DONE);
	assert_int_equal(email_operation_result(op), EMAIL_E_CANCELLED);
	email_operation_free(op);
	email__handed_close(h);
	place_close(&p);
}

static email_progress
to_the_end(email_operation *op)
{
	while (email_operation_step(op) == EMAIL_PENDING) {
		struct pollfd f = {email_operation_fd(op), (short)email_operation_events(op), 0};

		poll(&f, 1, (int)email_operation_timeout(op));
	}
	return EMAIL_DONE;
}

/* Whatever is to be read on a connection that is kept: it wakes nobody before the lock is had. */
static void
a_kept_connection_wakes_nobody(void **state)
{
	email_test_server_options o = {
		.protocol = EMAIL_TEST_IMAP, .auth_in_clear = true, .mechanisms = "PLAIN"};
	email_test_server *server;
	email_operation *op;
	email__handed *h;
	char why[200] = "", mail[48];
	int calls = 0;
	place p;

	(void)state;
	place_open(&p);
	snprintf(mail, sizeof mail, "%s/mail", p.folder);
	assert_int_equal(mkdir(mail, 0700), 0);
	o.mail = mail;
	server = email_test_server_start(&o, why, sizeof why);
	assert_string_equal(why, "");
	assert_int_equal(email_account_set_port(p.in, email_test_server_port(server)), EMAIL_OK);
	assert_int_equal(email_account_set(p.in, "useSsl", "false"), EMAIL_OK);
	assert_int_equal(email_account_set(p.in, "allowPlaintextLogin", "true"), EMAIL_OK);
	assert_int_equal(email_account_set_basic_authenticator(p.in, "plant", "word"), EMAIL_OK);
	assert_non_null(op = email_account_start_receive(p.in, take, &calls, false));
	to_the_end(op);
	assert_int_equal(email_operation_result(op), EMAIL_OK);
	assert_true(email_operation_fd(op) >= 0); /* kept */
	email_operation_free(op);
	h = taken(&p);
	assert_non_null(op = email_account_start_receive(p.in, take, &calls, false));
	assert_int_equal(email_operation_step(op), EMAIL_PENDING);
	assert_int_equal(email_operation_fd(op), -1);
	assert_int_equal(email_operation_events(op), 0);
	email__handed_close(h);
	to_the_end(op);
	assert_int_equal(email_operation_result(op), EMAIL_OK);
	email_operation_free(op);
	email_account_close(p.in);
	email_test_server_stop(server);
	rmdir(mail);
	place_close(&p);
}

static void
figures(void **state)
{
	email_account *in = email_account_new(EMAIL_INCOMING, "in");

	(void)state;
	assert_int_equal(email_account_pollrate(in), 60000);
	assert_int_equal(email_account_set(in, "pollrate", "PT30S"), EMAIL_OK);
	assert_int_equal(email_account_pollrate(in), 30000);
	assert_int_equal(email_account_left(in), 0);
	email_account_free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_incoming_accounts),
		cmocka_unit_test(refusals_before_the_network),
		cmocka_unit_test(one_operation_at_a_time),
		cmocka_unit_test(nothing_is_kept_locked),
		cmocka_unit_test(a_locked_mailbox_blocks_nobody),
		cmocka_unit_test(a_locked_mailbox_is_given_up),
		cmocka_unit_test(a_kept_connection_wakes_nobody),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
