/* SPDX-License-Identifier: MIT */
#include "account/drain.h"

#include <string.h>

#include "account/connection.h"
#include "base/error.h"

email_operation *
email__account_start_drain(email_account *account, const email__supply *supply)
{
	email_operation *op = email__operation_start(account, EMAIL__OP_DRAIN);

	if (op)
		account->connection->flight = (email__flight){.supply = *supply};
	return op;
}

/* The mail's end: the account's status first, so that who is told of it sees it there. */
static void
end_mail(email_account *account, email__flight *f, email__smtp_mail *mail)
{
	f->taken++;
	email__status_of_mail(account, mail->code, &mail->error);
	f->supply.done(f->supply.context, mail);
}

/* Those at the front that are done: replies come in order, and so do outcomes. */
static void
collect(email_account *account, email__flight *f)
{
	while (f->count > 0 && f->mail[0]->done) {
		email__smtp_mail *mail = f->mail[0];

		f->count--;
		memmove(f->mail, f->mail + 1, f->count * sizeof *f->mail);
		if (mail->code == EMAIL_OK || mail->code == EMAIL_E_PARTIAL)
			account->connection->kept = true;
		end_mail(account, f, mail);
	}
}

/* To the engine; what it will not take is done, and told in its turn. */
static void
hand_over(email_account *account, email__flight *f, email__smtp_mail *mail)
{
	email_code rc;

	mail->last = false;
	f->mail[f->count++] = mail;
	if ((rc = email__smtp_send(account->connection->engine.smtp, mail))) {
		mail->code = rc;
		mail->done = true;
	}
}

/* As many as there are, and find room. */
static void
fill(email_account *account, email__flight *f)
{
	email__smtp *smtp = account->connection->engine.smtp;
	email__smtp_mail *mail;

	while (f->count < EMAIL__FLIGHT_MAX && email__smtp_ready(smtp)) {
		mail = f->supply.next(f->supply.context, f->count);
		if (!mail) {
			/* nothing comes behind it: it need not wait for more */
			if (f->count > 0)
				f->mail[f->count - 1]->last = true;
			return;
		}
		hand_over(account, f, mail);
		collect(account, f);
	}
}

bool
email__drain_ready(email_account *account)
{
	email__connection *c = account->connection;
	email__flight *f = &c->flight;
	email__smtp_mail *again[EMAIL__FLIGHT_MAX];
	unsigned i, n = f->count;

	/* After a kept connection that was dead: those that were handed to it, once more, and from the first byte. What
	 * cannot begin anew keeps the outcome that it has. */
	memcpy(again, f->mail, n * sizeof *again);
	f->count = 0;
	for (i = 0; i < n; i++) {
		const email__source *source = &again[i]->source;

		if (source->rewind && source->rewind(source->context) == EMAIL_OK)
			hand_over(account, f, again[i]);
		else
			f->mail[f->count++] = again[i];
	}
	collect(account, f);
	fill(account, f);
	return f->count > 0;
}

/* A kept connection may have died since the last mail. Where nothing of these can have been taken, a new one is no second
 * delivery. */
static bool
worth_another(const email__connection *c)
{
	const email__flight *f = &c->flight;
	unsigned i;

	if (!c->kept || c->op.retried || f->taken > 0 || f->count == 0)
		return false;
	for (i = 0; i < f->count; i++)
		if (!f->mail[i]->done ||
		    (f->mail[i]->code != EMAIL_E_CLOSED && f->mail[i]->code != EMAIL_E_CONNECT))
			return false;
	return true;
}

email__drained
email__drain_step(email_account *account, email__session_state state)
{
	email__connection *c = account->connection;
	email__flight *f = &c->flight;

	if (state == EMAIL__SESSION_CLOSED) {
		email__smtp_broken(c->engine.smtp, email__session_error(c->session));
		if (worth_another(c))
			return EMAIL__DRAIN_AGAIN;
		collect(account, f);
		account->error = *email__session_error(c->session);
		return EMAIL__DRAIN_BROKEN;
	}
	collect(account, f);
	fill(account, f);
	return f->count > 0 ? EMAIL__DRAIN_GOES_ON : EMAIL__DRAIN_OVER;
}

void
email__drain_end(email_account *account)
{
	email__connection *c = account->connection;
	email_error why = {0};

	email__error_set(&why, EMAIL_E_CANCELLED, EMAIL_STAGE_DATA, "the session was ended");
	/* without an engine there was a dead connection, and no new one: that they are done is said already */
	if (c->flight.count > 0 && c->engine.smtp)
		email__smtp_broken(c->engine.smtp, &why);
	collect(account, &c->flight);
}
