/* SPDX-License-Identifier: MIT */
/* What the queue says, as events: a spool's events, and what became of an attempt. */
#include "support/cm.h"

#include "service/queued.h"

#define ID "00000000000000000000000000000001"

static email__events events;
static email_event told[8];
static size_t count;

static void
note(void *context, const email_event *event)
{
	(void)context;
	assert_true(count < sizeof told / sizeof *told);
	told[count++] = *event;
}

static int
setup(void **state)
{
	(void)state;
	count = 0;
	return email__events_init(&events) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email__events_dispose(&events);
	return 0;
}

static void
tell(email__spool_what what, const email__mailfile *mail, const char *cause)
{
	email__spool_event event = {.what = what, .id = ID, .mail = mail, .cause = cause};
	unsigned long before = count ? told[count - 1].number : 0;

	email__queued_tell(&events, "Out", &event);
	email__events_visit(&events, before, note, NULL);
}

#define RCPT(a, s, r, enh, t) \
	{ \
		.address = (a), .state = (s), .reply = (r), .enhanced = enh, .text = t \
	}

/* One delivered, one that waits, two that failed, one cancelled. */
static email__recipient recipients[] = {
	RCPT("ann@example.com", EMAIL__RCPT_DELIVERED, 250, "2.1.5", "ok"),
	RCPT("bob@example.com", EMAIL__RCPT_PENDING, 450, "4.2.0", "greylisted"),
	RCPT("cid@example.com", EMAIL__RCPT_FAILED, 550, "5.1.1", "no such user"),
	RCPT("dee@example.com", EMAIL__RCPT_FAILED, 552, "5.2.2", "full"),
	RCPT("eve@example.com", EMAIL__RCPT_CANCELLED, 0, "", ""),
	RCPT("fay@example.com", EMAIL__RCPT_FAILED, 0, "", "the message is too large"),
};

static email__mailfile
mail_of(size_t first, size_t n)
{
	return (email__mailfile){.message_id = "<1@station>",
	                         .subject = "Boiler",
	                         .from = "a@b",
	                         .key = "",
	                         .recipients = recipients + first,
	                         .count = n};
}

static void
expect(const email_event *e, email_event_kind kind, unsigned long n, const char *whom, const char *status,
       const char *text)
{
	assert_int_equal(e->kind, kind);
	assert_string_equal(e->account, "Out");
	assert_string_equal(e->id, ID);
	assert_int_equal(e->count, n);
	assert_string_equal(e->recipient, whom);
	assert_string_equal(e->status, status);
	assert_string_equal(e->text, text);
}

static void
the_dead(void **state)
{
	email__mailfile all = mail_of(0, 5), cancelled = mail_of(4, 1), ours;

	(void)state;
	tell(EMAIL__SPOOL_DEAD, &all, "");
	expect(&told[0], EMAIL_EVENT_DISCARDED, 3, "cid@example.com", "5.1.1", "550 no such user");
	assert_string_equal(told[0].action, "failed");
	assert_string_equal(told[0].message_id, "<1@station>");
	tell(EMAIL__SPOOL_DEAD, &cancelled, "deleted by a person");
	expect(&told[1], EMAIL_EVENT_DISCARDED, 1, "eve@example.com", "", "deleted by a person");
	assert_string_equal(told[1].action, "cancelled");
	/* nothing is known but that it died; no reply is no text */
	tell(EMAIL__SPOOL_DEAD, NULL, "it is broken");
	expect(&told[2], EMAIL_EVENT_DISCARDED, 1, "", "", "it is broken");
	tell(EMAIL__SPOOL_DEAD, &cancelled, NULL);
	expect(&told[3], EMAIL_EVENT_DISCARDED, 1, "eve@example.com", "", "");
	/* a cause of our own has no number */
	ours = mail_of(5, 1);
	tell(EMAIL__SPOOL_DEAD, &ours, "");
	expect(&told[4], EMAIL_EVENT_DISCARDED, 1, "fay@example.com", "", "the message is too large");
	assert_int_equal(count, 5);
}

static void
the_rest(void **state)
{
	email__mailfile all = mail_of(0, 5);

	(void)state;
	tell(EMAIL__SPOOL_FORGOTTEN, &all, "it made room");
	expect(&told[0], EMAIL_EVENT_FORGOTTEN, 1, "", "", "it made room");
	tell(EMAIL__SPOOL_SET_ASIDE, NULL, "no mail");
	expect(&told[1], EMAIL_EVENT_QUEUE, 1, "", "", "no mail");
	tell(EMAIL__SPOOL_UNREADABLE, NULL, NULL);
	expect(&told[2], EMAIL_EVENT_QUEUE, 1, "", "", "");
	tell(EMAIL__SPOOL_INTERRUPTED, &all, "cut off");
	expect(&told[3], EMAIL_EVENT_QUEUE, 1, "", "", "cut off");
	tell(EMAIL__SPOOL_CRASHING, &all, "died");
	expect(&told[4], EMAIL_EVENT_QUEUE, 1, "", "", "died");
	assert_int_equal(count, 5);
}

static void
an_outcome_that_was_settled_later(void **state)
{
	email__mailfile all = mail_of(0, 5), gone = mail_of(2, 2);

	(void)state;
	tell(EMAIL__SPOOL_SETTLED, &all, "");
	assert_int_equal(count, 2);
	expect(&told[0], EMAIL_EVENT_SENT, 1, "", "", "");
	expect(&told[1], EMAIL_EVENT_DEFERRED, 1, "bob@example.com", "4.2.0", "450 greylisted");
	/* that they failed was told as such */
	tell(EMAIL__SPOOL_SETTLED, &gone, "");
	assert_int_equal(count, 2);
}

static void
an_attempt(void **state)
{
	email__mailfile all = mail_of(0, 2), waits = mail_of(1, 1);
	email_event out[EMAIL__OUTCOME_EVENTS];

	(void)state;
	assert_int_equal(email__queued_outcome("Out", ID, &all, 1, "the line broke", out), 2);
	expect(&out[0], EMAIL_EVENT_SENT, 1, "", "", "");
	expect(&out[1], EMAIL_EVENT_DEFERRED, 1, "bob@example.com", "4.2.0", "the line broke");
	/* delivered by an attempt before: not again */
	assert_int_equal(email__queued_outcome("Out", ID, &all, 0, "", out), 1);
	expect(&out[0], EMAIL_EVENT_DEFERRED, 1, "bob@example.com", "4.2.0", "450 greylisted");
	assert_int_equal(email__queued_outcome("Out", ID, &waits, 0, NULL, out), 1);
	waits = mail_of(0, 1);
	assert_int_equal(email__queued_outcome("Out", ID, &waits, 1, NULL, out), 1);
	expect(&out[0], EMAIL_EVENT_SENT, 1, "", "", "");
}

/* Longer than an event has room for: cut, and ended. */
static void
long_texts_are_cut(void **state)
{
	char address[400], message_id[400], cause[600], account[200];
	email__recipient one = RCPT(address, EMAIL__RCPT_FAILED, 550, "5.1.1", "");
	email__mailfile mail = {.message_id = message_id, .recipients = &one, .count = 1};
	email__spool_event event = {.what = EMAIL__SPOOL_DEAD, .id = cause, .mail = &mail, .cause = cause};

	(void)state;
	memset(address, 'a', sizeof address);
	memset(message_id, 'm', sizeof message_id);
	memset(cause, 'c', sizeof cause);
	memset(account, 'o', sizeof account);
	address[399] = message_id[399] = cause[599] = account[199] = '\0';
	email__queued_tell(&events, account, &event);
	email__events_visit(&events, 0, note, NULL);
	assert_int_equal(count, 1);
	assert_int_equal(strlen(told[0].account), sizeof told[0].account - 1);
	assert_int_equal(strlen(told[0].id), sizeof told[0].id - 1);
	assert_int_equal(strlen(told[0].message_id), sizeof told[0].message_id - 1);
	assert_int_equal(strlen(told[0].recipient), sizeof told[0].recipient - 1);
	assert_int_equal(strlen(told[0].text), sizeof told[0].text - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_dead, setup, teardown),
		cmocka_unit_test_setup_teardown(the_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(an_outcome_that_was_settled_later, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attempt, setup, teardown),
		cmocka_unit_test_setup_teardown(long_texts_are_cut, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
