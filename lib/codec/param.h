/* SPDX-License-Identifier: MIT */
/* Parameters of MIME fields (RFC 2045 5.1, RFC 2231). */
#ifndef EMAIL__CODEC_PARAM_H
#define EMAIL__CODEC_PARAM_H

#include <stdbool.h>

#include "codec/fold.h"

/* True where a value goes between quotes, on one line; else it needs RFC 2231. */
bool email__param_plain(const char *value);
/*
 * `; name="value"`, or by RFC 2231 `; name*=UTF-8''...`, or in numbered sections where that would be
 * longer than a line. The value is valid UTF-8 without control characters.
 */
void email__param_write(email__fold *f, const char *name, const char *value);
/* The same for readers that know no RFC 2231: what is not plain becomes encoded words between quotes. */
void email__param_write_old(email__fold *f, const char *name, const char *value);

#endif
