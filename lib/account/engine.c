/* SPDX-License-Identifier: MIT */
#include "account/engine.h"

static const char *
mechanism(const email_account *account)
{
	return account->v.auth_mechanism[0] ? account->v.auth_mechanism : NULL;
}

static email_code
make_smtp(email__engine *e, const email_account *account, const email__credentials *credentials)
{
	email__smtp_config config = {
		.ehlo_name = account->v.ehlo_name,
		.start_tls = account->v.use_start_tls,
		.tls = account->v.use_ssl,
		.allow_plaintext_login = account->v.allow_plaintext_login,
		.mechanism = mechanism(account),
		.credentials = credentials,
	};

	if (!(e->smtp = email__smtp_new(&config)))
		return EMAIL_E_MEMORY;
	e->link = email__smtp_link(e->smtp);
	return EMAIL_OK;
}
