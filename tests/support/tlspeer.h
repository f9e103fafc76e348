/* SPDX-License-Identifier: MIT */
/*
 * The server's side of TLS for tests: over two functions (memory queues) or over a blocking socket.
 * Functions return the TLS library's codes: 0 or bytes, negative for errors.
 */
#ifndef TESTS_SUPPORT_TLSPEER_H
#define TESTS_SUPPORT_TLSPEER_H

#include <stdbool.h>
#include <stddef.h>

#include "support/pki.h"
#include "tls/tls.h"

typedef struct tlspeer_config {
	const pki_cert *chain; /* leaf first, sent as it stands; must outlive the peer */
	size_t chain_len;
	pki_key *key;
	int min, max;     /* 12 or 13; 0: 12 and 13 */
	bool ask_client;  /* asks for a client certificate, and takes any or none */
	bool need_client; /* refuses one that does not verify against client_root, and none */
	const pki_cert *client_root;
	int tickets;                /* TLS 1.3: this many after the handshake */
	struct tlspeer *tickets_of; /* the server that made tickets before, alive still: its keys; or NULL */
	const int *suites;          /* NULL: the library's */
	bool careless;              /* shows the leaf also where its usages forbid that */
} tlspeer_config;

typedef struct tlspeer tlspeer;

/* NULL: something does not fit together. */
tlspeer *tlspeer_new(const tlspeer_config *config, const email__bio *bio);
/* The same over a socket, blocking. */
tlspeer *tlspeer_new_fd(const tlspeer_config *config, int fd);
void tlspeer_free(tlspeer *peer);

int tlspeer_handshake(tlspeer *peer);
int tlspeer_read(tlspeer *peer, void *p, size_t n);
int tlspeer_write(tlspeer *peer, const void *p, size_t n);
int tlspeer_close_notify(tlspeer *peer);
/* The client showed a certificate. */
bool tlspeer_saw_client_certificate(const tlspeer *peer);
/* The host name that the client asked for (SNI); "" for none. */
const char *tlspeer_sni(const tlspeer *peer);
/* The server's side of what a login is bound to in TLS 1.3 (RFC 9266): 32 bytes. */
int tlspeer_export(tlspeer *peer, unsigned char out[32]);
/* True for the codes that mean "again". */
bool tlspeer_again(int rc);

#endif
