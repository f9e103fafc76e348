/* SPDX-License-Identifier: MIT */
/* The login where passwords are long, odd, or must leave no trace. Dialogues: tests/transcripts. */
#include <stdlib.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "proto/pop3.h"
#include "support/cm.h"
#include "support/token.h"

static email__pop3 *p;
static email__link *l;

static void
say(const char *text)
{
	email__buf_consume(&l->out, email__buf_len(&l->out));
	l->step(l);
	assert_int_equal(email__buf_adds(&l->in, text), EMAIL_OK);
	l->step(l);
}

static void
start(const email__credentials *who, const char *offered)
{
	email__pop3_config config = {.tls = true, .credentials = who};

	p = email__pop3_new(&config);
	assert_non_null(p);
	l = email__pop3_link(p);
	say("+OK hello\r\n");
	say(offered);
}

static const char plain[] = "+OK\r\nSASL PLAIN\r\n.\r\n";
static const char user[] = "+OK\r\nUSER\r\n.\r\n";

/* The password at both ends of the limits: one line, two lines, too long for any. */
static void
long_passwords(void **state)
{
	static char password[20000], want[24000];
	static unsigned char raw[20000];
	email__credentials who = {.user = "user", .password = password};
	size_t n, one = 0, two = 0, none = 0;

	(void)state;
	for (n = 150; n <= EMAIL__SECRET_MAX + 2; n += n < 200 || n > EMAIL__SECRET_MAX - 500 ? 1 : 499) {
		size_t line;

		memset(password, 'p', n);
		password[n] = '\0';
		memcpy(raw, "\0user\0", 6);
		memset(raw + 6, 'p', n);
		line = email__base64_encode(want, raw, n + 6);
		memcpy(want + line, "\r\n", 2);
		start(&who, plain);
		if (line + 13 <= EMAIL__POP3_COMMAND_MAX) {
			assert_int_equal(email__buf_len(&l->out), 11 + line + 2);
			assert_memory_equal(email__buf_head(&l->out), "AUTH PLAIN ", 11);
			assert_memory_equal(email__buf_head(&l->out) + 11, want, line + 2);
			one++;
		} else if (l->error.code == EMAIL_OK) {
			assert_int_equal(email__buf_len(&l->out), 12);
			say("+ \r\n");
			assert_int_equal(email__buf_len(&l->out), line + 2);
			assert_memory_equal(email__buf_head(&l->out), want, line + 2);
			two++;
		} else {
			assert_int_equal(l->error.code, EMAIL_E_LIMIT);
			assert_int_equal(l->error.stage, EMAIL_STAGE_AUTHENTICATE);
			none++;
		}
		email__pop3_free(p);
	}
	assert_true(one && two && none);
	password[300] = '\0';
	start(&who, user);
	say("+OK\r\n");
	assert_int_equal(l->error.code, EMAIL_E_LIMIT);
	assert_non_null(strstr(l->error.text, "password is too long"));
	email__pop3_free(p);
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

		start(&who, "+OK\r\nSASL PLAIN XOAUTH2\r\n.\r\n");
		if (sizes[i] > 100) {
			assert_memory_equal(email__buf_head(&l->out), "AUTH XOAUTH2\r\n", 14);
			say("+ \r\n");
			email_test_token_line(&l->out, 0, token);
		} else {
			assert_memory_equal(email__buf_head(&l->out), "AUTH XOAUTH2 ", 13);
			email_test_token_line(&l->out, 13, token);
		}
		assert_true(l->out.secret);
		email__buf_consume(&l->out, email__buf_len(&l->out));
		assert_true(email_test_token_gone(&l->out));
		say("+OK\r\n");
		assert_true(email__pop3_ready(p));
		assert_int_equal(l->out.max, EMAIL__LINK_OUT_MAX);
		assert_false(l->out.secret);
		email__pop3_free(p);
		email_test_token_free(token);
	}
}

static void
too_long(void **state)
{
	char *token = email_test_token(EMAIL__SECRET_MAX + 1);
	email__credentials who = {.user = "user", .password = token, .kind = EMAIL__CREDENTIAL_TOKEN};

	(void)state;
	start(&who, "+OK\r\nSASL XOAUTH2\r\n.\r\n");
	assert_int_equal(email__buf_len(&l->out), 0);
	assert_int_equal(l->error.code, EMAIL_E_LIMIT);
	assert_int_equal(l->error.stage, EMAIL_STAGE_AUTHENTICATE);
	assert_string_equal(l->error.text, "the token has 16385 bytes, more than 16384");
	assert_true(l->error.remedy[0]);
	email__pop3_free(p);
	email_test_token_free(token);
}

/* Spaces, quotes, percent signs, bytes over 127 go out as they are; line breaks do not, but for base64. */
static void
odd_passwords(void **state)
{
	static const char *const odd[] = {" lead", "trail ", "%s%n", "\"'\\", "\xC3\xA4\xFF", "", "a\r\nb"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof odd / sizeof *odd; i++) {
		email__credentials who = {.user = "u", .password = odd[i]};
		unsigned char got[64];
		char line[64];
		size_t n;

		start(&who, plain);
		n = email__buf_len(&l->out);
		assert_memory_equal(email__buf_head(&l->out), "AUTH PLAIN ", 11);
		assert_int_equal(email__base64_decode(got, &n, (char *)email__buf_head(&l->out) + 11, n - 13),
		                 EMAIL_OK);
		assert_int_equal(n, 3 + strlen(odd[i]));
		assert_memory_equal(got + 3, odd[i], strlen(odd[i]));
		email__pop3_free(p);

		start(&who, user);
		assert_memory_equal(email__buf_head(&l->out), "USER u\r\n", 8);
		say("+OK\r\n");
		if (strchr(odd[i], '\n')) {
			assert_int_equal(l->error.code, EMAIL_E_LOGIN);
			assert_int_equal(email__buf_len(&l->out), 0);
		} else {
			snprintf(line, sizeof line, "PASS %s\r\n", odd[i]);
			assert_int_equal(email__buf_len(&l->out), strlen(line));
			assert_memory_equal(email__buf_head(&l->out), line, strlen(line));
		}
		email__pop3_free(p);
	}
}

/* Once written, the secret is nowhere in the buffer. */
static void
wiped(void **state)
{
	static const struct {
		const char *offers, *secret;
	} rows[] = {{plain, "c2VjcmV0"}, {user, "PASS sec"}};
	email__credentials who = {.user = "user", .password = "secret"};
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		start(&who, rows[k].offers);
		if (k == 1)
			say("+OK\r\n");
		assert_true(l->out.secret);
		email__buf_consume(&l->out, email__buf_len(&l->out));
		for (i = 0; i + 8 < l->out.cap; i++)
			assert_memory_not_equal(l->out.data + i, rows[k].secret, 8);
		l->step(l);
		assert_false(l->out.secret);
		say("+OK\r\n");
		assert_int_equal(l->want, EMAIL__WANT_CALLER);
		assert_true(email__pop3_ready(p));
		email__pop3_free(p);
	}
}

static void
nobody(void **state)
{
	email__credentials who = {.user = "", .password = "secret"},
			   half = {.user = "user", .password = NULL};

	(void)state;
	start(&who, plain);
	assert_int_equal(l->error.code, EMAIL_E_LOGIN);
	assert_int_equal(email__buf_len(&l->out), 0);
	email__pop3_free(p);
	start(&half, user);
	assert_int_equal(l->error.code, EMAIL_E_LOGIN);
	email__pop3_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(long_passwords), cmocka_unit_test(tokens),
	                                   cmocka_unit_test(too_long),       cmocka_unit_test(odd_passwords),
	                                   cmocka_unit_test(wiped),          cmocka_unit_test(nobody)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
