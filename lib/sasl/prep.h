/* SPDX-License-Identifier: MIT */
/*
 * SASLprep (RFC 4013) of user names and passwords, for mechanisms that hash them. Of Unicode it knows those characters
 * that normalisation leaves as they are (or maps in a way that is told here); of all others it says no, rather than
 * hash what the server would spell otherwise: PLAIN over TLS carries those.
 */
#ifndef EMAIL__SASL_PREP_H
#define EMAIL__SASL_PREP_H

#include "base/buf.h"

/* Appends the prepared form. Errors: EMAIL_E_VALUE: a character that is not allowed, or not known here; nothing left;
 * EMAIL_E_LIMIT, EMAIL_E_MEMORY. */
email_code email__sasl_prep(email__buf *out, const char *text);

#endif
