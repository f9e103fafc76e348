/* SPDX-License-Identifier: MIT */
/* Status lines (RFC 1939 3), their response codes (RFC 2449 8, RFC 3206), and the lines of LIST and
 * UIDL. */
#ifndef EMAIL__PROTO_POP3_REPLY_H
#define EMAIL__PROTO_POP3_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

typedef enum email__pop3_status {
	EMAIL__POP3_OK,
	EMAIL__POP3_ERR,
	EMAIL__POP3_CONTINUE /* "+ ": a challenge (RFC 5034 4) */
} email__pop3_status;

typedef struct email__pop3_reply {
	email__pop3_status status;
	char text[512]; /* behind the status, as it came; cut */
	size_t text_len;
	const char *line; /* the same, whole: valid until the next read */
	size_t line_len;
} email__pop3_reply;

/* Only exactly "+OK", "-ERR" and "+", alone or with a space behind; else EMAIL_E_PROTOCOL. */
email_code email__pop3_reply_line(email__pop3_reply *r, const char *line, size_t n);
/* The words, printable and cut, into `out`. */
void email__pop3_reply_words(const email__pop3_reply *r, char *out, size_t size);
/* What an -ERR means: EMAIL_E_TEMPORARY, EMAIL_E_REFUSED or EMAIL_E_LOGIN where its response code says
 * so (or, for a mailbox that is locked, its words), else `otherwise`. */
email_code email__pop3_reply_code(const email__pop3_reply *r, email_code otherwise);
/* Fills `e` from it: "WHAT: [IN-USE] words", with a remedy where one is known. Returns the code. */
email_code email__pop3_reply_error(const email__pop3_reply *r, email_error *e, email_code otherwise,
                                   email_stage stage, const char *what);

/*
 * A line of LIST or UIDL (RFC 1939 5, 7): a message's number; what is behind it. Errors:
 * EMAIL_E_PROTOCOL (no number of 1 to 2^32 - 1). `rest` may be empty.
 */
email_code email__pop3_list_line(const char *line, size_t n, uint32_t *number, const char **rest,
                                 size_t *rest_len);
/* The first number of `p`; EMAIL__SIZE_UNKNOWN where there is none below 2^63. */
uint64_t email__pop3_size(const char *p, size_t n);
/* RFC 1939 7: 1 to 70 characters from ! to ~; spaces at the end, which some servers write, do not count. */
bool email__pop3_uid(const char *p, size_t n, char *uid);

#endif
