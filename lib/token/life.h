/* SPDX-License-Identifier: MIT */
/*
 * A token's life: when to get one, when to renew it, how long to leave the endpoint in peace. Pure policy that is told
 * the time, in milliseconds of the monotonic clock: a wall clock that jumps neither ends a token nor asks for a storm of
 * new ones. That one renewal runs at a time is the caller's to see to.
 *
 *     renewed  a tenth of its life before its end, but at least 30 seconds and at most 5 minutes; where that is more
 *              than half of its life, at half of it. Until its end it may still be used, should renewing fail.
 *     backing off   after the n-th failure in a row: a temporary one 10 s, doubled up to 10 minutes; one that a person
 *              must cure 5 minutes, doubled up to an hour. A Retry-After that is longer counts, up to an hour. A fourth
 *              more or less at random, so that a plant's stations do not come all at once.
 *     refused  by a mail server, cached or fresh: one new token and one more login, then no more until a login succeeded
 *              or the back-off is over.
 */
#ifndef EMAIL__TOKEN_LIFE_H
#define EMAIL__TOKEN_LIFE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: no token, nothing known. */
typedef struct email__life {
	bool held;                 /* there is a token, */
	int64_t renew_ms, ends_ms; /* and its times */
	unsigned failures;         /* of the endpoint, in a row */
	int64_t not_before_ms;     /* it is left in peace until then */
	unsigned refusals;         /* by mail servers, since a login succeeded */
} email__life;

typedef enum email__life_advice {
	EMAIL__LIFE_USE,   /* the token that is held */
	EMAIL__LIFE_RENEW, /* get another; should that fail, the one that is held still does */
	EMAIL__LIFE_GET,   /* there is none: get one */
	EMAIL__LIFE_WAIT   /* there is none, and the endpoint failed a short while ago: email__life_wait() */
} email__life_advice;

email__life_advice email__life_look(const email__life *l, int64_t now_ms);
/* Milliseconds until the endpoint may be asked again; 0: now. */
long email__life_wait(const email__life *l, int64_t now_ms);
/* Seconds that the token is good for; 0: none is held, or it has ended. For status. */
long email__life_left(const email__life *l, int64_t now_ms);

/* A token came, to live for so many seconds; -1: not said, which is taken for an hour. */
void email__life_got(email__life *l, int64_t now_ms, long seconds);
/* The endpoint gave none. `temporary` as its error says; retry_after in seconds, -1: not said; `random` any number. */
void email__life_failed(email__life *l, int64_t now_ms, bool temporary, long retry_after, unsigned random);
/* A mail server refused the token: it is held no more. True: get another and log in once more. False: that was done
 * already; the endpoint is left in peace as after a failure that a person must cure. */
bool email__life_refused(email__life *l, int64_t now_ms, unsigned random);
/* A mail server took it. */
void email__life_accepted(email__life *l);
/* A person asks, who waits for the answer: the endpoint need not be left in peace this time. */
void email__life_ask(email__life *l);
/* The configuration changed: nothing of before counts. */
void email__life_forget(email__life *l);

#endif
