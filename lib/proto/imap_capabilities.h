/* SPDX-License-Identifier: MIT */
/* What a server announced as its capabilities (RFC 3501 7.2.1), and what it said yes to when asked to ENABLE. */
#ifndef EMAIL__PROTO_IMAP_CAPABILITIES_H
#define EMAIL__PROTO_IMAP_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__imap_capabilities {
	bool known; /* a list was read since it was forgotten */
	bool rev1, rev2;
	bool start_tls, login_disabled;
	bool sasl_ir;       /* RFC 4959 */
	bool literal_plus;  /* RFC 7888 */
	bool literal_minus; /* the same up to 4096 bytes; RFC 9051 has it built in */
	bool id;            /* RFC 2971 */
	bool enable;        /* RFC 5161 */
	bool utf8;          /* RFC 9755: UTF8=ACCEPT or UTF8=ONLY */
	bool esearch;       /* RFC 4731 */
	bool uidplus;       /* RFC 4315 */
	bool move;          /* RFC 6851 */
	bool idle;          /* RFC 2177 */
	char auth[512];     /* mechanisms, separated by spaces */
	char text[1500];    /* all of it as spelled, printable, separated by spaces; cut */
	size_t text_len;
} email__imap_capabilities;

/* A whole list (the words behind CAPABILITY): it takes the place of what was there. */
void email__imap_capabilities_read(email__imap_capabilities *c, const char *words, size_t n);
/* The words behind ENABLED: true where folder names are UTF-8 from now on. */
bool email__imap_enabled_utf8(const char *words, size_t n);

#endif
