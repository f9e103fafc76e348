/* SPDX-License-Identifier: MIT */
/* The way to the open folder: what the caller is told on it, and its round trips. Dialogues: tests/transcripts. */
#include <stdio.h>

#include "base/error.h"
#include "proto/imap.h"
#include "support/cm.h"

static const email__credentials who = {"user", "secret"};
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

static void
stages_told(void **state)
{
	email__imap_config config = {.start_tls = true, .credentials = &who, .folder = "INBOX"};
	email__imap *s = email__imap_new(&config);
	email__link *l = email__imap_link(s);

	(void)state;
	l->ended = ended;
	stages[0] = '\0';
	say(l, "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
	assert_int_equal(l->stage, EMAIL_STAGE_STARTTLS);
	say(l, "A1 OK go\r\n");
	assert_int_equal(l->want, EMAIL__WANT_TLS);
	l->tls_started(l);
	assert_int_equal(l->stage, EMAIL_STAGE_CAPABILITIES);
	email__buf_consume(&l->out, email__buf_len(&l->out));
	say(l, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nA2 OK x\r\n");
	assert_int_equal(l->stage, EMAIL_STAGE_AUTHENTICATE);
	say(l, "A3 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n");
	assert_int_equal(l->stage, EMAIL_STAGE_MAILBOX);
	say(l, "* 12 EXISTS\r\nA4 OK x\r\n");
	assert_int_equal(l->stage, EMAIL_STAGE_NONE);
	assert_true(email__imap_ready(s));
	assert_int_equal(l->flights, 4);
	assert_string_equal(stages, "greeting: [CAPABILITY IMAP4rev1 STARTTLS] hello\n"
	                            "capabilities: IMAP4rev1 STARTTLS\nstarttls: \n"
	                            "capabilities: IMAP4rev1 SASL-IR AUTH=PLAIN\nauthenticate: PLAIN\n"
	                            "capabilities: IMAP4rev1 IDLE\nmailbox: 12 messages\n");
	email__imap_free(s);
}

/* `test` opens no folder. */
static void
no_folder(void **state)
{
	email__imap_config config = {.tls = true, .credentials = &who};
	email__imap *s = email__imap_new(&config);
	email__link *l = email__imap_link(s);

	(void)state;
	say(l, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
	say(l, "A1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n");
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
	assert_false(email__imap_ready(s));
	assert_int_equal(email__imap_list(s, true, 1), EMAIL_E_USAGE);
	email__imap_quit(s);
	l->step(l);
	assert_int_equal(email__buf_len(&l->out), strlen("A2 LOGOUT\r\n"));
	email__imap_free(s);
}

/* Who asked for TLS and is met by PREAUTH sends nothing at all. */
static void
preauth(void **state)
{
	email__imap_config config = {.start_tls = true, .credentials = &who, .folder = "INBOX"};
	email__imap *s = email__imap_new(&config);
	email__link *l = email__imap_link(s);

	(void)state;
	say(l, "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
	assert_int_equal(l->want, 0);
	assert_int_equal(l->sent, 0);
	assert_int_equal(l->error.code, EMAIL_E_STARTTLS);
	assert_int_equal(l->error.stage, EMAIL_STAGE_STARTTLS);
	email__imap_free(s);
}

/* Answers that were sent before the question are none, whatever they were meant for. */
static void
early(void **state)
{
	email__imap_config config = {.start_tls = true, .credentials = &who, .folder = "INBOX"};
	email__imap *s = email__imap_new(&config);
	email__link *l = email__imap_link(s);

	(void)state;
	say(l, "* OK hello\r\n");
	say(l, "* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK x\r\nA2 OK go\r\n");
	assert_int_equal(l->want, 0);
	assert_int_equal(l->error.code, EMAIL_E_PROTOCOL);
	email__imap_free(s);
	/* also where the command is written, and waits in `out` */
	s = email__imap_new(&config);
	l = email__imap_link(s);
	say(l, "* OK hello\r\n");
	assert_int_equal(email__buf_adds(&l->in, "* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK x\r\n"), EMAIL_OK);
	l->step(l);
	assert_true(email__buf_len(&l->out) > 0);
	assert_int_equal(email__buf_adds(&l->in, "A2 OK go\r\n"), EMAIL_OK);
	l->step(l);
	assert_int_equal(l->want, 0);
	assert_int_equal(l->error.code, EMAIL_E_PROTOCOL);
	email__imap_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stages_told), cmocka_unit_test(no_folder),
	                                   cmocka_unit_test(preauth), cmocka_unit_test(early)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
