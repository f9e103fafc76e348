/* SPDX-License-Identifier: MIT */
/*
 * A loopback SMTP server for tests and measurements: RFC 5321 with PIPELINING, CHUNKING, 8BITMIME,
 * SMTPUTF8, SIZE, DSN, STARTTLS and AUTH PLAIN and LOGIN, each of which can be switched off; and able
 * to lie, delay, drip and drop at any stage. It is written apart from the library's own engine, so that
 * the two do not share a misreading of the RFC.
 *
 * What a correct client never does (a bare LF, a command in one flight with STARTTLS, eight-bit data
 * that was not announced ...) is not only refused but counted and logged as a violation.
 */
#ifndef EMAIL_TEST_SERVER_H
#define EMAIL_TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum email_test_tls {
	EMAIL_TEST_PLAIN,    /* no TLS at all */
	EMAIL_TEST_STARTTLS, /* offered in EHLO */
	EMAIL_TEST_SSL       /* before the greeting */
} email_test_tls;

/* What a rule does when its stage is reached. */
typedef enum email_test_deed {
	EMAIL_TEST_REPLY, /* `text` in place of the usual reply */
	EMAIL_TEST_DELAY, /* `ms` before the reply */
	EMAIL_TEST_DROP,  /* closes, and nothing is answered */
	EMAIL_TEST_RESET, /* the same with a TCP reset */
	EMAIL_TEST_HALF,  /* closes in the middle of the reply */
	EMAIL_TEST_STALL  /* never answers again, and stays connected */
} email_test_deed;

/*
 * Stages: connect greeting ehlo starttls tls auth mail rcpt rcpt:ADDRESS data body dot rset noop vrfy
 * quit. `connect` and `tls` are the TCP connection and the handshake, `body` the middle of the data.
 */
typedef struct email_test_rule {
	const char *stage;
	email_test_deed deed;
	const char *text; /* lines as on the wire, CRLF between them and none at the end */
	int ms;
	int times; /* how often it still applies; -1: always */
} email_test_rule;

#define EMAIL_TEST_RULES_MAX 64

typedef struct email_test_server_options {
	int port; /* 0: the system chooses */
	email_test_tls tls;
	const char *cert, *key; /* PEM files: leaf and intermediates; key */
	const char *client_ca;  /* a client certificate of this root is demanded; or NULL */
	int tls_min, tls_max;   /* 2 or 3: TLS 1.2 or 1.3; 0: both */
	bool no_tickets;
	bool no_pipelining, no_chunking, no_8bitmime, no_smtputf8, no_dsn, no_size, no_enhanced;
	uint64_t size;               /* for SIZE; 0: announced without a number */
	const char *user, *password; /* the login that is demanded before mail; NULL: none */
	const char *mechanisms;      /* "PLAIN LOGIN" */
	bool auth_in_clear;          /* AUTH offered and taken without TLS too */
	const char *out;             /* folder that gets N.env and N.eml for each message; or NULL */
	FILE *log;                   /* or NULL */
	const char *inject;          /* bytes in the clear behind the go-ahead of STARTTLS; or NULL */
	int delay_ms;                /* before every reply */
	int drip_ms;                 /* between the bytes of every reply; 0: whole */
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
} email_test_counts;

typedef struct email_test_server email_test_server;

/* Strings must live until _stop. NULL with a sentence in `why`. */
email_test_server *email_test_server_start(const email_test_server_options *options, char *why, size_t size);
int email_test_server_port(const email_test_server *s);
void email_test_server_counts(email_test_server *s, email_test_counts *counts);
/* Ends every connection and waits for its thread. NULL is fine. */
void email_test_server_stop(email_test_server *s);

#endif
