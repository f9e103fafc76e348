/* SPDX-License-Identifier: MIT */
/* An incoming account's mailbox, worked by the service against a loopback server. */
#include "support/cm.h"

#include <string.h>
#include <sys/stat.h>

#include "os/clock.h"
#include "support/jump.h"
#include "support/station.h"

static station s;
static email_account *in;
static char box[96];
static struct {
	unsigned count;
	char subject[64];
	email_code answer;
} taken;

static int
setup(void **state)
{
	(void)state;
	jumped_ms = 0;
	memset(&taken, 0, sizeof taken);
	station_init(&s, false);
	snprintf(box, sizeof box, "%s/box", s.folder);
	return mkdir(box, 0700);
}

static int
teardown(void **state)
{
	(void)state;
	station_dispose(&s);
	return 0;
}

static email_code
take(void *context, const email_received *received)
{
	const char *subject = email_message_header(received->message, "Subject");

	assert_ptr_equal(context, &taken);
	taken.count++;
	snprintf(taken.subject, sizeof taken.subject, "%s", subject ? subject : "");
	return taken.answer;
}

static void
put(unsigned uid, const char *subject)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%u", box, uid);
	assert_non_null(f = fopen(path, "w"));
	fprintf(f, "From: a@b.example\r\nMessage-ID: <%u@b.example>\r\nSubject: %s\r\n\r\ntext\r\n", uid,
	        subject);
	assert_int_equal(fclose(f), 0);
}

static bool
marked(unsigned uid)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s/%u", box, uid);
	return stat(path, &st) != 0;
}

static void
open_in(email_test_protocol protocol, bool handled)
{
	char port[16];

	s.at[0].options.protocol = protocol;
	s.at[0].options.mail = box;
	s.at[0].options.auth_in_clear = true;
	station_serve(&s, 0);
	snprintf(port, sizeof port, "%d", s.at[0].options.port);
	assert_int_equal(email_service_add(s.service, EMAIL_INCOMING, "in", &in), EMAIL_OK);
	station_set(in, "store", protocol == EMAIL_TEST_IMAP ? "Imap" : "Pop3");
	station_set(in, "hostname", "127.0.0.1");
	station_set(in, "port", port);
	station_set(in, "useSsl", "false");
	station_set(in, "allowPlaintextLogin", "true");
	assert_int_equal(email_account_set_basic_authenticator(in, "plant", "hunter2"), EMAIL_OK);
	if (handled)
		email_service_set_handler(s.service, take, &taken);
}

static void
what_is_there_is_received(void **state)
{
	(void)state;
	open_in(EMAIL_TEST_POP3, true);
	put(1, "one");
	put(2, "two");
	station_until(&s, EMAIL_EVENT_RECEIVED, 2);
	assert_int_equal(taken.count, 2);
	assert_string_equal(taken.subject, "two");
	assert_string_equal(s.last[EMAIL_EVENT_RECEIVED].account, "in");
	assert_string_equal(s.last[EMAIL_EVENT_RECEIVED].message_id, "<2@b.example>");
	assert_string_equal(s.last[EMAIL_EVENT_RECEIVED].text, "two");
	station_for(&s, 100);
	station_assert_status(in, "ok");
	/* not again, and what is new at the pollrate */
	put(3, "three");
	station_for(&s, 300);
	assert_int_equal(taken.count, 2);
	jump(&s, 61000);
	station_until(&s, EMAIL_EVENT_RECEIVED, 3);
	assert_string_equal(taken.subject, "three");
	station_for(&s, 200);
	assert_int_equal(taken.count, 3);
}

static void
a_push_is_not_waited_for(void **state)
{
	int64_t began;

	(void)state;
	open_in(EMAIL_TEST_IMAP, true);
	put(1, "one");
	station_until(&s, EMAIL_EVENT_RECEIVED, 1);
	station_for(&s, 300);
	put(2, "two");
	began = email__clock_ms();
	station_until(&s, EMAIL_EVENT_RECEIVED, 2);
	assert_true(email__clock_ms() - began < 10000);
	assert_string_equal(taken.subject, "two");
	/* what watches is ended by a stop at once */
	began = email__clock_ms();
	email_service_stop(s.service);
	assert_true(email__clock_ms() - began < 3000);
}

static void
without_a_handler_nothing_is_changed(void **state)
{
	(void)state;
	open_in(EMAIL_TEST_IMAP, false);
	put(1, "one");
	station_for(&s, 500);
	station_assert_status(in, "ok");
	assert_int_equal(station_told(&s, EMAIL_EVENT_RECEIVED), 0);
	assert_false(marked(1));
}

static void
a_refusal_leaves_it(void **state)
{
	(void)state;
	open_in(EMAIL_TEST_IMAP, true);
	station_set(in, "useIdle", "false");
	taken.answer = EMAIL_E_FILE;
	put(1, "one");
	station_for(&s, 500);
	assert_int_equal(taken.count, 1);
	assert_int_equal(station_told(&s, EMAIL_EVENT_RECEIVED), 0);
	assert_false(marked(1));
	taken.answer = EMAIL_OK;
	jump(&s, 61000);
	station_until(&s, EMAIL_EVENT_RECEIVED, 1);
	assert_int_equal(taken.count, 2);
	station_for(&s, 100);
	assert_true(marked(1));
}

static void
a_server_that_is_down(void **state)
{
	(void)state;
	open_in(EMAIL_TEST_POP3, true);
	station_stop(&s, 0);
	put(1, "one");
	station_for(&s, 200);
	station_assert_status(in, "down,unverified");
	station_serve(&s, 0);
	jump(&s, 61000);
	station_until(&s, EMAIL_EVENT_RECEIVED, 1);
	station_for(&s, 100);
	station_assert_status(in, "ok");
}

/* So that no account is locked out. */
static void
a_refused_login_waits(void **state)
{
	uint64_t connections;

	(void)state;
	s.at[0].options.user = "plant";
	s.at[0].options.password = "other";
	open_in(EMAIL_TEST_POP3, true);
	put(1, "one");
	station_for(&s, 300);
	station_assert_status(in, "fault,unverified");
	connections = station_counts(&s, 0).connections;
	jump(&s, 61000);
	station_for(&s, 300);
	assert_int_equal(station_counts(&s, 0).connections, connections);
	assert_int_equal(email_account_set_basic_authenticator(in, "plant", "other"), EMAIL_OK);
	jump(&s, 0);
	station_until(&s, EMAIL_EVENT_RECEIVED, 1);
}

static void
who_hangs_hangs_alone(void **state)
{
	char id[EMAIL_ID_SIZE];
	email_account *out;

	(void)state;
	station_rule(&s, 0, "greeting", EMAIL_TEST_STALL, NULL, 1);
	open_in(EMAIL_TEST_IMAP, true);
	station_serve(&s, 1);
	out = station_account(&s, "out", 1);
	station_for(&s, 100);
	assert_int_equal(station_queue(out, "goes", 5, id), EMAIL_OK);
	station_until(&s, EMAIL_EVENT_SENT, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_there_is_received),
		T(a_push_is_not_waited_for),
		T(without_a_handler_nothing_is_changed),
		T(a_refusal_leaves_it),
		T(a_server_that_is_down),
		T(a_refused_login_waits),
		T(who_hangs_hangs_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
