/* SPDX-License-Identifier: MIT */
#include <emailservice/log.h>

/* The number stands in the Makefile, once. */
#ifndef EMAIL__VERSION
#error "define EMAIL__VERSION as the Makefile does"
#endif

const char *
email_version(void)
{
	return EMAIL__VERSION;
}
