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

/* What a protocol is to the rest. */
typedef struct email_test_dialect {
	void (*dialogue)(conn *c);       /* from the greeting to the end */
	int (*digit)(const char *reply); /* 2: yes; 3: go on; 5: no; in SMTP whatever it begins with */
} email_test_dialect;

/* A message of a folder, in the order of UIDs. */
typedef struct box_message {
	uint32_t uid;
	char file[32]; /* its name now, flags behind it */
	char flags[16];
	uint64_t size;
	bool gone; /* deleted, or to be */
} box_message;

typedef struct box {
	bool open;
	char path[PATH_SIZE];
	box_message *m;
	size_t n;
} box;

struct email_test_server {
	email_test_server_options o;
	const email_test_dialect *dialect;
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
	bool bent;             /* the last reply was a rule's */
	int drip_ms;           /* now */
	char tag[64];          /* of the command at hand */
	/* the dialogue */
	bool greeted, authenticated, has_from, eight_bit, utf8, body_violation, broken;
	unsigned recipients;
	char envelope[OUT_MAX];
	size_t envelope_len;
	FILE *file;           /* the message being written, or NULL */
	char path[PATH_SIZE]; /* of the envelope file, without its ending */
	bool in_chunks;
	uint64_t message_size;
	/* a mailbox */
	box box;
	bool read_only;
	char user[256];
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
/* RFC 2920 3.1, and its like: these must be the last in a flight, since what is behind them may be meant for somebody
 * else. False with a violation where they are not. */
bool email_test_last_in_flight(conn *c, const char *what);
/* Answers at a stage, by rule or with `text`. Returns the dialect's digit of it; 0: the connection is over. */
int email_test_reply(conn *c, const char *stage, const char *address, const char *text);
/* The same, with a format. */
int email_test_replyf(conn *c, const char *stage, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A stage that has no reply of its own: false where a rule ends the connection there. */
bool email_test_stage(conn *c, const char *stage);
bool email_test_stage_of(conn *c, const char *stage, const char *address);
/* What a rule says in place of `usual`. */
const char *email_test_text(conn *c, const char *stage, const char *address, const char *usual);
/* The same without the rule being used up, NULL where there is none; whether it says no. */
const char *email_test_peek(conn *c, const char *stage, const char *address);
bool email_test_refused(conn *c, const char *stage);
/* Bytes as they are, behind those that wait to be written; a line, which is logged. */
bool email_test_put(conn *c, const void *bytes, size_t n);
bool email_test_puts(conn *c, const char *text);
bool email_test_putf(conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A message, with the rules of `body` in its middle; `dots`: stuffed, and ended by a line of one dot. */
bool email_test_body(conn *c, const char *number, const unsigned char *p, size_t n, bool dots);
int email_test_bio_send(void *context, const unsigned char *p, size_t n);
int email_test_bio_recv(void *context, unsigned char *p, size_t n);

/* server_auth.c: the words of a protocol for a login */
typedef struct email_test_login_words {
	const char *prompt; /* before a challenge */
	const char *cancelled, *not_base64, *unknown, *invalid, *welcome;
} email_test_login_words;

/* SASL: "MECHANISM [initial response]". False: the connection is over. */
bool email_test_authenticate(conn *c, char *argument, const email_test_login_words *words);
/* A name and a password. False: the connection is over. */
bool email_test_login(conn *c, const char *stage, const char *user, const char *password,
                      const email_test_login_words *words);

/* server_data.c: DATA's and BDAT's bytes, and the files; false: the connection is over */
bool email_test_data(conn *c);
bool email_test_chunk(conn *c, char *argument);
void email_test_message_begin(conn *c);
void email_test_message_abandon(conn *c);

/* server_smtp.c, server_imap.c, server_pop3.c */
extern const email_test_dialect email_test_smtp, email_test_imap, email_test_pop3;
void email_test_reset(conn *c);
/* Whether a capability is offered: one of `usual`, but for those without, and those with (server.h). */
bool email_test_offers(const conn *c, const char *usual, const char *word);
/* The words of `usual` that are offered, each behind `before`, into `text`. */
void email_test_offer(const conn *c, const char *usual, const char *before, char *text, size_t size);

/* server_box.c. `folder`: "INBOX" or another one. False: there is none. */
bool email_test_box_open(conn *c, const char *folder);
void email_test_box_close(conn *c);
/* Looks for what came since; returns how many. */
size_t email_test_box_look(conn *c);
/* The message's bytes, to be freed; NULL: it cannot be read. */
unsigned char *email_test_box_read(conn *c, const box_message *m, size_t *n);
/* Each is logged. False: the file system did not. */
bool email_test_box_flag(conn *c, box_message *m, const char *flags);
bool email_test_box_remove(conn *c, box_message *m);
bool email_test_box_copy(conn *c, const box_message *m, const char *folder);
bool email_test_box_make(conn *c, const char *folder);

/* server_imap_box.c: what an open folder is asked. False: the connection is over. */
bool email_test_imap_fetch(conn *c, char *arguments);
bool email_test_imap_search(conn *c, char *arguments);
bool email_test_imap_store(conn *c, char *arguments);
bool email_test_imap_expunge(conn *c, char *arguments);
bool email_test_imap_move(conn *c, char *arguments);
bool email_test_imap_copy(conn *c, char *arguments);
/* server_imap.c: an atom, a quoted string or a literal from the front of *p; false: none. */
bool email_test_imap_string(char **p, char *out, size_t size);

/* server_structure.c: a message's BODYSTRUCTURE into `out`; where one of its sections is, false: nowhere. */
void email_test_structure(const unsigned char *p, size_t n, char *out, size_t size);
bool email_test_section(const unsigned char *p, size_t n, const char *section, size_t *start, size_t *length);

#endif
