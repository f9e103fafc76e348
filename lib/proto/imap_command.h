/* SPDX-License-Identifier: MIT */
/*
 * The typed command writer: nothing else writes to the wire. Every argument is checked or quoted, so that no
 * caller's text can add a command. A command goes into `out` whole or not at all; errors leave it as it was:
 * EMAIL_E_VALUE (outside the grammar), EMAIL_E_LIMIT (no room, or too long), EMAIL_E_MEMORY.
 */
#ifndef EMAIL__PROTO_IMAP_COMMAND_H
#define EMAIL__PROTO_IMAP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "wire/link.h"

/* Any command but those of a login fits into this. */
#define EMAIL__IMAP_COMMAND_ROOM (EMAIL__IMAP_COMMAND_MAX + 2)

/* --- sets of UIDs (RFC 3501 9, sequence-set) --- */

typedef struct email__imap_set {
	char text[EMAIL__IMAP_COMMAND_MAX - EMAIL__IMAP_FOLDER_MAX * 2 - 128];
	size_t n;
	uint32_t low, high; /* the range that is not written yet; 0: none */
} email__imap_set;

void email__imap_set_start(email__imap_set *set);
/* Adds low:high; neighbours become one range. False: no room, and it is as it was. */
bool email__imap_set_add(email__imap_set *set, uint32_t low, uint32_t high);
/* The text, with a NUL; nothing is added after it. */
const char *email__imap_set_text(email__imap_set *set);

/* --- commands: `tag` is a number, written as A1, A2.. --- */

/* A verb alone: "CAPABILITY", "STARTTLS", "NOOP", "IDLE", "LOGOUT", "EXPUNGE". */
email_code email__imap_put_verb(email__link *link, uint32_t tag, const char *verb);
/* A line without tag: "*" gives up a login (RFC 3501 6.2.2), "DONE" ends IDLE (RFC 2177 3). */
email_code email__imap_put_line(email__link *link, const char *line);
/* AUTHENTICATE with the initial response (n bytes, encoded here), or without where `response` is NULL. Masked in the
 * transcript, as is a later response. `out` is secret until it has been written. */
email_code email__imap_put_auth(email__link *link, uint32_t tag, const char *mechanism, const void *response,
                                size_t n);
email_code email__imap_put_response(email__link *link, const void *response, size_t n);

/* What follows the literals of a LOGIN: it waits in `text` (secret) until the server says "+". */
typedef struct email__imap_rest {
	email__buf text;
	size_t lengths[2];
	unsigned parts, at;
} email__imap_rest;
/*
 * LOGIN, user and password quoted, or as literals where they are not ASCII: sent on at once where `plus`, else in
 * parts, the first of them at once, each of the others by _put_rest() after a "+".
 */
email_code email__imap_put_login(email__link *link, uint32_t tag, const char *user, const char *password,
                                 bool plus, email__imap_rest *rest);
email_code email__imap_put_rest(email__link *link, email__imap_rest *rest);
void email__imap_rest_end(email__imap_rest *rest);

email_code email__imap_put_id(email__link *link, uint32_t tag, const char *name, const char *version);
/* What of the two is offered. */
email_code email__imap_put_enable(email__link *link, uint32_t tag, bool utf8, bool rev2);
/* `verb` is "SELECT", "EXAMINE", "CREATE"; the folder in UTF-8 goes as such where `utf8`, else in modified UTF-7. */
email_code email__imap_put_folder(email__link *link, uint32_t tag, const char *verb, const char *folder,
                                  bool utf8);
/* True where both spellings of the folder are the same one. */
bool email__imap_folder_plain(const char *folder);

/* UID SEARCH among the messages first..last (sequence numbers) for unseen ones from UID `from` on. */
email_code email__imap_put_search(email__link *link, uint32_t tag, uint32_t first, uint32_t last,
                                  uint32_t from, bool esearch);
/* UID SEARCH for messages that are marked \Deleted and not in the set. */
email_code email__imap_put_search_others(email__link *link, uint32_t tag, const char *set);
/* UID FETCH. `set` and `items` are the engine's own words: "(UID FLAGS)", a section of a structure. */
email_code email__imap_put_fetch(email__link *link, uint32_t tag, const char *set, const char *items);
email_code email__imap_put_section(email__link *link, uint32_t tag, uint32_t uid, const char *section);
email_code email__imap_put_partial(email__link *link, uint32_t tag, const char *set, uint64_t offset);
/* UID STORE: `change` is "+" or "-", `flag` "\\Seen" or "\\Deleted". */
email_code email__imap_put_store(email__link *link, uint32_t tag, const char *set, const char *change,
                                 const char *flag);
email_code email__imap_put_expunge(email__link *link, uint32_t tag, const char *set);
/* `verb` is "MOVE" or "COPY". */
email_code email__imap_put_move(email__link *link, uint32_t tag, const char *verb, const char *set,
                                const char *folder, bool utf8);

#endif
