/* SPDX-License-Identifier: MIT */
/* Laying a message out: frame and segments (mime/message.h). */
#ifndef EMAIL__MIME_LAYOUT_H
#define EMAIL__MIME_LAYOUT_H

#include "mime/message.h"

/*
 * Makes m->frame and m->segments, and adds size, eight_bit and utf8 to m->envelope, which has its
 * message_id already. The message is frozen, its files have been checked.
 * Errors: EMAIL_E_MESSAGE (the date), EMAIL_E_LIMIT, EMAIL_E_MEMORY.
 */
email_code email__layout_make(email_message *m, const email__address *from, bool allow_eight_bit,
                              email_error *e);

#endif
