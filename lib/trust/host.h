/* SPDX-License-Identifier: MIT */
/*
 * What a host may be called: a DNS name or an address, each in one spelling only. email__host_canonical()
 * is declared in verdict.h.
 */
#ifndef EMAIL__TRUST_HOST_H
#define EMAIL__TRUST_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the address in network order: 4, 16, or 0 where the text is none. Strict: four decimal
 * numbers without leading zeros, or RFC 4291 2.2 in any spelling, with brackets or without. */
size_t email__ip_parse(const char *text, unsigned char bytes[16]);
/* RFC 5952 for 16 bytes, dotted for 4. `out` has 46 bytes at least. */
void email__ip_write(const unsigned char *bytes, size_t n, char *out, size_t size);

#endif
