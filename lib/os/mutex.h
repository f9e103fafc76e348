/* SPDX-License-Identifier: MIT */
/* A mutex, so that no other room names pthread. */
#ifndef EMAIL__OS_MUTEX_H
#define EMAIL__OS_MUTEX_H

#include <pthread.h>
#include <stdbool.h>

typedef struct email__mutex {
	pthread_mutex_t m;
} email__mutex;

static inline bool
email__mutex_init(email__mutex *mutex)
{
	return pthread_mutex_init(&mutex->m, NULL) == 0;
}

static inline void
email__mutex_dispose(email__mutex *mutex)
{
	pthread_mutex_destroy(&mutex->m);
}

static inline void
email__mutex_lock(email__mutex *mutex)
{
	pthread_mutex_lock(&mutex->m);
}

static inline void
email__mutex_unlock(email__mutex *mutex)
{
	pthread_mutex_unlock(&mutex->m);
}

#endif
