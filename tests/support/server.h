/* SPDX-License-Identifier: MIT */
/*
 * A loopback mail server for tests and measurements, able to lie, delay, drip and drop at any stage:
 *
 * - SMTP: RFC 5321 with PIPELINING, CHUNKING, 8BITMIME, SMTPUTF8, SIZE, DSN, STARTTLS and AUTH PLAIN and LOGIN,
 *   each of which can be switched off;
 * - IMAP: RFC 3501 with STARTTLS, AUTH=PLAIN and LOGIN, SASL-IR, LITERAL+, ID, ENABLE, UTF8=ACCEPT, ESEARCH,
 *   UIDPLUS, MOVE and IDLE;
 * - POP3: RFC 1939 with CAPA, STLS, SASL PLAIN and LOGIN, USER, TOP, UIDL, PIPELINING, UTF8 and RESP-CODES.
 *
 * It is written apart from the library's own engines, so that they do not share a misreading of an RFC.
 *
 * What a correct client never does (a bare LF, a command in one flight with STARTTLS, eight-bit data
 * that was not announced, a password in the clear, an EXPUNGE of what others marked ...) is not only refused but
 * counted and logged as a violation.
 */
#ifndef EMAIL_TEST_SERVER_H
#define EMAIL_TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum email_test_protocol { EMAIL_TEST_SMTP, EMAIL_TEST_IMAP, EMAIL_TEST_POP3 } email_test_protocol;

typedef enum email_test_tls {
	EMAIL_TEST_PLAIN,    /* no TLS at all */
	EMAIL_TEST_STARTTLS, /* offered in EHLO */
	EMAIL_TEST_SSL       /* before the greeting */
} email_test_tls;

/* What a rule does when its stage is reached. */
typedef enum email_test_deed {
	EMAIL_TEST_REPLY, /* `text` in place of the usual reply */
	EMAIL_TEST_DELAY, /* `ms` before the reply */
	EMAIL_TEST_FIRST, /* `text`, and behind it the usual reply */
	EMAIL_TEST_SLOW,  /* the reply with `ms` between its bytes */
	EMAIL_TEST_FLOOD, /* `text` again and again, and never the reply */
	EMAIL_TEST_DROP,  /* closes, and nothing is answered */
	EMAIL_TEST_RESET, /* the same with a TCP reset */
	EMAIL_TEST_HALF,  /* closes in the middle of the reply */
	EMAIL_TEST_STALL  /* never answers again, and stays connected */
} email_test_deed;

/*
 * Stages: `connect` and `tls`, the TCP connection and the handshake; `greeting`; `auth` and `auth-prompt`; each
 * command by its name in lower case. `body` is the middle of a message.
 * SMTP besides: ehlo starttls rcpt:ADDRESS data dot ("AUTH" is `auth`).
 * IMAP besides: `select` is EXAMINE too; `fetch`, `search`, `store`, `expunge`, `move`, `copy` are the tagged replies;
 * `idling` and `go` the lines that begin with "+". Texts within untagged lines, of replies alone: `exists`,
 * `uidvalidity`, `uidnext`, `found` (what SEARCH says), and for the message of UID n `uid:n`, `size:n`, `literal:n`
 * (with its braces), `flags:n`, `structure:n`, `line:n` (all of its FETCH line, and no body).
 * POP3 besides: `listed:n`, `uid:n` (what LIST and UIDL say of message n), `retr:n`, `dele:n`.
 * `body` knows `body:n` for both.
 */
typedef struct email_test_rule {
	const char *stage;
	email_test_deed deed;
	const char *
		text; /* lines as on the wire, CRLF between them and none at the end; IMAP: {tag} is the tag */
	int ms;
	int times; /* how often it still applies; -1: always */
} email_test_rule;

#define EMAIL_TEST_RULES_MAX 64

typedef struct email_test_server_options {
	email_test_protocol protocol;
	int port; /* 0: the system chooses */
	email_test_tls tls;
	const char *cert, *key; /* PEM files: leaf and intermediates; key */
	const char *client_ca;  /* a client certificate of this root is demanded; or NULL */
	int tls_min, tls_max;   /* 2 or 3: TLS 1.2 or 1.3; 0: both */
	bool no_tickets;
	bool no_pipelining, no_chunking, no_8bitmime, no_smtputf8, no_dsn, no_size, no_enhanced;
	uint64_t size; /* for SIZE; 0: announced without a number */
	const char *user,
		*password; /* the login that is demanded before mail; NULL: none (IMAP, POP3: any will do) */
	const char *mechanisms; /* "PLAIN LOGIN" */
	bool auth_in_clear;     /* AUTH offered and taken without TLS too */
	const char *out;        /* folder that gets N.env and N.eml for each message; or NULL */
	/*
	 * IMAP's INBOX and POP3's mailbox: a file a message, its name the UID ("17"), and behind ":2," the letters of
	 * the flags that it got ("17:2,S": Seen; T: Deleted). A folder in it is an IMAP folder.
	 */
	const char *mail;
	const char *without, *with; /* capabilities of IMAP and POP3 that are not offered, or are besides */
	FILE *log;                  /* or NULL */
	const char *inject;         /* bytes in the clear behind the go-ahead of STARTTLS; or NULL */
	int delay_ms;               /* before every reply */
	int drip_ms;                /* between the bytes of every reply; 0: whole */
	email_test_rule rule[EMAIL_TEST_RULES_MAX];
	size_t rules;
} email_test_server_options;

/* Of all connections that have ended. */
typedef struct email_test_counts {
	uint64_t connections, handshakes, resumed, refused; /* refused: handshakes that failed */
	uint64_t messages, recipients, violations;
	uint64_t clear_in; /* bytes of protocol before TLS, or without it */
	uint64_t tls_in;   /* bytes of protocol within TLS */
	uint64_t wire_in, wire_out;
	uint64_t turns; /* times the server had answered and waited for the client: round trips */
	/* known at once, where the others are of connections that have ended */
	uint64_t open,
		stalled; /* connections that are there; answers withheld for good, by EMAIL_TEST_STALL */
} email_test_counts;

typedef struct email_test_server email_test_server;

/* Strings must live until _stop. NULL with a sentence in `why`. */
email_test_server *email_test_server_start(const email_test_server_options *options, char *why, size_t size);
int email_test_server_port(const email_test_server *s);
void email_test_server_counts(email_test_server *s, email_test_counts *counts);
/* Ends every connection and waits for its thread. NULL is fine. */
void email_test_server_stop(email_test_server *s);

#endif
