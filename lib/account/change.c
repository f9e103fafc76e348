/* SPDX-License-Identifier: MIT */
#include "account/change.h"

#include <stdio.h>
#include <string.h>

#include "account/sealed.h"
#include "account/value.h"
#include "base/error.h"
#include "base/wipe.h"

email_code
email__change_begin(email__change *change, email_account *account)
{
	memset(change, 0, sizeof *change);
	change->account = account;
	return email__values_copy(&email__account_table, &change->v, &account->v, sizeof account->v);
}

void
email__change_abandon(email__change *change)
{
	email__values_free(&email__account_table, &change->v);
}

void
email__change_commit(email__change *change)
{
	email_account *account = change->account;

	/* a sheet that is silent about useSsl and says useStartTls means Start TLS */
	if (change->ssl_by_default)
		change->v.use_ssl = !change->v.use_start_tls;
	email__values_free(&email__account_table, &account->v);
	account->v = change->v;
	account->name = account->v.name;
	account->changes++;
}

#define IS(row, field) ((row)->offset == offsetof(email__values, field))

/* --- what may be set at all --- */

static email_code
may_put(const email__change *change, const email__property *row, email_error *e)
{
	email_account_kind kind = change->account->kind;

	if (!email__property_of_kind(row, kind))
		return email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_SHEET,
		                        "%s is a property of %s accounts only", row->p.name,
		                        kind == EMAIL_OUTGOING ? "incoming" : "outgoing");
	if (row->p.read_only)
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
		                        "%s is status: it can be read, not set", row->p.name);
	if (change->seen[email__table_index(&email__account_table, row)])
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET, "%s is given twice",
		                        row->p.name);
	if (!email__property_of_authenticator(row, change->v.auth_type)) {
		email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
		                 "%s does not belong to the authenticator type %s", row->p.name,
		                 email__authenticator_name(change->v.auth_type));
		email__error_remedy(e, "the types that have it: %s", row->p.authenticators);
		return EMAIL_E_VALUE;
	}
	return EMAIL_OK;
}

/* --- the rules between properties --- */

/* useSsl and useStartTls (model 1): on for one is off for the other; on for both is refused. `said`: asked
 * for in so many words, not by a default. */
static email_code
keep_exclusive(email__change *change, const email__property *row, bool said, email_error *e)
{
	email__values *v = &change->v;
	bool ssl = IS(row, use_ssl);

	if (!ssl && !IS(row, use_start_tls))
		return EMAIL_OK;
	if (!said) {
		change->ssl_by_default = change->ssl_by_default || ssl;
		return EMAIL_OK;
	}
	if (ssl)
		change->says_ssl = v->use_ssl;
	else
		change->says_start_tls = v->use_start_tls;
	if (change->says_ssl && change->says_start_tls) {
		email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
		                 "useSsl and useStartTls are both true, and exclude each other");
		email__error_remedy(e, "set one of them to false");
		return EMAIL_E_VALUE;
	}
	if (ssl)
		v->use_start_tls = v->use_start_tls && !v->use_ssl;
	else
		v->use_ssl = v->use_ssl && !v->use_start_tls;
	return EMAIL_OK;
}

/* Another type drops the fields that it does not have, secrets first of all. */
static email_code
drop_fields(email__change *change, const email__property *row)
{
	email_code rc = EMAIL_OK;
	size_t i;

	if (!IS(row, auth_type))
		return EMAIL_OK;
	for (i = 0; i < email__account_table.count && rc == EMAIL_OK; i++) {
		const email__property *field = &email__account_table.row[i];

		if (!field->compute && !email__property_of_authenticator(field, change->v.auth_type))
			rc = email__value_reset(field, &change->v);
	}
	return rc;
}

static email_code
keep_unique(const email__change *change, const email__property *row, email_error *e)
{
	const email_account *account = change->account;

	if (!IS(row, name) || !account->owner || strcmp(change->v.name, account->name) == 0 ||
	    !account->owner->name_taken(account->owner->service, change->v.name))
		return EMAIL_OK;
	return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_SHEET,
	                        "another account has the name %s already", change->v.name);
}

/* What is sealed is bound to the name. */
static email_code
seal_anew(email__change *change, const email__property *row, email_error *e)
{
	const email_account *account = change->account;
	email_code rc = EMAIL_OK;
	size_t i;

	if (!IS(row, name) || strcmp(change->v.name, account->name) == 0)
		return EMAIL_OK;
	for (i = 0; i < email__account_table.count && rc == EMAIL_OK; i++) {
		const email__property *field = &email__account_table.row[i];

		if (field->p.secret && email__value_secret(field, &change->v)->kind == EMAIL__SECRET_SEALED)
			rc = email__sealed_rename(account, change->v.name, field->p.name,
			                          email__value_secret(field, &change->v), e);
		if (rc && e && !e->property[0])
			snprintf(e->property, sizeof e->property, "%s", field->p.name);
	}
	return rc;
}

static email_code
put(email__change *change, const email__property *row, const char *text, email_error *e)
{
	email_code rc;

	if ((rc = may_put(change, row, e)))
		return rc;
	change->seen[email__table_index(&email__account_table, row)] = true;
	rc = text ? email__value_parse(row, &change->v, text, e) : email__value_reset(row, &change->v);
	if (rc == EMAIL_OK)
		rc = keep_exclusive(change, row, text != NULL, e);
	if (rc == EMAIL_OK)
		rc = drop_fields(change, row);
	if (rc == EMAIL_OK)
		rc = keep_unique(change, row, e);
	if (rc == EMAIL_OK)
		rc = seal_anew(change, row, e);
	return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_SHEET) : rc;
}

email_code
email__change_put(email__change *change, const email__property *row, const char *text, email_error *e)
{
	email_code rc = put(change, row, text, e);

	if (rc && e && !e->property[0])
		snprintf(e->property, sizeof e->property, "%s", row->p.name);
	return rc;
}
