/* SPDX-License-Identifier: MIT */
/* One field of a header as it came: its name, which field it is, and what is wrong with its bytes. */
#ifndef EMAIL__MIME_FIELD_H
#define EMAIL__MIME_FIELD_H

#include <stddef.h>
#include <stdint.h>

/* Fields that may stand once (RFC 5322 3.6, RFC 2045 3, RFC 2183 2). */
#define EMAIL__FIELDS(X) \
	X(TO, "to") \
	X(CC, "cc") \
	X(BCC, "bcc") \
	X(DATE, "date") \
	X(FROM, "from") \
	X(SENDER, "sender") \
	X(SUBJECT, "subject") \
	X(REPLY_TO, "reply-to") \
	X(CONTENT_ID, "content-id") \
	X(MESSAGE_ID, "message-id") \
	X(REFERENCES, "references") \
	X(IN_REPLY_TO, "in-reply-to") \
	X(CONTENT_TYPE, "content-type") \
	X(MIME_VERSION, "mime-version") \
	X(CONTENT_DESCRIPTION, "content-description") \
	X(CONTENT_DISPOSITION, "content-disposition") \
	X(CONTENT_TRANSFER_ENCODING, "content-transfer-encoding")

typedef enum email__field_kind {
#define X(name, text) EMAIL__FIELD_##name,
	EMAIL__FIELDS(X)
#undef X
		EMAIL__FIELD_OTHER
} email__field_kind;

/* The length of the name that a line begins with, and where behind the colon the value begins; 0 where the
 * line is no field. White space in front of the colon is old, and tolerated (RFC 5322 4.5). */
size_t email__field_name(const char *line, size_t n, size_t *value_at);
email__field_kind email__field_kind_of(const char *name, size_t n);
/* Bits of BARE_CR, NUL, HEADER_CONTROL and HEADER_8BIT; folds are no defect. */
uint64_t email__field_defects(const char *value, size_t n);

#endif
