/* SPDX-License-Identifier: MIT */
#include "mime/parameter.h"

#include <emailservice/parse.h>

#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define BIT(d) (UINT64_C(1) << EMAIL_DEFECT_##d)
#define BAD BIT(PARAMETER)
#define REPLACED "\xEF\xBF\xBD"
#define UE "\xC3\xBC"

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

static const char *
read_copy(const char *field, size_t n, uint64_t *defects)
{
	char *copy = malloc(n ? n : 1);
	const char *out;
	bool memory;

	assert_non_null(copy);
	if (n)
		memcpy(copy, field, n);
	*defects = 0;
	out = email__parameter_read(&arena, copy, n, "name", defects, &memory);
	assert_false(memory);
	assert_non_null(email__parameter_value(&arena, copy, n));
	free(copy);
	return out;
}

static const struct {
	const char *field, *text; /* NULL: it is not there */
	uint64_t defects;
} cases[] = {
	{"", NULL, 0},
	{"a", NULL, 0},
	{"a; name=b", "b", 0},
	{"a;NAME=B", "B", 0},
	{"a; name = \"b c\" ; x=y", "b c", 0},
	{"a; names=b; nam=c; x-name=d", NULL, 0},
	{"a; name=\"\"", "", 0},
	{"a; name=\"b\\\"c\\\\d\"", "b\"c\\d", 0},
	{"a; name=\"C:\\dir\\file\"", "C:\\dir\\file", 0},
	{"a; name=\"b; name=c\"", "b; name=c", 0},
	{"a; x=\"; name=b\"; name=c", "c", 0},
	{"a; x=1;; name=b;", "b", 0},
	{"a\r\n\t; name=\"b\r\n c\"", "b c", 0},
	/* comments */
	{"text/plain; name=us-ascii (Plain text)", "us-ascii", 0},
	{"text/plain; name=\"us-ascii\" (Plain text)", "us-ascii", 0},
	{"a (; name=x); (; name=y) name (z) = b (c) ; d=e", "b", 0},
	{"a; name=b (unclosed", "b (unclosed", BAD},
	/* RFC 2231 3 to 4.1 */
	{"message/external-body; access-type=URL;\r\n name*0=\"ftp://\";\r\n name*1=\"cs.utk.edu/x\"",
         "ftp://cs.utk.edu/x", 0},
	{"a; name*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***", 0},
	{"a; name*0*=us-ascii'en'This%20is%20even%20more%20; name*1*=%2A%2A%2Afun%2A%2A%2A%20; "
         "name*2=\"isn't it!\"",
         "This is even more ***fun*** isn't it!", 0},
	{"a; name*=iso-8859-1''%FC", UE, 0},
	{"a; name*1=b; name*0=a; name*2=c", "abc", 0},
	{"a; name*0*=utf-8''%C3; name*1*=%BC", UE, 0},
	{"a; name*=utf-8''%e2%82%ac; name=x", "\xE2\x82\xAC", 0},
	{"a; name=x; name*=utf-8''y", "y", 0},
	{"a; name=x; name*0=y", "y", 0},
	{"a; name*0=x; name*=utf-8''y", "y", 0},
	{"a; name*=''%C3%BC", UE, 0},
	{"a; name*=''%FC", UE, BIT(HEADER_8BIT)},
	{"a; name*=\"utf-8''%C3%BC x\"", UE " x", 0},
	{"a; name*0=\"=?utf-8?q?=C3=\"; name*1=\"BC?=\"", UE, 0},
	/* and what comes of others' misreading of it */
	{"a; name*=%C3%BC", UE, BAD},
	{"a; name*=utf-8'x", "utf-8'x", BAD},
	{"a; name*=utf-8''100%", "100%", BAD},
	{"a; name*=utf-8''%4", "%4", BAD},
	{"a; name*=utf-8''%zz%41", "%zzA", BAD},
	{"a; name*0=a; name*2=c", "ac", BAD},
	{"a; name*1=b; name*2=c", "bc", BAD},
	{"a; name*1*=iso-8859-1''%FC; name*2=c", UE "c", BAD},
	{"a; name*0=a; name*1*=x''%41", "ax''A", 0},
	{"a; name*0=a; name*00=b; name*01=c", "ac", BAD},
	{"a; name*0=a; name*100=b; name*99999999999999999999=c", "a", BAD},
	{"a; name**=utf-8''x; name*x=y; name*0x=z; name*-1=y", NULL, BAD},
	{"a; name*=nobody-knows''a%FC", "a" REPLACED, BIT(UNKNOWN_CHARSET)},
	{"a; name*=utf-8''%FC", REPLACED, BIT(CHARSET)},
	{"a; name*=utf-8''a%0D%0Ab%00c", "a bc", BIT(HEADER_CONTROL)},
	{"a; name*='", "'", BAD},
	/* encoded words, raw bytes */
	{"a; name=\"=?utf-8?Q?=C3=BC_x?=\"", UE " x", 0},
	{"a; name=\"=?utf-8?Q?=C3=BC?=\r\n =?utf-8?Q?_x?=\"", UE " x", 0},
	{"a; name==?utf-8?Q?=C3=BC?=", UE, BAD},
	{"a; name==?utf-8?Q?a?= =?utf-8?Q?b?=; x=y", "ab", BAD},
	{"a; name=\"" UE "\"", UE, 0},
	{"a; name=\"\xFC\"", UE, BIT(HEADER_8BIT)},
	{"a; name=" UE, UE, 0},
	/* as people write */
	{"a; name=b c.pdf; x=y", "b c.pdf", BAD},
	{"a; name=b (1).pdf", "b (1).pdf", BAD},
	{"a; name=b(1).pdf", "b(1).pdf", BAD},
	{"a; name=(1).pdf", "(1).pdf", BAD},
	{"a name=b", "b", 0},
	{"a x=y name=b", "b", 0},
	{"a; x=\"y\" name=b", "b", 0},
	{"a; x=\"y\"name=b", "b", 0},
	{"a; x=y z; name=b", "b", BAD},
	{"name=b", "b", 0},
	{"a; name=say \"hi\"; x=y", "say \"hi\"", BAD},
	{"a; name=\"say \"hi\".pdf\"; x=y", "say \"hi\".pdf", BAD},
	{"a; name=\"b; x=y", "b", BAD},
	{"a; name=\"b; x=\"y\"", "b; x=\"y", BAD},
	{"a; name=", "", BAD},
	{"a; name=; x=y", "", BAD},
	{"a; name", NULL, BAD},
	{"a; name; name=b", "b", BAD},
	{"a; name=b; name=c", "b", BAD},
	{"a; =b; name=c", "c", BAD},
	{"a; <>@,:\\/[]?= name=c", "c", BAD},
};

static void
reads(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].field);
		uint64_t defects;
		const char *text = read_copy(cases[i].field, n, &defects);

		if (!text != !cases[i].text || (text && strcmp(text, cases[i].text) != 0))
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].field, text, cases[i].text);
		if (defects != cases[i].defects)
			fail_msg("%s: defects %llx", cases[i].field, (unsigned long long)defects);
		for (k = 0; k < n; k++)
			if ((text = read_copy(cases[i].field, k, &defects)))
				assert_true(email__utf8_valid(text, strlen(text)));
	}
}

static void
nul_is_not_the_end(void **state)
{
	uint64_t defects;

	(void)state;
	assert_string_equal(read_copy("a\0; name=\"b\0c\"", 14, &defects), "bc");
	assert_int_equal(defects, BIT(HEADER_CONTROL));
	assert_string_equal(read_copy("a; \0name=b", 10, &defects), "b");
}

static void
values(void **state)
{
	static const char *const c[][2] = {
		{"", ""},
		{"Attachment", "attachment"},
		{" attachment ; filename=x", "attachment"},
		{"attachment filename=x", "attachment"},
		{"(c) text (c) / (c) HTML (c); x=y", "text/html"},
		{"text/plain(x)", "text/plain"},
		{"\"inline\"", "inline"},
		{"filename=x", ""},
		{"filename = x", ""},
		{"; filename=x", ""},
		{"in\x01\xC3\xBCline", "inline"},
		{"inline (unclosed", "inline"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		assert_string_equal(email__parameter_value(&arena, c[i][0], strlen(c[i][0])), c[i][1]);
}

/* 1,000,000 sections are no more than the first hundred. */
static void
many_sections(void **state)
{
	enum { N = 1000000, ROOM = 24 * N };
	char *field = malloc(ROOM), *at = field;
	uint64_t defects;
	const char *text;
	int i;

	(void)state;
	assert_non_null(field);
	for (i = 0; i < N; i++)
		at += snprintf(at, (size_t)(field + ROOM - at), ";name*%d=x", i);
	text = read_copy(field, (size_t)(at - field), &defects);
	assert_int_equal(strlen(text), 100);
	assert_int_equal(defects, BAD);
	free(field);
}

static void
linear(void **state)
{
	static const char *const floods[] = {
		";a=\"x",       ";a=\"x\"", "\" ", ";name=\"", " (",   "( ",    ";name=a (",
		";name=a (x)b", "a ",       ";",   "=",        "\" a", "\"a =", " \" \t\r\n",
		";a=b (x) c",   "   ",      "\\",  "\"\\",     "/ ",   "/ (x)", ";name*0*=%",
	};
	enum { N = 2 << 20 };
	char *field = malloc(N);
	clock_t begun = clock();
	uint64_t defects;
	size_t i, at, shift;

	(void)state;
	assert_non_null(field);
	for (i = 0; i < sizeof floods / sizeof *floods; i++)
		for (shift = 0; shift < 2; shift++) {
			size_t n = strlen(floods[i]);

			memcpy(field, "a;name=\"", 8);
			for (at = shift * 8; at + n <= N; at += n)
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
	static const char field[] =
		"a; name*0*=iso-8859-1''%FCnnnnnnnnnnnnnnn; name*1=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	bool memory = true, failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		email__arena a;
		uint64_t defects = 0;
		const char *text;

		email__arena_init(&a, 1, 1 << 20);
		email_test_fail_alloc_from(n);
		text = email__parameter_read(&a, field, sizeof field - 1, "name", &defects, &memory);
		failed = email_test_alloc_failed();
		assert_int_equal(memory, failed);
		assert_int_equal(text == NULL, failed);
		email__arena_dispose(&a);
		assert_int_equal(email_test_blocks(), 0);
	}
	assert_true(n > 3);
	email__arena_init(&arena, 1, 1 << 20);
	email_test_fail_alloc_from(1);
	assert_null(email__parameter_value(&arena, "a", 1));
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads, setup, teardown),
		cmocka_unit_test_setup_teardown(nul_is_not_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(many_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(linear, setup, teardown),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
