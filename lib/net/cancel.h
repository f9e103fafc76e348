/* SPDX-License-Identifier: MIT */
/*
 * Cancelling from another thread: the descriptors that a session may be waiting on are kept in a list, and
 * shutting them down ends every wait, poll(2) and recv(2) alike. It costs no descriptor and no system call
 * until it happens. A descriptor in the list is closed by email__cancel_close() alone, so that none is shut
 * down that was closed and given to somebody else meanwhile.
 */
#ifndef EMAIL__NET_CANCEL_H
#define EMAIL__NET_CANCEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/limits.h"

typedef struct email__cancel {
	pthread_mutex_t lock;
	atomic_bool asked;
	int fd[EMAIL__ADDRESSES_MAX +
	       1]; /* the look-up's and the attempts', later the connection's; -1: free */
} email__cancel;

/* False: no memory for the lock. */
bool email__cancel_init(email__cancel *c);
void email__cancel_dispose(email__cancel *c);
/* Puts a descriptor in the list. There is room for as many as a session may have. */
void email__cancel_watch(email__cancel *c, int fd);
/* Takes it from the list and closes it; -1 is fine. */
void email__cancel_close(email__cancel *c, int fd);

/* From any thread; it stays asked. */
void email__cancel_ask(email__cancel *c);

static inline bool
email__cancel_asked(const email__cancel *c)
{
	return atomic_load_explicit(&c->asked, memory_order_acquire);
}

#endif
