/* SPDX-License-Identifier: MIT */
/* What a technician does about a token endpoint's "no": the answers that are known of Microsoft, Google and the RFCs. */
#ifndef EMAIL__TOKEN_ADVICE_H
#define EMAIL__TOKEN_ADVICE_H

#include <emailservice/error.h>

/* Adds the remedy for an error (RFC 6749 5.2) and its description, where one is known and none is set. */
void email__token_advice(email_error *e, const char *error, const char *description);

#endif
