/* SPDX-License-Identifier: MIT */
/*
 * POP3 (RFC 1939), the client's side, as an engine: see wire/link.h for what it is to its driver,
 * proto/mailbox.h for what it is to its caller.
 *
 *     idle (WANT_CALLER)  --_list, _fetch, _settle, _noop-->  flights and replies, events  -->  idle
 *                         --_quit-->  deletions are committed  -->  closed
 *
 * With PIPELINING (RFC 2449 6.6) commands go out in a window, refilled when half of it was answered: a
 * message costs 1/16 of a round trip at most. What is deleted is deleted by QUIT alone (RFC 1939 6):
 * without it, or where the connection breaks before its answer, nothing is.
 *
 * Events come from within link->step(), link->eof() and email__pop3_broken(); they may call
 * email__pop3_settle() and email__pop3_quit(), not _free.
 */
#ifndef EMAIL__PROTO_POP3_H
#define EMAIL__PROTO_POP3_H

#include "proto/mailbox.h"
#include "sasl/sasl.h"
#include "wire/link.h"

typedef struct email__pop3 email__pop3;

typedef struct email__pop3_config {
	bool start_tls; /* required, never opportunistic */
	bool tls;       /* the link is a TLS one from the start */
	bool allow_plaintext_login;
	/* NULL: Auto, which takes USER and PASS too where no mechanism can be used; "USER": these alone */
	const char *mechanism;
	/* NULL: no login, and no request; must live until the login is over */
	const email__credentials *credentials;
	email__mailbox_events events; /* any of them may be NULL */
} email__pop3_config;

/* Strings are copied but credentials. NULL: no memory. */
email__pop3 *email__pop3_new(const email__pop3_config *config);
void email__pop3_free(email__pop3 *p);
/* Its `sent` and `flights` may be set to 0 while it is idle. */
email__link *email__pop3_link(email__pop3 *p);

/* Logged in and idle: _list and _fetch can be asked for. */
bool email__pop3_ready(const email__pop3 *p);

/*
 * Asks for the list; the caller then steps the link until it is ready again. `uids`: with names that
 * last over sessions (UIDL); a server without them ends the session with EMAIL_E_EXTENSION. A message
 * whose UID is outside RFC 1939 7 (or missing) comes with uid "". A number that comes twice counts once,
 * and one of UIDL that LIST does not have does not count. Over EMAIL__POP3_MESSAGES_MAX the session ends
 * with EMAIL_E_LIMIT; with 4 bytes a message until then. EMAIL_E_USAGE: not ready.
 */
email_code email__pop3_list(email__pop3 *p, bool uids);
/*
 * Asks for these messages, one after the other; `entries` stay the caller's until the engine is ready
 * again, or has ended. For each, `begin`, `data` and `end`; only the session's failure leaves entries
 * without them, the one that had begun has its `end` even then. Only `number` is looked at. Extents
 * other than _HEADER: whole. EMAIL_E_USAGE: not ready, a number of 0.
 */
email_code email__pop3_fetch(email__pop3 *p, const email__entry *entries, size_t n, email__extent extent);
/*
 * What becomes of a message; at any time between login and _quit. Deleted: it goes with the next flight,
 * and the entry stays the caller's until `settled` says EMAIL_OK after QUIT, or why not: before. Other
 * fates ask nothing of the server: `settled` comes before this returns. EMAIL_E_USAGE: not logged in, or
 * quitting; EMAIL_E_MEMORY; EMAIL_E_LIMIT.
 */
email_code email__pop3_settle(email__pop3 *p, const email__entry *entry, email__fate fate);
/* Keeps an idle session alive (RFC 1939 3: servers may end it after ten minutes). */
void email__pop3_noop(email__pop3 *p);
/* QUIT, once everything asked for is done: commits. Nothing can be asked for after it. */
void email__pop3_quit(email__pop3 *p);
/* The session broke (error is the reason): what is outstanding gets its events. */
void email__pop3_broken(email__pop3 *p, const email_error *error);

/* What the server offered after TLS, as it spelled it, for `test`; "" where it has no CAPA. */
const char *email__pop3_extensions(const email__pop3 *p);
/* Seconds that the server wants between two logins (LOGIN-DELAY); 0: none told. */
unsigned email__pop3_login_delay(const email__pop3 *p);

#endif
