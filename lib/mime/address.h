/* SPDX-License-Identifier: MIT */
/* Addresses (RFC 5322 3.4, RFC 5321 4.1.2, RFC 6531): mailboxes with optional display name, lists, groups. */
#ifndef EMAIL__MIME_ADDRESS_H
#define EMAIL__MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef enum email__address_kind {
	EMAIL__ADDRESS_MAILBOX,
	EMAIL__ADDRESS_GROUP,    /* a group begins: a name, no address */
	EMAIL__ADDRESS_GROUP_END /* neither */
} email__address_kind;

typedef struct email__address {
	email__address_kind kind;
	char *name;    /* display name decoded to UTF-8, or NULL */
	char *address; /* local@domain, canonical: comments gone, local part quoted only where it must be */
	bool utf8;     /* has bytes over 127: the local part needs SMTPUTF8; a domain becomes A-labels */
} email__address;

typedef struct email__address_list {
	email__address *item;
	size_t count;
	size_t mailboxes; /* of these; the others are what groups begin and end with */
} email__address_list;

/* Appends all mailboxes of the text; all or nothing. Errors: EMAIL_E_MESSAGE (with position in `e`),
 * EMAIL_E_LIMIT, EMAIL_E_MEMORY. */
email_code email__address_parse(const char *text, email__address_list *list, email_error *e);
/* The same, with the groups: each of them stands around its mailboxes. */
email_code email__address_parse_groups(const char *text, email__address_list *list, email_error *e);
/* A single mailbox "name <local@domain>". */
email_code email__address_parse_one(const char *text, email__address *address, email_error *e);
/* A local part that needs no quotes: dot-atom-text of RFC 5322 3.2.3, RFC 6532 3.2. */
bool email__address_is_dot_atom(const char *s, size_t n);
void email__address_dispose(email__address *address);
/* Drops all but the first `count`. */
void email__address_list_cut(email__address_list *list, size_t count);
void email__address_list_dispose(email__address_list *list);

#endif
