/* SPDX-License-Identifier: MIT */
/* What outcomes do to the status properties: ok only after a real session, unverified until the first. */
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "os/clock.h"

/* A status text; for want of memory it becomes empty rather than stale. */
static void
put(char **field, const char *text)
{
	char *copy;

	if (*field && strcmp(*field, text) == 0)
		return;
	copy = email__strdup(text);
	if (!copy) {
		if (*field)
			(*field)[0] = '\0';
		return;
	}
	email__free(*field);
	*field = copy;
}

void
email__status_of_session(email_account *account, const email_error *error)
{
	email__values *v = &account->v;
	const int64_t trouble = EMAIL__STATUS_DOWN | EMAIL__STATUS_FAULT;

	if (error->code == EMAIL_OK) {
		const email__session *s = account->connection ? account->connection->session : NULL;
		email_error why = {0};

		v->status_bits &= ~(trouble | EMAIL__STATUS_UNVERIFIED);
		put(&v->fault_cause, "");
		/* the session went well by a root, but exemptions wait for a person to repair their sheet */
		if (email__trust_fault(email__account_trust(account), &why)) {
			v->status_bits |= EMAIL__STATUS_FAULT;
			put(&v->fault_cause, why.text);
		}
		put(&v->tls_version, s ? email__session_tls_version(s) : "");
		put(&v->tls_cipher_suite, s ? email__session_cipher_suite(s) : "");
		v->server_certificate_not_after = s ? email__session_not_after(s) : 0;
		return;
	}
	if (error->code == EMAIL_E_CANCELLED || error->code == EMAIL_E_DISABLED)
		return;
	v->status_bits = (v->status_bits & ~trouble) |
	                 (email_code_class(error->code) == EMAIL_CLASS_FIX ? EMAIL__STATUS_FAULT : EMAIL__STATUS_DOWN);
	put(&v->fault_cause, error->text);
}

void
email__status_of_mail(email_account *account, email_code code, const email_error *error)
{
	email__values *v = &account->v;
	int64_t now = email__clock_wall();

	if (code == EMAIL_OK || code == EMAIL_E_PARTIAL) {
		v->number_sent++;
		v->last_send_success = now;
	}
	if (code != EMAIL_OK) {
		v->last_send_failure = now;
		put(&v->last_send_failure_cause, error->text);
	}
}
