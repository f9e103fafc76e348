/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one connection, between a socket and either TLS or an engine, with as few system calls as a
 * dialogue needs: one a flight, one a reply.
 *
 *   - What is read goes through a read-ahead, so that TLS's reads of 5 bytes and the rest are one.
 *   - While `gather` is on (a handshake), what is sent is kept until a read wants an answer to it.
 *   - `drained`: nothing more is looked for before the next step, since the last read took all there was, or
 *     a flight has just gone and cannot be answered yet.
 *   - email__transport_wait() blocks in recv(2) itself.
 */
#ifndef EMAIL__NET_TRANSPORT_H
#define EMAIL__NET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/cancel.h"
#include "tls/tls.h"

/* Most replies, and most flights of a handshake. */
#define EMAIL__READ_AHEAD 4096
#define EMAIL__GATHER 2048

typedef struct email__transport {
	int fd;
	int os; /* errno of what failed last */
	bool gather;
	bool drained;
	bool blocked; /* the socket takes no more for now */
	bool broken;  /* _wait() met an error, which the socket tells once only */
	bool heard;   /* a byte came since the last _start; `first` is the first one */
	unsigned char first;
	uint64_t sent;   /* bytes that the socket took */
	unsigned reads;  /* since the last step */
	int64_t give_up; /* a second read of a step is made before this time only (monotonic milliseconds) */
	const email__cancel *cancel;
	size_t ahead_start, ahead_end, gathered;
	unsigned char ahead[EMAIL__READ_AHEAD];
	unsigned char out[EMAIL__GATHER];
} email__transport;

/* The descriptor stays the caller's. */
void email__transport_start(email__transport *t, int fd, const email__cancel *cancel);
/* A step begins: reads are made again, until the deadline. */
void email__transport_step(email__transport *t, int64_t give_up);

/* As the functions of an email__bio; context is the transport. */
long email__transport_send(void *context, const unsigned char *p, size_t n);
long email__transport_receive(void *context, unsigned char *p, size_t n);
/* Sends what was gathered. False: not all of it went, `blocked` or `os` tells why. */
bool email__transport_flush(email__transport *t);
/* Bytes lie in the read-ahead. */
bool email__transport_pending(const email__transport *t);
/* Blocks until bytes are there, the end, or the socket's own timeout; they are read by the next step. */
void email__transport_wait(email__transport *t);

#endif
