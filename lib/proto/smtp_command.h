/* SPDX-License-Identifier: MIT */
/*
 * The typed command writer: nothing else writes to the wire. Every argument is checked against its
 * grammar, so that no caller's text can add a command. A command goes into `out` whole or not at all;
 * errors leave it as it was: EMAIL_E_VALUE (outside the grammar), EMAIL_E_LIMIT (no room, or too long).
 */
#ifndef EMAIL__PROTO_SMTP_COMMAND_H
#define EMAIL__PROTO_SMTP_COMMAND_H

#include "proto/smtp.h"
#include "proto/smtp_capabilities.h"

/* Any command but AUTH fits into this: an address, an ENVID in xtext, and the words around them. */
#define EMAIL__SMTP_COMMAND_ROOM 1024

/* Mailbox of RFC 5321 4.1.2 without <>, "" not among them; bytes over 127 (RFC 6531) where `utf8`. */
bool email__smtp_address_valid(const char *address, bool utf8);
/* Domain or address literal. */
bool email__smtp_domain_valid(const char *domain);
/* RFC 3461 4.4: 1..100 printable characters. */
bool email__smtp_envelope_id_valid(const char *id);

/* `verb` is "EHLO" or "HELO". */
email_code email__smtp_put_hello(email__link *link, const char *verb, const char *domain);
/* A verb alone: "DATA", "RSET", "QUIT", "STARTTLS", "*" (RFC 4954 4: gives up a login). */
email_code email__smtp_put_verb(email__link *link, const char *verb);
email_code email__smtp_put_mail(email__link *link, const email__smtp_mail *mail,
                                const email__smtp_capabilities *can);
email_code email__smtp_put_rcpt(email__link *link, const char *address, const email__smtp_mail *mail,
                                const email__smtp_capabilities *can);
/* AUTH with the initial response (n bytes, encoded here), or without where `response` is NULL. Masked in
 * the transcript, as is a later response. `out` is secret until it has been written. */
email_code email__smtp_put_auth(email__link *link, const char *mechanism, const void *response, size_t n);
email_code email__smtp_put_response(email__link *link, const void *response, size_t n);
/*
 * Body bytes that lie behind the end of `out`, at a distance of EMAIL__SMTP_CHUNK_HEAD for BDAT, get
 * their place: after them the BDAT command has been written in front.
 */
#define EMAIL__SMTP_CHUNK_HEAD 20
void email__smtp_put_body(email__link *link, size_t n);
void email__smtp_put_chunk(email__link *link, size_t n, bool last);

#endif
