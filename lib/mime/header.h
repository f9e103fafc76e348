/* SPDX-License-Identifier: MIT */
/* Header fields of a message, from what the caller gave to what goes out. */
#ifndef EMAIL__MIME_HEADER_H
#define EMAIL__MIME_HEADER_H

#include <stdbool.h>

#include "base/buf.h"
#include "mime/address.h"

/* UTF-8 without control characters (of ASCII and of Latin-1) but tab. Errors: EMAIL_E_MESSAGE, with position. */
email_code email__header_check(const char *text, email_error *e);
/* A name (RFC 5322 3.6.8) that is the caller's to give. Errors: EMAIL_E_MESSAGE, EMAIL_E_LIMIT. */
email_code email__header_check_name(const char *name, email_error *e);

/* One field each, with CRLF. Errors: EMAIL_E_LIMIT, EMAIL_E_MEMORY. */
email_code email__header_write_text(email__buf *out, const char *name, const char *value);
email_code email__header_write_addresses(email__buf *out, const char *name, const email__address *a,
                                         size_t n);

#endif
