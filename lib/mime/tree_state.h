/* SPDX-License-Identifier: MIT */
/* What the tree is made of; for tree.c, received*.c, show.c, delivery.c, bounce.c and automatic.c. */
#ifndef EMAIL__MIME_TREE_STATE_H
#define EMAIL__MIME_TREE_STATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/limits.h"
#include "mime/mailbox.h"
#include "mime/tree.h"

/* A header field as it stands, and what was decoded of it. */
typedef struct email__field {
	struct email__field *next;
	const char *text; /* unfolded, in UTF-8; NULL: not asked for yet */
	email__mailboxes *mailboxes;
	size_t name_n, value_n;
	char bytes[]; /* name, NUL, value, NUL */
} email__field;

/* The two bodies that people read. */
enum { EMAIL__SHOW_TEXT, EMAIL__SHOW_HTML, EMAIL__SHOW_COUNT };

typedef struct email__node {
	email_part part; /* all of it is right once `viewed` */
	const char *encoding;
	uint64_t header_at, body_at, end_at; /* in the message */
	email__field *fields, *last_field;
	email__field *cursor; /* the field asked for last, and its number */
	size_t cursor_at;
	unsigned first, last, next;       /* children, and the next one of the same parent; 0: none */
	bool viewed;                      /* disposition, file name and content id are decoded */
	bool within;                      /* a part of a message that this one carries: nothing of its own */
	bool shown;                       /* with the text or the HTML, or by it: an image */
	unsigned also[EMAIL__SHOW_COUNT]; /* the part that this one goes on with; 0: none */
} email__node;

struct email__tree {
	const email__reader *reader;
	bool crs;           /* a CR ends each line, and no LF is anywhere: read as if they were LFs */
	email__arena arena; /* holds this struct as well */
	email__node *node;
	size_t count, room;
	size_t field_bytes;
	email_error *error; /* where lazy decoding tells of its failures; may be NULL */
	uint64_t defects;
	unsigned defect_part[EMAIL_DEFECT_COUNT];

	/* decoded when asked for */
	bool chosen, ids_read, reported, judged;
	email_auto automatic;        /* once it was judged */
	int body[EMAIL__SHOW_COUNT]; /* the first part of each, or -1; of HTML it may be a text */
	int show[EMAIL__SHOW_COUNT]; /* the first one that is of that kind itself, or -1 */
	email__buf text[EMAIL__SHOW_COUNT];
	bool text_read[EMAIL__SHOW_COUNT];
	email__ids message_id, in_reply_to, references;
	email_delivery *delivery;
	size_t delivery_count;
};

/* --- tree.c --- */

/* Notes defects, a bit each, with the first part that has them. */
void email__tree_defects(email__tree *t, uint64_t defects, unsigned number);
/* True where the tree holds as much as it may (a defect): what is asked for is left out, as if it were not there. */
bool email__tree_full(email__tree *t, unsigned number);
/* NULL: there is none. */
email__field *email__tree_field(const email__tree *t, unsigned number, const char *name);
email__field *email__tree_field_at(email__tree *t, unsigned number, size_t i);
static inline const char *
email__field_value(const email__field *f)
{
	return f->bytes + f->name_n + 1;
}
/* The value, decoded; "" where the tree is full. NULL: no memory. */
const char *email__tree_value(email__tree *t, unsigned number, email__field *f);
/* The same by name; "" where there is no such field, or no memory. */
const char *email__tree_header(email__tree *t, unsigned number, const char *name);
/* The identifiers in the first field of that name. */
email_code email__tree_ids(email__tree *t, unsigned number, const char *name, email__ids *ids);

/* --- tree.c, received_text.c --- */

/* Bytes [at, end) of a message, as they are. */
email_code email__bytes(const email__reader *reader, uint64_t at, uint64_t end, email_sink_fn sink,
                        void *context, email_error *e);
/* The same of the tree's message, with line ends that a reader of lines can see. */
email_code email__tree_bytes(email__tree *t, uint64_t at, uint64_t end, email_sink_fn sink, void *context);
/* email_message_part_read() */
email_code email__tree_content(email__tree *t, unsigned number, bool utf8, email_sink_fn sink, void *context);
/* A part as a text: UTF-8, LF, no controls, at most EMAIL__TEXT_READ_MAX, a NUL behind it. `out` is empty. */
email_code email__tree_text(email__tree *t, unsigned number, email__buf *out);
/* The same of a body with all its parts (EMAIL__SHOW_TEXT, EMAIL__SHOW_HTML), which there is; after the choice. */
email_code email__tree_body(email__tree *t, int which, email__buf *out);

/* --- show.c --- */

/* Disposition, file name and content id are decoded. NULL: no memory. */
email__node *email__tree_view(email__tree *t, unsigned number);
/* Chooses text and HTML, once. */
email_code email__tree_choose(email__tree *t);
/* What people would call an attachment; after the choice. */
bool email__tree_attachment(const email__tree *t, unsigned number);

/* --- delivery.c, bounce.c --- */

typedef struct email__deliveries {
	email_delivery *item;
	size_t count, room;
} email__deliveries;

/* One more recipient, its texts "". NULL: no memory, or EMAIL__RECIPIENTS_MAX are there (a defect). */
email_delivery *email__deliveries_add(email__deliveries *list, email__tree *t);
/* Reads the report, once. */
email_code email__tree_deliveries(email__tree *t);
/* The part of that type, not within a message that this one carries; -1: none. */
int email__tree_find(const email__tree *t, const char *type, const char *or_type);
/* Runs of blanks and line ends become one space, none is at either end: what servers fold. NULL: no memory. */
const char *email__squeeze(email__arena *a, const char *s, size_t n);
/* The first status code (RFC 3463) in a text, as "5.1.1"; "" where there is none. NULL: no memory. */
const char *email__status_find(email__arena *a, const char *text, size_t n);

/* By the sender alone: what comes from a mail system, without a path to answer to (RFC 5321 4.5.5). */
typedef enum email__bounce { EMAIL__BOUNCE_NO, EMAIL__BOUNCE_MAYBE, EMAIL__BOUNCE_SURE } email__bounce;
email__bounce email__bounce_likely(const email__tree *t);
/* Bounces that are no delivery reports: qmail's, Exim's. `text` is what email__tree_text() gave. */
email_code email__bounce_read(email__tree *t, const char *text, email__deliveries *list);

#endif
