/* SPDX-License-Identifier: MIT */
/*
 * One HTTP request and its answer: what the room that wants a token says, what the engine carries, and what whoever
 * drives both hands from one to the other.
 */
#ifndef EMAIL__BASE_WEB_H
#define EMAIL__BASE_WEB_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__web_request {
	const char *host; /* name, or address without brackets */
	int port;
	const char *path;          /* with its query; begins with '/' */
	bool post;                 /* else GET */
	const char *authorization; /* the field's whole value, a secret; NULL: none */
	const char *type;          /* of the body */
	const void *body;          /* a secret; must live as long as the request is used */
	size_t n;
} email__web_request;

typedef struct email__web_response {
	int status;
	char type[64]; /* media type in small letters, without parameters; "" */
	const void *body;
	size_t n;
	long retry_after; /* seconds; -1: not said */
} email__web_response;

#endif
