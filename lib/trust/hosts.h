/* SPDX-License-Identifier: MIT */
/*
 * Allowed Hosts: exemptions for one key at one host and port. A table in memory and what may happen to
 * it (model: trust, rules 5 and 6, and the bounds below them); pure, the time is told.
 *
 * A row is known by host, port and public key: the key is what an approval is for. A new certificate with
 * the same key takes the old one's place in its row.
 */
#ifndef EMAIL__TRUST_HOSTS_H
#define EMAIL__TRUST_HOSTS_H

#include <emailservice/trust.h>

#include "trust/certificate.h"

typedef struct email__row {
	char *host; /* canonical */
	int port;
	email_approval approval;
	email_reasons reasons;
	int64_t created, approved, until, last_seen;
	long count;
	bool redundant;
	unsigned char *der;
	size_t der_len;
	unsigned char *chain; /* what was sent behind it, one after the other; NULL: nothing */
	size_t chain_len;
	char sha256[65], key_sha256[65];

	void *node;    /* in the sheet, while one is being changed */
	bool changed;  /* since it was saved */
	int64_t saved; /* last_seen as the sheet has it; 0: save soon */
	long unsaved;  /* of count: not in the sheet yet */
} email__row;

/* In the order in which they were made: the first unapproved one is the oldest. */
typedef struct email__hosts {
	email__row *list;
	size_t count, cap;
	void **gone; /* sheet nodes of rows that are no more, while one is being changed */
	size_t gone_count;
} email__hosts;

void email__hosts_dispose(email__hosts *hosts);
/* A new row at the end, without bounds: for loading. The bytes are copied. NULL: no memory, or a
 * certificate that does not parse (*rc tells). */
email__row *email__hosts_add(email__hosts *hosts, const char *host, int port, email__span der,
                             email_code *rc);
void email__hosts_remove(email__hosts *hosts, email__row *row);
email__row *email__hosts_find(email__hosts *hosts, const char *host, int port, const char *key_sha256);
email_code email__row_describe(const email__row *row, int64_t now, email_allowed_host *out);

/* Rule 5: the approval counts for this key now. */
bool email__row_allows(const email__row *row, int64_t now, bool clock_unset);

/*
 * Rule 6: what was refused (or let pass by its approval) is written down. Returns its row, NULL without
 * memory or room (all 500 approved); *first: a row was made for this key.
 */
email__row *email__hosts_record(email__hosts *hosts, const char *host, int port, const email__cert *leaf,
                                email_reasons reasons, int64_t now, bool *first, email_code *rc);
/* Keeps what was sent behind the row's certificate, as much of it as EMAIL__ROW_CHAIN_MAX allows.
 * EMAIL_E_MEMORY: what was kept before stays. */
email_code email__row_keep_chain(email__row *row, const email__span *chain, size_t count);
/* A store verified the host, or no longer does. True where a row changed. */
bool email__hosts_mark(email__hosts *hosts, const char *host, int port, bool redundant);

/* Does seeing the row again have to reach the sheet now? The first times at once; then an approved one
 * hourly and a refused one each minute, so that polling does not wear the flash. */
bool email__row_due(const email__row *row);

/* What a person does. `sha256` as typed, of certificate or key, or NULL where one row is meant only.
 * Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE. */
email_code email__hosts_pick(email__hosts *hosts, const char *host, int port, const char *sha256,
                             email__row **row);
void email__hosts_approve(email__row *row, int64_t now, int64_t until);
/* NO or REJECTED: the approval ends, and rows that were "key changed" beside it are plain ones again. */
void email__hosts_refuse(email__hosts *hosts, email__row *row, email_approval approval);
/* EMAIL_E_VALUE: the row is not "key changed". The approved rows of the host go. */
email_code email__hosts_accept(email__hosts *hosts, email__row *row, int64_t now);
void email__hosts_delete(email__hosts *hosts, email__row *row);
size_t email__hosts_prune(email__hosts *hosts);

#endif
