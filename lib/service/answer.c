/* SPDX-License-Identifier: MIT */
#include "service/answer.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "mime/received.h"

/* A received message, as far as it is looked at. All that can fail is asked for before anything is told. */
typedef struct answer {
	email__sent *sent;
	email_auto automatic;
	const email_delivery *deliveries;
	size_t delivery_count;
	const char *const *in_reply_to, *const *references;
	size_t in_reply_to_count, reference_count;
	const char *own_id, *original_id, *subject, *from;
} answer;

static email_code
ask(answer *a, email_message *m)
{
	email_code rc;
	const email_mailbox *from;

	a->automatic = email_message_auto(m);
	if ((rc = email_message_error(m)->code))
		return rc;
	a->delivery_count = email_message_deliveries(m, &a->deliveries);
	if ((rc = email_message_error(m)->code))
		return rc;
	a->in_reply_to_count = email_message_in_reply_to(m, &a->in_reply_to);
	if ((rc = email_message_error(m)->code))
		return rc;
	a->reference_count = email_message_references(m, &a->references);
	a->own_id = email_message_message_id(m); /* all three are read at once */
	a->subject = email_message_subject(m);
	if ((rc = email_message_error(m)->code))
		return rc;
	a->from = email_message_mailboxes(m, "From", &from) ? from->address : "";
	if ((rc = email_message_error(m)->code))
		return rc;
	/* what a person wrote says by its header alone what it answers: nobody's quotations are searched */
	a->original_id = a->automatic == EMAIL_AUTO_NO ? "" : email__message_original_id(m);
	return email_message_error(m)->code;
}

/* --- which mail --- */

/* What it answers; then the thread, its newest mail first, for some programs name nothing else. */
static const email__sent_mail *
by_thread(const answer *a)
{
	const email__sent_mail *found = NULL;
	size_t i;

	for (i = 0; !found && i < a->in_reply_to_count; i++)
		found = email__sent_by_message_id(a->sent, a->in_reply_to[i]);
	for (i = a->reference_count; !found && i-- > 0;)
		found = email__sent_by_message_id(a->sent, a->references[i]);
	return found;
}

static const email__sent_mail *
by_original(const answer *a)
{
	return a->original_id[0] ? email__sent_by_message_id(a->sent, a->original_id) : NULL;
}

/* RFC 3461 4.4: the envelope id says which transaction it was, also of two mails with one Message-ID. */
static const email__sent_mail *
reported(const answer *a)
{
	const email_delivery *d = a->delivery_count ? &a->deliveries[0] : NULL;
	const email__sent_mail *found = d ? email__sent_by_id(a->sent, d->envelope_id) : NULL;

	if (!found)
		found = by_original(a);
	return found ? found : by_thread(a);
}

/* --- events --- */

static void
put(char *out, size_t size, const char *text)
{
	email__printable(out, size, text ? text : "", text ? strlen(text) : 0);
}

static void
begin(email_event *e, email_event_kind kind, const email__sent_mail *mail)
{
	memset(e, 0, sizeof *e);
	e->kind = kind;
	e->count = 1;
	put(e->account, sizeof e->account, mail->account);
	put(e->id, sizeof e->id, mail->id);
	put(e->message_id, sizeof e->message_id, mail->message_id);
}

/* The mail's only recipient; "" where it had more. */
static const char *
only_recipient(const email__sent_mail *mail)
{
	return mail->count == 1 ? mail->recipients : "";
}

/* Whom it is about, as the mail was addressed; `via` is the address that took that one's place, or "". */
static const char *
whom(const email__sent_mail *mail, const email_delivery *d, const char **via)
{
	const char *sent = email__sent_recipient(mail, d->recipient);

	*via = "";
	if (sent)
		return sent;
	if ((sent = email__sent_recipient(mail, d->original_recipient)))
		*via = d->recipient;
	return sent ? sent : d->recipient[0] ? d->recipient : only_recipient(mail);
}

static void
tell_delivery(const answer *a, const email__sent_mail *mail, const email_delivery *d, size_t count,
              email__answer_fn tell, void *context)
{
	const char *via;
	email_event e;
	size_t used;

	begin(&e, EMAIL_EVENT_DELIVERY, mail);
	e.count = count;
	put(e.recipient, sizeof e.recipient, whom(mail, d, &via));
	put(e.action, sizeof e.action, d->action);
	put(e.status, sizeof e.status, d->status);
	put(e.text, sizeof e.text, via);
	if (via[0] && (used = strlen(e.text)) + 2 < sizeof e.text)
		memcpy(e.text + used, ": ", 3);
	used = strlen(e.text);
	put(e.text + used, sizeof e.text - used, d->diagnostic[0] ? d->diagnostic : a->subject);
	tell(context, &e);
}

static void
tell_report(const answer *a, const email__sent_mail *mail, email__answer_fn tell, void *context)
{
	static const email_delivery unknown = {"", "", "", "", "", "", "", ""};
	size_t most = mail->count + EMAIL__ANSWER_STRANGERS_MAX, n = a->delivery_count, i;

	if (n == 0)
		tell_delivery(a, mail, &unknown, 1, tell, context);
	for (i = 0; i < n && i < most; i++)
		tell_delivery(a, mail, &a->deliveries[i], i + 1 == most ? n - i : 1, tell, context);
}

static void
tell_reply(const answer *a, const email__sent_mail *mail, email__answer_fn tell, void *context)
{
	email_event e;

	begin(&e, EMAIL_EVENT_REPLY, mail);
	put(e.recipient, sizeof e.recipient, a->from);
	put(e.action, sizeof e.action, a->automatic == EMAIL_AUTO_NO ? "" : "auto");
	put(e.text, sizeof e.text, a->subject);
	tell(context, &e);
}

email_code
email__answer_match(email__sent *sent, email_message *message, email__answer_fn tell, void *context)
{
	answer a = {.sent = sent};
	const email__sent_mail *mail;
	email_code rc;

	/* so that a message is not parsed for nothing */
	if (email__sent_count(sent) == 0)
		return EMAIL_OK;
	if ((rc = ask(&a, message)))
		return rc;
	if (a.delivery_count || a.automatic == EMAIL_AUTO_REPORT) {
		if ((mail = reported(&a)))
			tell_report(&a, mail, tell, context);
		return EMAIL_OK;
	}
	/* a mail of ours that goes on with a thread, and that the mailbox got a copy of, is no answer */
	if (a.own_id && email__sent_by_message_id(sent, a.own_id))
		return EMAIL_OK;
	if ((mail = by_thread(&a)) || (mail = by_original(&a)))
		tell_reply(&a, mail, tell, context);
	return EMAIL_OK;
}
