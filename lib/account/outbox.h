/* SPDX-License-Identifier: MIT */
/*
 * An outgoing account's queue, as all who fill it and who works it share it: the spool, the floods' memory, and what is
 * to be told to the account's status. One for each account name of a service, however many account objects there are.
 */
#ifndef EMAIL__ACCOUNT_OUTBOX_H
#define EMAIL__ACCOUNT_OUTBOX_H

#include <emailservice/message.h>

#include "account/account.h"
#include "os/mutex.h"
#include "queue/policy.h"
#include "queue/spool.h"

typedef struct email__outbox_config {
	const char *name;   /* of the account */
	const char *folder; /* NULL: in memory */
	size_t max_count;
	uint64_t max_size;
	bool drop_oldest;
	int64_t suppress_within; /* milliseconds */
	/* From whichever thread; it must not call the outbox. */
	void (*event)(void *context, const char *name, const email__spool_event *event);
	void *context;
} email__outbox_config;

/* What was discarded and not yet counted by an account's status (model 2: numberDiscarded). */
typedef struct email__discards {
	int64_t count, last;
	char cause[EMAIL__MAILFILE_TEXT + 1];
} email__discards;

struct email__outbox {
	email__spool *spool;
	char *name, *folder;
	email__outbox_config config; /* its texts are not to be used */
	email__mutex mutex;          /* over what follows */
	email__policy recent;        /* suppressWithin */
	email__discards discards;
};

/* Errors: those of email__spool_open(). */
email_code email__outbox_open(const email__outbox_config *config, const email__now *now,
                              email__outbox **outbox, email_error *e);
void email__outbox_close(email__outbox *outbox);
/* Other limits; the folder stays. */
void email__outbox_limit(email__outbox *outbox, const email__outbox_config *config);

/* The time, as the queue wants it. `trust` NULL: the clock is believed. */
email__now email__outbox_now(email_trust *trust);

/*
 * Takes a message, composed with the account's defaults. EMAIL_E_SUPPRESSED: the same one came a short while ago.
 * Errors: as email_account_enqueue().
 */
email_code email__outbox_add(email__outbox *outbox, email_account *account, email_message *message,
                             int priority, const char *key, char id[EMAIL_ID_SIZE], email_error *e);
/* A digest for those that email__policy_fold() chose; *n: how many it names, and its id. They are marked as named: they end by
 * email__standin_takes(), which the caller is to see to. */
email_code email__outbox_digest(email__outbox *outbox, email__waiting *const *chosen, size_t count,
                                const email__now *now, size_t *n, char id[EMAIL_ID_SIZE], email_error *e);

/* What was discarded since it was last taken goes into the account's counts. */
void email__outbox_count_discards(email__outbox *outbox, email_account *account);

#endif
