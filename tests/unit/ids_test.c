/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "mime/mailbox.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define BAD (UINT64_C(1) << EMAIL_DEFECT_MESSAGE_ID)
#define UE "\xC3\xBC"

static email__ids
read_copy(email__arena *a, const char *text, size_t n, uint64_t *defects)
{
	char *copy = malloc(n ? n : 1);
	email__ids list = {0};

	assert_non_null(copy);
	if (n)
		memcpy(copy, text, n);
	*defects = 0;
	assert_int_equal(email__ids_read(&list, a, copy, n, defects), EMAIL_OK);
	free(copy);
	return list;
}

static const struct {
	const char *field, *list;
	uint64_t defects;
} cases[] = {
	{"", "", 0},
	{" \r\n ", "", 0},
	{"<a@b>", "<a@b>", 0},
	{" <a@b>\r\n <c@d><e@f>, <g@h> ", "<a@b> <c@d> <e@f> <g@h>", 0},
	{"<a@[192.0.2.1]>", "<a@[192.0.2.1]>", 0},
	{"<20261124.083000>", "<20261124.083000>", 0},
	{"(not <x@y>) <a@b> (nor \\) <z@y>)", "<a@b>", 0},
	/* RFC 5322 4.5.4: phrases */
	{"Your message of \"Tue, <24> Nov\" <a@b>", "<a@b>", 0},
	{"Message from ann@x.y of Tue <a@b>", "<a@b>", 0},
	{"\"unclosed <a@b>", "<a@b>", 0},
	{"(unclosed <a@b>", "<a@b>", 0},
	/* broken ones */
	{"<a\r\n b@c>", "<ab@c>", BAD},
	{"<a@b <c@d>", "<a@b> <c@d>", BAD},
	{"<<a@b>>", "<a@b>", BAD},
	{"<a@b", "<a@b>", BAD},
	{"<a@b and more", "<a@b>", BAD},
	{"<and more", "", BAD},
	{"<> < > <a@b>", "<a@b>", BAD},
	{"<", "", BAD},
	{"<a" UE "@b>", "<a" UE "@b>", 0},
	{"<a\x01@b\x7F>", "<a@b>", BAD | (UINT64_C(1) << EMAIL_DEFECT_HEADER_CONTROL)},
	{"<a\xC2\x85@b>", "<a@b>", BAD | (UINT64_C(1) << EMAIL_DEFECT_HEADER_CONTROL)},
	/* without "<": only where there is nothing else */
	{"a@b", "<a@b>", BAD},
	{" a@b, c@d;(x) e@f ", "<a@b> <c@d> <e@f>", BAD},
	{"ann@x.y on Tuesday", "", BAD},
	{"nothing", "", BAD},
	{"@b", "", BAD},
	{"a@", "", BAD},
	{"a@b>", "<a@b>", BAD},
};

static void
reads(void **state)
{
	email__arena a;
	size_t i, k;

	(void)state;
	email__arena_init(&a, 64, 1 << 20);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].field);
		char out[1000] = "";
		uint64_t defects;
		email__ids list = read_copy(&a, cases[i].field, n, &defects);

		for (k = 0; k < list.count; k++)
			snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", k ? " " : "",
			         list.item[k]);
		if (strcmp(out, cases[i].list) != 0)
			fail_msg("%s: %s, not %s", cases[i].field, out, cases[i].list);
		if (defects != cases[i].defects)
			fail_msg("%s: defects %llx", cases[i].field, (unsigned long long)defects);
		for (k = 0; k < n; k++)
			read_copy(&a, cases[i].field, k, &defects);
	}
	email__arena_dispose(&a);
}

static void
nul_is_not_the_end(void **state)
{
	email__arena a;
	email__ids list;
	uint64_t defects;

	(void)state;
	email__arena_init(&a, 64, 1 << 20);
	list = read_copy(&a, "\0<a\0b@c>\0", 9, &defects);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.item[0], "<ab@c>");
	assert_int_equal(defects, BAD | (UINT64_C(1) << EMAIL_DEFECT_HEADER_CONTROL));
	email__arena_dispose(&a);
}

static void
too_many(void **state)
{
	static char field[(EMAIL__IDS_MAX + 5) * 7];
	email__arena a;
	email__ids list;
	uint64_t defects;
	size_t i;

	(void)state;
	email__arena_init(&a, 64, 1 << 20);
	for (i = 0; i < sizeof field; i += 7)
		memcpy(field + i, "<ab@c> ", 7);
	list = read_copy(&a, field, EMAIL__IDS_MAX * 7, &defects);
	assert_int_equal(list.count, EMAIL__IDS_MAX);
	assert_int_equal(defects, 0);
	list = read_copy(&a, field, sizeof field, &defects);
	assert_int_equal(list.count, EMAIL__IDS_MAX);
	assert_int_equal(defects, BAD);
	email__arena_dispose(&a);
}

static void
linear(void **state)
{
	static const char *const floods[] = {"<",    "<a@b ", "(",   "\"",   "\"<", "<a@b>",
	                                     "a@b ", "a@b,;", "( <", "<a >", " "};
	enum { N = 1 << 20 };
	char *field = malloc(N);
	clock_t begun = clock();
	uint64_t defects;
	email__arena a;
	size_t i, at;

	(void)state;
	assert_non_null(field);
	email__arena_init(&a, 64, 64 << 20);
	for (i = 0; i < sizeof floods / sizeof *floods; i++) {
		size_t n = strlen(floods[i]);

		for (at = 0; at + n <= N; at += n)
			memcpy(field + at, floods[i], n);
		read_copy(&a, field, at, &defects);
		email__arena_dispose(&a);
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
			email__ids list = {0};
			uint64_t defects = 0;
			email_code rc;

			email__arena_init(&a, 1, 1 << 20);
			email_test_fail_alloc_from(n);
			rc = email__ids_read(&list, &a, cases[i].field, strlen(cases[i].field), &defects);
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(nul_is_not_the_end),
	                                   cmocka_unit_test(too_many), cmocka_unit_test(linear),
	                                   cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
