/* SPDX-License-Identifier: MIT */
/*
 * What was sent, so that reports and answers that come back are known again: the last EMAIL__SENT_MAX mails of
 * EMAIL__SENT_DAYS days, with queue id (the ENVID of RFC 3461 4.4), Message-ID, account and recipients. In the state folder
 * it is a file of lines, each written behind the last, fields parted by tabs:
 *
 *     sent 1
 *     TIME ID ACCOUNT MESSAGE-ID RECIPIENT RECIPIENT ...
 *
 * It is written anew where it is twice as long as what counts. Nothing is synced: a power loss costs the last lines, and
 * these a report that nobody is told of. What cannot be read is left out. Several processes may have it: each writes under a
 * lock (PATH.lock), and sees what the others wrote.
 */
#ifndef EMAIL__SERVICE_SENT_H
#define EMAIL__SERVICE_SENT_H

#include <emailservice/queue.h>

#include "queue/mailfile.h"

typedef struct email__sent email__sent;

/* A mail that was sent: what its line says, which somebody else may have written. Until the next call. */
typedef struct email__sent_mail {
	int64_t time; /* seconds since 1970, when a server first took it */
	const char *id, *account, *message_id;
	size_t count;           /* of recipients */
	const char *recipients; /* the first; each of the others behind the NUL, or some, of the one before */
} email__sent_mail;

/* `path` NULL: in memory alone. `now`: seconds since 1970. NULL: no memory. Where the file cannot be had, `e` tells, and it
 * is remembered in memory. */
email__sent *email__sent_open(const char *path, int64_t now, email_error *e);
void email__sent_close(email__sent *s);

/* A server took this mail, for all recipients or some. One that is known already is not written again, so it may be told
 * after each attempt. Errors: EMAIL_E_MEMORY (not remembered); EMAIL_E_FILE (in memory alone). Neither is worth failing a
 * mail for. */
email_code email__sent_add(email__sent *s, const char *account, const char *id, const email__mailfile *mail,
                           int64_t now, email_error *e);

/* The newest mail with this queue id (whatever its case), or Message-ID (with "<>" or without). NULL: none. */
const email__sent_mail *email__sent_by_id(email__sent *s, const char *id);
const email__sent_mail *email__sent_by_message_id(email__sent *s, const char *message_id);
/* The recipient as the mail was addressed, whatever the case it comes back in: domains have none (RFC 5321 2.4), and many
 * servers turn local parts to lower case. NULL: the mail was not sent to this address. */
const char *email__sent_recipient(const email__sent_mail *mail, const char *address);
/* How many mails are known. */
size_t email__sent_count(email__sent *s);

/* What is in the n bytes of a file, behind what is known; false: they are no such file. EMAIL_E_MEMORY in *rc. */
bool email__sent_read(email__sent *s, const char *bytes, size_t n, email_code *rc);

#endif
