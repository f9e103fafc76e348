/* SPDX-License-Identifier: MIT */
/* Messages: large ones, many, and what becomes of them when the session breaks. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/pop3.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email__pop3 *p;
static email__link *l;
static size_t begun, ended, bytes, largest, settled_well, settled_badly;
static email_code last_code, answer;

static email_code
begin(void *context, const email__entry *entry)
{
	(void)context;
	assert_true(entry->number > 0);
	assert_int_equal(begun, ended);
	begun++;
	return EMAIL_OK;
}

static email_code
data(void *context, const char *piece, size_t n)
{
	(void)context;
	(void)piece;
	bytes += n;
	largest = n > largest ? n : largest;
	return answer;
}

static email_code
end(void *context, const email__entry *entry, email_code code)
{
	(void)context;
	(void)entry;
	ended++;
	last_code = code;
	return EMAIL_OK;
}

static void
settled(void *context, const email__entry *entry, email_code code)
{
	(void)context;
	(void)entry;
	*(code ? &settled_badly : &settled_well) += 1;
}

static void
say(const char *text)
{
	email__buf_consume(&l->out, email__buf_len(&l->out));
	l->step(l);
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
}

static void
start(const char *offers)
{
	static const email__credentials who = {.user = "user", .password = "secret"};
	email__pop3_config config = {.tls = true,
	                             .credentials = &who,
	                             .events = {NULL, NULL, begin, data, end, settled, NULL, NULL}};

	p = email__pop3_new(&config);
	assert_non_null(p);
	l = email__pop3_link(p);
	begun = ended = bytes = largest = settled_well = settled_badly = 0;
	answer = last_code = EMAIL_OK;
	say("+OK\r\n");
	say(offers);
	say("+OK\r\n");
	assert_true(email__pop3_ready(p));
}

static const char pipelining[] = "+OK\r\nSASL PLAIN\r\nPIPELINING\r\n.\r\n";
static const char plain[] = "+OK\r\nSASL PLAIN\r\n.\r\n";

/* 25 MB come in pieces as large as what was read, with not one allocation. */
static void
large(void **state)
{
	static char chunk[EMAIL__POP3_IN_MAX];
	email__entry entry = {.number = 1};
	size_t i, allocs;

	(void)state;
	for (i = 0; i < sizeof chunk; i++)
		chunk[i] = i % 78 == 77 ? '\n' : i % 78 == 76 ? '\r' : 'x';
	start(plain);
	assert_int_equal(email__pop3_fetch(p, &entry, 1, EMAIL__EXTENT_NO_ATTACHMENTS), EMAIL_OK);
	l->step(l);
	assert_memory_equal(email__buf_head(&l->out), "RETR 1\r\n", 8);
	say("+OK\r\n");
	assert_int_equal(l->wait, EMAIL__WAIT_BODY);
	assert_int_equal(l->stage, EMAIL_STAGE_FETCH);
	email_test_fail_alloc(0);
	for (i = 0; i < 1600; i++) {
		assert_int_equal(email__buf_add(&l->in, chunk, sizeof chunk), EMAIL_OK);
		l->step(l);
		assert_int_equal(email__buf_len(&l->in), 0);
	}
	allocs = email_test_allocs();
	email_test_fail_alloc_off();
	assert_int_equal(allocs, 0);
	assert_int_equal(bytes, 1600 * sizeof chunk);
	assert_int_equal(largest, sizeof chunk);
	say("\r\n.\r\n");
	assert_int_equal(ended, 1);
	assert_int_equal(last_code, EMAIL_OK);
	assert_int_equal(l->wait, EMAIL__WAIT_RESPONSE);
	email__pop3_free(p);
}

/* 2,000 messages, each deleted: 1/16 of a round trip a message, and no allocation but for the list of deletions. */
static void
window(void **state)
{
	static email__entry entries[2000];
	size_t i, answered = 0, deleted = 0, commands = 0, writes = 0;
	unsigned flights;

	(void)state;
	for (i = 0; i < 2000; i++)
		entries[i].number = (uint32_t)i + 1;
	start(pipelining);
	flights = l->flights;
	assert_int_equal(email__pop3_fetch(p, entries, 2000, EMAIL__EXTENT_WHOLE), EMAIL_OK);
	l->step(l);
	while (answered < 2000 || deleted < answered) {
		static char kinds[5000];
		static size_t at;

		if (answered == 0 && commands == 0)
			at = 0;
		if (email__buf_len(&l->out)) {
			const char *c = (const char *)email__buf_head(&l->out);
			size_t n = email__buf_len(&l->out), k;

			for (k = 0; k < n; k++)
				if (k == 0 || c[k - 1] == '\n')
					kinds[commands++] = c[k];
			writes++;
			email__buf_consume(&l->out, n);
			l->step(l);
		}
		assert_true(at < commands && commands - at <= EMAIL__POP3_WINDOW);
		if (kinds[at++] == 'R') {
			assert_int_equal(email__buf_adds(&l->in, "+OK\r\nx\r\n.\r\n"), EMAIL_OK);
			l->step(l);
			assert_int_equal(ended, ++answered);
			assert_int_equal(email__pop3_settle(p, &entries[answered - 1], EMAIL__FATE_DELETED),
			                 EMAIL_OK);
			l->step(l);
		} else {
			assert_int_equal(email__buf_adds(&l->in, "+OK\r\n"), EMAIL_OK);
			l->step(l);
			deleted++;
		}
	}
	assert_true(l->flights - flights <= 2000 / 16 + 4);
	assert_true(writes <= 2000 / 16 + 4);
	assert_true(email__pop3_ready(p));
	assert_int_equal(settled_well + settled_badly, 0);
	email__pop3_quit(p);
	l->step(l);
	assert_int_equal(l->wait, EMAIL__WAIT_DATA);
	say("+OK\r\n");
	assert_int_equal(settled_well, 2000);
	assert_int_equal(settled_badly, 0);
	assert_int_equal(l->want, EMAIL__WANT_CLOSE);
	email__pop3_free(p);
}

/* The session breaks at each point: nothing is taken for deleted, and what began has an end. */
static void
broken(void **state)
{
	static const char *const said[] = {"+OK\r\n", "x\r\n", ".\r\n", "+OK\r\n", "+OK\r\n"};
	email__entry entry = {.number = 7};
	email_error e = {0};
	size_t stop, i;

	(void)state;
	email__error_set(&e, EMAIL_E_TIMEOUT, EMAIL_STAGE_FETCH, "too late");
	for (stop = 0; stop <= 5; stop++) {
		start(plain);
		assert_int_equal(email__pop3_fetch(p, &entry, 1, EMAIL__EXTENT_WHOLE), EMAIL_OK);
		for (i = 0; i < stop; i++) {
			if (i == 3) {
				assert_int_equal(email__pop3_settle(p, &entry, EMAIL__FATE_DELETED),
				                 EMAIL_OK);
				email__pop3_quit(p);
				assert_int_equal(email__pop3_settle(p, &entry, EMAIL__FATE_DELETED),
				                 EMAIL_E_USAGE);
			}
			l->step(l);
			say(said[i]);
		}
		email__pop3_broken(p, &e);
		assert_int_equal(begun, stop > 0);
		assert_int_equal(ended, begun);
		assert_int_equal(settled_well, stop == 5);
		assert_int_equal(settled_badly, stop == 4);
		assert_int_equal(last_code, stop == 1 || stop == 2 ? EMAIL_E_TIMEOUT : EMAIL_OK);
		if (stop < 5) {
			assert_int_equal(l->error.code, EMAIL_E_TIMEOUT);
			assert_int_equal(l->want, 0);
		}
		assert_int_equal(email__pop3_settle(p, &entry, EMAIL__FATE_LEFT), EMAIL_E_USAGE);
		email__pop3_free(p);
	}
}

static void
usage(void **state)
{
	email__entry none = {0}, one = {.number = 1};

	(void)state;
	start(plain);
	assert_int_equal(email__pop3_fetch(p, &none, 1, EMAIL__EXTENT_WHOLE), EMAIL_E_USAGE);
	assert_int_equal(email__pop3_settle(p, &none, EMAIL__FATE_DELETED), EMAIL_E_USAGE);
	assert_int_equal(email__pop3_fetch(p, NULL, 0, EMAIL__EXTENT_WHOLE), EMAIL_OK);
	assert_true(email__pop3_ready(p));
	assert_int_equal(email__pop3_settle(p, &one, EMAIL__FATE_SEEN), EMAIL_OK);
	assert_int_equal(settled_well, 1);
	email_test_fail_alloc_from(1);
	assert_int_equal(email__pop3_settle(p, &one, EMAIL__FATE_DELETED), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_int_equal(email__pop3_fetch(p, &one, 1, EMAIL__EXTENT_WHOLE), EMAIL_OK);
	assert_int_equal(email__pop3_fetch(p, &one, 1, EMAIL__EXTENT_WHOLE), EMAIL_E_USAGE);
	assert_int_equal(email__pop3_list(p, false), EMAIL_E_USAGE);
	email__pop3_free(p);
	assert_int_equal(settled_badly, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(large), cmocka_unit_test(window),
	                                   cmocka_unit_test(broken), cmocka_unit_test(usage)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
