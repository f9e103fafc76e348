/* SPDX-License-Identifier: MIT */
/* What a technician can do about the answers of servers that are known: one table for all protocols. */
#ifndef EMAIL__PROTO_REMEDY_H
#define EMAIL__PROTO_REMEDY_H

#include <stddef.h>

#include <emailservice/error.h>

/* Adds the remedy for the error's reply, enhanced status, stage and code, where one is known and none is set. */
void email__remedy(email_error *e);
/* The one for a token that was refused, over TLS, in place of that for a password. Errors of other codes than EMAIL_E_LOGIN and
 * EMAIL_E_MECHANISM stay as they are. */
void email__remedy_token(email_error *e);
/* The same for a greeting that is none of the protocol wanted ("SMTP"): another protocol, or TLS. */
void email__remedy_greeting(email_error *e, const char *wanted, const unsigned char *first, size_t n);

#endif
