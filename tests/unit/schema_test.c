/* SPDX-License-Identifier: MIT */
/*
 * The schema against the loader: whatever loads is valid by the schema; what is refused for what one value
 * says is not. Judged by libxml2's validator, which the schema was not written for.
 */
#include "support/cm.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include <emailservice/service.h>

#include "base/limits.h"
#include "account/value.h"
#include "service/contents.h"
#include "support/failalloc.h"
#include "support/samples.h"

static xmlSchemaPtr schema;

static void
quiet(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

static int
setup(void **state)
{
	xmlSchemaParserCtxtPtr parser;
	char *text;

	(void)state;
	xmlSetGenericErrorFunc(NULL, quiet);
	if (email_service_schema(&text))
		return -1;
	parser = xmlSchemaNewMemParserCtxt(text, (int)strlen(text));
	schema = xmlSchemaParse(parser);
	xmlSchemaFreeParserCtxt(parser);
	email_text_free(text);
	return schema ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	xmlSchemaFree(schema);
	xmlCleanupParser();
	return 0;
}

static bool
validate(xmlDocPtr doc)
{
	xmlSchemaValidCtxtPtr context;
	bool valid;

	if (!doc)
		return false;
	context = xmlSchemaNewValidCtxt(schema);
	assert_non_null(context);
	xmlSchemaSetValidErrors(context, quiet, quiet, NULL);
	valid = xmlSchemaValidateDoc(context, doc) == 0;
	xmlSchemaFreeValidCtxt(context);
	xmlFreeDoc(doc);
	return valid;
}

static bool
schema_takes(const char *xml)
{
	return validate(xmlReadMemory(xml, (int)strlen(xml), "test", NULL,
	                              XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
}

/* The loader's word, without a file: the service's own properties, then each account. */
static bool
loader_takes(const char *xml)
{
	email__sheet *sheet = NULL;
	email__service_values v = {0};
	email__node *node;
	bool ok = false;

	assert_int_equal(email__values_init(&email__service_table, &v), EMAIL_OK);
	if (email__sheet_parse(xml, strlen(xml), EMAIL__SHEET_MAX, "test", EMAIL__SHEET_ROOT,
	                       EMAIL__SHEET_NAMESPACE, &sheet, NULL) == EMAIL_OK) {
		ok = email__read_service(email__sheet_root(sheet), "test", &v, NULL) == EMAIL_OK;
		for (node = email__node_first(email__sheet_root(sheet)); node && ok;
		     node = email__node_next(node)) {
			int kind = email__words_index(EMAIL__SHEET_KINDS, email__node_name(node));
			email_account *account =
				kind < 0 ? NULL : email_account_new((email_account_kind)kind, "A");

			ok = !account || (email_account_name_valid(email__node_attribute(node, "name")) &&
			                  email__read_account(node, "test", account, NULL) == EMAIL_OK);
			email_account_free(account);
		}
		email__sheet_free(sheet);
	}
	email__values_free(&email__service_table, &v);
	return ok;
}

/* --- a sheet that says one thing --- */

static void
escape(char *out, const char *text)
{
	for (; *text; text++) {
		const char *as = *text == '<'   ? "&lt;"
		                 : *text == '&' ? "&amp;"
		                 : *text == '"' ? "&quot;"
		                                : NULL;

		if (as) {
			strcpy(out, as);
			out += strlen(as);
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static const char *
sheet_of(const email__table *table, const email__property *row, const char *value)
{
	static char xml[16 * EMAIL__TEXT_MAX], text[6 * EMAIL__TEXT_MAX];
	static const char root[] = "<emailService xmlns=\"" EMAIL__SHEET_NAMESPACE "\">";
	const char *kind = row->p.outgoing ? "outgoingAccount" : "incomingAccount";
	const char *field = email__property_field(row);

	escape(text, value);
	if (table == &email__service_table)
		snprintf(xml, sizeof xml, "%s<%s>%s</%s></emailService>", root, row->p.name, text,
		         row->p.name);
	else if (row->type == EMAIL__TYPE_NAME)
		snprintf(xml, sizeof xml, "%s<%s name=\"%s\"/></emailService>", root, kind, text);
	else if (field && strcmp(field, "type") == 0)
		snprintf(xml, sizeof xml,
		         "%s<%s name=\"A\"><emailAuthenticator type=\"%s\"/></%s></emailService>", root, kind,
		         text, kind);
	else if (field)
		snprintf(xml, sizeof xml,
		         "%s<%s name=\"A\"><emailAuthenticator "
		         "type=\"%s\"><%s%s%s%s</%s></emailAuthenticator></%s>"
		         "</emailService>",
		         root, kind, email_test_authenticator(row), field, row->p.secret ? " ref=\"" : ">",
		         text, row->p.secret ? "\">" : "", field, kind);
	else
		snprintf(xml, sizeof xml, "%s<%s name=\"A\"><%s>%s</%s></%s></emailService>", root, kind,
		         row->p.name, text, row->p.name, kind);
	return xml;
}

/* Types whose every text the schema knows as well as the loader does. */
static bool
is_exact(const email__property *row)
{
	return row->type == EMAIL__TYPE_BOOLEAN || row->type == EMAIL__TYPE_INTEGER ||
	       row->type == EMAIL__TYPE_DURATION || row->type == EMAIL__TYPE_ENUM ||
	       row->type == EMAIL__TYPE_WORD || row->type == EMAIL__TYPE_URL || row->type == EMAIL__TYPE_TIME;
}

static void
compare(const email__table *table, const email__property *row, const char *value, bool exact)
{
	const char *xml = sheet_of(table, row, value);
	bool loads = loader_takes(xml), valid = schema_takes(xml);

	if ((loads && !valid) || (exact && !loads && valid))
		fail_msg("%s = \"%.100s\": %s, but %s", row->p.name, value, loads ? "loads" : "does not load",
		         valid ? "is valid" : "is not valid");
}

static const email__table *const tables[] = {&email__account_table, &email__service_table};

static void
good_values(void **state)
{
	size_t t, i;

	(void)state;
	for (t = 0; t < 2; t++)
		for (i = 0; i < tables[t]->count; i++) {
			const email__property *row = &tables[t]->row[i];

			if (row->p.read_only)
				continue;
			assert_true(loader_takes(sheet_of(tables[t], row, email_test_good(row))));
			compare(tables[t], row, email_test_good(row), true);
			if (!row->p.secret && row->type != EMAIL__TYPE_NAME)
				compare(tables[t], row, row->p.default_text, true);
		}
}

static void
bad_values(void **state)
{
	size_t t, i, k;

	(void)state;
	for (t = 0; t < 2; t++)
		for (i = 0; i < tables[t]->count; i++) {
			const email__property *row = &tables[t]->row[i];
			const char *bad;

			for (k = 0; !row->p.read_only && (bad = email_test_bad(row, k)); k++)
				compare(tables[t], row, bad, true);
		}
}

/* Every sample of every type in every row. */
static void
all_values_everywhere(void **state)
{
	static const char *const more[] = {"PT0S",
	                                   "PT1S",
	                                   "P3650D",
	                                   "P3650DT0.001S",
	                                   "PT315360000S",
	                                   "P2D",
	                                   "-1",
	                                   "0",
	                                   "1",
	                                   "-0",
	                                   "007",
	                                   "65535",
	                                   "65536",
	                                   "1000000000",
	                                   "::1",
	                                   "192.0.2.1",
	                                   "a.b.c",
	                                   "",
	                                   "x y",
	                                   "[::1]",
	                                   "[192.0.2.1]",
	                                   "env:A",
	                                   "env:1",
	                                   "file:x",
	                                   "file:",
	                                   "value:x",
	                                   "a@b",
	                                   "<a@b.example>",
	                                   "https://[2001:db8::1]/x",
	                                   "\xC3\xA4",
	                                   "a%b",
	                                   "000000000000000000001",
	                                   "true",
	                                   "1 ",
	                                   "P999999999D",
	                                   "P000000001D",
	                                   "P0000000001D",
	                                   "PT0.1S",
	                                   "PT1.1234S",
	                                   "2028-02-29",
	                                   "2100-02-29",
	                                   " 2026-11-24 ",
	                                   "12026-11-24",
	                                   "-2026-11-24"};
	size_t t, i, k, s;

	(void)state;
	for (t = 0; t < 2; t++)
		for (i = 0; i < tables[t]->count; i++) {
			const email__property *row = &tables[t]->row[i];
			const char *bad;

			if (row->p.read_only)
				continue;
			for (k = 0; k < sizeof more / sizeof more[0]; k++)
				compare(tables[t], row, more[k], is_exact(row));
			for (s = 0; s < email__account_table.count; s++) {
				const email__property *other = &email__account_table.row[s];

				if (other->p.read_only || (s && other->type == other[-1].type))
					continue;
				compare(tables[t], row, email_test_good(other), is_exact(row));
				for (k = 0; (bad = email_test_bad(other, k)); k++)
					compare(tables[t], row, bad, is_exact(row));
			}
		}
}

static void
read_only_rows_are_in_neither(void **state)
{
	size_t t, i;

	(void)state;
	for (t = 0; t < 2; t++)
		for (i = 0; i < tables[t]->count; i++) {
			const email__property *row = &tables[t]->row[i];
			const char *good = email_test_good(row), *xml;

			if (!row->p.read_only)
				continue;
			xml = sheet_of(tables[t], row, good ? good : "1");
			assert_false(loader_takes(xml));
			assert_false(schema_takes(xml));
		}
}

static void
sealed_values(void **state)
{
	static const struct {
		const char *text;
		bool taken;
	} rows[] = {{"AQID", true},       {"AQI=", true},      {"AQ==", true},  {"AQIDBAUG", true},
	            {"+/09azAZ", true},   {"AQIDBA==", true},  {"", false},     {"=", false},
	            {"====", false},      {"A===", false},     {"AQI", false},  {"AQIDB", false},
	            {"AQ=A", false},      {"AQI=AQID", false}, {"AQ D", false}, {" AQID", false},
	            {"AQID&#10;", false}, {"AQ-_", false}};
	char xml[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(xml, sizeof xml,
		         "<emailService xmlns=\"%s\"><outgoingAccount name=\"A\"><emailAuthenticator "
		         "type=\"basic\">"
		         "<password sealed=\"%s\"/></emailAuthenticator></outgoingAccount></emailService>",
		         EMAIL__SHEET_NAMESPACE, rows[i].text);
		if (loader_takes(xml) != rows[i].taken || schema_takes(xml) != rows[i].taken)
			fail_msg("\"%s\": the loader %d, the schema %d", rows[i].text, loader_takes(xml),
			         schema_takes(xml));
	}
}

static bool
file_is_valid(const char *path)
{
	return validate(xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
}

static void
whole_sheets(void **state)
{
	static const char *const good[] = {"model", "empty", "by-hand"};
	static const char *const bad[] = {"unknown-property",
	                                  "unknown-attribute",
	                                  "bad-port",
	                                  "huge-port",
	                                  "bad-enum",
	                                  "bad-duration",
	                                  "bad-host",
	                                  "twice",
	                                  "wrong-kind",
	                                  "read-only",
	                                  "dotted",
	                                  "no-type",
	                                  "name-element",
	                                  "bad-type",
	                                  "nested",
	                                  "unknown-field",
	                                  "bad-ref",
	                                  "type-element",
	                                  "two-authenticators",
	                                  "name-twice",
	                                  "no-name",
	                                  "bad-name",
	                                  "root",
	                                  "unknown-account",
	                                  "stray-text",
	                                  "sealed-empty",
	                                  "sealed-no-base64",
	                                  "bad-own",
	                                  "namespace",
	                                  "own-read-only",
	                                  "truncated",
	                                  "no-xml"};
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(path, sizeof path, "tests/sheets/good/%s.xml", good[i]);
		assert_true(file_is_valid(path));
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(path, sizeof path, "tests/sheets/bad/%s.xml", bad[i]);
		if (file_is_valid(path))
			fail_msg("%s is valid", path);
	}
}

static void
memory_may_end_anywhere(void **state)
{
	char *text;
	size_t n = 0;

	(void)state;
	do {
		email_test_fail_alloc(++n);
		if (email_service_schema(&text))
			assert_null(text);
	} while (!text);
	assert_true(n > 3);
	email_text_free(text);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(all_values_everywhere),
		cmocka_unit_test(read_only_rows_are_in_neither),
		cmocka_unit_test(sealed_values),
		cmocka_unit_test(whole_sheets),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
