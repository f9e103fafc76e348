/* SPDX-License-Identifier: MIT */
/* Lists of many messages, in how much memory. Odd ones: tests/transcripts/pop3/list-*, uidl-*. */
#include "base/limits.h"
#include "proto/pop3.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email__pop3 *p;
static email__link *l;
static size_t told, wrong;

static void
listed(void *context, const email__entry *entry)
{
	char uid[40];

	snprintf(uid, sizeof uid, "uid-%u", entry->number);
	wrong += context != &told || entry->size != entry->number * 10ul || entry->seen ||
	         entry->internal_date;
	wrong += entry->uid[0] && strcmp(entry->uid, uid) != 0;
	told++;
}

static void
say(const char *text)
{
	email__buf_consume(&l->out, email__buf_len(&l->out));
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
}

static void
start(const char *offers)
{
	static const email__credentials who = {"user", "secret"};
	email__pop3_config config = {
		.tls = true, .credentials = &who, .events = {.context = &told, .listed = listed}};

	p = email__pop3_new(&config);
	assert_non_null(p);
	l = email__pop3_link(p);
	told = wrong = 0;
	say("+OK\r\n");
	say(offers);
	say("+OK\r\n");
	assert_true(email__pop3_ready(p));
}

static void
say_lines(unsigned n, bool uidl)
{
	char line[60];
	unsigned i;

	for (i = 1; i <= n && l->want; i++) {
		snprintf(line, sizeof line, uidl ? "%u uid-%u\r\n" : "%u %u\r\n", i, uidl ? i : i * 10);
		say(line);
	}
	if (l->want)
		say(".\r\n");
}

static const char pipelining[] = "+OK\r\nSASL PLAIN\r\nPIPELINING\r\n.\r\n";

/* 150,000 messages in a block of a MB at most (what grows has the old and the new one), and none of it stays. */
static void
many(void **state)
{
	size_t blocks;

	(void)state;
	email_test_fail_alloc(0);
	start(pipelining);
	blocks = email_test_blocks();
	assert_int_equal(email__pop3_list(p, true), EMAIL_OK);
	assert_false(email__pop3_ready(p));
	assert_int_equal(email__pop3_list(p, true), EMAIL_E_USAGE);
	l->step(l);
	assert_int_equal(email__buf_len(&l->out), 18);
	assert_memory_equal(email__buf_head(&l->out), "STAT\r\nLIST\r\nUIDL\r\n", 18);
	say("+OK 150000 1\r\n");
	say("+OK\r\n");
	say_lines(150000, false);
	assert_int_equal(told, 0);
	assert_int_equal(email_test_blocks(), blocks + 1);
	say("+OK\r\n");
	say_lines(150000, true);
	assert_int_equal(told, 150000);
	assert_int_equal(wrong, 0);
	assert_true(email__pop3_ready(p));
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
	assert_int_equal(email_test_blocks(), blocks);
	email__pop3_free(p);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

/* Without UIDs each is told when its line comes; a second list is a new one. */
static void
without_uids(void **state)
{
	unsigned i;

	(void)state;
	start(pipelining);
	for (i = 0; i < 2; i++) {
		assert_int_equal(email__pop3_list(p, false), EMAIL_OK);
		l->step(l);
		say("+OK 3 1\r\n+OK\r\n1 10\r\n");
		assert_int_equal(told, 3 * i + 1);
		say("2 20\r\n3 30\r\n2 20\r\n.\r\n");
		assert_int_equal(told, 3 * i + 3);
		assert_int_equal(wrong, 0);
		assert_true(email__pop3_ready(p));
	}
	email__pop3_free(p);
}

/* One over the maximum ends the session, with no more memory than the maximum has. */
static void
too_many(void **state)
{
	char line[60];

	(void)state;
	start(pipelining);
	assert_int_equal(email__pop3_list(p, true), EMAIL_OK);
	l->step(l);
	snprintf(line, sizeof line, "+OK 9 9\r\n+OK\r\n%d 5\r\n", EMAIL__POP3_MESSAGES_MAX);
	say(line);
	assert_int_equal(l->error.code, EMAIL_OK);
	snprintf(line, sizeof line, "%d 5\r\n", EMAIL__POP3_MESSAGES_MAX + 1);
	say(line);
	assert_int_equal(l->error.code, EMAIL_E_LIMIT);
	assert_int_equal(l->want, 0);
	assert_int_equal(email__pop3_list(p, true), EMAIL_E_USAGE);
	email__pop3_free(p);
}

static void
no_memory(void **state)
{
	(void)state;
	start(pipelining);
	assert_int_equal(email__pop3_list(p, true), EMAIL_OK);
	l->step(l);
	say("+OK 1 1\r\n+OK\r\n");
	email_test_fail_alloc_from(1);
	say("1 10\r\n");
	email_test_fail_alloc_off();
	assert_int_equal(l->error.code, EMAIL_E_MEMORY);
	email__pop3_free(p);
}

/* `ended` tells how many there are; a line is progress. */
static void
ended(void *context, email_stage stage, const char *detail)
{
	if (stage == EMAIL_STAGE_MAILBOX)
		snprintf(context, 40, "%s", detail);
}

static void
count(void **state)
{
	char detail[40] = "";
	unsigned before;

	(void)state;
	start(pipelining);
	l->ended = ended;
	l->ended_context = detail;
	assert_int_equal(email__pop3_list(p, false), EMAIL_OK);
	l->step(l);
	assert_int_equal(l->stage, EMAIL_STAGE_MAILBOX);
	assert_int_equal(l->wait, EMAIL__WAIT_RESPONSE);
	say("+OK 1 10\r\n+OK\r\n");
	assert_string_equal(detail, "1 message");
	before = l->progress;
	say("1 10\r\n");
	assert_true(l->progress > before);
	email__pop3_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(many), cmocka_unit_test(without_uids),
	                                   cmocka_unit_test(too_many), cmocka_unit_test(no_memory),
	                                   cmocka_unit_test(count)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
