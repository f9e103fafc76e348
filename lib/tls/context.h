/* SPDX-License-Identifier: MIT */
/* The TLS library's own object, for the files of this room. */
#ifndef EMAIL__TLS_CONTEXT_H
#define EMAIL__TLS_CONTEXT_H

#include <mbedtls/ssl.h>

#include "tls/tls.h"

mbedtls_ssl_context *email__tls_context(email__tls *tls);

#endif
