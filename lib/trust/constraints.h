/* SPDX-License-Identifier: MIT */
/*
 * Name constraints (RFC 5280 4.2.1.10): a CA's promise about the names of all that stands below it.
 * Enforced for dNSName, iPAddress and directoryName. Other forms are refused by name where they meet a
 * name of that form; so is what the RFC forbids (distances, wildcards, odd addresses).
 */
#ifndef EMAIL__TRUST_CONSTRAINTS_H
#define EMAIL__TRUST_CONSTRAINTS_H

#include "trust/certificate.h"

/* Judges the names of `cert` by what `ca`, somewhere above it, says. 0, or EMAIL_REASON(NAME_CONSTRAINTS),
 * EMAIL_REASON(UNSUPPORTED_CONSTRAINT), EMAIL_REASON(MALFORMED). `checks` counts comparisons down; at 0
 * the rest is unsupported. */
email_reasons email__constraints_judge(const email__cert *ca, const email__cert *cert, long *checks);

#endif
