/* SPDX-License-Identifier: MIT */
#include "wire/link.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"

email_code
email__link_login(email__link *link, size_t n)
{
	link->out.secret = true; /* first, since the buffer may have to move for it */
	link->out.max = EMAIL__LINK_LOGIN_MAX;
	return email__buf_reserve(&link->out, n);
}

void
email__link_login_over(email__link *link)
{
	if (!link->out.secret || email__buf_len(&link->out))
		return;
	link->out.secret = false;
	link->out.max = EMAIL__LINK_OUT_MAX;
}

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
