/* SPDX-License-Identifier: MIT */
/* OAuth tokens of any length, and what must be written of them, and not be left. */
#ifndef EMAIL_TEST_TOKEN_H
#define EMAIL_TEST_TOKEN_H

#include <stdbool.h>

#include "base/buf.h"

/* n bytes as tokens have them, none of which shows on the wire by chance; to be given back, so that none of
 * it is found where new memory comes from. */
char *email_test_token(size_t n);
void email_test_token_free(char *token);
/* Fails the test unless `out` holds, from `at` on, the line that is XOAUTH2's response of "user" with the token. */
void email_test_token_line(const email__buf *out, size_t at, const char *token);
/* Nothing of a token, raw or in base64, is in the buffer's memory. */
bool email_test_token_gone(const email__buf *out);

#endif
