/* SPDX-License-Identifier: MIT */
/* A message that is being received: read where its bytes were put aside. */
#ifndef EMAIL__MIME_RECEIVED_H
#define EMAIL__MIME_RECEIVED_H

#include <emailservice/parse.h>

#include "base/reader.h"

/*
 * `m` is another message from now on: what it was before is gone, but its memory is used again. `m` is one of
 * email_message_new() to which nothing else was done. It is read no further than its bytes before it is asked for
 * something, so that a message that nobody looks into costs nothing. What is read from must stay as it is.
 */
void email__message_receive(email_message *m, const email__reader *reader);
/* Why something that was asked for is missing: EMAIL_OK, EMAIL_E_MEMORY, EMAIL_E_FILE. */
email_code email__message_unread(const email_message *m);
/* delivery.c: the Message-ID of the mail that this one came back for, be it a delivery report or not: that of the mail or
 * header it returns, which a receipt names (RFC 8098 3.2.5), that it answers, or that its text has. "": there is none, or
 * email_message_error() tells why not. */
const char *email__message_original_id(email_message *m);

#endif
