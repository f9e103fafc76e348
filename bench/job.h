/* SPDX-License-Identifier: MIT */
/*
 * What every client of the benchmark does the same: one command line in, one line of JSON out. A client is
 * this and one file that knows its library.
 *
 *     CLIENT PORT plain|tls|starttls CA.pem kept|each|attach COUNT FILE
 *     CLIENT PORT plain|tls CA.pem imap|pop3 COUNT USER [HOW]
 *     CLIENT PORT plain CA.pem enqueue|drain COUNT FOLDER [HOW]
 *
 * kept: COUNT mails of about 1 kB over one connection. each: COUNT times connect, log in, send, quit.
 * attach: COUNT mails with FILE attached, over one connection. The server is 127.0.0.1; the login is
 * bench / bench by PLAIN. Servers are verified against CA.pem by every client that can.
 *
 * imap, pop3: the whole messages in USER's mailbox, of which there are COUNT, over one connection, none of them
 * changed. What came is counted into bench_got. HOW is the client's own.
 *
 * enqueue: COUNT mails of 2 kB are taken durably into FOLDER, one after the other. drain: as many go out over one
 * connection, without a login; they are those in FOLDER, where the library has a queue.
 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <stdbool.h>
#include <stddef.h>

typedef enum bench_transport { BENCH_PLAIN, BENCH_TLS, BENCH_STARTTLS } bench_transport;
typedef enum bench_work { BENCH_KEPT, BENCH_EACH, BENCH_ATTACH, BENCH_IMAP, BENCH_POP3, BENCH_ENQUEUE, BENCH_DRAIN } bench_work;

typedef struct bench_job {
	int port;
	bench_transport transport;
	const char *ca;
	bench_work work;
	long count;
	const char *file; /* USER, where mail is received; FOLDER, where it is queued */
	const char *how;
} bench_job;

/* Whole messages, and the bytes of them that the program itself was given; drain: seconds until the first had gone. */
typedef struct bench_received {
	long messages;
	unsigned long long bytes;
	double first;
} bench_received;
extern bench_received bench_got;

#define BENCH_HOST "127.0.0.1"
#define BENCH_USER "bench"
#define BENCH_FROM "plant@example.com"
#define BENCH_TO "duty@example.com"

/* The text of the mail of 1 kB, 2 kB where it is queued, and the whole mail with its header; lines end in CRLF. */
const char *bench_text(void);
const char *bench_mail(void);

/* A small file, CA.pem that is; *n is 0 where it cannot be read. */
const char *bench_file(const char *path, size_t *n);

/* The client's own part: 0, or a complaint on standard error and 1. */
int bench_run(const bench_job *job);

#endif
