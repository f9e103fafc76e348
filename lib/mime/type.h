/* SPDX-License-Identifier: MIT */
/* Content types of files (RFC 2045 5). */
#ifndef EMAIL__MIME_TYPE_H
#define EMAIL__MIME_TYPE_H

#include <stdbool.h>

/* By the name's extension; "application/octet-stream" where that is not known. Never NULL. */
const char *email__type_of_name(const char *name);
/*
 * True where the text is a type for a file: "type/subtype", and parameters but `name`, which the
 * library writes itself. multipart and message are refused: they may not be base64 (RFC 2045 6.4).
 */
bool email__type_valid(const char *type);

#endif
