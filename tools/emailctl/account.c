/* SPDX-License-Identifier: MIT */
/* Accounts in the sheet: new show get set unset remove rename reset check, and schema. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* The longest value that the library has, and a NUL. */
#define TEXT_SIZE 5000

/* --- presets --- */

/*
 * What is known of a provider, row by row: a property gets its text where it was not given, and where another one (given, or
 * from a row above) is `if_text`. %s is the tenant: tenant=NAME, else the domain of emailAuthenticator.account, which the
 * provider takes for it, else every organization.
 */
static const struct preset {
	const char *name;
	const char *property, *text;
	const char *if_property, *if_text; /* NULL: always; "kind" is outgoing or incoming */
} presets[] = {
	{"microsoft365", "hostname", "smtp.office365.com", "kind", "outgoing"},
	{"microsoft365", "useStartTls", "true", "kind", "outgoing"},
	{"microsoft365", "hostname", "outlook.office365.com", "kind", "incoming"},
	{"microsoft365", "useSsl", "true", "kind", "incoming"},
	{"microsoft365", "emailAuthenticator.type", "oAuthClientSecret", NULL, NULL},
	{"microsoft365", "emailAuthenticator.authServerMetadataEndpoint",
         "https://login.microsoftonline.com/%s/v2.0", NULL, NULL},
	/* the application's own rights, and a person's (RFC 8628 3.1: offline_access for the refresh token) */
	{"microsoft365", "emailAuthenticator.scope", "https://outlook.office365.com/.default",
         "emailAuthenticator.type", "oAuthClientSecret"},
	{"microsoft365", "emailAuthenticator.scope", "https://outlook.office365.com/.default",
         "emailAuthenticator.type", "oAuthClientCertificate"},
	{"microsoft365", "emailAuthenticator.scope", "https://outlook.office.com/SMTP.Send offline_access",
         "kind", "outgoing"},
	{"microsoft365", "emailAuthenticator.scope",
         "https://outlook.office.com/POP.AccessAsUser.All offline_access", "store", "Pop3"},
	{"microsoft365", "emailAuthenticator.scope",
         "https://outlook.office.com/IMAP.AccessAsUser.All offline_access", "kind", "incoming"},
	{"google", "hostname", "smtp.gmail.com", "kind", "outgoing"},
	{"google", "hostname", "pop.gmail.com", "store", "Pop3"},
	{"google", "hostname", "imap.gmail.com", "kind", "incoming"},
	{"google", "useSsl", "true", NULL, NULL},
	{"google", "emailAuthenticator.type", "oAuthRefreshToken", NULL, NULL},
	{"google", "emailAuthenticator.authServerMetadataEndpoint", "https://accounts.google.com", NULL,
         NULL},
	{"google", "emailAuthenticator.tokenEndpoint", "https://oauth2.googleapis.com/token", NULL, NULL},
	{"google", "emailAuthenticator.scope", "https://mail.google.com/", NULL, NULL},
	/* a service account of Workspace */
	{"google", "emailAuthenticator.useJWTBearerAssertion", "true", "emailAuthenticator.type",
         "oAuthClientCertificate"},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static bool
has_word(const char *words, const char *word)
{
	size_t n;

	for (; *words; words += n, words += *words == ' ')
		if ((n = strcspn(words, " ")) == strlen(word) && memcmp(words, word, n) == 0)
			return true;
	return false;
}

/* Whether a value of the preset still fits to what was given: one switch goes with the other, and fields
 * with the authenticator's type. */
static bool
preset_fits(const values *v, const char *property)
{
	const email_property *known = property_find(property);
	size_t i;

	if (strcmp(property, "useSsl") == 0 || strcmp(property, "useStartTls") == 0)
		return !values_have(v, "useSsl") && !values_have(v, "useStartTls");
	for (i = 0; i < v->count; i++)
		if (strcmp(v->value[i].property, "emailAuthenticator.type") == 0 && known &&
		    known->authenticators[0])
			return has_word(known->authenticators, v->value[i].text);
	return true;
}

static const char *
given(const values *v, const char *property)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->value[i].property, property) == 0)
			return v->value[i].text;
	return NULL;
}

/* Takes a word that is no property out of the values; NULL: it was not given. */
static const char *
take_out(values *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->value[i].property, name) == 0) {
			const char *text = v->value[i].text;

			v->value[i] = v->value[--v->count];
			return text;
		}
	return NULL;
}

static bool
row_applies(const struct preset *row, email_account_kind kind, const values *v)
{
	const char *text;

	if (!row->if_property)
		return true;
	if (strcmp(row->if_property, "kind") == 0)
		return strcmp(row->if_text, kind == EMAIL_OUTGOING ? "outgoing" : "incoming") == 0;
	text = given(v, row->if_property);
	return text && strcmp(text, row->if_text) == 0;
}

/* Takes preset=NAME out of the values, and puts its rows in, where they were not given. */
static int
apply_preset(cli *c, email_account_kind kind, values *v)
{
	const char *name = take_out(v, "preset"), *tenant = take_out(v, "tenant"), *account, *at;
	bool known = false;
	char text[512];
	size_t i;

	if (!name)
		return tenant ? usage(c, "tenant goes with preset=microsoft365") : DONE;
	account = given(v, "emailAuthenticator.account");
	at = account ? strrchr(account, '@') : NULL;
	if (!tenant)
		tenant = at && at[1] ? at + 1 : "organizations";
	for (i = 0; i < COUNT(presets); i++) {
		const struct preset *row = &presets[i];
		const char *gap = strstr(row->text, "%s");

		if (strcmp(row->name, name) != 0)
			continue;
		known = true;
		if (!preset_fits(v, row->property) || !row_applies(row, kind, v))
			continue;
		if (gap)
			snprintf(text, sizeof text, "%.*s%.200s%s", (int)(gap - row->text), row->text, tenant,
			         gap + 2);
		values_default(v, row->property, gap ? text : row->text);
	}
	return known ? DONE : usage(c, "there is no preset %.40s: microsoft365 and google are known", name);
}

/* --- new remove rename reset --- */

/* Names that get, set and unset have for something else. */
static bool
reserved(const char *name)
{
	return strcmp(name, "service") == 0 || strcmp(name, "trust") == 0;
}

int
command_new(cli *c)
{
	bool outgoing = strcmp(c->word[0], "outgoing") == 0;
	email_account_kind kind = outgoing ? EMAIL_OUTGOING : EMAIL_INCOMING;
	email_account *account;
	values v = {0};
	int status;

	if (!outgoing && strcmp(c->word[0], "incoming") != 0)
		return usage(c, "expected outgoing or incoming");
	if (reserved(c->word[1]))
		return usage(c, "an account cannot be named %s: get and set have another use for it",
		             c->word[1]);
	if ((status = sheet_open_or_new(c)) == DONE && (status = values_parse(c, 2, &v)) == DONE &&
	    (status = apply_preset(c, kind, &v)) == DONE) {
		if (email_service_add(c->service, kind, c->word[1], &account))
			status = fail(c, email_service_error(c->service), NULL);
		else if (email_account_set_all(account, v.value, v.count))
			status = fail(c, email_account_error(account), NULL);
		else
			status = sheet_save(c);
	}
	values_free(&v);
	if (status == DONE)
		print_done(c);
	return status;
}

static int
save_done(cli *c)
{
	int status = sheet_save(c);

	if (status == DONE)
		print_done(c);
	return status;
}

int
command_remove(cli *c)
{
	int status = sheet_open(c);

	if (status)
		return status;
	if (email_service_remove(c->service, c->word[0]))
		return fail(c, email_service_error(c->service), NULL);
	return save_done(c);
}

int
command_rename(cli *c)
{
	int status = sheet_open(c);

	if (status)
		return status;
	if (reserved(c->word[1]))
		return usage(c, "an account cannot be named %s: get and set have another use for it",
		             c->word[1]);
	if (email_service_rename(c->service, c->word[0], c->word[1]))
		return fail(c, email_service_error(c->service), NULL);
	return save_done(c);
}

int
command_reset(cli *c)
{
	bool sent = strcmp(c->word[1], "sent") == 0;
	email_account *account;
	int status;

	if (!sent && strcmp(c->word[1], "discarded") != 0)
		return usage(c, "expected sent or discarded");
	if (!(account = sheet_account(c, c->word[0], &status)))
		return status;
	if (email_account_reset(account, sent ? "numberSent" : "numberDiscarded"))
		return fail(c, email_account_error(account), NULL);
	print_done(c);
	return DONE;
}

/* --- show --- */

static const char *
text_of(const email_account *account, const char *property, char text[TEXT_SIZE])
{
	email_account_get(account, property, text, TEXT_SIZE);
	return text;
}

static const char *
security_of(const email_account *account)
{
	return email_account_use_ssl(account)         ? "useSsl"
	       : email_account_use_start_tls(account) ? "useStartTls"
	                                              : "none";
}

/* The columns of the account manager; each is its JSON name too. */
static const char *
column(const email_account *account, const char *name, char text[TEXT_SIZE])
{
	bool outgoing = email_account_get_kind(account) == EMAIL_OUTGOING;

	if (strcmp(name, "kind") == 0)
		return outgoing ? "outgoing" : "incoming";
	if (strcmp(name, "security") == 0)
		return security_of(account);
	if (strcmp(name, "transport") == 0 && !outgoing)
		name = "store";
	if (strcmp(name, "authenticator") == 0)
		name = "emailAuthenticator.type";
	return text_of(account, name, text);
}

static tint
status_tint(const char *status)
{
	if (strstr(status, "fault") || strstr(status, "down"))
		return BAD;
	return strcmp(status, "ok") == 0 ? GOOD : PLAIN;
}

static const char *const columns[] = {"name",     "kind",          "transport", "hostname", "effectivePort",
                                      "security", "authenticator", "pollrate",  "status"};

static int
show_accounts(cli *c)
{
	json_t *list = json_need(json_array()), *document;
	table *t = table_new("NAME|KIND|TRANSPORT|HOSTNAME|PORT|SECURITY|AUTHENTICATOR|POLLRATE|STATUS");
	const email_account *account;
	char text[TEXT_SIZE];
	size_t i, k;

	for (i = 0; (account = email_service_account_at(c->service, i)); i++) {
		json_t *row = json_need(json_object());

		for (k = 0; k < COUNT(columns); k++) {
			const char *value = column(account, columns[k], text);

			table_add(t, k + 1 == COUNT(columns) ? status_tint(value) : PLAIN, "%s", value);
			if (strcmp(columns[k], "effectivePort") == 0)
				json_number(row, columns[k], email_account_effective_port(account));
			else
				json_text(row, columns[k], value);
		}
		json_array_append_new(list, row);
	}
	if (c->json) {
		document = json_need(json_object());
		json_object_set_new(document, "accounts", list);
		json_print(document);
	} else {
		json_decref(list);
		if (i)
			table_print(t);
		else
			puts("There is no account yet: emailctl new outgoing NAME hostname=...");
	}
	table_free(t);
	return DONE;
}

static void
typed_json(json_t *object, const email_property *p, const char *text)
{
	if (strcmp(p->type, "boolean") == 0)
		json_flag(object, p->name, strcmp(text, "true") == 0);
	else if (text[0] && (strcmp(p->type, "port") == 0 || strcmp(p->type, "integer") == 0 ||
	                     strcmp(p->type, "KiB") == 0 || strcmp(p->type, "percent") == 0))
		json_number(object, p->name, strtoll(text, NULL, 10));
	else
		json_text(object, p->name, text);
}

static int
show_account(cli *c, const email_account *account)
{
	json_t *properties = json_need(json_object()), *document;
	table *t = table_new("PROPERTY|VALUE|");
	const email_property *p;
	char text[TEXT_SIZE];
	size_t i;

	for (i = 0; (p = email_property_at(i)); i++) {
		bool preset;

		if (!email_account_has(account, p))
			continue;
		text_of(account, p->name, text);
		typed_json(properties, p, text);
		if (p->read_only && !text[0])
			continue;
		preset = !p->read_only && strcmp(text, p->default_text) == 0;
		table_add(t, p->read_only ? FAINT : PLAIN, "%s", p->name);
		table_add(t, strcmp(p->type, "status") == 0 ? status_tint(text) : PLAIN, "%s",
		          p->secret && !text[0] ? "not set" : text);
		table_add(t, FAINT, "%s", p->read_only ? "read only" : preset && text[0] ? "default" : "");
	}
	if (c->json) {
		document = json_need(json_object());
		json_text(document, "name", email_account_name(account));
		json_text(document, "kind", column(account, "kind", text));
		json_object_set_new(document, "properties", properties);
		json_print(document);
	} else {
		json_decref(properties);
		table_print(t);
	}
	table_free(t);
	return DONE;
}

int
command_show(cli *c)
{
	const email_account *account;
	int status = sheet_open(c);

	if (status || c->count == 0)
		return status ? status : show_accounts(c);
	account = sheet_account(c, c->word[0], &status);
	return account ? show_account(c, account) : status;
}

/* --- get --- */

static int
print_value(const cli *c, const email_property *p, const char *property, const char *text)
{
	json_t *document;

	if (!c->json) {
		puts(p && p->secret && !text[0] ? "not set" : text);
		return DONE;
	}
	document = json_need(json_object());
	if (p)
		typed_json(document, p, text);
	else
		json_text(document, property, text);
	json_print(document);
	return DONE;
}

int
command_get(cli *c)
{
	const char *name = c->word[0], *property = c->word[1];
	email_account *account;
	email_trust *trust;
	char text[TEXT_SIZE];
	int status;

	if (strcmp(name, "trust") == 0) {
		if (!(trust = trust_open(c, &status)))
			return status;
		return email_trust_get(trust, property, text, sizeof text)
		               ? fail(c, email_trust_error(trust), NULL)
		               : print_value(c, NULL, property, text);
	}
	if ((status = sheet_open(c)))
		return status;
	if (strcmp(name, "service") == 0)
		return email_service_get(c->service, property, text, sizeof text)
		               ? fail(c, email_service_error(c->service), NULL)
		               : print_value(c, property_find(property), property, text);
	if (!(account = sheet_account(c, name, &status)))
		return status;
	if (email_account_get(account, property, text, sizeof text) == EMAIL_E_UNKNOWN) {
		/* setting makes the same complaint, with the nearest name */
		email_account_set(account, property, "");
		return fail(c, email_account_error(account), NULL);
	}
	return print_value(c, property_find(property), property, text);
}

/* --- set and unset --- */

static int
change_service(cli *c, const values *v)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (email_service_set(c->service, v->value[i].property, v->value[i].text))
			return fail(c, email_service_error(c->service), NULL);
	return save_done(c);
}

/* The trust sheet saves each change at once: what was set before the one that failed is taken back. */
static int
change_trust(cli *c, const values *v)
{
	char(*old)[TEXT_SIZE] = need_memory(calloc(v->count + 1, TEXT_SIZE));
	email_error e = {0};
	email_trust *trust;
	int status;
	size_t i;

	if (!(trust = trust_open(c, &status)))
		goto out;
	for (i = 0; i < v->count && !e.code; i++)
		if (email_trust_get(trust, v->value[i].property, old[i], TEXT_SIZE) ||
		    email_trust_set(trust, v->value[i].property, v->value[i].text))
			e = *email_trust_error(trust);
	if (e.code)
		for (i--; i-- > 0;)
			email_trust_set(trust, v->value[i].property, old[i]);
	status = e.code ? fail(c, &e, NULL) : DONE;
	if (status == DONE)
		print_done(c);
out:
	free(old);
	return status;
}

static int
change(cli *c, const values *v)
{
	email_account *account;
	int status;

	if (strcmp(c->word[0], "trust") == 0)
		return change_trust(c, v);
	if ((status = sheet_open(c)))
		return status;
	if (strcmp(c->word[0], "service") == 0)
		return change_service(c, v);
	if (!(account = sheet_account(c, c->word[0], &status)))
		return status;
	if (email_account_set_all(account, v->value, v->count))
		return fail(c, email_account_error(account), NULL);
	return save_done(c);
}

int
command_set(cli *c)
{
	values v;
	int status = values_parse(c, 1, &v);

	if (status == DONE)
		status = change(c, &v);
	values_free(&v);
	return status;
}

int
command_unset(cli *c)
{
	values v = {0};
	size_t i;
	int status;

	for (i = 1; i < c->count; i++)
		values_default(&v, c->word[i], NULL);
	status = change(c, &v);
	values_free(&v);
	return status;
}

/* --- check --- */

typedef struct check {
	const char *account;
	json_t *findings;
	table *table;
} check;

static void
add_finding(void *context, const email_finding *finding)
{
	check *k = context;
	json_t *row = json_need(json_object());

	json_text(row, "code", finding->code);
	json_text(row, "account", k->account);
	json_text(row, "property", finding->property);
	json_text(row, "text", finding->text);
	json_text(row, "remedy", finding->remedy);
	json_array_append_new(k->findings, row);
	table_add(k->table, PLAIN, "%s", k->account);
	table_add(k->table, PLAIN, "%s", finding->property);
	table_add(k->table, PLAIN, "%s; %s", finding->text, finding->remedy);
}

int
command_check(cli *c)
{
	check k = {NULL, json_need(json_array()), table_new("ACCOUNT|PROPERTY|FINDING")};
	email_account *one = NULL, *account;
	json_t *document = json_need(json_object());
	int status = sheet_open(c);
	size_t i;

	if (status == DONE && c->count)
		one = sheet_account(c, c->word[0], &status);
	for (i = 0; status == DONE && (account = one ? one : email_service_account_at(c->service, i)); i++) {
		k.account = email_account_name(account);
		if (email_account_check(account, add_finding, &k))
			status = fail(c, email_account_error(account), NULL);
		if (one)
			break;
	}
	json_object_set_new(document, "findings", k.findings);
	if (status == DONE) {
		status = json_array_size(k.findings) ? FINDINGS : DONE;
		if (c->json)
			json_print(json_incref(document));
		else if (status == FINDINGS)
			table_print(k.table);
		else
			puts("Nothing was found.");
	}
	json_decref(document);
	table_free(k.table);
	return status;
}

int
command_schema(cli *c)
{
	char *text = NULL;
	email_code rc = email_service_schema(&text);

	if (rc)
		return fail_with(c, rc, "", "the schema could not be made: %s", email_code_text(rc));
	fputs(text, stdout);
	email_text_free(text);
	return DONE;
}
