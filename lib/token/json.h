/* SPDX-License-Identifier: MIT */
/*
 * JSON documents (RFC 8259) of token endpoints, read by jansson, strictly: one object, no name twice in it, no NUL,
 * nesting bounded. Values of the names that hold secrets never get into jansson's memory, which nobody wipes: it is
 * given a copy with them blanked, and they are read from the text itself, which must live as long as the document.
 */
#ifndef EMAIL__TOKEN_JSON_H
#define EMAIL__TOKEN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct email__json email__json;

/* Errors: EMAIL_E_PROTOCOL, EMAIL_E_LIMIT, EMAIL_E_MEMORY; *why is a sentence without an end, and holds nothing of
 * the text. */
email_code email__json_read(const void *text, size_t n, email__json **json, const char **why);
void email__json_free(email__json *json);

/*
 * The getters: EMAIL_OK; EMAIL_E_UNKNOWN: there is no such name, or its value is null; EMAIL_E_PROTOCOL: it has another
 * type, or holds what it must not. The output is set by EMAIL_OK alone.
 */
/* UTF-8, with a NUL. EMAIL_E_LIMIT: it does not fit. */
email_code email__json_text(const email__json *json, const char *name, char *out, size_t size);
/* The same, as much as fits, made printable: for people. */
email_code email__json_words(const email__json *json, const char *name, char *out, size_t size);
/* The value of access_token, refresh_token, id_token or device_code: visible ASCII, appended. EMAIL_E_LIMIT: over the
 * buffer's maximum; EMAIL_E_MEMORY. */
email_code email__json_secret(const email__json *json, const char *name, email__buf *out);
/* A number, or one written as text, as some servers do; below 0 is 0, a broken one is rounded down, `most` is the
 * largest. */
email_code email__json_seconds(const email__json *json, const char *name, int64_t most, int64_t *out);
/* EMAIL_OK where the array has this text among its values. */
email_code email__json_has(const email__json *json, const char *name, const char *text);

#endif
