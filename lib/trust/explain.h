/* SPDX-License-Identifier: MIT */
/* A verdict in words that a technician can act on. */
#ifndef EMAIL__TRUST_EXPLAIN_H
#define EMAIL__TRUST_EXPLAIN_H

#include "trust/when.h"
#include "trust/verdict.h"

/* "it is self-signed, it has expired" */
void email__reasons_text(email_reasons reasons, char *out, size_t size);
/* Fills `e` for a refusal: code, sentence, remedy. `host` is canonical. Returns the code. */
email_code email__explain(const char *host, int port, const email__verdict *verdict, const email__when *when,
                          email_error *e);

#endif
