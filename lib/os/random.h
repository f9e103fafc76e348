/* SPDX-License-Identifier: MIT */
/* The kernel's random bytes, for names that must not repeat. Keys come from the crypto room. */
#ifndef EMAIL__OS_RANDOM_H
#define EMAIL__OS_RANDOM_H

#include <stddef.h>

/* 0, or the errno that says why there are none to be had. */
int email__random_bytes(void *out, size_t n);

#endif
