/* SPDX-License-Identifier: MIT */
/*
 * The queue of an outgoing account: mail that is taken durably and leaves when the server is to be had. It belongs to
 * accounts of a service (email_service_start() works it); where the service has a state folder, and `persistent` is
 * true, it survives a killed process and a power cut, else it is in memory and ends with the service.
 *
 * These calls may be made while the service runs, in this process or in another one, and by several threads at once,
 * each with an account object of its own. What fails is in email_account_error().
 */
#ifndef EMAILSERVICE_QUEUE_H
#define EMAILSERVICE_QUEUE_H

#include <emailservice/account.h>
#include <emailservice/parse.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0..9, the highest first; from URGENT on a part of the caps is kept (urgentReserve), and no digest takes them in. */
enum { EMAIL_PRIORITY_LOW = 2, EMAIL_PRIORITY_NORMAL = 5, EMAIL_PRIORITY_URGENT = 8 };

/* An id: 32 hexadecimal digits and a NUL. */
#define EMAIL_ID_SIZE 33

/*
 * EMAIL_OK: the mail would survive a power loss (persistent), and reaches the server at least once, or the dead letters
 * with a cause. The message is composed here, with `from` and `replyTo` of the account where it has none: the same bytes
 * at each attempt. Its id goes into `id` (NULL: nobody asks; `size` at least EMAIL_ID_SIZE).
 * Errors: after every one but EMAIL_E_INDETERMINATE the mail is not in the queue. EMAIL_E_INDETERMINATE: it may be
 *         (email_account_enqueue_once() tells). EMAIL_E_QUEUE_FULL (maxQueueSize), EMAIL_E_LIMIT
 *         (maxPersistedEmailSize), EMAIL_E_SUPPRESSED (suppressWithin), EMAIL_E_DISABLED (and not
 *         allowDisabledQueueing), EMAIL_E_MESSAGE, EMAIL_E_VALUE (the priority, the key), EMAIL_E_USAGE (no outgoing
 *         account of a service, a message that was read, too little room for the id), EMAIL_E_FILE, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_account_enqueue(email_account *account, email_message *message, int priority,
                                           char *id, size_t size);
/* The same under a key of the caller's (1 to 250 bytes, no control character): a second call with the same one makes no
 * second mail, returns EMAIL_OK and the first one's id, also once that has left. Remembered for the last 1,000 sent. */
EMAIL_API email_code email_account_enqueue_once(email_account *account, email_message *message, int priority,
                                                const char *key, char *id, size_t size);

typedef enum email_recipient_state {
	EMAIL_RECIPIENT_WAITING,
	EMAIL_RECIPIENT_DELIVERED, /* the server took it for this one: it is not addressed again */
	EMAIL_RECIPIENT_FAILED,
	EMAIL_RECIPIENT_CANCELLED
} email_recipient_state;

typedef struct email_queued_recipient {
	const char *address;
	email_recipient_state state;
	int reply;            /* the last one, or 0 */
	const char *enhanced; /* "4.2.0", or "" */
	const char *text;
} email_queued_recipient;

/* A mail that waits, or a dead letter. Valid during the call only; texts are "" where absent. */
typedef struct email_queued {
	const char *id, *from, *subject, *message_id, *key;
	bool dead, digest;
	bool trying; /* an attempt is under way */
	int priority;
	uint64_t size; /* of the message, bytes */
	unsigned attempts;
	unsigned unsure;      /* of these, how many broke off so that the server may have it */
	int64_t queued;       /* when it was, seconds since 1970 by the clock of then */
	int64_t next_attempt; /* not before; 0: as soon as may be */
	const char *
		cause; /* of the last failure (in a list also the account's, where that waits), or why it is dead */
	size_t count;
	const email_queued_recipient *recipients;
} email_queued;

/* False ends the list. It may call nothing of the queue. */
typedef bool (*email_queued_fn)(void *context, const email_queued *mail);

/* Those that wait, in the order in which they go; or the dead letters, oldest first. Errors: EMAIL_E_USAGE, EMAIL_E_FILE,
 * EMAIL_E_MEMORY. */
EMAIL_API email_code email_account_queue_list(email_account *account, bool dead, email_queued_fn visit,
                                              void *context);
/* One of either; then its bytes go to `sink` (NULL: nobody wants them). Errors: EMAIL_E_UNKNOWN, what the sink returned, as
 * _list. */
EMAIL_API email_code email_account_queue_view(email_account *account, const char *id, email_queued_fn visit,
                                              email_sink_fn sink, void *context);
/* A dead letter waits again, for those who did not get it. Errors: EMAIL_E_UNKNOWN, EMAIL_E_QUEUE_FULL, as _list. */
EMAIL_API email_code email_account_queue_requeue(email_account *account, const char *id);
/* A waiting one becomes a dead letter, cancelled; a dead one is gone. Errors: EMAIL_E_UNKNOWN, EMAIL_E_TEMPORARY (it is
 * being sent just now), as _list. */
EMAIL_API email_code email_account_queue_delete(email_account *account, const char *id);
/* All that wait become dead letters; *count (may be NULL) of them. */
EMAIL_API email_code email_account_queue_clear(email_account *account, size_t *count);
/*
 * Works the queue now, whatever the next times; caps hold all the same. Where a service works it (in this process or
 * another) that one is told, and this returns at once, EMAIL_OK with *told true. Else blocks until everything was tried
 * once. `told` may be NULL.
 * Errors: those of email_account_send() where mail is left that could not be sent; EMAIL_E_TEMPORARY (another process
 *         has the queue, and cannot be told).
 */
EMAIL_API email_code email_account_queue_poll(email_account *account, bool *told);

#ifdef __cplusplus
}
#endif
#endif
