/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <emailservice/parse.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "os/clock.h"
#include "os/random.h"

/* Another process that polls takes its time: after this, our turn comes with the next poll. */
#define LOCK_MS 2000
/* Nothing tells that a lock is free: it is looked at so often. */
#define LOCK_LOOK_MS 20

email_operation *
email__operation_start(email_account *account, email__op_kind kind)
{
	email__connection *c = account->connection;
	email_operation *op = &c->op;

	/* the account's error is that of the operation that runs */
	if (op->state != EMAIL__OP_NONE)
		return NULL;
	email__error_clear(&account->error);
	memset(op, 0, sizeof *op);
	op->account = account;
	op->kind = kind;
	email__mutex_lock(&c->lock);
	op->state = EMAIL__OP_BEGIN;
	c->cancelled = false;
	email__mutex_unlock(&c->lock);
	c->mail.count = 0;
	return op;
}

static email__op_state
done(email_operation *op, email_code code)
{
	email__connection *c = op->account->connection;

	op->result = code;
	if (c->engine.link) {
		op->flights += c->engine.link->flights;
		op->sent += c->engine.link->sent;
		c->engine.link->flights = 0;
		c->engine.link->sent = 0;
	}
	if (op->message)
		email__message_release(op->message);
	if (op->kind == EMAIL__OP_RECEIVE)
		email__poll_end(&c->poll);
	if (op->kind == EMAIL__OP_DRAIN)
		email__drain_end(op->account);
	return EMAIL__OP_DONE;
}

static email__op_state
failed(email_operation *op)
{
	email_account *account = op->account;

	if (op->kind == EMAIL__OP_TEST)
		email__connection_step_failed(account);
	return done(op, account->error.code);
}

/* --- connecting --- */

static email__op_state
open_connection(email_operation *op)
{
	return email__connection_open(op->account) ? failed(op) : EMAIL__OP_CONNECTING;
}

/* The outcome of a way that led to no session. */
static email__op_state
no_session(email_operation *op)
{
	email_account *account = op->account;

	email__status_of_session(account, &account->error);
	if (op->kind == EMAIL__OP_SEND)
		email__status_of_mail(account, account->error.code, &account->error);
	if (op->kind == EMAIL__OP_RECEIVE || op->kind == EMAIL__OP_DRAIN)
		email__status_of_poll(account, &account->error);
	return failed(op);
}

static email__op_state
after_token(email_operation *op, email__token_step step)
{
	switch (step) {
	case EMAIL__TOKEN_READY: return open_connection(op);
	case EMAIL__TOKEN_ASKS: return EMAIL__OP_TOKEN;
	case EMAIL__TOKEN_WAITS: return EMAIL__OP_TURN;
	case EMAIL__TOKEN_NONE: break;
	}
	return no_session(op);
}

static email__op_state
connect_or_keep(email_operation *op)
{
	if (op->kind != EMAIL__OP_TEST && email__connection_usable(op->account))
		return EMAIL__OP_READY;
	op->step_began = email__clock_ms();
	return after_token(op, email__token_begin(op->account));
}

/* --- the beginning --- */

/* Everything that can be known before the network is asked. */
static email__op_state
begin(email_operation *op)
{
	email_account *account = op->account;

	bool sends = op->kind == EMAIL__OP_SEND || op->kind == EMAIL__OP_DRAIN;

	if (op->kind != EMAIL__OP_TEST && account->kind != (sends ? EMAIL_OUTGOING : EMAIL_INCOMING)) {
		email__error_set(&account->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE, "not an %s account",
		                 sends ? "outgoing" : "incoming");
		return failed(op);
	}
	/* a message that is composed has no parts yet */
	if (op->message && email_message_part_count(op->message)) {
		email__error_set(&account->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                 "a message that was read cannot be sent");
		return failed(op);
	}
	if (account->error.code) { /* of what went before */
		if (op->kind == EMAIL__OP_RECEIVE)
			email__status_of_poll(account, &account->error);
		return failed(op);
	}
	if (op->kind != EMAIL__OP_TEST && !account->v.enabled) {
		email__error_set(&account->error, EMAIL_E_DISABLED, EMAIL_STAGE_NONE,
		                 "the account %s is disabled", account->name);
		email__error_remedy(&account->error, "set enabled to true");
		return failed(op);
	}
	if (op->kind != EMAIL__OP_RECEIVE)
		return connect_or_keep(op);
	op->lock_until = email__clock_ms() + LOCK_MS;
	return EMAIL__OP_LOCKING;
}

/* One look at the lock. The same state again: another process has it, and there is time. */
static email__op_state
locking(email_operation *op)
{
	email_account *account = op->account;
	email_code rc;

	if (email__connection_cancelled(account))
		rc = email__error_set(&account->error, EMAIL_E_CANCELLED, EMAIL_STAGE_MAILBOX, "cancelled");
	else
		rc = email__poll_open(&account->connection->poll);
	if (rc == EMAIL_OK)
		return connect_or_keep(op);
	if (rc == EMAIL_E_TEMPORARY && email__clock_ms() < op->lock_until) {
		email__error_clear(&account->error);
		return EMAIL__OP_LOCKING;
	}
	email__status_of_poll(account, &account->error);
	return failed(op);
}

/* The recipients as the engine wants them; memory is kept for the next mail. */
static email_code
address(email__connection *c)
{
	const email__envelope *e = &c->envelope;
	size_t i;

	if (e->count > c->recipients_cap) {
		email__smtp_recipient *more = email__calloc(e->count, sizeof *more);

		if (!more)
			return EMAIL_E_MEMORY;
		email__free(c->recipients);
		c->recipients = more;
		c->recipients_cap = e->count;
	}
	memset(c->recipients, 0, e->count * sizeof *c->recipients);
	for (i = 0; i < e->count; i++)
		c->recipients[i].address = e->recipients[i];
	return EMAIL_OK;
}

/* Once in a quarter of an hour: no zone changes its clocks but at a quarter. */
static int
local_offset(email__connection *c, int64_t now)
{
	int64_t quarter = now / 900 + 1;

	if (quarter != c->offset_at) {
		c->offset = email__clock_local_offset(now);
		c->offset_at = quarter;
	}
	return c->offset;
}

/* Reports name the mail by it (RFC 3461 4.4). Without randomness they have the Message-ID alone. */
static const char *
make_envelope_id(email__connection *c)
{
	unsigned char random[(sizeof c->envelope_id - 1) / 2];

	if (email__random_bytes(random, sizeof random))
		return NULL;
	*email__hex_write(c->envelope_id, random, sizeof random) = '\0';
	return c->envelope_id;
}

static email_code
compose(email_operation *op, email__connection *c)
{
	email_account *account = op->account;
	email__defaults defaults = {
		.from = account->v.from,
		.reply_to = account->v.reply_to,
		.now = email__clock_wall(),
		.allow_eight_bit = email__smtp_offers_8bitmime(c->engine.smtp),
	};
	email_code rc;

	defaults.offset = local_offset(c, defaults.now);
	if ((rc = email__message_prepare(op->message, &defaults, &c->envelope, &account->error)))
		return rc;
	if (address(c))
		return email__error_memory(&account->error, EMAIL_STAGE_ENVELOPE);
	memset(&c->mail, 0, sizeof c->mail);
	c->mail.from = c->envelope.from;
	c->mail.recipients = c->recipients;
	c->mail.count = c->envelope.count;
	c->mail.source = email__message_source(op->message);
	c->mail.size = c->envelope.size;
	c->mail.eight_bit = c->envelope.eight_bit;
	c->mail.utf8 = c->envelope.utf8;
	c->mail.dsn = c->envelope.dsn;
	c->mail.envelope_id = c->mail.dsn ? make_envelope_id(c) : NULL;
	c->mail.last = true;
	return EMAIL_OK;
}

/* --- a mailbox --- */

/* The poll went as far as it can: its own error, if it had one, is the operation's. */
static email__op_state
polled(email_operation *op)
{
	email_account *account = op->account;
	email__connection *c = account->connection;

	/* where the poll ended the session, its reason says more than that it did */
	if (account->error.code == EMAIL_OK ||
	    (account->error.code == EMAIL_E_CANCELLED && c->poll.error.code))
		account->error = c->poll.error;
	email__status_of_poll(account, &account->error);
	return done(op, account->error.code);
}

static email__op_state
poll_next(email_operation *op)
{
	email__connection *c = op->account->connection;

	if (email__poll_idle(&c->poll, &c->engine) != EMAIL__POLL_OVER)
		return EMAIL__OP_POLLING;
	if (c->engine.mailbox->settles_by_quit) {
		email__engine_quit(&c->engine);
		return EMAIL__OP_QUITTING;
	}
	c->kept = true;
	return polled(op);
}

static email__op_state
polling(email_operation *op, email__session_state state)
{
	email_account *account = op->account;
	email__connection *c = account->connection;

	if (state == EMAIL__SESSION_IDLE)
		return poll_next(op);
	account->error = *email__session_error(c->session);
	email__engine_broken(&c->engine, &account->error);
	/* a kept connection that died: nothing was asked of it yet */
	if (c->kept && !op->retried && c->poll.state == EMAIL__POLL_LISTING &&
	    (account->error.code == EMAIL_E_CLOSED || account->error.code == EMAIL_E_CONNECT)) {
		op->retried = true;
		email__error_clear(&account->error);
		c->poll.state = EMAIL__POLL_NONE;
		/* the token may have ended while the connection was kept */
		return after_token(op, email__token_begin(account));
	}
	email__connection_drop(account);
	return polled(op);
}

/* --- a queue --- */

static email__op_state
drained(email_operation *op)
{
	email_account *account = op->account;

	email__status_of_poll(account, &account->error);
	return done(op, account->error.code);
}

static email__op_state
draining(email_operation *op, email__session_state state)
{
	email_account *account = op->account;

	switch (email__drain_step(account, state)) {
	case EMAIL__DRAIN_GOES_ON: return EMAIL__OP_DRAINING;
	case EMAIL__DRAIN_AGAIN: op->retried = true; return after_token(op, email__token_begin(account));
	case EMAIL__DRAIN_OVER: break;
	case EMAIL__DRAIN_BROKEN: email__connection_drop(account); break;
	}
	return drained(op);
}

/* Logged in, nothing outstanding. */
static email__op_state
ready(email_operation *op)
{
	email_account *account = op->account;
	email__connection *c = account->connection;
	email_code rc;

	email__buf_clear(&c->user);
	email__buf_clear(&c->password);
	if (!c->kept) {
		email__token_accepted(account);
		email__status_of_session(account, &account->error);
	}
	switch (op->kind) {
	case EMAIL__OP_TEST: email__engine_quit(&c->engine); return EMAIL__OP_QUITTING;
	case EMAIL__OP_RECEIVE: return poll_next(op);
	case EMAIL__OP_DRAIN: return email__drain_ready(account) ? EMAIL__OP_DRAINING : drained(op);
	case EMAIL__OP_SEND:
	case EMAIL__OP_LOGIN: break;
	}
	if (compose(op, c))
		return failed(op);
	if ((rc = email__smtp_send(c->engine.smtp, &c->mail))) {
		account->error = c->mail.error;
		email__error_set(&account->error, rc, EMAIL_STAGE_ENVELOPE, "%s", email_code_text(rc));
		email__status_of_mail(account, rc, &account->error);
		return failed(op);
	}
	return EMAIL__OP_SENDING;
}

/* A token that the server refused, cached or fresh, gets one new one and one more login (model 4); so does the program's
 * own. */
static bool
may_renew(email_account *account)
{
	const email__connection *c = account->connection;

	if (account->v.auth_type == EMAIL__AUTH_CALLBACK)
		return c->credentials.kind == EMAIL__CREDENTIAL_TOKEN;
	return email__token_refused(account);
}

static email__op_state
connecting(email_operation *op, email__session_state state)
{
	email_account *account = op->account;
	bool again;

	if (state == EMAIL__SESSION_IDLE)
		return EMAIL__OP_READY;
	again = email__connection_failed(account);
	op->flights += account->connection->engine.link->flights;
	email__connection_drop(account);
	if (again && email__connection_open(account) == EMAIL_OK)
		return EMAIL__OP_CONNECTING;
	if (account->error.code == EMAIL_E_LOGIN && !op->renewed && may_renew(account)) {
		op->renewed = true;
		email__error_clear(&account->error);
		return after_token(op, email__token_begin(account));
	}
	return no_session(op);
}

/* A request of a token is over. */
static email__op_state
token(email_operation *op)
{
	op->flights += op->account->connection->engine.link->flights;
	return after_token(op, email__token_answered(op->account));
}

/* Is it ours by now? */
static email__op_state
turn(email_operation *op)
{
	email_account *account = op->account;

	if (!email__connection_cancelled(account))
		return email__token_wait(account) > 0 ? EMAIL__OP_TURN
		                                      : after_token(op, email__token_begin(account));
	email__token_abandon(account);
	email__error_set(&account->error, EMAIL_E_CANCELLED, EMAIL_STAGE_TOKEN, "cancelled");
	return no_session(op);
}

/* A kept connection may have died since the last mail. Where nothing of this one can have been taken, a new
 * connection is no second delivery. */
static bool
worth_another(const email_operation *op, const email__connection *c)
{
	return c->kept && !op->retried && (c->mail.code == EMAIL_E_CLOSED || c->mail.code == EMAIL_E_CONNECT);
}

static void
tell_sent(email_account *account, const email__connection *c)
{
	email_code rc = c->mail.code;

	if (account->owner && (rc == EMAIL_OK || rc == EMAIL_E_PARTIAL || rc == EMAIL_E_UNSURE))
		account->owner->sent(account->owner->service, account, &c->mail,
		                     c->envelope.message_id ? c->envelope.message_id : "");
}

static email__op_state
sending(email_operation *op, email__session_state state)
{
	email_account *account = op->account;
	email__connection *c = account->connection;

	if (!c->mail.done && state == EMAIL__SESSION_CLOSED)
		email__smtp_broken(c->engine.smtp, email__session_error(c->session));
	if (!c->mail.done)
		return EMAIL__OP_SENDING;
	if (c->mail.code == EMAIL_OK || c->mail.code == EMAIL_E_PARTIAL)
		c->kept = true;
	else if (worth_another(op, c)) {
		op->retried = true;
		return after_token(op, email__token_begin(account));
	}
	if (c->mail.code != EMAIL_OK)
		account->error = c->mail.error;
	email__status_of_mail(account, c->mail.code, &account->error);
	tell_sent(account, c);
	done(op, c->mail.code);
	if (state == EMAIL__SESSION_CLOSED)
		email__connection_drop(account);
	return EMAIL__OP_DONE;
}

static email__op_state
quitting(email_operation *op)
{
	email_account *account = op->account;

	/* what was to be deleted is deleted by QUIT: without its answer it may not be, and the next poll asks again */
	if (op->kind == EMAIL__OP_RECEIVE) {
		email__connection *c = account->connection;
		const email_error *e = email__session_error(c->session);

		if (c->poll.outstanding) {
			account->error = *e;
			email__engine_broken(&c->engine, e);
		}
		email__connection_drop(account);
		return polled(op);
	}
	/* the login is what a test tests; a server that answers QUIT badly or not at all has passed */
	email__connection_drop(account);
	return done(op, EMAIL_OK);
}

static void
enter(email_operation *op, email__op_state state)
{
	email__connection *c = op->account->connection;

	email__mutex_lock(&c->lock);
	op->state = state;
	email__mutex_unlock(&c->lock);
}

email_progress
email__operation_advance(email_operation *op, email__session_state (*drive)(email__session *))
{
	email__connection *c = op->account->connection;
	email__session_state state;

	for (;;) {
		switch (op->state) {
		case EMAIL__OP_BEGIN: enter(op, begin(op)); break;
		case EMAIL__OP_LOCKING:
			enter(op, locking(op));
			if (op->state == EMAIL__OP_LOCKING)
				return EMAIL_PENDING;
			break;
		case EMAIL__OP_READY: enter(op, ready(op)); break;
		case EMAIL__OP_TURN:
			enter(op, turn(op));
			if (op->state == EMAIL__OP_TURN)
				return EMAIL_PENDING;
			break;
		case EMAIL__OP_TOKEN:
		case EMAIL__OP_CONNECTING:
		case EMAIL__OP_SENDING:
		case EMAIL__OP_DRAINING:
		case EMAIL__OP_POLLING:
		case EMAIL__OP_QUITTING:
			state = drive(c->session);
			/* a mail may be done before the session rests; one of before says nothing here */
			if (state == EMAIL__SESSION_BUSY &&
			    !(op->state == EMAIL__OP_SENDING && c->mail.done) &&
			    !(op->state == EMAIL__OP_DRAINING && c->flight.count > 0 &&
			      c->flight.mail[0]->done))
				return EMAIL_PENDING;
			if (op->state == EMAIL__OP_TOKEN)
				enter(op, token(op));
			else if (op->state == EMAIL__OP_CONNECTING)
				enter(op, connecting(op, state));
			else if (op->state == EMAIL__OP_SENDING)
				enter(op, sending(op, state));
			else if (op->state == EMAIL__OP_DRAINING)
				enter(op, draining(op, state));
			else if (op->state == EMAIL__OP_POLLING)
				enter(op, polling(op, state));
			else
				enter(op, quitting(op));
			break;
		case EMAIL__OP_NONE:
		case EMAIL__OP_DONE: return EMAIL_DONE;
		}
	}
}

email_code
email__operation_run(email_operation *op)
{
	while (email__operation_advance(op, email__session_run) == EMAIL_PENDING)
		if (op->state == EMAIL__OP_TURN || op->state == EMAIL__OP_LOCKING)
			email__clock_sleep(email_operation_timeout(op));
	return email_operation_result(op);
}

email_progress
email_operation_step(email_operation *op)
{
	return email__operation_advance(op, email__session_step);
}

/* The session that is to be waited for. A kept one has nothing to say while the mailbox is locked. */
static const email__session *
session_of(const email_operation *op)
{
	return op->state == EMAIL__OP_LOCKING ? NULL : op->account->connection->session;
}

int
email_operation_fd(const email_operation *op)
{
	const email__session *s = session_of(op);

	return s ? email__session_fd(s) : -1;
}

int
email_operation_events(const email_operation *op)
{
	const email__session *s = session_of(op);

	return s ? email__session_events(s) : 0;
}

long
email_operation_timeout(const email_operation *op)
{
	const email__session *s = session_of(op);

	if (op->state == EMAIL__OP_TURN)
		return email__token_wait(op->account);
	if (op->state == EMAIL__OP_LOCKING)
		return LOCK_LOOK_MS;
	return op->state == EMAIL__OP_DONE || !s ? 0 : email__session_timeout(s);
}

email_code
email_operation_result(const email_operation *op)
{
	return op->state == EMAIL__OP_DONE ? op->result : EMAIL_E_USAGE;
}

const email_report *
email_operation_report(const email_operation *op)
{
	email__connection *c = op->account->connection;

	if (op->state == EMAIL__OP_DONE && c->mail.count && !c->op.report)
		c->op.report = email__report_new(c);
	return op->report;
}

void
email_account_cancel(email_account *account)
{
	email__connection *c = account->connection;

	email__mutex_lock(&c->lock);
	if (c->op.state != EMAIL__OP_NONE && c->op.state != EMAIL__OP_DONE) {
		c->cancelled = true;
		if (c->session)
			email__session_cancel(c->session);
	}
	email__mutex_unlock(&c->lock);
}

void
email_operation_cancel(email_operation *op)
{
	email_account_cancel(op->account);
}

void
email_operation_free(email_operation *op)
{
	if (!op)
		return;
	if (op->state != EMAIL__OP_DONE) {
		if (op->kind == EMAIL__OP_DRAIN)
			email__drain_end(op->account);
		/* in the middle of a dialogue: nothing else may use this connection */
		email__connection_drop(op->account);
		email__token_abandon(op->account);
		if (op->message)
			email__message_release(op->message);
		if (op->kind == EMAIL__OP_RECEIVE)
			email__poll_end(&op->account->connection->poll); /* others may read the mailbox now */
	}
	email_report_free(op->report);
	op->report = NULL;
	enter(op, EMAIL__OP_NONE);
}
