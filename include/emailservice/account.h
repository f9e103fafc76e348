/* SPDX-License-Identifier: MIT */
/*
 * Accounts: one mail server as a station sees it, outgoing (SMTP) or incoming (IMAP, POP3).
 *
 * An account is a set of properties (model: README, "Accounts"); every one is set and read by its
 * name and its text, the most used ones by typed functions too. Setting never talks to a server.
 * An account on its own is freed by email_account_free(); one that belongs to a service goes with
 * it. One account is used by one thread at a time, save email_account_cancel().
 */
#ifndef EMAILSERVICE_ACCOUNT_H
#define EMAILSERVICE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>
#include <emailservice/log.h>
#include <emailservice/message.h>
#include <emailservice/trust.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct email_account email_account;

typedef enum email_account_kind { EMAIL_OUTGOING, EMAIL_INCOMING } email_account_kind;

/* Tls Min Protocol. The TLS library's own floor (TLS 1.2) stands under it; see
 * email_account_effective_tls_min_protocol(). */
typedef enum email_tls_version {
	EMAIL_TLS_1_0, /* "TLSv1.0+" */
	EMAIL_TLS_1_1, /* "TLSv1.1+" */
	EMAIL_TLS_1_2, /* "TLSv1.2+", the default */
	EMAIL_TLS_1_3  /* "TLSv1.3" */
} email_tls_version;

typedef enum email_store { EMAIL_STORE_IMAP, EMAIL_STORE_POP3 } email_store;

/*
 * A new account with every property at its default. The name is copied: 1..64 bytes of UTF-8, no
 * '/' or control character, no leading '.' or '-'.
 * NULL: no memory, or the name is not valid (email_account_name_valid() tells beforehand).
 * Owns: the caller; email_account_free().
 */
EMAIL_API email_account *email_account_new(email_account_kind kind, const char *name);
EMAIL_API void email_account_free(email_account *account);
EMAIL_API bool email_account_name_valid(const char *name);

EMAIL_API email_account_kind email_account_get_kind(const email_account *account);
EMAIL_API const char *email_account_name(const email_account *account);

/*
 * Typed setters. Strings are copied.
 * Errors: EMAIL_E_VALUE (range, or not a name or address), EMAIL_E_UNKNOWN (a property that this
 *         kind of account does not have), EMAIL_E_MEMORY. The account is as it was after an error.
 */
/* Host name (IDN accepted), IPv4 or IPv6 literal; at most 255 bytes; "" for none. */
EMAIL_API email_code email_account_set_hostname(email_account *account, const char *hostname);
/* 1..65535, or -1 (the default): taken from store and switches, and following them. */
EMAIL_API email_code email_account_set_port(email_account *account, int port);
/* TLS before the first byte. Turning it on turns Start Tls off; turning it off leaves that. */
EMAIL_API email_code email_account_set_use_ssl(email_account *account, bool on);
/* Upgrade by STARTTLS, never opportunistic. Turning it on turns Use Ssl off. */
EMAIL_API email_code email_account_set_use_start_tls(email_account *account, bool on);
EMAIL_API email_code email_account_set_tls_min_protocol(email_account *account, email_tls_version v);
EMAIL_API email_code email_account_set_enabled(email_account *account, bool on);
EMAIL_API email_code email_account_set_store(email_account *account, email_store store);
EMAIL_API email_code email_account_set_from(email_account *account, const char *address);
/* No login; and login by account and password (PLAIN, LOGIN). The password is copied and wiped
 * when replaced or freed. */
EMAIL_API email_code email_account_set_no_authenticator(email_account *account);
EMAIL_API email_code email_account_set_basic_authenticator(email_account *account, const char *user,
                                                           const char *password);

/*
 * Authenticator "callback": the program hands over a password, or an OAuth token (*token is then to be set), each time a
 * connection logs in. `again`: the server refused the last one. Ended by NUL, at most size - 1 bytes (16,384); wiped once
 * used. Anything but EMAIL_OK: there is none now, and the operation ends with EMAIL_E_SECRET.
 */
typedef email_code (*email_credential_fn)(void *context, bool again, char *secret, size_t size, bool *token);
EMAIL_API void email_account_set_credential_callback(email_account *account, email_credential_fn credential,
                                                     void *context);
/*
 * Authenticator "oAuthRefreshToken": device authorization (RFC 8628). `show` is called once with what a person has to
 * enter, and where; then it waits, for minutes, until that was done, and keeps the refresh token as the account's secret: in
 * its file where it is a "file:" one, else in the sheet, which is saved. Blocks; email_account_cancel() ends it.
 * Errors: EMAIL_E_USAGE (another type of authenticator), EMAIL_E_REFUSED (the person said no, the code ran out, or the
 *         server does not do this), EMAIL_E_PROTOCOL (no refresh token came), those of connecting and of files.
 */
typedef struct email_device {
	const char *code;   /* what to enter, */
	const char *uri;    /* and where */
	const char *direct; /* the same with the code in it; "" where the server gives none */
	long seconds;       /* that it is good for */
} email_device;
typedef void (*email_device_fn)(void *context, const email_device *device);
EMAIL_API email_code email_account_login(email_account *account, email_device_fn show, void *context);
/* Seconds that the OAuth token which is held is still good for; 0: none is held. */
EMAIL_API long email_account_token_seconds(const email_account *account);

EMAIL_API const char *email_account_hostname(const email_account *account);
EMAIL_API int email_account_port(const email_account *account);
/* The port that a session will use, 1..65535. */
EMAIL_API int email_account_effective_port(const email_account *account);
EMAIL_API bool email_account_use_ssl(const email_account *account);
EMAIL_API bool email_account_use_start_tls(const email_account *account);
EMAIL_API bool email_account_enabled(const email_account *account);
EMAIL_API email_store email_account_get_store(const email_account *account);
EMAIL_API email_tls_version email_account_tls_min_protocol(const email_account *account);
/* The higher of the property and the TLS library's own floor. */
EMAIL_API email_tls_version email_account_effective_tls_min_protocol(const email_account *account);

/*
 * Any property by its name ("pollrate", "emailAuthenticator.account") and its text as in a sheet.
 * A secret takes "env:NAME", "file:PATH", "value:TEXT", or "sealed:BASE64" as a sheet has it (service.h);
 * anything else is refused, so that no secret is given by mistake. email_account_error() has property, what was expected, nearest name.
 * Another authenticator type drops the fields that it does not have; fields of another type than the
 * account's are refused.
 * Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE (also: read-only), EMAIL_E_MEMORY; the account is as it was.
 */
EMAIL_API email_code email_account_set(email_account *account, const char *property, const char *text);
/* Several at once, all or none, in any order: "useSsl=true" and "useStartTls=true" together are refused, and
 * so is the same property twice. */
typedef struct email_property_value {
	const char *property;
	const char *text; /* NULL: back to the default */
} email_property_value;
EMAIL_API email_code email_account_set_all(email_account *account, const email_property_value *values,
                                           size_t count);
/* Back to the default. */
EMAIL_API email_code email_account_unset(email_account *account, const char *property);
/* A counter back to 0: "numberSent" or "numberDiscarded". Errors: EMAIL_E_UNKNOWN: no such counter. */
EMAIL_API email_code email_account_reset(email_account *account, const char *counter);
/*
 * The property's text into `text`, cut at size-1 bytes and ended by NUL. A secret gives "set" or "".
 * Errors: EMAIL_E_UNKNOWN; EMAIL_E_LIMIT: it did not fit.
 */
EMAIL_API email_code email_account_get(const email_account *account, const char *property, char *text,
                                       size_t size);

/* One row of the property table, for listings and dialogs. */
typedef struct email_property {
	const char *name;
	const char *type;         /* "boolean", "port", "duration", "text", "address", ... */
	const char *default_text; /* as in a sheet; "" for none */
	const char *range;        /* "PT1S..", "1..", or the names of an enumeration, or "" */
	const char *meaning;      /* one line */
	bool read_only;           /* status, not configuration */
	bool secret;
	bool outgoing, incoming;    /* the kinds of account that have it */
	const char *authenticators; /* types that have it, separated by spaces; "" for every one */
} email_property;
/* The i-th row, in the order of sheets; NULL past the end. Behind the accounts' rows stand the service's
 * own, which neither kind of account has. */
EMAIL_API const email_property *email_property_at(size_t i);
/* True where this account has the property now (kind, store and authenticator considered). */
EMAIL_API bool email_account_has(const email_account *account, const email_property *property);

/* What is legal but probably wrong. Pointers are valid during the call only. */
typedef struct email_finding {
	const char *code;     /* stable, "port587UseSsl" */
	const char *property; /* the one to change */
	const char *text;     /* one sentence */
	const char *remedy;
} email_finding;
typedef void (*email_finding_fn)(void *context, const email_finding *finding);
/* Calls on_finding for each; returns EMAIL_OK also when there were some. Nothing is connected. */
EMAIL_API email_code email_account_check(email_account *account, email_finding_fn on_finding, void *context);

/*
 * The trust object that judges this account's servers; NULL: the System Trust Store alone. It must
 * outlive the account. An account in a service has the service's.
 */
EMAIL_API void email_account_set_trust(email_account *account, email_trust *trust);
/* Where the transcript goes while the property `debug` is true; NULL for nowhere. */
EMAIL_API void email_account_set_log(email_account *account, email_log_fn log, void *context);

/* The outcome of a send, one entry a recipient, in the order To, Cc, Bcc. */
typedef enum email_outcome {
	EMAIL_OUTCOME_NONE,     /* not got as far as this one */
	EMAIL_OUTCOME_ACCEPTED, /* the server took the message for it */
	EMAIL_OUTCOME_DEFERRED, /* 4yz, or the session broke: again later */
	EMAIL_OUTCOME_REFUSED,  /* 5yz */
	EMAIL_OUTCOME_UNSURE
} email_outcome;

typedef struct email_report_recipient {
	const char *address;
	email_outcome outcome;
	int reply; /* of the server, or 0 */
	char enhanced[12];
	char text[200]; /* its words, printable */
} email_report_recipient;

typedef struct email_report {
	const char *message_id; /* with the angle brackets */
	size_t count;
	const email_report_recipient *recipients;
	unsigned round_trips; /* waits for the server in this call: connecting and TLS included */
	uint64_t bytes_sent;  /* protocol and message, TLS not counted */
} email_report;
EMAIL_API void email_report_free(email_report *report);

/*
 * Sends a message now and tells the outcome. Blocks; every step has a deadline (connectionTimeout,
 * responseTimeout, dataTimeout). The connection is kept for the next mail; email_account_close()
 * ends it. EMAIL_OK: every recipient was taken.
 * Errors: EMAIL_E_PARTIAL: the server took it for some, the report names the others.
 *         EMAIL_E_UNSURE: the end of the data went unanswered. EMAIL_E_TRUST: see email_trust.
 *         EMAIL_E_REFUSED, _TEMPORARY, _LOGIN, _MECHANISM, _STARTTLS, _TLS, _TLS_VERSION, _CLOCK,
 *         _RESOLVE, _CONNECT, _TIMEOUT, _CLOSED, _PROTOCOL, _EXTENSION, _MESSAGE, _DISABLED,
 *         _CANCELLED, _MEMORY.
 * Owns: *report is the caller's, email_report_free(); set on an error too, where the envelope got as
 *       far as the server, else NULL. report may be NULL.
 */
EMAIL_API email_code email_account_send(email_account *account, email_message *message,
                                        email_report **report);

/* One step of a test, as it ends. Pointers are valid during the call only. */
typedef struct email_test_step {
	email_stage stage;
	bool ok;
	long milliseconds;
	const char *detail; /* "192.0.2.1 port 465", "TLSv1.3 TLS1-3-CHACHA20-POLY1305-SHA256", ... */
	const char *remedy; /* where not ok */
} email_test_step;
typedef void (*email_test_fn)(void *context, const email_test_step *step);
/*
 * Connects, takes up TLS, logs in and quits; sends no mail. Works on a disabled account too.
 * Errors: as email_account_send().
 */
EMAIL_API email_code email_account_test(email_account *account, email_test_fn on_step, void *context);

/* Ends the kept connection, if any. */
EMAIL_API void email_account_close(email_account *account);
/* From any thread: makes a running send or test end with EMAIL_E_CANCELLED soon. */
EMAIL_API void email_account_cancel(email_account *account);

/* The last failure on this account; code EMAIL_OK where the last call succeeded. Never NULL. */
EMAIL_API const email_error *email_account_error(const email_account *account);

#ifdef __cplusplus
}
#endif
#endif
