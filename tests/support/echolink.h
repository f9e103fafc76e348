/* SPDX-License-Identifier: MIT */
/*
 * The smallest engine there can be: waits for a greeting line, may upgrade by "STARTTLS", then sends what
 * the test gives it and counts lines in answer.
 */
#ifndef TESTS_SUPPORT_ECHOLINK_H
#define TESTS_SUPPORT_ECHOLINK_H

#include "wire/link.h"

typedef struct echolink {
	email__link link;
	bool start_tls; /* ask for it after the greeting */
	enum { ECHO_GREETING, ECHO_GO_AHEAD, ECHO_TLS, ECHO_TALK } state;
	unsigned expected; /* lines still to come */
	bool keen;         /* idle also while lines are to come: takes more at any time */
	bool quitting;
	bool ended;     /* eof was called */
	size_t body;    /* bytes still to be sent */
	unsigned lines; /* that came, the greeting included */
	char last[256]; /* the last one, without its end */
} echolink;

void echolink_init(echolink *e);
void echolink_dispose(echolink *e);
/* Gives it something to send and the number of lines that answer it; "QUIT\r\n" ends the link after them. */
void echolink_say(echolink *e, const char *text, unsigned lines);
/* The same with so many bytes, (i * 7 + i / 251) for byte i counted from the end of the body. */
void echolink_body(echolink *e, size_t n, unsigned lines);
unsigned char echolink_byte(size_t i);

#endif
