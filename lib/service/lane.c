/* SPDX-License-Identifier: MIT */
#include "service/lane.h"

#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "os/clock.h"
#include "service/sender.h"

static void
use_host(email__host **slot, email__host *host)
{
	if (*slot && --(*slot)->users == 0)
		email__host_free(*slot);
	*slot = host;
}

/* The copy knows its host, and its sheet by the host's name for it. */
static void
settle_in(email__lane *lane)
{
	lane->account->owner = &lane->host->owner;
	lane->account->sheet_path = lane->host->sheet;
}

email__lane *
email__lane_new(email__worker *worker, email_account *account, email__host *host)
{
	email__lane *lane = email__new(email__lane);
	email__policy_config none = {.per_day = -1, .per_minute = -1};

	if (!lane)
		return NULL;
	lane->worker = worker;
	lane->account = account;
	email__policy_init(&lane->policy, &none);
	host->users++;
	use_host(&lane->host, host);
	settle_in(lane);
	return lane;
}

/* Each mail that is under way has its outcome written down with this. */
static void
end_operation(email__lane *lane)
{
	email_operation_free(lane->op);
	lane->op = NULL;
}

void
email__lane_free(email__lane *lane)
{
	const email__worker *w = lane->worker;
	size_t i;

	end_operation(lane);
	/* and those that others carry for it, while there is somebody to write it down */
	for (i = 0; lane->under_way > 0 && i < w->count; i++)
		end_operation(w->lane[i]);
	email__upkeep_end(lane);
	email_account_close(lane->account);
	email__status_keep(lane->account, true);
	email_account_free(lane->account);
	email_account_free(lane->next_account);
	use_host(&lane->next_host, NULL);
	use_host(&lane->host, NULL);
	email__free(lane);
}

bool
email__lane_enabled(const email__lane *lane)
{
	return lane->worker->enabled && lane->account->v.enabled;
}

void
email__lane_by(email__lane *lane, int64_t when)
{
	if (when < lane->due)
		lane->due = when;
}

bool
email__lane_advance(email__lane *lane, email_code *result)
{
	if (!lane->ready)
		return false;
	lane->ready = false;
	if (email_operation_step(lane->op) == EMAIL_PENDING)
		return false;
	*result = email_operation_result(lane->op);
	email_operation_free(lane->op);
	lane->op = NULL;
	return true;
}

void
email__lane_complain(email__lane *lane, const email_error *error)
{
	/* as much of it as was kept */
	if (strncmp(lane->complaint, error->text, sizeof lane->complaint - 1) == 0)
		return;
	snprintf(lane->complaint, sizeof lane->complaint, "%.*s", (int)sizeof lane->complaint - 1,
	         error->text);
	email__account_tell(lane->account, EMAIL_EVENT_QUEUE, "", error->text);
}

/* Nothing of the old account is under way: neither its connection, nor mails of its queue over another one's. */
static bool
rests(const email__lane *lane)
{
	return !lane->op && lane->under_way == 0;
}

/* The next account in place of this one; the queue is opened anew, since its folder or limits may be others. */
static void
take_next(email__lane *lane)
{
	email__upkeep_end(lane);
	email_account_close(lane->account);
	email__status_keep(lane->account, true);
	email_account_free(lane->account);
	lane->account = lane->next_account;
	lane->next_account = NULL;
	use_host(&lane->host, lane->next_host);
	lane->next_host = NULL;
	settle_in(lane);
	/* another server, another password: what was refused says nothing of it */
	lane->policy.failures = 0;
	lane->policy.down_until = lane->policy.parked_until = 0;
	lane->try_at = lane->poll_at = lane->close_at = 0;
	lane->carried = 0;
	lane->complaint[0] = '\0';
}

/* What was held back in the second after the last status (account/status.c). */
static void
keep_status(email__lane *lane)
{
	if (!lane->account->status_unsaved)
		return;
	email__status_keep(lane->account, false);
	if (lane->account->status_unsaved)
		email__lane_by(lane, lane->account->status_saved_at + EMAIL__STATUS_SAVE_MS);
}

void
email__lane_step(email__lane *lane)
{
	lane->due = INT64_MAX;
	if ((lane->next_account || lane->leaving) && rests(lane)) {
		if (lane->leaving)
			return;
		take_next(lane);
	} else if (lane->next_host && !lane->next_account && rests(lane)) {
		/* the same account, in a sheet that was loaded again */
		use_host(&lane->host, lane->next_host);
		lane->next_host = NULL;
		settle_in(lane);
	}
	if (lane->account->kind == EMAIL_OUTGOING)
		email__sender_step(lane);
	else
		email__receiver_step(lane);
	if (lane->op)
		email__lane_by(lane, email__clock_ms() + email_operation_timeout(lane->op));
	keep_status(lane);
}
