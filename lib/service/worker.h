/* SPDX-License-Identifier: MIT */
/*
 * The worker: the lanes of a service, stepped. One thread has it, or whoever calls email_service_step(); what comes from
 * others comes by its bell, and as the next set of accounts.
 */
#ifndef EMAIL__SERVICE_WORKER_H
#define EMAIL__SERVICE_WORKER_H

#include "os/thread.h"
#include "service/lane.h"

/* The accounts that are to be worked, copied. */
typedef struct email__roster {
	email__host *host;
	email_account **account;
	size_t count;
	bool enabled;                 /* the service is */
	email_trust *old_trust;       /* to be freed once nobody asks it any more, or NULL */
	struct email__roster *before; /* one that was not taken */
} email__roster;

struct email__worker {
	email__shared *shared;
	email_event_fn on_event;
	void *event_context;
	email_receive_fn handler;
	void *handler_context;

	email__mutex mutex; /* over `next` and `stop` */
	email__roster *next;
	bool stop;

	email__bell bell;
	int lock;   /* of the state folder: one worker for each */
	bool alone; /* for one account, at a person's word: it ends when that rests (email__worker_rests) */
	bool enabled, stopping, late;
	int64_t stop_by;
	email__lane **lane;
	size_t count;
	email_trust **old_trust;
	size_t old_trusts;

	email__now
		now; /* its clock on the wall, as of the last look at it; the monotonic one is asked each time */
	int64_t offset_at; /* when the local time's offset was asked for, which costs a look at a file */
	bool stir;         /* those without an operation are to look whether they have something to do now */

	email_wait *list; /* for the wait: the bell, and a lane's descriptor each */
	bool *ready;
	size_t room;
	email__thread thread;
	bool threaded;
	bool going; /* in email_service_step(), not in a thread */
};

/* `host` is for the bell and the lock. NULL with `e`: EMAIL_E_MEMORY, EMAIL_E_TEMPORARY (another process works this folder). */
email__worker *email__worker_new(email__shared *shared, const email__host *host, bool alone, email_error *e);
void email__worker_free(email__worker *w);
/* Owns: the roster. From any thread. */
void email__worker_take(email__worker *w, email__roster *roster);
void email__roster_free(email__roster *roster);
/* Waits for so many milliseconds at most, then goes as far as it can. EMAIL_E_MEMORY: it will try again. */
email_code email__worker_go(email__worker *w, long ms);
/* As email_service_wait(). */
size_t email__worker_wait(const email__worker *w, email_wait *list, size_t room, long *ms);
/* From any thread: it is to end. */
void email__worker_stop(email__worker *w);
/* It has: nothing is under way. */
bool email__worker_over(const email__worker *w);
/* Everything that could be tried now has been. */
bool email__worker_rests(email__worker *w);

/* The worker's lanes of a name. NULL: none. */
email__lane *email__worker_lane(const email__worker *w, const char *name);

#endif
