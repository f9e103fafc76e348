/* SPDX-License-Identifier: MIT */
#include "service/worker.h"

#include <errno.h>
#include <string.h>

#include "account/copy.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/wait.h"
#include "os/clock.h"
#include "os/file.h"
#include "trust/verdict.h"

/* --- rosters ---------------------------------------------------------------------------------- */

void
email__roster_free(email__roster *r)
{
	size_t i;

	while (r) {
		email__roster *before = r->before;

		for (i = 0; i < r->count; i++)
			email_account_free(r->account[i]);
		email__free(r->account);
		if (r->host && r->host->users == 0)
			email__host_free(r->host);
		email_trust_free(r->old_trust);
		email__free(r);
		r = before;
	}
}

void
email__worker_take(email__worker *w, email__roster *roster)
{
	email__mutex_lock(&w->mutex);
	roster->before = w->next; /* for the trust that it may hold */
	w->next = roster;
	email__mutex_unlock(&w->mutex);
	email__bell_ring(&w->bell, "");
}

/* --- lanes ------------------------------------------------------------------------------------ */

email__lane *
email__worker_lane(const email__worker *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (strcmp(w->lane[i]->account->name, name) == 0)
			return w->lane[i];
	return NULL;
}

/* The lane keeps what it does where the account is the same; else it takes the other one when nothing is under way. */
static void
renew(email__lane *lane, email_account **account, email__host *host)
{
	lane->leaving = false;
	lane->due = 0;
	email_account_free(lane->next_account);
	lane->next_account = NULL;
	if (lane->next_host && --lane->next_host->users == 0)
		email__host_free(lane->next_host);
	host->users++;
	lane->next_host = host;
	if (email__account_same(lane->account, *account)) {
		lane->account->in_sheet = (*account)->in_sheet;
		/* by now it is shared with whoever loads the sheet */
		if (lane->account->v.auth_refresh_token.origin == EMAIL__SECRET_GIVEN)
			lane->account->v.auth_refresh_token.origin = (*account)->v.auth_refresh_token.origin;
		return; /* it is freed with the roster */
	}
	lane->next_account = *account;
	*account = NULL;
}

static bool
add_lane(email__worker *w, email_account **account, email__host *host)
{
	email__lane **more = email__realloc(w->lane, (w->count + 1) * sizeof *more), *lane;

	if (!more)
		return false;
	w->lane = more;
	if (!(lane = email__lane_new(w, *account, host)))
		return false;
	w->lane[w->count++] = lane;
	*account = NULL;
	return true;
}

/* One that was leaving, and whose name came again as another kind, is not the one that is meant. */
static email__lane *
same_lane(const email__worker *w, const email_account *account)
{
	email__lane *lane = email__worker_lane(w, account->name);

	return lane && lane->account->kind == account->kind ? lane : NULL;
}

static bool
keep_old_trust(email__worker *w, email__roster *r)
{
	email_trust **more;

	for (; r; r = r->before) {
		if (!r->old_trust)
			continue;
		more = email__realloc(w->old_trust, (w->old_trusts + 1) * sizeof *more);
		if (!more)
			return false;
		w->old_trust = more;
		w->old_trust[w->old_trusts++] = r->old_trust;
		r->old_trust = NULL;
	}
	return true;
}

/* EMAIL_E_MEMORY: some could not be taken; the next load, or apply, has them all. */
static email_code
take_roster(email__worker *w)
{
	static const email_event lack = {
		.kind = EMAIL_EVENT_QUEUE, .count = 1, .text = "out of memory: some accounts are not worked"};
	email__roster *r;
	bool whole = true;
	size_t i;

	email__mutex_lock(&w->mutex);
	r = w->next;
	w->next = NULL;
	email__mutex_unlock(&w->mutex);
	if (!r)
		return EMAIL_OK;
	whole = keep_old_trust(w, r);
	for (i = 0; i < w->count; i++)
		w->lane[i]->leaving = true;
	for (i = 0; i < r->count; i++) {
		email__lane *lane = r->account[i] ? same_lane(w, r->account[i]) : NULL;

		if (lane)
			renew(lane, &r->account[i], r->host);
		else if (r->account[i])
			whole = add_lane(w, &r->account[i], r->host) && whole;
	}
	w->enabled = r->enabled;
	email__roster_free(r);
	if (whole)
		return EMAIL_OK;
	email__events_add(&w->shared->events, &lack);
	return EMAIL_E_MEMORY;
}

/* Those whose account is gone, once nothing of it is under way. */
static void
drop_lanes(email__worker *w)
{
	size_t i, to = 0;

	for (i = 0; i < w->count; i++) {
		email__lane *lane = w->lane[i];

		if (lane->leaving && !lane->op && lane->under_way == 0)
			email__lane_free(lane);
		else
			w->lane[to++] = lane;
	}
	w->count = to;
}

/* --- the bell --------------------------------------------------------------------------------- */

static void
rung_for(email__worker *w, const char *word)
{
	email__lane *lane = word[0] ? email__worker_lane(w, word + 1) : NULL;

	if (!lane)
		return;
	lane->knocked = true;
	lane->asked = lane->asked || word[0] == '!';
	lane->due = 0;
}

/* Whoever may write into the folder may ring: a word that is none is nothing. */
static void
answer_bell(email__worker *w)
{
	char words[4096], *line, *end;
	size_t n, i;

	email__bell_take(&w->bell, words, sizeof words, &n);
	/* so many that the last one was cut: everybody looks */
	for (i = 0; n == sizeof words - 1 && i < w->count; i++) {
		w->lane[i]->knocked = true;
		w->lane[i]->due = 0;
	}
	for (line = words; (end = memchr(line, '\n', (size_t)(words + n - line))); line = end + 1) {
		*end = '\0';
		rung_for(w, line);
	}
}

/* --- going ------------------------------------------------------------------------------------ */

static void
look_at_clock(email__worker *w)
{
	int64_t mono = email__clock_ms();

	w->now.mono = mono;
	w->now.wall = email__clock_wall();
	if (w->offset_at == 0 || mono - w->offset_at >= 60000) {
		w->now.offset = email__clock_local_offset(w->now.wall);
		w->offset_at = mono ? mono : 1;
	}
	w->now.clock_set =
		w->count == 0 || !email__trust_clock_unset(email__account_trust(w->lane[0]->account));
}

static email_code
make_room(email__worker *w)
{
	size_t room = w->count + 1;
	email_wait *list;
	bool *ready;

	if (room <= w->room)
		return EMAIL_OK;
	if (!(list = email__realloc(w->list, room * sizeof *list)))
		return EMAIL_E_MEMORY;
	w->list = list;
	if (!(ready = email__realloc(w->ready, room * sizeof *ready)))
		return EMAIL_E_MEMORY;
	w->ready = ready;
	w->room = room;
	return EMAIL_OK;
}

size_t
email__worker_wait(const email__worker *w, email_wait *list, size_t room, long *ms)
{
	int64_t now = email__clock_ms(), due = now + EMAIL__WORKER_WAIT_MS;
	size_t i, n = 0;

	if (n < room)
		list[n] = email__wait_readable(w->bell.fd);
	n++;
	for (i = 0; i < w->count; i++) {
		const email__lane *lane = w->lane[i];

		if (lane->due < due)
			due = lane->due;
		if (!lane->op || email_operation_fd(lane->op) < 0)
			continue;
		if (n < room)
			list[n] =
				(email_wait){email_operation_fd(lane->op), email_operation_events(lane->op)};
		n++;
	}
	if (w->stopping && w->stop_by < due)
		due = w->stop_by;
	*ms = due > now ? (long)(due - now) : 0;
	return n;
}

/* Which lanes have something to do. The list is in the order of email__worker_wait(). */
static email_code
wait_ready(email__worker *w, long ms)
{
	long until_due;
	size_t i, at = 1, n = email__worker_wait(w, w->list, w->room, &until_due);
	email_code rc = email__wait_for(w->list, n, ms < until_due ? ms : until_due, w->ready);
	int64_t now = email__clock_ms();

	for (i = 0; i < w->count; i++) {
		email__lane *lane = w->lane[i];

		lane->ready = lane->due <= now;
		if (lane->op && email_operation_fd(lane->op) >= 0)
			lane->ready = w->ready[at++] || lane->ready;
	}
	if (w->ready[0])
		answer_bell(w);
	return rc;
}

static void
look_at_stop(email__worker *w)
{
	size_t i;

	email__mutex_lock(&w->mutex);
	if (w->stop && !w->stopping) {
		w->stopping = true;
		w->stop_by = email__clock_ms() + EMAIL__STOP_MS;
		w->stir = true;
	}
	email__mutex_unlock(&w->mutex);
	if (!w->stopping || w->late || email__clock_ms() < w->stop_by)
		return;
	/* it had its time: what is on its way is ended, and ends as it may */
	w->late = true;
	w->stop_by = email__clock_ms() + EMAIL__STOP_LATE_MS;
	for (i = 0; i < w->count; i++)
		if (w->lane[i]->op) {
			email_operation_cancel(w->lane[i]->op);
			w->lane[i]->ready = true;
		}
}

static void
step_lanes(email__worker *w)
{
	bool stir = w->stir;
	size_t i;

	w->stir = false;
	for (i = 0; i < w->count; i++) {
		email__lane *lane = w->lane[i];

		if (lane->ready || lane->due <= email__clock_ms() || lane->knocked || lane->asked ||
		    (stir && (!lane->op || w->stopping))) {
			email__lane_step(lane);
			email__events_deliver(&w->shared->events, w->on_event, w->event_context);
		}
	}
	/* what one ended another may begin */
	for (i = 0; w->stir && i < w->count; i++)
		if (!w->lane[i]->op)
			w->lane[i]->due = 0;
	w->stir = false;
}

email_code
email__worker_go(email__worker *w, long ms)
{
	email_code rc = take_roster(w);

	if (rc == EMAIL_OK)
		rc = make_room(w);
	if (rc == EMAIL_OK)
		rc = wait_ready(w, ms);
	look_at_clock(w);
	look_at_stop(w);
	step_lanes(w);
	drop_lanes(w);
	email__events_deliver(&w->shared->events, w->on_event, w->event_context);
	return rc;
}

/* --- its life --------------------------------------------------------------------------------- */

/* One worker for each state folder: two would each take a part of the queues, and of what is rung. */
static email_code
lock_folder(email__worker *w, const email__host *host, email_error *e)
{
	char *path;
	email_error why = {0};
	email_code rc;

	if (!host->folder)
		return EMAIL_OK;
	if ((rc = email__folder_make(host->folder, e)))
		return rc;
	if (!(path = email__path_join(host->folder, "service.lock")))
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	rc = email__lock_take(path, 0, &w->lock, &why);
	email__free(path);
	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	if (rc && why.os == EWOULDBLOCK)
		return email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_QUEUE,
		                        "another process runs the service of this state folder");
	if (rc && e && e->code == EMAIL_OK)
		*e = why;
	return rc;
}

static bool
open_bell(email__worker *w, const email__host *host)
{
	char *path = w->alone ? NULL : email__host_bell_path(host);
	bool open = email__bell_open(&w->bell, path);

	email__free(path);
	return open;
}

email__worker *
email__worker_new(email__shared *shared, const email__host *host, bool alone, email_error *e)
{
	email__worker *w = email__new(email__worker);

	if (!w || !email__mutex_init(&w->mutex)) {
		email__free(w);
		email__error_memory(e, EMAIL_STAGE_QUEUE);
		return NULL;
	}
	w->shared = shared;
	w->alone = alone;
	w->lock = -1;
	w->bell.fd = w->bell.ringer = -1;
	if ((!alone && lock_folder(w, host, e)) || make_room(w) || !open_bell(w, host)) {
		email__error_memory(e, EMAIL_STAGE_QUEUE); /* or no descriptors: unless it is known better */
		email__worker_free(w);
		return NULL;
	}
	if (!alone) {
		email__events_want(&shared->events, true);
		email__shared_set_bell(shared, &w->bell);
	}
	return w;
}

void
email__worker_free(email__worker *w)
{
	if (!w)
		return;
	if (!w->alone)
		email__shared_set_bell(w->shared, NULL);
	while (w->count > 0)
		email__lane_free(w->lane[--w->count]);
	if (!w->alone) {
		email__events_deliver(&w->shared->events, w->on_event, w->event_context);
		email__events_want(&w->shared->events, false);
	}
	email__roster_free(w->next);
	while (w->old_trusts > 0)
		email_trust_free(w->old_trust[--w->old_trusts]);
	email__free(w->old_trust);
	email__lock_release(w->lock);
	email__bell_close(&w->bell);
	email__free(w->lane);
	email__free(w->list);
	email__free(w->ready);
	email__mutex_dispose(&w->mutex);
	email__free(w);
}

void
email__worker_stop(email__worker *w)
{
	email__mutex_lock(&w->mutex);
	w->stop = true;
	email__mutex_unlock(&w->mutex);
	email__bell_ring(&w->bell, "");
}

bool
email__worker_over(const email__worker *w)
{
	size_t i;

	if (!w->stopping)
		return false;
	/* what is left then is ended when the lanes are freed, its outcome written down */
	if (w->late && email__clock_ms() >= w->stop_by)
		return true;
	for (i = 0; i < w->count; i++)
		if (w->lane[i]->op)
			return false;
	return true;
}

bool
email__worker_rests(email__worker *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (w->lane[i]->asked || !email__sender_rests(w->lane[i]))
			return false;
	return true;
}
