/* SPDX-License-Identifier: MIT */
/*
 * What an account is inside: the fields that the property table (properties.c) points at, and the state
 * of its connection.
 */
#ifndef EMAIL__ACCOUNT_ACCOUNT_H
#define EMAIL__ACCOUNT_ACCOUNT_H

#include <stdint.h>

#include <emailservice/operation.h>
#include <emailservice/service.h>

#include "base/buf.h"
#include "os/file.h"

/* A secret as it was given: itself, or where it is found. */
typedef enum email__secret_kind {
	EMAIL__SECRET_NONE,
	EMAIL__SECRET_VALUE, /* text is the secret */
	EMAIL__SECRET_ENV,   /* text is the variable's name */
	EMAIL__SECRET_FILE,  /* text is the path, relative to the sheet */
	EMAIL__SECRET_SEALED /* text is base64 of what crypto/seal.h makes, bound to account and property (secret.c) */
} email__secret_kind;

/* How it stands to the sheet; told of what can be replaced by email__secret_replace() alone. */
typedef enum email__secret_origin {
	EMAIL__SECRET_GIVEN, /* by the application: the sheet may have another one, or none */
	EMAIL__SECRET_SHARED, /* the sheet had it when it was read or written last: another one there is a newer one */
	EMAIL__SECRET_UNSAVED, /* by email__secret_replace(), and could not be written: what the sheet has is older */
} email__secret_origin;

typedef struct email__secret {
	email__secret_kind kind;
	char *text;
	email__secret_origin origin;
} email__secret;

typedef enum email__authenticator {
	EMAIL__AUTH_NONE,
	EMAIL__AUTH_BASIC,
	EMAIL__AUTH_OAUTH_CLIENT_SECRET,
	EMAIL__AUTH_OAUTH_CLIENT_CERTIFICATE,
	EMAIL__AUTH_OAUTH_REFRESH_TOKEN,
	EMAIL__AUTH_EXTERNAL,
	EMAIL__AUTH_CALLBACK
} email__authenticator;

/* Status bits; "ok" is no bit but unverified gone. */
enum {
	EMAIL__STATUS_UNVERIFIED = 1,
	EMAIL__STATUS_DOWN = 2,
	EMAIL__STATUS_DISABLED = 4,
	EMAIL__STATUS_FAULT = 8
};

/*
 * Every property's value. Texts are never NULL once the account is made; durations are milliseconds; times
 * are seconds since 1970, 0 for never; enumerations are indices into the row's names.
 */
typedef struct email__values {
	/* both kinds */
	char *name;
	bool enabled, use_ssl, use_start_tls, allow_plaintext_login, debug;
	char *client_certificate, *hostname, *local_address;
	int64_t port, tls_min_protocol;
	int64_t pollrate, connection_timeout, response_timeout;
	/* the authenticator */
	int64_t auth_type;                   /* email__authenticator */
	char *auth_account, *auth_mechanism; /* mechanism "" is Auto */
	char *auth_metadata_endpoint, *auth_token_endpoint, *auth_client_id, *auth_scope, *auth_certificate;
	int64_t auth_client_secret_not_after;
	bool auth_use_jwt_bearer_assertion;
	email__secret auth_password, auth_client_secret, auth_refresh_token, auth_private_key_password;
	/* outgoing */
	int64_t transport;
	char *ehlo_name, *from, *reply_to, *persistence_directory, *failover_account;
	int64_t data_timeout;
	bool persistent, allow_disabled_queueing;
	int64_t max_persisted_email_size, max_queue_size, overflow_policy;
	int64_t max_sendable_per_day, urgent_reserve, max_sendable_per_minute;
	int64_t suppress_within, digest_above, expire_after;
	/* incoming */
	int64_t store, delivery_policy, email_to_read;
	char *folder, *processed_folder;
	int64_t incoming_email_size_limit, size_limit_per_poll;
	bool ignore_attachments, use_idle;
	/* status, never in a sheet */
	int64_t status_bits;
	char *fault_cause;
	int64_t last_poll_success, last_poll_failure;
	char *last_poll_failure_cause;
	char *tls_version, *tls_cipher_suite;
	int64_t server_certificate_not_after;
	int64_t token_expires;
	int64_t server_certificate_not_before; /* no property: tells how long its life is (check.c) */
	int64_t queue_size, number_sent, number_discarded;
	int64_t last_send_success, last_send_failure;
	char *last_send_failure_cause;
	int64_t last_discard;
	char *last_discard_cause;
	int64_t number_received, last_received;
} email__values;

typedef struct email__outbox email__outbox;

/* What a service lends its accounts; the account room cannot see the service room (floors). */
struct email__smtp_mail;

typedef struct email__owner {
	void *service;
	email_trust *(*trust)(void *service);
	bool (*name_taken)(void *service, const char *name);
	/* The account is about to get this name: what is kept under the old one goes with it. NULL: there is nothing. After an
	 * error nothing has moved. Errors: those of email_service_rename(). */
	email_code (*renaming)(void *service, email_account *account, const char *to, email_error *e);
	/* the status as it is kept in the state folder comes in; and goes out */
	void (*status_load)(void *service, email_account *account);
	void (*status_save)(void *service, email_account *account);
	/* where the UIDs of what was handed over are kept: NULL: no memory, or no folder. Owns: the caller */
	char *(*state_folder)(void *service);
	/* The 32 bytes that secrets are sealed under. EMAIL_E_UNKNOWN: none is set; EMAIL_E_SECRET, EMAIL_E_MEMORY: it is
	 * not to be had, which `e` explains. The caller wipes them. */
	email_code (*seal_key)(void *service, unsigned char *key, email_error *e);
	/* Writes `text` into the sheet on the disk in place of this secret of the account, sealed where there is a key, and
	 * nothing else; durable when it returns. EMAIL_OK also where the account has no sheet yet. The account is not
	 * changed. Errors: EMAIL_E_SECRET (the sheet has another one by now), those of email_service_save(). */
	email_code (*secret_save)(void *service, const email_account *account, const email__secret *secret,
	                          const char *text, email_error *e);
	/* What the sheet on the disk has by now for this secret, as email__secret_read(). EMAIL_E_UNKNOWN: nothing that
	 * this account could use in its place. Errors: those of email_service_load(), EMAIL_E_SECRET. */
	email_code (*secret_stored)(void *service, const email_account *account, const email__secret *secret,
	                            email__buf *out, email_error *e);
	/* The queue of this outgoing account, opened where it is not yet, and told of its limits. NULL with `e`. Lives as long
	 * as the service. */
	email__outbox *(*outbox)(void *service, email_account *account, email_error *e);
	/* Wakes the worker for this account, wherever it runs; `poll`: it is to try everything now. False: there is none. */
	bool (*wake)(void *service, const email_account *account, bool poll);
	/* Works this account's queue until everything was tried once; blocks. Errors: see email_account_queue_poll(). */
	email_code (*work)(void *service, email_account *account, email_error *e);
	/* A mail of email_account_send() that the server took, for some or all, or may have. */
	void (*sent)(void *service, email_account *account, const struct email__smtp_mail *mail,
	             const char *message_id);
	/* Something to be told of the account, an email_event without number and time. */
	void (*tell)(void *service, const email_event *event);
} email__owner;

struct email_account {
	email_account_kind kind;
	const char *name; /* v.name */
	email__values v;
	/* Grows with every change of a property: what was derived from the old ones is stale. */
	unsigned long changes;
	/* The sheet that it came from, for relative "file:" secrets; NULL for an account on its own (then
	 * relative to the working folder). Owned by the service. */
	const char *sheet_path;
	bool in_sheet;             /* under its name (of the worker's copies) */
	const email__owner *owner; /* NULL for an account on its own */
	email_trust *trust;        /* given by the application, or NULL */
	/* the status in the state folder: was it asked for, what it counts, what it does not know yet */
	bool status_loaded, status_unsaved;
	bool status_judged;      /* a session told status and faultCause anew since they were last saved */
	int64_t status_saved_at; /* monotonic milliseconds */
	char **status_seen;      /* the file's rows as texts, status_seen_count of them (service/status.c) */
	size_t status_seen_count;
	email__file_stamp status_stamp; /* of the file as it was when it was last looked at */
	bool has_handler;               /* somebody takes the mail that is received */
	email_credential_fn credential; /* of an authenticator "callback" */
	void *credential_context;
	size_t poll_limit, left; /* email_account_set_poll_limit(), email_account_left() */
	email_log_fn log;
	void *log_context;
	email_error error;
	/* the kept connection and the running operation: connection.c */
	struct email__connection *connection;
};

/* The trust object that judges this account's servers: its own, else its service's, else NULL. */
email_trust *email__account_trust(email_account *account);

/* The connection object, which lives as long as its account: email_account_cancel() may come from another thread at any
 * time, and finds its lock there. False: no memory. Freed before the values go; one that was never made is fine. */
bool email__connection_new(email_account *account);
void email__connection_free(email_account *account);

/* The status of an account in a service is kept in the state folder: loaded before it is read or changed,
 * saved after a change at once, or within a second where many come (status.c). */
void email__status_know(email_account *account);
/* For who reads it: as others have it by now. */
void email__status_look(email_account *account);
void email__status_keep(email_account *account, bool at_once);

/* The text of a secret of this account (one of account->v) into `out`, which must be a secret buffer with
 * EMAIL__SECRET_MAX + 2 for its maximum (a newline at the end of a file comes and goes), and is cleared first:
 * EMAIL_E_SECRET where its variable or file is not to be had, or it cannot be unsealed (`e` says what), EMAIL_OK with
 * nothing for NONE. */
email_code email__secret_read(const email_account *account, const email__secret *secret, email__buf *out,
                              email_error *e);
/* The same, as it stands where it is kept by now: others may have replaced it in the sheet. One that the application gave,
 * or that the sheet has no other one for, is the account's own. Errors: also those of email_service_load(), while the
 * account has one that could not be written. */
email_code email__secret_read_stored(const email_account *account, const email__secret *secret,
                                     email__buf *out, email_error *e);
/* The account has this one from the sheet. EMAIL_E_MEMORY: it is as it was. */
email_code email__secret_take(email_account *account, email__secret *secret, const char *text);
/* Is it kept in the sheet, rather than in a place of its own? */
bool email__secret_in_sheet(const email__secret *secret);
/* Where the file of "file:" is. Owns: the caller. NULL: no memory. */
char *email__secret_path(const email_account *account, const email__secret *secret);
/* Seals a secret that is kept as its text, where the account's service has a key; others stay as they are.
 * Errors: EMAIL_E_SECRET (the key is not to be had), EMAIL_E_MEMORY, EMAIL_E_TLS; the secret is then as it was. */
email_code email__secret_seal(const email_account *account, email__secret *secret, email_error *e);
/*
 * Another secret in place of this one of the account, where it is kept: "file:" in its file, which becomes 0600, any
 * other in the sheet. On the disk when it returns; until then the old one is.
 * Errors: EMAIL_E_VALUE (no text, too long, or not to be kept in a sheet in the clear), EMAIL_E_SECRET ("env:" cannot be
 *         written; the sheet has another one by now), EMAIL_E_FILE, EMAIL_E_MEMORY... The disk is then as it was, but
 *         one that is kept in the sheet is the account's in memory all the same, for the old one may be worth nothing
 *         by now; the next call writes it.
 */
email_code email__secret_replace(email_account *account, email__secret *secret, const char *text,
                                 email_error *e);

#endif
