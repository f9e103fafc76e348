/* SPDX-License-Identifier: MIT */
/* What went wrong in TLS, in words: the alerts of RFC 8446 6 and the TLS library's own codes. */
#ifndef EMAIL__TLS_REASON_H
#define EMAIL__TLS_REASON_H

#include <stdbool.h>

#include <mbedtls/ssl.h>

/* The alert's meaning in a few words; never NULL. */
const char *email__tls_alert_text(int alert);
/* What to do about it, or NULL where nothing special is known. */
const char *email__tls_alert_remedy(int alert);
/* The library code's meaning in a few words; never NULL. */
const char *email__tls_code_text(int code);
/* The code says that there was no memory. */
bool email__tls_code_is_memory(int code);
/* The code says that a certificate of the peer could not be read, or cannot be used. */
bool email__tls_code_is_certificate(int code);
/* The description of the fatal alert that made a call return MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE; -1 where
 * the library does not tell. */
int email__tls_alert_of(const mbedtls_ssl_context *ssl);

#endif
