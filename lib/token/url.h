/* SPDX-License-Identifier: MIT */
/*
 * https URLs (RFC 9110 4.2.2) of token endpoints, from sheets and metadata documents. Anything that could be read in
 * two ways, or lead a secret elsewhere (RFC 9700), is refused: other schemes, user names, fragments.
 */
#ifndef EMAIL__TOKEN_URL_H
#define EMAIL__TOKEN_URL_H

#include <emailservice/error.h>

#include "base/limits.h"

typedef struct email__url {
	char host
		[EMAIL__HOST_MAX]; /* a name in its A-labels and small letters, or an address without brackets */
	int port;
	char path[EMAIL__URL_MAX + 1]; /* with its query; "/" at least */
} email__url;

/* EMAIL_E_VALUE, *why is a sentence without an end ("it has a fragment"); *url is undefined then. */
email_code email__url_parse(const char *text, email__url *url, const char **why);

#endif
