/* SPDX-License-Identifier: MIT */
/*
 * DER (X.690 10) read by a cursor: definite lengths in their shortest form, one-byte tags, nothing else.
 * A certificate that says the same in two ways is one that two readers understand differently.
 */
#ifndef EMAIL__TRUST_DER_H
#define EMAIL__TRUST_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else. */
typedef struct email__span {
	const unsigned char *p;
	size_t n;
} email__span;

typedef struct email__der {
	unsigned tag;
	email__span value, whole; /* contents; and with tag and length */
} email__der;

enum {
	EMAIL__DER_BOOLEAN = 0x01,
	EMAIL__DER_INTEGER = 0x02,
	EMAIL__DER_BIT_STRING = 0x03,
	EMAIL__DER_OCTET_STRING = 0x04,
	EMAIL__DER_OID = 0x06,
	EMAIL__DER_ENUMERATED = 0x0A,
	EMAIL__DER_UTF8_STRING = 0x0C,
	EMAIL__DER_PRINTABLE_STRING = 0x13,
	EMAIL__DER_T61_STRING = 0x14,
	EMAIL__DER_IA5_STRING = 0x16,
	EMAIL__DER_UTC_TIME = 0x17,
	EMAIL__DER_GENERALIZED_TIME = 0x18,
	EMAIL__DER_BMP_STRING = 0x1E,
	EMAIL__DER_SEQUENCE = 0x30,
	EMAIL__DER_SET = 0x31
};
/* Context tags: [n] of a plain value, and of one that holds others. */
#define EMAIL__DER_CONTEXT(n) (0x80u | (n))
#define EMAIL__DER_CONTEXT_HOLDS(n) (0xA0u | (n))

/* The next value; false at the end and for what is not DER. The cursor moves behind it. */
bool email__der_next(email__span *in, email__der *out);
/* The next value where it has this tag; else false, and the cursor stays. */
bool email__der_take(email__span *in, unsigned tag, email__span *value);
/* The same, with tag and length. */
bool email__der_take_whole(email__span *in, unsigned tag, email__span *whole);
bool email__der_at(const email__span *in, unsigned tag);
/* A small INTEGER, 0..INT32_MAX. */
bool email__der_small(email__span value, int *out);
/* UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 allows them, in seconds since 1970. */
bool email__der_time(email__span *in, int64_t *out);

static inline email__span
email__span_of(const void *p, size_t n)
{
	email__span s = {(const unsigned char *)p, n};
	return s;
}
bool email__span_equal(email__span a, email__span b);
/* Equal to an object identifier's contents, given as a string literal. */
#define EMAIL__SPAN_IS(span, literal) email__span_equal(span, email__span_of(literal, sizeof(literal) - 1))

#endif
