/* SPDX-License-Identifier: MIT */
/*
 * Parameters of Content-Type and Content-Disposition as they came (RFC 2045 5.1, RFC 2231): continued and
 * extended ones joined and decoded, those of old senders with encoded words or raw bytes too.
 */
#ifndef EMAIL__MIME_PARAMETER_H
#define EMAIL__MIME_PARAMETER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* The token before the first ";", lower case ("attachment"). NULL: no memory; "" where there is none. */
const char *email__parameter_value(email__arena *a, const char *field, size_t n);
/*
 * The parameter `name` (lower case) in UTF-8. NULL: not there, or no memory (*memory). An extended
 * form goes before a plain one (RFC 6266 4.3's habit). Errors are defects: EMAIL_DEFECT_PARAMETER and charsets'.
 */
const char *email__parameter_read(email__arena *a, const char *field, size_t n, const char *name,
                                  uint64_t *defects, bool *memory);

#endif
