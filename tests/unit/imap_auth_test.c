/* SPDX-License-Identifier: MIT */
/* The login where passwords are long, odd, or must leave no trace. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "proto/imap.h"
#include "support/cm.h"
#include "support/token.h"

static email__imap *s;
static email__link *l;

static void
start(const email__credentials *who, const char *offered, bool clear)
{
	email__imap_config config = {.tls = !clear, .credentials = who};

	s = email__imap_new(&config);
	assert_non_null(s);
	l = email__imap_link(s);
	assert_int_equal(email__buf_adds(&l->in, offered), EMAIL_OK);
	l->step(l);
}

static void
hear(const char *text)
{
	email__buf_consume(&l->out, email__buf_len(&l->out));
	l->step(l);
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
}

/* The password at the limit of a command (RFC 7162 4): one line, two lines. */
static void
long_passwords(void **state)
{
	static char password[20000], want[20000];
	static unsigned char raw[20000];
	email__credentials who = {.user = "user", .password = password};
	unsigned one = 0, two = 0;
	size_t n, line;

	(void)state;
	for (n = 5940; n < 6010; n++) {
		memset(password, 'p', n);
		password[n] = '\0';
		memcpy(raw, "\0user\0", 6);
		memset(raw + 6, 'p', n);
		line = email__base64_encode(want, raw, n + 6);
		memcpy(want + line, "\r\n", 2);
		start(&who, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n", false);
		assert_int_equal(l->error.code, EMAIL_OK);
		assert_true(email__buf_len(&l->out) <= EMAIL__IMAP_COMMAND_MAX + 2);
		if (email__buf_len(&l->out) > 100) {
			assert_memory_equal(email__buf_head(&l->out), "A1 AUTHENTICATE PLAIN ", 22);
			assert_memory_equal(email__buf_head(&l->out) + 22, want, line + 2);
			one++;
		} else {
			hear("+ \r\n");
			assert_memory_equal(email__buf_head(&l->out), want, line + 2);
			two++;
		}
		email__imap_free(s);
	}
	assert_true(one && two);
}

/* Of 100 bytes to EMAIL__SECRET_MAX; none of it is left in `out`, which is then what it was. */
static void
tokens(void **state)
{
	static const size_t sizes[] = {100, 4096, 9000, 12288, EMAIL__SECRET_MAX};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *token = email_test_token(sizes[i]);
		email__credentials who = {.user = "user", .password = token, .kind = EMAIL__CREDENTIAL_TOKEN};

		start(&who, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2] x\r\n", false);
		if (sizes[i] > 5900) {
			assert_memory_equal(email__buf_head(&l->out), "A1 AUTHENTICATE XOAUTH2\r\n", 25);
			hear("+ \r\n");
			email_test_token_line(&l->out, 0, token);
		} else {
			assert_memory_equal(email__buf_head(&l->out), "A1 AUTHENTICATE XOAUTH2 ", 24);
			email_test_token_line(&l->out, 24, token);
		}
		assert_true(l->out.secret);
		email__buf_consume(&l->out, email__buf_len(&l->out));
		assert_true(email_test_token_gone(&l->out));
		hear("A1 OK [CAPABILITY IMAP4rev1] in\r\n");
		assert_int_equal(l->error.code, EMAIL_OK);
		assert_int_equal(l->out.max, EMAIL__LINK_OUT_MAX);
		assert_false(l->out.secret);
		email__imap_free(s);
		email_test_token_free(token);
	}
}

static void
too_long(void **state)
{
	char *token = email_test_token(EMAIL__SECRET_MAX + 1);
	email__credentials who = {.user = "user", .password = token, .kind = EMAIL__CREDENTIAL_TOKEN};

	(void)state;
	start(&who, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER] x\r\n", false);
	assert_int_equal(l->sent, 0);
	assert_int_equal(l->error.code, EMAIL_E_LIMIT);
	assert_int_equal(l->error.stage, EMAIL_STAGE_AUTHENTICATE);
	assert_string_equal(l->error.text, "the token has 16385 bytes, more than 16384");
	assert_true(l->error.remedy[0]);
	email__imap_free(s);
	email_test_token_free(token);
}

/* Once it is written nothing of it is left: not in `out`, not where a login waits to go on. */
static void
wiped(void **state)
{
	static const email__credentials who = {.user = "user", .password = "secretsecret"};
	unsigned char *block;
	size_t cap, i;

	(void)state;
	start(&who, "* OK [CAPABILITY IMAP4rev1] x\r\n", false);
	assert_non_null(strstr((char *)email__buf_head(&l->out), "secretsecret"));
	assert_true(l->out.secret);
	block = l->out.data;
	cap = l->out.cap;
	email__buf_consume(&l->out, email__buf_len(&l->out));
	for (i = 0; i + 6 < cap; i++)
		assert_memory_not_equal(block + i, "secret", 6);
	l->step(l);
	assert_false(l->out.secret);
	email__imap_free(s);
}

/* In the clear no password goes out, by whatever the server offers; an account without a user name is told so. */
static void
refused_here(void **state)
{
	static const char *const offers[] = {"* OK [CAPABILITY IMAP4rev1] x\r\n",
	                                     "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n",
	                                     "* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN SASL-IR LITERAL+] x\r\n",
	                                     "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] x\r\n",
	                                     "* OK [CAPABILITY IMAP4rev1 AUTH=NOBODY-KNOWS] x\r\n"};
	static const email__credentials who = {.user = "user", .password = "secret"},
					nobody = {.user = "", .password = "secret"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof offers / sizeof *offers; i++) {
		start(&who, offers[i], true);
		assert_int_equal(l->error.code, EMAIL_E_MECHANISM);
		assert_int_equal(l->error.stage, EMAIL_STAGE_AUTHENTICATE);
		assert_true(l->error.remedy[0]);
		assert_int_equal(l->sent, 0);
		email__imap_free(s);
	}
	for (i = 0; i < 2; i++) {
		start(&nobody, offers[i], false);
		assert_int_equal(l->error.code, EMAIL_E_LOGIN);
		assert_int_equal(l->sent, 0);
		email__imap_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(long_passwords), cmocka_unit_test(tokens),
	                                   cmocka_unit_test(too_long), cmocka_unit_test(wiped),
	                                   cmocka_unit_test(refused_here)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
