/* SPDX-License-Identifier: MIT */
/*
 * CRC-64 (ECMA-182, reflected, as in XZ): what accidents do to a file is found. Malice is kept out by the folder's mode,
 * not by this.
 */
#ifndef EMAIL__QUEUE_CRC_H
#define EMAIL__QUEUE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* `crc` is 0 at first, then what the last call returned. */
uint64_t email__crc64(uint64_t crc, const void *bytes, size_t n);

#endif
