/* SPDX-License-Identifier: MIT */
/*
 * A server for one connection at a time, in a thread of the test: it listens on the loopback, and a function
 * of the test plays its part on each connection, in the clear or over TLS.
 */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include <pthread.h>
#include <stdatomic.h>

#include "support/tlspeer.h"

typedef struct peer peer;
struct peer {
	int listener, fd; /* fd: the connection */
	int port;
	tlspeer *tls; /* NULL: in the clear */
	tlspeer_config config;
	void (*serve)(peer *p);
	void *context;
	atomic_int connections;
	atomic_int result; /* for the test: what `serve` found */
	atomic_bool stop;
	pthread_t thread;
};

/* Listens on an address of the loopback, "127.0.0.1" or "::1", and serves. False: it could not. */
bool peer_start(peer *p, const char *address, void (*serve)(peer *p));
/* Waits for the end of the serving function, which must come. */
void peer_stop(peer *p);

/* For the serving function. Codes as read(2) and write(2). */
int peer_start_tls(peer *p);
void peer_say(peer *p, const char *text);
/* A line, without its end; false: no more. */
bool peer_line(peer *p, char *line, size_t size);
int peer_read(peer *p, void *bytes, size_t n);
/* Closes with a reset instead of an end. */
void peer_reset(peer *p);
/* Sleeps, but not once the test stops. */
void peer_pause(peer *p, long ms);
/* Until the client closes: how many bytes it sent, as they came over the socket. */
int peer_drain(peer *p);

/* A listener that answers no connection: its queue is full. The descriptors are closed by the second call. */
typedef struct black_hole {
	int fd[8];
	int port;
} black_hole;
bool black_hole_open(black_hole *b, const char *address, int port);
void black_hole_close(black_hole *b);

/* Open descriptors of this process. */
int count_descriptors(void);

#endif
