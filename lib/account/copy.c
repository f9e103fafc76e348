/* SPDX-License-Identifier: MIT */
#include "account/copy.h"

#include "account/value.h"

email_account *
email__account_copy(const email_account *account)
{
	email_account *copy = email_account_new(account->kind, account->name);
	email__values v;

	if (!copy)
		return NULL;
	if (email__values_copy(&email__account_table, &v, &account->v, sizeof v)) {
		email_account_free(copy);
		return NULL;
	}
	email__values_free(&email__account_table, &copy->v);
	copy->v = v;
	copy->name = copy->v.name;
	copy->trust = account->trust;
	copy->log = account->log;
	copy->log_context = account->log_context;
	copy->credential = account->credential;
	copy->credential_context = account->credential_context;
	copy->has_handler = account->has_handler;
	copy->poll_limit = account->poll_limit;
	return copy;
}

bool
email__account_same(const email_account *a, const email_account *b)
{
	size_t i;

	if (a->kind != b->kind || a->trust != b->trust || a->log != b->log ||
	    a->log_context != b->log_context || a->credential != b->credential ||
	    a->credential_context != b->credential_context || a->poll_limit != b->poll_limit)
		return false;
	for (i = 0; i < email__account_table.count; i++) {
		const email__property *row = &email__account_table.row[i];

		if (!row->compute && !row->p.read_only && email__property_of_kind(row, a->kind) &&
		    !email__value_equal(row, &a->v, &b->v))
			return false;
	}
	return true;
}
