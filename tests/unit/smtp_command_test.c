/* SPDX-License-Identifier: MIT */
#include "proto/smtp_command.h"

#include "base/limits.h"
#include "support/cm.h"

static email__link l;

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
addresses(void **state)
{
	static const char *const good[] = {
		"a@b",        "\"a b\\\"\"@c.example", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "postmaster",
		"Postmaster", "!#$%&'*+-/=?^_`{|}~@b"};
	static const char *const bad[] = {
		"",         "a",          "@b",         "a@",         "a@b@c",
		"a b@c",    "a@b c",      "a@b>",       "<a@b>",      "a@b\r\nRCPT TO:<x@y>",
		"a\n@b",    ".a@b",       "a.@b",       "a..b@c",     "a@.b",
		"a@b..c",   "a@b.",       "\"a@b",      "\"a\"b@c",   "\"\\",
		"a@[",      "a@[]",       "a@[1]x",     "a@[a b]",    "a@[a\\]",
		"a(c)@b",   "a,b@c",      "a;b@c",      "a@b\x7f",    "\x01@b",
		"\"\r\"@b", "\xC3\xA4@b", "a@\xC3\xA4", "postmasters"};
	char longest[500];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(email__smtp_address_valid(good[i], false));
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(email__smtp_address_valid(bad[i], false));
	assert_true(email__smtp_address_valid("\xC3\xA4@\xC3\xB6.example", true));
	memset(longest, 'a', sizeof longest);
	longest[499] = '\0';
	longest[64] = '@';
	assert_false(email__smtp_address_valid(longest, false));
	longest[65 + 256] = '\0';
	assert_false(email__smtp_address_valid(longest, false)); /* the domain has 255 bytes at most */
	longest[65 + 255] = '\0';
	assert_true(email__smtp_address_valid(longest, false));
	longest[64] = 'a';
	longest[65] = '@';
	assert_false(email__smtp_address_valid(longest, false)); /* the local part 64 at most */
}

static void
names(void **state)
{
	(void)state;
	assert_int_equal(email__smtp_put_hello(&l, "EHLO", "station.example"), EMAIL_OK);
	assert_string_equal(written(), "EHLO station.example\r\n");
	assert_int_equal(email__smtp_put_hello(&l, "HELO", "[192.0.2.1]"), EMAIL_OK);
	assert_string_equal(written(), "HELO [192.0.2.1]\r\n");
	assert_int_equal(email__smtp_put_hello(&l, "EHLO", ""), EMAIL_E_VALUE);
	assert_int_equal(email__smtp_put_hello(&l, "EHLO", "a b"), EMAIL_E_VALUE);
	assert_int_equal(email__smtp_put_hello(&l, "EHLO", "a\r\nMAIL"), EMAIL_E_VALUE);
	assert_int_equal(email__smtp_put_hello(&l, "EHLO", "\xC3\xA4"), EMAIL_E_VALUE);
	assert_string_equal(written(), "");
}

static void
envelope(void **state)
{
	email__smtp_capabilities can = {.dsn = true, .size = true};
	email__smtp_mail m = {
		.from = "a@b", .size = 18446744073709551615u, .dsn = EMAIL_DSN_DELAY, .envelope_id = "+=x"};

	(void)state;
	assert_int_equal(email__smtp_put_mail(&l, &m, &can), EMAIL_OK);
	assert_string_equal(written(),
	                    "MAIL FROM:<a@b> SIZE=18446744073709551615 RET=HDRS ENVID=+2B+3Dx\r\n");
	assert_int_equal(email__smtp_put_rcpt(&l, "c@d", &m, &can), EMAIL_OK);
	assert_string_equal(written(), "RCPT TO:<c@d> NOTIFY=DELAY ORCPT=rfc822;c@d\r\n");
	can.dsn = can.size = false;
	m.from = "";
	assert_int_equal(email__smtp_put_mail(&l, &m, &can), EMAIL_OK);
	assert_string_equal(written(), "MAIL FROM:<>\r\n");
	assert_int_equal(email__smtp_put_rcpt(&l, "c@d", &m, &can), EMAIL_OK);
	assert_string_equal(written(), "RCPT TO:<c@d>\r\n");
	m.from = "a@b> SIZE=1";
	assert_int_equal(email__smtp_put_mail(&l, &m, &can), EMAIL_E_VALUE);
	assert_int_equal(email__smtp_put_rcpt(&l, "c@d\r\nDATA", &m, &can), EMAIL_E_VALUE);
	m.from = "a@b";
	m.envelope_id = "a b";
	assert_int_equal(email__smtp_put_mail(&l, &m, &can), EMAIL_E_VALUE);
	assert_string_equal(written(), "");
}

/* RFC 3461: nothing of it but where the mail wants it and the server offers it. */
static void
reports(void **state)
{
	static const struct {
		unsigned dsn;
		const char *id, *mail, *rcpt;
	} cases[] = {
		{0, "9f3c", "", ""},
		{EMAIL_DSN_NEVER, NULL, " RET=HDRS", " NOTIFY=NEVER"},
		{EMAIL_DSN_SUCCESS, NULL, " RET=HDRS", " NOTIFY=SUCCESS ORCPT=rfc822;c@d"},
		{EMAIL_DSN_FAILURE | EMAIL_DSN_DELAY, "9f3c", " RET=HDRS ENVID=9f3c",
	         " NOTIFY=FAILURE,DELAY ORCPT=rfc822;c@d"},
	};
	email__smtp_capabilities can = {0};
	char want[128];
	size_t i, offered;

	(void)state;
	for (offered = 0; offered < 2; offered++)
		for (i = 0; i < sizeof cases / sizeof *cases; i++) {
			email__smtp_mail m = {.from = "a@b", .dsn = cases[i].dsn, .envelope_id = cases[i].id};

			can.dsn = offered;
			assert_int_equal(email__smtp_put_mail(&l, &m, &can), EMAIL_OK);
			snprintf(want, sizeof want, "MAIL FROM:<a@b>%s\r\n", offered ? cases[i].mail : "");
			assert_string_equal(written(), want);
			assert_int_equal(email__smtp_put_rcpt(&l, "c@d", &m, &can), EMAIL_OK);
			snprintf(want, sizeof want, "RCPT TO:<c@d>%s\r\n", offered ? cases[i].rcpt : "");
			assert_string_equal(written(), want);
		}
}

/* RFC 3461 4.2, RFC 6533 3. */
static void
original_recipients(void **state)
{
	static const struct {
		const char *address, *want;
	} cases[] = {
		{"a+b=c\\d@x.example", NULL}, /* no address */
		{"a+b=c/d@x.example", "rfc822;a+2Bb+3Dc/d@x.example"},
		{"\"a b\\\"+\"@x.example", "rfc822;\"a+20b\\\"+2B\"@x.example"},
		{"d\xC3\xBCty+=@x.example", "utf-8;d\\x{FC}ty\\x{2B}\\x{3D}@x.example"},
		{"\"\xE2\x82\xAC \\\\\"@x.example", "utf-8;\"\\x{20AC}\\x{20}\\x{5C}\\x{5C}\"@x.example"},
		{"\xF0\x9F\x94\xA5@x.example", "utf-8;\\x{1F525}@x.example"},
		{"\xC3@x.example", ""}, /* not UTF-8 */
	};
	email__smtp_capabilities can = {.dsn = true};
	email__smtp_mail m = {.from = "a@b", .dsn = EMAIL_DSN_FAILURE, .utf8 = true};
	char want[1024], address[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		email_code rc = email__smtp_put_rcpt(&l, cases[i].address, &m, &can);

		assert_int_equal(rc, cases[i].want ? EMAIL_OK : EMAIL_E_VALUE);
		if (!cases[i].want)
			continue;
		snprintf(want, sizeof want, "RCPT TO:<%s> NOTIFY=FAILURE%s%s\r\n", cases[i].address,
		         cases[i].want[0] ? " ORCPT=" : "", cases[i].want);
		assert_string_equal(written(), want);
	}
	/* 500 characters, of which 12 are its name, and 7 each of the letters that are not ASCII */
	for (i = 0; i < 4; i++) {
		size_t k, n = 0;

		n += (size_t)snprintf(address, sizeof address, "a@xx%.*s", (int)i, "yyy");
		for (k = 0; k < 69; k++)
			n += (size_t)snprintf(address + n, sizeof address - n, "\xD0\xB6");
		assert_int_equal(email__smtp_put_rcpt(&l, address, &m, &can), EMAIL_OK);
		assert_true((strstr(written(), " ORCPT=") != NULL) == (12 + 4 + i + 69 * 7 <= 500));
	}
}

static char shown[256];

static void
keep(void *context, char who, const char *line, size_t n)
{
	(void)context;
	shown[0] = who;
	memcpy(shown + 1, line, n + 1);
}

static void
login(void **state)
{
	static char big[EMAIL__SASL_RESPONSE_MAX + 1];

	(void)state;
	l.log = keep;
	assert_int_equal(email__smtp_put_auth(&l, "PLAIN", "\0u\0secret", 9), EMAIL_OK);
	assert_true(l.out.secret);
	assert_string_equal(shown, "CAUTH PLAIN ****");
	assert_string_equal(written(), "AUTH PLAIN AHUAc2VjcmV0\r\n");
	assert_int_equal(email__smtp_put_auth(&l, "EXTERNAL", "", 0), EMAIL_OK);
	assert_string_equal(written(), "AUTH EXTERNAL =\r\n");
	assert_int_equal(email__smtp_put_auth(&l, "LOGIN", NULL, 0), EMAIL_OK);
	assert_string_equal(written(), "AUTH LOGIN\r\n");
	assert_int_equal(email__smtp_put_response(&l, "secret", 6), EMAIL_OK);
	assert_string_equal(shown, "C****");
	assert_string_equal(written(), "c2VjcmV0\r\n");
	assert_int_equal(email__smtp_put_auth(&l, "PLA IN", NULL, 0), EMAIL_E_VALUE);
	/* RFC 4954 4: for the command; a response may be longer */
	assert_int_equal(email__smtp_put_auth(&l, "PLAIN", big, 374), EMAIL_E_LIMIT);
	assert_string_equal(written(), "");
	assert_int_equal(email__smtp_put_auth(&l, "PLAIN", big, 372), EMAIL_OK);
	assert_int_equal(strlen(written()), 11 + 496 + 2);
	assert_int_equal(email__smtp_put_response(&l, big, EMAIL__SASL_RESPONSE_MAX + 1), EMAIL_E_LIMIT);
	assert_string_equal(written(), "");
	assert_int_equal(email__smtp_put_response(&l, big, EMAIL__SASL_RESPONSE_MAX), EMAIL_OK);
	assert_int_equal(strlen(written()), EMAIL__LINK_LOGIN_MAX);
}

static void
chunks(void **state)
{
	unsigned char *room = email__buf_room(&l.out, 64);

	(void)state;
	l.log = keep;
	memcpy(room + EMAIL__SMTP_CHUNK_HEAD, "hello\r\n", 7);
	email__smtp_put_chunk(&l, 7, true);
	assert_string_equal(shown, "C(7 bytes of message)");
	assert_string_equal(written(), "BDAT 7 LAST\r\nhello\r\n");
	room = email__buf_room(&l.out, 64);
	memcpy(room + EMAIL__SMTP_CHUNK_HEAD, "x\r\n", 3);
	email__smtp_put_chunk(&l, 3, false);
	assert_string_equal(written(), "BDAT 3\r\nx\r\n");
}

/* No room: not a byte of it stays. */
static void
full(void **state)
{
	static char filler[EMAIL__LINK_OUT_MAX - 10];
	email__smtp_capabilities can = {0};
	email__smtp_mail m = {.from = "a@b"};

	(void)state;
	assert_int_equal(email__buf_add(&l.out, filler, sizeof filler), EMAIL_OK);
	assert_int_equal(email__smtp_put_mail(&l, &m, &can), EMAIL_E_LIMIT);
	assert_int_equal(email__smtp_put_verb(&l, "RSET"), EMAIL_E_LIMIT);
	assert_int_equal(email__buf_len(&l.out), sizeof filler);
	assert_int_equal(l.sent, 0);
}

#define with_link(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_link(addresses),           with_link(names), with_link(envelope), with_link(reports),
		with_link(original_recipients), with_link(login), with_link(chunks),   with_link(full)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
