/* SPDX-License-Identifier: MIT */
/* A thread, so that no other room names pthread. */
#ifndef EMAIL__OS_THREAD_H
#define EMAIL__OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>

typedef struct email__thread {
	pthread_t t;
} email__thread;

/* It takes no signals: those are for the program's own threads. False: none to be had. */
bool email__thread_start(email__thread *thread, void *(*run)(void *), void *context);
/* Waits for its end. */
void email__thread_join(email__thread *thread);
/* Is this the one that asks? */
bool email__thread_is_this(const email__thread *thread);

#endif
