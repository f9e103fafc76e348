/* SPDX-License-Identifier: MIT */
/* What a server announced in its answer to EHLO (RFC 5321 4.1.1.1). */
#ifndef EMAIL__PROTO_SMTP_CAPABILITIES_H
#define EMAIL__PROTO_SMTP_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct email__smtp_capabilities {
	bool start_tls;    /* RFC 3207 */
	bool pipelining;   /* RFC 2920 */
	bool chunking;     /* RFC 3030 */
	bool eight_bit;    /* RFC 6152 */
	bool utf8;         /* RFC 6531 */
	bool dsn;          /* RFC 3461 */
	bool enhanced;     /* RFC 2034 */
	bool size;         /* RFC 1870: MAIL takes SIZE= */
	uint64_t size_max; /* 0: none told */
	char auth[512];    /* mechanisms (RFC 4954), separated by spaces */
	char text[1024];   /* all of it as spelled, printable, separated by ", "; cut */
	size_t text_len;
} email__smtp_capabilities;

/* One line behind its code, not the first one (which names the server). */
void email__smtp_capability(email__smtp_capabilities *c, const char *line, size_t n);

#endif
