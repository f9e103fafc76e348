/* SPDX-License-Identifier: MIT */
/*
 * The XML Schema (1.0) of property sheets, made from the property table. What one value says is checked
 * here as it is in the loader; what several say together (both switches, fields of another authenticator,
 * a property of the service twice) only the loader knows. Lengths are bytes there and characters here.
 */
#include <emailservice/service.h>

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "service/contents.h"

#define PRINTABLE "\\P{Cc}*"
#define NO_SPACE "[^\\s\\p{Cc}]"
/* A time in UTC to the second, a date, or nothing. */
#define TIME \
	"<xs:simpleType name=\"time\"><xs:union><xs:simpleType><xs:restriction base=\"xs:dateTime\">" \
	"<xs:pattern value=\"[0-9]{4}-.{5}T([01][0-9]|2[0-3]):.{5}Z\"/></xs:restriction></xs:simpleType>" \
	"<xs:simpleType><xs:restriction base=\"xs:date\"><xs:pattern " \
	"value=\"[0-9]{4}-.{5}\"/></xs:restriction>" \
	"</xs:simpleType><xs:simpleType><xs:restriction base=\"xs:token\"><xs:length value=\"0\"/>" \
	"</xs:restriction></xs:simpleType></xs:union></xs:simpleType>\n"

/* What a text of each type looks like. The loader may be stricter (what a host is, an address, UTF-8),
 * never the schema. */
static const struct {
	const char *base, *pattern;
} types[EMAIL__TYPE_COUNT] = {
	[EMAIL__TYPE_BOOLEAN] = {"xs:boolean", NULL},
	[EMAIL__TYPE_INTEGER] = {"xs:integer", "-?[0-9]{1,18}"},
	/* no years or months, nine digits a part, milliseconds (duration.h) */
	[EMAIL__TYPE_DURATION] = {"xs:duration", "P([0-9]{1,9}D)?(T([0-9]{1,9}H)?([0-9]{1,9}M)?"
                                                 "([0-9]{1,9}(\\.[0-9]{1,3})?S)?)?"},
	[EMAIL__TYPE_ENUM] = {"xs:token", NULL},
	[EMAIL__TYPE_WORD] = {"xs:token", NULL},
	[EMAIL__TYPE_TEXT] = {"xs:token", PRINTABLE},
	[EMAIL__TYPE_NAME] = {"xs:string", "[^/.\\-\\p{Cc}][^/\\p{Cc}]*"},
	/* a name, or an IPv6 address, which has two colons at least; in brackets or not */
	[EMAIL__TYPE_HOST] = {"xs:token",
                              "[^\\s/@:\\[\\]\\p{Cc}]*|"
                              "\\[?[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%" NO_SPACE "+)?\\]?"},
	[EMAIL__TYPE_EHLO] = {"xs:token", "[^\\s/@:\\[\\]\\p{Cc}]*|\\[" NO_SPACE "+\\]"},
	[EMAIL__TYPE_ADDRESS] = {"xs:token", "([^@\\p{Cc}]*@" PRINTABLE ")?"},
	[EMAIL__TYPE_URL] = {"xs:token", "(https://" NO_SPACE "+)?"},
	[EMAIL__TYPE_SECRET] = {"xs:string", NULL},
	[EMAIL__TYPE_TIME] = {"s:time", NULL},
	[EMAIL__TYPE_STATUS] = {"xs:token", NULL},
};

/* --- one value --- */

/* Words that have no quotes or angles in them: the table's own. */
static email_code
add_words(email__buf *out, const char *words)
{
	email_code rc = EMAIL_OK;
	const char *word;
	size_t n, i;

	for (i = 0; rc == EMAIL_OK && (word = email__words_at(words, (int64_t)i, &n)); i++)
		rc = email__buf_addf(out, "<xs:enumeration value=\"%.*s\"/>", (int)n, word);
	return rc;
}

/* The two ends of the range as the table writes it: "PT1S..P3650D", "-1, 1..65535". */
static email_code
add_range(email__buf *out, const email__property *row)
{
	const char *least = row->p.range + (row->minus_one ? strlen("-1, ") : 0);
	const char *dots = strstr(least, "..");

	return dots ? email__buf_addf(out, "<xs:minInclusive value=\"%.*s\"/><xs:maxInclusive value=\"%s\"/>",
	                              (int)(dots - least), least, dots + 2)
	            : EMAIL_OK;
}

static email_code
add_lengths(email__buf *out, const email__property *row)
{
	bool text = row->type == EMAIL__TYPE_TEXT || row->type == EMAIL__TYPE_NAME ||
	            row->type == EMAIL__TYPE_SECRET;
	email_code rc = EMAIL_OK;

	if (row->least && text)
		rc = email__buf_addf(out, "<xs:minLength value=\"%d\"/>", (int)row->least);
	if (rc == EMAIL_OK && row->most && !strchr(row->p.range, '.'))
		rc = email__buf_addf(out, "<xs:maxLength value=\"%d\"/>", (int)row->most);
	return rc;
}

static email_code
add_restriction(email__buf *out, const email__property *row)
{
	const char *pattern = types[row->type].pattern;
	bool words = row->type == EMAIL__TYPE_ENUM || row->type == EMAIL__TYPE_WORD;
	email_code rc =
		email__buf_addf(out, "<xs:simpleType><xs:restriction base=\"%s\">", types[row->type].base);

	if (rc == EMAIL_OK && pattern)
		rc = email__buf_addf(out, "<xs:pattern value=\"%s\"/>", pattern);
	if (rc == EMAIL_OK && words)
		rc = add_words(out, row->p.range);
	if (rc == EMAIL_OK && !words)
		rc = add_range(out, row);
	if (rc == EMAIL_OK)
		rc = add_lengths(out, row);
	return rc ? rc : email__buf_adds(out, "</xs:restriction></xs:simpleType>");
}

static email_code
add_type(email__buf *out, const email__property *row)
{
	email_code rc;

	if (row->p.secret)
		return email__buf_adds(out,
		                       "<xs:complexType><xs:simpleContent><xs:extension base=\"s:secret\">"
		                       "<xs:attribute name=\"ref\" type=\"s:ref\"/>"
		                       "<xs:attribute name=\"sealed\" type=\"s:sealed\"/>"
		                       "</xs:extension></xs:simpleContent></xs:complexType>");
	if (!row->minus_one)
		return add_restriction(out, row);
	rc = email__buf_adds(out, "<xs:simpleType><xs:union><xs:simpleType><xs:restriction base=\"xs:token\">"
	                          "<xs:enumeration value=\"-1\"/></xs:restriction></xs:simpleType>");
	if (rc == EMAIL_OK)
		rc = add_restriction(out, row);
	return rc ? rc : email__buf_adds(out, "</xs:union></xs:simpleType>");
}

/* --- elements --- */

/* `many`: stands in a choice, which counts for itself. */
static email_code
add_element(email__buf *out, const email__property *row, const char *name, bool many)
{
	const char *by_default = row->p.default_text[0] ? "; default " : "";
	email_code rc = email__buf_addf(
		out,
		"<xs:element name=\"%s\"%s>\n"
		"<xs:annotation><xs:documentation>%s%s%s</xs:documentation></xs:annotation>\n",
		name, many ? "" : " minOccurs=\"0\"", row->p.meaning, by_default, row->p.default_text);

	if (rc == EMAIL_OK)
		rc = add_type(out, row);
	return rc ? rc : email__buf_adds(out, "\n</xs:element>\n");
}

static email_code
add_attribute(email__buf *out, const char *name, const email__property *row)
{
	email_code rc = email__buf_addf(out, "<xs:attribute name=\"%s\" use=\"required\">", name);

	if (rc == EMAIL_OK)
		rc = add_type(out, row);
	return rc ? rc : email__buf_adds(out, "</xs:attribute>\n");
}

/* Fields that some authenticator has, whichever: which type has which is the loader's to say. */
static email_code
add_authenticator(email__buf *out)
{
	const email__property *type = email__table_find(&email__account_table, EMAIL__AUTHENTICATOR_TYPE);
	email_code rc = email__buf_adds(out, "<xs:complexType name=\"authenticator\">\n<xs:all>\n");
	size_t i;

	for (i = 0; i < email__account_table.count && rc == EMAIL_OK; i++) {
		const email__property *row = &email__account_table.row[i];

		if (email__property_field(row) && row != type && !row->p.read_only)
			rc = add_element(out, row, email__property_field(row), false);
	}
	if (rc == EMAIL_OK)
		rc = email__buf_adds(out, "</xs:all>\n");
	if (rc == EMAIL_OK)
		rc = add_attribute(out, "type", type);
	return rc ? rc : email__buf_adds(out, "</xs:complexType>\n");
}

static email_code
add_account_row(email__buf *out, const email__property *row)
{
	if (row->p.read_only || row->type == EMAIL__TYPE_NAME)
		return EMAIL_OK;
	if (strcmp(row->p.name, EMAIL__AUTHENTICATOR_TYPE) == 0)
		return email__buf_adds(out, "<xs:element name=\"" EMAIL__AUTHENTICATOR
		                            "\" type=\"s:authenticator\" minOccurs=\"0\"/>\n");
	return email__property_field(row) ? EMAIL_OK : add_element(out, row, row->p.name, false);
}

static email_code
add_account(email__buf *out, email_account_kind kind)
{
	size_t n = 0, i;
	const char *word = email__words_at(EMAIL__SHEET_KINDS, (int64_t)kind, &n);
	email_code rc = email__buf_addf(out, "<xs:complexType name=\"%.*s\">\n<xs:all>\n", (int)n, word);

	for (i = 0; i < email__account_table.count && rc == EMAIL_OK; i++)
		if (email__property_of_kind(&email__account_table.row[i], kind))
			rc = add_account_row(out, &email__account_table.row[i]);
	if (rc == EMAIL_OK)
		rc = email__buf_adds(out, "</xs:all>\n");
	if (rc == EMAIL_OK)
		rc = add_attribute(out, "name", email__table_find(&email__account_table, "name"));
	return rc ? rc : email__buf_adds(out, "</xs:complexType>\n");
}

static email_code
add_root(email__buf *out)
{
	email_code rc = email__buf_adds(out, "<xs:element name=\"" EMAIL__SHEET_ROOT "\">\n<xs:complexType>\n"
	                                     "<xs:choice minOccurs=\"0\" maxOccurs=\"unbounded\">\n");
	size_t i;

	for (i = 0; i < email__service_table.count && rc == EMAIL_OK; i++) {
		const email__property *row = &email__service_table.row[i];

		if (!row->p.read_only)
			rc = add_element(out, row, row->p.name, true);
	}
	return rc ? rc
	          : email__buf_adds(out, "<xs:element name=\"outgoingAccount\" type=\"s:outgoingAccount\"/>\n"
	                                 "<xs:element name=\"incomingAccount\" type=\"s:incomingAccount\"/>\n"
	                                 "</xs:choice>\n</xs:complexType>\n"
	                                 "<xs:unique name=\"accountName\">"
	                                 "<xs:selector xpath=\"s:outgoingAccount|s:incomingAccount\"/>"
	                                 "<xs:field xpath=\"@name\"/></xs:unique>\n</xs:element>\n");
}

static email_code
add_head(email__buf *out)
{
	return email__buf_addf(out,
	                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                       "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:s=\"%s\"\n"
	                       "  targetNamespace=\"%s\" elementFormDefault=\"qualified\">\n"
	                       "<xs:simpleType name=\"secret\"><xs:restriction "
	                       "base=\"xs:token\"><xs:maxLength value=\"%d\"/>"
	                       "</xs:restriction></xs:simpleType>\n"
	                       "<xs:simpleType name=\"ref\"><xs:restriction base=\"xs:string\">"
	                       "<xs:pattern value=\"env:[A-Za-z_][A-Za-z0-9_]*|file:\\P{Cc}+\"/>"
	                       "</xs:restriction></xs:simpleType>\n"
	                       "<xs:simpleType name=\"sealed\"><xs:restriction base=\"xs:string\">"
	                       "<xs:pattern value=\"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|"
	                       "[A-Za-z0-9+/]{2}==)\"/><xs:maxLength value=\"%d\"/>"
	                       "</xs:restriction></xs:simpleType>\n" TIME,
	                       EMAIL__SHEET_NAMESPACE, EMAIL__SHEET_NAMESPACE, EMAIL__SECRET_MAX,
	                       EMAIL__SEALED_MAX);
}

email_code
email_service_schema(char **text)
{
	email__buf out;
	const char *whole;
	email_code rc;

	*text = NULL;
	email__buf_init(&out, EMAIL__SCHEMA_MAX);
	rc = add_head(&out);
	if (rc == EMAIL_OK)
		rc = add_authenticator(&out);
	if (rc == EMAIL_OK)
		rc = add_account(&out, EMAIL_OUTGOING);
	if (rc == EMAIL_OK)
		rc = add_account(&out, EMAIL_INCOMING);
	if (rc == EMAIL_OK)
		rc = add_root(&out);
	if (rc == EMAIL_OK)
		rc = email__buf_adds(&out, "</xs:schema>\n");
	if (rc == EMAIL_OK && (!(whole = email__buf_text(&out)) || !(*text = email__strdup(whole))))
		rc = EMAIL_E_MEMORY;
	email__buf_dispose(&out);
	return rc;
}
