/* SPDX-License-Identifier: MIT */
#include "mime/mailbox.h"

#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define BIT(d) (UINT64_C(1) << EMAIL_DEFECT_##d)
#define BAD BIT(ADDRESS)
#define UE "\xC3\xBC"

static email__arena arena;

static int
setup(void **state)
{
	(void)state;
	email__arena_init(&arena, 64, 256 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__arena_dispose(&arena);
	return 0;
}

static email__mailboxes
read_copy(const char *text, size_t n, uint64_t *defects)
{
	char *copy = malloc(n ? n : 1);
	email__mailboxes list = {0};

	assert_non_null(copy);
	if (n)
		memcpy(copy, text, n);
	*defects = 0;
	assert_int_equal(email__mailboxes_read(&list, &arena, copy, n, defects), EMAIL_OK);
	free(copy);
	return list;
}

/* The mailboxes as name|address|group, each behind a line end but the first. */
static const struct {
	const char *field, *list;
	uint64_t defects;
} cases[] = {
	{"", "", 0},
	{" \r\n ", "", 0},
	{"a@b.c", "|a@b.c|", 0},
	{"<a@b.c>", "|a@b.c|", 0},
	{"Ann <a@b.c>", "Ann|a@b.c|", 0},
	{"Ann  B.\r\n C. Dee<a@b.c>", "Ann B. C. Dee|a@b.c|", 0},
	{"a@b.c, d@e.f,\r\n Gee <g@h.i>", "|a@b.c|\n|d@e.f|\nGee|g@h.i|", 0},
	{"a@b.c,,, d@e.f,", "|a@b.c|\n|d@e.f|", 0},
	/* RFC 5322 A.1.2, A.1.3, A.5, A.6.1 */
	{"\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public|john.q.public@example.com|", 0},
	{"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
         "Mary Smith|mary@x.test|\n|jdoe@example.org|\nWho?|one@y.test|", 0},
	{"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
         "|boss@nil.test|\nGiant; \"Big\" Box|sysservices@example.net|", 0},
	{"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
         "Ed Jones|c@a.test|A Group\n|joe@where.test|A Group\nJohn|jdoe@one.test|A Group", 0},
	{"Undisclosed recipients:;", "||Undisclosed recipients", 0},
	{"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete|pete@silly.test|", 0},
	{"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         "
         "joe@example.org,\r\n"
         "  John <jdoe@one.test> (my dear friend); (the end of the group)",
         "Chris Jones|c@public.example|A Group\n|joe@example.org|A Group\nJohn|jdoe@one.test|A Group", 0},
	{"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "||Hidden recipients", 0},
	{"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
         "Mary Smith|mary@example.net|\n|jdoe@test.example|", 0},
	{"<@a.b,@c.d:e@f.g>", "|e@f.g|", 0},
	{"john . q . public@x.y", "|john.q.public@x.y|", 0},
	{"\"john\" . \"q r\"@x.y", "|\"john.q r\"@x.y|", 0},
	{"a @ b . c", "|a@b.c|", 0},
	{"a@[192.0.2.1], <a@[IPv6:2001:db8::1]>", "|a@[192.0.2.1]|\n|a@[IPv6:2001:db8::1]|", 0},
	/* names in comments */
	{"a@b.c (Ann Bee)", "Ann Bee|a@b.c|", 0},
	{"(x) <a@b.c> (Ann \\(B\\))", "Ann (B)|a@b.c|", 0},
	{"a@b.c (=?utf-8?q?J=C3=BCrg?=), d@e.f (Dee)", "J" UE "rg|a@b.c|\nDee|d@e.f|", 0},
	{"Ann <a@b.c> (not this)", "Ann|a@b.c|", 0},
	/* quoted local parts: another domain must not come of them */
	{"\"john doe\"@x.y", "|\"john doe\"@x.y|", 0},
	{"\"john\"@x.y", "|john@x.y|", 0},
	{"\"a@evil.example> \"@x.y", "|\"a@evil.example> \"@x.y|", 0},
	{"<\"a@evil.example,b\"@x.y>", "|\"a@evil.example,b\"@x.y|", 0},
	{"\"a\\\"b\\\\\"@x.y", "|\"a\\\"b\\\\\"@x.y|", 0},
	{"\"\"@x.y", "|\"\"@x.y|", 0},
	{"\"xclow3n@gmail.com x\"@internal.domain", "|\"xclow3n@gmail.com x\"@internal.domain|", 0},
	{"=?utf-8?q?a=40evil.example=2C?=@x.y", "|=?utf-8?q?a=40evil.example=2C?=@x.y|", 0},
	{"=?utf-8?q?a@evil.example,?=@x.y", "a@evil.example,@x.y||", BAD},
	{"a@b@c.d", "a@b@c.d||", BAD},
	{"<a@b@c.d>", "<a@b@c.d>||", BAD},
	{"a@b(x)@evil.example", "a@b @evil.example||", BAD},
	{"a@b\"c\"@d", "a@bc@d||", BAD},
	{"Ann <a b@c.d>", "Ann <a b@c.d>||", BAD},
	{"<\"a\"b@c.d>", "<\"a\"b@c.d>||", BAD},
	/* a name that looks like an address stays one */
	{"a@b.c <a@b.c>", "a@b.c|a@b.c|", BAD},
	{"\"boss@corp.example\" <x@evil.example>", "boss@corp.example|x@evil.example|", 0},
	{"boss@corp.example <x@evil.example>", "boss@corp.example|x@evil.example|", BAD},
	{"Boss boss@corp.example (c) <x@evil.example>", "Boss boss@corp.example|x@evil.example|", BAD},
	{"'a@b.c' <a@b.c>", "'a@b.c'|a@b.c|", BAD},
	{"Joe @ Work <a@b.c>", "Joe @Work|a@b.c|", BAD},
	{"\"<a@b>, <c@d>\" <e@f.g>", "<a@b>, <c@d>|e@f.g|", 0},
	{"=?utf-8?q?=3Ca=40b=3E=2C?= <e@f.g>", "<a@b>,|e@f.g|", 0},
	{"a@b.c <>", "|a@b.c|", BAD},
	/* encoded words */
	{"=?utf-8?q?J=C3=BCrg?= =?utf-8?q?_M?= x <a@b.c>", "J" UE "rg M x|a@b.c|", 0},
	{"=?utf-8?Q?M=C3=BCller,_J=C3=BCrg?= <a@b.c>", "M" UE "ller, J" UE "rg|a@b.c|", 0},
	{"=?utf-8?Q?a:b;c<d>(e)@f\"g?= <a@b.c>", "a:b;c<d>(e)@f\"g|a@b.c|", 0},
	{"\"=?utf-8?q?J=C3=BCrg?= x\" <a@b.c>", "J" UE "rg x|a@b.c|", 0},
	{"=?utf-8?Q?J=C3=BCrg M?= <a@b.c>", "J" UE "rg M|a@b.c|", 0},
	{"=?utf-8?q?a=0D=0Ab=00?= <a@b.c>", "a b|a@b.c|", BIT(HEADER_CONTROL)},
	{"=?utf-8?q?G=C3=BC?=: a@b.c;", "|a@b.c|G" UE, 0},
	{"=?utf-8?q?J=C3=BCrg?=", "J" UE "rg||", BAD},
	/* raw bytes */
	{"J" UE "rg <j" UE "@m" UE ".de>", "J" UE "rg|j" UE "@m" UE ".de|", 0},
	{"J\xFCrg <a@b.c>", "J" UE "rg|a@b.c|", BIT(HEADER_8BIT)},
	{"a\x01@b.c", "a@b.c||", BAD | BIT(HEADER_CONTROL)},
	{"\x01; \x02:; a@b.c", "|a@b.c|", BAD | BIT(HEADER_CONTROL)},
	/* commas and quotes that are missing */
	{"Doe, John <a@b.c>, d@e.f", "Doe, John|a@b.c|\n|d@e.f|", BAD},
	{"Doe,John,Jr. <a@b.c>", "Doe,John,Jr.|a@b.c|", BAD},
	{"root, a@b.c", "|root|\n|a@b.c|", BAD},
	{"<a@b.c> <d@e.f>", "|a@b.c|\n|d@e.f|", BAD},
	{"Ann <a@b.c> Dee <d@e.f>", "Ann|a@b.c|\nDee|d@e.f|", BAD},
	{"a@b.c d@e.f", "|a@b.c|\n|d@e.f|", BAD},
	{"a@b.c (Ann) d@e.f (Dee)", "Ann|a@b.c|\nDee|d@e.f|", BAD},
	{"<a@b.c> d@e.f", "|a@b.c|\n|d@e.f|", BAD},
	{"<a@b.c>, \"unclosed <d@e.f>", "|a@b.c|\nunclosed|d@e.f|", BAD},
	{"a@b.c, :-( <d@e.f>, g@h.i", "|a@b.c|\n-(|d@e.f|\n|g@h.i|", BAD},
	{"a@b.c; d@e.f", "|a@b.c|\n|d@e.f|", BAD},
	{"<a@b.c, d@e.f", "|a@b.c|\n|d@e.f|", BAD},
	{"<a@b.c <d@e.f>", "|a@b.c|\n|d@e.f|", BAD},
	{"Ann <a@b.c", "Ann|a@b.c|", BAD},
	{"<<a@b.c>>", "|a@b.c|", BAD},
	{"<mailto:a@b.c>, mailto:d@e.f", "|a@b.c|\n|d@e.f|", 0},
	/* garbage, of which nothing is lost */
	{"<a@b.c> and more", "|a@b.c|", BAD},
	{"a@b.c and more, d@e.f", "|a@b.c|\n|d@e.f|", BAD},
	{"Ann a@b.c", "Ann|a@b.c|", BAD},
	{"J. smith@x.y", "|J.smith@x.y|", 0},
	{"Dear J. smith@x.y", "Dear J.|smith@x.y|", BAD},
	{"a..b.@x.y", "|a..b.@x.y|", 0},
	{"@b.c, d@e.f", "@b.c||\n|d@e.f|", BAD},
	{"a@, d@e.f", "a@||\n|d@e.f|", BAD},
	{"a@ <d@e.f>", "a@|d@e.f|", BAD},
	{"a@[x, d@e.f", "a@[x||\n|d@e.f|", BAD},
	{"[List] Ann <a@b.c>", "[List] Ann|a@b.c|", 0},
	{"root", "|root|", BAD},
	{"root (Cron Daemon)", "Cron Daemon|root|", BAD},
	{"Mail System <MAILER-DAEMON>", "Mail System|MAILER-DAEMON|", BAD},
	{"Mail System", "Mail System||", BAD},
	{"<>", "", 0},
	{"Ann <>", "Ann||", BAD},
	{"<\"root\">", "<\"root\">||", BAD},
	{"<a@>, d@e.f", "<a@>||\n|d@e.f|", BAD},
	{"(nothing)", "", 0},
	{"\"\" <a@b.c>", "|a@b.c|", 0},
	/* groups, also wrong ones */
	{"G:a@b.c", "|a@b.c|G", BAD},
	{"G:;, H:a@b.c;, d@e.f", "||G\n|a@b.c|H\n|d@e.f|", 0},
	{"G: H: a@b.c;; d@e.f", "|a@b.c|H\n|d@e.f|", BAD},
	{"G: a@b.c; d@e.f", "|a@b.c|G\n|d@e.f|", 0},
	{"a@b.c: d@e.f;", "|a@b.c|\n|d@e.f|", BAD},
	{": a@b.c;", "|a@b.c|", BAD},
	{"\"a:b\": a@b.c;", "|a@b.c|a:b", 0},
};

static void
reads(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].field);
		char out[1000] = "";
		uint64_t defects;
		email__mailboxes list = read_copy(cases[i].field, n, &defects);

		for (k = 0; k < list.count; k++)
			snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s|%s|%s", k ? "\n" : "",
			         list.item[k].name, list.item[k].address, list.item[k].group);
		if (strcmp(out, cases[i].list) != 0)
			fail_msg("%s:\n%s\nnot\n%s", cases[i].field, out, cases[i].list);
		if (defects != cases[i].defects)
			fail_msg("%s: defects %llx", cases[i].field, (unsigned long long)defects);
		for (k = 0; k < n; k++)
			read_copy(cases[i].field, k, &defects);
	}
}

static void
nul_is_not_the_end(void **state)
{
	uint64_t defects;
	email__mailboxes list;

	(void)state;
	list = read_copy("A\0n <a@b.c>\0, <d\0@e.f>", 23, &defects);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.item[0].name, "An");
	assert_string_equal(list.item[0].address, "a@b.c");
	assert_string_equal(list.item[1].address, "");
	assert_int_equal(defects, BAD | BIT(HEADER_CONTROL));
}

/* The bound is that of all fields of a name together. */
static void
too_many(void **state)
{
	enum { N = EMAIL__RECIPIENTS_MAX + 1 };
	static char field[N * 8];
	email__mailboxes list = {0};
	uint64_t defects = 0;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		memcpy(field + 8 * i, "a@b.cd, ", 8);
	assert_int_equal(email__mailboxes_read(&list, &arena, field, sizeof field - 8, &defects), EMAIL_OK);
	assert_int_equal(list.count, EMAIL__RECIPIENTS_MAX);
	assert_int_equal(defects, 0);
	assert_int_equal(email__mailboxes_read(&list, &arena, "G:a@b.c;", 8, &defects), EMAIL_OK);
	assert_int_equal(list.count, EMAIL__RECIPIENTS_MAX);
	assert_int_equal(defects, BIT(TOO_MANY_ADDRESSES));
	assert_string_equal(list.item[EMAIL__RECIPIENTS_MAX - 1].address, "a@b.cd");
}

static void
linear(void **state)
{
	static const char *const floods[] = {
		"(",       "\"",        "<",    "@",       ":",    ",",        ";",          "a ",
		"a@b@",    "\\",        "\"\\", "<@a",     "<@a,", "a.",       " .",         "=?a?q?",
		"=?a?q?,", "a, ",       "((a)", "a@b (c)", "a@[",  "<\"",      "\"a\" ",     "\"a\".",
		"[",       "a@b. (c) ", ">",    "<a@b ",   "<a (", "<mailto:", "=?a?q?a?= ", "a@b (c (d))",
		"<@a(b):", "x:y:",      " ",    "\x80",
	};
	enum { N = 1 << 20 };
	char *field = malloc(N);
	clock_t begun = clock();
	uint64_t defects;
	size_t i, at;

	(void)state;
	assert_non_null(field);
	for (i = 0; i < sizeof floods / sizeof *floods; i++) {
		size_t n = strlen(floods[i]);

		for (at = 0; at + n <= N; at += n)
			memcpy(field + at, floods[i], n);
		read_copy(field, at, &defects);
		email__arena_dispose(&arena);
	}
	free(field);
	assert_true((clock() - begun) / CLOCKS_PER_SEC < 60);
}

static void
no_memory(void **state)
{
	size_t n, i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool failed = true;

		for (n = 1; failed; n++) {
			email__arena a;
			email__mailboxes list = {0};
			uint64_t defects = 0;
			email_code rc;

			email__arena_init(&a, 1, 1 << 20);
			email_test_fail_alloc_from(n);
			rc = email__mailboxes_read(&list, &a, cases[i].field, strlen(cases[i].field),
			                           &defects);
			failed = email_test_alloc_failed();
			assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
			email__arena_dispose(&a);
			assert_int_equal(email_test_blocks(), 0);
		}
	}
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads, setup, teardown),
		cmocka_unit_test_setup_teardown(nul_is_not_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(linear, setup, teardown),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
