/* SPDX-License-Identifier: MIT */
/*
 * TCP sockets, one system call a function. Every socket is close-on-exec, none raises SIGPIPE. A socket is
 * non-blocking while it connects and blocking afterwards: who must not wait says so call by call, so that a
 * blocking dialogue needs no poll(2).
 */
#ifndef EMAIL__NET_SOCKET_H
#define EMAIL__NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "tls/tls.h" /* EMAIL__BIO_AGAIN, EMAIL__BIO_FAILED */

typedef struct email__address {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
} email__address;

typedef struct email__addresses {
	size_t count;
	email__address list[EMAIL__ADDRESSES_MAX];
} email__addresses;

/* "192.0.2.1", "2001:db8::1". */
#define EMAIL__ADDRESS_TEXT 64
void email__address_text(const email__address *a, char out[EMAIL__ADDRESS_TEXT]);

/* An address of this family to bind to, from an address or an interface's name; false: there is none. */
bool email__socket_local(const char *local, int family, email__address *from);
/* A new socket that connects, from `from` or (NULL) from anywhere. 0: connected; EINPROGRESS: not yet;
 * another errno: *fd is -1. *bound tells whether it got past binding. */
int email__socket_connect(const email__address *to, const email__address *from, int *fd, bool *bound);
/* What became of connecting: 0 or an errno. */
int email__socket_outcome(int fd);
/* Connected: blocking, no delay, keep-alive, and a blocking receive gives up after so many milliseconds. */
void email__socket_ready(int fd, long receive_ms);
/* The own address as a literal, "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
void email__socket_literal(int fd, char out[64]);

/* Bytes moved, EMAIL__BIO_AGAIN, or EMAIL__BIO_FAILED with *os. Receiving, 0 is the end; with `wait` it may
 * block until the socket's timeout, and gives EMAIL__BIO_AGAIN also when a signal came. */
long email__socket_send(int fd, const void *p, size_t n, int *os);
long email__socket_receive(int fd, void *p, size_t n, bool wait, int *os);
/* The same without taking anything: something waits there (1), the end (0), nothing (AGAIN). */
long email__socket_peek(int fd, int *os);

/* An errno in words, without the locale; never NULL. And what to do about it, or NULL. */
const char *email__socket_text(int os);
const char *email__socket_remedy(int os);

#endif
