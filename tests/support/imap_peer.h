/* SPDX-License-Identifier: MIT */
/* The IMAP engine with its mailbox open, for unit tests that speak for the server line by line. */
#ifndef EMAIL_TEST_IMAP_PEER_H
#define EMAIL_TEST_IMAP_PEER_H

#include "proto/imap.h"

typedef struct email_test_imap_peer {
	email__imap *s;
	email__link *l;
	char told[8192];        /* events, as support/replay_imap.h writes them */
	char wrote[65536];      /* by the engine, at the last step */
	size_t told_len, bytes; /* `bytes` of data in all */
	bool quiet;             /* counts events, and keeps none */
	size_t listed, begun, ended, settled, news;
} email_test_imap_peer;

/* Logged in under TLS, and INBOX open with so many messages. False: no memory. */
bool email_test_imap_open(email_test_imap_peer *p, const char *capabilities, unsigned exists);
void email_test_imap_close(email_test_imap_peer *p);
/* The server says that; what the engine writes then. */
const char *email_test_imap_say(email_test_imap_peer *p, const char *text);
const char *email_test_imap_say_bytes(email_test_imap_peer *p, const char *bytes, size_t n);
/* What was told since the last call. */
const char *email_test_imap_told(email_test_imap_peer *p);

#endif
