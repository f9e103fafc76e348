/* SPDX-License-Identifier: MIT */
/* What a server announced in its answer to CAPA (RFC 2449 5). */
#ifndef EMAIL__PROTO_POP3_CAPABILITIES_H
#define EMAIL__PROTO_POP3_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__pop3_capabilities {
	bool known;           /* the server has CAPA: what is not listed is not there */
	bool stls;            /* RFC 2595 4 */
	bool user;            /* RFC 2449 6.2; some list it although they refuse it */
	bool top, uidl;       /* RFC 2449 6.1, 6.8 */
	bool pipelining;      /* RFC 2449 6.6 */
	bool utf8;            /* RFC 6856 2.1 */
	unsigned login_delay; /* RFC 2449 6.5: seconds that should lie between two logins; 0: none told */
	char sasl[512];       /* mechanisms (RFC 5034 3), separated by spaces */
	char text[1024];      /* all of it as spelled, printable, separated by ", "; cut */
	size_t text_len;
	unsigned lines;
} email__pop3_capabilities;

/* One line of the answer. */
void email__pop3_capability(email__pop3_capabilities *c, const char *line, size_t n);

#endif
