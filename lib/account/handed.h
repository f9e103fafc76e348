/* SPDX-License-Identifier: MIT */
/*
 * The UIDs of messages that were handed over: what sees to it that each comes once where the server's flags do not
 * tell (model, EmailToRead). In the state folder it is a file of lines, each written behind the last:
 *
 *     handed 1 SCOPE       whose mailbox it is: of another one nothing is known
 *     A UID                the handler accepted it; the server was not told yet
 *     S UID                the server did what the policy asks
 *     F UID                forgotten: the server's flags tell from here on
 *
 * The last line about a UID counts; a last line that is not whole (power loss) does not. A line is written before
 * the server is told, so a process that is killed hands over again what was in its hands, and no more.
 */
#ifndef EMAIL__ACCOUNT_HANDED_H
#define EMAIL__ACCOUNT_HANDED_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef enum email__handed_state {
	EMAIL__HANDED_NOT,
	EMAIL__HANDED_ACCEPTED,
	EMAIL__HANDED_SETTLED
} email__handed_state;

typedef struct email__handed email__handed;

/*
 * `path` NULL: in memory alone. Else the file is locked as long as it is open: one process reads a mailbox at a time,
 * and nobody waits here until another one has done so.
 * Errors: NULL; EMAIL_E_TEMPORARY (another process has it), EMAIL_E_FILE, EMAIL_E_LIMIT, EMAIL_E_MEMORY.
 */
email__handed *email__handed_open(const char *path, const char *scope, email_error *e);
/* What is known now, to look at: no lock, nothing is written, and what is set counts in memory alone. */
email__handed *email__handed_look(const char *path, const char *scope, email_error *e);
void email__handed_close(email__handed *h);
/* How many more can be remembered. */
size_t email__handed_room(const email__handed *h);
/* The mailbox is another one now (or has another UIDVALIDITY): forgets all. */
email_code email__handed_rescope(email__handed *h, const char *scope, email_error *e);
const char *email__handed_scope(const email__handed *h);
/* From a file, not in memory alone. */
bool email__handed_lasts(const email__handed *h);

email__handed_state email__handed_get(const email__handed *h, const char *uid);
/* EMAIL__HANDED_NOT forgets it. Errors: EMAIL_E_FILE, EMAIL_E_LIMIT (EMAIL__HANDED_MAX), EMAIL_E_MEMORY. */
email_code email__handed_set(email__handed *h, const char *uid, email__handed_state state, email_error *e);

/* A whole list of the mailbox: begin, each UID in it, end: those that it does not have any more are forgotten.
 * _listed returns what _get would. */
void email__handed_list_begin(email__handed *h);
email__handed_state email__handed_listed(email__handed *h, const char *uid);
email_code email__handed_list_end(email__handed *h, email_error *e);
/* Those that the handler accepted and this list does not have: the server was not told of them, or its answer was lost. */
void email__handed_owed(const email__handed *h, void (*visit)(void *context, const char *uid), void *context);
/* Lines reach the disk. */
email_code email__handed_sync(email__handed *h, email_error *e);

#endif
