/* SPDX-License-Identifier: MIT */
/* Which messages are taken, in which order, and what becomes of them: the policies, with a mailbox that is a table. */
#include "account/poll.h"

#include <string.h>

#include "base/error.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define MESSAGES_MAX 64

typedef struct table {
	email__mailbox_events events;
	email__entry entry[MESSAGES_MAX];
	size_t count;
	/* what was asked for */
	bool unseen;
	unsigned lists, fetches, waits, wakes;
	size_t settled;
	email__fate fates[MESSAGES_MAX];
	bool moved;
	email_code word;         /* of the server on what is settled */
	email_code had;          /* of each message */
	const char *long_header; /* UID of a message of which the header alone is some KiB; or NULL */
	const char *long_uid;    /* of a message of more than a KiB, whatever the list says; or NULL */
	bool can_wait;
	bool came; /* something, since the list */
} table;

static table box;
static email_account *account;
static email__poll poll_;
static email__link link_;

/* What the handler saw, and says. */
static struct {
	char uids[400];
	unsigned calls, headers;
	email_code says;
	size_t refuses; /* the n-th call is not accepted */
} seen;

static email_code
list(void *b, bool unseen)
{
	table *t = b;
	size_t i;

	t->unseen = unseen;
	t->lists++;
	for (i = 0; i < t->count; i++)
		if (!unseen || !t->entry[i].seen)
			t->events.listed(t->events.context, &t->entry[i]);
	return EMAIL_OK;
}

static email_code
fetch(void *b, const email__entry *entries, size_t n, email__extent extent)
{
	static const char head[] = "Subject: x\r\n\r\n", body[] = "text\r\n", line[1000] = "";
	table *t = b;
	size_t i;

	t->fetches++;
	assert_true(n <= 3);
	for (i = 0; i < n; i++) {
		email_code rc = t->events.begin(t->events.context, &entries[i]);

		if (rc == EMAIL_OK)
			rc = t->events.data(t->events.context, head, strlen(head));
		for (int k = 0;
		     rc == EMAIL_OK && t->long_header && !strcmp(entries[i].uid, t->long_header) && k < 3;
		     k++)
			rc = t->events.data(t->events.context, line, sizeof line);
		if (rc == EMAIL_OK && extent != EMAIL__EXTENT_HEADER)
			rc = t->events.data(t->events.context, body, strlen(body));
		for (int k = 0;
		     rc == EMAIL_OK && t->long_uid && !strcmp(entries[i].uid, t->long_uid) && k < 2; k++)
			rc = t->events.data(t->events.context, line, sizeof line);
		if (t->events.end(t->events.context, &entries[i], rc ? rc : t->had) == EMAIL_E_CANCELLED)
			break;
	}
	return EMAIL_OK;
}

static email_code
settle(void *b, const email__entry *entry, email__fate fate, bool move)
{
	table *t = b;

	assert_int_not_equal(fate, EMAIL__FATE_LEFT);
	t->fates[t->settled++] = fate;
	t->moved = move;
	t->events.settled(t->events.context, entry, t->word);
	return EMAIL_OK;
}

static email_code
wait_for(void *b)
{
	table *t = b;

	t->waits++;
	if (t->can_wait && t->came)
		t->events.news(t->events.context);
	t->came = false;
	return t->can_wait ? EMAIL_OK : EMAIL_E_EXTENSION;
}

static void
wake(void *b)
{
	((table *)b)->wakes++;
}

static bool
known(void *b, const char *uid, email__entry *entry)
{
	(void)b;
	memset(entry, 0, sizeof *entry);
	snprintf(entry->uid, sizeof entry->uid, "%s", uid);
	return strcmp(uid, "of another mailbox") != 0;
}

static const email__mailbox calls = {.list = list,
                                     .fetch = fetch,
                                     .batch = 3,
                                     .settle = settle,
                                     .wait = wait_for,
                                     .wake = wake,
                                     .entry = known};
static email__engine engine = {.link = &link_, .mailbox = &calls, .box = &box};

static email_code
handler(void *context, const email_received *m)
{
	size_t n = strlen(seen.uids);

	(void)context;
	assert_ptr_equal(m->account, account);
	snprintf(seen.uids + n, sizeof seen.uids - n, "%s%s", n ? " " : "", m->uid);
	seen.headers += m->header_only;
	return ++seen.calls == seen.refuses ? EMAIL_E_TEMPORARY : seen.says;
}

static void
put(const char *uid, uint64_t size, bool is_seen)
{
	email__entry *e = &box.entry[box.count];

	memset(e, 0, sizeof *e);
	e->number = (uint32_t)++box.count;
	snprintf(e->uid, sizeof e->uid, "%s", uid);
	e->size = size;
	e->seen = is_seen;
}

/* Accepts what it could not look into. */
static email_code
blind_handler(void *context, const email_received *m)
{
	email_code rc = handler(context, m);

	if (seen.calls == 1)
		email_test_fail_alloc_from(1);
	(void)email_message_subject(m->message);
	email_test_fail_alloc_off();
	return rc;
}

static int
setup(void **state)
{
	(void)state;
	memset(&box, 0, sizeof box);
	memset(&seen, 0, sizeof seen);
	account = email_account_new(EMAIL_INCOMING, "in");
	if (!account)
		return -1;
	put("1", 1000, false);
	put("2", 1000, true);
	put("3", 1000, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__poll_dispose(&poll_);
	email_account_free(account);
	return 0;
}

static void
set(const char *property, const char *text)
{
	assert_int_equal(email_account_set(account, property, text), EMAIL_OK);
}

/* One poll to its end; `uids` are those handed over. */
static email_code
poll_opens(email_receive_fn on_message, bool peek, bool watch)
{
	email_code rc = email__poll_begin(&poll_, account, on_message, NULL, peek, watch);

	return rc ? rc : email__poll_open(&poll_);
}

static void
poll_gives(const char *uids)
{
	unsigned steps = 0;

	seen.uids[0] = '\0';
	seen.calls = 0;
	box.settled = 0;
	box.events = email__poll_events(&poll_);
	assert_int_equal(poll_opens(handler, false, false), EMAIL_OK);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
		assert_true(++steps < 100);
	email__poll_end(&poll_);
	assert_string_equal(seen.uids, uids);
}

/* --- IMAP --- */

static void
unread_and_marked_as_read(void **state)
{
	(void)state;
	poll_gives("1 3");
	assert_true(box.unseen);
	assert_int_equal(box.settled, 2);
	assert_int_equal(box.fates[0], EMAIL__FATE_SEEN);
	assert_false(box.moved);
	/* the server's flags tell from here on: one that is made unread again is read again */
	box.entry[0].seen = box.entry[2].seen = true;
	poll_gives("");
	box.entry[0].seen = false;
	poll_gives("1");
}

static void
all_and_once(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	poll_gives("1 2 3");
	assert_false(box.unseen);
	poll_gives("");
	put("4", 10, false);
	poll_gives("4");
}

static void
marked_as_unread_and_once(void **state)
{
	(void)state;
	set("deliveryPolicy", "MarkAsUnread");
	poll_gives("1 3");
	/* they are as they were: nothing to say */
	assert_int_equal(box.settled, 0);
	poll_gives("");
	set("emailToRead", "AllEmail");
	poll_gives("2");
	assert_int_equal(box.settled, 1);
	assert_int_equal(box.fates[0], EMAIL__FATE_UNSEEN);
	poll_gives("");
}

static void
deleted_only_when_accepted(void **state)
{
	(void)state;
	set("deliveryPolicy", "Delete");
	seen.refuses = 1;
	poll_gives("1 3");
	assert_int_equal(box.settled, 1);
	assert_int_equal(box.fates[0], EMAIL__FATE_DELETED);
	/* the refused one comes again */
	seen.refuses = 0;
	box.count = 1;
	poll_gives("1");
	assert_int_equal(box.settled, 1);
}

/* What the handler says of a message that it could see nothing of does not count. */
static void
accepted_unread(void **state)
{
	(void)state;
	set("deliveryPolicy", "Delete");
	box.events = email__poll_events(&poll_);
	assert_int_equal(poll_opens(blind_handler, false, false), EMAIL_OK);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
		;
	email__poll_end(&poll_);
	assert_string_equal(seen.uids, "1 3");
	assert_int_equal(poll_.error.code, EMAIL_E_MEMORY);
	assert_int_equal(box.settled, 1);
	/* nothing is kept between polls */
	assert_null(poll_.message);
	box.count = 1;
	poll_gives("1");
	assert_int_equal(box.settled, 1);
}

static void
moved(void **state)
{
	(void)state;
	set("processedFolder", "Done");
	poll_gives("1 3");
	assert_true(box.moved);
	/* never together with Delete */
	set("deliveryPolicy", "Delete");
	poll_gives("1 3");
	assert_false(box.moved);
	assert_int_equal(box.fates[0], EMAIL__FATE_DELETED);
}

/* It would come again under another UID, for ever. */
static void
moved_to_where_it_is(void **state)
{
	(void)state;
	set("deliveryPolicy", "MarkAsUnread");
	set("processedFolder", "Inbox");
	poll_gives("1 3");
	assert_int_equal(box.settled, 0);
	poll_gives("");
}

/* The server did not do it: it is asked again, and the message not handed over again. */
static void
owed(void **state)
{
	(void)state;
	box.word = EMAIL_E_TEMPORARY;
	poll_gives("1 3");
	assert_int_equal(poll_.error.code, EMAIL_E_TEMPORARY);
	box.word = EMAIL_OK;
	poll_gives("");
	assert_int_equal(box.settled, 2);
	assert_int_equal(poll_.error.code, EMAIL_OK);
	box.count = 0;
	poll_gives("");
	assert_int_equal(box.settled, 0);
}

/* The connection broke after the flag and before the expunge: the list does not have them any more (they are \Deleted), and
 * they are asked for all the same. */
static void
owed_but_not_listed(void **state)
{
	(void)state;
	set("deliveryPolicy", "Delete");
	box.word = EMAIL_E_CLOSED;
	poll_gives("1 3");
	box.word = EMAIL_OK;
	box.count = 0;
	assert_int_equal(email__handed_set(poll_.handed, "of another mailbox", EMAIL__HANDED_ACCEPTED, NULL),
	                 EMAIL_OK);
	poll_gives("");
	assert_int_equal(box.settled, 2);
	assert_int_equal(box.fates[0], EMAIL__FATE_DELETED);
	poll_gives("");
	assert_int_equal(box.settled, 0);
}

static void
gone_meanwhile(void **state)
{
	(void)state;
	box.had = EMAIL_E_UNKNOWN;
	poll_gives("");
	assert_int_equal(poll_.error.code, EMAIL_OK);
	box.had = EMAIL_E_REFUSED;
	poll_gives("");
	assert_int_equal(poll_.error.code, EMAIL_E_REFUSED);
	assert_int_equal(poll_.error.stage, EMAIL_STAGE_FETCH);
}

static void
cancelled(void **state)
{
	(void)state;
	seen.says = EMAIL_E_CANCELLED;
	poll_gives("1");
	assert_int_equal(box.settled, 0);
}

/* --- limits --- */

static void
too_large(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	set("incomingEmailSizeLimit", "1");
	box.entry[1].size = 1025;
	poll_gives("1 3 2");
	assert_int_equal(seen.headers, 1);
	/* left, and told once */
	assert_int_equal(box.settled, 2);
	poll_gives("");
}

/* A header of some KiB is nothing out of the ordinary, and the session goes on behind it. */
static void
a_header_larger_than_the_limit(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	set("incomingEmailSizeLimit", "1");
	box.entry[0].size = box.entry[1].size = 5000;
	box.long_header = "1";
	poll_gives("3 1 2");
	assert_int_equal(poll_.error.code, EMAIL_OK);
	poll_gives("");
}

/* Those that are told of by their header do not keep it away. */
static void
one_at_least(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	set("sizeLimitPerPoll", "1");
	set("incomingEmailSizeLimit", "10");
	box.entry[0].size = 20000;
	box.entry[1].size = 5000;
	poll_gives("2 1");
	assert_int_equal(email_account_left(account), 1);
}

/* What comes counts, not what the list said. It ends the session, and is not asked for again: the others come. */
static void
larger_than_was_said(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	set("incomingEmailSizeLimit", "1");
	box.long_uid = "2";
	poll_gives("1");
	assert_int_equal(poll_.error.code, EMAIL_E_LIMIT);
	assert_int_equal(box.settled, 1);
	poll_gives("3");
	poll_gives("");
}

/* What has no name cannot be remembered: it is left, and the others come. */
static void
without_a_name(void **state)
{
	(void)state;
	set("store", "Pop3");
	set("deliveryPolicy", "Delete");
	box.entry[1].uid[0] = '\0';
	poll_gives("1 3");
	assert_int_equal(box.settled, 2);
	assert_int_equal(poll_.error.code, EMAIL_E_PROTOCOL);
}

/* Two of one name: the first, and never the other's deletion for it. */
static void
one_name_twice(void **state)
{
	(void)state;
	set("store", "Pop3");
	set("deliveryPolicy", "Delete");
	put("1", 10, false);
	poll_gives("1 2 3");
	assert_int_equal(box.settled, 3);
	assert_int_equal(poll_.error.code, EMAIL_OK);
}

static void
so_much_a_poll(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	set("sizeLimitPerPoll", "2");
	poll_gives("1 2");
	assert_int_equal(email_account_left(account), 1);
	poll_gives("3");
	assert_int_equal(email_account_left(account), 0);
	/* one at least, however large */
	put("4", 100000, false);
	put("5", 1, false);
	poll_gives("4");
	poll_gives("5");
}

static void
so_many_a_poll(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	account->poll_limit = 1;
	poll_gives("1");
	assert_int_equal(email_account_left(account), 2);
	poll_gives("2");
	account->poll_limit = 0;
	poll_gives("3");
}

/* Else the last one would come again and again. */
static void
no_more_than_can_be_remembered(void **state)
{
	email_error e = {0};
	char uid[16];
	int i;

	(void)state;
	set("deliveryPolicy", "MarkAsUnread");
	box.count = 0;
	poll_gives("");
	for (i = 0; i < EMAIL__HANDED_MAX - 1; i++) {
		snprintf(uid, sizeof uid, "old-%d", i);
		assert_int_equal(email__handed_set(poll_.handed, uid, EMAIL__HANDED_SETTLED, &e), EMAIL_OK);
	}
	/* a list of the unread ones alone says nothing of the old ones */
	set("deliveryPolicy", "MarkAsRead");
	box.count = 3;
	poll_gives("1");
	assert_int_equal(poll_.error.code, EMAIL_E_LIMIT);
	assert_true(poll_.error.remedy[0] != '\0');
	assert_int_equal(email_account_left(account), 1);
	/* the old ones are gone: the poll behind that has room */
	set("deliveryPolicy", "MarkAsUnread");
	box.entry[0].seen = true;
	poll_gives("3");
	assert_int_equal(poll_.error.code, EMAIL_OK);
}

static void
batches(void **state)
{
	(void)state;
	set("emailToRead", "AllEmail");
	put("4", 1, false);
	put("5", 1, false);
	put("6", 1, false);
	put("7", 1, false);
	poll_gives("1 2 3 4 5 6 7");
	assert_int_equal(box.fetches, 3);
	assert_int_equal(box.settled, 7);
}

/* --- POP3 --- */

static void
pop3(void **state)
{
	(void)state;
	set("store", "Pop3");
	poll_gives("1 2 3");
	assert_int_equal(box.settled, 0);
	poll_gives("");
	/* another mailbox: nothing is known of it */
	set("hostname", "other.example.com");
	poll_gives("1 2 3");
	set("deliveryPolicy", "Delete");
	put("4", 1, false);
	poll_gives("4");
	assert_int_equal(box.settled, 1);
	assert_int_equal(box.fates[0], EMAIL__FATE_DELETED);
}

/* --- looking and watching --- */

static void
looking_changes_nothing(void **state)
{
	(void)state;
	box.events = email__poll_events(&poll_);
	assert_int_equal(poll_opens(handler, true, false), EMAIL_OK);
	assert_true(email__poll_read_only(&poll_));
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
		;
	email__poll_end(&poll_);
	assert_string_equal(seen.uids, "1 3");
	assert_int_equal(seen.headers, 2);
	assert_int_equal(box.settled, 0);
	poll_gives("1 3");
	/* what was handed over would not be again */
	set("emailToRead", "AllEmail");
	poll_gives("1 2 3");
	seen.uids[0] = '\0';
	put("4", 1000, false);
	assert_int_equal(poll_opens(handler, true, false), EMAIL_OK);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
		;
	email__poll_end(&poll_);
	assert_string_equal(seen.uids, "4");
	poll_gives("4");
	/* without a handler neither */
	assert_int_equal(poll_opens(NULL, false, false), EMAIL_OK);
	assert_true(email__poll_read_only(&poll_));
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
		;
	email__poll_end(&poll_);
}

static void
watching(void **state)
{
	(void)state;
	box.can_wait = true;
	box.events = email__poll_events(&poll_);
	assert_int_equal(poll_opens(handler, false, true), EMAIL_OK);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_WAITING)
		;
	assert_true(link_.news_ms > 0);
	assert_string_equal(seen.uids, "1 3");
	/* a word without news leaves it waiting */
	assert_int_equal(email__poll_idle(&poll_, &engine), EMAIL__POLL_WAITING);
	assert_int_equal(box.wakes, 0);
	put("4", 1, false);
	box.entry[0].seen = box.entry[2].seen = true;
	box.events.news(box.events.context);
	assert_int_equal(email__poll_idle(&poll_, &engine), EMAIL__POLL_NONE);
	assert_int_equal(box.wakes, 1);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_WAITING)
		;
	assert_string_equal(seen.uids, "1 3 4");
	/* nine minutes without any: it is woken, and waits anew */
	poll_.waiting_since -= 9L * 60 * 1000;
	assert_int_equal(email__poll_idle(&poll_, &engine), EMAIL__POLL_NONE);
	email__poll_end(&poll_);
	/* a property says no */
	set("useIdle", "false");
	assert_int_equal(poll_opens(handler, false, true), EMAIL_OK);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
		;
	email__poll_end(&poll_);
}

/* The engine does not wait then, so nothing would ever wake it. */
static void
news_before_waiting(void **state)
{
	(void)state;
	box.can_wait = box.came = true;
	box.events = email__poll_events(&poll_);
	assert_int_equal(poll_opens(handler, false, true), EMAIL_OK);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_WAITING)
		;
	assert_int_equal(box.lists, 1);
	assert_int_equal(email__poll_idle(&poll_, &engine), EMAIL__POLL_NONE);
	while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_WAITING)
		;
	assert_int_equal(box.lists, 2);
	assert_int_equal(email__poll_idle(&poll_, &engine), EMAIL__POLL_WAITING);
	assert_int_equal(box.lists, 2);
	email__poll_end(&poll_);
}

static void
no_memory(void **state)
{
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		unsigned steps = 0;

		box.events = email__poll_events(&poll_);
		box.settled = 0;
		seen.uids[0] = '\0';
		email_test_fail_alloc(n);
		if (poll_opens(handler, false, false) == EMAIL_OK)
			while (email__poll_idle(&poll_, &engine) != EMAIL__POLL_OVER)
				assert_true(++steps < 100);
		failed = email_test_alloc_failed();
		if (!failed)
			assert_string_equal(seen.uids, "1 3");
		email__poll_end(&poll_);
		email__poll_dispose(&poll_);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		email__error_clear(&account->error);
	}
	assert_true(n > 5);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(unread_and_marked_as_read),
		T(all_and_once),
		T(marked_as_unread_and_once),
		T(deleted_only_when_accepted),
		T(accepted_unread),
		T(moved),
		T(owed),
		T(owed_but_not_listed),
		T(gone_meanwhile),
		T(cancelled),
		T(too_large),
		T(larger_than_was_said),
		T(without_a_name),
		T(one_name_twice),
		T(so_much_a_poll),
		T(so_many_a_poll),
		T(batches),
		T(pop3),
		T(looking_changes_nothing),
		T(watching),
		T(moved_to_where_it_is),
		T(no_more_than_can_be_remembered),
		T(news_before_waiting),
		T(a_header_larger_than_the_limit),
		T(one_at_least),
		T(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
