/* SPDX-License-Identifier: MIT */
/* A queue's mails over one connection, to a real server. */
#include "support/cm.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "account/connection.h"
#include "account/drain.h"
#include "support/failalloc.h"
#include "support/post.h"

enum { MANY = 20, BIG = 8 << 20 };

/* A mail with one or two recipients, and a message that says its number. */
typedef struct crate {
	email__smtp_mail mail; /* first: a pointer to it is one to the crate */
	email__smtp_recipient to[2];
	char text[200];
	size_t n, at, padding; /* so many bytes behind the text */
	bool never_again;      /* its source cannot begin anew */
	int given, done;
} crate;

typedef struct supply {
	crate crate[MANY];
	size_t count, given, finished;
	size_t available; /* so many may be given now */
	size_t more;      /* so many more with each that is done */
	unsigned outstanding, most;
	bool disorder;
	size_t cancel_at; /* cancels once so many are done */
	email_account *account;
	size_t asked;
} supply;

static email_code
read_crate(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	crate *c = context;
	size_t left = c->n + c->padding - c->at, i;

	*got = left < size ? left : size;
	for (i = 0; i < *got; i++, c->at++)
		buffer[i] = (unsigned char)(c->at < c->n               ? c->text[c->at]
		                            : (c->at - c->n) % 64 < 62 ? 'x'
		                            : (c->at - c->n) % 64 < 63 ? '\r'
		                                                       : '\n');
	return EMAIL_OK;
}

static email_code
rewind_crate(void *context)
{
	crate *c = context;

	c->at = 0;
	return c->never_again ? EMAIL_E_FILE : EMAIL_OK;
}

static void
fill(supply *s, size_t count)
{
	size_t i;

	memset(s, 0, sizeof *s);
	s->count = s->available = count;
	for (i = 0; i < count; i++) {
		crate *c = &s->crate[i];

		snprintf(c->text, sizeof c->text,
		         "From: plant@example.com\r\nSubject: %zu\r\n\r\n.Mail %zu\r\n", i, i);
		c->n = strlen(c->text);
		c->to[0].address = "duty@example.com";
		c->mail.from = "plant@example.com";
		c->mail.recipients = c->to;
		c->mail.count = 1;
		c->mail.source = (email__source){.read = read_crate, .rewind = rewind_crate, .context = c};
		c->mail.size = c->n;
	}
}

static email__smtp_mail *
next(void *context, unsigned outstanding)
{
	supply *s = context;
	crate *c;

	s->asked++;
	assert_int_equal(outstanding, s->outstanding);
	if (s->given == s->available || s->given == s->count)
		return NULL;
	c = &s->crate[s->given++];
	c->given++;
	if (++s->outstanding > s->most)
		s->most = s->outstanding;
	return &c->mail;
}

static void
done(void *context, email__smtp_mail *mail)
{
	supply *s = context;
	crate *c = (crate *)(void *)mail;

	assert_true(mail->done);
	s->disorder |= c != &s->crate[s->finished];
	c->done++;
	s->finished++;
	s->outstanding--;
	s->available += s->more;
	if (s->finished == s->cancel_at)
		email_account_cancel(s->account);
}

static email_operation *
start(post *p, supply *s)
{
	email__supply of = {.context = s, .next = next, .done = done};

	s->account = p->account;
	return email__account_start_drain(p->account, &of);
}

static email_code
drain(post *p, supply *s)
{
	email_operation *op = start(p, s);
	email_code rc = email__operation_run(op);

	email_operation_free(op);
	return rc;
}

/* The same as an event loop does it. */
static email_code
step(post *p, supply *s)
{
	email_operation *op = start(p, s);
	email_code rc;

	while (email_operation_step(op) == EMAIL_PENDING) {
		struct pollfd f = {.fd = email_operation_fd(op), .events = (short)email_operation_events(op)};

		poll(&f, 1, (int)email_operation_timeout(op));
	}
	rc = email_operation_result(op);
	email_operation_free(op);
	return rc;
}

/* Each that was given has come back, once, in its turn, with this outcome. */
static void
expect(const supply *s, size_t from, size_t to, email_code code)
{
	size_t i;

	assert_false(s->disorder);
	assert_int_equal(s->outstanding, 0);
	for (i = from; i < to; i++) {
		if (s->crate[i].mail.code != code)
			fail_msg("mail %zu: %s", i, s->crate[i].mail.error.text);
		assert_int_equal(s->crate[i].given, 1);
		assert_int_equal(s->crate[i].done, 1);
		if (code == EMAIL_OK) {
			assert_int_equal(s->crate[i].to[0].outcome, EMAIL_OUTCOME_ACCEPTED);
			assert_int_equal(s->crate[i].to[0].reply, 250);
		}
	}
	for (i = to; i < s->count && to > 0; i++)
		assert_true(s->crate[i].given == s->crate[i].done);
}

/* --- what the server got --- */

static char out[80];

static void
keep_messages(post *p)
{
	strcpy(out, "/tmp/drain_test.XXXXXX");
	assert_non_null(mkdtemp(out));
	p->options.out = out;
}

static void
forget_messages(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s", out);
	assert_int_equal(system(command), 0);
}

/* How often each came; each whole, and byte by byte what was given. */
static void
count_messages(supply *s, int times[MANY])
{
	static char text[BIG + 400], want[BIG + 400];
	struct dirent *entry;
	DIR *d = opendir(out);

	memset(times, 0, MANY * sizeof *times);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		char path[400];
		size_t n, got, i;
		crate *c;
		FILE *f;

		if (!strstr(entry->d_name, ".eml"))
			continue;
		snprintf(path, sizeof path, "%s/%s", out, entry->d_name);
		assert_non_null(f = fopen(path, "rb"));
		n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
		text[n] = '\0';
		assert_non_null(strstr(text, "Subject: "));
		i = strtoul(strstr(text, "Subject: ") + 9, NULL, 10);
		assert_true(i < s->count);
		times[i]++;
		c = &s->crate[i];
		c->at = 0;
		read_crate(c, (unsigned char *)want, sizeof want, &got);
		assert_int_equal(n, got);
		assert_memory_equal(text, want, n);
	}
	closedir(d);
}

/* --- as it should be --- */

static void
one_mail(void **state)
{
	email_test_counts n;
	supply s;
	char text[40];
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	post_open(&p, true);
	fill(&s, 1);
	assert_int_equal(drain(&p, &s), EMAIL_OK);
	expect(&s, 0, 1, EMAIL_OK);
	assert_int_equal(email_account_error(p.account)->code, EMAIL_OK);
	assert_int_equal(email_account_get(p.account, "numberSent", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "1");
	assert_int_equal(email_account_get(p.account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "ok");
	/* nothing more: the connection is asked, and kept */
	fill(&s, 0);
	assert_int_equal(drain(&p, &s), EMAIL_OK);
	assert_int_equal(s.asked, 1);
	fill(&s, 1);
	assert_int_equal(step(&p, &s), EMAIL_OK);
	expect(&s, 0, 1, EMAIL_OK);
	email_account_close(p.account);
	n = post_counts(&p);
	assert_int_equal(n.connections, 1);
	assert_int_equal(n.messages, 2);
	assert_int_equal(n.violations, 0);
	post_close(&p);
}

/* Round trips of so many mails over a fresh connection. */
static uint64_t
turns_of(size_t count, bool pipelining, bool chunking, bool stepped)
{
	email_test_counts n;
	int times[MANY];
	supply s;
	size_t i;
	post p;

	post_init(&p, EMAIL_TEST_SSL);
	p.options.no_pipelining = !pipelining;
	p.options.no_chunking = !chunking;
	keep_messages(&p);
	post_open(&p, true);
	fill(&s, count);
	for (i = 0; i < count; i++)
		s.crate[i].padding = i * 128;
	assert_int_equal(stepped ? step(&p, &s) : drain(&p, &s), EMAIL_OK);
	expect(&s, 0, count, EMAIL_OK);
	assert_true(s.most <= EMAIL__FLIGHT_MAX);
	assert_int_equal(s.most, count < EMAIL__FLIGHT_MAX ? count : EMAIL__FLIGHT_MAX);
	email_account_close(p.account);
	n = post_counts(&p);
	assert_int_equal(n.connections, 1);
	assert_int_equal(n.messages, count);
	assert_int_equal(n.violations, 0);
	count_messages(&s, times);
	for (i = 0; i < count; i++)
		assert_int_equal(times[i], 1);
	post_close(&p);
	forget_messages();
	return n.turns;
}

static void
many_mails_share_their_round_trips(void **state)
{
	int stepped;

	(void)state;
	for (stepped = 0; stepped < 2; stepped++) {
		uint64_t one = turns_of(1, true, true, stepped), many = turns_of(MANY, true, true, stepped);

		/* three flights of 8, 8 and 4; a loaded machine may answer a flight in two parts */
		assert_in_range(many - one, 2, 2 + 8);
		/* the next one's envelope goes with the last one's data */
		one = turns_of(1, true, false, stepped);
		many = turns_of(MANY, true, false, stepped);
		assert_in_range(many - one, MANY - 1, MANY + 8);
		/* one after the other: MAIL, RCPT, the data command, the data */
		one = turns_of(1, false, false, stepped);
		many = turns_of(MANY, false, false, stepped);
		assert_in_range(many - one, 4 * (MANY - 1), 4 * (MANY - 1) + 8);
		one = turns_of(1, false, true, stepped);
		many = turns_of(MANY, false, true, stepped);
		assert_in_range(many - one, 3 * (MANY - 1), 4 * (MANY - 1) + 8);
	}
}

/* What comes while others are outstanding, or with the last of them, goes over the same connection. */
static void
mails_that_come_late(void **state)
{
	static const struct {
		size_t available, more;
	} ways[] = {{1, 1}, {1, 2}, {3, 1}, {8, 1}, {2, 3}};
	email_test_counts n;
	size_t i, k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 8; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_pipelining = k & 1;
		p.options.no_chunking = k & 2;
		post_open(&p, true);
		for (i = 0; i < sizeof ways / sizeof *ways; i++) {
			fill(&s, MANY);
			s.available = ways[i].available;
			s.more = ways[i].more;
			assert_int_equal(k & 4 ? step(&p, &s) : drain(&p, &s), EMAIL_OK);
			assert_int_equal(s.finished, MANY);
			expect(&s, 0, MANY, EMAIL_OK);
		}
		email_account_close(p.account);
		n = post_counts(&p);
		assert_int_equal(n.connections, 1);
		assert_int_equal(n.messages, MANY * i);
		assert_int_equal(n.violations, 0);
		post_close(&p);
	}
}

/* Mails that come while one is outstanding do not wait for the last of these. */
static void
nothing_waits_for_the_slowest(void **state)
{
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	p.options.no_chunking = true;
	post_open(&p, true);
	fill(&s, 6);
	s.available = 3;
	s.more = 1;
	assert_int_equal(drain(&p, &s), EMAIL_OK);
	expect(&s, 0, 6, EMAIL_OK);
	assert_int_equal(s.most, 3);
	/* each that was done made room for one, at once: never did all of them have to end first */
	assert_true(s.asked >= 6);
	post_close(&p);
}

/* --- refused ones --- */

static void
refusals_are_each_ones_own(void **state)
{
	email_test_counts n;
	int times[MANY];
	unsigned k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 4; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_pipelining = k & 1;
		p.options.no_chunking = k & 2;
		post_rule(&p, "rcpt:gone@example.com", EMAIL_TEST_REPLY, "550 5.1.1 nobody here");
		post_rule(&p, "rcpt:full@example.com", EMAIL_TEST_REPLY, "452 4.2.2 mailbox full");
		post_rule(&p, "rcpt:one@example.com", EMAIL_TEST_REPLY, "550 5.1.1 nobody here");
		post_rule(&p, "dot", EMAIL_TEST_REPLY, "554 5.7.1 looks like spam");
		keep_messages(&p);
		post_open(&p, true);
		fill(&s, 10);
		s.crate[3].to[0].address = "gone@example.com";
		s.crate[5].to[0].address = "full@example.com";
		s.crate[7].to[0].address = "one@example.com";
		s.crate[7].to[1].address = "other@example.com";
		s.crate[7].mail.count = 2;
		assert_int_equal(drain(&p, &s), EMAIL_OK);
		expect(&s, 0, 1, EMAIL_E_REFUSED);
		assert_int_equal(s.crate[0].mail.error.stage, EMAIL_STAGE_DATA);
		assert_int_equal(s.crate[0].to[0].outcome, EMAIL_OUTCOME_REFUSED);
		assert_int_equal(s.crate[0].to[0].reply, 554);
		expect(&s, 1, 3, EMAIL_OK);
		expect(&s, 3, 4, EMAIL_E_REFUSED);
		assert_int_equal(s.crate[3].mail.error.stage, EMAIL_STAGE_ENVELOPE);
		assert_string_equal(s.crate[3].to[0].enhanced, "5.1.1");
		expect(&s, 4, 5, EMAIL_OK);
		expect(&s, 5, 6, EMAIL_E_TEMPORARY);
		assert_int_equal(s.crate[5].to[0].outcome, EMAIL_OUTCOME_DEFERRED);
		assert_true(s.crate[5].mail.error.temporary);
		expect(&s, 6, 7, EMAIL_OK);
		expect(&s, 7, 8, EMAIL_E_PARTIAL);
		assert_int_equal(s.crate[7].to[0].outcome, EMAIL_OUTCOME_REFUSED);
		assert_int_equal(s.crate[7].to[1].outcome, EMAIL_OUTCOME_ACCEPTED);
		assert_int_equal(s.crate[7].to[1].reply, 250);
		expect(&s, 8, 10, EMAIL_OK);
		email_account_close(p.account);
		n = post_counts(&p);
		assert_int_equal(n.connections, 1);
		assert_int_equal(n.messages, 7);
		assert_int_equal(n.violations, 0);
		count_messages(&s, times);
		assert_int_equal(times[0] + times[3] + times[5], 0);
		assert_int_equal(times[7], 1);
		post_close(&p);
		forget_messages();
	}
}

/* Known before anything is sent: too large, an extension that is missing. In its turn all the same. */
static void
what_the_server_cannot_take_is_told_in_its_turn(void **state)
{
	email_test_counts n;
	unsigned k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 2; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.size = 5000;
		p.options.no_smtputf8 = true;
		p.options.no_pipelining = k & 1;
		post_open(&p, true);
		fill(&s, MANY);
		s.crate[2].mail.size = 6000;
		s.crate[3].mail.utf8 = true;
		s.crate[MANY - 1].mail.size = 6000;
		assert_int_equal(drain(&p, &s), EMAIL_OK);
		expect(&s, 0, 2, EMAIL_OK);
		expect(&s, 2, 3, EMAIL_E_MESSAGE);
		expect(&s, 3, 4, EMAIL_E_EXTENSION);
		expect(&s, 4, MANY - 1, EMAIL_OK);
		expect(&s, MANY - 1, MANY, EMAIL_E_MESSAGE);
		/* all of them */
		fill(&s, MANY);
		for (size_t i = 0; i < MANY; i++)
			s.crate[i].mail.utf8 = true;
		assert_int_equal(step(&p, &s), EMAIL_OK);
		expect(&s, 0, MANY, EMAIL_E_EXTENSION);
		email_account_close(p.account);
		n = post_counts(&p);
		assert_int_equal(n.connections, 1);
		assert_int_equal(n.messages, MANY - 3);
		assert_int_equal(n.violations, 0);
		post_close(&p);
	}
}

/* --- connections that break --- */

/* After k are accepted the server goes: those are delivered, of the one in the middle it depends on how far it got. */
static void
the_server_drops_in_the_middle(void **state)
{
	enum { TAKEN = 5 };
	email_test_counts n;
	int times[MANY];
	size_t i, k, given;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 4; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_pipelining = k & 1;
		p.options.no_chunking = k & 2;
		post_rule(&p, "rcpt:last@example.com", EMAIL_TEST_DROP, NULL);
		keep_messages(&p);
		post_open(&p, true);
		fill(&s, MANY);
		s.crate[TAKEN].to[0].address = "last@example.com";
		assert_int_equal(k & 1 ? step(&p, &s) : drain(&p, &s), EMAIL_E_CLOSED);
		assert_int_equal(email_account_error(p.account)->code, EMAIL_E_CLOSED);
		expect(&s, 0, TAKEN, EMAIL_OK);
		given = s.given;
		assert_true(given > TAKEN && given < MANY);
		assert_int_equal(s.finished, given);
		/* all of it went in one flight where the server has CHUNKING: who knows */
		expect(&s, TAKEN, given, k == 0 ? EMAIL_E_UNSURE : EMAIL_E_CLOSED);
		for (i = TAKEN; i < given; i++) {
			email_outcome outcome = s.crate[i].to[0].outcome;

			assert_true(outcome == EMAIL_OUTCOME_NONE || outcome == EMAIL_OUTCOME_DEFERRED ||
			            (k == 0 && outcome == EMAIL_OUTCOME_UNSURE));
		}
		n = post_counts(&p);
		assert_int_equal(n.messages, TAKEN);
		count_messages(&s, times);
		for (i = 0; i < TAKEN; i++)
			assert_int_equal(times[i], 1);
		/* and all is well with the next connection */
		fill(&s, 3);
		assert_int_equal(drain(&p, &s), EMAIL_OK);
		expect(&s, 0, 3, EMAIL_OK);
		post_close(&p);
		forget_messages();
	}
}

/* The server took it, but nobody heard: unsure, and nothing is sent twice by itself. */
static void
no_answer_to_the_end_is_unsure(void **state)
{
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	p.options.no_chunking = true;
	post_rule(&p, "dot", EMAIL_TEST_DROP, NULL);
	post_open(&p, true);
	/* kept, so that a new one might be tempting */
	fill(&s, 3);
	assert_int_equal(drain(&p, &s), EMAIL_E_CLOSED);
	expect(&s, 0, 1, EMAIL_E_UNSURE);
	assert_int_equal(s.crate[0].to[0].outcome, EMAIL_OUTCOME_UNSURE);
	expect(&s, 1, 3, EMAIL_E_CLOSED);
	assert_int_equal(post_counts(&p).messages, 1);
	post_close(&p);
}

/* One that was kept died: what was handed to it goes once more over a new one, each whole, each once. */
static void
a_dead_kept_connection_is_replaced(void **state)
{
	email_test_counts n;
	int times[MANY];
	size_t i;
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	p.options.no_chunking = true;
	post_rule(&p, "rcpt:second@example.com", EMAIL_TEST_DROP, NULL);
	keep_messages(&p);
	post_open(&p, true);
	fill(&s, 1);
	assert_int_equal(drain(&p, &s), EMAIL_OK);
	fill(&s, MANY);
	s.crate[0].to[0].address = "second@example.com";
	assert_int_equal(drain(&p, &s), EMAIL_OK);
	expect(&s, 0, MANY, EMAIL_OK);
	email_account_close(p.account);
	n = post_counts(&p);
	assert_int_equal(n.connections, 2);
	assert_int_equal(n.messages, 1 + MANY);
	count_messages(&s, times);
	assert_int_equal(times[0], 2); /* the one of before is like it */
	for (i = 1; i < MANY; i++)
		assert_int_equal(times[i], 1);
	post_close(&p);
	forget_messages();
}

/* A connection that stands, as if it had carried mail before. */
static void
keep_connection(post *p)
{
	supply none;

	fill(&none, 0);
	assert_int_equal(drain(p, &none), EMAIL_OK);
	p->account->connection->kept = true;
}

/* It died in the middle of a message, which begins anew from its first byte. */
static void
a_mail_goes_whole_over_the_new_connection(void **state)
{
	email_test_counts n;
	int times[MANY];
	unsigned k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 4; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_pipelining = k & 1;
		p.options.no_chunking = k & 2;
		post_rule(&p, "body", EMAIL_TEST_RESET, NULL);
		keep_messages(&p);
		post_open(&p, true);
		keep_connection(&p);
		fill(&s, 3);
		s.crate[0].padding = BIG;
		assert_int_equal(k & 1 ? step(&p, &s) : drain(&p, &s), EMAIL_OK);
		expect(&s, 0, 3, EMAIL_OK);
		email_account_close(p.account);
		n = post_counts(&p);
		assert_int_equal(n.connections, 2);
		assert_int_equal(n.messages, 3);
		count_messages(&s, times);
		assert_int_equal(times[0] * times[1] * times[2], 1);
		post_close(&p);
		forget_messages();
	}
}

/* One whose source cannot begin anew is told of, and the others go. */
static void
what_cannot_begin_anew_is_not_cut(void **state)
{
	email_test_counts n;
	int times[MANY];
	unsigned k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 2; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		post_rule(&p, "body", EMAIL_TEST_RESET, NULL);
		keep_messages(&p);
		post_open(&p, true);
		keep_connection(&p);
		fill(&s, 3);
		s.crate[0].padding = BIG;
		s.crate[0].never_again = true;
		if (k)
			s.crate[0].mail.source.rewind = NULL;
		assert_int_equal(drain(&p, &s), EMAIL_OK);
		expect(&s, 0, 1, EMAIL_E_CLOSED);
		expect(&s, 1, 3, EMAIL_OK);
		email_account_close(p.account);
		n = post_counts(&p);
		assert_int_equal(n.messages, 2);
		count_messages(&s, times);
		assert_int_equal(times[0], 0);
		assert_int_equal(times[1] * times[2], 1);
		post_close(&p);
		forget_messages();
	}
}

/* It is a new one no more: the same again is told of. */
static void
a_connection_is_replaced_once(void **state)
{
	email_test_counts n;
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	p.options.no_chunking = true;
	post_rule(&p, "mail", EMAIL_TEST_DROP, NULL);
	p.options.rule[0].times = -1;
	post_open(&p, true);
	keep_connection(&p);
	fill(&s, MANY);
	assert_int_equal(drain(&p, &s), EMAIL_E_CLOSED);
	expect(&s, 0, s.given, EMAIL_E_CLOSED);
	assert_int_equal(s.given, EMAIL__FLIGHT_MAX);
	n = post_counts(&p);
	assert_int_equal(n.connections, 2);
	assert_int_equal(n.messages, 0);
	post_close(&p);
}

/* There is no new one to be had: each is told once, and nothing is lost. */
static void
no_new_connection_is_to_be_had(void **state)
{
	char text[200];
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	keep_connection(&p);
	email_test_server_stop(p.server);
	p.server = NULL;
	fill(&s, 3);
	(void)drain(&p, &s);
	assert_true(email_account_error(p.account)->code == EMAIL_E_CONNECT ||
	            email_account_error(p.account)->code == EMAIL_E_CLOSED);
	assert_int_equal(s.finished, s.given);
	/* nobody is asked for a mail where none can be sent */
	fill(&s, 3);
	assert_int_equal(step(&p, &s), EMAIL_E_CONNECT);
	assert_int_equal(s.asked, 0);
	assert_int_equal(email_account_get(p.account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "down");
	post_close(&p);
}

/* --- ended by ourselves --- */

static void
cancelled_on_the_way(void **state)
{
	size_t i, k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 4; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_pipelining = k & 1;
		p.options.no_chunking = k & 2;
		post_open(&p, true);
		fill(&s, MANY);
		s.cancel_at = 2;
		assert_int_equal(k & 1 ? step(&p, &s) : drain(&p, &s), EMAIL_E_CANCELLED);
		expect(&s, 0, 2, EMAIL_OK);
		assert_true(s.given < MANY);
		expect(&s, 0, 0, EMAIL_OK);
		assert_int_equal(s.finished, s.given);
		for (i = 2; i < s.given; i++)
			assert_true(s.crate[i].mail.code == EMAIL_OK ||
			            s.crate[i].mail.code == EMAIL_E_CANCELLED ||
			            s.crate[i].mail.code == EMAIL_E_UNSURE);
		assert_true(s.crate[s.given - 1].mail.code != EMAIL_OK);
		post_close(&p);
	}
}

/* From another thread, while the server does not answer. */
static void
cancelled_by_another_thread(void **state)
{
	static const struct {
		const char *stage;
		email_code first;
	} at[] = {{"mail", EMAIL_E_CANCELLED}, {"dot", EMAIL_E_UNSURE}};
	pthread_t thread;
	size_t i;
	supply s;
	post p;

	(void)state;
	for (i = 0; i < 2; i++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_chunking = true;
		post_rule(&p, at[i].stage, EMAIL_TEST_STALL, NULL);
		post_open(&p, true);
		fill(&s, 4);
		assert_int_equal(pthread_create(&thread, NULL, post_cancel_stalled, &p), 0);
		assert_int_equal(drain(&p, &s), EMAIL_E_CANCELLED);
		pthread_join(thread, NULL);
		expect(&s, 0, 1, at[i].first);
		expect(&s, 1, 4, EMAIL_E_CANCELLED);
		post_close(&p);
	}
}

/* Whoever frees it in the middle hears of each mail before that returns. */
static void
left_at_any_point(void **state)
{
	int steps, k, taken = 0;
	size_t i;
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	p.options.no_chunking = true;
	post_open(&p, true);
	for (steps = 0; steps < 30; steps++) {
		email_operation *op;

		fill(&s, 4);
		op = start(&p, &s);
		assert_non_null(op);
		assert_null(start(&p, &s));
		for (k = 0; k < steps && email_operation_step(op) == EMAIL_PENDING; k++) {
			struct pollfd f = {.fd = email_operation_fd(op),
			                   .events = (short)email_operation_events(op)};

			poll(&f, 1, 1000);
		}
		email_operation_free(op);
		assert_false(s.disorder);
		assert_int_equal(s.finished, s.given);
		for (i = 0; i < s.given; i++) {
			assert_int_equal(s.crate[i].done, 1);
			assert_true(s.crate[i].mail.code == EMAIL_OK ||
			            s.crate[i].mail.code == EMAIL_E_CANCELLED ||
			            s.crate[i].mail.code == EMAIL_E_UNSURE);
			taken += s.crate[i].mail.code == EMAIL_OK;
		}
	}
	assert_true(taken > 0);
	fill(&s, 4);
	assert_int_equal(drain(&p, &s), EMAIL_OK);
	expect(&s, 0, 4, EMAIL_OK);
	post_close(&p);
}

static void
accounts_that_send_nothing(void **state)
{
	email__supply none = {.next = next, .done = done};
	email_account *in = email_account_new(EMAIL_INCOMING, "In");
	email_operation *op;
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	assert_int_equal(email_account_set_enabled(p.account, false), EMAIL_OK);
	fill(&s, 1);
	assert_int_equal(drain(&p, &s), EMAIL_E_DISABLED);
	assert_int_equal(s.asked, 0);
	none.context = &s;
	op = email__account_start_drain(in, &none);
	assert_int_equal(email__operation_run(op), EMAIL_E_USAGE);
	email_operation_free(op);
	assert_int_equal(s.asked, 0);
	email_account_free(in);
	post_close(&p);
}

/* A source that fails: that mail alone has it for its reason. */
static email_code
fails(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	(void)context;
	(void)buffer;
	(void)size;
	*got = 0;
	return EMAIL_E_FILE;
}

static void
a_source_that_fails(void **state)
{
	unsigned k;
	supply s;
	post p;

	(void)state;
	for (k = 0; k < 4; k++) {
		post_init(&p, EMAIL_TEST_SSL);
		p.options.no_pipelining = k & 1;
		p.options.no_chunking = k & 2;
		post_open(&p, true);
		fill(&s, 4);
		s.crate[1].mail.source.read = fails;
		assert_int_equal(drain(&p, &s), EMAIL_E_CLOSED);
		expect(&s, 0, 1, EMAIL_OK);
		expect(&s, 1, 2, EMAIL_E_FILE);
		expect(&s, 2, s.given, EMAIL_E_CLOSED);
		email_account_close(p.account);
		assert_int_equal(post_counts(&p).messages, 1);
		post_close(&p);
	}
}

/* Whichever allocation fails: each mail that was given comes back once, and what was not said to be sent was not. */
static void
want_of_memory_loses_nothing(void **state)
{
	static const email_error none;
	size_t n, i, sent;
	bool failed = true;
	supply s;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	for (n = 1, sent = 0; failed; n++) {
		email_code rc;

		fill(&s, 3);
		email_test_fail_alloc(n);
		rc = n % 2 ? drain(&p, &s) : step(&p, &s);
		failed = email_test_alloc_failed();
		assert_int_equal(s.finished, s.given);
		expect(&s, 0, 0, EMAIL_OK);
		for (i = 0; i < s.given; i++)
			sent += s.crate[i].mail.code == EMAIL_OK;
		assert_true(rc == EMAIL_OK || failed);
		if (rc == EMAIL_OK)
			expect(&s, 0, 3, EMAIL_OK);
		email_account_close(p.account);
		email_test_fail_alloc_off();
		p.account->error = none;
	}
	assert_true(n > 10);
	assert_true(sent >= 3);
	assert_int_equal(post_counts(&p).messages, sent);
	post_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_mail),
		cmocka_unit_test(many_mails_share_their_round_trips),
		cmocka_unit_test(mails_that_come_late),
		cmocka_unit_test(nothing_waits_for_the_slowest),
		cmocka_unit_test(refusals_are_each_ones_own),
		cmocka_unit_test(what_the_server_cannot_take_is_told_in_its_turn),
		cmocka_unit_test(the_server_drops_in_the_middle),
		cmocka_unit_test(no_answer_to_the_end_is_unsure),
		cmocka_unit_test(a_dead_kept_connection_is_replaced),
		cmocka_unit_test(a_mail_goes_whole_over_the_new_connection),
		cmocka_unit_test(what_cannot_begin_anew_is_not_cut),
		cmocka_unit_test(a_connection_is_replaced_once),
		cmocka_unit_test(no_new_connection_is_to_be_had),
		cmocka_unit_test(cancelled_on_the_way),
		cmocka_unit_test(cancelled_by_another_thread),
		cmocka_unit_test(left_at_any_point),
		cmocka_unit_test(accounts_that_send_nothing),
		cmocka_unit_test(a_source_that_fails),
		cmocka_unit_test(want_of_memory_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
