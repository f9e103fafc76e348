/* SPDX-License-Identifier: MIT */
/* The service at work: the worker is started, stepped, told and ended. */
#include <limits.h>
#include <string.h>

#include "account/copy.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "service/service_state.h"

/* --- who is worked ---------------------------------------------------------------------------- */

static email_account *
copy_entry(const email__service_entry *entry)
{
	email_account *copy = email__account_copy(entry->account);
	const char *name = entry->node ? email__node_attribute(entry->node, "name") : NULL;

	if (copy)
		copy->in_sheet = name && strcmp(name, copy->name) == 0;
	return copy;
}

/* All accounts, or this one alone. NULL: no memory. */
static email__roster *
make_roster(email_service *service, const email_account *only)
{
	email__roster *r = email__new(email__roster);
	size_t i, count = service->c.count;

	if (!r)
		return NULL;
	r->enabled = service->c.v.enabled;
	r->host = email__host_new(&service->shared, &service->host, email_service_trust(service));
	r->account = email__calloc(count ? count : 1, sizeof *r->account);
	for (i = 0; r->account && i < count; i++) {
		if (only && service->c.entry[i].account != only)
			continue;
		if (!(r->account[r->count] = copy_entry(&service->c.entry[i])))
			break;
		r->count++;
	}
	if (!r->host || !r->account || i < count) {
		email__roster_free(r);
		return NULL;
	}
	return r;
}

email_code
email__service_hand_over(email_service *service, email_trust *old_trust)
{
	email__roster *r;

	if (!service->worker) {
		email_trust_free(old_trust);
		return EMAIL_OK;
	}
	if (!(r = make_roster(service, NULL)))
		return EMAIL_E_MEMORY;
	r->old_trust = old_trust;
	email__worker_take(service->worker, r);
	return EMAIL_OK;
}

email_code
email_service_apply(email_service *service)
{
	email__error_clear(&service->error);
	if (!service->worker)
		return EMAIL_OK;
	if (email__service_hand_over(service, NULL))
		return email__error_memory(&service->error, EMAIL_STAGE_NONE);
	return EMAIL_OK;
}

/* --- starting --------------------------------------------------------------------------------- */

static email_code
make_worker(email_service *service)
{
	email_error *e = &service->error;
	email__roster *r = make_roster(service, NULL);
	email__worker *w = r ? email__worker_new(&service->shared, &service->host, false, e) : NULL;

	if (!w) {
		email__roster_free(r);
		return r ? e->code : email__error_memory(e, EMAIL_STAGE_NONE);
	}
	w->on_event = service->on_event;
	w->event_context = service->event_context;
	w->handler = service->handler;
	w->handler_context = service->handler_context;
	email__worker_take(w, r);
	service->worker = w;
	return EMAIL_OK;
}

static void *
run(void *context)
{
	email__worker *w = context;

	while (!email__worker_over(w))
		(void)email__worker_go(w, LONG_MAX);
	return NULL;
}

static email_code
in_use(email_service *service)
{
	return email__error_set(&service->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE, "the service runs already");
}

email_code
email_service_start(email_service *service)
{
	email_code rc;

	email__error_clear(&service->error);
	if (service->worker)
		return in_use(service);
	if ((rc = make_worker(service)))
		return rc;
	service->worker->threaded = true;
	if (!email__thread_start(&service->worker->thread, run, service->worker)) {
		email__worker_free(service->worker);
		service->worker = NULL;
		return email__error_set(&service->error, EMAIL_E_MEMORY, EMAIL_STAGE_NONE,
		                        "no thread is to be had");
	}
	return EMAIL_OK;
}

void
email_service_stop(email_service *service)
{
	email__worker *w = service->worker;

	if (!w)
		return;
	email__worker_stop(w);
	/* from a callback: it ends all the same, but cannot be waited for by itself */
	if (w->threaded ? email__thread_is_this(&w->thread) : w->going)
		return;
	if (w->threaded)
		email__thread_join(&w->thread);
	else
		(void)run(w);
	service->worker = NULL;
	email__worker_free(w);
}

bool
email_service_running(const email_service *service)
{
	return service->worker != NULL;
}

/* --- stepping --------------------------------------------------------------------------------- */

email_code
email_service_step(email_service *service)
{
	email_code rc;

	email__error_clear(&service->error);
	if (service->worker && service->worker->threaded)
		return in_use(service);
	if (!service->worker && (rc = make_worker(service)))
		return rc;
	service->worker->going = true;
	rc = email__worker_go(service->worker, 0);
	service->worker->going = false;
	return rc ? email__error_memory(&service->error, EMAIL_STAGE_NONE) : EMAIL_OK;
}

size_t
email_service_wait(email_service *service, email_wait *list, size_t room, long *milliseconds)
{
	*milliseconds = service->worker ? EMAIL__WORKER_WAIT_MS : 0;
	if (!service->worker || service->worker->threaded)
		return 0;
	return email__worker_wait(service->worker, list, room, milliseconds);
}

/* --- a person's poll, where no worker runs ---------------------------------------------------- */

/* What is left of it, as an error: the last that went wrong. */
static email_code
outcome(email__worker *w, email_error *e)
{
	email__lane *lane = w->count ? w->lane[0] : NULL;

	if (!lane)
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	if (!lane->working) {
		email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_QUEUE, "%s",
		                 lane->complaint[0] ? lane->complaint : "the queue cannot be worked now");
		return e->code;
	}
	*e = lane->failure;
	return e->code;
}

email_code
email__service_work(email_service *service, email_account *account, email_error *e)
{
	email__roster *r;
	email__worker *w;
	email_code rc;

	if (!account->v.enabled) {
		email__error_set(e, EMAIL_E_DISABLED, EMAIL_STAGE_QUEUE, "the account %s is disabled",
		                 account->name);
		email__error_remedy(e, "set enabled to true");
		return EMAIL_E_DISABLED;
	}
	if (!(r = make_roster(service, account)))
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	r->enabled = true;
	if (!(w = email__worker_new(&service->shared, &service->host, true, e))) {
		email__roster_free(r);
		return e->code;
	}
	email__worker_take(w, r);
	(void)email__worker_go(w, 0);
	if (w->count > 0) {
		w->lane[0]->asked = true;
		do
			(void)email__worker_go(w, LONG_MAX);
		while (w->lane[0]->working && !email__worker_rests(w));
	}
	rc = outcome(w, e);
	email__worker_free(w);
	return rc;
}

/* --- events ----------------------------------------------------------------------------------- */

void
email_service_set_event_callback(email_service *service, email_event_fn on_event, void *context)
{
	service->on_event = on_event;
	service->event_context = context;
}

void
email_service_events(email_service *service, unsigned long after, email_event_fn visit, void *context)
{
	email__events_visit(&service->shared.events, after, visit, context);
}

void
email_service_set_handler(email_service *service, email_receive_fn on_message, void *context)
{
	service->handler = on_message;
	service->handler_context = context;
}
