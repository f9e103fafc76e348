/* SPDX-License-Identifier: MIT */
/* What a service is inside: service.c has the accounts, run.c the worker. */
#ifndef EMAIL__SERVICE_SERVICE_STATE_H
#define EMAIL__SERVICE_SERVICE_STATE_H

#include "service/contents.h"
#include "service/worker.h"

struct email_service {
	email__contents c;
	char *state_override; /* NULL: the property says */
	email_trust *trust;
	bool trust_opened;
	email__seal_source seal;
	email__shared shared;
	email__host host; /* of the program's accounts */
	email_error error;

	email_event_fn on_event;
	void *event_context;
	email_receive_fn handler;
	void *handler_context;
	email__worker *worker; /* NULL: it does not run */
};

/* accounts.c: `renaming` of the owner. */
email_code email__service_renaming(void *host, email_account *account, const char *to, email_error *e);

/* run.c: EMAIL_E_USAGE, EMAIL_E_MEMORY, in e; `work` of the owner. */
email_code email__service_work(email_service *service, email_account *account, email_error *e);
/* The accounts as they are now go to the worker, where one runs. `old_trust` is freed when it is done with it; at once where
 * none runs. EMAIL_E_MEMORY. */
email_code email__service_hand_over(email_service *service, email_trust *old_trust);

#endif
