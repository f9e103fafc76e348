/* SPDX-License-Identifier: MIT */
#include "base/wipe.h"

#include <string.h>

#include "base/alloc.h"

void
email__wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	/* the compiler must think that the zeroes are read */
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

void
email__wipe_free(char *s)
{
	if (s)
		email__wipe(s, strlen(s));
	email__free(s);
}
