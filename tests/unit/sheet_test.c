/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <stdlib.h>

#include "sheet/sheet.h"
#include "support/failalloc.h"

#define ROOT "root"
#define NS "urn:test"
#define MAX 100000

static email_error error;

static email_code
parse(const char *text, size_t n, email__sheet **sheet)
{
	memset(&error, 0, sizeof error);
	return email__sheet_parse(text, n, MAX, "x.xml", ROOT, NS, sheet, &error);
}

static email__sheet *
good(const char *text)
{
	email__sheet *sheet;

	if (parse(text, strlen(text), &sheet))
		fail_msg("line %d: %s", error.line, error.text);
	return sheet;
}

static char *
written(email__sheet *sheet)
{
	email__buf out;
	char *copy;

	email__buf_init(&out, MAX);
	assert_int_equal(email__sheet_write(sheet, &out), EMAIL_OK);
	copy = strdup(email__buf_text(&out));
	email__buf_dispose(&out);
	return copy;
}

static void
writes(email__sheet *sheet, const char *expected)
{
	char *text = written(sheet), *again;
	email__sheet *second;

	assert_string_equal(text, expected);
	/* and what was written is read and written the same */
	second = good(text);
	again = written(second);
	assert_string_equal(again, text);
	email__sheet_free(second);
	free(again);
	free(text);
}

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void
bad_sheets_are_refused_with_a_line(void **state)
{
	static const struct {
		const char *text;
		int line;
	} bad[] = {
		{"", 1},
		{"text", 1},
		{"<root/>", 1},
		{"<other xmlns='urn:test'/>", 1},
		{"<root xmlns='urn:test'>\n<a>\n</b>\n</root>", 3},
		{"<root xmlns='urn:test'/>\n<root/>", 2},
		{"<root xmlns='urn:test'/>\ntext", 2},
		{"<root xmlns='urn:test'>\n&unknown;</root>", 2},
		{"<root xmlns='urn:test'>\n<a x='1' x='2'/></root>", 2},
		{"<root xmlns='urn:test'>\n\x01</root>", 2},
		{"<root xmlns='urn:test' xmlns:y='urn:y'>\n<y:a/></root>", 2},
		{"<root xmlns='urn:test'>\n<y:a/></root>", 2},
		{"<root xmlns='urn:test'>\n<a xmlns='urn:other'/></root>", 2},
		{"<root xmlns='urn:test' xmlns:y='urn:y'>\n<a y:ref='x'/></root>", 2},
		{"<root xmlns='urn:test'>\n<a y:ref='x'/></root>", 2},
		{"<!DOCTYPE root [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><root "
	         "xmlns='urn:test'>&b;</root>",
	         1},
	};
	email__sheet *sheet;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (parse(bad[i].text, strlen(bad[i].text), &sheet) != EMAIL_E_SHEET)
			fail_msg("passed: %s", bad[i].text);
		assert_null(sheet);
		assert_string_equal(error.file, "x.xml");
		assert_true(error.text[0]);
		if (error.line != bad[i].line)
			fail_msg("line %d for %s", error.line, bad[i].text);
	}
	memset(&error, 0, sizeof error);
	assert_int_equal(
		email__sheet_parse("<root xmlns='urn:test'/>", 24, 23, "x.xml", ROOT, NS, &sheet, &error),
		EMAIL_E_SHEET);
}

static void
nodes_are_read(void **state)
{
	email__sheet *sheet = good("<root xmlns='urn:test' v='&lt;1&amp;'>\n <!-- c -->\n <a> "
	                           "x<![CDATA[<y>]]> &amp; z\n</a>\n <b><c/></b></root>");
	email__node *root = email__sheet_root(sheet), *a = email__node_first(root), *b = email__node_next(a);
	email__buf text;

	(void)state;
	email__buf_init(&text, 20);
	assert_string_equal(email__node_name(root), "root");
	assert_string_equal(email__node_attribute(root, "v"), "<1&");
	assert_null(email__node_attribute(root, "w"));
	assert_string_equal(email__node_attribute_at(root, 0), "v");
	assert_null(email__node_attribute_at(root, 1));
	assert_int_equal(email__node_line(a), 3);
	assert_int_equal(email__node_line(b), 5);
	assert_false(email__node_has_children(a));
	assert_true(email__node_has_children(b));
	assert_null(email__node_next(b));
	assert_int_equal(email__node_text(a, &text), EMAIL_OK);
	assert_string_equal(email__buf_text(&text), "x<y> & z");
	assert_int_equal(email__node_text(b, &text), EMAIL_E_SHEET);
	email__buf_dispose(&text);
	email__buf_init(&text, 3);
	assert_int_equal(email__node_text(a, &text), EMAIL_E_SHEET);
	email__buf_dispose(&text);
	email__sheet_free(sheet);
}

static email__node *
add(email__node *parent, email__node *before, const char *name, const char *text)
{
	email__node *node = email__node_add(parent, before, name);

	assert_non_null(node);
	if (text)
		assert_int_equal(email__node_set_text(node, text), EMAIL_OK);
	return node;
}

/* XML's own attributes and Schema's do not count, and do not stand in for ours. */
static void
attributes_of_xml_are_passed_over(void **state)
{
	email__sheet *sheet =
		good("<root xmlns='urn:test' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
	             "xsi:schemaLocation='urn:test x.xsd' xml:lang='de' name='n'/>");
	email__node *root = email__sheet_root(sheet);

	(void)state;
	assert_string_equal(email__node_attribute_at(root, 0), "name");
	assert_null(email__node_attribute_at(root, 1));
	assert_null(email__node_attribute(root, "lang"));
	email__sheet_free(sheet);
}

static void
a_new_sheet_is_indented(void **state)
{
	email__sheet *sheet = email__sheet_new(ROOT, NS);
	email__node *root = email__sheet_root(sheet), *a = add(root, NULL, "a", NULL),
		    *x = add(a, NULL, "x", "1 < 2 & \"3\"");

	(void)state;
	add(a, x, "w", "first");
	add(a, NULL, "y", NULL);
	assert_int_equal(email__node_set_attribute(a, "name", "\"A\" & <B>"), EMAIL_OK);
	add(root, a, "before", NULL);
	writes(sheet, HEAD "<root xmlns=\"urn:test\">\n  <before/>\n  <a name=\"&quot;A&quot; &amp; "
	                   "&lt;B&gt;\">\n    <w>first</w>\n"
	                   "    <x>1 &lt; 2 &amp; \"3\"</x>\n    <y/>\n  </a>\n</root>\n");
	assert_int_equal(email__node_set_attribute(a, "name", NULL), EMAIL_OK);
	email__node_remove(x);
	email__node_remove(email__node_first(root));
	writes(sheet, HEAD "<root xmlns=\"urn:test\">\n  <a>\n    <w>first</w>\n    <y/>\n  </a>\n</root>\n");
	email__node_remove(email__node_next(email__node_first(a)));
	email__node_remove(email__node_first(a));
	email__node_remove(a);
	writes(sheet, HEAD "<root xmlns=\"urn:test\"/>\n");
	email__sheet_free(sheet);
}

static void
what_a_person_wrote_stays(void **state)
{
	email__sheet *sheet =
		good("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- top -->\n<root xmlns=\"urn:test\">\n"
	             "\t<!-- why -->\n\t<a>1</a> <!-- behind -->\n\n\t<b>2</b>\n</root>\n<!-- end -->\n");
	email__node *root = email__sheet_root(sheet), *a = email__node_first(root), *b = email__node_next(a);

	(void)state;
	assert_int_equal(email__node_set_text(b, "3"), EMAIL_OK);
	add(root, NULL, "c", "4");
	add(root, a, "z", "5");
	writes(sheet, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- top -->\n<root xmlns=\"urn:test\">\n"
	              "\t<!-- why -->\n\t<z>5</z>\n\t<a>1</a> <!-- behind "
	              "-->\n\n\t<b>3</b>\n\t<c>4</c>\n</root>\n<!-- end -->\n");
	email__sheet_free(sheet);
}

static void
control_characters_are_refused(void **state)
{
	email__sheet *sheet = good("<root xmlns='urn:test'><a>old</a></root>");
	email__node *a = email__node_first(email__sheet_root(sheet));

	(void)state;
	assert_int_equal(email__node_set_text(a, "x\x01"), EMAIL_E_VALUE);
	assert_int_equal(email__node_set_text(a, "x\r"), EMAIL_E_VALUE);
	assert_int_equal(email__node_set_attribute(a, "n", "\x1B"), EMAIL_E_VALUE);
	assert_int_equal(email__node_set_text(a, "\xFF"), EMAIL_E_VALUE);
	assert_int_equal(email__node_set_text(a, "\x7F"), EMAIL_E_VALUE);
	assert_int_equal(email__node_set_text(a, "\xEF\xBF\xBE"), EMAIL_E_VALUE);
	writes(sheet, HEAD "<root xmlns=\"urn:test\"><a>old</a></root>\n");
	assert_int_equal(email__node_set_text(a, "tab\tand\nline"), EMAIL_OK);
	email__sheet_free(sheet);
}

/* Whatever is added and removed where, the result is read back the same. */
static void
random_edits_stay_readable(void **state)
{
	unsigned seed;

	(void)state;
	for (seed = 1; seed < 60; seed++) {
		email__sheet *sheet = email__sheet_new(ROOT, NS);
		char *text, *again;
		email__sheet *second;
		int k;

		srand(seed);
		for (k = 0; k < 60; k++) {
			email__node *node = email__sheet_root(sheet), *child;

			while ((child = email__node_first(node)) && rand() % 3)
				for (node = child; email__node_next(node) && rand() % 2;)
					node = email__node_next(node);
			if (rand() % 4 == 0 && node != email__sheet_root(sheet))
				email__node_remove(node);
			else if (rand() % 2 && (child = email__node_first(node)))
				add(node, child, "n", NULL);
			else
				add(node, NULL, "m", NULL);
		}
		text = written(sheet);
		if (parse(text, strlen(text), &second)) {
			/* deeper than a sheet may be: the scan says so */
			assert_non_null(strstr(error.text, "deep"));
		} else {
			again = written(second);
			assert_string_equal(again, text);
			free(again);
			email__sheet_free(second);
		}
		free(text);
		email__sheet_free(sheet);
	}
}

static void
want_of_memory_is_told(void **state)
{
	email__sheet *sheet;
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		email_code rc;

		email_test_fail_alloc(n);
		rc = parse("<root xmlns='urn:test'><a/></root>", 34, &sheet);
		if (rc == EMAIL_OK)
			email__sheet_free(sheet);
		else
			assert_int_equal(rc, EMAIL_E_MEMORY);
		assert_int_equal(email_test_blocks(), 0);
		if (!email_test_alloc_failed())
			break;
	}
	assert_true(n > 1);
	email_test_fail_alloc(1);
	assert_null(email__sheet_new(ROOT, NS));
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_sheets_are_refused_with_a_line),
		cmocka_unit_test(nodes_are_read),
		cmocka_unit_test(attributes_of_xml_are_passed_over),
		cmocka_unit_test(a_new_sheet_is_indented),
		cmocka_unit_test(what_a_person_wrote_stays),
		cmocka_unit_test(control_characters_are_refused),
		cmocka_unit_test(random_edits_stay_readable),
		cmocka_unit_test(want_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
