/* SPDX-License-Identifier: MIT */
#include "os/thread.h"

#include <signal.h>

bool
email__thread_start(email__thread *thread, void *(*run)(void *), void *context)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	started = pthread_create(&thread->t, NULL, run, context) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void
email__thread_join(email__thread *thread)
{
	pthread_join(thread->t, NULL);
}

bool
email__thread_is_this(const email__thread *thread)
{
	return pthread_equal(thread->t, pthread_self()) != 0;
}
