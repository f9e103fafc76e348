/* SPDX-License-Identifier: MIT */
/* Secrets leave memory by these, which no compiler may leave out. */
#ifndef EMAIL__BASE_WIPE_H
#define EMAIL__BASE_WIPE_H

#include <stddef.h>

void email__wipe(void *p, size_t n);
/* Wipes a NUL-ended string and frees it; NULL is fine. */
void email__wipe_free(char *s);

#endif
