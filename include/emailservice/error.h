/* SPDX-License-Identifier: MIT */
/*
 * Errors: the codes that every function returns, and the record that says more.
 *
 * A function that can fail returns an email_code; EMAIL_OK is 0. The object it was called on keeps
 * an email_error with the whole story (email_account_error() and its like); loaders fill one that
 * the caller brings. The first error of a call stays; the next call clears it.
 */
#ifndef EMAILSERVICE_ERROR_H
#define EMAILSERVICE_ERROR_H

#include <stdbool.h>

#include <emailservice/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the caller does next.
 *   RETRY    the same call may succeed later (network, 4yz, clock not set)
 *   REFUSED  the server said no for good (5yz)
 *   FIX      a person must change something (password, certificate, property, file)
 *   UNSURE   the connection broke after the end of the data: it may have been delivered (RFC 1047)
 *   BUG      the program called the library wrongly
 */
typedef enum email_class {
	EMAIL_CLASS_NONE,
	EMAIL_CLASS_RETRY,
	EMAIL_CLASS_REFUSED,
	EMAIL_CLASS_FIX,
	EMAIL_CLASS_UNSURE,
	EMAIL_CLASS_BUG
} email_class;

/* The one table of codes: name, class, text. */
#define EMAIL_CODES(X) \
	X(OK, NONE, "done") \
	X(E_MEMORY, RETRY, "out of memory") \
	X(E_USAGE, BUG, "the library was called wrongly") \
	X(E_VALUE, FIX, "the value is not valid for this property") \
	X(E_UNKNOWN, FIX, "no such name") \
	X(E_SHEET, FIX, "the property sheet is not valid") \
	X(E_FILE, RETRY, "a file could not be read or written") \
	X(E_SECRET, FIX, "a secret could not be read") \
	X(E_MESSAGE, FIX, "the message is not valid") \
	X(E_CERTIFICATE, FIX, "the certificate or key file is not valid") \
	X(E_LIMIT, FIX, "a bound was exceeded") \
	X(E_DISABLED, FIX, "the account is disabled") \
	X(E_RESOLVE, RETRY, "the host name could not be resolved") \
	X(E_CONNECT, RETRY, "the server could not be reached") \
	X(E_TIMEOUT, RETRY, "the server did not answer in time") \
	X(E_CLOSED, RETRY, "the server closed the connection") \
	X(E_PROTOCOL, RETRY, "the server broke the protocol") \
	X(E_STARTTLS, FIX, "the server did not start TLS") \
	X(E_TLS, RETRY, "the TLS handshake or connection failed") \
	X(E_TLS_VERSION, FIX, "the TLS version is below the minimum") \
	X(E_TRUST, FIX, "the server's certificate is not trusted") \
	X(E_CLOCK, RETRY, "the clock is not set") \
	X(E_LOGIN, FIX, "the server refused the login") \
	X(E_MECHANISM, FIX, "no login mechanism may be used on this connection") \
	X(E_EXTENSION, REFUSED, "the server lacks an extension that the message needs") \
	X(E_TEMPORARY, RETRY, "the server refused for now") \
	X(E_REFUSED, REFUSED, "the server refused") \
	X(E_PARTIAL, REFUSED, "the server refused some recipients") \
	X(E_UNSURE, UNSURE, "the end of the data was not answered: it may have been delivered") \
	X(E_CANCELLED, RETRY, "cancelled") \
	X(E_QUEUE_FULL, RETRY, "the queue is full") \
	X(E_SUPPRESSED, REFUSED, "the same mail was queued a short while ago") \
	X(E_INDETERMINATE, UNSURE, "the mail may be in the queue or not: queue it again under the same key")

typedef enum email_code {
#define X(name, class, text) EMAIL_##name,
	EMAIL_CODES(X)
#undef X
		EMAIL_CODE_COUNT
} email_code;

/* Where it happened; the spelling that users see is the second column. */
#define EMAIL_STAGES(X) \
	X(NONE, "") \
	X(RESOLVE, "resolve") \
	X(CONNECT, "connect") \
	X(GREETING, "greeting") \
	X(CAPABILITIES, "capabilities") \
	X(STARTTLS, "starttls") \
	X(TLS_HANDSHAKE, "tlsHandshake") \
	X(TRUST, "trust") \
	X(AUTHENTICATE, "authenticate") \
	X(TOKEN, "token") \
	X(ENVELOPE, "envelope") \
	X(DATA, "data") \
	X(MAILBOX, "mailbox") \
	X(FETCH, "fetch") \
	X(QUEUE, "queue") \
	X(SHEET, "sheet")

typedef enum email_stage {
#define X(name, text) EMAIL_STAGE_##name,
	EMAIL_STAGES(X)
#undef X
		EMAIL_STAGE_COUNT
} email_stage;

/*
 * One failure. Fixed size, so that even want of memory can be told. Text never holds a secret, and
 * what a server said is made printable and cut before it gets here.
 */
typedef struct email_error {
	email_code code; /* EMAIL_OK where there is none */
	email_stage stage;
	bool temporary;    /* trying the same again later can help */
	int os;            /* errno, or 0 */
	int tls;           /* the TLS library's code, or 0 */
	int reply;         /* the server's reply code (RFC 5321 4.2), or 0 */
	char enhanced[12]; /* enhanced status code "5.1.1" (RFC 3463), or "" */
	char file[128];    /* of a sheet or message; the tail of a longer path */
	int line;          /* in that file, from 1; 0 where there is none */
	char property[64]; /* the property concerned, or "" */
	char text[320];    /* one sentence */
	char remedy[320];  /* what a technician can do about it, or "" */
} email_error;

/* The name of a code ("E_TRUST"), its sentence, its class; and the name of a stage. Never NULL. */
EMAIL_API const char *email_code_name(email_code code);
EMAIL_API const char *email_code_text(email_code code);
EMAIL_API email_class email_code_class(email_code code);
EMAIL_API const char *email_stage_name(email_stage stage);

#ifdef __cplusplus
}
#endif
#endif
