/* SPDX-License-Identifier: MIT */
#include "account/account.h"

#include <stdio.h>
#include <string.h>

#include "account/accept.h"
#include "account/change.h"
#include "account/value.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/wipe.h"
#include "tls/tls.h"
#include "trust/keys.h"

email_account *
email_account_new(email_account_kind kind, const char *name)
{
	email_account *account;

	if (!email_account_name_valid(name) || !(account = email__new(email_account)))
		return NULL;
	account->kind = kind;
	account->v.status_bits = EMAIL__STATUS_UNVERIFIED;
	if (email__values_init(&email__account_table, &account->v)) {
		email__free(account);
		return NULL;
	}
	if (email__text_keep(&account->v.name, name, strlen(name)) || !email__connection_new(account)) {
		email_account_free(account);
		return NULL;
	}
	account->name = account->v.name;
	return account;
}

void
email_account_free(email_account *account)
{
	size_t i;

	if (!account)
		return;
	for (i = 0; i < account->status_seen_count; i++)
		email__free(account->status_seen[i]);
	email__free(account->status_seen);
	email__connection_free(account);
	email__values_free(&email__account_table, &account->v);
	email__wipe(account, sizeof *account);
	email__free(account);
}

email_account_kind
email_account_get_kind(const email_account *account)
{
	return account->kind;
}

const char *
email_account_name(const email_account *account)
{
	return account->name;
}

void
email_account_set_trust(email_account *account, email_trust *trust)
{
	account->trust = trust;
	/* another one may have the address and the generation of one that was freed */
	account->changes++;
}

void
email_account_set_log(email_account *account, email_log_fn log, void *context)
{
	account->log = log;
	account->log_context = context;
}

const email_error *
email_account_error(const email_account *account)
{
	return &account->error;
}

email_trust *
email__account_trust(email_account *account)
{
	if (account->trust || !account->owner)
		return account->trust;
	return account->owner->trust(account->owner->service);
}

/* --- by name --- */

static email_code
unknown(email_account_kind kind, const char *name, email_error *e)
{
	const char *near = email__table_nearest(&email__account_table, (int)kind, false, name);
	char given[64];

	if (!e)
		return EMAIL_E_UNKNOWN;
	/* what looks like none may be a secret at the wrong place, which is not repeated */
	email__printable(given, sizeof given, near ? name : "of that name",
	                 strlen(near ? name : "of that name"));
	email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_SHEET, "an %s account has no property %s",
	                 kind == EMAIL_OUTGOING ? "outgoing" : "incoming", given);
	if (near) {
		snprintf(e->property, sizeof e->property, "%s", given);
		email__error_remedy(e, "did you mean %s?", near);
	}
	return EMAIL_E_UNKNOWN;
}

/* Puts those values whose row is the authenticator's type, or the others: the type tells which fields
 * there are, so it comes first wherever it stands. */
static email_code
put_values(email__change *change, const email_property_value *values, size_t count, bool types,
           email_error *e)
{
	email_code rc = EMAIL_OK;
	size_t i;

	for (i = 0; i < count && rc == EMAIL_OK; i++) {
		const email__property *row;

		if ((strcmp(values[i].property, EMAIL__AUTHENTICATOR_TYPE) == 0) != types)
			continue;
		row = email__table_find(&email__account_table, values[i].property);
		rc = row ? email__change_put(change, row, values[i].text, e)
		         : unknown(change->account->kind, values[i].property, e);
	}
	return rc;
}

/* What others have written of it under its old name is known before it has the new one. */
static void
look_before_name(email_account *account, const email_property_value *values, size_t count)
{
	size_t i;

	for (i = 0; account->owner && account->owner->renaming && i < count; i++)
		if (strcmp(values[i].property, "name") == 0)
			email__status_look(account);
}

/* Everything else is agreed by then. */
static email_code
tell_owner(const email__change *change, email_error *e)
{
	email_account *account = change->account;
	email_code rc;

	if (!account->owner || !account->owner->renaming || strcmp(change->v.name, account->name) == 0)
		return EMAIL_OK;
	if ((rc = account->owner->renaming(account->owner->service, account, change->v.name, e)) &&
	    !e->property[0])
		snprintf(e->property, sizeof e->property, "name");
	return rc;
}

email_code
email_account_set_all(email_account *account, const email_property_value *values, size_t count)
{
	email__change change;
	email_error *e = &account->error;
	email_code rc;

	email__error_clear(e);
	look_before_name(account, values, count);
	if (email__change_begin(&change, account))
		return email__error_memory(e, EMAIL_STAGE_SHEET);
	rc = put_values(&change, values, count, true, e);
	if (rc == EMAIL_OK)
		rc = put_values(&change, values, count, false, e);
	if (rc == EMAIL_OK)
		rc = tell_owner(&change, e);
	if (rc == EMAIL_OK)
		email__change_commit(&change);
	else
		email__change_abandon(&change);
	return rc;
}

email_code
email_account_set(email_account *account, const char *property, const char *text)
{
	email_property_value value = {property, text ? text : ""};

	return email_account_set_all(account, &value, 1);
}

email_code
email_account_unset(email_account *account, const char *property)
{
	email_property_value value = {property, NULL};

	return email_account_set_all(account, &value, 1);
}

email_code
email_account_reset(email_account *account, const char *counter)
{
	email_error *e = &account->error;

	email__error_clear(e);
	email__status_look(account);
	if (account->kind == EMAIL_OUTGOING && strcmp(counter, "numberSent") == 0)
		account->v.number_sent = 0;
	else if (account->kind == EMAIL_OUTGOING && strcmp(counter, "numberDiscarded") == 0)
		account->v.number_discarded = 0;
	else
		email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_NONE,
		                 "only numberSent and numberDiscarded can be reset");
	if (e->code == EMAIL_OK)
		email__status_keep(account, true);
	return e->code;
}

static email_code
print(const email_account *account, const email__property *row, email__buf *out)
{
	if (row->p.secret)
		return email__buf_adds(
			out, email__value_secret(row, (void *)(uintptr_t)&account->v)->kind ? "set" : "");
	if (row->compute)
		return email__value_print_number(row, row->compute(account), out);
	return email__value_print(row, &account->v, out);
}

email_code
email__text_out(email__buf *in, char *text, size_t size)
{
	size_t n = email__buf_len(in);
	bool fits = n < size;

	if (size == 0)
		return EMAIL_E_LIMIT;
	if (!fits)
		n = size - 1;
	if (n)
		memcpy(text, email__buf_head(in), n);
	text[n] = '\0';
	return fits ? EMAIL_OK : EMAIL_E_LIMIT;
}

email_code
email_account_get(const email_account *account, const char *property, char *text, size_t size)
{
	const email__property *row = email__table_find(&email__account_table, property);
	email__buf out;
	email_code rc;

	if (size)
		text[0] = '\0';
	if (!row || !email__property_of_kind(row, account->kind))
		return EMAIL_E_UNKNOWN;
	/* reading a status looks into the state folder: the account is no other for it */
	if (row->p.read_only)
		email__status_look((email_account *)(uintptr_t)account);
	email__buf_init(&out, EMAIL__TEXT_MAX);
	rc = print(account, row, &out);
	if (rc == EMAIL_OK)
		rc = email__text_out(&out, text, size);
	email__buf_dispose(&out);
	return rc;
}

bool
email_account_has(const email_account *account, const email_property *property)
{
	const email__property *row = email__table_find(&email__account_table, property->name);

	/* the service's own rows have names in common with an account's */
	return row && &row->p == property && email__property_of_kind(row, account->kind) &&
	       email__property_of_authenticator(row, account->v.auth_type) &&
	       (!row->imap || account->v.store == EMAIL_STORE_IMAP);
}

/* --- typed setters --- */

static email_code
set_flag(email_account *account, const char *property, bool on)
{
	return email_account_set(account, property, on ? "true" : "false");
}

static email_code
set_word(email_account *account, const char *property, int i)
{
	const email__property *row = email__table_find(&email__account_table, property);
	char word[32];
	size_t n = 0;
	const char *at = i < 0 ? NULL : email__words_at(row->p.range, i, &n);

	snprintf(word, sizeof word, "%.*s", at ? (int)n : 0, at ? at : "");
	return email_account_set(account, property, word);
}

email_code
email_account_set_hostname(email_account *account, const char *hostname)
{
	return email_account_set(account, "hostname", hostname);
}

email_code
email_account_set_port(email_account *account, int port)
{
	char text[16];

	snprintf(text, sizeof text, "%d", port);
	return email_account_set(account, "port", text);
}

email_code
email_account_set_use_ssl(email_account *account, bool on)
{
	return set_flag(account, "useSsl", on);
}

email_code
email_account_set_use_start_tls(email_account *account, bool on)
{
	return set_flag(account, "useStartTls", on);
}

email_code
email_account_set_tls_min_protocol(email_account *account, email_tls_version v)
{
	return set_word(account, "tlsMinProtocol", (int)v);
}

email_code
email_account_set_enabled(email_account *account, bool on)
{
	return set_flag(account, "enabled", on);
}

email_code
email_account_set_store(email_account *account, email_store store)
{
	return set_word(account, "store", (int)store);
}

email_code
email_account_set_from(email_account *account, const char *address)
{
	return email_account_set(account, "from", address);
}

email_code
email_account_set_no_authenticator(email_account *account)
{
	return email_account_set(account, EMAIL__AUTHENTICATOR_TYPE, "none");
}

email_code
email_account_set_basic_authenticator(email_account *account, const char *user, const char *password)
{
	email_property_value values[] = {
		{EMAIL__AUTHENTICATOR_TYPE, "basic"},
		{EMAIL__AUTHENTICATOR ".account", user ? user : ""},
		{EMAIL__AUTHENTICATOR ".password", NULL},
	};
	email__buf secret;
	email_code rc;

	email__error_clear(&account->error);
	email__buf_init(&secret, EMAIL__SECRET_MAX + sizeof "value:");
	secret.secret = true;
	rc = email__buf_adds(&secret, "value:");
	if (rc == EMAIL_OK && password)
		rc = email__buf_adds(&secret, password);
	if (rc == EMAIL_OK && !(values[2].text = email__buf_text(&secret)))
		rc = EMAIL_E_MEMORY;
	if (rc == EMAIL_OK)
		rc = email_account_set_all(account, values, 3);
	else if (rc == EMAIL_E_LIMIT)
		rc = email__error_set(&account->error, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
		                      "the password is longer than %d bytes", EMAIL__SECRET_MAX);
	else
		email__error_memory(&account->error, EMAIL_STAGE_SHEET);
	email__buf_dispose(&secret);
	return rc;
}

/* --- typed getters --- */

const char *
email_account_hostname(const email_account *account)
{
	return account->v.hostname;
}

int
email_account_port(const email_account *account)
{
	return (int)account->v.port;
}

bool
email_account_use_ssl(const email_account *account)
{
	return account->v.use_ssl;
}

bool
email_account_use_start_tls(const email_account *account)
{
	return account->v.use_start_tls;
}

bool
email_account_enabled(const email_account *account)
{
	return account->v.enabled;
}

email_store
email_account_get_store(const email_account *account)
{
	return (email_store)account->v.store;
}

email_tls_version
email_account_tls_min_protocol(const email_account *account)
{
	return (email_tls_version)account->v.tls_min_protocol;
}

/* --- derived values --- */

int64_t
email__effective_port(const email_account *account)
{
	/* RFC 8314 section 3, RFC 6409, RFC 9051, RFC 1939 */
	static const struct {
		int neither, start_tls, ssl;
	} ports[] = {
		{25, 587, 465},  /* Smtp */
		{143, 143, 993}, /* Imap */
		{110, 110, 995}, /* Pop3 */
	};
	const email__values *v = &account->v;
	size_t i = account->kind == EMAIL_OUTGOING ? 0 : v->store == EMAIL_STORE_IMAP ? 1 : 2;

	if (v->port != -1)
		return v->port;
	return v->use_ssl ? ports[i].ssl : v->use_start_tls ? ports[i].start_tls : ports[i].neither;
}

int
email_account_effective_port(const email_account *account)
{
	return (int)email__effective_port(account);
}

int64_t
email__effective_tls_min(const email_account *account)
{
	int64_t floor = email__tls_floor();

	return account->v.tls_min_protocol > floor ? account->v.tls_min_protocol : floor;
}

email_tls_version
email_account_effective_tls_min_protocol(const email_account *account)
{
	return (email_tls_version)email__effective_tls_min(account);
}

static int64_t
end_of_certificate(const email_account *account, const char *alias)
{
	/* which looks for the trust of its service, and changes nothing */
	email_trust *trust = email__account_trust((email_account *)(uintptr_t)account);
	email_certificate leaf;
	email_error ignored = {0};

	return alias[0] && email__trust_client_leaf(trust, alias, &leaf, &ignored) == EMAIL_OK
	               ? leaf.not_after
	               : 0;
}

int64_t
email__client_certificate_end(const email_account *account)
{
	return end_of_certificate(account, account->v.client_certificate);
}

int64_t
email__auth_certificate_end(const email_account *account)
{
	return end_of_certificate(account, account->v.auth_certificate);
}

int64_t
email__effective_status(const email_account *account)
{
	return account->v.status_bits | (account->v.enabled ? 0 : EMAIL__STATUS_DISABLED);
}

void
email_account_set_credential_callback(email_account *account, email_credential_fn credential, void *context)
{
	account->credential = credential;
	account->credential_context = context;
}
