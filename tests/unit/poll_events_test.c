/* SPDX-License-Identifier: MIT */
/* What is made of what an engine tells, event by event; whole polls: poll_test.c. */
#include "account/poll.h"

#include <string.h>

#include "base/error.h"
#include "support/cm.h"

static email__poll poll_;
static email_account *account;
static email__mailbox_events on;
static struct {
	unsigned calls;
	uint64_t bytes; /* of the last message */
	char subject[40];
	bool header_only;
	email_code says;
} seen;

static email_code
count(void *context, const void *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	seen.bytes += n;
	return EMAIL_OK;
}

static email_code
handler(void *context, const email_received *m)
{
	const char *subject = email_message_subject(m->message);

	(void)context;
	seen.calls++;
	seen.bytes = 0;
	seen.header_only = m->header_only;
	snprintf(seen.subject, sizeof seen.subject, "%s", subject ? subject : "");
	assert_int_equal(email_message_read(m->message, count, NULL), EMAIL_OK);
	return seen.says;
}

static int
setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof seen);
	account = email_account_new(EMAIL_INCOMING, "in");
	assert_int_equal(email_account_set(account, "emailToRead", "AllEmail"), EMAIL_OK);
	assert_int_equal(email__poll_begin(&poll_, account, handler, NULL, false, false), EMAIL_OK);
	assert_int_equal(email__poll_open(&poll_), EMAIL_OK);
	on = email__poll_events(&poll_);
	poll_.state = EMAIL__POLL_WHOLE;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__poll_end(&poll_);
	email__poll_dispose(&poll_);
	email_account_free(account);
	return 0;
}

static email__entry
entry(const char *uid, uint64_t size)
{
	email__entry e = {.number = 1, .size = size};

	snprintf(e.uid, sizeof e.uid, "%s", uid);
	return e;
}

static email_code
comes(const email__entry *e, const char *text, email_code code)
{
	if (on.begin(on.context, e) == EMAIL_OK)
		(void)on.data(on.context, text, strlen(text));
	return on.end(on.context, e, code);
}

static void
a_message(void **state)
{
	email__entry e = entry("7.1", 20);

	(void)state;
	assert_int_equal(comes(&e, "Subject: flame\r\n\r\nx", EMAIL_OK), EMAIL_OK);
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.subject, "flame");
	assert_int_equal(seen.bytes, strlen("Subject: flame\r\n\r\nx"));
	assert_false(seen.header_only);
	assert_int_equal(poll_.owed.count, 1);
	assert_int_equal(email__handed_get(poll_.handed, "7.1"), EMAIL__HANDED_ACCEPTED);
	/* the server did it, or did not */
	poll_.outstanding = 1;
	on.settled(on.context, &e, EMAIL_E_REFUSED);
	assert_int_equal(poll_.error.code, EMAIL_E_REFUSED);
	assert_int_equal(email__handed_get(poll_.handed, "7.1"), EMAIL__HANDED_ACCEPTED);
	on.settled(on.context, &e, EMAIL_OK);
	assert_int_equal(poll_.outstanding, 0);
	assert_int_equal(email__handed_get(poll_.handed, "7.1"), EMAIL__HANDED_SETTLED);
	/* once */
	assert_int_equal(comes(&e, "Subject: flame\r\n\r\nx", EMAIL_E_UNKNOWN), EMAIL_OK);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(poll_.error.code, EMAIL_E_REFUSED); /* the first one stays */
}

/* Not whole, not there, not accepted: nothing is written down, nothing owed. */
static void
no_message(void **state)
{
	static const struct {
		email_code code, says;
		unsigned calls;
		email_code error;
	} rows[] = {
		{EMAIL_E_UNKNOWN, EMAIL_OK, 0, EMAIL_OK}, /* somebody deleted it */
		{EMAIL_E_REFUSED, EMAIL_OK, 0, EMAIL_E_REFUSED},
		{EMAIL_E_CLOSED, EMAIL_OK, 0, EMAIL_E_CLOSED},
		{EMAIL_OK, EMAIL_E_TEMPORARY, 1, EMAIL_OK},
		{EMAIL_OK, EMAIL_E_CANCELLED, 1, EMAIL_OK},
	};
	email__entry e = entry("7.1", 20);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool stops = rows[i].says == EMAIL_E_CANCELLED;

		seen.calls = 0;
		seen.says = rows[i].says;
		email__error_clear(&poll_.error);
		assert_int_equal(comes(&e, "Subject: x\r\n\r\n", rows[i].code),
		                 stops ? EMAIL_E_CANCELLED : EMAIL_OK);
		assert_int_equal(seen.calls, rows[i].calls);
		assert_int_equal(poll_.error.code, rows[i].error);
		assert_int_equal(poll_.owed.count, 0);
		assert_int_equal(email__handed_get(poll_.handed, "7.1"), EMAIL__HANDED_NOT);
		assert_int_equal(poll_.stop, stops);
	}
}

/* The state folder, or what is there instead, has no room for it: the others come. */
static void
no_place(void **state)
{
	static char text[EMAIL__RECEIVED_MEMORY + 2] = "Subject: x\r\n\r\n";
	email__entry e = entry("7.1", sizeof text), small = entry("7.2", 20);

	(void)state;
	memset(text + 14, 'x', sizeof text - 15);
	email__scratch_dispose(&poll_.scratch);
	assert_int_equal(email__scratch_init(&poll_.scratch, "/nonexistent", EMAIL__RECEIVED_MEMORY),
	                 EMAIL_OK);
	assert_int_equal(comes(&e, text, EMAIL_OK), EMAIL_OK);
	assert_int_equal(seen.calls, 0);
	assert_int_equal(poll_.error.code, EMAIL_E_FILE);
	assert_int_equal(email__handed_get(poll_.handed, "7.1"), EMAIL__HANDED_NOT);
	assert_int_equal(comes(&small, "Subject: y\r\n\r\n", EMAIL_OK), EMAIL_OK);
	assert_int_equal(seen.calls, 1);
}

/* Chosen by what the list says; a size that nobody said is no reason to leave a message. */
static void
choosing(void **state)
{
	email__entry small = entry("1", 1024), large = entry("2", 2049),
		     unknown = entry("3", EMAIL__SIZE_UNKNOWN), known = entry("4", 1),
		     nameless = entry("", 1);

	(void)state;
	assert_int_equal(email_account_set(account, "incomingEmailSizeLimit", "2"), EMAIL_OK);
	assert_int_equal(email__handed_set(poll_.handed, "4", EMAIL__HANDED_SETTLED, NULL), EMAIL_OK);
	on.listed(on.context, &small);
	on.listed(on.context, &large);
	on.listed(on.context, &unknown);
	on.listed(on.context, &known);
	assert_int_equal(poll_.whole.count, 2);
	assert_int_equal(poll_.headers.count, 1);
	assert_int_equal(poll_.bytes, 1024);
	assert_int_equal(poll_.error.code, EMAIL_OK);
	on.listed(on.context, &nameless);
	assert_int_equal(poll_.error.code, EMAIL_E_PROTOCOL);
	assert_int_equal(poll_.left, 0);
	assert_int_equal(poll_.whole.count, 2);
	assert_false(poll_.news);
	on.news(on.context);
	assert_true(poll_.news);
	email__error_clear(&poll_.error);
	on.incomplete(on.context, EMAIL_E_LIMIT);
	assert_int_equal(poll_.error.code, EMAIL_E_LIMIT);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(a_message), T(no_message), T(no_place), T(choosing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
