/* SPDX-License-Identifier: MIT */
/* The kernel's random bytes, for names that must not repeat. Keys come from the crypto room. */
#ifndef EMAIL__OS_RANDOM_H
#define EMAIL__OS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* False: there are none to be had, errno says why. */
bool email__random_bytes(void *out, size_t n);

#endif
