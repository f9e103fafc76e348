/* SPDX-License-Identifier: MIT */
/* What outcomes do to the status properties: ok only after a real session, unverified until the first. */
#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/limits.h"
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

/* --- the state folder --- */

void
email__status_know(email_account *account)
{
	if (account->status_loaded || !account->owner)
		return;
	account->status_loaded = true;
	account->owner->status_load(account->owner->service, account);
}

void
email__status_look(email_account *account)
{
	if (!account->owner)
		return;
	account->status_loaded = true;
	account->owner->status_load(account->owner->service, account);
}

/* Mails on a kept connection are not written down one by one. */
void
email__status_keep(email_account *account, bool at_once)
{
	int64_t now = email__clock_ms();

	if (!account->owner ||
	    (!at_once && account->status_saved_at && now - account->status_saved_at < EMAIL__STATUS_SAVE_MS))
		return;
	account->status_saved_at = now;
	account->owner->status_save(account->owner->service, account);
}

/* --- what is told --- */

void
email__account_tell(const email_account *account, email_event_kind kind, const char *status, const char *text)
{
	email_event event = {.kind = kind};

	if (!account->owner)
		return;
	snprintf(event.account, sizeof event.account, "%s", account->name);
	snprintf(event.status, sizeof event.status, "%s", status);
	snprintf(event.text, sizeof event.text, "%s", text);
	account->owner->tell(account->owner->service, &event);
}

static void
tell_status(const email_account *account)
{
	int64_t bits = account->v.status_bits;

	email__account_tell(account, EMAIL_EVENT_STATUS,
	                    bits & EMAIL__STATUS_FAULT  ? "fault"
	                    : bits & EMAIL__STATUS_DOWN ? "down"
	                                                : "ok",
	                    account->v.fault_cause);
}

/* --- outcomes --- */

/* True where it is another one than it was. */
static bool
judge(email__values *v, int64_t bits, const char *cause)
{
	bool news = v->status_bits != bits || strcmp(v->fault_cause, cause) != 0;

	v->status_bits = bits;
	put(&v->fault_cause, cause);
	return news;
}

static void
went_well(email_account *account, int64_t bits)
{
	email__values *v = &account->v;
	const email__session *s = account->connection->session;
	const email_error *lost = email__refresh_fault(account, &account->connection->tokens.refresh);
	email_error why = {0};
	bool news;

	/* the session went well by a root, but exemptions wait for a person to repair their sheet; or by a token, but the way
	 * to the next one ends with this process */
	if (lost)
		why = *lost;
	if (lost || email__trust_fault(email__account_trust(account), &why))
		bits |= EMAIL__STATUS_FAULT;
	account->status_judged = true;
	news = judge(v, bits & ~EMAIL__STATUS_UNVERIFIED, why.text);
	put(&v->tls_version, s ? email__session_tls_version(s) : "");
	put(&v->tls_cipher_suite, s ? email__session_cipher_suite(s) : "");
	v->server_certificate_not_after = s ? email__session_not_after(s) : 0;
	v->server_certificate_not_before = account->connection->verdict.certificate.not_before;
	email__status_keep(account, news);
	if (news)
		tell_status(account);
}

void
email__status_of_session(email_account *account, const email_error *error)
{
	email__values *v = &account->v;
	int64_t bits;
	bool news;

	email__status_know(account);
	account->status_unsaved = true;
	bits = v->status_bits & ~(EMAIL__STATUS_DOWN | EMAIL__STATUS_FAULT);
	if (error->code == EMAIL_OK) {
		went_well(account, bits);
		return;
	}
	if (error->code == EMAIL_E_CANCELLED || error->code == EMAIL_E_DISABLED)
		return;
	bits |= email_code_class(error->code) == EMAIL_CLASS_FIX ? EMAIL__STATUS_FAULT : EMAIL__STATUS_DOWN;
	news = judge(v, bits, error->text);
	email__status_keep(account, true);
	if (news)
		tell_status(account);
}

void
email__status_of_token(email_account *account, long seconds)
{
	email__status_know(account);
	account->v.token_expires = seconds > 0 ? email__clock_wall() + seconds : 0;
	email__account_tell(account, EMAIL_EVENT_TOKEN, seconds > 0 ? "ok" : "refused",
	                    seconds > 0 ? "a new token is held" : "the token that was held is good no more");
	/* the session that it is for tells soon how it went */
	account->status_unsaved = true;
}

void
email__status_of_poll(email_account *account, const email_error *error)
{
	email__values *v = &account->v;
	int64_t now = email__clock_wall();

	email__status_know(account);
	account->status_unsaved = true;
	if (error->code == EMAIL_OK) {
		v->last_poll_success = now;
	} else if (error->code != EMAIL_E_CANCELLED) {
		v->last_poll_failure = now;
		put(&v->last_poll_failure_cause, error->text);
	}
	email__status_keep(account, error->code != EMAIL_OK);
}

void
email__status_of_mail(email_account *account, email_code code, const email_error *error)
{
	email__values *v = &account->v;
	int64_t now = email__clock_wall();

	email__status_know(account);
	account->status_unsaved = true;
	if (code == EMAIL_OK || code == EMAIL_E_PARTIAL) {
		v->number_sent++;
		v->last_send_success = now;
	}
	if (code != EMAIL_OK) {
		v->last_send_failure = now;
		put(&v->last_send_failure_cause, error->text);
	}
	email__status_keep(account, code != EMAIL_OK);
}

void
email__status_of_discards(email_account *account, int64_t count, int64_t last, const char *cause)
{
	email__values *v = &account->v;

	email__status_know(account);
	account->status_unsaved = true;
	v->number_discarded += count;
	v->last_discard = last;
	put(&v->last_discard_cause, cause);
	email__status_keep(account, true);
}
