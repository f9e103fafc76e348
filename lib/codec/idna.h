/* SPDX-License-Identifier: MIT */
/*
 * Domain names as they go on the wire: A-labels (RFC 5890), lower case. It knows the letters of the
 * scripts named in idna.c and how their capitals become small (RFC 5895 2.1); what it does not know it
 * refuses rather than guess, for a wrong name would be another host.
 */
#ifndef EMAIL__CODEC_IDNA_H
#define EMAIL__CODEC_IDNA_H

#include <stddef.h>

#include <emailservice/error.h>

#include "base/limits.h"

/*
 * The name's canonical form, with a NUL. No trailing dot, labels of 1 to 63 (RFC 1035 2.3.4), letters,
 * digits and inner hyphens (RFC 5321 4.1.2). An A-label given as such stays as it is.
 * Errors: EMAIL_E_VALUE, *why is a sentence without an end.
 */
email_code email__idna_to_ascii(const char *name, size_t n, char out[EMAIL__DOMAIN_MAX + 1],
                                const char **why);

#endif
