/* SPDX-License-Identifier: MIT */
/*
 * Reading messages (RFC 5322, MIME): as events while the bytes come, or as a small tree whose bodies stay
 * where they are until they are asked for. Nothing that a message holds makes reading fail: what can be
 * had is had, and a list of defects says what was wrong. Time is linear in the size, memory is bounded.
 *
 * Every text is valid UTF-8, whatever charset the message used, and without control characters but tab
 * (and line ends, in bodies).
 */
#ifndef EMAILSERVICE_PARSE_H
#define EMAILSERVICE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What can be wrong with a message, and which bound it went over; the spelling that users see, and a
 * sentence. Each is told once a message, with the first part that has it.
 */
#define EMAIL_DEFECTS(X) \
	X(NO_HEADER, "noHeader", "it begins without a header") \
	X(NO_HEADER_END, "noHeaderEnd", "a header ends without an empty line") \
	X(HEADER_LINE, "headerLine", "a line of a header is no field") \
	X(HEADER_8BIT, "header8bit", "a header field has bytes over 127 that are not UTF-8") \
	X(HEADER_CONTROL, "headerControl", "a header field holds control characters") \
	X(HEADER_REPEATED, "headerRepeated", "a field that may stand once stands twice; the first counts") \
	X(HEADER_TOO_LONG, "headerTooLong", "bound: a header field over 64 kB, cut") \
	X(TOO_MANY_HEADERS, "tooManyHeaders", \
	  "bound: over 1,000 fields or 256 kB in one header, the rest left out") \
	X(LINE_TOO_LONG, "lineTooLong", "a line is longer than 998 characters") \
	X(BARE_CR, "bareCr", "a CR stands without its LF") \
	X(BARE_LF, "bareLf", "a line ends in LF alone") \
	X(NUL, "nul", "it holds a NUL") \
	X(ENCODED_WORD, "encodedWord", "an encoded word cannot be read") \
	X(ADDRESS, "address", "a list of addresses breaks the grammar") \
	X(TOO_MANY_ADDRESSES, "tooManyAddresses", \
	  "bound: over 1,000 addresses in one field, the rest left out") \
	X(DATE, "date", "the date cannot be read") \
	X(MESSAGE_ID, "messageId", "a message identifier cannot be read") \
	X(CONTENT_TYPE, "contentType", "a Content-Type cannot be read: taken as plain text") \
	X(PARAMETER, "parameter", "a parameter of a field cannot be read, or stands twice") \
	X(UNKNOWN_ENCODING, "unknownEncoding", "a transfer encoding is not known: left as it is") \
	X(ENCODED_MULTIPART, "encodedMultipart", "a multipart or message is encoded, against RFC 2045 6.4") \
	X(UNKNOWN_CHARSET, "unknownCharset", \
	  "a charset is not known: read as UTF-8, what is none is replaced") \
	X(CHARSET, "charset", "a text is not in the charset it names: characters are replaced or guessed") \
	X(BASE64, "base64", "a base64 body holds other characters, which are skipped") \
	X(BASE64_CUT, "base64Cut", "a base64 body ends in the middle of a group") \
	X(QUOTED_PRINTABLE, "quotedPrintable", \
	  "a quoted-printable body holds what is no code, left as it is") \
	X(NO_BOUNDARY, "noBoundary", "a multipart names no boundary: taken as one part") \
	X(BOUNDARY_MISSING, "boundaryMissing", "a multipart has no boundary that begins a part") \
	X(END_BOUNDARY, "endBoundary", "a multipart ends without its end boundary") \
	X(TOO_DEEP, "tooDeep", "bound: parts nested more than 32 deep, not opened") \
	X(TOO_MANY_PARTS, "tooManyParts", "bound: over 1,000 parts, the rest left out") \
	X(FILE_NAME, "fileName", "a file name held a path or characters that no file should have") \
	X(TEXT_TOO_LONG, "textTooLong", "bound: a text over 1 MB, cut") \
	X(REPORT, "report", "a delivery report breaks the grammar (RFC 3464)")

typedef enum email_defect {
#define X(name, code, text) EMAIL_DEFECT_##name,
	EMAIL_DEFECTS(X)
#undef X
		EMAIL_DEFECT_COUNT
} email_defect;

/* "endBoundary", and its sentence. Never NULL. */
EMAIL_API const char *email_defect_name(email_defect defect);
EMAIL_API const char *email_defect_text(email_defect defect);

/* --- events --- */

/*
 * Called in the order of the message. Any may be NULL. What is passed is valid during the call only; a
 * return other than EMAIL_OK ends the reading, and email_parser_push() returns it.
 *
 *   part     a part begins: its number (0 is the message), its parent's (itself for 0), its depth
 *   field    one header field of it, as it stands: name, and value with its folds, both without the line end
 *            and the white space that begins the value
 *   body     its header is over: what its Content-Type says, "text/plain" in lower case where it says
 *            nothing; charset "" where none is named; encoding "" or a name in lower case. A multipart's or
 *            an opened message/rfc822's content comes as parts of their own, any other's as data.
 *   data     content as it is in the message, line ends included, not decoded
 *   end      the part is over
 *   defect   something is wrong, or a bound was met; at most once each
 */
typedef struct email_parser_events {
	email_code (*part)(void *context, unsigned number, unsigned parent, unsigned depth);
	email_code (*field)(void *context, const char *name, size_t name_size, const char *value,
	                    size_t value_size);
	email_code (*body)(void *context, const char *type, const char *charset, const char *encoding);
	email_code (*data)(void *context, const char *bytes, size_t size);
	email_code (*end)(void *context, unsigned number);
	void (*defect)(void *context, email_defect defect, unsigned number);
} email_parser_events;

typedef struct email_parser email_parser;

/* Events are copied. NULL: no memory. */
EMAIL_API email_parser *email_parser_new(const email_parser_events *events, void *context);
EMAIL_API void email_parser_free(email_parser *parser);
/*
 * Bytes of the message, in pieces of any size. Allocates only where a header field, or a line that may be a
 * boundary, lies across two pieces, and keeps that memory.
 * Errors: EMAIL_E_MEMORY; what an event returned; EMAIL_E_USAGE behind _end. After an error only _free and
 * _reset are of use.
 */
EMAIL_API email_code email_parser_push(email_parser *parser, const void *bytes, size_t size);
/* The message is over: what is left comes as events. */
EMAIL_API email_code email_parser_end(email_parser *parser);
/* Ready for another message, with the memory it has. */
EMAIL_API void email_parser_reset(email_parser *parser);

/* --- the tree --- */

/*
 * A message from a file (which must stay as it is), or from memory (which must stay). One whose lines all end in CR
 * alone is read as if they were line ends (bareCr says so); to events they are none. The object is not
 * for sending: setters refuse it with EMAIL_E_USAGE, and the functions below answer nothing (NULL, 0, false)
 * of a message that was composed.
 * Errors: NULL, and error->code is EMAIL_E_FILE or EMAIL_E_MEMORY. Owns: the caller, email_message_free().
 */
EMAIL_API email_message *email_message_read_file(const char *path, email_error *error);
EMAIL_API email_message *email_message_read_data(const void *data, size_t size, email_error *error);

/*
 * What is asked for is decoded then, and kept; what is returned belongs to the message. NULL or 0 also
 * where there was no memory: email_message_error() has it.
 */

/* The i-th field of the message's header, its value in UTF-8 and unfolded. False past the end. */
EMAIL_API bool email_message_header_at(email_message *message, size_t i, const char **name,
                                       const char **value);
/* The first field of that name; case does not matter. */
EMAIL_API const char *email_message_header(email_message *message, const char *name);

typedef struct email_mailbox {
	const char *name;    /* display name, or "" */
	const char *address; /* local@domain, as it stands; "" for an empty group */
	const char *group;   /* the group's name (RFC 5322 3.4), or "" */
} email_mailbox;

/* The addresses in the field of that name ("From", "To", "Reply-To", ...). Of two fields of a name that may stand once
 * (RFC 5322 3.6) the first counts; of others ("Resent-To", "Delivered-To", ...) all do. */
EMAIL_API size_t email_message_mailboxes(email_message *message, const char *name,
                                         const email_mailbox **list);

EMAIL_API const char *email_message_subject(email_message *message);
/* Seconds since 1970, and minutes ahead of UTC (may be NULL). False: no date, or none that can be read. */
EMAIL_API bool email_message_date(email_message *message, int64_t *seconds, int *offset);
/* "<left@right>". */
EMAIL_API const char *email_message_message_id(email_message *message);
/* What it answers (RFC 5322 3.6.4), and the thread, oldest first. */
EMAIL_API size_t email_message_in_reply_to(email_message *message, const char *const **ids);
EMAIL_API size_t email_message_references(email_message *message, const char *const **ids);

/* A part; 0 is the message itself, and they stand in the order of the message. */
typedef struct email_part {
	unsigned number, parent, depth; /* parent of 0: 0 */
	const char *type;               /* "text/html", lower case */
	const char *charset;            /* as it stands, lower case; "" */
	const char *disposition;        /* "inline", "attachment" or "", lower case */
	const char *file_name;          /* safe to create in a folder; "" where it has none */
	const char *content_id;         /* without <>; "" */
	bool has_parts;                 /* a multipart, or a message that was opened */
	bool attachment;                /* what people would call so; below */
	uint64_t encoded_size;          /* bytes in the message */
} email_part;

/*
 * An attachment is a part that is neither of the text nor of the HTML nor shown by it, whether it has a name or not:
 * what stands beside the chosen HTML in a multipart/related, is an image, sound, film, font or style sheet, and has a
 * Content-ID or Content-Location, is shown, unless its file name is that of another kind of file ("logo.exe"); a
 * disposition of "attachment" goes before all that. Other forms of what is
 * shown (AMP, enriched text) in a multipart/alternative are none. A message in the mail is
 * one attachment (message/rfc822), with the name that it was given or none; its own parts are none.
 */
EMAIL_API size_t email_message_part_count(const email_message *message);
/* NULL past the end. */
EMAIL_API const email_part *email_message_part(email_message *message, unsigned number);
/* As email_message_header_at() and _header(), of a part. */
EMAIL_API bool email_message_part_header_at(email_message *message, unsigned number, size_t i,
                                            const char **name, const char **value);
EMAIL_API const char *email_message_part_header(email_message *message, unsigned number, const char *name);

/* Takes bytes; anything but EMAIL_OK ends the reading and is returned. */
typedef email_code (*email_sink_fn)(void *context, const void *bytes, size_t size);

/*
 * The part's content, decoded, in pieces; a text (type text/...) in UTF-8 where `utf8`, else in its charset. Control
 * characters stay, of texts too: a file must be what it was.
 * Of an opened multipart or message: as it stands. It is read again from file or memory at each call.
 * Errors: EMAIL_E_USAGE (no such part), EMAIL_E_FILE, EMAIL_E_MEMORY, what the sink returned.
 */
EMAIL_API email_code email_message_part_read(email_message *message, unsigned number, bool utf8,
                                             email_sink_fn sink, void *context);
/* Into a new file (0600); one that is there already is EMAIL_E_FILE. After an error there is none. */
EMAIL_API email_code email_message_part_save(email_message *message, unsigned number, const char *path);
/* The SHA-256 of what _part_read() gives without `utf8`: 64 hexadecimal digits in lower case, and a NUL.
 * Errors: as _part_read(); EMAIL_E_TLS: the TLS library cannot. `hex` is "" then. */
#define EMAIL_DIGEST_SIZE 65
EMAIL_API email_code email_message_part_digest(email_message *message, unsigned number,
                                               char hex[EMAIL_DIGEST_SIZE]);
/* The whole message as it is. */
EMAIL_API email_code email_message_read(email_message *message, email_sink_fn sink, void *context);

/* The parts to show (RFC 2046 5.1.4, RFC 2387): -1 where there is none. Of a multipart/alternative the last of each
 * kind, of a multipart/related its root, of others the first part that has any; never a message in the mail. */
EMAIL_API int email_message_text_part(email_message *message);
EMAIL_API int email_message_html_part(email_message *message);
/* Their text, UTF-8, lines ending in LF, at most 1 MB of it, and of a multipart/mixed that of the further parts that
 * people read: texts and HTML without a file name, or an "attachment", in order. HTML has all of it: what came as text
 * alone is in it too, between <pre> and </pre>; what came as HTML alone is not in the text. */
EMAIL_API const char *email_message_text(email_message *message);
EMAIL_API const char *email_message_html(email_message *message);

/* Who or what wrote it. */
typedef enum email_auto {
	EMAIL_AUTO_NO,        /* a person, as far as can be told */
	EMAIL_AUTO_GENERATED, /* a program (RFC 3834 5, mailing lists) */
	EMAIL_AUTO_REPLIED,   /* an automatic answer: out of office */
	EMAIL_AUTO_REPORT     /* a delivery report (RFC 3464) */
} email_auto;
EMAIL_API email_auto email_message_auto(email_message *message);

/* A delivery report (RFC 3464): what became of one recipient. Texts are "" where absent. */
typedef struct email_delivery {
	const char *recipient;   /* Final-Recipient, else Original-Recipient: the address alone */
	const char *action;      /* failed, delayed, delivered, relayed, expanded */
	const char *status;      /* "5.1.1" */
	const char *diagnostic;  /* what the other server said */
	const char *remote;      /* that server */
	const char *original_id; /* Message-ID of the mail that was sent */
	const char *envelope_id; /* Original-Envelope-Id */
	const char *
		original_recipient; /* whom its sender named, before aliases and forwarding (RFC 3464 2.3.1) */
} email_delivery;
EMAIL_API size_t email_message_deliveries(email_message *message, const email_delivery **list);

/* What is wrong with it; grows as more of it is decoded. */
EMAIL_API bool email_message_defect(const email_message *message, email_defect defect, unsigned *part);

#ifdef __cplusplus
}
#endif
#endif
