/* SPDX-License-Identifier: MIT */
/* An incoming account's lane: its mailbox, read at the pollrate, and watched where the server can push. */
#include <stdio.h>
#include <string.h>

#include <emailservice/parse.h>

#include "account/connection.h"
#include "os/clock.h"
#include "os/random.h"
#include "service/returned.h"
#include "service/worker.h"

static void
tell_received(email__lane *lane, const email_received *received)
{
	email_event event = {.kind = EMAIL_EVENT_RECEIVED, .count = 1};
	const char *id = email_message_header(received->message, "Message-ID");
	const char *subject = email_message_header(received->message, "Subject");

	snprintf(event.account, sizeof event.account, "%s", lane->account->name);
	snprintf(event.message_id, sizeof event.message_id, "%s", id ? id : "");
	snprintf(event.text, sizeof event.text, "%s", subject ? subject : "");
	email__events_add(&lane->worker->shared->events, &event);
}

static email_code
on_message(void *context, const email_received *received)
{
	email__lane *lane = context;
	email__worker *w = lane->worker;
	email_code rc = w->handler(w->handler_context, received);
	email_error e = {0};

	if (rc)
		return rc;
	tell_received(lane, received);
	email__returned_look(lane->host, received->message, &e);
	if (e.code)
		email__lane_complain(lane, &e);
	return EMAIL_OK;
}

static void
start(email__lane *lane)
{
	bool handled = lane->worker->handler != NULL;

	lane->asked = false;
	lane->account->has_handler = handled;
	lane->op = email_account_start_receive(lane->account, handled ? on_message : NULL, lane,
	                                       handled && lane->account->v.use_idle);
	if (!lane->op)
		return;
	/* nobody sits there to be asked */
	lane->op->asked = true;
	lane->ready = true;
}

/* When again: at the pollrate; after a refused login not so soon that the account is locked out. */
static void
over(email__lane *lane, email_code rc)
{
	int64_t now = email__clock_ms();
	uint32_t random = 0;
	email__policy_class class = email__policy_classify(rc, email_account_error(lane->account)->stage);

	(void)email__random_bytes(&random, sizeof random);
	lane->poll_at = now + lane->account->v.pollrate;
	if (rc == EMAIL_E_CANCELLED)
		return;
	email__policy_result(&lane->policy, class, random, now);
	if (lane->policy.parked_until > lane->poll_at)
		lane->poll_at = lane->policy.parked_until;
}

void
email__receiver_step(email__lane *lane)
{
	bool ends =
		lane->worker->stopping || lane->next_account || lane->leaving || !email__lane_enabled(lane);
	email_code rc;

	lane->knocked = false;
	/* what watches does not end by itself */
	if (lane->op && ends) {
		email_operation_cancel(lane->op);
		lane->ready = true;
	}
	if (lane->op && email__lane_advance(lane, &rc))
		over(lane, rc);
	if (!lane->op && !ends && (lane->asked || email__clock_ms() >= lane->poll_at)) {
		start(lane);
		if (lane->op && email__lane_advance(lane, &rc))
			over(lane, rc);
	}
	if (!lane->op && !ends)
		email__lane_by(lane, lane->poll_at);
}
