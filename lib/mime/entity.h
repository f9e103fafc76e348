/* SPDX-License-Identifier: MIT */
/* What the parser must know of a header: Content-Type and Content-Transfer-Encoding (RFC 2045 5, 6). */
#ifndef EMAIL__MIME_ENTITY_H
#define EMAIL__MIME_ENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

/* Tokens of RFC 2045 that name something known are short; longer ones are cut, and then known to nobody. */
#define EMAIL__TYPE_MAX 128
#define EMAIL__CHARSET_MAX 64
#define EMAIL__ENCODING_MAX 32

typedef struct email__entity {
	char type[EMAIL__TYPE_MAX];         /* "text/plain", lower case */
	char charset[EMAIL__CHARSET_MAX];   /* lower case, or "" */
	char encoding[EMAIL__ENCODING_MAX]; /* lower case, or "" */
	char boundary[EMAIL__BOUNDARY_READ_MAX];
	size_t boundary_n;
	bool has_type, has_encoding; /* the first of two counts */
	bool broken_type;            /* no type/subtype: text/plain (RFC 2045 5.2) */
	bool multipart, message;     /* multipart/...; message/rfc822 or message/global */
} email__entity;

/* Before a header; `digest`: a part of multipart/digest is message/rfc822 by default (RFC 2046 5.1.5). */
void email__entity_init(email__entity *e, bool digest);
/* Fields as they stand, with their folds. */
void email__entity_type(email__entity *e, const char *value, size_t n);
void email__entity_encoding(email__entity *e, const char *value, size_t n);
/* Whether the encoding is none (RFC 2045 6.2: 7bit, 8bit, binary, or not named), and whether it is one at all
 * that is known. */
bool email__entity_identity(const email__entity *e);
bool email__entity_known(const email__entity *e);

#endif
