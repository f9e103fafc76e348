/* SPDX-License-Identifier: MIT */
/*
 * A service: the accounts of a station together with their trust, loaded from and saved to a property
 * sheet.
 */
#ifndef EMAILSERVICE_SERVICE_H
#define EMAILSERVICE_SERVICE_H

#include <emailservice/account.h>
#include <emailservice/queue.h>
#include <emailservice/receive.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct email_service email_service;

/* NULL: no memory. */
EMAIL_API email_service *email_service_new(void);
/* Frees its accounts and its trust too. */
EMAIL_API void email_service_free(email_service *service);

/*
 * Loads a sheet in place of what the service holds. All or nothing: after an error the service is as it
 * was, and `error` (may be NULL) has file, line, property, what was expected and the nearest name.
 * Accounts from before are gone after a success, and where the new sheet has another state folder so is
 * the trust object from before. The state folder is not touched yet.
 * Errors: EMAIL_E_SHEET, EMAIL_E_FILE, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_service_load(email_service *service, const char *path, email_error *error);
/*
 * Saves, atomically; the file is 0600 where it holds a secret in the clear, else keeps its mode. What a
 * person wrote into the loaded sheet (comments, order) stays; the rest stands in the order of the property
 * table, without defaults. A service that was never loaded has this file as its sheet from then on; else
 * the sheet stays the one that was loaded, and relative paths are written as they are. A refresh token that
 * was renewed in the loaded sheet meanwhile, by the worker or another process, is taken over first.
 * Errors: EMAIL_E_FILE, EMAIL_E_MEMORY, EMAIL_E_LIMIT (more than could be loaded again), EMAIL_E_VALUE (a
 *         secret by value with white space at its ends or control characters), EMAIL_E_SECRET (the seal key is
 *         not to be had); the old file is then as it was.
 */
EMAIL_API email_code email_service_save(email_service *service, const char *path, email_error *error);
/*
 * Secrets sealed in the sheet: with a key, a save writes those that were given by value as sealed="BASE64",
 * AES-256-GCM under the key, bound to the account and the property. A sheet loads without its key: an account
 * that needs a sealed secret then fails with EMAIL_E_SECRET, and email_account_check() has a finding. A new
 * name for an account needs the key, for what is sealed is bound to the name.
 *
 * It keeps secrets from who can read the sheet, not from who can change it: they could name another server.
 */
#define EMAIL_SEAL_KEY_SIZE 32
/* Writes the EMAIL_SEAL_KEY_SIZE bytes of the key; false: it is not to be had now. Asked whenever something is
 * sealed or opened, by the thread that the account runs in; the library's copy is wiped after each use. */
typedef bool (*email_seal_key_fn)(void *context, unsigned char *key);
/* The key comes from the firmware. NULL: there is none from now on. */
EMAIL_API void email_service_set_seal_key(email_service *service, email_seal_key_fn key, void *context);
/*
 * The key comes from a file, which is read at each use: 32 bytes, or 64 hexadecimal digits (and a newline), mode 0600
 * or less. NULL: there is no key from now on.
 * Errors: EMAIL_E_SECRET (it is not such a file), EMAIL_E_MEMORY; the key is then the one from before.
 */
EMAIL_API email_code email_service_set_seal_key_file(email_service *service, const char *path);

/* The XML Schema of property sheets, made from the property table. Owns: the caller, email_text_free(). */
EMAIL_API email_code email_service_schema(char **text);
EMAIL_API void email_text_free(char *text);

/* By name; NULL where there is none. Owns: the service. */
EMAIL_API email_account *email_service_account(email_service *service, const char *name);
/* The i-th, in the sheet's order; NULL past the end. */
EMAIL_API email_account *email_service_account_at(email_service *service, size_t i);
/* Errors: EMAIL_E_VALUE (name taken or not valid), EMAIL_E_MEMORY. *account may be NULL. */
EMAIL_API email_code email_service_add(email_service *service, email_account_kind kind, const char *name,
                                       email_account **account);
/* Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE (mail waits in its queue). */
EMAIL_API email_code email_service_remove(email_service *service, const char *name);
/* Its queue goes with it; so it does where the account's property `name` is set.
 * Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE (taken or not valid, or a queue of that name is there), EMAIL_E_SECRET (what is
 *         sealed cannot be sealed anew), EMAIL_E_USAGE (an outgoing account while the service runs), EMAIL_E_TEMPORARY
 *         (another process works its queue), EMAIL_E_FILE, EMAIL_E_MEMORY; the account is then as it was. */
EMAIL_API email_code email_service_rename(email_service *service, const char *name, const char *new_name);

/* The service's own properties (enabled, stateFolder, status, faultCause) by name. Text NULL: back to the
 * default. stateFolder takes effect where trust is not open yet, else with the next load.
 * Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE, EMAIL_E_MEMORY; get: EMAIL_E_LIMIT: it did not fit. */
EMAIL_API email_code email_service_set(email_service *service, const char *property, const char *text);
EMAIL_API email_code email_service_get(email_service *service, const char *property, char *text, size_t size);
/* Overrides stateFolder without changing the sheet; call it before email_service_trust(). */
EMAIL_API email_code email_service_set_state_folder(email_service *service, const char *folder);

/* The trust module, opened on the state folder at the first call. Never NULL; where its sheet could not
 * be read, email_trust_error() says so and there are no exemptions. Owns: the service. */
EMAIL_API email_trust *email_service_trust(email_service *service);

/*
 * --- the worker --------------------------------------------------------------------------------
 *
 * It sends what is queued and reads the mailboxes, every account at its pollrate, none waiting for another. It works
 * with copies of the accounts, as they are when it starts, at each email_service_load(), and at email_service_apply():
 * so the accounts stay the program's, to send and test with, while it runs; status and counts are read from them as the
 * worker sees them.
 *
 * Either start() makes a thread for it, or a program with a loop of its own calls step(); stop() ends both.
 */

/* What happened. */
typedef enum email_event_kind {
	EMAIL_EVENT_SENT, /* the server took a queued mail, for all of its recipients that it was sent to or some */
	EMAIL_EVENT_DEFERRED, /* an attempt failed for now; without an id: the account's, and `count` mails wait for it */
	EMAIL_EVENT_DISCARDED,  /* a mail failed or was cancelled, wholly or for some: it is a dead letter */
	EMAIL_EVENT_FORGOTTEN,  /* a dead letter made room, or was too old */
	EMAIL_EVENT_SUPPRESSED, /* suppressWithin: it was not queued */
	EMAIL_EVENT_QUEUE,      /* a file that is no mail was set aside, an attempt was cut off, ... */
	EMAIL_EVENT_RECEIVED,   /* the handler accepted a mail */
	EMAIL_EVENT_DELIVERY,   /* a report (RFC 3464) on a mail that was sent: `status` and what it says */
	EMAIL_EVENT_REPLY,      /* an answer, automatic or not, to a mail that was sent */
	EMAIL_EVENT_TRUST,      /* a certificate that waits for approval, once a fingerprint */
	EMAIL_EVENT_TOKEN,      /* an OAuth token came, or was refused */
	EMAIL_EVENT_STATUS      /* status or faultCause is another one */
} email_event_kind;
/* DELIVERY and REPLY: of what the handler accepts, where it comes back for a mail that left a queue: the last 2,000 of 30
 * days are remembered. Anybody who saw a mail's id can make up a report: nothing is done upon one. */

/* Plain values, to be copied. Texts are "" where absent, and cut where they are long. */
typedef struct email_event {
	unsigned long number; /* from 1, in order */
	int64_t time;         /* seconds since 1970 */
	email_event_kind kind;
	char account[65];
	char id[EMAIL_ID_SIZE]; /* of the queue; of a DELIVERY or REPLY: the sent mail's */
	char message_id[256];   /* of the mail; of a DELIVERY or REPLY: the sent one's */
	char recipient
		[256]; /* DISCARDED: the first that failed. DELIVERY: whom it is about. REPLY: who wrote it */
	char action
		[16]; /* DELIVERY: failed, delayed, delivered, ... REPLY: "auto" where a program wrote it */
	char status[12];     /* "5.1.1", or "ok", "down", ... */
	unsigned long count; /* mails, or recipients, that this stands for */
	char text[320];      /* one sentence, the cause where there is one */
} email_event;
/* The name of a kind, "sent". Never NULL. */
EMAIL_API const char *email_event_name(email_event_kind kind);

/* Called in the worker's thread, also for what others did to the queue meanwhile; see stop(). One a service;
 * NULL: nobody. Set it before start(). */
typedef void (*email_event_fn)(void *context, const email_event *event);
EMAIL_API void email_service_set_event_callback(email_service *service, email_event_fn on_event,
                                                void *context);
/* The last 64 with a number above `after`, oldest first. From any thread. */
EMAIL_API void email_service_events(email_service *service, unsigned long after, email_event_fn visit,
                                    void *context);
/* Takes the mail of all incoming accounts, in the worker's thread; see receive.h for what its answer means. Without one
 * mailboxes are looked at, and nothing there is changed. Set it before start(). */
EMAIL_API void email_service_set_handler(email_service *service, email_receive_fn on_message, void *context);

/* Errors, in email_service_error(): EMAIL_E_USAGE (it runs), EMAIL_E_TEMPORARY (another process, or service, works this
 * state folder), EMAIL_E_FILE (the state folder cannot be made or written), EMAIL_E_MEMORY. What is wrong with one account's
 * queue or folder is its own fault, and no error here. */
EMAIL_API email_code email_service_start(email_service *service);
/* Ends it, within 10 seconds: what is on its way gets 5 to end by itself. Nothing is lost. From a callback it only begins to
 * end: call it once more from elsewhere. A child that was forked while it runs must not use the service, and should exec. */
EMAIL_API void email_service_stop(email_service *service);
EMAIL_API bool email_service_running(const email_service *service);

/*
 * For a program with a loop of its own, in place of start():
 *
 *     for (;;) {
 *         email_wait list[16];
 *         long ms;
 *         size_t n = email_service_wait(service, list, 16, &ms);
 *         ... poll(2) for the first n, n at most 16, and ms milliseconds
 *         email_service_step(service);
 *     }
 *
 * step() goes as far as it can without waiting. wait() tells descriptors, with events of poll(2), and the time until
 * something is due (never -1); it returns how many there are, also where that is more than `room`. Ask again after every
 * step. Errors of step(): EMAIL_E_USAGE (start() has it), EMAIL_E_MEMORY; of the first one also those of start().
 */
typedef struct email_wait {
	int fd;
	int events;
} email_wait;
EMAIL_API email_code email_service_step(email_service *service);
EMAIL_API size_t email_service_wait(email_service *service, email_wait *list, size_t room,
                                    long *milliseconds);

/* The worker takes the accounts as they are now: those whose properties are the same keep connection and queue, the others
 * end what they do first. From the thread that has the service. email_service_load() does it too. */
EMAIL_API email_code email_service_apply(email_service *service);
/* Loads its sheet again. Errors: as email_service_load(), EMAIL_E_USAGE (it has none); it then goes on as it was. */
EMAIL_API email_code email_service_reload(email_service *service, email_error *error);

/* The last failure of a call without an error argument. */
EMAIL_API const email_error *email_service_error(const email_service *service);

#ifdef __cplusplus
}
#endif
#endif
