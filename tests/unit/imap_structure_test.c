/* SPDX-License-Identifier: MIT */
#include "proto/imap_structure.h"

#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email__arena arena;

static email_code
read_plan(email__imap_plan *plan, const char *text)
{
	email__imap_lex l;

	email__arena_dispose(&arena);
	email__arena_init(&arena, 256, EMAIL__IMAP_PLANS_MAX);
	email__imap_lex_start(&l, text, strlen(text), 0);
	email__imap_lex_next(&l);
	return email__imap_structure_read(plan, &l, &arena);
}

/* "HEADER <b>1.MIME 1 </b>": sections, delimiters in front of them, ends. */
static const char *
shown(const char *text)
{
	static char out[4000];
	email__imap_plan plan;
	email_code rc = read_plan(&plan, text);
	size_t i, used = 0;

	if (rc)
		return email_code_name(rc);
	out[0] = '\0';
	for (i = 0; i < plan.count; i++) {
		const email__imap_step *s = &plan.steps[i];

		if (s->boundary)
			used += (size_t)snprintf(out + used, sizeof out - used, s->section ? "<%s>" : "</%s>",
			                         s->boundary->text);
		used += (size_t)snprintf(out + used, sizeof out - used, "%s%s ", s->section ? s->section : "",
		                         s->header ? "+" : "");
	}
	return out;
}

#define TEXT "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1)"
#define FILE_ "(\"image\" \"png\" (\"name\" \"x\") NIL NIL \"base64\" 999 NIL (\"attachment\" NIL) NIL NIL)"

static void
plans(void **state)
{
	static const char *const rows[][2] = {
		{TEXT, "HEADER+ TEXT "},
		{FILE_, "HEADER+ "},
		{"(\"TEXT\" \"HTML\" NIL NIL NIL \"7bit\" 3 1 NIL (\"INLINE\" (\"filename\" \"x\")) NIL NIL "
	         "(1 (2)))",
	         "HEADER+ TEXT "},
		{"(\"text\" \"csv\" NIL NIL NIL \"7bit\" 3 1 \"md5\" (\"ATTACHMENT\" NIL))", "HEADER+ "},
		{"(\"text\" \"csv\" NIL NIL NIL \"7bit\" 3 1 NIL)", "HEADER+ TEXT "},
		{"(NIL NIL NIL NIL NIL NIL 0)", "HEADER+ "},
		{"({4}\r\ntext {5}\r\nplain NIL NIL NIL \"7bit\" 3 1)", "HEADER+ TEXT "},
		{"(" TEXT FILE_ " \"mixed\" (\"boundary\" \"b\"))", "HEADER+ <b>1.MIME+ 1 <b>2.MIME+ </b> "},
		{"((" TEXT TEXT " \"alternative\" (\"x\" NIL \"BOUNDARY\" \"in ner\") NIL)" FILE_
	         " \"mixed\" (\"boundary\" \"out\\\"er\") NIL (\"de\" \"en\") NIL)",
	         "HEADER+ <out\"er>1.MIME+ <in ner>1.1.MIME+ 1.1 <in ner>1.2.MIME+ 1.2 </in ner> "
	         "<out\"er>2.MIME+ "
	         "</out\"er> "},
		/* a message within the message is an attachment, with its own envelope and structure */
		{"(" TEXT "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL \"s\" ((\"a\" NIL \"b\" "
	         "\"c\")) NIL NIL NIL "
	         "NIL NIL NIL NIL) (" TEXT TEXT
	         " \"mixed\" (\"boundary\" \"no\")) 5 NIL NIL NIL NIL) \"mixed\" "
	         "(\"boundary\" \"b\"))",
	         "HEADER+ <b>1.MIME+ 1 <b>2.MIME+ </b> "},
		/* the first boundary counts */
		{"(" TEXT " \"mixed\" (\"boundary\" \"b\" \"boundary\" \"c\"))",
	         "HEADER+ <b>1.MIME+ 1 </b> "},
		{"NIL", "E_PROTOCOL"},
		{"()", "E_PROTOCOL"},
		{"(\"text\")", "E_PROTOCOL"},
		{"(\"text\" \"plain\" NIL NIL NIL \"7bit\")", "E_PROTOCOL"},
		{"(\"text\" \"plain\" (NIL NIL NIL \"7bit\" 3 1)", "E_PROTOCOL"},
		{"(\"text\" \"plain\" \"x\" NIL NIL \"7bit\" 3 1)", "E_PROTOCOL"},
		{"(" TEXT ")", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\")", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\" NIL)", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\" (\"boundary\" \"\"))", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\" (\"boundary\" NIL))", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\" (\"boundary\" {3}\r\na\nb))", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\" (\"boundary\"))", "E_PROTOCOL"},
		{"(" TEXT " \"mixed\" (\"boundary\" \"b\")", "E_PROTOCOL"},
		{"(" TEXT "x \"mixed\" (\"boundary\" \"b\"))", "E_PROTOCOL"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(shown(rows[i][0]), rows[i][1]);
}

/* Every prefix is refused, and none is read over its end. */
static void
prefixes(void **state)
{
	static const char text[] =
		"((" TEXT FILE_ " \"a\" (\"boundary\" \"b\")) " TEXT " \"mixed\" (\"boundary\" \"c\") NIL)";
	size_t n;

	(void)state;
	for (n = 1; n < sizeof text - 1; n++) {
		char *cut = malloc(n);
		email__imap_plan plan;
		email__imap_lex l;

		memcpy(cut, text, n);
		email__arena_dispose(&arena);
		email__arena_init(&arena, 256, EMAIL__IMAP_PLANS_MAX);
		email__imap_lex_start(&l, cut, n, 0);
		email__imap_lex_next(&l);
		assert_int_equal(email__imap_structure_read(&plan, &l, &arena), EMAIL_E_PROTOCOL);
		free(cut);
	}
}

/* Depth and number have their bounds, and so has memory. */
static void
bounds(void **state)
{
	static char text[EMAIL__IMAP_LINE_MAX * 2];
	email__imap_plan plan;
	size_t i;

	(void)state;
	for (i = 1; i <= EMAIL__DEPTH_MAX + 4; i++) {
		size_t k;

		text[0] = '\0';
		for (k = 1; k < i; k++)
			strcat(text, "(");
		strcat(text, TEXT);
		for (k = 1; k < i; k++)
			strcat(text, " \"m\" (\"boundary\" \"b\"))");
		assert_int_equal(read_plan(&plan, text), i <= EMAIL__DEPTH_MAX ? EMAIL_OK : EMAIL_E_LIMIT);
	}
	strcpy(text, "(");
	for (i = 0; i < 600; i++)
		strcat(text, TEXT);
	strcat(text, " \"m\" (\"boundary\" \"b\"))");
	assert_int_equal(read_plan(&plan, text), EMAIL_E_LIMIT); /* two sections each */
	memset(text, '(', 1000);
	text[1000] = '\0';
	assert_int_equal(read_plan(&plan, text), EMAIL_E_LIMIT);
}

static void
no_memory(void **state)
{
	static const char text[] =
		"((" TEXT FILE_ " \"a\" (\"boundary\" \"b\")) " TEXT " \"mixed\" (\"boundary\" \"c\"))";
	email__imap_plan plan;
	size_t n, all;

	(void)state;
	email__arena_dispose(&arena);
	email_test_fail_alloc(0);
	assert_int_equal(read_plan(&plan, text), EMAIL_OK);
	all = email_test_allocs();
	assert_true(all > 0);
	for (n = 1; n <= all; n++) {
		email__arena_dispose(&arena);
		email_test_fail_alloc(n);
		assert_int_equal(read_plan(&plan, text), EMAIL_E_MEMORY);
	}
	email__arena_dispose(&arena);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(plans), cmocka_unit_test(prefixes),
	                                   cmocka_unit_test(bounds), cmocka_unit_test(no_memory)};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	email__arena_dispose(&arena);
	return failed;
}
