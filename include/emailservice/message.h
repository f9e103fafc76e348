/* SPDX-License-Identifier: MIT */
/*
 * A message to be sent: addresses, subject, text, attachments. It is composed while it goes out, in
 * constant memory, and can be sent again: the bytes are the same each time.
 *
 * Every text is UTF-8. CR, LF, NUL and other control characters are refused where they do not belong,
 * so that no caller's text can add a header or a command. Setters copy. After an error the message is
 * as it was, and email_message_error() names the field.
 */
#ifndef EMAILSERVICE_MESSAGE_H
#define EMAILSERVICE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct email_message email_message;

/* NULL: no memory. */
EMAIL_API email_message *email_message_new(void);
EMAIL_API void email_message_free(email_message *message);

/*
 * Addresses (RFC 5322 3.4): "plant@example.com", "Plant room <plant@example.com>". _add_ may be called
 * often, and takes a list separated by commas too, and groups ("Duty: a@example.com, b@example.com;"),
 * whose members are recipients each, and which To and Cc keep. Reply-To takes such a list as well (RFC 5322
 * 3.6.2), in place of the one there was, and of the account's. Bcc never goes into the message: with
 * neither To nor Cc it says "undisclosed-recipients:;".
 * Errors: EMAIL_E_MESSAGE (not an address), EMAIL_E_LIMIT (EMAIL 1,000 recipients), EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_message_set_from(email_message *message, const char *address);
EMAIL_API email_code email_message_set_reply_to(email_message *message, const char *addresses);
EMAIL_API email_code email_message_add_to(email_message *message, const char *addresses);
EMAIL_API email_code email_message_add_cc(email_message *message, const char *addresses);
EMAIL_API email_code email_message_add_bcc(email_message *message, const char *addresses);

EMAIL_API email_code email_message_set_subject(email_message *message, const char *subject);
/* The plain text; any line endings. */
EMAIL_API email_code email_message_set_text(email_message *message, const char *text);
/* The HTML form; with a text set too, the two are alternatives (RFC 2046 5.1.4). */
EMAIL_API email_code email_message_set_html(email_message *message, const char *html);
/*
 * A header of one's own; the value is folded and encoded as it needs. Where a header's value is more than
 * text, it must be that, is written as it is, and most may stand once only: addresses (Sender, Resent-To
 * ...), ids (In-Reply-To, References), links ("List-Unsubscribe: <https://...>, <mailto:...>"), words
 * (Auto-Submitted, Precedence, Importance, List-Unsubscribe-Post ...).
 * Errors: EMAIL_E_MESSAGE: not a header name (RFC 5322 3.6.8), or one that the library writes itself
 *         (From, To, Cc, Bcc, Reply-To, Subject, Date, Message-ID, MIME-Version, Content-*, Received,
 *         Return-Path, Resent-Bcc); not a value that the header can have; EMAIL_E_LIMIT; EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_message_add_header(email_message *message, const char *name, const char *value);
/*
 * The message answers another: In-Reply-To and References (RFC 5322 3.6.4), in place of those there were.
 * `id` is that message's Message-ID, `references` its References, or where it has none its In-Reply-To, or
 * NULL; both as email_message_header() gives them. What others wrote cannot make an answer fail: of comments,
 * phrases and junk the ids are picked out, and those that cannot be written (in UTF-8, or too long for a line)
 * are left out. Where that is `id` itself, the answer has no In-Reply-To, and in References what is left.
 * Of references longer than a header may be, the first and the last stay. `id` NULL: no answer.
 * Errors: EMAIL_E_MESSAGE (control characters, not UTF-8), EMAIL_E_LIMIT (1,000 headers), EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_message_set_reply(email_message *message, const char *id, const char *references);
typedef enum email_importance {
	EMAIL_IMPORTANCE_NORMAL,
	EMAIL_IMPORTANCE_HIGH,
	EMAIL_IMPORTANCE_LOW
} email_importance;
/* Importance, X-Priority and Priority, one of which every reader knows, in place of those there were;
 * normal is none of them. */
EMAIL_API email_code email_message_set_importance(email_message *message, email_importance importance);
/* "<left@right>"; without it the library makes one, once. */
EMAIL_API email_code email_message_set_message_id(email_message *message, const char *id);
/* The Date; seconds since 1970. Without it: the time of the first attempt, then kept. */
EMAIL_API email_code email_message_set_date(email_message *message, int64_t seconds);

/*
 * Attachments. `type` is "application/pdf" or "text/csv; charset=utf-8", or NULL (by the name). A file is
 * read when the message goes out, and must be the same then. Data are copied. A stream is read by `read`,
 * which returns the bytes put into `buffer` (at most `size`), 0 at the end, -1 on an error; `rewind` starts
 * it again and returns 0, or is NULL, and then the message can be sent once only. The inline ones are shown
 * by HTML as "cid:ID" (without HTML they stand among the attachments). `content_id` NULL: the id is the file's
 * name, in which each character but ASCII letters, digits and "+-.@_" is "_" ("cid:my_logo.png" for "my logo.png"),
 * and behind it "-2", "-3" ... where another file has that id.
 * All go as base64, so that every byte arrives as it is, whatever the server. A message (.eml) goes so too,
 * as application/octet-stream: as message/rfc822 it could not (RFC 2046 5.2.1), and a server without
 * 8BITMIME could not be sent it unchanged, nor a signature in it stay valid. Hence message/... and
 * multipart/... are refused.
 * Errors: EMAIL_E_MESSAGE (name, type or content id), EMAIL_E_FILE (not a readable file), EMAIL_E_LIMIT,
 *         EMAIL_E_MEMORY.
 */
typedef long (*email_read_fn)(void *context, void *buffer, size_t size);
typedef int (*email_rewind_fn)(void *context);
EMAIL_API email_code email_message_attach_file(email_message *message, const char *path, const char *type);
EMAIL_API email_code email_message_attach_data(email_message *message, const char *name, const char *type,
                                               const void *data, size_t size);
EMAIL_API email_code email_message_attach_stream(email_message *message, const char *name, const char *type,
                                                 email_read_fn read, email_rewind_fn rewind, void *context);
EMAIL_API email_code email_message_inline_file(email_message *message, const char *path, const char *type,
                                               const char *content_id);
EMAIL_API email_code email_message_inline_data(email_message *message, const char *name, const char *type,
                                               const void *data, size_t size, const char *content_id);
EMAIL_API email_code email_message_inline_stream(email_message *message, const char *name, const char *type,
                                                 email_read_fn read, email_rewind_fn rewind, void *context,
                                                 const char *content_id);

/*
 * A ready message (RFC 5322) from a file, sent as it is save line endings. From and the recipients of
 * the envelope are those set on the object, else taken from its From, To, Cc, Bcc; Bcc is left out of
 * what is sent. Checked is what no server takes, or what would change on the way: that it begins with a
 * header, each line of which has a name, that no line is over 998 and none holds a NUL. All else,
 * Date and Message-ID too, is the maker's affair.
 * Errors: EMAIL_E_FILE, EMAIL_E_MESSAGE (no header, NUL, a line over 998), EMAIL_E_LIMIT, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_message_set_raw_file(email_message *message, const char *path);

/* Delivery notices asked for where the server can give them (RFC 3461): a set of these, 0 for the
 * server's habit; EMAIL_DSN_NEVER stands alone. */
#define EMAIL_DSN_NEVER 1u
#define EMAIL_DSN_SUCCESS 2u
#define EMAIL_DSN_FAILURE 4u
#define EMAIL_DSN_DELAY 8u
EMAIL_API email_code email_message_set_dsn(email_message *message, unsigned notify);

/* The last failure of a setter. Never NULL. */
EMAIL_API const email_error *email_message_error(const email_message *message);

#ifdef __cplusplus
}
#endif
#endif
