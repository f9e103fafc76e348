/* SPDX-License-Identifier: MIT */
/*
 * A digest (digestAbove): what it says, and how it takes the place of the mails that email__policy_fold() chose. Three
 * steps, so that nothing is lost between them: the text; the caller queues a mail with it (digest, under the key); once
 * that is durable, those that it stands for end as cancelled.
 */
#ifndef EMAIL__QUEUE_STANDIN_H
#define EMAIL__QUEUE_STANDIN_H

#include "base/buf.h"
#include "queue/spool.h"

#define EMAIL__STANDIN_KEY 48

/*
 * Puts the digest's text into `out` (plain text, LF): how many, and of each when it came, how important it is, its subject
 * and its id. The key is the same for the same mails, so that a crash before they are cancelled makes no second digest of
 * them. What has left meanwhile is left out; *n is how many are named; `mail` gets the first one's envelope, which the
 * digest is to have (dispose). The worker's.
 * Errors: EMAIL_E_UNKNOWN: all have left; EMAIL_E_LIMIT, EMAIL_E_MEMORY, EMAIL_E_FILE.
 */
email_code email__standin_text(email__spool *s, email__waiting *const *chosen, size_t count, email__buf *out,
                               char key[EMAIL__STANDIN_KEY], size_t *n, email__mailfile *mail,
                               email_error *e);

/* The digest with this id is durable: they end as cancelled, and their cause names it. Their entries are gone afterwards.
 * *n: how many. An error ends it; what has not ended waits, held, for the next digest. */
email_code email__standin_takes(email__spool *s, email__waiting *const *chosen, size_t count, const char *id,
                                const email__now *now, size_t *n, email_error *e);

#endif
