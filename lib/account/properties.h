/* SPDX-License-Identifier: MIT */
/*
 * The property table: one row for everything that can be configured or read. Defaults, texts, sheets,
 * listings, schema and documentation all come from here; nothing else knows a property's name.
 */
#ifndef EMAIL__ACCOUNT_PROPERTIES_H
#define EMAIL__ACCOUNT_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/account.h"

/* How a value is stored, read and written (value.c has one line for each). */
typedef enum email__type {
	EMAIL__TYPE_BOOLEAN,
	EMAIL__TYPE_INTEGER,  /* within the row's range, or -1 where minus_one */
	EMAIL__TYPE_DURATION, /* milliseconds */
	EMAIL__TYPE_ENUM,     /* an index into the row's names */
	EMAIL__TYPE_WORD,     /* one of the row's names, kept as text; the first one as "" */
	EMAIL__TYPE_TEXT,
	EMAIL__TYPE_NAME, /* of an account */
	EMAIL__TYPE_HOST,
	EMAIL__TYPE_EHLO, /* a host, or an address literal (RFC 5321 4.1.3) */
	EMAIL__TYPE_ADDRESS,
	EMAIL__TYPE_URL, /* of an HTTPS server */
	EMAIL__TYPE_SECRET,
	EMAIL__TYPE_TIME,   /* seconds since 1970; 0 for never */
	EMAIL__TYPE_STATUS, /* EMAIL__STATUS_ bits */
	EMAIL__TYPE_COUNT
} email__type;

typedef struct email__property {
	email_property p;    /* what the world sees; first, so that one gives the other */
	size_t offset;       /* of the value in email__values (or email__service_values) */
	int64_t least, most; /* of a number; of a text, its bytes */
	int64_t (*compute)(const email_account *account); /* derived, not stored */
	email__type type;
	bool minus_one; /* -1 stands beside the range */
	bool imap;      /* only where the store is Imap */
} email__property;

/* The service's own values. */
typedef struct email__service_values {
	bool enabled;
	char *state_folder;
	int64_t status_bits;
	char *fault_cause;
} email__service_values;

/* A table of rows and where it is short, so that both tables are walked by the same code. */
typedef struct email__table {
	const email__property *row;
	size_t count;
} email__table;

extern const email__table email__account_table, email__service_table;

/* Authenticator fields are "emailAuthenticator." and a field's name; the type is one of them. */
#define EMAIL__AUTHENTICATOR "emailAuthenticator"
#define EMAIL__AUTHENTICATOR_TYPE EMAIL__AUTHENTICATOR ".type"
/* The field's name behind the dot; NULL where the row is no authenticator's. */
const char *email__property_field(const email__property *row);

/* NULL: no such row. */
const email__property *email__table_find(const email__table *table, const char *name);
size_t email__table_index(const email__table *table, const email__property *row);

bool email__property_of_kind(const email__property *row, email_account_kind kind);
/* True where an authenticator of this type (email__authenticator) has the row; other rows always. */
bool email__property_of_authenticator(const email__property *row, int64_t type);
/* The type's name, "basic". */
const char *email__authenticator_name(int64_t type);

/* Names separated by spaces: the place of a word (-1: not there), and the word at a place (its length in
 * *n; NULL past the end). */
int email__words_index(const char *words, const char *word);
const char *email__words_at(const char *words, int64_t i, size_t *n);

/* What the row takes, for a sentence: "true or false", "-1 or 1..65535", "one of Imap Pop3". */
void email__property_expected(const email__property *row, char *out, size_t size);

/* The known name that looks most like this one; NULL where none does. `kind` as email__property_of_kind(),
 * or -1 for every row; with `field` the names of authenticator fields, dot and all before it left out. */
const char *email__table_nearest(const email__table *table, int kind, bool field, const char *name);
/* The same among words; into out, "" where none does. */
void email__words_nearest(const char *words, const char *word, char *out, size_t size);

/* The text into a caller's array, cut where it does not fit (EMAIL_E_LIMIT). */
email_code email__text_out(email__buf *in, char *text, size_t size);

int64_t email__effective_port(const email_account *account);
int64_t email__effective_tls_min(const email_account *account);
/* The ends of the certificates that clientCertificate and the authenticator's name, read from the User Key Store; 0: none
 * is named, or it is not to be had. */
int64_t email__client_certificate_end(const email_account *account);
int64_t email__auth_certificate_end(const email_account *account);
/* The stored bits, and "disabled" where the account is. */
int64_t email__effective_status(const email_account *account);

#endif
