/* SPDX-License-Identifier: MIT */
/* Servers, and what stands before them, repeat what they do not like, in words that end in logs and errors. */
#ifndef EMAIL__SASL_HIDE_H
#define EMAIL__SASL_HIDE_H

#include <stddef.h>

#include "sasl/sasl.h"

/*
 * Writes stars over the password or token in a server's words, wherever it stands there: as it is, or within base64, whose
 * whole word goes then. One of less than three bytes is no secret, and would be found anywhere. `c` may be NULL; one that
 * has been wiped hides nothing.
 */
void email__credentials_hide(const email__credentials *c, char *text, size_t n);

#endif
