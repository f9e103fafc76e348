/* SPDX-License-Identifier: MIT */
/* What becomes of a mail and of each of its recipients. */
#include <string.h>

#include "base/error.h"
#include "proto/remedy.h"
#include "proto/smtp_engine.h"

/* --- before --- */

static email_code
check_extensions(const email__smtp_mail *mail, const email__smtp_capabilities *can, email_error *e)
{
	if (mail->utf8 && !can->utf8) {
		email__error_set(e, EMAIL_E_EXTENSION, EMAIL_STAGE_ENVELOPE,
		                 "the message needs SMTPUTF8, which the server does not offer");
		email__error_remedy(e, "Use addresses without letters beyond ASCII");
	} else if (mail->eight_bit && !can->eight_bit) {
		email__error_set(e, EMAIL_E_EXTENSION, EMAIL_STAGE_ENVELOPE,
		                 "the message needs 8BITMIME, which the server does not offer");
	} else if (can->size_max && mail->size > can->size_max) {
		email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_ENVELOPE,
		                 "the message has about %llu bytes, the server takes %llu",
		                 (unsigned long long)mail->size, (unsigned long long)can->size_max);
		email__error_remedy(e, "Send smaller attachments");
	}
	return e->code;
}

email_code
email__smtp_mail_check(email__smtp_mail *mail, const email__smtp_capabilities *can)
{
	email_error *e = &mail->error;
	char shown[80];
	size_t i;

	email__error_clear(e);
	mail->code = EMAIL_OK;
	if (mail->count == 0 || mail->count > EMAIL__RECIPIENTS_MAX || !mail->source.read)
		return email__error_set(e, EMAIL_E_USAGE, EMAIL_STAGE_ENVELOPE,
		                        "a mail has 1 to %d recipients and a source", EMAIL__RECIPIENTS_MAX);
	if (check_extensions(mail, can, e))
		return e->code;
	if (mail->from[0] && !email__smtp_address_valid(mail->from, mail->utf8)) {
		email__printable(shown, sizeof shown, mail->from, strlen(mail->from));
		return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_ENVELOPE,
		                        "the sender '%s' is not an address", shown);
	}
	if (mail->envelope_id && !email__smtp_envelope_id_valid(mail->envelope_id))
		return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_ENVELOPE,
		                        "the envelope identifier is not valid");
	for (i = 0; i < mail->count; i++)
		if (!email__smtp_address_valid(mail->recipients[i].address, mail->utf8)) {
			email__printable(shown, sizeof shown, mail->recipients[i].address,
			                 strlen(mail->recipients[i].address));
			return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_ENVELOPE,
			                        "the recipient '%s' is not an address", shown);
		}
	return EMAIL_OK;
}

void
email__smtp_mail_begin(email__smtp_mail *mail)
{
	size_t i;

	mail->done = false;
	mail->next = NULL;
	mail->asked = mail->answered = mail->accepted = 0;
	mail->unanswered = mail->state = 0;
	mail->end = 0;
	for (i = 0; i < mail->count; i++) {
		mail->recipients[i].outcome = EMAIL_OUTCOME_NONE;
		mail->recipients[i].reply = 0;
		mail->recipients[i].enhanced[0] = mail->recipients[i].text[0] = '\0';
	}
}

/* --- replies --- */

static void
keep(email__smtp_recipient *to, email_outcome outcome, const email__smtp_reply *r)
{
	to->outcome = outcome;
	to->reply = r->code;
	memcpy(to->enhanced, r->enhanced, sizeof to->enhanced);
	email__smtp_reply_words(r, to->text, sizeof to->text);
}

static email_outcome
refusal(const email__smtp_reply *r)
{
	return r->code < 500 ? EMAIL_OUTCOME_DEFERRED : EMAIL_OUTCOME_REFUSED;
}

void
email__smtp_mail_rcpt(email__smtp_mail *mail, const email__smtp_reply *r)
{
	email__smtp_recipient *to = &mail->recipients[mail->answered++];

	if (mail->state & MAIL_REFUSED)
		return; /* the sender was refused: what comes behind is noise */
	if (r->code / 100 == 2) {
		mail->accepted++;
		to->outcome = EMAIL_OUTCOME_ACCEPTED; /* until the data are refused */
	} else
		keep(to, refusal(r), r);
}

void
email__smtp_mail_refused(email__smtp_mail *mail, const email__smtp_reply *r, email_stage stage)
{
	size_t i;

	if (mail->state & MAIL_REFUSED)
		return;
	mail->state |= MAIL_REFUSED;
	email__smtp_reply_error(r, &mail->error, EMAIL_OK, stage,
	                        stage == EMAIL_STAGE_ENVELOPE ? "the server refused the sender"
	                                                      : "the server refused the message");
	for (i = 0; i < mail->count; i++)
		if (mail->recipients[i].outcome == EMAIL_OUTCOME_NONE ||
		    mail->recipients[i].outcome == EMAIL_OUTCOME_ACCEPTED)
			keep(&mail->recipients[i], refusal(r), r);
}

/* --- the end --- */

static size_t
count(const email__smtp_mail *mail, email_outcome outcome)
{
	size_t i, n = 0;

	for (i = 0; i < mail->count; i++)
		n += mail->recipients[i].outcome == outcome;
	return n;
}

/* The first recipient with this outcome is the one that the record tells of. */
static void
tell(email__smtp_mail *mail, email_outcome outcome)
{
	email_error *e = &mail->error;
	size_t i = 0, missing = mail->count - count(mail, EMAIL_OUTCOME_ACCEPTED);
	const email__smtp_recipient *to;

	while (mail->recipients[i].outcome != outcome)
		i++;
	to = &mail->recipients[i];
	if (missing == 1)
		email__error_set(e, mail->code, EMAIL_STAGE_ENVELOPE,
		                 "the server refused the recipient %.100s: %d%s%s %s", to->address, to->reply,
		                 to->enhanced[0] ? " " : "", to->enhanced, to->text);
	else
		email__error_set(e, mail->code, EMAIL_STAGE_ENVELOPE,
		                 "the server refused %zu of %zu recipients, as %.100s: %d%s%s %s", missing,
		                 mail->count, to->address, to->reply, to->enhanced[0] ? " " : "",
		                 to->enhanced, to->text);
	e->temporary = outcome == EMAIL_OUTCOME_DEFERRED;
	e->reply = to->reply;
	memcpy(e->enhanced, to->enhanced, sizeof e->enhanced);
	email__remedy(e);
}

static void
conclude(email__smtp_mail *mail)
{
	size_t accepted = count(mail, EMAIL_OUTCOME_ACCEPTED), refused = count(mail, EMAIL_OUTCOME_REFUSED);
	size_t deferred = count(mail, EMAIL_OUTCOME_DEFERRED);

	if (accepted == mail->count) {
		mail->code = EMAIL_OK;
		return;
	}
	mail->code = accepted ? EMAIL_E_PARTIAL : deferred ? EMAIL_E_TEMPORARY : EMAIL_E_REFUSED;
	/* the data were refused for good, but a recipient was only put off before that: that one decides */
	if (mail->error.code != mail->code)
		email__error_clear(&mail->error);
	if (accepted)
		tell(mail, refused ? EMAIL_OUTCOME_REFUSED : EMAIL_OUTCOME_DEFERRED);
	else
		tell(mail, deferred ? EMAIL_OUTCOME_DEFERRED : EMAIL_OUTCOME_REFUSED);
}

void
email__smtp_mail_done(email__smtp_mail *mail, const email__smtp_reply *r)
{
	email__smtp_recipient *taken = NULL;
	size_t i;

	if (mail->state & MAIL_TAKEN)
		for (i = 0; i < mail->count; i++) {
			email__smtp_recipient *to = &mail->recipients[i];

			if (to->outcome != EMAIL_OUTCOME_ACCEPTED)
				continue;
			if (!taken) {
				keep(to, EMAIL_OUTCOME_ACCEPTED, r);
				taken = to;
			} else {
				to->reply = taken->reply;
				memcpy(to->enhanced, taken->enhanced, sizeof to->enhanced);
				memcpy(to->text, taken->text, sizeof to->text);
			}
		}
	conclude(mail);
	mail->done = true;
}

/*
 * RFC 1047: once the last byte of the data is on its way and no reply came, the server may have taken the
 * mail. That holds for the recipients that it accepted, and for those whose replies were still under way.
 */
void
email__smtp_mail_broken(email__smtp_mail *mail, const email_error *error, uint64_t gone)
{
	bool unsure = (mail->state & MAIL_ENDED) && !(mail->state & MAIL_REFUSED) && gone >= mail->end &&
	              (mail->accepted || mail->answered < mail->count);
	size_t i, open = 0;

	for (i = 0; i < mail->count && (mail->state & MAIL_BEGUN); i++) {
		email__smtp_recipient *to = &mail->recipients[i];

		if (to->outcome != EMAIL_OUTCOME_NONE && to->outcome != EMAIL_OUTCOME_ACCEPTED)
			continue;
		to->outcome = unsure ? EMAIL_OUTCOME_UNSURE : EMAIL_OUTCOME_DEFERRED;
		open++;
	}
	if ((mail->state & MAIL_BEGUN) && open == 0)
		conclude(mail);
	else if (mail->error.code == EMAIL_OK && unsure) {
		mail->code = email__error_set(
			&mail->error, EMAIL_E_UNSURE, EMAIL_STAGE_DATA,
			"no answer to the end of the data, so the message may have been delivered: %s",
			error->text);
		email__error_remedy(
			&mail->error,
			"Ask a recipient before sending it again; a repeat has the same Message-ID");
	} else {
		if (mail->error.code == EMAIL_OK)
			mail->error = *error;
		mail->code = mail->error.code;
	}
	mail->done = true;
}
