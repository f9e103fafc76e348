/* SPDX-License-Identifier: MIT */
#include "mime/header.h"

#include "base/limits.h"
#include "support/cm.h"

static email__buf out;

static int
setup(void **state)
{
	(void)state;
	email__buf_init(&out, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__buf_dispose(&out);
	return 0;
}

static const char *
text_field(const char *value)
{
	email__buf_clear(&out);
	assert_int_equal(email__header_write_text(&out, "Subject", value), EMAIL_OK);
	return email__buf_text(&out);
}

static const char *
address_field(const char *addresses)
{
	email__address_list list = {0};

	email__buf_clear(&out);
	assert_int_equal(email__address_parse_groups(addresses, &list, NULL), EMAIL_OK);
	assert_int_equal(email__header_write_addresses(&out, "To", list.item, list.count), EMAIL_OK);
	email__address_list_dispose(&list);
	return email__buf_text(&out);
}

static void
names(void **state)
{
	static const char *const bad[] = {"",          "A B",        "A:",           "A\r\nB",
	                                  "\xC3\xA4",  "A\x7F",      "From",         "to",
	                                  "CC",        "bcc",        "Reply-To",     "SUBJECT",
	                                  "Date",      "Message-Id", "mime-version", "Content-Type",
	                                  "content-x", "Resent-Bcc", "Return-Path",  "Received"};
	char longest[EMAIL__ADDRESS_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(email__header_check_name(bad[i], NULL), EMAIL_E_MESSAGE);
	assert_int_equal(email__header_check_name("X-Plant!#$%", NULL), EMAIL_OK);
	assert_int_equal(email__header_check_name("Contents", NULL), EMAIL_OK);
	memset(longest, 'x', sizeof longest);
	longest[EMAIL__HEADER_NAME_MAX] = '\0';
	assert_int_equal(email__header_check_name(longest, NULL), EMAIL_OK);
	longest[EMAIL__HEADER_NAME_MAX] = 'x';
	longest[EMAIL__HEADER_NAME_MAX + 1] = '\0';
	assert_int_equal(email__header_check_name(longest, NULL), EMAIL_E_LIMIT);
}

static void
values(void **state)
{
	static const char *const bad[] = {"a\r\nBcc: x", "a\nb",     "a\rb",         "\x01",
	                                  "\x7F",        "\xC3",     "\xED\xA0\x80", "\xC0\x8A",
	                                  "\x1B[1m",     "\xC2\x85", "\xC2\x9B"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		email_error e = {0};

		assert_int_equal(email__header_check(bad[i], &e), EMAIL_E_MESSAGE);
		assert_non_null(strstr(e.text, "at character"));
	}
	assert_int_equal(email__header_check("tab\tand \xE2\x80\xA8 and \xC2\xA0", NULL), EMAIL_OK);
}

static void
text(void **state)
{
	char words[3000] = "", back[3000], *o = back;
	const char *p;
	size_t i, n = 0;

	(void)state;
	assert_string_equal(text_field("Boiler 2: flame failure"), "Subject: Boiler 2: flame failure\r\n");
	assert_string_equal(text_field(""), "Subject: \r\n");
	/* ends would get lost, an encoded word would be decoded */
	assert_string_equal(text_field(" x "), "Subject: =?UTF-8?Q?_x_?=\r\n");
	assert_string_equal(text_field("=?UTF-8?Q?x?="), "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n");
	/* plain text folds, and unfolds to what it was: RFC 5322 2.2.3 */
	for (i = 0; i < 200; i++)
		n += (size_t)snprintf(words + n, sizeof words - n, "%s",
		                      i % 3 ? "word  x " : "longer-word\t");
	snprintf(words + n, sizeof words - n, "end");
	text_field(words);
	for (p = strchr(email__buf_text(&out), ' ') + 1; *p; p++)
		if (*p != '\r' && *p != '\n')
			*o++ = *p;
	*o = '\0';
	assert_string_equal(back, words);
	for (p = email__buf_text(&out); *p; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\r") <= 78 && strspn(p, " \t") < strcspn(p, "\r"));
	/* a word too long for a line */
	memset(words, 'x', 2000);
	words[2000] = '\0';
	text_field(words);
	for (p = email__buf_text(&out); *p; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\r") <= 78);
}

static void
addresses(void **state)
{
	(void)state;
	assert_string_equal(address_field("a@b.c"), "To: a@b.c\r\n");
	assert_string_equal(address_field("Plant room <a@b.c>"), "To: Plant room <a@b.c>\r\n");
	assert_string_equal(address_field("\"Doe, John\" <a@b.c>"), "To: \"Doe, John\" <a@b.c>\r\n");
	assert_string_equal(address_field("\"a\\\"b\\\\\" <a@b.c>"), "To: \"a\\\"b\\\\\" <a@b.c>\r\n");
	assert_string_equal(address_field("St\xC3\xB6r <a@b.c>"), "To: =?UTF-8?B?U3TDtnI=?= <a@b.c>\r\n");
	assert_string_equal(address_field("\"two  spaces\" <a@b.c>"), "To: \"two  spaces\" <a@b.c>\r\n");
	assert_string_equal(address_field("a@b.c, d@e.f"), "To: a@b.c, d@e.f\r\n");
	address_field("first-long-address@some-long-domain.example, "
	              "second-long-address@some-long-domain.example, x@y.z");
	assert_string_equal(email__buf_text(&out),
	                    "To: first-long-address@some-long-domain.example,\r\n"
	                    " second-long-address@some-long-domain.example, x@y.z\r\n");
}

/* A group keeps its name; commas stand between its mailboxes, not before its end. */
static void
groups(void **state)
{
	char text[400];
	const char *p;
	int i;

	(void)state;
	assert_string_equal(address_field("Team: a@b.c;"), "To: Team: a@b.c;\r\n");
	assert_string_equal(address_field("undisclosed-recipients:;"), "To: undisclosed-recipients:;\r\n");
	assert_string_equal(address_field("x@y.z,Team :A <a@b.c>,d@e.f; , Nobody: ;,z@z.z"),
	                    "To: x@y.z, Team: A <a@b.c>, d@e.f;, Nobody:;, z@z.z\r\n");
	assert_string_equal(address_field("\"a, b\": a@b.c;, \"\":;"), "To: \"a, b\": a@b.c;, \"\":;\r\n");
	assert_string_equal(address_field("St\xC3\xB6r: a@b.c;"), "To: =?UTF-8?B?U3TDtnI=?=: a@b.c;\r\n");
	/* within 78, whatever is glued behind a mailbox */
	for (i = 1; i < 64; i++) {
		snprintf(text, sizeof text, "a@b.c, %0*d@y.example, d@e.f, \"G\": h@i.j, %0*d@y.z; , k@l.m",
		         i, 0, i, 0);
		for (p = address_field(text); *p; p += strcspn(p, "\n") + 1)
			assert_true(strcspn(p, "\r") <= 78);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(values),
	                                   cmocka_unit_test_setup_teardown(text, setup, teardown),
	                                   cmocka_unit_test_setup_teardown(addresses, setup, teardown),
	                                   cmocka_unit_test_setup_teardown(groups, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
