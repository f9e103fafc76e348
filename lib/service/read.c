/* SPDX-License-Identifier: MIT */
/*
 * From a sheet to objects. The sheet room has judged the XML; here every name and value is judged by the
 * property table, and the first complaint ends the reading with its line.
 */
#include "service/contents.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "account/change.h"
#include "account/value.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/file.h"

typedef struct reader {
	const char *file;
	email_error *error;
	email__buf text, secret;
} reader;

static void
reader_init(reader *r, const char *file, email_error *e)
{
	r->file = file;
	r->error = e;
	email__buf_init(&r->text, EMAIL__SECRET_MAX + 1);
	email__buf_init(&r->secret, EMAIL__SECRET_GIVEN_MAX + 1);
	r->text.secret = r->secret.secret = true;
}

static void
reader_dispose(reader *r)
{
	email__buf_dispose(&r->text);
	email__buf_dispose(&r->secret);
}

/* --- complaints --- */

/* A complaint about `name`, which the sheet chose, at a node. */
static email_code __attribute__((format(printf, 4, 5)))
complain(reader *r, const email__node *node, const char *name, const char *format, ...)
{
	char shown[64], sentence[256];
	va_list ap;

	if (!r->error || r->error->code)
		return EMAIL_E_SHEET;
	email__printable(shown, sizeof shown, name, strlen(name));
	va_start(ap, format);
	vsnprintf(sentence, sizeof sentence, format, ap);
	va_end(ap);
	email__error_set(r->error, EMAIL_E_SHEET, EMAIL_STAGE_SHEET, "%s %s", shown, sentence);
	email__error_place(r->error, r->file, email__node_line(node));
	snprintf(r->error->property, sizeof r->error->property, "%s", shown);
	return EMAIL_E_SHEET;
}

static email_code
complain_unknown(reader *r, const email__node *node, const char *what, const char *name, const char *near)
{
	email_code rc = complain(r, node, name, "is no %s", what);

	if (near && near[0])
		email__error_remedy(r->error, "did you mean %s?", near);
	return rc;
}

/* What another room said of a value becomes the sheet's error, with its place. */
static email_code
pass_on(reader *r, const email__node *node, email_code rc, email_error *why)
{
	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(r->error, EMAIL_STAGE_SHEET);
	if (!r->error || r->error->code)
		return EMAIL_E_SHEET;
	why->code = EMAIL_E_SHEET;
	why->temporary = false;
	email__error_place(why, r->file, email__node_line(node));
	*r->error = *why;
	return EMAIL_E_SHEET;
}

static email_code
only_attributes(reader *r, const email__node *node, const char *allowed)
{
	const char *name;
	size_t i;

	for (i = 0; (name = email__node_attribute_at(node, i)); i++)
		if (email__words_index(allowed, name) < 0)
			return complain_unknown(r, node, "attribute of this element", name, allowed);
	return EMAIL_OK;
}

/* What holds elements: these attributes, and no text of its own. */
static email_code
only_elements(reader *r, const email__node *node, const char *attributes)
{
	if (email__node_has_text(node))
		return complain(r, node, email__node_name(node), "holds text: expected elements alone");
	return only_attributes(r, node, attributes);
}

/* --- one value --- */

/* A secret is its text, sealed, or what `ref` names; as email_account_set() takes it. */
static email_code
secret_text(reader *r, const email__node *node, const char *name, const char **text)
{
	const char *ref = email__node_attribute(node, "ref"), *sealed = email__node_attribute(node, "sealed");
	bool value = email__buf_len(&r->text) != 0;
	email_code rc = EMAIL_OK;

	email__buf_clear(&r->secret);
	if (ref && value)
		return complain(r, node, name, "has both a value and a ref: expected one of them");
	if (sealed && (value || ref))
		return complain(r, node, name,
		                "is sealed, and has a value or a ref too: expected one of them");
	if (sealed && !sealed[0])
		return complain(r, node, name, "is sealed, but nothing is in it: expected base64");
	if (ref && strncmp(ref, "env:", 4) != 0 && strncmp(ref, "file:", 5) != 0)
		return complain(r, node, name, "has a ref that is not valid: expected env:NAME or file:PATH");
	if (ref)
		rc = email__buf_adds(&r->secret, ref);
	else if (sealed && (rc = email__buf_adds(&r->secret, "sealed:")) == EMAIL_OK)
		rc = email__buf_adds(&r->secret, sealed);
	else if (value && (rc = email__buf_adds(&r->secret, "value:")) == EMAIL_OK)
		rc = email__buf_add(&r->secret, email__buf_head(&r->text), email__buf_len(&r->text));
	if (rc == EMAIL_E_LIMIT)
		return complain(r, node, name, "is too long: expected at most %d bytes", EMAIL__SECRET_MAX);
	if (rc || !(*text = email__buf_text(&r->secret)))
		return email__error_memory(r->error, EMAIL_STAGE_SHEET);
	return EMAIL_OK;
}

/* The value of a property's element as text; lives until the next one is read. */
static email_code
value_text(reader *r, const email__node *node, const email__property *row, const char **text)
{
	email_code rc;

	if ((rc = only_attributes(r, node, row->p.secret ? "ref sealed" : "")))
		return rc;
	rc = email__node_text(node, &r->text);
	if (rc == EMAIL_E_SHEET)
		return complain(r, node, row->p.name,
		                email__node_has_children(node) ? "holds elements: expected text alone"
		                                               : "is too long");
	if (rc || !(*text = email__buf_text(&r->text)))
		return email__error_memory(r->error, EMAIL_STAGE_SHEET);
	return row->p.secret ? secret_text(r, node, row->p.name, text) : EMAIL_OK;
}

static email_code
put(reader *r, const email__node *node, email__change *change, const email__property *row, const char *text)
{
	email_error why = {0};
	email_code rc = email__change_put(change, row, text, &why);

	return rc ? pass_on(r, node, rc, &why) : EMAIL_OK;
}

static email_code
put_element(reader *r, const email__node *node, email__change *change, const email__property *row)
{
	const char *text = NULL;
	email_code rc = value_text(r, node, row, &text);

	return rc ? rc : put(r, node, change, row, text);
}

/* --- an account --- */

static email_code
read_field(reader *r, const email__node *node, email__change *change)
{
	const char *name = email__node_name(node);
	char full[2 * EMAIL__SHEET_NAME_MAX];
	const email__property *row;

	snprintf(full, sizeof full, "%s.%s", EMAIL__AUTHENTICATOR, name);
	row = email__table_find(&email__account_table, full);
	if (!row || strcmp(full, EMAIL__AUTHENTICATOR_TYPE) == 0)
		return complain_unknown(r, node, "field of an authenticator", name,
		                        email__table_nearest(&email__account_table, -1, true, name));
	return put_element(r, node, change, row);
}

static email_code
read_authenticator(reader *r, email__node *node, email__change *change)
{
	const char *type = email__node_attribute(node, "type");
	const email__property *row = email__table_find(&email__account_table, EMAIL__AUTHENTICATOR_TYPE);
	email_code rc;

	if ((rc = only_elements(r, node, "type")))
		return rc;
	if (!type)
		return complain(r, node, row->p.name, "is missing: expected one of %s", row->p.range);
	rc = put(r, node, change, row, type);
	for (node = email__node_first(node); node && rc == EMAIL_OK; node = email__node_next(node))
		rc = read_field(r, node, change);
	return rc;
}

static email_code
read_property(reader *r, email__node *node, email__change *change)
{
	const char *name = email__node_name(node);
	const email__property *row = email__table_find(&email__account_table, name);

	if (strcmp(name, EMAIL__AUTHENTICATOR) == 0)
		return read_authenticator(r, node, change);
	if (!row || email__property_field(row) || row->type == EMAIL__TYPE_NAME)
		return complain_unknown(
			r, node, "property", name,
			email__table_nearest(&email__account_table, (int)change->account->kind, false, name));
	return put_element(r, node, change, row);
}

static email_code
read_properties(reader *r, email__node *node, email_account *account)
{
	email__change change;
	email_code rc;

	if ((rc = only_elements(r, node, "name")))
		return rc;
	if (email__change_begin(&change, account))
		return email__error_memory(r->error, EMAIL_STAGE_SHEET);
	for (node = email__node_first(node); node && rc == EMAIL_OK; node = email__node_next(node))
		rc = read_property(r, node, &change);
	if (rc == EMAIL_OK) {
		email__change_commit(&change);
		account->v.auth_refresh_token.origin = EMAIL__SECRET_SHARED;
	} else
		email__change_abandon(&change);
	return rc;
}

email_code
email__read_account(email__node *node, const char *file, email_account *account, email_error *e)
{
	reader r;
	email_code rc;

	reader_init(&r, file, e);
	rc = read_properties(&r, node, account);
	reader_dispose(&r);
	return rc;
}

static email_code
add_account(reader *r, email__contents *c, email_account_kind kind, email__node *node)
{
	const char *name = email__node_attribute(node, "name");
	const char *element = email__node_name(node);
	email_account *account;
	email_code rc;

	if (!name)
		return complain(r, node, "name", "is missing: expected <%s name=\"...\">", element);
	if (!email_account_name_valid(name))
		return complain(r, node, "name",
		                "is not valid: expected 1 to 64 bytes, no '/' or control character, no "
		                "leading '.' or '-'");
	if (email__contents_find(c, name))
		return complain(r, node, "name", "is the one of an account before: expected each once");
	if (!(account = email_account_new(kind, name)))
		return email__error_memory(r->error, EMAIL_STAGE_SHEET);
	rc = read_properties(r, node, account);
	if (rc == EMAIL_OK) {
		rc = email__contents_add(c, account, node);
		if (rc == EMAIL_E_LIMIT)
			rc = complain(r, node, element, "is one too many: expected at most %d accounts",
			              EMAIL__ACCOUNTS_MAX);
		else if (rc)
			email__error_memory(r->error, EMAIL_STAGE_SHEET);
	}
	if (rc)
		email_account_free(account);
	return rc;
}

/* --- the service --- */

static email_code
read_own(reader *r, const email__node *node, const email__property *row, bool *seen, email__service_values *v)
{
	email_error why = {0};
	const char *text = NULL;
	email_code rc;

	if (*seen)
		return complain(r, node, row->p.name, "is given twice");
	*seen = true;
	if (row->p.read_only)
		return complain(r, node, row->p.name, "is status: it can be read, not set");
	if ((rc = value_text(r, node, row, &text)))
		return rc;
	if ((rc = email__value_parse(row, v, text, &why)) == EMAIL_OK)
		return EMAIL_OK;
	snprintf(why.property, sizeof why.property, "%s", row->p.name);
	return pass_on(r, node, rc, &why);
}

/* The service's own properties; accounts go to `c`, or are passed over where it is NULL. */
static email_code
read_root(reader *r, email__node *root, email__service_values *v, email__contents *c)
{
	bool seen[EMAIL__PROPERTIES_MAX] = {false};
	email_code rc = only_elements(r, root, "");
	email__node *node;

	for (node = email__node_first(root); node && rc == EMAIL_OK; node = email__node_next(node)) {
		const char *name = email__node_name(node);
		const email__property *row = email__table_find(&email__service_table, name);
		int kind = email__words_index(EMAIL__SHEET_KINDS, name);
		char near[64];

		if (kind >= 0) {
			rc = c ? add_account(r, c, (email_account_kind)kind, node) : EMAIL_OK;
		} else if (row) {
			rc = read_own(r, node, row, &seen[email__table_index(&email__service_table, row)], v);
		} else {
			email__words_nearest(EMAIL__SHEET_KINDS " enabled stateFolder", name, near,
			                     sizeof near);
			rc = complain_unknown(r, node, "account or property of the service", name, near);
		}
	}
	return rc;
}

email_code
email__read_service(email__node *root, const char *file, email__service_values *v, email_error *e)
{
	reader r;
	email_code rc;

	reader_init(&r, file, e);
	rc = read_root(&r, root, v, NULL);
	reader_dispose(&r);
	return rc;
}

/* --- the file --- */

static email_code
parse_file(const char *path, email__sheet **sheet, email_error *e)
{
	email__buf bytes;
	email_code rc;

	/* it may hold secrets */
	email__buf_init(&bytes, EMAIL__SHEET_MAX);
	bytes.secret = true;
	rc = email__file_read(path, &bytes, e);
	if (rc == EMAIL_OK)
		rc = email__sheet_parse(email__buf_head(&bytes), email__buf_len(&bytes), EMAIL__SHEET_MAX,
		                        path, EMAIL__SHEET_ROOT, EMAIL__SHEET_NAMESPACE, sheet, e);
	else if (rc == EMAIL_E_LIMIT)
		rc = EMAIL_E_SHEET;
	email__buf_dispose(&bytes);
	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	if (rc && e) {
		e->stage = EMAIL_STAGE_SHEET;
		e->code = rc;
		e->temporary = email_code_class(rc) == EMAIL_CLASS_RETRY;
		email__error_place(e, path, 0);
	}
	return rc;
}

email_code
email__contents_read(const char *path, email__contents *c, email_error *e)
{
	reader r;
	email_code rc;

	if (email__contents_init(c))
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	reader_init(&r, path, e);
	rc = parse_file(path, &c->sheet, e);
	if (rc == EMAIL_OK && !(c->path = email__strdup(path)))
		rc = email__error_memory(e, EMAIL_STAGE_SHEET);
	if (rc == EMAIL_OK)
		rc = read_root(&r, email__sheet_root(c->sheet), &c->v, c);
	reader_dispose(&r);
	if (rc)
		email__contents_dispose(c);
	return rc;
}
