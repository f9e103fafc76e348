/* SPDX-License-Identifier: MIT */
/* Content of a part, from what it is in the message to what it means: transfer encoding, then charset. */
#ifndef EMAIL__MIME_DECODE_H
#define EMAIL__MIME_DECODE_H

#include <emailservice/parse.h>

#include "codec/unbase64.h"
#include "codec/unquoted.h"
#include "os/charset.h"

typedef enum email__decode_encoding {
	EMAIL__DECODE_NONE,
	EMAIL__DECODE_BASE64,
	EMAIL__DECODE_QUOTED
} email__decode_encoding;

typedef struct email__decode {
	email__decode_encoding encoding;
	bool to_utf8;
	email__unbase64 base64;
	email__unquoted quoted;
	email__charset charset; /* where to_utf8 */
	email_sink_fn sink;
	void *context;
	uint64_t defects; /* a bit each, 1 << EMAIL_DEFECT_... */
	uint64_t size;    /* bytes given to the sink */
} email__decode;

/* `encoding` as in an entity: lower case; "", 7bit, 8bit and binary are none, an unknown one is none with its
 * defect. `charset` NULL: bytes stay as they are; "" is US-ASCII that may be UTF-8. */
void email__decode_begin(email__decode *d, const char *encoding, const char *charset, email_sink_fn sink,
                         void *context);
/* Errors: what the sink returned. Never fails by what the bytes are. */
email_code email__decode_push(email__decode *d, const void *bytes, size_t n);
email_code email__decode_end(email__decode *d);
/* Frees what _begin took, where _end is not reached. */
void email__decode_dispose(email__decode *d);

#endif
