/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "sheet/scan.h"

static email_error error;

static email_code
scan(const char *text, size_t n, int *line)
{
	memset(&error, 0, sizeof error);
	return email__sheet_scan(text, n, line, &error);
}

static void
ordinary_sheets_pass(void **state)
{
	static const char *const good[] = {
		"<a/>",
		("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a x='1' y=\"&lt;>\"><b>t</b><!-- c > < "
	         "--><?pi "
	         "x?></a>\n"),
		"\xEF\xBB\xBF<a/>",
		"<?xml version='1.0' encoding='utf-8'?><a><![CDATA[<!DOCTYPE x> ]] > <b>]]></a>",
		"<a>\xC3\xA4</a>",
		"<a\n\tx = \"1\"\n/>",
	};
	size_t i;
	int line;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		if (scan(good[i], strlen(good[i]), &line))
			fail_msg("%s: %s", good[i], error.text);
}

static void
what_is_refused_has_its_line(void **state)
{
	static const struct {
		const char *text;
		int line;
	} bad[] = {
		{"<!DOCTYPE a><a/>", 1},
		{"<?xml version='1.0'?>\n<!doctype a [<!ENTITY x 'y'>]>\n<a/>", 2},
		{"<?xml version='1.0' encoding='UTF-16'?><a/>", 1},
		{"<?xml version='1.0' encoding=\"ISO-8859-1\"?><a/>", 1},
		{"<a>\n<b>\n\xFF</b></a>", 3},
		{"<a>\n<b x=1/></a>", 2},
		{"<a>\n<b x/></a>", 2},
		{"<a>\n<b x='<'/></a>", 2},
		{"<a>\n<b x='1", 2},
		{"<a>\n<b", 2},
		{"<a>\n</a>\n</a>", 3},
		{"<a>\n<b>", 2},
		{"<a>\n<!-- x", 2},
		{"<a>\n<!-- x -- y --></a>", 2},
		{"<a>\n<![CDATA[ x</a>", 2},
		{"<a>\n<?pi x</a>", 2},
		{"<![CDATA[x]]><a/>", 1},
		{"<a>\n< b/></a>", 2},
		{"<a>\n<b\"x\"/></a>", 2},
	};
	size_t i;
	int line;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (scan(bad[i].text, strlen(bad[i].text), &line) != EMAIL_E_SHEET)
			fail_msg("passed: %s", bad[i].text);
		if (line != bad[i].line)
			fail_msg("line %d: %s", line, bad[i].text);
		assert_true(error.text[0]);
	}
	assert_int_equal(scan("<a>\0</a>", 8, &line), EMAIL_E_SHEET);
}

/* `piece` as often, with its number where it has a '#'. */
static char *
repeated(const char *head, const char *piece, size_t times, const char *tail)
{
	char *text = malloc(strlen(head) + times * (strlen(piece) + 12) + strlen(tail) + 1), *p = text;
	const char *mark = strchr(piece, '#');
	size_t i;

	p += sprintf(p, "%s", head);
	for (i = 0; i < times; i++)
		p += mark ? sprintf(p, "%.*s%zu%s", (int)(mark - piece), piece, i, mark + 1)
		          : sprintf(p, "%s", piece);
	sprintf(p, "%s", tail);
	return text;
}

static void
bound(const char *head, const char *piece, size_t times, const char *tail, bool passes)
{
	char *text = repeated(head, piece, times, tail);
	clock_t began = clock(); /* the processor's time: the machine may have other work */
	int line;
	email_code rc;

	rc = scan(text, strlen(text), &line);
	assert_true(clock() - began < 4 * CLOCKS_PER_SEC);
	if ((rc == EMAIL_OK) != passes)
		fail_msg("%zu of %s: %s", times, piece, error.text);
	free(text);
}

static void
bounds_are_exact_and_cheap(void **state)
{
	(void)state;
	bound("<a", " x#='1'", EMAIL__SHEET_ATTRIBUTES_MAX, "/>", true);
	bound("<a", " x#='1'", EMAIL__SHEET_ATTRIBUTES_MAX + 1, "/>", false);
	bound("<a", " x#='1'", 40000, "/>", false);
	bound("<a>", "<b#/>", EMAIL__SHEET_NODES_MAX - 1, "</a>", true);
	bound("<a>", "<b#/>", EMAIL__SHEET_NODES_MAX, "</a>", false);
	bound("", "<b#>", EMAIL__SHEET_DEPTH_MAX + 1, "", false);
	bound("", "<b#>", 100000, "", false);
	bound("<a>", "<!--#-->", 300000, "</a>", false);
	bound("<", "a", EMAIL__SHEET_NAME_MAX + 1, "/>", false);
}

/* However a good sheet is cut off, it is refused. */
static void
a_cut_off_sheet_is_refused(void **state)
{
	static const char text[] = "<?xml version=\"1.0\"?><a x='1'><!-- c --><b><![CDATA[d]]></b></a>";
	size_t n;
	int line;

	(void)state;
	for (n = 1; n < sizeof text - 1; n++) {
		/* a whole declaration, and nothing behind it, is for the parser to refuse */
		if (n == 21)
			continue;
		if (scan(text, n, &line) == EMAIL_OK)
			fail_msg("%zu bytes", n);
	}
	assert_int_equal(scan(text, sizeof text - 1, &line), EMAIL_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_sheets_pass),
		cmocka_unit_test(what_is_refused_has_its_line),
		cmocka_unit_test(bounds_are_exact_and_cheap),
		cmocka_unit_test(a_cut_off_sheet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
