/* SPDX-License-Identifier: MIT */
/* The way to the login and from QUIT on: what the caller is told on it. Dialogues: tests/transcripts. */
#include <stdio.h>

#include "base/error.h"
#include "proto/pop3.h"
#include "support/cm.h"

static const email__credentials who = {.user = "user", .password = "secret"};
static char stages[1000];

static void
ended(void *context, email_stage stage, const char *detail)
{
	(void)context;
	snprintf(stages + strlen(stages), sizeof stages - strlen(stages), "%s: %s\n", email_stage_name(stage),
	         detail);
}

static void
say(email__link *l, const char *text)
{
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
	email__buf_consume(&l->out, email__buf_len(&l->out));
	l->step(l);
}

static email__pop3 *
greeted(bool start_tls)
{
	email__pop3_config config = {
		.start_tls = start_tls, .credentials = &who, .allow_plaintext_login = true};
	email__pop3 *p = email__pop3_new(&config);

	assert_non_null(p);
	stages[0] = '\0';
	email__pop3_link(p)->ended = ended;
	say(email__pop3_link(p), "+OK hello\r\n");
	return p;
}

static void
stages_told(void **state)
{
	email__pop3 *p = greeted(true);
	email__link *l = email__pop3_link(p);

	(void)state;
	assert_int_equal(l->stage, EMAIL_STAGE_CAPABILITIES);
	say(l, "+OK\r\nSTLS\r\n.\r\n");
	assert_int_equal(l->stage, EMAIL_STAGE_STARTTLS);
	say(l, "+OK go\r\n");
	assert_int_equal(l->want, EMAIL__WANT_TLS);
	l->tls_started(l);
	email__buf_consume(&l->out, email__buf_len(&l->out));
	say(l, "+OK\r\nSASL PLAIN\r\n.\r\n");
	assert_int_equal(l->stage, EMAIL_STAGE_AUTHENTICATE);
	say(l, "+OK in\r\n");
	assert_true(email__pop3_ready(p));
	email__pop3_quit(p);
	l->step(l);
	email__buf_consume(&l->out, email__buf_len(&l->out));
	say(l, "-ERR whatever it says\r\n"); /* nothing was to be deleted */
	assert_int_equal(l->want, EMAIL__WANT_CLOSE);
	assert_int_equal(l->error.code, EMAIL_OK);
	assert_non_null(strstr(stages, "greeting: hello\n"));
	assert_non_null(strstr(stages, "\nstarttls: \ncapabilities: "));
	email__pop3_free(p);
}

/* STLS is strict: whatever keeps it away ends the session before a login. */
static void
no_tls_no_session(void **state)
{
	static const struct {
		const char *said[2];
		email_code code;
		const char *text;
	} rows[] = {
		{{"+OK\r\nUSER\r\n.\r\n"}, EMAIL_E_STARTTLS, "does not offer STLS"},
		{{"-ERR what\r\n"}, EMAIL_E_STARTTLS, "knows no CAPA"},
		{{"+OK\r\nSTLS\r\n.\r\n", "-ERR not now\r\n"}, EMAIL_E_STARTTLS, "refused to start TLS"},
		{{"+OK\r\nSTLS\r\n.\r\n", "+OK go\r\n+OK in\r\n"}, EMAIL_E_STARTTLS, "in the clear"},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		email__pop3 *p = greeted(true);
		email__link *l = email__pop3_link(p);

		for (k = 0; k < 2 && rows[i].said[k]; k++)
			say(l, rows[i].said[k]);
		assert_int_equal(l->error.code, rows[i].code);
		assert_int_equal(l->error.stage, EMAIL_STAGE_STARTTLS);
		assert_non_null(strstr(l->error.text, rows[i].text));
		assert_int_equal(l->want, 0);
		email__pop3_free(p);
	}
}

/* Busy, or a lockout: that may be over later. */
static void
refused_at_once(void **state)
{
	email__pop3_config config = {.credentials = &who};
	email__pop3 *p = email__pop3_new(&config);

	(void)state;
	say(email__pop3_link(p), "-ERR too many connections\r\n");
	assert_int_equal(email__pop3_link(p)->error.code, EMAIL_E_TEMPORARY);
	assert_int_equal(email__pop3_link(p)->error.stage, EMAIL_STAGE_GREETING);
	email__pop3_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stages_told), cmocka_unit_test(no_tls_no_session),
	                                   cmocka_unit_test(refused_at_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
