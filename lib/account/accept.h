/* SPDX-License-Identifier: MIT */
/* What each type of property accepts as its text, and how texts and secrets are kept. */
#ifndef EMAIL__ACCOUNT_ACCEPT_H
#define EMAIL__ACCOUNT_ACCEPT_H

#include "account/properties.h"

/* Reads the text into the value at `at`. EMAIL_E_VALUE comes without a sentence: value.c has one for every
 * type. EMAIL_E_MEMORY. The value is then as it was. */
email_code email__accept(const email__property *row, void *at, const char *text);

/* A copy in place of what stands at `at`, which is a char *. */
email_code email__text_keep(void *at, const char *text, size_t n);
/* A secret's copy; the one before is wiped. */
email_code email__secret_keep(email__secret *secret, email__secret_kind kind, const char *text);
void email__secret_dispose(email__secret *secret);
/* What stands before its text: "value:", "env:", "file:", "sealed:"; "" for none. */
const char *email__secret_tag(email__secret_kind kind);

/* Valid UTF-8, no control characters: what XML can carry and a terminal show. */
bool email__text_valid(const char *s, size_t n);

#endif
