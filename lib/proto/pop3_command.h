/* SPDX-License-Identifier: MIT */
/*
 * The typed command writer: nothing else writes to the wire. Every argument is checked against its
 * grammar, so that no caller's text can add a command. A command goes into `out` whole or not at all;
 * errors leave it as it was: EMAIL_E_VALUE (outside the grammar), EMAIL_E_LIMIT (no room, or longer than
 * RFC 2449 4 allows).
 */
#ifndef EMAIL__PROTO_POP3_COMMAND_H
#define EMAIL__PROTO_POP3_COMMAND_H

#include "wire/link.h"

/* Any command but those of a login fits into this: "RETR 4294967295". */
#define EMAIL__POP3_COMMAND_ROOM 32

/* A verb alone: "CAPA", "STLS", "STAT", "QUIT"..., and "*" (RFC 5034 4: gives up a login). */
email_code email__pop3_put_verb(email__link *link, const char *verb);
/* A verb and a message's number, "RETR 5" or "DELE 5"; "TOP 5 0". */
email_code email__pop3_put_number(email__link *link, const char *verb, uint32_t number);
email_code email__pop3_put_top(email__link *link, uint32_t number);
/* Masked in the transcript; `out` is secret until it has been written. */
email_code email__pop3_put_user(email__link *link, const char *user);
email_code email__pop3_put_pass(email__link *link, const char *password);
/* AUTH with the initial response (n bytes, encoded here), or without where `response` is NULL; a later
 * response. */
email_code email__pop3_put_auth(email__link *link, const char *mechanism, const void *response, size_t n);
email_code email__pop3_put_response(email__link *link, const void *response, size_t n);

#endif
