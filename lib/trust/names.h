/* SPDX-License-Identifier: MIT */
/*
 * Names (RFC 9525): does a certificate speak for the host? Pure functions over bytes.
 */
#ifndef EMAIL__TRUST_NAMES_H
#define EMAIL__TRUST_NAMES_H

#include <stdbool.h>

#include "trust/certificate.h"

/* The reference identifier, once parsed. */
typedef struct email__reference {
	char name[256]; /* canonical; the address's spelling too */
	unsigned char address[16];
	size_t address_len; /* 0: a name */
} email__reference;

/* False: `host` is empty or no host, and nothing may be connected to. */
bool email__reference_parse(const char *host, email__reference *reference);

/* A presented dNSName against a canonical name (RFC 9525 6.3): exact, or "*." as the whole left-most
 * label with two labels or more behind it. */
bool email__name_matches(const char *name, email__span presented);

/* 0, or EMAIL_REASON(NAME), or EMAIL_REASON(NAME_CN_ONLY) where only the common name would have matched. */
email_reasons email__names_judge(const email__cert *leaf, const email__reference *reference);

#endif
