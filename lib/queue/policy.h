/* SPDX-License-Identifier: MIT */
/*
 * Who is sent next, and when again: pure decisions. Nothing here knows a file, a socket or a clock; it is told the running
 * time (milliseconds, Q9) and the mails that wait, in their order.
 */
#ifndef EMAIL__QUEUE_POLICY_H
#define EMAIL__QUEUE_POLICY_H

#include "queue/waiting.h"

typedef struct email__policy_config {
	int64_t per_day, per_minute; /* mails; -1: no cap */
	unsigned reserve;            /* percent of both, for urgent ones */
	int64_t expire_after;        /* milliseconds */
	int64_t suppress_within;     /* milliseconds; 0: off */
	unsigned digest_above;       /* mails a minute; 0: off */
} email__policy_config;

/* Mails that suppressWithin compares with: more different ones in that time, and some repeat slips through. */
#define EMAIL__POLICY_RECENT 256

/* What an account's queue remembers, in memory: after a start everything may be tried at once. */
typedef struct email__policy {
	email__policy_config config;
	unsigned failures;    /* of the account, in a row */
	int64_t down_until;   /* running time; 0: it is not down */
	int64_t parked_until; /* after a refused login */
	unsigned short sent[60];
	int64_t second; /* the newest one that `sent` counts */
	struct email__policy_recent {
		uint64_t subject, recipients;
		int64_t at;
		bool used;
	} recent[EMAIL__POLICY_RECENT];
	size_t recent_at;
} email__policy;

void email__policy_init(email__policy *p, const email__policy_config *config);

/* --- when again ------------------------------------------------------------------------------- */

/* Milliseconds after so many failures in a row (1 is the first): 1, 2, 4, 8, 16, 30 minutes, each 10 % more or less. */
int64_t email__policy_backoff(unsigned failures, uint32_t random);

/* Whose failure it was. */
typedef enum email__policy_class {
	EMAIL__POLICY_DONE,    /* no failure */
	EMAIL__POLICY_MAIL,    /* of this mail, for now: it waits, others go on */
	EMAIL__POLICY_ACCOUNT, /* of the server, the way to it, its certificate: all mails wait */
	EMAIL__POLICY_LOGIN,   /* refused: all wait, so long that no account is locked out */
	EMAIL__POLICY_REFUSED  /* for good */
} email__policy_class;
email__policy_class email__policy_classify(email_code code, email_stage stage);

/* What an attempt came to: the account's own times. DONE, MAIL and REFUSED show that the account is well. */
void email__policy_result(email__policy *p, email__policy_class result, uint32_t random, int64_t running);
/* Is the account down, so that its failoverAccount takes over? Not once its time has come: then it is tried first. */
bool email__policy_down(const email__policy *p, int64_t running);

/* --- who is next ------------------------------------------------------------------------------ */

typedef enum email__policy_why {
	EMAIL__POLICY_GO,    /* `mail` is next */
	EMAIL__POLICY_EMPTY, /* nothing waits, that is not on its way */
	EMAIL__POLICY_LATER, /* none is due */
	EMAIL__POLICY_DOWN,  /* the account is */
	EMAIL__POLICY_PARKED,
	EMAIL__POLICY_DAY,    /* the day's cap */
	EMAIL__POLICY_MINUTE, /* the minute's */
	EMAIL__POLICY_FLIGHT  /* the next one must go alone, and others are on their way */
} email__policy_why;

typedef struct email__policy_choice {
	email__policy_why why;
	email__waiting *mail;
	bool alone;   /* nothing else may be begun until it has ended */
	int64_t wait; /* milliseconds until it is worth asking again; -1: until something changes */
} email__policy_choice;

/* May one more mail of this importance go, as far as the caps are concerned? Else *held says why not. */
bool email__policy_within_caps(email__policy *p, bool urgent, const email__now *now, int64_t running,
                               uint64_t today, email__policy_choice *held);
/* `p` NULL: no caps, and no account that could be down: the queue is another one's, whose caps the caller asks for.
 * `today`: the day's count; `flight`: attempts under way, `flight_alone`: one of them is to be alone. */
email__policy_choice email__policy_next(email__policy *p, email__waiting *const *mails, size_t count,
                                        const email__now *now, int64_t running, uint64_t today,
                                        unsigned flight, bool flight_alone);
/* An attempt begins: the minute's cap counts it. */
void email__policy_begun(email__policy *p, int64_t running);

bool email__policy_expired(const email__policy *p, const email__waiting *w, int64_t running);

/* --- the day ---------------------------------------------------------------------------------- */

/* The day's count as it was last written down. */
typedef struct email__day {
	int64_t day; /* local, days since 1970 */
	uint64_t count;
	int64_t wall, running; /* when that was; wall 0: not known in this boot */
	bool same_boot;
} email__day;

/* Brings it up to date: the count begins anew with a new local day, but not with a clock that jumped. */
void email__policy_day(email__day *day, const email__now *now, int64_t running);

/* --- floods ----------------------------------------------------------------------------------- */

/* DropOldest: should this one make room rather than `best` (NULL: any)? The least important first, of those the oldest;
 * never one that is more important than the one that comes. */
bool email__policy_drop_rather(const email__waiting *one, const email__waiting *best, int priority);

/* suppressWithin: was the same subject queued to the same recipients within the time? */
bool email__policy_suppressed(const email__policy *p, uint64_t subject, uint64_t recipients, int64_t running);
void email__policy_queued(email__policy *p, uint64_t subject, uint64_t recipients, int64_t running);
/* It could not be queued after all. */
void email__policy_unqueued(email__policy *p, uint64_t subject, uint64_t recipients, int64_t running);

/*
 * digestAbove: marks as `held` what came as more than so many a minute, and, once the oldest of these is a minute old, puts
 * those that go to the same recipients into chosen[] (`max` at most): one digest is to stand for them. 0: none now.
 * Urgent mail, digests, and what was tried before are left alone. EMAIL_E_MEMORY: nothing is changed.
 */
email_code email__policy_fold(const email__policy *p, email__waiting *const *mails, size_t count,
                              int64_t running, email__waiting **chosen, size_t max, size_t *n);

#endif
