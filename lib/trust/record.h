/* SPDX-License-Identifier: MIT */
/*
 * What the trust sheet holds (model: sections 6 and 7), in memory, and its way from and to XML:
 *
 *     <trust xmlns="urn:emailservice:trust:1">
 *       <systemTrustStore>  <clockPolicy>  <crlFile>  <clockFloor>       each at most once
 *       <userTrustStore><certificate alias="…">base64 of the DER</certificate>…</userTrustStore>
 *       <allowedHosts><host>name, port, approval, reasons, created, …, certificate</host>…</allowedHosts>
 *     </trust>
 *
 * A change goes through the tree that was read, so that what a person wrote beside it stays.
 */
#ifndef EMAIL__TRUST_RECORD_H
#define EMAIL__TRUST_RECORD_H

#include "sheet/sheet.h"
#include "trust/hosts.h"

typedef struct email__root {
	char alias[65];
	unsigned char *der;
	size_t len;
} email__root;

typedef struct email__record {
	char *system_store, *crl_file; /* NULL: empty */
	bool floor_policy;
	int64_t clock_floor;
	email__root *roots;
	size_t root_count;
	email__hosts hosts;
} email__record;

void email__record_dispose(email__record *record);

/* Fills an empty record; rows keep their nodes. All or nothing. Errors: EMAIL_E_SHEET, EMAIL_E_MEMORY. */
email_code email__record_read(email__record *record, email__sheet *sheet, const char *name, email_error *e);
/* Brings the tree up to the record. EMAIL_E_MEMORY. */
email_code email__record_write(email__record *record, email__sheet *sheet);
/* The tree and its nodes are gone, and what was written is saved. */
void email__record_settled(email__record *record);

/* A root at the end; its bytes are copied. EMAIL_E_MEMORY. */
email_code email__record_add_root(email__record *record, const char *alias, email__span der);
void email__record_remove_root(email__record *record, size_t at);

/* A number that tells one set of stores and exemptions from another: of what a verdict depends on, and
 * nothing that a connection changes by itself. */
uint64_t email__record_digest(const email__record *record);

/* The names of reasons with spaces between them; and back. */
void email__reasons_write(email_reasons reasons, char *out, size_t size);
bool email__reasons_read(const char *text, email_reasons *reasons);

extern const char EMAIL__TRUST_NS[];
#define EMAIL__TRUST_ROOT "trust"

#endif
