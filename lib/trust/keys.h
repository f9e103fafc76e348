/* SPDX-License-Identifier: MIT */
/* User Key Store: keys/ALIAS.pem in the state folder, 0600: the chain, leaf first, and its private key. */
#ifndef EMAIL__TRUST_KEYS_H
#define EMAIL__TRUST_KEYS_H

#include <emailservice/trust.h>

#include "base/buf.h"

/* The file's text with its NUL counted, into a secret buffer. Errors: EMAIL_E_UNKNOWN (no such alias; with a
 * remedy), EMAIL_E_FILE, EMAIL_E_MEMORY. */
email_code email__trust_client_key(email_trust *trust, const char *alias, email__buf *pem, email_error *e);

/* Its first certificate, described. Errors: those, and EMAIL_E_CERTIFICATE. */
email_code email__trust_client_leaf(email_trust *trust, const char *alias, email_certificate *leaf,
                                    email_error *e);

#endif
