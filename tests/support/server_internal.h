/* SPDX-License-Identifier: MIT */
/* What the server's files share: the connection, its bytes, its replies. */
#ifndef EMAIL_TEST_SERVER_INTERNAL_H
#define EMAIL_TEST_SERVER_INTERNAL_H

#include <pthread.h>

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

#include "server.h"

/* One large read; a command line is at most a tenth of it. */
#define IN_MAX 65536
#define OUT_MAX 16384
#define COMMAND_MAX 12288
#define PATH_SIZE 1024

typedef struct conn conn;

struct email_test_server {
	email_test_server_options o;
	int listener, port;
	pthread_t acceptor;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t idle;
	email_test_counts counts;
	conn *first;
	bool stopping;
	unsigned ids, files;
	/* TLS, read-only once started */
	bool tls_ready;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt cert, client_ca;
	mbedtls_pk_context key;
	mbedtls_ssl_ticket_context tickets;
};

struct conn {
	email_test_server *s;
	conn *next, *prev;
	unsigned id;
	int fd;
	bool tls;
	mbedtls_ssl_context ssl;
	email_test_counts n;
	size_t in_start, in_end, out_len;
	unsigned char tail[7]; /* of the bytes that came before TLS: an alert's record has seven */
	bool answered;         /* since the last read: the next one is a turn */
	/* the dialogue */
	bool greeted, authenticated, has_from, eight_bit, utf8, body_violation, broken;
	unsigned recipients;
	char envelope[OUT_MAX];
	size_t envelope_len;
	FILE *file;           /* the message being written, or NULL */
	char path[PATH_SIZE]; /* of the envelope file, without its ending */
	bool in_chunks;
	uint64_t message_size;
	unsigned char in[IN_MAX], out[OUT_MAX];
};

/* server_tls.c */
int email_test_tls_setup(email_test_server *s, char *why, size_t size);
void email_test_tls_dispose(email_test_server *s);
/* False: the handshake failed, and is logged. */
bool email_test_tls_accept(conn *c);

/* server_io.c: false: the connection is over */
void email_test_log(conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void email_test_violation(conn *c, const char *what);
bool email_test_flush(conn *c);
bool email_test_fill(conn *c);
/* The next line without its end, in place; NULL: the connection is over. */
char *email_test_line(conn *c);
/* Answers at a stage, by rule or with `text`. Returns the reply's first digit; 0: the connection is over. */
int email_test_reply(conn *c, const char *stage, const char *address, const char *text);
/* A stage that has no reply of its own: false where a rule ends the connection there. */
bool email_test_stage(conn *c, const char *stage);
int email_test_bio_send(void *context, const unsigned char *p, size_t n);
int email_test_bio_recv(void *context, unsigned char *p, size_t n);

/* server_auth.c: AUTH; false: the connection is over */
bool email_test_auth(conn *c, char *argument);

/* server_data.c: DATA's and BDAT's bytes, and the files; false: the connection is over */
bool email_test_data(conn *c);
bool email_test_chunk(conn *c, char *argument);
void email_test_message_begin(conn *c);
void email_test_message_abandon(conn *c);

/* server_smtp.c: the dialogue, from the greeting to the end */
void email_test_dialogue(conn *c);
void email_test_reset(conn *c);

#endif
