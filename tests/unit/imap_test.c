/* SPDX-License-Identifier: MIT */
/* The engine over many messages and long ones: memory, round trips, its contract. Dialogues: tests/transcripts. */
#include "proto/imap.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/imap_peer.h"

static email_test_imap_peer p;

/* A response that holds a message of n bytes. */
static size_t
message(char *out, unsigned number, unsigned uid, size_t n)
{
	size_t at = (size_t)sprintf(out, "* %u FETCH (UID %u BODY[] {%zu}\r\n", number, uid, n);

	memset(out + at, 'x', n);
	memcpy(out + at + n, ")\r\n", 3);
	return at + n + 3;
}

/* 5,000 messages in batches: a round trip and a few commands for each, and nothing is allocated for a message. */
static void
many(void **state)
{
	static email__entry batch[EMAIL__IMAP_BATCH_MAX];
	static char text[EMAIL__IMAP_BATCH_MAX * 200];
	unsigned uid, tag = 3;
	size_t allocs = 0, batches = 0;

	(void)state;
	assert_true(email_test_imap_open(&p, "UIDPLUS ESEARCH", 5000));
	p.quiet = true;
	p.l->flights = 0;
	for (uid = 1; uid <= 5000;) {
		unsigned n, i;
		size_t at = 0;

		for (n = 0; n < EMAIL__IMAP_BATCH_MAX && uid + n <= 5000; n++)
			batch[n].number = (uid + n) * 3; /* no two are neighbours */
		assert_int_equal(email__imap_fetch(p.s, batch, n, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
		assert_true(strlen(email_test_imap_say(&p, "")) < EMAIL__IMAP_COMMAND_MAX);
		for (i = 0; i < n; i++)
			at += message(text + at, uid + i, batch[i].number, 100);
		at += (size_t)sprintf(text + at, "A%u OK done\r\n", tag++);
		email_test_fail_alloc(0);
		email_test_imap_say_bytes(&p, text, at);
		allocs += email_test_allocs();
		email_test_fail_alloc_off();
		uid += n;
		batches++;
		assert_true(email__imap_ready(p.s));
	}
	assert_int_equal(p.ended, 5000);
	assert_int_equal(p.bytes, 500000);
	assert_true(allocs <= batches * 3); /* the buffer that becomes larger for it, and smaller again */
	assert_int_equal(p.l->flights, batches);
	email_test_imap_close(&p);
}

/* 25 MB in 64 kB; the memory of an engine that rests is that of the start again. */
static void
large(void **state)
{
	static char head[] = "* 1 FETCH (UID 5 BODY[] {26214400}\r\n", body[5000];
	email__entry e = {.number = 5};
	size_t n, blocks;

	(void)state;
	email_test_fail_alloc(0);
	assert_true(email_test_imap_open(&p, "", 1));
	blocks = email_test_blocks();
	p.quiet = true;
	assert_int_equal(email__imap_fetch(p.s, &e, 1, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
	email_test_imap_say(&p, "");
	email_test_imap_say(&p, head);
	memset(body, 'x', sizeof body);
	for (n = 0; n < 26214400; n += 4096) {
		unsigned progress = p.l->progress;

		email_test_imap_say_bytes(&p, body, 4096);
		assert_true(p.l->in.max == 65536 && p.l->in.cap <= 65536);
		assert_true(n % 16384 != 12288 || p.l->progress > progress);
	}
	assert_int_equal(p.bytes, 26214400);
	assert_int_equal(p.ended, 0);
	email_test_imap_say(&p, ")\r\nA3 OK done\r\n");
	assert_int_equal(p.ended, 1);
	assert_true(email__imap_ready(p.s));
	assert_true(p.l->in.cap <= EMAIL__LINK_IN_MAX && p.l->out.cap <= 1024);
	assert_int_equal(email_test_blocks(), blocks);
	email_test_imap_close(&p);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

/* A line that is longer than `in` was makes it longer, up to the bound, and no further. */
static void
long_lines(void **state)
{
	static char text[EMAIL__IMAP_LINE_MAX * 2];
	size_t n;

	(void)state;
	for (n = 3000; n < EMAIL__IMAP_LINE_MAX + 2000; n += 20000) {
		assert_true(email_test_imap_open(&p, "", 1));
		assert_int_equal(email__imap_poll(p.s), EMAIL_OK);
		email_test_imap_say(&p, "");
		memset(text, 'x', sizeof text);
		memcpy(text, "* X ", 4);
		memcpy(text + n, "\r\nA3 OK done\r\n", 15);
		email_test_imap_say(&p, text);
		if (n <= EMAIL__IMAP_LINE_MAX) {
			assert_int_equal(p.l->error.code, EMAIL_OK);
			assert_true(email__imap_ready(p.s));
			assert_int_equal(p.l->in.max, EMAIL__LINK_IN_MAX);
		} else
			assert_int_equal(p.l->error.code, EMAIL_E_PROTOCOL);
		email_test_imap_close(&p);
	}
}

/* What may be asked for, and when. */
static void
contract(void **state)
{
	email__imap_config config = {.tls = true};
	email__imap *s = email__imap_new(&config);
	email__entry e = {.number = 5}, two[2] = {{.number = 5}, {.number = 5}};
	email_error over = {0};

	(void)state;
	assert_non_null(s);
	assert_false(email__imap_ready(s));
	assert_int_equal(email__imap_link(s)->want, EMAIL__WANT_READ);
	assert_int_equal(email__imap_link(s)->wait, EMAIL__WAIT_GREETING);
	assert_int_equal(email__imap_link(s)->stage, EMAIL_STAGE_GREETING);
	assert_int_equal(email__imap_list(s, false, 1), EMAIL_E_USAGE);
	assert_int_equal(email__imap_fetch(s, &e, 1, EMAIL__EXTENT_WHOLE, 0), EMAIL_E_USAGE);
	assert_int_equal(email__imap_settle(s, &e, EMAIL__FATE_SEEN), EMAIL_E_USAGE);
	assert_int_equal(email__imap_wait(s), EMAIL_E_USAGE);
	assert_int_equal(email__imap_poll(s), EMAIL_E_USAGE);
	email__error_set(&over, EMAIL_E_TIMEOUT, EMAIL_STAGE_GREETING, "too late");
	email__imap_broken(s, &over);
	assert_int_equal(email__imap_link(s)->want, 0);
	assert_int_equal(email__imap_link(s)->error.code, EMAIL_E_TIMEOUT);
	email__imap_free(s);
	email__imap_free(NULL);

	assert_true(email_test_imap_open(&p, "", 3)); /* no IDLE, no UIDPLUS */
	assert_true(email__imap_ready(p.s));
	assert_int_equal(p.l->want, EMAIL__WANT_CALLER);
	assert_int_equal(email__imap_uidvalidity(p.s), 7);
	assert_int_equal(email__imap_count(p.s), 3);
	assert_string_equal(email__imap_extensions(p.s), "IMAP4rev1");
	assert_string_equal(email__imap_words(p.s), "");
	assert_string_equal(email__imap_alert(p.s), "");
	assert_false(email__imap_offers_idle(p.s));
	assert_int_equal(email__imap_wait(p.s), EMAIL_E_EXTENSION);
	assert_int_equal(email__imap_fetch(p.s, two, 2, EMAIL__EXTENT_WHOLE, 0),
	                 EMAIL_E_USAGE); /* not ascending */
	two[0].number = 0;
	assert_int_equal(email__imap_fetch(p.s, two, 2, EMAIL__EXTENT_WHOLE, 0), EMAIL_E_USAGE);
	assert_int_equal(email__imap_fetch(p.s, two, EMAIL__IMAP_BATCH_MAX + 1, EMAIL__EXTENT_WHOLE, 0),
	                 EMAIL_E_USAGE);
	assert_int_equal(email__imap_move(p.s, &e, EMAIL__FATE_DELETED), EMAIL_E_USAGE);
	assert_int_equal(email__imap_fetch(p.s, &e, 0, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK); /* nothing */
	assert_true(email__imap_ready(p.s));
	assert_int_equal(email__imap_fetch(p.s, &e, 1, EMAIL__EXTENT_WHOLE, 0), EMAIL_OK);
	assert_int_equal(email__imap_list(p.s, false, 1), EMAIL_E_USAGE); /* one at a time */
	assert_int_equal(email__imap_settle(p.s, &e, EMAIL__FATE_LEFT), EMAIL_OK);
	email__imap_broken(p.s, &over);
	assert_string_equal(email_test_imap_told(&p), "end 5 E_TIMEOUT\nsettled 5 E_TIMEOUT\n");
	email_test_imap_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(many), cmocka_unit_test(large),
	                                   cmocka_unit_test(long_lines), cmocka_unit_test(contract)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
