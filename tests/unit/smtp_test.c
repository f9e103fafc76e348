/* SPDX-License-Identifier: MIT */
/* The engine with a server that answers by itself: sizes, memory, round trips. Dialogues: tests/transcripts. */
#include "proto/smtp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

/* --- a server, as far as a test needs one: reads what was written, keeps the bodies --- */

typedef struct server {
	const char *offers;
	char line[1024];
	size_t n, chunk;
	bool in_data, last;
	char *body; /* of the last mail, as received */
	size_t body_len, writes, largest, smallest, mails;
	unsigned char answers[8192];
	size_t answer_len;
} server;

static void
say(server *v, const char *text)
{
	size_t n = strlen(text);

	assert_true(v->answer_len + n <= sizeof v->answers);
	memcpy(v->answers + v->answer_len, text, n);
	v->answer_len += n;
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void
command(server *v)
{
	if (begins(v->line, "EHLO"))
		say(v, v->offers);
	else if (begins(v->line, "DATA")) {
		v->in_data = true;
		v->body_len = 0;
		say(v, "354 go\r\n");
	} else if (begins(v->line, "BDAT ")) {
		v->chunk = strtoul(v->line + 5, NULL, 10);
		v->last = strstr(v->line, "LAST") != NULL;
		if (v->chunk == 0)
			say(v, "250 ok\r\n");
	} else if (begins(v->line, "QUIT"))
		say(v, "221 bye\r\n");
	else {
		if (begins(v->line, "MAIL"))
			v->body_len = 0;
		say(v, "250 2.0.0 ok\r\n");
	}
}

static void
data_line(server *v)
{
	if (strcmp(v->line, ".\r\n") == 0) {
		v->in_data = false;
		v->mails++;
		say(v, "250 2.0.0 queued\r\n");
		return;
	}
	memcpy(v->body + v->body_len, v->line + (v->line[0] == '.'), v->n - (v->line[0] == '.'));
	v->body_len += v->n - (v->line[0] == '.');
}

static void
receive(server *v, const unsigned char *p, size_t n)
{
	v->writes++;
	v->largest = n > v->largest ? n : v->largest;
	v->smallest = n < v->smallest ? n : v->smallest;
	for (; n; p++, n--) {
		if (v->chunk) {
			v->body[v->body_len++] = (char)*p;
			if (--v->chunk == 0) {
				v->mails += v->last;
				say(v, "250 2.0.0 queued\r\n");
			}
			continue;
		}
		v->line[v->n++] = (char)*p;
		v->line[v->n] = '\0';
		assert_true(v->n < sizeof v->line - 1);
		if (*p == '\n') {
			assert_int_equal(v->line[v->n - 2], '\r');
			if (v->in_data)
				data_line(v);
			else
				command(v);
			v->n = 0;
		}
	}
}

/* --- a mail --- */

typedef struct body {
	const char *p;
	size_t n, at;
} body;

static email_code
read_body(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	body *b = context;

	*got = b->n - b->at < size ? b->n - b->at : size;
	memcpy(buffer, b->p + b->at, *got);
	b->at += *got;
	return EMAIL_OK;
}

static void
make_mail(email__smtp_mail *m, email__smtp_recipient *to, body *b)
{
	memset(m, 0, sizeof *m);
	memset(to, 0, sizeof *to);
	to->address = "duty@example.net";
	m->from = "plant@example.com";
	m->recipients = to;
	m->count = 1;
	m->source.read = read_body;
	m->source.context = b;
	m->size = b->n;
	b->at = 0;
}

/* Until the engine wants its caller, or nothing more. */
static void
run(email__smtp *s, server *v)
{
	email__link *l = email__smtp_link(s);

	for (;;) {
		l->step(l);
		if (l->want & EMAIL__WANT_WRITE) {
			receive(v, email__buf_head(&l->out), email__buf_len(&l->out));
			email__buf_consume(&l->out, email__buf_len(&l->out));
			continue;
		}
		if (!(l->want & EMAIL__WANT_READ) || v->answer_len == 0)
			return;
		{
			size_t n = v->answer_len < email__buf_left(&l->in) ? v->answer_len
			                                                   : email__buf_left(&l->in);

			assert_int_equal(email__buf_add(&l->in, v->answers, n), EMAIL_OK);
			memmove(v->answers, v->answers + n, v->answer_len - n);
			v->answer_len -= n;
		}
	}
}

static const char plain[] = "250 mail\r\n";
static const char pipelining[] =
	"250-mail\r\n250-ENHANCEDSTATUSCODES\r\n250-SIZE 99999999\r\n250 PIPELINING\r\n";
static const char chunking[] = "250-mail\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n";
static const char *const all_offers[] = {plain, pipelining, chunking};

static email__smtp *
connected(server *v, const char *offers)
{
	email__smtp_config config = {.ehlo_name = "station.example", .tls = true};
	email__smtp *s = email__smtp_new(&config);

	memset(v, 0, sizeof *v);
	v->body = malloc(200000);
	v->smallest = 99999;
	v->offers = offers;
	assert_non_null(s);
	say(v, "220 hello\r\n");
	run(s, v);
	assert_true(email__smtp_ready(s));
	return s;
}

static void
finish(email__smtp *s, server *v)
{
	email__link *l = email__smtp_link(s);

	email__smtp_quit(s);
	run(s, v);
	assert_int_equal(l->want, EMAIL__WANT_CLOSE);
	assert_int_equal(l->error.code, EMAIL_OK);
	email__smtp_free(s);
	free(v->body);
}

/* --- tests --- */

/* Every way of sending, sizes at every border of a flight: the server has the bytes, a flight is one full
 * write, and no end travels alone. */
static void
sizes(void **state)
{
	static const size_t at[] = {0, 60, 8100, 16200, 32600, 49000, 100000};
	static char text[100100];
	server v;
	size_t i, k, n;

	(void)state;
	for (i = 0; i < sizeof text; i++)
		text[i] = i % 78 == 77 ? '\n' : i % 78 == 76 ? '\r' : i % 78 == 0 && i % 5 == 0 ? '.' : 'x';
	for (k = 0; k < 3; k++) {
		email__smtp *s = connected(&v, all_offers[k]);

		for (i = 0; i < sizeof at / sizeof *at; i++)
			for (n = at[i]; n < at[i] + 90; n++) {
				email__smtp_mail m;
				email__smtp_recipient to;
				body b = {text, n, 0};
				size_t ended = n % 78 == 0 || n == 0;

				make_mail(&m, &to, &b);
				m.last = true;
				v.smallest = 99999;
				assert_int_equal(email__smtp_send(s, &m), EMAIL_OK);
				run(s, &v);
				assert_true(m.done);
				assert_int_equal(m.code, EMAIL_OK);
				assert_int_equal(to.outcome, EMAIL_OUTCOME_ACCEPTED);
				if (n % 78 == 77) /* ends in a CR alone, which became a CRLF */
					ended = 1;
				assert_int_equal(v.body_len, n + (n % 78 == 77) + (ended ? 0 : 2));
				assert_memory_equal(v.body, text, n);
				if (k == 2)
					assert_true(v.smallest > 13); /* never "BDAT 0 LAST" by itself */
			}
		assert_true(v.largest <= EMAIL__LINK_OUT_MAX && v.largest > EMAIL__LINK_OUT_MAX - 600);
		finish(s, &v);
	}
}

/* One mail after the other, waiting for each: 1 round trip with CHUNKING, 2 with PIPELINING, 4 without. */
static void
round_trips(void **state)
{
	static const unsigned each[] = {4, 2, 1};
	body b = {"Subject: x\r\n\r\ny\r\n", 17, 0};
	server v;
	size_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		email__smtp *s = connected(&v, all_offers[k]);

		for (i = 0; i < 5; i++) {
			unsigned before = email__smtp_link(s)->flights;
			email__smtp_mail m;
			email__smtp_recipient to;
			size_t writes = v.writes;

			make_mail(&m, &to, &b);
			m.last = true;
			assert_int_equal(email__smtp_send(s, &m), EMAIL_OK);
			run(s, &v);
			assert_int_equal(m.code, EMAIL_OK);
			assert_int_equal(email__smtp_link(s)->flights - before, each[k]);
			assert_int_equal(v.writes - writes, each[k]);
			assert_string_equal(to.text, k ? "queued" : "2.0.0 queued");
			assert_string_equal(to.enhanced, k ? "2.0.0" : "");
		}
		finish(s, &v);
	}
}

/* Many at once: they share flights and writes, all are told apart, and nothing is allocated. */
static void
windows(void **state)
{
	static char text[1024];
	email__smtp_mail m[48];
	email__smtp_recipient to[48];
	body b[48];
	server v;
	size_t i, k, next, allocs;

	(void)state;
	for (i = 0; i < sizeof text; i++)
		text[i] = i % 64 == 63 ? '\n' : i % 64 == 62 ? '\r' : 'x';
	for (k = 0; k < 3; k++) {
		email__smtp *s = connected(&v, all_offers[k]);
		unsigned flights = email__smtp_link(s)->flights;
		size_t writes = v.writes;

		email_test_fail_alloc(0);
		for (next = 0; next < 48;) {
			for (; next < 48 && email__smtp_ready(s); next++) {
				b[next] = (body){text, sizeof text, 0};
				make_mail(&m[next], &to[next], &b[next]);
				m[next].last = next == 47;
				assert_int_equal(email__smtp_send(s, &m[next]), EMAIL_OK);
			}
			run(s, &v);
		}
		allocs = email_test_allocs();
		email_test_fail_alloc_off();
		assert_int_equal(allocs, 0);
		assert_null(email__smtp_first(s));
		for (i = 0; i < 48; i++)
			assert_true(m[i].done && m[i].code == EMAIL_OK);
		assert_int_equal(v.mails, 48);
		flights = email__smtp_link(s)->flights - flights;
		if (k == 1)
			assert_true(flights <= 48 + 3);
		if (k == 2) {
			assert_true(flights <= 48 / 8);
			assert_true(v.writes - writes <= 48 / 5);
		}
		finish(s, &v);
	}
}

/* `sent` is exactly what went through `out`, `first` is the mail at hand, and usage errors change nothing. */
static void
contract(void **state)
{
	email__smtp_config config = {.ehlo_name = "x"};
	email__smtp *s = email__smtp_new(&config);
	body b = {"x", 1, 0};
	email__smtp_mail m;
	email__smtp_recipient to;
	email_error e = {0};
	server v;

	(void)state;
	make_mail(&m, &to, &b);
	assert_false(email__smtp_ready(s));
	assert_int_equal(email__smtp_send(s, &m), EMAIL_E_USAGE);
	assert_int_equal(email__smtp_link(s)->want, EMAIL__WANT_READ);
	assert_int_equal(email__smtp_link(s)->wait, EMAIL__WAIT_GREETING);
	assert_int_equal(email__smtp_link(s)->stage, EMAIL_STAGE_GREETING);
	email__error_set(&e, EMAIL_E_TIMEOUT, EMAIL_STAGE_GREETING, "too late");
	email__smtp_broken(s, &e);
	assert_int_equal(email__smtp_link(s)->want, 0);
	assert_int_equal(email__smtp_link(s)->error.code, EMAIL_E_TIMEOUT);
	email__smtp_free(s);
	email__smtp_free(NULL);

	s = connected(&v, pipelining);
	assert_string_equal(email__smtp_extensions(s), "ENHANCEDSTATUSCODES, SIZE 99999999, PIPELINING");
	assert_false(email__smtp_offers_8bitmime(s));
	assert_false(email__smtp_offers_utf8(s));
	assert_null(email__smtp_first(s));
	make_mail(&m, &to, &b);
	m.count = 0;
	assert_int_equal(email__smtp_send(s, &m), EMAIL_E_USAGE);
	m.count = 1;
	m.last = true;
	assert_int_equal(email__smtp_send(s, &m), EMAIL_OK);
	assert_ptr_equal(email__smtp_first(s), &m);
	email__smtp_broken(s, &e); /* not a byte of it was written */
	assert_true(m.done);
	assert_int_equal(m.code, EMAIL_E_TIMEOUT);
	assert_int_equal(to.outcome, EMAIL_OUTCOME_NONE);
	email__smtp_free(s);
	free(v.body);
}

/* RFC 1047, to the byte: the outcome is unsure from the moment on that the last byte left the engine. */
static void
unsure_from_the_last_byte(void **state)
{
	body b = {"x\r\n", 3, 0};
	email__smtp_mail m;
	email__smtp_recipient to;
	email_error e = {0};
	server v;
	size_t left;

	(void)state;
	email__error_set(&e, EMAIL_E_TIMEOUT, EMAIL_STAGE_DATA, "no answer");
	for (left = 0; left < 70; left++) {
		email__smtp *s = connected(&v, chunking);
		email__link *l = email__smtp_link(s);

		make_mail(&m, &to, &b);
		m.last = true;
		assert_int_equal(email__smtp_send(s, &m), EMAIL_OK);
		l->step(l);
		assert_true(email__buf_len(&l->out) > 70);
		email__buf_consume(&l->out, email__buf_len(&l->out) - left);
		l->step(l);
		assert_int_equal(l->wait, EMAIL__WAIT_DATA);
		email__smtp_broken(s, &e);
		assert_int_equal(m.code, left ? EMAIL_E_TIMEOUT : EMAIL_E_UNSURE);
		assert_int_equal(to.outcome, left ? EMAIL_OUTCOME_DEFERRED : EMAIL_OUTCOME_UNSURE);
		assert_int_equal(m.error.temporary, left != 0);
		email__smtp_free(s);
		free(v.body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(round_trips),
	                                   cmocka_unit_test(windows), cmocka_unit_test(contract),
	                                   cmocka_unit_test(unsure_from_the_last_byte)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
