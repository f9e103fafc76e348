/* SPDX-License-Identifier: MIT */
/* The message object: what its caller set, and what composing keeps. */
#ifndef EMAIL__MIME_MESSAGE_H
#define EMAIL__MIME_MESSAGE_H

#include <emailservice/message.h>

#include "mime/address.h"
#include "mime/compose.h"
#include "mime/content.h"
#include "mime/raw.h"
#include "mime/structured.h"
#include "mime/tree.h"

/* An attached or inline file. */
typedef struct email__part {
	bool shown; /* inline, by its content id */
	char *name, *type, *content_id;
	char *data; /* owned; what content.data points to */
	email__content content;
} email__part;

typedef struct email__header {
	char *name, *value;
	const email__structured *field; /* NULL: the value is text */
	email__address_list addresses;  /* where the value is a list of them */
} email__header;

/* What goes out, in order: bytes of the frame, or a content. */
typedef struct email__segment {
	email__content *content; /* NULL: the frame's bytes [from, to) */
	size_t from, to;
} email__segment;

#define EMAIL__BOUNDARY_MAX 40

struct email_message {
	email_error error;
	email__address from; /* address NULL: not set */
	email__address_list reply_to, to, cc, bcc;
	char *subject, *text, *html;
	email__header *headers;
	size_t header_count;
	email__part **parts; /* pointers, so that contents stay where segments know them */
	size_t part_count;
	char *message_id;
	int64_t date;
	unsigned dsn;
	bool has_date;
	email__raw raw;
	email__content text_content, html_content;

	/* frozen at the first prepare; a setter of the same thing goes before it */
	int64_t frozen_date;
	int offset;
	bool frozen, dated; /* dated: by a clock that was set */
	char boundary[EMAIL__BOUNDARY_MAX];
	char *made_id;

	/* what the last prepare made, good until something changes */
	bool prepared, allow_eight_bit, undated;
	char *default_from_text, *default_reply_to_text;
	email__address default_from, default_reply_to;
	email__buf frame;
	email__segment *segments;
	size_t segment_count, segment_room;
	const char **recipients;
	email__envelope envelope;

	/* where the source is */
	size_t segment, at;
	bool begun; /* the segment's content, or the raw file */
	unsigned char carry[EMAIL__CONTENT_ROOM];
	size_t carry_at, carry_end;

	/* of a message that was read (mime/received.c): the rest is not used then, but for the error */
	bool received;     /* else it is being composed */
	bool planted;      /* `tree` is this message's */
	email_code unread; /* why it could not be made */
	email__tree *tree; /* NULL, or another message's, the memory of which is used again */
	email__reader reader;
	email__file *file; /* NULL: from memory */
};

/* The tree of a message that was read, made when it is first asked for. NULL: it was composed, or it cannot be read,
 * which m->error tells. */
email__tree *email__message_tree(email_message *m);
/* A setter begins: what fails from here on concerns this field. False: the message was read, and stays so: it
 * returns EMAIL_E_USAGE. And ends: gives back what it returns. */
bool email__message_enter(email_message *m, const char *field);
email_code email__message_leave(email_message *m, email_code rc);
/* Errors of setters: no memory, and no argument. */
email_code email__message_memory(email_message *m);
email_code email__message_missing(email_message *m);
/* Room for one more in an array that grows at powers of two. */
void *email__room_for_one(void *array, size_t count, size_t size);
void email__part_free(email__part *part);

#endif
