/* SPDX-License-Identifier: MIT */
/* The queue's public calls, on a service with a sheet and a state folder, and on one that has neither: in memory. */
#include "support/cm.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "account/connection.h"
#include "account/copy.h"
#include "account/outbox.h"
#include "base/limits.h"
#include "support/failalloc.h"
#include "support/post.h"
#include "trust/object.h"

static int in_memory = 1;
static char folder[64];
static email_service *service;
static email_account *out;
static char id[EMAIL_ID_SIZE];

/* --- the scene --- */

static int
setup(void **state)
{
	email_error e;

	strcpy(folder, "/tmp/outgoing_test.XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) || !(service = email_service_new()) ||
	    email_service_add(service, EMAIL_OUTGOING, "Out", NULL) ||
	    email_service_add(service, EMAIL_INCOMING, "In", NULL))
		return -1;
	out = email_service_account(service, "Out");
	if (email_account_set(out, "from", "Plant room <plant@example.com>"))
		return -1;
	return !*state && email_service_save(service, "email.xml", &e) ? -1 : 0;
}

static int
teardown(void **state)
{
	char command[96];

	(void)state;
	email_service_free(service);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return chdir("/") || system(command);
}

static email_message *
mail(const char *subject)
{
	email_message *m = email_message_new();

	assert_non_null(m);
	assert_int_equal(email_message_add_to(m, "duty@example.com, night@example.com"), EMAIL_OK);
	assert_int_equal(email_message_set_subject(m, subject), EMAIL_OK);
	assert_int_equal(email_message_set_text(m, "At 03:00.\n"), EMAIL_OK);
	return m;
}

static email_code
enqueue(const char *subject, int priority)
{
	email_message *m = mail(subject);
	email_code rc = email_account_enqueue(out, m, priority, id, sizeof id);

	assert_int_equal(email_account_error(out)->code, rc);
	if (rc)
		assert_string_equal(id, "");
	email_message_free(m);
	return rc;
}

static email_code
enqueue_once(const char *subject, const char *key)
{
	email_message *m = mail(subject);
	email_code rc = email_account_enqueue_once(out, m, EMAIL_PRIORITY_NORMAL, key, id, sizeof id);

	assert_int_equal(email_account_error(out)->code, rc);
	email_message_free(m);
	return rc;
}

/* Subjects in the order of the list, a letter each; and the last one's look. */
typedef struct seen {
	char order[200];
	size_t n, stop_at;
	email_queued last;
	email_recipient_state state[2];
	char address[2][40], text[200], cause[200], id[EMAIL_ID_SIZE];
} seen;

static bool
look(void *context, const email_queued *q)
{
	seen *s = context;
	size_t i;

	s->order[s->n++] = q->subject[0];
	s->order[s->n] = '\0';
	s->last = *q;
	snprintf(s->id, sizeof s->id, "%s", q->id);
	snprintf(s->cause, sizeof s->cause, "%s", q->cause);
	for (i = 0; i < q->count && i < 2; i++) {
		s->state[i] = q->recipients[i].state;
		snprintf(s->address[i], sizeof s->address[i], "%s", q->recipients[i].address);
		snprintf(s->text, sizeof s->text, "%s", q->recipients[i].text);
	}
	return s->n != s->stop_at;
}

static seen
list(bool dead)
{
	seen s = {.n = 0};

	assert_int_equal(email_account_queue_list(out, dead, look, &s), EMAIL_OK);
	return s;
}

static void
expect_order(bool dead, const char *subjects)
{
	seen s = list(dead);

	assert_string_equal(s.order, subjects);
}

static void
expect(const char *property, const char *value)
{
	char text[400];

	assert_int_equal(email_account_get(out, property, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, value);
}

static size_t count_events(email_event_kind kind);

static void
add_event(void *context, const email_event *event)
{
	size_t *n = context;

	n[event->kind]++;
	assert_string_equal(event->account, "Out");
}

static size_t
count_events(email_event_kind kind)
{
	size_t n[EMAIL_EVENT_STATUS + 1] = {0};

	email_service_events(service, 0, add_event, n);
	return n[kind];
}

/* --- adding --- */

static void
is_listed_as_it_was_given(void **state)
{
	email_message *m = mail("Boiler 2");
	seen s;

	(void)state;
	expect_order(false, "");
	assert_int_equal(email_account_enqueue(out, m, 7, id, sizeof id), EMAIL_OK);
	assert_int_equal(strspn(id, "0123456789abcdef"), EMAIL_ID_SIZE - 1);
	assert_int_equal(strlen(id), EMAIL_ID_SIZE - 1);
	s = list(false);
	assert_string_equal(s.order, "B");
	assert_string_equal(s.id, id);
	assert_int_equal(s.last.priority, 7);
	assert_int_equal(s.last.count, 2);
	assert_string_equal(s.address[1], "night@example.com");
	assert_int_equal(s.state[0], EMAIL_RECIPIENT_WAITING);
	assert_false(s.last.dead || s.last.digest || s.last.trying);
	assert_int_equal(s.last.attempts + s.last.unsure, 0);
	assert_true(s.last.size > 100);
	assert_true(s.last.queued > 1700000000);
	assert_int_equal(s.last.next_attempt, 0);
	assert_string_equal(s.cause, "");
	expect("queueSize", "1");
	/* nobody has to ask for the id, and the same message may be queued again */
	assert_int_equal(email_account_enqueue(out, m, 0, NULL, 0), EMAIL_OK);
	assert_int_equal(email_account_enqueue(out, m, 9, id, sizeof id), EMAIL_OK);
	expect("queueSize", "3");
	email_message_free(m);
}

static void
they_wait_in_the_order_in_which_they_go(void **state)
{
	seen s = {.stop_at = 3};

	(void)state;
	assert_int_equal(enqueue("e", EMAIL_PRIORITY_NORMAL), EMAIL_OK);
	assert_int_equal(enqueue("g", EMAIL_PRIORITY_LOW), EMAIL_OK);
	assert_int_equal(enqueue("b", EMAIL_PRIORITY_URGENT), EMAIL_OK);
	assert_int_equal(enqueue("f", EMAIL_PRIORITY_NORMAL), EMAIL_OK);
	assert_int_equal(enqueue("a", 9), EMAIL_OK);
	assert_int_equal(enqueue("c", EMAIL_PRIORITY_URGENT), EMAIL_OK);
	assert_int_equal(enqueue("h", 0), EMAIL_OK);
	assert_int_equal(enqueue("d", 6), EMAIL_OK);
	expect_order(false, "abcdefgh");
	expect_order(true, "");
	/* whoever has seen enough says so */
	assert_int_equal(email_account_queue_list(out, false, look, &s), EMAIL_OK);
	assert_string_equal(s.order, "abc");
}

/* --- the same key --- */

/* As the worker would: all recipients have it. */
static void
deliver(const char *which)
{
	email__outbox *box = out->owner->outbox(out->owner->service, out, &out->error);
	email__now now = email__outbox_now(NULL);
	email_error e = {0};
	email__waiting *const *all;
	email__attempt *attempt;
	size_t i, n;

	assert_int_equal(email__spool_start(box->spool, &now, &e), EMAIL_OK);
	all = email__spool_waiting(box->spool, &n);
	for (i = 0; i < n; i++)
		if (all[i] && strcmp(all[i]->id, which) == 0)
			break;
	assert_true(i < n);
	assert_int_equal(email__spool_begin(box->spool, all[i], false, &now, &attempt, &e), EMAIL_OK);
	for (i = 0; i < 2; i++)
		email__attempt_recipient(attempt, i, EMAIL__RCPT_DELIVERED, 250, "2.0.0", "ok");
	assert_int_equal(email__spool_end(box->spool, attempt, 0, 0, "", &now, &e), EMAIL_OK);
	email__spool_stop(box->spool, &now);
}

static void
a_key_makes_one_mail(void **state)
{
	char first[EMAIL_ID_SIZE];
	seen s;

	(void)state;
	assert_int_equal(enqueue_once("a", "alarm 17"), EMAIL_OK);
	memcpy(first, id, sizeof first);
	id[0] = '\0';
	assert_int_equal(enqueue_once("b", "alarm 17"), EMAIL_OK);
	assert_string_equal(id, first);
	assert_int_equal(enqueue_once("c", "alarm 18"), EMAIL_OK);
	assert_string_not_equal(id, first);
	assert_int_equal(enqueue_once("d", "Alarm 17"), EMAIL_OK);
	expect_order(false, "acd");
	s = list(false);
	assert_string_equal(s.order, "acd");
	/* also once it has left: delivered */
	deliver(first);
	expect_order(false, "cd");
	assert_int_equal(enqueue_once("e", "alarm 17"), EMAIL_OK);
	assert_string_equal(id, first);
	/* or a dead letter */
	assert_int_equal(enqueue_once("f", "alarm 18"), EMAIL_OK);
	memcpy(first, id, sizeof first);
	assert_int_equal(email_account_queue_delete(out, first), EMAIL_OK);
	assert_int_equal(enqueue_once("g", "alarm 18"), EMAIL_OK);
	assert_string_equal(id, first);
	expect_order(false, "d");
	expect_order(true, "c");
}

static void
keys_have_their_bounds(void **state)
{
	char key[EMAIL__QUEUE_KEY_MAX + 2];

	(void)state;
	memset(key, 'k', sizeof key);
	key[sizeof key - 1] = '\0';
	assert_int_equal(enqueue_once("a", key), EMAIL_E_VALUE);
	key[sizeof key - 2] = '\0';
	assert_int_equal(enqueue_once("b", key), EMAIL_OK);
	assert_int_equal(enqueue_once("c", "K\xC3\xBChlraum, \"5\" <x>"), EMAIL_OK);
	assert_int_equal(enqueue_once("d", NULL), EMAIL_E_VALUE);
	assert_int_equal(enqueue_once("e", ""), EMAIL_E_VALUE);
	assert_int_equal(enqueue_once("f", "line\nbreak"), EMAIL_E_VALUE);
	assert_int_equal(enqueue_once("g", "del\x7f"), EMAIL_E_VALUE);
	expect_order(false, "bc");
}

static void
a_repeat_is_no_flood(void **state)
{
	char first[EMAIL_ID_SIZE];

	(void)state;
	assert_int_equal(email_account_set(out, "suppressWithin", "PT10M"), EMAIL_OK);
	assert_int_equal(enqueue_once("a", "alarm 17"), EMAIL_OK);
	memcpy(first, id, sizeof first);
	assert_int_equal(enqueue_once("a", "alarm 17"), EMAIL_OK);
	assert_string_equal(id, first);
	assert_int_equal(count_events(EMAIL_EVENT_SUPPRESSED), 0);
}

/* --- errors --- */

static void
what_is_refused_is_not_there(void **state)
{
	email_message *m = email_message_new();
	char large[3000];

	(void)state;
	assert_int_equal(enqueue("a", -1), EMAIL_E_VALUE);
	assert_int_equal(enqueue("a", 10), EMAIL_E_VALUE);
	assert_int_equal(email_account_enqueue(out, m, 5, id, sizeof id), EMAIL_E_MESSAGE);
	email_message_free(m);

	assert_int_equal(email_account_set(out, "maxPersistedEmailSize", "2"), EMAIL_OK);
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	m = mail("a");
	assert_int_equal(email_message_attach_data(m, "a.bin", NULL, large, sizeof large), EMAIL_OK);
	assert_int_equal(email_account_enqueue(out, m, 5, id, sizeof id), EMAIL_E_LIMIT);
	email_message_free(m);

	assert_int_equal(email_account_set(out, "suppressWithin", "PT10M"), EMAIL_OK);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	assert_int_equal(enqueue("b", 5), EMAIL_E_SUPPRESSED);
	assert_int_equal(count_events(EMAIL_EVENT_SUPPRESSED), 1);

	assert_int_equal(email_account_set(out, "maxQueueSize", "1"), EMAIL_OK);
	assert_int_equal(enqueue("c", 9), EMAIL_E_QUEUE_FULL);
	assert_int_equal(enqueue("c", 9), EMAIL_E_QUEUE_FULL);
	assert_true(email_account_error(out)->text[0]);
	expect_order(false, "b");
	expect_order(true, "");
}

static void
a_disabled_account_takes_mail_where_it_may(void **state)
{
	(void)state;
	assert_int_equal(email_account_set_enabled(out, false), EMAIL_OK);
	assert_int_equal(enqueue("a", 5), EMAIL_E_DISABLED);
	assert_true(email_account_error(out)->remedy[0]);
	assert_int_equal(email_account_set(out, "allowDisabledQueueing", "true"), EMAIL_OK);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	expect_order(false, "b");
	/* and is not sent from */
	assert_int_equal(email_account_queue_poll(out, NULL), EMAIL_E_DISABLED);
}

static void
expect_usage(email_account *a)
{
	email_message *m = mail("a");
	size_t n = 7;
	bool told = true;
	seen s = {.n = 0};

	strcpy(id, "x");
	assert_int_equal(email_account_enqueue(a, m, 5, id, sizeof id), EMAIL_E_USAGE);
	assert_string_equal(id, "");
	assert_int_equal(email_account_error(a)->stage, EMAIL_STAGE_QUEUE);
	assert_int_equal(email_account_enqueue_once(a, m, 5, "key", NULL, 0), EMAIL_E_USAGE);
	assert_int_equal(email_account_queue_list(a, false, look, &s), EMAIL_E_USAGE);
	assert_int_equal(email_account_queue_view(a, id, look, NULL, &s), EMAIL_E_USAGE);
	assert_int_equal(email_account_queue_requeue(a, id), EMAIL_E_USAGE);
	assert_int_equal(email_account_queue_delete(a, id), EMAIL_E_USAGE);
	assert_int_equal(email_account_queue_clear(a, &n), EMAIL_E_USAGE);
	assert_int_equal(n, 0);
	assert_int_equal(email_account_queue_poll(a, &told), EMAIL_E_USAGE);
	assert_false(told);
	assert_int_equal(s.n, 0);
	email_message_free(m);
}

static email_message *
read_message(void)
{
	static const char text[] =
		"From: a@example.com\r\nTo: b@example.com\r\nSubject: read\r\n\r\nhello\r\n";
	email_error e;
	email_message *m = email_message_read_data(text, sizeof text - 1, &e);

	assert_non_null(m);
	return m;
}

static void
only_outgoing_accounts_of_a_service_have_a_queue(void **state)
{
	email_account *alone = email_account_new(EMAIL_OUTGOING, "Alone");
	email_message *m;
	char small[EMAIL_ID_SIZE - 1] = "x";

	(void)state;
	expect_usage(alone);
	email_account_free(alone);
	expect_usage(email_service_account(service, "In"));
	/* an id that does not fit: the mail would be there, and nobody knew its name */
	m = mail("a");
	assert_int_equal(email_account_enqueue(out, m, 5, small, sizeof small), EMAIL_E_USAGE);
	assert_string_equal(small, "");
	email_message_free(m);
	/* one that came from elsewhere */
	m = read_message();
	assert_int_equal(email_account_enqueue(out, m, 5, NULL, 0), EMAIL_E_USAGE);
	email_message_free(m);
	expect_order(false, "");
}

static void
unknown_ids(void **state)
{
	static const char *const none[] = {
		"",  "00000000000000000000000000000000", "../../etc/passwd",
		"x", "0123456789abcdef0123456789ABCDEF", "00000000000000000000000000000000/"};
	size_t i;
	seen s = {.n = 0};

	(void)state;
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	for (i = 0; i < sizeof none / sizeof *none; i++) {
		assert_int_equal(email_account_queue_view(out, none[i], look, NULL, &s), EMAIL_E_UNKNOWN);
		assert_int_equal(email_account_error(out)->code, EMAIL_E_UNKNOWN);
		assert_int_equal(email_account_queue_requeue(out, none[i]), EMAIL_E_UNKNOWN);
		assert_int_equal(email_account_queue_delete(out, none[i]), EMAIL_E_UNKNOWN);
	}
	/* one that waits cannot be queued again */
	assert_int_equal(email_account_queue_requeue(out, id), EMAIL_E_UNKNOWN);
	assert_int_equal(s.n, 0);
	expect_order(false, "a");
}

/* The folder is none: an error, in this account. */
static void
no_folder_is_to_be_had(void **state)
{
	FILE *f = fopen("file", "w");
	seen s = {.n = 0};

	assert_non_null(f);
	fclose(f);
	if (*state)
		return; /* in memory there is none */
	assert_int_equal(email_account_set(out, "persistenceDirectory", "file"), EMAIL_OK);
	assert_int_equal(enqueue("a", 5), EMAIL_E_FILE);
	assert_int_equal(email_account_queue_list(out, false, look, &s), EMAIL_E_FILE);
	assert_int_equal(email_account_set(out, "persistenceDirectory", "lost"), EMAIL_OK);
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	assert_int_equal(rmdir("lost/tmp"), 0);
	assert_int_equal(enqueue("a", 5), EMAIL_E_FILE);
	assert_int_equal(email_account_error(out)->stage, EMAIL_STAGE_QUEUE);
	/* where nothing is to be persistent, none is needed */
	assert_int_equal(email_account_set(out, "persistent", "false"), EMAIL_OK);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	expect_order(false, "b");
}

/* --- overflow --- */

static void
the_oldest_makes_room(void **state)
{
	const struct timespec pause = {.tv_nsec = 3000000};
	seen s;

	(void)state;
	assert_int_equal(email_account_set(out, "maxQueueSize", "3"), EMAIL_OK);
	assert_int_equal(email_account_set(out, "overflowPolicy", "DropOldest"), EMAIL_OK);
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	assert_int_equal(enqueue("b", 2), EMAIL_OK);
	assert_int_equal(enqueue("c", 5), EMAIL_OK);
	assert_int_equal(enqueue("d", 5), EMAIL_OK);
	expect_order(false, "acd");
	/* the dead letters are in order by the millisecond */
	nanosleep(&pause, NULL);
	assert_int_equal(enqueue("e", 8), EMAIL_OK);
	expect_order(false, "ecd");
	/* the least important of all has no claim */
	assert_int_equal(enqueue("f", 1), EMAIL_E_QUEUE_FULL);
	expect_order(false, "ecd");
	/* and nothing left silently */
	expect_order(true, "ba");
	s = list(true);
	assert_non_null(strstr(s.cause, "DropOldest"));
	assert_int_equal(s.state[0], EMAIL_RECIPIENT_CANCELLED);
	expect("numberDiscarded", "2");
	assert_int_equal(count_events(EMAIL_EVENT_DISCARDED), 2);
}

/* --- what a person sees and does --- */

typedef struct bytes {
	seen seen;
	char text[4000];
	size_t n, room;
} bytes;

static bool
look_first(void *context, const email_queued *q)
{
	bytes *b = context;

	assert_int_equal(b->n, 0); /* then its bytes */
	return look(&b->seen, q);
}

static email_code
take(void *context, const void *piece, size_t n)
{
	bytes *b = context;

	if (b->n + n > b->room)
		return EMAIL_E_CANCELLED;
	memcpy(b->text + b->n, piece, n);
	b->n += n;
	b->text[b->n] = '\0';
	return EMAIL_OK;
}

static void
its_bytes_are_what_goes_out(void **state)
{
	static bytes once, again;
	char path[200], file[6000];
	size_t n;
	FILE *f;

	memset(&once, 0, sizeof once);
	memset(&again, 0, sizeof again);
	once.room = again.room = sizeof once.text - 1;
	assert_int_equal(enqueue("Boiler 2", 5), EMAIL_OK);
	assert_int_equal(email_account_queue_view(out, id, look_first, take, &once), EMAIL_OK);
	assert_int_equal(email_account_queue_view(out, id, look_first, take, &again), EMAIL_OK);
	assert_int_equal(once.n, once.seen.last.size);
	assert_int_equal(once.n, again.n);
	assert_memory_equal(once.text, again.text, once.n);
	assert_string_equal(once.seen.id, id);
	assert_non_null(strstr(once.text, "From: Plant room <plant@example.com>\r\n"));
	assert_non_null(strstr(once.text, "Subject: Boiler 2\r\n"));
	assert_non_null(strstr(once.text, "\r\n\r\nAt 03:00.\r\n"));
	/* only the envelope is wanted */
	again.n = 0;
	assert_int_equal(email_account_queue_view(out, id, look_first, NULL, &again), EMAIL_OK);
	assert_int_equal(again.n, 0);
	/* what the sink says is passed on */
	again.room = 10;
	assert_int_equal(email_account_queue_view(out, id, look_first, take, &again), EMAIL_E_CANCELLED);
	assert_int_equal(email_account_error(out)->code, EMAIL_E_CANCELLED);
	/* one file has all of it, readable by any tool (Q3) */
	if (*state)
		return;
	snprintf(path, sizeof path, "state/queue/Out/queue/%s", id);
	assert_non_null(f = fopen(path, "rb"));
	n = fread(file, 1, sizeof file, f);
	fclose(f);
	assert_true(n > once.n && n < sizeof file);
	assert_memory_equal(file + n - once.n, once.text, once.n);
}

static void
deleted_and_queued_again(void **state)
{
	char a[EMAIL_ID_SIZE], b[EMAIL_ID_SIZE];
	size_t n;
	seen s;

	(void)state;
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	memcpy(a, id, sizeof a);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	memcpy(b, id, sizeof b);
	assert_int_equal(enqueue("c", 5), EMAIL_OK);
	/* one that waits is cancelled */
	assert_int_equal(email_account_queue_delete(out, b), EMAIL_OK);
	expect_order(false, "ac");
	expect_order(true, "b");
	s = list(true);
	assert_true(s.last.dead);
	assert_string_equal(s.cause, "deleted");
	assert_int_equal(s.state[1], EMAIL_RECIPIENT_CANCELLED);
	expect("numberDiscarded", "1");
	expect("queueSize", "2");
	/* it waits again, in its old place, for the same recipients */
	assert_int_equal(email_account_queue_requeue(out, b), EMAIL_OK);
	expect_order(false, "abc");
	expect_order(true, "");
	assert_int_equal(email_account_queue_view(out, b, look, NULL, &s), EMAIL_OK);
	assert_false(s.last.dead);
	assert_string_equal(s.cause, "");
	assert_int_equal(s.state[0], EMAIL_RECIPIENT_WAITING);
	expect("queueSize", "3");
	/* all of them; the dead letters oldest first */
	assert_int_equal(email_account_queue_delete(out, a), EMAIL_OK);
	assert_int_equal(email_account_queue_clear(out, &n), EMAIL_OK);
	assert_int_equal(n, 2);
	expect_order(false, "");
	expect_order(true, "abc");
	expect("numberDiscarded", "4");
	assert_int_equal(count_events(EMAIL_EVENT_DISCARDED), 4);
	assert_int_equal(email_account_queue_clear(out, NULL), EMAIL_OK);
	/* a dead one is gone */
	assert_int_equal(email_account_queue_delete(out, b), EMAIL_OK);
	expect_order(true, "ac");
	assert_int_equal(email_account_queue_delete(out, b), EMAIL_E_UNKNOWN);
	assert_int_equal(email_account_queue_requeue(out, b), EMAIL_E_UNKNOWN);
}

/* While it is being sent nobody takes it away, and it says so. */
static void
one_that_is_being_sent(void **state)
{
	email__outbox *box = out->owner->outbox(out->owner->service, out, &out->error);
	email__now now = email__outbox_now(NULL);
	email_error e = {0};
	email__attempt *attempt;
	size_t i, n;
	seen s;

	(void)state;
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	assert_int_equal(email__spool_start(box->spool, &now, &e), EMAIL_OK);
	assert_int_equal(email__spool_begin(box->spool, email__spool_waiting(box->spool, &n)[0], false, &now,
	                                    &attempt, &e),
	                 EMAIL_OK);
	s = list(false);
	assert_true(s.last.trying);
	assert_int_equal(s.last.attempts, 1);
	assert_int_equal(email_account_queue_delete(out, id), EMAIL_E_TEMPORARY);
	assert_int_equal(email_account_queue_clear(out, &n), EMAIL_OK);
	assert_int_equal(n, 0);
	/* one has it, the other one not, and not before an hour has gone by */
	email__attempt_recipient(attempt, 0, EMAIL__RCPT_DELIVERED, 250, "2.0.0", "ok");
	email__attempt_recipient(attempt, 1, EMAIL__RCPT_PENDING, 452, "4.2.2", "mailbox full");
	email__attempt_unsure(attempt);
	assert_int_equal(email__spool_end(box->spool, attempt,
	                                  email__spool_running(box->spool, &now) + 3600000, 1,
	                                  "452 mailbox full", &now, &e),
	                 EMAIL_OK);
	s = list(false);
	assert_false(s.last.trying);
	assert_int_equal(s.last.unsure, 1);
	assert_in_range(s.last.next_attempt, now.wall + 3590, now.wall + 3610);
	assert_string_equal(s.cause, "452 mailbox full");
	assert_int_equal(s.state[0], EMAIL_RECIPIENT_DELIVERED);
	assert_int_equal(s.state[1], EMAIL_RECIPIENT_WAITING);
	assert_string_equal(s.text, "mailbox full");
	/* who has it is not asked again (Q7) */
	assert_int_equal(email_account_queue_delete(out, id), EMAIL_OK);
	assert_int_equal(email_account_queue_requeue(out, id), EMAIL_OK);
	s = list(false);
	for (i = 0; i < 2; i++)
		assert_int_equal(s.state[i], i ? EMAIL_RECIPIENT_WAITING : EMAIL_RECIPIENT_DELIVERED);
	assert_int_equal(s.last.next_attempt, 0);
	email__spool_stop(box->spool, &now);
}

/* Where the account waits, each of its mails says for what. */
static void
what_all_of_them_wait_for(void **state)
{
	const email_error down = {.code = EMAIL_E_TIMEOUT, .text = "no answer"};
	seen s;

	(void)state;
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	email__status_of_session(out, &down);
	s = list(false);
	assert_string_equal(s.cause, "no answer");
	assert_int_equal(email_account_queue_view(out, id, look, NULL, &s), EMAIL_OK);
	assert_string_equal(s.cause, "");
}

/* --- the clock --- */

static void
under_an_unset_clock_it_has_no_date(void **state)
{
	static bytes b;

	(void)state;
	memset(&b, 0, sizeof b);
	b.room = sizeof b.text - 1;
	email_service_trust(service)->record.clock_floor = INT64_C(4000000000);
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	assert_int_equal(email_account_queue_view(out, id, look_first, take, &b), EMAIL_OK);
	assert_null(strstr(b.text, "Date:"));
	/* somebody vouches for it */
	email_trust_set_clock_good(email_service_trust(service), true);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	b.n = 0;
	assert_int_equal(email_account_queue_view(out, id, look_first, take, &b), EMAIL_OK);
	assert_non_null(strstr(b.text, "Date: "));
}

/* --- many at once --- */

enum { THREADS = 4, EACH = 20 };

typedef struct writer {
	pthread_t thread;
	email_account *account;
	email_service *service;
	int number, taken;
	char shared_id[EMAIL_ID_SIZE];
} writer;

static void *
write_often(void *context)
{
	writer *w = context;
	email_account *a = w->account;
	seen s = {.n = 0};
	int i;

	for (i = 0; i < EACH; i++) {
		email_message *m = email_message_new();
		char key[40], made[EMAIL_ID_SIZE];

		email_message_add_to(m, "duty@example.com");
		email_message_set_subject(m, "many");
		email_message_set_text(m, "text\n");
		snprintf(key, sizeof key, "%d of %d", i, w->number);
		w->taken += email_account_enqueue_once(a, m, i % 10, key, made, sizeof made) == EMAIL_OK;
		/* all of them the same one */
		w->taken += email_account_enqueue_once(a, m, 5, "shared", w->shared_id,
		                                       sizeof w->shared_id) == EMAIL_OK;
		email_message_free(m);
		if (i == EACH / 2)
			w->taken += email_account_queue_delete(a, made) == EMAIL_OK;
	}
	s.stop_at = 1;
	w->taken += email_account_queue_list(a, false, look, &s) == EMAIL_OK;
	return NULL;
}

static void
expect_all(writer *w)
{
	char text[20];
	int i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL, write_often, &w[i]), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].taken, 2 * EACH + 2);
		assert_string_equal(w[i].shared_id, w[0].shared_id);
	}
	snprintf(text, sizeof text, "%d", THREADS * (EACH - 1) + 1);
	expect("queueSize", text);
}

/* Each with an account object of its own, all of one service. */
static void
several_threads_of_a_service(void **state)
{
	writer w[THREADS];
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++) {
		w[i] = (writer){.account = email__account_copy(out), .number = i};
		assert_non_null(w[i].account);
		w[i].account->owner = out->owner;
	}
	expect_all(w);
	for (i = 0; i < THREADS; i++)
		email_account_free(w[i].account);
	expect("numberDiscarded", "4");
}

/* Each with a service of its own on the same sheet, as several processes have it. */
static void
several_services(void **state)
{
	writer w[THREADS];
	email_error e;
	int i;

	if (*state)
		return; /* in memory each has its own */
	for (i = 0; i < THREADS; i++) {
		w[i] = (writer){.service = email_service_new(), .number = i};
		assert_int_equal(email_service_load(w[i].service, "email.xml", &e), EMAIL_OK);
		w[i].account = email_service_account(w[i].service, "Out");
	}
	expect_all(w);
	for (i = 0; i < THREADS; i++)
		email_service_free(w[i].service);
	expect("numberDiscarded", "4");
}

/* --- surviving --- */

static void
the_next_process_has_it_where_there_is_a_folder(void **state)
{
	email_error e;

	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	if (*state) {
		assert_int_not_equal(access("state", F_OK), 0);
		return;
	}
	email_service_free(service);
	service = email_service_new();
	assert_int_equal(email_service_load(service, "email.xml", &e), EMAIL_OK);
	out = email_service_account(service, "Out");
	expect_order(false, "a");
	expect("queueSize", "1");
}

/* --- polling --- */

static void
a_poll_sends_what_waits(void **state)
{
	email_trust *trust = email_service_trust(service);
	char port[12];
	bool told = true;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	snprintf(port, sizeof port, "%d", email_test_server_port(p.server));
	assert_int_equal(email_account_set(out, "hostname", "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set(out, "port", port), EMAIL_OK);
	assert_int_equal(email_account_set_basic_authenticator(out, "plant", "hunter2"), EMAIL_OK);
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	assert_int_equal(email_account_queue_poll(out, &told), EMAIL_E_TRUST);
	assert_false(told);
	expect("queueSize", "2");
	assert_int_equal(email_trust_import(trust, p.root, strlen(p.root), "site", NULL), EMAIL_OK);
	assert_int_equal(email_account_queue_poll(out, NULL), EMAIL_OK);
	expect_order(false, "");
	expect_order(true, "");
	expect("queueSize", "0");
	expect("numberSent", "2");
	assert_int_equal(post_counts(&p).messages, 2);
	assert_int_equal(email_account_queue_poll(out, NULL), EMAIL_OK);
	post_close(&p);
}

/* Where the service works it, that one is told, and this returns at once. */
static void
a_poll_tells_whoever_works(void **state)
{
	bool told = false;

	(void)state;
	assert_int_equal(email_account_set(out, "hostname", "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_port(out, 1), EMAIL_OK);
	assert_int_equal(email_service_start(service), EMAIL_OK);
	assert_int_equal(email_account_queue_poll(out, &told), EMAIL_OK);
	assert_true(told);
	email_service_stop(service);
}

/* --- memory --- */

/* Whichever allocation fails: an error means that nothing was done. */
static void
want_of_memory(void **state)
{
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		email_message *m = mail("m");
		size_t before = list(false).n;
		email_code rc;

		email_test_fail_alloc(n);
		rc = email_account_enqueue(out, m, 5, id, sizeof id);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		assert_true(rc == EMAIL_OK || failed);
		assert_int_equal(email_account_error(out)->code, rc);
		assert_int_equal(list(false).n, before + (rc == EMAIL_OK));
		email_message_free(m);
		if (rc)
			continue;
		assert_int_equal(email_account_queue_delete(out, id), EMAIL_OK);
		assert_int_equal(email_account_queue_delete(out, id), EMAIL_OK);
	}
	assert_true(n > 10);
	assert_int_equal(enqueue("a", 5), EMAIL_OK);
	assert_int_equal(enqueue("b", 5), EMAIL_OK);
	for (n = 1, failed = true; failed; n++) {
		static bytes b;
		email_code rc;
		seen s = {.n = 0};

		email_test_fail_alloc(n);
		rc = email_account_queue_list(out, false, look, &s);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		assert_int_equal(email_account_error(out)->code, rc);
		/* all of them, or an error */
		assert_true(rc == EMAIL_OK ? strcmp(s.order, "ab") == 0 : rc == EMAIL_E_MEMORY && failed);

		memset(&b, 0, sizeof b);
		b.room = sizeof b.text;
		email_test_fail_alloc(n);
		rc = email_account_queue_view(out, id, look_first, take, &b);
		failed = failed || email_test_alloc_failed();
		assert_int_equal(email_account_error(out)->code, rc);
		assert_true(rc == EMAIL_OK ? b.n == b.seen.last.size
		                           : rc == EMAIL_E_MEMORY && email_test_alloc_failed());
		email_test_fail_alloc_off();
	}
	assert_true(n > 5);
}

int
main(void)
{
#define T(f) \
	cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, NULL), \
		cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, &in_memory)
	const struct CMUnitTest tests[] = {
		T(is_listed_as_it_was_given),
		T(they_wait_in_the_order_in_which_they_go),
		T(a_key_makes_one_mail),
		T(keys_have_their_bounds),
		T(a_repeat_is_no_flood),
		T(what_is_refused_is_not_there),
		T(a_disabled_account_takes_mail_where_it_may),
		T(only_outgoing_accounts_of_a_service_have_a_queue),
		T(unknown_ids),
		T(no_folder_is_to_be_had),
		T(the_oldest_makes_room),
		T(its_bytes_are_what_goes_out),
		T(deleted_and_queued_again),
		T(one_that_is_being_sent),
		T(what_all_of_them_wait_for),
		T(under_an_unset_clock_it_has_no_date),
		T(several_threads_of_a_service),
		T(several_services),
		T(the_next_process_has_it_where_there_is_a_folder),
		T(a_poll_sends_what_waits),
		T(a_poll_tells_whoever_works),
		T(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
