/* SPDX-License-Identifier: MIT */
#include "mime/address.h"

#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static void
single(void **state)
{
	static const struct {
		const char *text, *name, *address;
		bool utf8;
	} c[] = {
		{"plant@example.com", NULL, "plant@example.com", false},
		{"  plant@Example.COM\t", NULL, "plant@example.com", false},
		{"<plant@example.com>", NULL, "plant@example.com", false},
		{"Plant room <plant@example.com>", "Plant room", "plant@example.com", false},
		{"Plant  room<plant@example.com>", "Plant room", "plant@example.com", false},
		{"\"Doe, John\" <j@x.example>", "Doe, John", "j@x.example", false},
		{"\"a \\\"b\\\" \\\\\" <j@x.example>", "a \"b\" \\", "j@x.example", false},
		{"J. R. Smith <j@x.example>", "J. R. Smith", "j@x.example", false},
		{"\"\" <j@x.example>", NULL, "j@x.example", false},
		{"(c) a (c(d)\\)) @ (e) b.example (f)", NULL, "a@b.example", false},
		{"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete", "pete@silly.test",
	         false},
		{"\"john doe\"@x.example", NULL, "\"john doe\"@x.example", false},
		{"\"john\"@x.example", NULL, "john@x.example", false},
		{"\"a\\\"b\"@x.example", NULL, "\"a\\\"b\"@x.example", false},
		{"\"a@b\"@x.example", NULL, "\"a@b\"@x.example", false},
		{"a.b+c=d!#$%&'*/?^_`{|}~-@x.example", NULL, "a.b+c=d!#$%&'*/?^_`{|}~-@x.example", false},
		{"a@[192.0.2.1]", NULL, "a@[192.0.2.1]", false},
		{"a@[IPv6:2001:db8::1]", NULL, "a@[IPv6:2001:db8::1]", false},
		{"a@localhost", NULL, "a@localhost", false},
		{"J\xC3\xB6rg <a@m\xC3\xBCnchen.de>", "J\xC3\xB6rg", "a@xn--mnchen-3ya.de", false},
		{"j\xC3\xB6rg@m\xC3\xBCnchen.de", NULL, "j\xC3\xB6rg@xn--mnchen-3ya.de", true},
		{"=?UTF-8?Q?J=C3=B6rg?= =?UTF-8?Q?_M?= x <a@b.c>", "J\xC3\xB6rg M x", "a@b.c", false},
		{"\"=?UTF-8?Q?x?=\" <a@b.c>", "=?UTF-8?Q?x?=", "a@b.c", false},
		{"=?UTF-8?Q?=0D=0ABcc?= <a@b.c>", "=?UTF-8?Q?=0D=0ABcc?=", "a@b.c", false},
		{"Group: a@b.c;", NULL, "a@b.c", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		email__address a = {0};
		email_error e = {0};

		if (email__address_parse_one(c[i].text, &a, &e))
			fail_msg("%s: %s", c[i].text, e.text);
		if (c[i].name)
			assert_string_equal(a.name, c[i].name);
		else
			assert_null(a.name);
		assert_string_equal(a.address, c[i].address);
		assert_int_equal(a.utf8, c[i].utf8);
		email__address_dispose(&a);
	}
}

static void
refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"(only a comment)",
		"plant",
		"Plant room",
		"@",
		"@x.example",
		"a@",
		"a@ ",
		"<>",
		"<a>",
		"<a@b.c",
		"a@b.c>",
		"<script>@x",
		"<@b.c:a@b.c>",
		"a@b.c d",
		"a@b.c <e@f.g>",
		"a b@c.d",
		"a@b@c.d",
		"a@@b.c",
		"<a@b.c> x",
		"<a@b.c>>",
		"<<a@b.c>>",
		"a@b.c,",
		",a@b.c",
		"a@b.c,,d@e.f",
		"a@b.c;",
		"a@b.c d@e.f",
		".a@b.c",
		"a.@b.c",
		"a..b@c.d",
		"a@.b.c",
		"a@b..c",
		"a@b.c.",
		"a@-b.c",
		"a@b_c.d",
		"a@b,c",
		"\"a@b.c",
		"a\"b\"@c.d",
		"\"\"@b.c",
		"(a@b.c",
		"a@b.c)",
		"a@b(c",
		"G: a@b.c",
		"G: a@b.c; x",
		"G: H: a@b.c;;",
		": a@b.c;",
		"G: a@b.c,;",
		"a@[192.0.2.1",
		"a@[]",
		"a@[x]",
		"a@[192.0.2.1]x",
		"a@[1:2]",
		"a@[IPv6:zz::1]",
		"a\r\n@b.c",
		"a@b.c\r\nBcc: x@y.z",
		"a\nb <c@d.e>",
		"\"a\nb\" <c@d.e>",
		"a\x01@b.c",
		"a\x7F@b.c",
		"\xFF@b.c",
		"a@\xFF.c",
		"a@b.c\xC3",
		"\xC2\x85@b.c",
		"a\xE2\x80\xA8@b.c",
		"a\xE2\x80\xAE@b.c",
		"\"a\tb\"@c.d",
		"a@b.c\\",
		"a\\b@c.d",
		"a@\xD7\xA9.il",
		"a:b@c.d",
		"a@b:25",
		"a@b c",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		email__address_list list = {0};
		email_error e = {0};

		if (email__address_parse(bad[i], &list, &e) != EMAIL_E_MESSAGE)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(e.text, "at character"));
		assert_int_equal(list.count, 0);
		email__address_list_dispose(&list);
	}
}

static void
position(void **state)
{
	email__address a;
	email_error e = {0};

	(void)state;
	assert_int_equal(email__address_parse_one("a@b.c, x", &a, &e), EMAIL_E_MESSAGE);
	assert_non_null(strstr(e.text, "at character 9"));
	memset(&e, 0, sizeof e);
	assert_int_equal(email__address_parse_one("a@b.c, d@e.f", &a, &e), EMAIL_E_MESSAGE);
	assert_non_null(strstr(e.text, "not 2"));
	memset(&e, 0, sizeof e);
	assert_int_equal(email__address_parse_one("undisclosed-recipients:;", &a, &e), EMAIL_E_MESSAGE);
}

static void
lists(void **state)
{
	email__address_list list = {0};

	(void)state;
	assert_int_equal(
		email__address_parse("a@b.c, D <d@e.f>, Ops: o1@x.y, \"O 2\" <o2@x.y>; , Nobody:;, z@z.z",
	                             &list, NULL),
		EMAIL_OK);
	assert_int_equal(list.count, 5);
	assert_string_equal(list.item[3].name, "O 2");
	assert_string_equal(list.item[4].address, "z@z.z");
	/* all or nothing, and what was there stays */
	assert_int_equal(email__address_parse("q@q.q, r@r.r, bad", &list, NULL), EMAIL_E_MESSAGE);
	assert_int_equal(list.count, 5);
	assert_int_equal(email__address_parse("q@q.q", &list, NULL), EMAIL_OK);
	assert_string_equal(list.item[5].address, "q@q.q");
	email__address_list_dispose(&list);
}

static void
groups(void **state)
{
	email__address_list list = {0};
	char *text = malloc(EMAIL__RECIPIENTS_MAX * 12);
	size_t i, n;

	(void)state;
	assert_int_equal(email__address_parse_groups("a@b.c, \"O, ps\" (x): o@x.y, O 2 <o2@x.y>; , Nobody:;",
	                                             &list, NULL),
	                 EMAIL_OK);
	assert_int_equal(list.count, 7);
	assert_int_equal(list.mailboxes, 3);
	assert_int_equal(list.item[1].kind, EMAIL__ADDRESS_GROUP);
	assert_string_equal(list.item[1].name, "O, ps");
	assert_null(list.item[1].address);
	assert_string_equal(list.item[3].name, "O 2");
	assert_int_equal(list.item[4].kind, EMAIL__ADDRESS_GROUP_END);
	assert_string_equal(list.item[5].name, "Nobody");
	/* all or nothing */
	assert_int_equal(email__address_parse_groups("G: q@q.q; H: bad;", &list, NULL), EMAIL_E_MESSAGE);
	assert_int_equal(list.count, 7);
	assert_int_equal(list.mailboxes, 3);
	email__address_list_cut(&list, 2);
	assert_int_equal(list.mailboxes, 1);
	email__address_list_dispose(&list);
	assert_int_equal(list.mailboxes, 0);
	/* groups do not count as recipients, and have a bound of their own */
	for (i = n = 0; i < EMAIL__RECIPIENTS_MAX; i++)
		n += (size_t)sprintf(text + n, "G:a@b.c;%s", i + 1 < EMAIL__RECIPIENTS_MAX ? "," : "");
	assert_int_equal(email__address_parse_groups(text, &list, NULL), EMAIL_OK);
	assert_int_equal(list.count, 3 * EMAIL__RECIPIENTS_MAX);
	assert_int_equal(email__address_parse_groups("x@y.z", &list, NULL), EMAIL_E_LIMIT);
	assert_int_equal(email__address_parse_groups("Nobody:;", &list, NULL), EMAIL_E_LIMIT);
	assert_int_equal(list.count, 3 * EMAIL__RECIPIENTS_MAX);
	email__address_list_dispose(&list);
	free(text);
}

static void
bounds(void **state)
{
	email__address_list list = {0};
	char text[2000];
	size_t i;

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text + 64, "@b.c", 5);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_OK);
	memcpy(text + 64, "a@b.c", 6);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	/* what quoting adds counts */
	memset(text, ' ', sizeof text);
	text[0] = '"';
	memcpy(text + 63, "\"@b.c", 6);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_OK);
	memset(text, '"', 200);
	for (i = 1; i < 128; i += 2)
		memcpy(text + i, "\\\"", 2);
	memcpy(text + 129, "\"@b.c", 6);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	memcpy(text, "a@", 2);
	for (i = 2; i < 256; i++)
		text[i] = i % 2 ? '.' : 'b';
	text[257] = '\0';
	text[256] = 'b';
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_OK);
	memcpy(text + 257, ".b", 3);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	email__address_list_dispose(&list);
}

/* Deep, long and many: no recursion, and linear in time. */
static void
floods(void **state)
{
	size_t n = 2000000, i;
	char *text = malloc(n + 1);
	email__address_list list = {0};

	(void)state;
	memset(text, '(', n);
	text[n] = '\0';
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	memset(text + n / 2, ')', n / 2 - 5);
	memcpy(text + n - 5, "a@b.c", 5);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	memset(text, '"', n);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_LIMIT);
	memset(text, ' ', n);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	memset(text, 'a', n);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_LIMIT);
	memset(text, '@', n);
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_MESSAGE);
	for (i = 0; i + 6 <= n; i += 6)
		memcpy(text + i, "a@b.c,", 6);
	text[i] = '\0';
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_E_LIMIT);
	assert_int_equal(list.count, 0);
	text[EMAIL__RECIPIENTS_MAX * 6 - 1] = '\0';
	assert_int_equal(email__address_parse(text, &list, NULL), EMAIL_OK);
	assert_int_equal(list.count, EMAIL__RECIPIENTS_MAX);
	email__address_list_dispose(&list);
	free(text);
}

static void
want_of_memory(void **state)
{
	size_t n;
	bool failed = true;

	(void)state;
	for (n = 1; failed; n++) {
		email__address_list list = {0};
		email_code rc;

		email_test_fail_alloc(n);
		rc = email__address_parse("\"A, b\" <a@b.c>, =?UTF-8?Q?x?= y <d@e.f>, G: g@h.i;", &list,
		                          NULL);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(list.count, failed ? 0 : 3);
		email__address_list_dispose(&list);
		rc = rc ? rc : email__address_parse_groups("G: g@h.i;, N:;", &list, NULL);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(list.count, failed ? 0 : 5);
		email__address_list_dispose(&list);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(single),   cmocka_unit_test(refused),
	                                   cmocka_unit_test(position), cmocka_unit_test(lists),
	                                   cmocka_unit_test(groups),   cmocka_unit_test(bounds),
	                                   cmocka_unit_test(floods),   cmocka_unit_test(want_of_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
