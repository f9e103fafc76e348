/* SPDX-License-Identifier: MIT */
/*
 * What every client of the benchmark does the same: one command line in, one line of JSON out. A client is
 * this and one file that knows its library.
 *
 *     CLIENT PORT plain|tls|starttls CA.pem kept|each|attach COUNT FILE
 *
 * kept: COUNT mails of about 1 kB over one connection. each: COUNT times connect, log in, send, quit.
 * attach: COUNT mails with FILE attached, over one connection. The server is 127.0.0.1; the login is
 * bench / bench by PLAIN. Servers are verified against CA.pem by every client that can.
 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <stdbool.h>
#include <stddef.h>

typedef enum bench_transport { BENCH_PLAIN, BENCH_TLS, BENCH_STARTTLS } bench_transport;
typedef enum bench_work { BENCH_KEPT, BENCH_EACH, BENCH_ATTACH } bench_work;

typedef struct bench_job {
	int port;
	bench_transport transport;
	const char *ca;
	bench_work work;
	long count;
	const char *file;
} bench_job;

#define BENCH_HOST "127.0.0.1"
#define BENCH_USER "bench"
#define BENCH_FROM "plant@example.com"
#define BENCH_TO "duty@example.com"

/* The text of the 1 kB mail (its body), and the whole mail with its header, lines ending in CRLF. */
const char *bench_text(void);
const char *bench_mail(void);

/* The client's own part: 0, or a complaint on standard error and 1. */
int bench_run(const bench_job *job);

#endif
