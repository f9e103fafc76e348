/* SPDX-License-Identifier: MIT */
/* A message that is being received: read where its bytes were put aside. */
#ifndef EMAIL__MIME_RECEIVED_H
#define EMAIL__MIME_RECEIVED_H

#include <emailservice/parse.h>

#include "base/reader.h"

/* As email_message_read_data(); what the reader reads from must stay as it is. */
email_message *email__message_read(const email__reader *reader, email_error *error);

#endif
