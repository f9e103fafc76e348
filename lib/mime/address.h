/* SPDX-License-Identifier: MIT */
/* Addresses (RFC 5322 3.4, RFC 5321 4.1.2, RFC 6531): mailboxes with optional display name, lists, groups. */
#ifndef EMAIL__MIME_ADDRESS_H
#define EMAIL__MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

typedef struct email__address {
	char *name;    /* display name decoded to UTF-8, or NULL */
	char *address; /* local@domain, canonical: comments gone, local part quoted only where it must be */
	bool utf8;     /* has bytes over 127: the local part needs SMTPUTF8; a domain becomes A-labels */
} email__address;

typedef struct email__address_list {
	email__address *item;
	size_t count;
} email__address_list;

/* Appends all mailboxes of the text; all or nothing. Errors: EMAIL_E_MESSAGE (with position in `e`),
 * EMAIL_E_LIMIT, EMAIL_E_MEMORY. */
email_code email__address_parse(const char *text, email__address_list *list, email_error *e);
/* A single mailbox "name <local@domain>". */
email_code email__address_parse_one(const char *text, email__address *address, email_error *e);
/* A local part that needs no quotes: dot-atom-text of RFC 5322 3.2.3, RFC 6532 3.2. */
bool email__address_is_dot_atom(const char *s, size_t n);
void email__address_dispose(email__address *address);
void email__address_list_dispose(email__address_list *list);

#endif
