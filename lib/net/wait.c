/* SPDX-License-Identifier: MIT */
#include "net/wait.h"

#include <limits.h>
#include <poll.h>

#include "base/alloc.h"

/* Most services fit on the stack. */
#define FEW 32

email_wait
email__wait_readable(int fd)
{
	return (email_wait){fd, POLLIN};
}

email_code
email__wait_for(const email_wait *list, size_t count, long ms, bool *ready)
{
	struct pollfd few[FEW], *fds = few;
	size_t i;
	int n;

	if (count > FEW && !(fds = email__alloc(count * sizeof *fds))) {
		for (i = 0; i < count; i++)
			ready[i] = true;
		return EMAIL_E_MEMORY;
	}
	for (i = 0; i < count; i++)
		fds[i] = (struct pollfd){list[i].fd, (short)list[i].events, 0};
	n = poll(fds, (nfds_t)count, ms > INT_MAX ? INT_MAX : (int)ms);
	for (i = 0; i < count; i++)
		ready[i] = n > 0 && fds[i].revents != 0;
	if (fds != few)
		email__free(fds);
	return EMAIL_OK;
}
