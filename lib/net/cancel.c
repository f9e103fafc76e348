/* SPDX-License-Identifier: MIT */
#include "net/cancel.h"

#include <sys/socket.h>
#include <unistd.h>

#define FDS (sizeof((email__cancel *)0)->fd / sizeof((email__cancel *)0)->fd[0])

bool
email__cancel_init(email__cancel *c)
{
	size_t i;

	atomic_init(&c->asked, false);
	for (i = 0; i < FDS; i++)
		c->fd[i] = -1;
	return pthread_mutex_init(&c->lock, NULL) == 0;
}

void
email__cancel_dispose(email__cancel *c)
{
	pthread_mutex_destroy(&c->lock);
}

static void
replace(email__cancel *c, int from, int to)
{
	size_t i;

	for (i = 0; i < FDS; i++)
		if (c->fd[i] == from) {
			c->fd[i] = to;
			return;
		}
}

void
email__cancel_watch(email__cancel *c, int fd)
{
	pthread_mutex_lock(&c->lock);
	replace(c, -1, fd);
	pthread_mutex_unlock(&c->lock);
}

void
email__cancel_close(email__cancel *c, int fd)
{
	if (fd < 0)
		return;
	pthread_mutex_lock(&c->lock);
	replace(c, fd, -1);
	close(fd);
	pthread_mutex_unlock(&c->lock);
}

void
email__cancel_ask(email__cancel *c)
{
	size_t i;

	/* first, so that who is woken sees it; who has not begun to wait yet looks before it does */
	atomic_store_explicit(&c->asked, true, memory_order_release);
	pthread_mutex_lock(&c->lock);
	for (i = 0; i < FDS; i++)
		if (c->fd[i] >= 0)
			shutdown(c->fd[i], SHUT_RDWR);
	pthread_mutex_unlock(&c->lock);
}
