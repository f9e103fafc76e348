/* SPDX-License-Identifier: MIT */
#include "os/random.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

int
email__random_bytes(void *out, size_t n)
{
	unsigned char *p = out;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}
