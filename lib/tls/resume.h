/* SPDX-License-Identifier: MIT */
/* A session kept in bytes: for tls.c alone. */
#ifndef EMAIL__TLS_RESUME_H
#define EMAIL__TLS_RESUME_H

#include <mbedtls/ssl.h>

#include "tls/tls.h"

/* Tickets are asked for, and reading tells when one came. */
void email__tls_session_ask(mbedtls_ssl_config *conf, bool on);
/* What the finished handshake, or the last ticket, allows to resume; NULL: nothing, or no memory. */
email__tls_session *email__tls_session_save(const mbedtls_ssl_context *ssl, int64_t not_after);
/* False: it cannot be resumed here, so that the handshake will be a whole one. It must be of the same server name: with
 * another one TLS 1.3's handshake fails (the account's key sees to it). */
bool email__tls_session_offer(mbedtls_ssl_context *ssl, const email__tls_session *session);

#endif
