/* SPDX-License-Identifier: MIT */
/* The writer, step by step: how far it runs ahead, and when it stops. Dialogues: tests/transcripts. */
#include "base/limits.h"
#include "proto/smtp_engine.h"
#include "support/cm.h"

static email__smtp *s;
static email__link *l;
static size_t bytes_read, bytes_all;

static email_code
read_letters(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	(void)context;
	*got = bytes_all - bytes_read < size ? bytes_all - bytes_read : size;
	memset(buffer, 'x', *got);
	bytes_read += *got;
	return EMAIL_OK;
}

static void
feed(const char *text)
{
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
}

/* All that can be written now; how often `what` stands in it. */
static unsigned
drain(const char *what)
{
	static char text[2000000];
	size_t n = 0;
	unsigned count = 0;
	const char *p;

	while (email__buf_len(&l->out)) {
		assert_true(n + email__buf_len(&l->out) < sizeof text);
		memcpy(text + n, email__buf_head(&l->out), email__buf_len(&l->out));
		n += email__buf_len(&l->out);
		email__buf_consume(&l->out, email__buf_len(&l->out));
		l->step(l);
	}
	text[n] = '\0';
	for (p = text; (p = strstr(p, what)); p++)
		count++;
	return count;
}

static void
connect_to(const char *offers)
{
	email__smtp_config config = {.ehlo_name = "x"};

	s = email__smtp_new(&config);
	assert_non_null(s);
	l = email__smtp_link(s);
	feed("220 x\r\n");
	drain("EHLO");
	feed(offers);
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
}

static void
mail(email__smtp_mail *m, email__smtp_recipient *to, size_t count, size_t size)
{
	size_t i;

	memset(m, 0, sizeof *m);
	memset(to, 0, count * sizeof *to);
	for (i = 0; i < count; i++)
		to[i].address = "r@x";
	*m = (email__smtp_mail){.from = "p@x",
	                        .recipients = to,
	                        .count = count,
	                        .source = {read_letters, NULL, NULL},
	                        .last = true};
	bytes_read = 0;
	bytes_all = size;
	assert_int_equal(email__smtp_send(s, m), EMAIL_OK);
	l->step(l);
}

/* A long body: as many chunks as replies may be outstanding, then it waits; each reply lets one more go. */
static void
chunk_window(void **state)
{
	email__smtp_mail m;
	email__smtp_recipient to[1];

	(void)state;
	connect_to("250-x\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n");
	mail(&m, to, 1, 10000000);
	assert_int_equal(drain("BDAT 1"), EMAIL__SMTP_WINDOW - 2);
	assert_int_equal(l->want, EMAIL__WANT_READ);
	feed("250 ok\r\n");
	assert_int_equal(drain("BDAT 1"), 1);
	feed("250 ok\r\n250 ok\r\n250 ok\r\n");
	assert_int_equal(drain("BDAT 1"), 3);
	/* a chunk is refused: nothing more is read, and no LAST */
	bytes_read = 0;
	feed("552 full\r\n");
	assert_int_equal(drain("BDAT"), 0);
	assert_int_equal(bytes_read, 0);
	assert_false(m.done);
	while (!m.done)
		feed("503 no\r\n");
	assert_int_equal(m.code, EMAIL_E_REFUSED);
	assert_int_equal(m.error.reply, 552);
	/* the next one begins with RSET */
	mail(&m, to, 1, 10);
	assert_int_equal(drain("RSET\r\nMAIL"), 1);
	feed("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n");
	assert_int_equal(m.code, EMAIL_OK);
	/* that one was taken whole: no RSET is needed */
	mail(&m, to, 1, 10);
	assert_int_equal(drain("RSET"), 0);
	email__smtp_free(s);
}

/* Everyone refused while RCPTs are still to be written: no data at all. */
static void
stops_early(void **state)
{
	static email__smtp_recipient to[200];
	email__smtp_mail m;
	int i;

	(void)state;
	connect_to("250-x\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n");
	mail(&m, to, 200, 1000);
	assert_int_equal(drain("RCPT"), EMAIL__SMTP_WINDOW - 1);
	feed("550 no sender\r\n");
	assert_int_equal(drain("RCPT"), 0);
	for (i = 0; i < EMAIL__SMTP_WINDOW - 1; i++)
		feed("503 need MAIL\r\n");
	assert_true(m.done);
	assert_int_equal(m.code, EMAIL_E_REFUSED);
	assert_int_equal(to[199].reply, 550);
	assert_int_equal(bytes_read, 0);
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
	email__smtp_free(s);
}

/* One mail more is asked for while replies are outstanding, unless the last one said it is. */
static void
asks_for_more(void **state)
{
	email__smtp_recipient to[1], to2[1];
	email__smtp_mail m, m2;

	(void)state;
	connect_to("250-x\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n");
	mail(&m, to, 1, 10);
	m.last = false;
	drain("MAIL");
	l->step(l);
	assert_int_equal(l->want, EMAIL__WANT_READ | EMAIL__WANT_CALLER);
	mail(&m2, to2, 1, 10);
	drain("MAIL");
	assert_int_equal(l->want, EMAIL__WANT_READ);
	email__smtp_quit(s);
	l->step(l);
	assert_int_equal(drain("QUIT"), 1);
	assert_false(email__smtp_ready(s));
	feed("250 a\r\n250 b\r\n250 c\r\n250 r\r\n250 a\r\n250 b\r\n250 c\r\n221 bye\r\n");
	assert_true(m.done && m2.done && m.code == EMAIL_OK && m2.code == EMAIL_OK);
	assert_int_equal(l->want, EMAIL__WANT_CLOSE);
	email__smtp_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(chunk_window), cmocka_unit_test(stops_early),
	                                   cmocka_unit_test(asks_for_more)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
