/* SPDX-License-Identifier: MIT */
#include "proto/pop3_command.h"

#include "base/limits.h"
#include "support/cm.h"

static email__link l;
static char shown[1100];

static int
setup(void **state)
{
	(void)state;
	memset(&l, 0, sizeof l);
	email__buf_init(&l.out, EMAIL__LINK_OUT_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__buf_dispose(&l.out);
	return 0;
}

static void
keep(void *context, char who, const char *line, size_t n)
{
	(void)context;
	shown[0] = who;
	memcpy(shown + 1, line, n + 1);
}

/* What was written since the last call; all of it counted. */
static const char *
written(void)
{
	static char text[EMAIL__LINK_LOGIN_MAX + 1];
	size_t n = email__buf_len(&l.out);

	assert_int_equal(l.sent, n);
	if (n)
		memcpy(text, email__buf_head(&l.out), n);
	text[n] = '\0';
	email__buf_clear(&l.out);
	l.sent = 0;
	return text;
}

static void
plain(void **state)
{
	(void)state;
	l.log = keep;
	assert_int_equal(email__pop3_put_verb(&l, "CAPA"), EMAIL_OK);
	assert_string_equal(written(), "CAPA\r\n");
	assert_string_equal(shown, "CCAPA");
	assert_int_equal(email__pop3_put_number(&l, "RETR", 4294967295u), EMAIL_OK);
	assert_string_equal(written(), "RETR 4294967295\r\n");
	assert_int_equal(email__pop3_put_number(&l, "DELE", 1), EMAIL_OK);
	assert_string_equal(written(), "DELE 1\r\n");
	assert_int_equal(email__pop3_put_top(&l, 4294967295u), EMAIL_OK);
	assert_string_equal(written(), "TOP 4294967295 0\r\n");
	assert_false(l.out.secret);
}

/* No name and no password adds a command (row 158), and none is shown. */
static void
words(void **state)
{
	static const char *const bad[] = {"a\rb", "a\nb", "a\r\nDELE 1", "\r\n"};
	static char much[400];
	size_t i;

	(void)state;
	l.log = keep;
	assert_int_equal(email__pop3_put_user(&l, "a b@\xC3\xA4"), EMAIL_OK);
	assert_true(l.out.secret);
	assert_string_equal(shown, "CUSER ****");
	assert_string_equal(written(), "USER a b@\xC3\xA4\r\n");
	assert_int_equal(email__pop3_put_pass(&l, " secret %s "), EMAIL_OK);
	assert_string_equal(shown, "CPASS ****");
	assert_string_equal(written(), "PASS  secret %s \r\n");
	assert_int_equal(email__pop3_put_pass(&l, ""), EMAIL_OK);
	assert_string_equal(written(), "PASS \r\n");
	assert_int_equal(email__pop3_put_user(&l, ""), EMAIL_E_VALUE);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(email__pop3_put_user(&l, bad[i]), EMAIL_E_VALUE);
		assert_int_equal(email__pop3_put_pass(&l, bad[i]), EMAIL_E_VALUE);
	}
	memset(much, 'p', sizeof much - 1);
	assert_int_equal(email__pop3_put_pass(&l, much), EMAIL_E_LIMIT);
	much[248] = '\0';
	assert_int_equal(email__pop3_put_pass(&l, much), EMAIL_OK);
	assert_int_equal(strlen(written()), EMAIL__POP3_COMMAND_MAX);
	much[248] = 'p';
	much[249] = '\0';
	assert_int_equal(email__pop3_put_pass(&l, much), EMAIL_E_LIMIT);
	assert_string_equal(written(), "");
}

static void
login(void **state)
{
	static char big[EMAIL__SASL_RESPONSE_MAX + 10];

	(void)state;
	l.log = keep;
	assert_int_equal(email__pop3_put_auth(&l, "PLAIN", "\0u\0secret", 9), EMAIL_OK);
	assert_true(l.out.secret);
	assert_string_equal(shown, "CAUTH PLAIN ****");
	assert_string_equal(written(), "AUTH PLAIN AHUAc2VjcmV0\r\n");
	assert_int_equal(email__pop3_put_auth(&l, "EXTERNAL", "", 0), EMAIL_OK);
	assert_string_equal(written(), "AUTH EXTERNAL =\r\n");
	assert_int_equal(email__pop3_put_auth(&l, "LOGIN", NULL, 0), EMAIL_OK);
	assert_string_equal(written(), "AUTH LOGIN\r\n");
	assert_int_equal(email__pop3_put_auth(&l, "SCRAM-SHA-256-PLUS", NULL, 0), EMAIL_OK);
	assert_string_equal(written(), "AUTH SCRAM-SHA-256-PLUS\r\n");
	assert_int_equal(email__pop3_put_auth(&l, "PLA IN", NULL, 0), EMAIL_E_VALUE);
	assert_int_equal(email__pop3_put_auth(&l, "", NULL, 0), EMAIL_E_VALUE);
	assert_int_equal(email__pop3_put_auth(&l, "A23456789012345678901", NULL, 0), EMAIL_E_VALUE);
	assert_int_equal(email__pop3_put_auth(&l, "PLAIN", big, 200), EMAIL_E_LIMIT);
	assert_int_equal(email__pop3_put_response(&l, "secret", 6), EMAIL_OK);
	assert_string_equal(shown, "C****");
	assert_string_equal(written(), "c2VjcmV0\r\n");
	assert_int_equal(email__pop3_put_response(&l, big, EMAIL__SASL_RESPONSE_MAX), EMAIL_OK);
	assert_int_equal(strlen(written()), EMAIL__LINK_LOGIN_MAX);
	assert_int_equal(email__pop3_put_response(&l, big, EMAIL__SASL_RESPONSE_MAX + 1), EMAIL_E_LIMIT);
	assert_string_equal(written(), "");
}

/* No room: not a byte of it stays. */
static void
full(void **state)
{
	static char filler[EMAIL__LINK_OUT_MAX - 5];

	(void)state;
	assert_int_equal(email__buf_add(&l.out, filler, sizeof filler), EMAIL_OK);
	assert_int_equal(email__pop3_put_verb(&l, "STAT"), EMAIL_E_LIMIT);
	assert_int_equal(email__pop3_put_number(&l, "RETR", 1), EMAIL_E_LIMIT);
	assert_int_equal(email__pop3_put_top(&l, 1), EMAIL_E_LIMIT);
	assert_int_equal(email__buf_len(&l.out), sizeof filler);
	/* for a login there is more room, but that ends too */
	assert_int_equal(email__pop3_put_response(&l, filler, EMAIL__SASL_RESPONSE_MAX / 2), EMAIL_E_LIMIT);
	assert_int_equal(email__buf_len(&l.out), sizeof filler);
	assert_int_equal(l.sent, 0);
}

#define with_link(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {with_link(plain), with_link(words), with_link(login),
	                                   with_link(full)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
