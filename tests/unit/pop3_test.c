/* SPDX-License-Identifier: MIT */
/* The engine's contract with its driver and caller. Dialogues: tests/transcripts. */
#include "proto/pop3.h"

#include "base/error.h"
#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static const email__credentials who = {"user", "secret"};
static email__pop3 *p;
static email__link *l;

static void
make(const email__pop3_config *config)
{
	p = email__pop3_new(config);
	assert_non_null(p);
	l = email__pop3_link(p);
}

/* What is in `out` is gone, and this is the answer. */
static void
say(const char *text)
{
	email__buf_consume(&l->out, email__buf_len(&l->out));
	l->step(l);
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
}

static void
contract(void **state)
{
	email__pop3_config config = {.tls = true, .credentials = &who};
	email__entry entry = {.number = 1};
	email_error e = {0};

	(void)state;
	email__pop3_free(NULL);
	make(&config);
	assert_int_equal(l->want, EMAIL__WANT_READ);
	assert_int_equal(l->wait, EMAIL__WAIT_GREETING);
	assert_int_equal(l->stage, EMAIL_STAGE_GREETING);
	assert_false(email__pop3_ready(p));
	assert_int_equal(email__pop3_list(p, true), EMAIL_E_USAGE);
	assert_int_equal(email__pop3_fetch(p, &entry, 1, EMAIL__EXTENT_WHOLE), EMAIL_E_USAGE);
	assert_int_equal(email__pop3_settle(p, &entry, EMAIL__FATE_DELETED), EMAIL_E_USAGE);
	email__pop3_noop(p);
	email__error_set(&e, EMAIL_E_TIMEOUT, EMAIL_STAGE_GREETING, "too late");
	email__pop3_broken(p, &e);
	assert_int_equal(l->want, 0);
	assert_int_equal(l->error.code, EMAIL_E_TIMEOUT);
	l->step(l);
	l->eof(l);
	assert_int_equal(l->error.code, EMAIL_E_TIMEOUT);
	email__pop3_free(p);

	make(&config);
	say("+OK\r\n");
	assert_int_equal(l->want, EMAIL__WANT_READ | EMAIL__WANT_WRITE);
	assert_int_equal(l->stage, EMAIL_STAGE_CAPABILITIES);
	assert_int_equal(l->wait, EMAIL__WAIT_RESPONSE);
	say("+OK\r\nLOGIN-DELAY 900\r\nSASL PLAIN\r\n.\r\n");
	assert_string_equal(email__pop3_extensions(p), "LOGIN-DELAY 900, SASL PLAIN");
	assert_int_equal(email__pop3_login_delay(p), 900);
	say("+OK\r\n");
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
	assert_int_equal(l->flights, 2);
	l->sent = 0;
	l->flights = 0;
	email__pop3_noop(p);
	l->step(l);
	assert_int_equal(l->sent, 6);
	say("+OK\r\n");
	assert_int_equal(l->flights, 1);
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
	email__pop3_quit(p);
	assert_false(email__pop3_ready(p));
	l->step(l);
	say("+OK\r\n");
	assert_int_equal(l->want, EMAIL__WANT_CLOSE);
	assert_int_equal(l->error.code, EMAIL_OK);
	email__pop3_broken(p, &e); /* too late to be a failure */
	assert_int_equal(l->error.code, EMAIL_OK);
	email__pop3_free(p);
}

/* An answer that comes before its command has left is none. */
static void
too_early(void **state)
{
	email__pop3_config config = {.tls = true, .credentials = &who};

	(void)state;
	make(&config);
	assert_int_equal(email__buf_adds(&l->in, "+OK\r\n"), EMAIL_OK);
	l->step(l);
	assert_int_equal(email__buf_len(&l->out), 6);
	email__buf_consume(&l->out, 5);
	assert_int_equal(email__buf_adds(&l->in, "+OK\r\nSASL PLAIN\r\n.\r\n"), EMAIL_OK);
	l->step(l);
	assert_int_equal(l->error.code, EMAIL_E_PROTOCOL);
	assert_int_equal(email__buf_len(&l->out), 0);
	email__pop3_free(p);
}

/* Between the go-ahead and the handshake nothing is read, and nothing is kept of what was said before. */
static void
starts_tls(void **state)
{
	email__pop3_config config = {.start_tls = true, .credentials = &who};

	(void)state;
	make(&config);
	say("+OK\r\n");
	say("+OK\r\nSTLS\r\nPIPELINING\r\nLOGIN-DELAY 5\r\n.\r\n");
	say("+OK\r\n");
	assert_int_equal(l->want, EMAIL__WANT_TLS);
	l->step(l);
	assert_int_equal(l->want, EMAIL__WANT_TLS);
	l->tls_started(l);
	assert_string_equal(email__pop3_extensions(p), "");
	assert_int_equal(email__pop3_login_delay(p), 0);
	assert_int_equal(email__buf_len(&l->out), 6);
	l->tls_started(l); /* once */
	assert_int_equal(email__buf_len(&l->out), 6);
	email__pop3_free(p);

	make(&config);
	say("+OK\r\n");
	say("+OK\r\nSTLS\r\n.\r\n");
	say("+OK\r\n");
	assert_int_equal(email__buf_adds(&l->in, "x"), EMAIL_OK);
	l->tls_started(l);
	assert_int_equal(l->error.code, EMAIL_E_STARTTLS);
	email__pop3_free(p);

	make(&config);
	say("+OK\r\n");
	say("+OK\r\nSTLS\r\n.\r\n");
	say("+OK\r\n");
	assert_int_equal(l->want, EMAIL__WANT_TLS);
	say("x");
	assert_int_equal(l->want, 0);
	assert_int_equal(l->error.code, EMAIL_E_STARTTLS);
	email__pop3_free(p);
}

/* All of a session's memory is taken at its beginning. */
static void
memory(void **state)
{
	email__pop3_config config = {.tls = true, .credentials = &who, .mechanism = "PLAIN"};
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		p = email__pop3_new(&config);
		if (p)
			break;
		assert_int_equal(email_test_blocks(), 0);
	}
	assert_int_equal(n, 5);
	email__pop3_free(p);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

/* Lines at the limit, split anywhere by the reads. */
static void
long_lines(void **state)
{
	static char line[EMAIL__POP3_LINE_MAX + 10];
	email__pop3_config config = {.tls = true, .credentials = &who};
	size_t n;

	(void)state;
	for (n = EMAIL__POP3_LINE_MAX - 1; n <= EMAIL__POP3_LINE_MAX + 1; n++) {
		memset(line, 'x', sizeof line);
		memcpy(line, "+OK ", 4);
		memcpy(line + n - 2, "\r\n", 3);
		make(&config);
		say(line);
		assert_int_equal(l->error.code, n > EMAIL__POP3_LINE_MAX ? EMAIL_E_PROTOCOL : EMAIL_OK);
		email__pop3_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(contract), cmocka_unit_test(too_early),
	                                   cmocka_unit_test(starts_tls), cmocka_unit_test(memory),
	                                   cmocka_unit_test(long_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
