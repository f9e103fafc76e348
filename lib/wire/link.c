/* SPDX-License-Identifier: MIT */
#include "wire/link.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

void
email__link_log(email__link *link, char who, const char *text, size_t n)
{
	char printable[1024];

	if (!link->log)
		return;
	email__printable(printable, sizeof printable, text, n);
	link->log(link->log_context, who, printable, strlen(printable));
}

void
email__link_log_body(email__link *link, char who, uint64_t n)
{
	char text[64];

	if (!link->log)
		return;
	snprintf(text, sizeof text, "(%llu bytes of message)", (unsigned long long)n);
	link->log(link->log_context, who, text, strlen(text));
}
