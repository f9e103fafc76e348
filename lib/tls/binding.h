/* SPDX-License-Identifier: MIT */
/* What a login can be bound to (RFC 5056), of a finished handshake. */
#ifndef EMAIL__TLS_BINDING_H
#define EMAIL__TLS_BINDING_H

#include "base/binding.h"
#include "tls/tls.h"

/*
 * TLS 1.3: tls-exporter (RFC 9266). TLS 1.2: tls-server-end-point (RFC 5929 4), since the exporter is safe there with
 * extended master secret only, and tls-unique is none of mbedTLS's. binding->type NULL: there is none (not secure, a
 * library without exporter, a signature whose hash is not known).
 */
void email__tls_binding(email__tls *tls, email__binding *binding);

#endif
