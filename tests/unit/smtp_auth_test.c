/* SPDX-License-Identifier: MIT */
/* The login where passwords are long, odd, or must leave no trace. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "proto/smtp.h"
#include "support/cm.h"
#include "support/token.h"

static email__smtp *s;
static email__link *l;

static void
start(const email__credentials *who, const char *offered)
{
	email__smtp_config config = {.ehlo_name = "x", .tls = true, .credentials = who};

	s = email__smtp_new(&config);
	assert_non_null(s);
	l = email__smtp_link(s);
	assert_int_equal(email__buf_adds(&l->in, "220 hello\r\n"), EMAIL_OK);
	l->step(l);
	email__buf_consume(&l->out, email__buf_len(&l->out));
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

/* The password at both ends of the limits: one line, two lines. */
static void
long_passwords(void **state)
{
	static char password[20000], want[20000];
	static unsigned char raw[20000];
	email__credentials who = {.user = "user", .password = password};
	unsigned one = 0, two = 0;
	size_t n, line;

	(void)state;
	for (n = 340; n < 390; n++) {
		memset(password, 'p', n);
		password[n] = '\0';
		memcpy(raw, "\0user\0", 6);
		memset(raw + 6, 'p', n);
		line = email__base64_encode(want, raw, n + 6);
		memcpy(want + line, "\r\n", 2);
		start(&who, "250-x\r\n250 AUTH PLAIN\r\n");
		if (line + 13 <= EMAIL__SMTP_AUTH_MAX) {
			assert_int_equal(email__buf_len(&l->out), 11 + line + 2);
			assert_memory_equal(email__buf_head(&l->out), "AUTH PLAIN ", 11);
			assert_memory_equal(email__buf_head(&l->out) + 11, want, line + 2);
			one++;
		} else {
			assert_int_equal(email__buf_len(&l->out), 12);
			hear("334 \r\n");
			assert_int_equal(email__buf_len(&l->out), line + 2);
			assert_memory_equal(email__buf_head(&l->out), want, line + 2);
			two++;
		}
		email__smtp_free(s);
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

		start(&who, "250-x\r\n250 AUTH PLAIN XOAUTH2\r\n");
		if (sizes[i] > 100) {
			assert_memory_equal(email__buf_head(&l->out), "AUTH XOAUTH2\r\n", 14);
			hear("334 \r\n");
			email_test_token_line(&l->out, 0, token);
		} else {
			assert_memory_equal(email__buf_head(&l->out), "AUTH XOAUTH2 ", 13);
			email_test_token_line(&l->out, 13, token);
		}
		assert_true(l->out.secret);
		email__buf_consume(&l->out, email__buf_len(&l->out));
		assert_true(email_test_token_gone(&l->out));
		hear("235 ok\r\n");
		assert_int_equal(l->want, EMAIL__WANT_CALLER);
		assert_int_equal(l->out.max, EMAIL__LINK_OUT_MAX);
		assert_false(l->out.secret);
		email__smtp_free(s);
		email_test_token_free(token);
	}
}

static void
too_long(void **state)
{
	char *token = email_test_token(EMAIL__SECRET_MAX + 1);
	email__credentials who = {.user = "user", .password = token, .kind = EMAIL__CREDENTIAL_TOKEN};

	(void)state;
	start(&who, "250-x\r\n250 AUTH XOAUTH2\r\n");
	assert_int_equal(email__buf_len(&l->out), 0);
	assert_int_equal(l->want, 0);
	assert_int_equal(l->error.code, EMAIL_E_LIMIT);
	assert_int_equal(l->error.stage, EMAIL_STAGE_AUTHENTICATE);
	assert_string_equal(l->error.text, "the token has 16385 bytes, more than 16384");
	assert_true(l->error.remedy[0]);
	email__smtp_free(s);
	email_test_token_free(token);
}

/* Row 116: spaces, quotes, percent signs, bytes over 127 go out as they are. */
static void
odd_passwords(void **state)
{
	static const char *const odd[] = {" lead", "trail ", "%s%n", "\"'\\", "\xC3\xA4\xFF", "", "a\r\nb"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof odd / sizeof *odd; i++) {
		email__credentials who = {.user = "u", .password = odd[i]};
		unsigned char got[64];
		size_t n;

		start(&who, "250-x\r\n250 AUTH PLAIN\r\n");
		n = email__buf_len(&l->out);
		assert_memory_equal(email__buf_head(&l->out), "AUTH PLAIN ", 11);
		assert_int_equal(email__base64_decode(got, &n, (char *)email__buf_head(&l->out) + 11, n - 13),
		                 EMAIL_OK);
		assert_int_equal(n, 3 + strlen(odd[i]));
		assert_memory_equal(got + 3, odd[i], strlen(odd[i]));
		email__smtp_free(s);
	}
}

/* Once written, the secret is nowhere in the buffer. */
static void
wiped(void **state)
{
	email__credentials who = {.user = "user", .password = "secret"};
	size_t i;

	(void)state;
	start(&who, "250-x\r\n250 AUTH PLAIN\r\n");
	assert_true(l->out.secret);
	email__buf_consume(&l->out, email__buf_len(&l->out));
	for (i = 0; i + 8 < l->out.cap; i++)
		assert_memory_not_equal(l->out.data + i, "c2VjcmV0", 8);
	l->step(l);
	assert_false(l->out.secret); /* what follows is mail, and need not be wiped */
	assert_int_equal(email__buf_adds(&l->in, "235 ok\r\n"), EMAIL_OK);
	l->step(l);
	assert_int_equal(l->want, EMAIL__WANT_CALLER);
	email__smtp_free(s);
}

static void
no_user(void **state)
{
	email__credentials who = {.user = "", .password = "secret"};

	(void)state;
	start(&who, "250-x\r\n250 AUTH PLAIN\r\n");
	assert_int_equal(l->error.code, EMAIL_E_LOGIN);
	assert_int_equal(email__buf_len(&l->out), 0);
	email__smtp_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(long_passwords), cmocka_unit_test(tokens),
	                                   cmocka_unit_test(too_long),       cmocka_unit_test(odd_passwords),
	                                   cmocka_unit_test(wiped),          cmocka_unit_test(no_user)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
