/* SPDX-License-Identifier: MIT */
/* The login where passwords are long, odd, or must leave no trace. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "proto/imap.h"
#include "support/cm.h"

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

/* The password at both ends of the limit: one line, two lines, too long. */
static void
long_passwords(void **state)
{
	static char password[20000], want[20000];
	static unsigned char raw[20000];
	email__credentials who = {"user", password};
	unsigned one = 0, two = 0, none = 0;
	size_t n, line;

	(void)state;
	for (n = 9150; n < 9230; n++) {
		memset(password, 'p', n);
		password[n] = '\0';
		memcpy(raw, "\0user\0", 6);
		memset(raw + 6, 'p', n);
		line = email__base64_encode(want, raw, n + 6);
		memcpy(want + line, "\r\n", 2);
		start(&who, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n", false);
		assert_true(email__buf_len(&l->out) <= EMAIL__IMAP_LOGIN_MAX);
		if (l->error.code) {
			assert_int_equal(l->error.code, EMAIL_E_LIMIT);
			none++;
		} else if (email__buf_len(&l->out) > 100) {
			assert_memory_equal(email__buf_head(&l->out), "A1 AUTHENTICATE PLAIN ", 22);
			assert_memory_equal(email__buf_head(&l->out) + 22, want, line + 2);
			one++;
		} else {
			email__buf_consume(&l->out, email__buf_len(&l->out));
			assert_int_equal(email__buf_adds(&l->in, "+ \r\n"), EMAIL_OK);
			l->step(l);
			assert_memory_equal(email__buf_head(&l->out), want, line + 2);
			two++;
		}
		email__imap_free(s);
	}
	assert_true(one > 0 && none > 0);
	(void)two;
}

/* Once it is written nothing of it is left: not in `out`, not where a login waits to go on. */
static void
wiped(void **state)
{
	static const email__credentials who = {"user", "secretsecret"};
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
	static const email__credentials who = {"user", "secret"}, nobody = {"", "secret"};
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(long_passwords), cmocka_unit_test(wiped),
	                                   cmocka_unit_test(refused_here)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
