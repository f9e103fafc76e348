/* SPDX-License-Identifier: MIT */
/*
 * Receiving: an incoming account's mailbox (IMAP or POP3), read by the account's policies (emailToRead,
 * deliveryPolicy, the size limits, ignoreAttachments, folder, processedFolder).
 *
 * A message is handed over, then the server is told what the policy says; in between the UID is written down in
 * the state folder, so that a process that is killed hands over again the one message that was in its hands,
 * and no other. Nothing is ever deleted but by deliveryPolicy Delete, and then only what the handler accepted.
 */
#ifndef EMAILSERVICE_RECEIVE_H
#define EMAILSERVICE_RECEIVE_H

#include <emailservice/operation.h>
#include <emailservice/parse.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A message as it is handed over. All of it is valid during the call only. */
typedef struct email_received {
	email_account *account;
	const char *uid; /* stable: POP3's unique id, IMAP's "UIDVALIDITY.UID" */
	email_message *
		message; /* parsed when it is first asked for something; its raw bytes by email_message_read() */
	uint64_t size;         /* bytes on the server; 0 where it does not say */
	int64_t internal_date; /* when the server got it, seconds since 1970; 0 where unknown (POP3) */
	bool header_only; /* larger than incomingEmailSizeLimit: `message` is its header, and it is left */
} email_received;

/*
 * EMAIL_OK: accepted, the policy is carried out. EMAIL_E_CANCELLED: not accepted, and the poll ends. Anything else:
 * not accepted; the message stays as it was, to come again with the next poll. So does one that it asked for something
 * but that could not be parsed (EMAIL_E_MEMORY, EMAIL_E_FILE). It may call nothing of the account but getters and
 * email_account_cancel().
 */
typedef email_code (*email_receive_fn)(void *context, const email_received *received);

/*
 * One poll: hands over what there is, oldest first, up to sizeLimitPerPoll. Blocks. Without a handler, and where the
 * policies leave nothing to do, nothing on the server is changed: then it only looks whether the mailbox can be read.
 * Errors: as email_account_send() for connection, trust and login; EMAIL_E_REFUSED, EMAIL_E_TEMPORARY (folder, a
 *         mailbox that is locked, another process that reads it now); EMAIL_E_FILE (state folder, no room for a
 *         message), EMAIL_E_LIMIT, EMAIL_E_EXTENSION (POP3 without UIDL), EMAIL_E_DISABLED, EMAIL_E_MEMORY.
 *         What was handed over before the error stays so.
 */
EMAIL_API email_code email_account_receive(email_account *account, email_receive_fn on_message,
                                           void *context);
/* Shows what a poll would hand over, by its headers alone; changes nothing on the server or in the state folder. */
EMAIL_API email_code email_account_peek(email_account *account, email_receive_fn on_message, void *context);
/* At most `count` messages a poll (0: no limit but the account's). For the polls to come. */
EMAIL_API void email_account_set_poll_limit(email_account *account, size_t count);
/* The property pollrate, in milliseconds. */
EMAIL_API int64_t email_account_pollrate(const email_account *account);
/* Messages that the last poll left for the next one, since they went over a limit. */
EMAIL_API size_t email_account_left(const email_account *account);

/*
 * For an event loop: one poll. With `watch` it goes on after the poll where the server can push (IMAP IDLE, useIdle),
 * until it is cancelled or fails; where it cannot it is done after one poll, and the caller polls again.
 * While another process reads the same mailbox it asks to be stepped again, without a descriptor, for two seconds at most;
 * then it is done with EMAIL_E_TEMPORARY. Else as email_account_start_send().
 */
EMAIL_API email_operation *email_account_start_receive(email_account *account, email_receive_fn on_message,
                                                       void *context, bool watch);

#ifdef __cplusplus
}
#endif
#endif
