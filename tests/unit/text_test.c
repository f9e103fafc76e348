/* SPDX-License-Identifier: MIT */
#include "mime/text.h"

#include <emailservice/parse.h>

#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define BIT(d) (UINT64_C(1) << EMAIL_DEFECT_##d)
#define REPLACED "\xEF\xBF\xBD"

static email__arena arena;

static int
setup(void **state)
{
	(void)state;
	email__arena_init(&arena, 64, 64 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__arena_dispose(&arena);
	return 0;
}

/* Read from a copy of just its size, so that a sanitizer sees what is read behind it. */
static const char *
read_field(const char *text, size_t n, uint64_t *defects)
{
	char *copy = malloc(n ? n : 1);
	const char *out;

	assert_non_null(copy);
	if (n)
		memcpy(copy, text, n);
	*defects = 0;
	out = email__text_read(&arena, copy, n, defects);
	free(copy);
	return out;
}

static const struct {
	const char *field, *text;
	uint64_t defects;
} cases[] = {
	{"", "", 0},
	{" \r\n\t", "", 0},
	{" plain ", "plain", 0},
	{"a\tb", "a\tb", 0},
	/* folds */
	{"a\r\n b", "a b", 0},
	{"a\r\n\tb", "a b", 0},
	{"a\n  b", "a  b", 0},
	{"a \r\n b", "a  b", 0},
	{"a\r\nb", "a b", BIT(HEADER_CONTROL)},
	{"a\rb", "a b", BIT(HEADER_CONTROL)},
	/* RFC 2047 8 */
	{"=?ISO-8859-1?Q?a?=", "a", 0},
	{"=?ISO-8859-1?Q?a?= b", "a b", 0},
	{"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab", 0},
	{"=?ISO-8859-1?Q?a?=  \r\n    =?ISO-8859-1?Q?b?=", "ab", 0},
	{"=?ISO-8859-1?Q?a_b?=", "a b", 0},
	{"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b", 0},
	{"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
         "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
         "If you can read this you understand the example.", 0},
	{"=?utf-8?q?=E2=82=AC=e2=82=ac?=", "\xE2\x82\xAC\xE2\x82\xAC", 0},
	{"=?utf-8*en?q?x?=", "x", 0},
	{"=?UTF-8*de-DE?B?w7w=?= =?utf-8?q?=C3=BC?=", "\xC3\xBC\xC3\xBC", 0},
	/* next to text, and to each other */
	{"Re:=?utf-8?q?x?=y", "Re:xy", 0},
	{"(=?utf-8?q?a?=)", "(a)", 0},
	{"=?utf-8?q?a?==?utf-8?q?b?=", "ab", 0},
	{"=?utf-8?q?a?= \r\n\tb =?utf-8?q?c?=", "a  b c", 0},
	/* a character in two words */
	{"=?utf-8?q?=E2=82?= =?utf-8?q?=AC?=", "\xE2\x82\xAC", 0},
	{"=?utf-8?b?4oI=?=\r\n =?UTF-8?b?rA==?=", "\xE2\x82\xAC", 0},
	{"=?utf-8?b?4oI=?= =?utf-8?q?=AC?=", "\xE2\x82\xAC", 0},
	{"=?utf-8?q?=E2=82?= =?us-ascii?q?x?=", REPLACED "x", BIT(CHARSET)},
	{"=?utf-8?q?=E2=82?= x", REPLACED " x", BIT(CHARSET)},
	{"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "\xE6\x97\xA5\xE6\x9C\xAC", 0},
	/* not as the RFC has it */
	{"=?utf-8?q?a b  c?=", "a b  c", 0},
	{"=?utf-8?q?a\r\n b?=", "a b", 0},
	{"=?utf-8?q?what?\?=", "what?", 0},
	{"=?utf-8?q?\?=", "", 0},
	{"=?utf-8?b?w7w?=", "\xC3\xBC", 0},
	{"=?utf-8?b?w7w?= =?utf-8?b?w7w=?=", "\xC3\xBC\xC3\xBC", 0},
	{"=?utf-8?b?YW\r\n Jj?=", "abc", 0},
	{"=?utf-8?b?YW*Jj?=", "abc", BIT(ENCODED_WORD)},
	{"=?utf-8?q?=4?=", "=4", BIT(ENCODED_WORD)},
	{"=?utf-8?q?=zz=?=", "=zz=", BIT(ENCODED_WORD)},
	{"=?utf-8?q?a\xC3\xBC?=", "a\xC3\xBC", 0},
	{"=?utf-8?x?a?=", "=?utf-8?x?a?=", BIT(ENCODED_WORD)},
	{"=?utf-8?q?a", "=?utf-8?q?a", BIT(ENCODED_WORD)},
	{"=?utf-8?q?a b =?utf-8?q?c?=", "=?utf-8?q?a b c", BIT(ENCODED_WORD)},
	{"=?utf-8?q?a =?utf-8?q?b =?utf-8?q?c?= d", "=?utf-8?q?a =?utf-8?q?b c d", BIT(ENCODED_WORD)},
	{"=??q?a?=", "=??q?a?=", 0},
	{"=?a b?q?a?=", "=?a b?q?a?=", 0},
	{"=?", "=?", 0},
	{"=?=?=", "=?=?=", 0},
	{"a=?b", "a=?b", 0},
	/* a word in a word is text, once */
	{"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", "=?utf-8?q?x?=", 0},
	/* charsets */
	{"=?nobody-knows?q?a=FC?=", "a" REPLACED, BIT(UNKNOWN_CHARSET)},
	{"=?utf-8?q?=FC?=", REPLACED, BIT(CHARSET)},
	{"=?windows-1252?q?=80?=", "\xE2\x82\xAC", 0},
	/* raw bytes */
	{"\xC3\xBC \xE2\x82\xAC", "\xC3\xBC \xE2\x82\xAC", 0},
	{"\xFC \x80", "\xC3\xBC \xE2\x82\xAC", BIT(HEADER_8BIT)},
	{"\xC3\xBC\xFC\r\n \xC3", "\xC3\xBC\xC3\xBC \xC3\x83", BIT(HEADER_8BIT)},
	{"\xFC=?utf-8?q?=C3=BC?=\xFC", "\xC3\xBC\xC3\xBC\xC3\xBC", BIT(HEADER_8BIT)},
	/* no control character gets out, and none makes a line of its own (security of those who log it) */
	{"=?utf-8?q?a=0D=0ABcc:_b?=", "a Bcc: b", BIT(HEADER_CONTROL)},
	{"=?utf-8?b?YQ0KDQpi?=", "a b", BIT(HEADER_CONTROL)},
	{"=?utf-8?q?a=00b=1Bc=7Fd?=", "abcd", BIT(HEADER_CONTROL)},
	{"=?utf-8?q?a=C2=85b=E2=80=A8c=C2=9Bd?=", "a b cd", BIT(HEADER_CONTROL)},
	{"=?iso-8859-1?q?a=09b?=", "a\tb", 0},
	{"=?utf-7?q?a+AA0ACg-b?=", "a b", BIT(HEADER_CONTROL)},
	{"a\x07"
         "b\x7F",
         "ab", BIT(HEADER_CONTROL)},
};

static void
reads(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t defects;
		const char *text = read_field(cases[i].field, strlen(cases[i].field), &defects);

		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].field, text, cases[i].text);
		if (defects != cases[i].defects)
			fail_msg("%s: defects %llx", cases[i].field, (unsigned long long)defects);
	}
}

static void
nul_is_not_the_end(void **state)
{
	uint64_t defects;

	(void)state;
	assert_string_equal(read_field("a\0b", 3, &defects), "ab");
	assert_int_equal(defects, BIT(HEADER_CONTROL));
}

/* Every byte as Q and as B, whole and cut: the end is that of the field. */
static void
long_words(void **state)
{
	char field[4000] = "=?utf-8?q?", text[1200] = "";
	size_t i, n = strlen(field);
	uint64_t defects;

	(void)state;
	for (i = 0; i < 300; i++) {
		memcpy(field + n, "=C3=BC", 6);
		n += 6;
		memcpy(text + 2 * i, "\xC3\xBC", 3);
	}
	memcpy(field + n, "?=", 3);
	assert_string_equal(read_field(field, n + 2, &defects), text);
	assert_int_equal(defects, 0);
	for (i = 0; i < n + 2; i++) {
		const char *cut = read_field(field, i, &defects);

		assert_true(email__utf8_valid(cut, strlen(cut)));
		assert_true(strlen(cut) <= i);
	}
}

static void
phrases(void **state)
{
	uint64_t defects = 0;

	(void)state;
	assert_string_equal(email__text_read_phrase(&arena, " =?utf-8?q?a?= b ", 17, &defects), " a b ");
	assert_int_equal(defects, 0);
	assert_int_equal(email__text_word("=?utf-8?q?x", 11), 10);
	assert_int_equal(email__text_word("=?utf-8?B?", 10), 10);
	assert_int_equal(email__text_word("=?utf-8?B", 9), 0);
	assert_int_equal(email__text_word("=?utf-8?x?", 10), 0);
	assert_int_equal(email__text_word("=", 1), 0);
}

static void
charsets(void **state)
{
	uint64_t defects = 0;

	(void)state;
	assert_string_equal(email__text_from_charset(&arena, "iso-8859-1", 10, "\xFC=?", 3, &defects),
	                    "\xC3\xBC=?");
	assert_string_equal(email__text_from_charset(&arena, "", 0, "\xC3\xBC", 2, &defects), "\xC3\xBC");
	assert_string_equal(email__text_from_charset(&arena, "", 0, "", 0, &defects), "");
	assert_int_equal(defects, 0);
	assert_string_equal(email__text_from_charset(&arena, "x y", 3, "a\xFC\r\n", 4, &defects),
	                    "a" REPLACED " ");
	assert_int_equal(defects, BIT(UNKNOWN_CHARSET) | BIT(HEADER_CONTROL));
}

/* Floods that would take minutes if each beginning were followed to the end. */
static void
linear(void **state)
{
	static const char *const floods[] = {
		"=?",       "=?=?",          "=?a?q?x",         "=?a?q? ",  "=?utf-8?q?a?= ", "=?utf-8?b?\?=",
		"\xC3\xBC", "=?utf-8?q?=E2", " =?utf-8?q?a =?", "\r\n \r ", "\xFC",           "=?a?q?x\xFC",
	};
	enum { N = 2 << 20 };
	char *field = malloc(N);
	clock_t begun = clock();
	uint64_t defects;
	size_t i, at;

	(void)state;
	assert_non_null(field);
	for (i = 0; i < sizeof floods / sizeof *floods; i++) {
		size_t n = strlen(floods[i]);
		const char *text;

		for (at = 0; at + n <= N; at += n)
			memcpy(field + at, floods[i], n);
		text = read_field(field, at, &defects);
		assert_true(email__utf8_valid(text, strlen(text)));
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
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		for (n = 1;; n++) {
			email__arena a;
			uint64_t defects = 0;
			const char *text;

			email__arena_init(&a, 1, 1 << 20);
			email_test_fail_alloc_from(n);
			text = email__text_read(&a, cases[i].field, strlen(cases[i].field), &defects);
			if (!email_test_alloc_failed())
				assert_string_equal(text, cases[i].text);
			else
				assert_null(text);
			email__arena_dispose(&a);
			assert_int_equal(email_test_blocks(), 0);
			if (!email_test_alloc_failed())
				break;
		}
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads, setup, teardown),
		cmocka_unit_test_setup_teardown(nul_is_not_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(long_words, setup, teardown),
		cmocka_unit_test_setup_teardown(phrases, setup, teardown),
		cmocka_unit_test_setup_teardown(charsets, setup, teardown),
		cmocka_unit_test_setup_teardown(linear, setup, teardown),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
