/* SPDX-License-Identifier: MIT */
/*
 * What happens to a queue, once: mails are queued, sent, put off, refused in part, cancelled, queued again; the worker is
 * started anew. A record outside the folder says what was promised to whom, and what the server got, so that whatever
 * then becomes of the folder can be held to the contract.
 */
#ifndef EMAIL_CRASH_SCENARIO_H
#define EMAIL_CRASH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/spool.h"

enum { MAILS = 7, RCPTS = 3, EVENTS_MAX = 1000 };

/* What was promised, and what the server got. */
typedef enum said {
	SAID_CALLED = 'e',  /* enqueue was called */
	SAID_ACK = 'a',     /* it said yes */
	SAID_MAYBE = 'i',   /* it said that it does not know */
	SAID_NO = 'n',      /* it said no */
	SAID_COUNTED = 't', /* one more of this day */
	SAID_BEGUN = 'b',   /* an attempt may be made */
	SAID_GOT = 'd',     /* the server took it for this recipient */
	SAID_ENDED = 'z',   /* how the attempt ended is recorded */
	SAID_TOLD = 'r',    /* and we told so */
	SAID_FAILED = 'f',  /* we told that it failed for this recipient */
	SAID_CANCELLING = 'c',
	SAID_CANCELLED = 'C',
	SAID_REVIVING = 'q',
	SAID_REVIVED = 'Q',
	SAID_DELETING = 'x',
	SAID_DELETED = 'X',
	SAID_WRONG = '!' /* the server got other bytes than were queued */
} said;

typedef struct outside_event {
	said what;
	int mail, rcpt;
	unsigned long op; /* how many operations had been recorded */
} outside_event;

/* Lives in memory that parent and child share. */
typedef struct outside {
	int n;
	outside_event event[EVENTS_MAX];
	char id[MAILS][EMAIL_ID_SIZE];
	char date[64]; /* of the mail that had none, as the server saw it first */
} outside;

typedef struct scenario_clock {
	int64_t wall, step; /* at first, and between the steps */
	bool set;
} scenario_clock;

/* Runs it; whatever fails is taken as a caller would: noted, and on with the next. */
void scenario_run(const char *folder, outside *o, const scenario_clock *clock);

/* The worker is started once more, in the same boot, and tries what waits. */
void scenario_go_on(const char *folder, outside *o, const scenario_clock *clock);

typedef struct scenario_rules {
	const char *boot; /* in which the folder is recovered */
	bool weak;        /* the power failed: what was never promised may be set aside */
	bool twice; /* it broke off, went on, and then the power failed: a mail may come once more for each */
	bool any_day; /* the clock jumped: the day's count may be another day's */
	bool quiet;
} scenario_rules;

/* Recovers, recovers again, drains to a server that takes all, and counts what breaks the contract (0: nothing), each told
 * on standard error after `label`. Changes the folder, and the record. */
int scenario_check(const char *folder, outside *o, const scenario_rules *rules, const char *label);

#endif
