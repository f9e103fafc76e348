/* SPDX-License-Identifier: MIT */
/* What ties a login to the TLS connection that it runs in (RFC 5056): type and data. */
#ifndef EMAIL__BASE_BINDING_H
#define EMAIL__BASE_BINDING_H

#include <stddef.h>

/* SHA-512 of a certificate is the longest. */
#define EMAIL__BINDING_MAX 64

typedef struct email__binding {
	const char *
		type; /* "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC 5929 4); NULL: there is none */
	unsigned char data[EMAIL__BINDING_MAX];
	size_t n;
} email__binding;

/* A type that every server knows that binds at all: RFC 9266 makes it so for TLS 1.3. That of TLS 1.2 is for those that are told
 * to by name, since many servers (Dovecot 2.4) know another one only, and break off. */
#define EMAIL__BINDING_SURE "tls-exporter"

#endif
