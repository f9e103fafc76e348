/* SPDX-License-Identifier: MIT */
/*
 * IMAP (RFC 3501, RFC 9051), reading a mailbox, as an engine: see wire/link.h for what it is to its driver, and
 * proto/mailbox.h for what its caller is told and may ask for.
 *
 *     engine idle (WANT_CALLER)  --list, fetch, settle, wait-->  flights and responses  -->  idle
 *
 * What is asked for is written at the next step. One list, fetch or wait at a time; settle and move are taken
 * also while a fetch runs, and from inside its events. Messages go by UID alone (RFC 3501 2.3.1.1), and only
 * what was asked for is believed. Events may not free the engine, nor call _list, _fetch or _wait.
 */
#ifndef EMAIL__PROTO_IMAP_H
#define EMAIL__PROTO_IMAP_H

#include "proto/mailbox.h"
#include "sasl/sasl.h"
#include "wire/link.h"

typedef struct email__imap email__imap;

typedef struct email__imap_config {
	bool start_tls; /* required, never opportunistic */
	bool tls;       /* the link is a TLS one from the start */
	bool allow_plaintext_login;
	const char *mechanism; /* NULL: Auto */
	const email__credentials
		*credentials;  /* must live until the login is over; NULL: only PREAUTH opens a mailbox */
	const char *folder;    /* UTF-8; NULL or "": none is opened, for `test` */
	bool read_only;        /* EXAMINE: nothing will be changed */
	const char *processed; /* the folder that _move() moves to, UTF-8; or NULL */
	email__mailbox_events events; /* each may be NULL, and then nobody is told */
} email__imap_config;

/* Strings are copied but credentials. NULL: no memory. */
email__imap *email__imap_new(const email__imap_config *config);
void email__imap_free(email__imap *s);
/* Its `sent` and `flights` may be set to 0 while it is idle. */
email__link *email__imap_link(email__imap *s);

/* True where it is idle: logged in, the folder open, nothing asked for. */
bool email__imap_ready(const email__imap *s);
/* The folder's UIDVALIDITY (RFC 3501 2.3.1.1) once it is open, 0 where the server has none: UIDs remembered under
 * another value mean nothing. */
uint32_t email__imap_uidvalidity(const email__imap *s);
/* Messages in the folder. */
uint32_t email__imap_count(const email__imap *s);

/*
 * Tells each message from UID `from` on (1: all), the unseen ones alone where `unseen`: ascending by UID, each once.
 * Those marked \Deleted are not told. EMAIL_E_USAGE: not ready.
 */
email_code email__imap_list(email__imap *s, bool unseen, uint32_t from);

/*
 * Fetches n messages (at most EMAIL__IMAP_BATCH_MAX), ascending by `number`; their memory must stay until each has
 * had its `end`, which each gets exactly once: without `begin` where nothing of it came, with the code that `begin`
 * or `data` returned where one of them did not want the rest, with the session's error where that broke.
 * `offset` goes with EMAIL__EXTENT_FROM. EMAIL_E_USAGE: not ready, or not so.
 */
email_code email__imap_fetch(email__imap *s, const email__entry *entries, size_t n, email__extent extent,
                             uint64_t offset);

/*
 * What becomes of a message. The entry's memory must stay until `settled`, which it gets exactly once. Many go in
 * one command. EMAIL_E_USAGE: no session that could do it; EMAIL_E_LIMIT: EMAIL__IMAP_BATCH_MAX are on their way,
 * ask again after the next step; EMAIL_E_MEMORY. `settled` has EMAIL_E_REFUSED or EMAIL_E_TEMPORARY where the
 * server said no (email__imap_words()), and EMAIL_E_EXTENSION where it is marked \Deleted but still there: the
 * server has no UIDPLUS (RFC 4315), and a plain EXPUNGE would delete what others have marked.
 */
email_code email__imap_settle(email__imap *s, const email__entry *entry, email__fate fate);
/* The flag of `fate` (not EMAIL__FATE_DELETED), and then to config.processed, which is made where it is missing. */
email_code email__imap_move(email__imap *s, const email__entry *entry, email__fate fate);

/*
 * IDLE (RFC 2177) until _wake(): `news` when something comes, at once where it came since the last list. The
 * caller wakes it after 9 minutes, since middleboxes forget connections, and waits anew.
 * EMAIL_E_EXTENSION: the server has no IDLE, so email__imap_poll() now and then. EMAIL_E_USAGE: not ready.
 */
email_code email__imap_wait(email__imap *s);
void email__imap_wake(email__imap *s);
/* NOOP: `news` where something came since the last list. */
email_code email__imap_poll(email__imap *s);

/* LOGOUT, once all that was asked for is done; never CLOSE, which expunges. Nothing is taken after it. */
void email__imap_quit(email__imap *s);
/* The session broke (error is the reason): all that is outstanding gets its `end` and `settled`. */
void email__imap_broken(email__imap *s, const email_error *error);

/* What the server offers, as it spelled it, for `test`. */
const char *email__imap_extensions(const email__imap *s);
bool email__imap_offers_idle(const email__imap *s);
/* Printable: why the server last said no, and its last [ALERT] (RFC 3501 7.1), which a person should see; or "". */
const char *email__imap_words(const email__imap *s);
const char *email__imap_alert(const email__imap *s);

#endif
