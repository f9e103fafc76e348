/* SPDX-License-Identifier: MIT */
#include "trust/hosts.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"

/* --- the table --- */

static void
dispose_row(email__row *row)
{
	email__free(row->host);
	email__free(row->der);
	email__free(row->chain);
}

void
email__hosts_dispose(email__hosts *hosts)
{
	size_t i;

	for (i = 0; i < hosts->count; i++)
		dispose_row(&hosts->list[i]);
	email__free(hosts->list);
	email__free(hosts->gone);
	memset(hosts, 0, sizeof *hosts);
}

/* Room for one more row, and for every row's node among those gone, so that removing cannot fail. */
static email_code
grow(email__hosts *hosts)
{
	size_t cap = hosts->cap ? hosts->cap * 2 : 8;
	email__row *list;
	void **gone;

	if (hosts->count < hosts->cap)
		return EMAIL_OK;
	if (!(gone = email__realloc(hosts->gone, 2 * cap * sizeof *gone)))
		return EMAIL_E_MEMORY;
	hosts->gone = gone;
	if (!(list = email__realloc(hosts->list, cap * sizeof *list)))
		return EMAIL_E_MEMORY;
	hosts->list = list;
	hosts->cap = cap;
	return EMAIL_OK;
}

static email_code
set_certificate(email__row *row, email__span der)
{
	unsigned char *copy;
	email__cert cert;
	email_code rc;

	if (!email__cert_parse(der, &cert))
		return EMAIL_E_CERTIFICATE;
	if (!(copy = email__alloc(der.n)))
		return EMAIL_E_MEMORY;
	memcpy(copy, der.p, der.n);
	if ((rc = email__fingerprint(der, row->sha256)) ||
	    (rc = email__fingerprint(cert.spki, row->key_sha256))) {
		email__free(copy);
		return rc;
	}
	email__free(row->der);
	row->der = copy;
	row->der_len = der.n;
	return EMAIL_OK;
}

email__row *
email__hosts_add(email__hosts *hosts, const char *host, int port, email__span der, email_code *rc)
{
	email__row *row;

	if ((*rc = grow(hosts)))
		return NULL;
	row = &hosts->list[hosts->count];
	memset(row, 0, sizeof *row);
	row->port = port;
	if ((*rc = set_certificate(row, der)))
		return NULL;
	if (!(row->host = email__strdup(host))) {
		email__free(row->der);
		*rc = EMAIL_E_MEMORY;
		return NULL;
	}
	hosts->count++;
	return row;
}

void
email__hosts_remove(email__hosts *hosts, email__row *row)
{
	size_t at = (size_t)(row - hosts->list);

	if (row->node && hosts->gone_count < 2 * hosts->cap)
		hosts->gone[hosts->gone_count++] = row->node;
	dispose_row(row);
	memmove(row, row + 1, (hosts->count - at - 1) * sizeof *row);
	hosts->count--;
}

static bool
of_host(const email__row *row, const char *host, int port)
{
	return row->port == port && strcmp(row->host, host) == 0;
}

email__row *
email__hosts_find(email__hosts *hosts, const char *host, int port, const char *key_sha256)
{
	size_t i;

	for (i = 0; i < hosts->count; i++)
		if (of_host(&hosts->list[i], host, port) &&
		    strcmp(hosts->list[i].key_sha256, key_sha256) == 0)
			return &hosts->list[i];
	return NULL;
}

email_code
email__row_describe(const email__row *row, int64_t now, email_allowed_host *out)
{
	email__cert cert;

	memset(out, 0, sizeof *out);
	snprintf(out->host, sizeof out->host, "%s", row->host);
	out->port = row->port;
	out->approval = row->approval;
	out->reasons = row->reasons;
	out->created = row->created;
	out->approved = row->approved;
	out->until = row->until;
	out->last_seen = row->last_seen;
	out->count = row->count;
	out->redundant = row->redundant;
	if (!email__cert_parse(email__span_of(row->der, row->der_len), &cert))
		return EMAIL_E_CERTIFICATE;
	return email__cert_describe(&cert, now, &out->certificate);
}

/* --- what a connection does --- */

bool
email__row_allows(const email__row *row, int64_t now, bool clock_unset)
{
	if (row->approval != EMAIL_APPROVAL_YES)
		return false;
	return row->until == 0 || (!clock_unset && now <= row->until);
}

static bool
unapproved(const email__row *row)
{
	return row->approval == EMAIL_APPROVAL_NO || row->approval == EMAIL_APPROVAL_KEY_CHANGED;
}

/* The oldest unapproved row, of one host or of all. */
static email__row *
oldest(email__hosts *hosts, const char *host, int port, size_t *count)
{
	email__row *first = NULL;
	size_t i;

	*count = 0;
	for (i = 0; i < hosts->count; i++) {
		email__row *row = &hosts->list[i];

		if (!unapproved(row) || (host && !of_host(row, host, port)))
			continue;
		first = first ? first : row;
		++*count;
	}
	return first;
}

/* Makes room for one unapproved row; false: everything here was decided by a person. */
static bool
make_room(email__hosts *hosts, const char *host, int port)
{
	size_t each, all;
	email__row *of_this = oldest(hosts, host, port, &each), *of_all;

	if (each >= EMAIL__HOSTS_UNAPPROVED_EACH)
		email__hosts_remove(hosts, of_this);
	of_all = oldest(hosts, NULL, 0, &all);
	if (all >= EMAIL__HOSTS_UNAPPROVED || (hosts->count >= EMAIL__HOSTS_MAX && of_all))
		email__hosts_remove(hosts, of_all);
	return hosts->count < EMAIL__HOSTS_MAX;
}

static bool
has_approved(const email__hosts *hosts, const char *host, int port)
{
	size_t i;

	for (i = 0; i < hosts->count; i++)
		if (of_host(&hosts->list[i], host, port) && hosts->list[i].approval == EMAIL_APPROVAL_YES)
			return true;
	return false;
}

static email__row *
record_new(email__hosts *hosts, const char *host, int port, const email__cert *leaf, int64_t now,
           email_code *rc)
{
	email__row *row;

	if (!make_room(hosts, host, port)) {
		*rc = EMAIL_E_LIMIT;
		return NULL;
	}
	if ((row = email__hosts_add(hosts, host, port, leaf->der, rc)) == NULL)
		return NULL;
	row->created = now;
	row->approval = has_approved(hosts, host, port) ? EMAIL_APPROVAL_KEY_CHANGED : EMAIL_APPROVAL_NO;
	return row;
}

email__row *
email__hosts_record(email__hosts *hosts, const char *host, int port, const email__cert *leaf,
                    email_reasons reasons, int64_t now, bool *first, email_code *rc)
{
	char key[65];
	email__row *row;

	*first = false;
	if ((*rc = email__fingerprint(leaf->spki, key)))
		return NULL;
	row = email__hosts_find(hosts, host, port, key);
	if (!row) {
		if (!(row = record_new(hosts, host, port, leaf, now, rc)))
			return NULL;
		*first = true;
	} else if (!email__span_equal(leaf->der, email__span_of(row->der, row->der_len))) {
		if ((*rc = set_certificate(row, leaf->der)))
			return NULL;
		row->saved = 0;
	}
	if (row->reasons != reasons || row->redundant)
		row->saved = 0;
	row->reasons = reasons;
	row->redundant = false;
	row->last_seen = now;
	row->count++;
	row->unsaved++;
	row->changed = true;
	return row;
}

email_code
email__row_keep_chain(email__row *row, const email__span *chain, size_t count)
{
	size_t n = 0, used = 0, i;
	unsigned char *copy = NULL;

	for (i = 0; i < count && n + chain[i].n <= EMAIL__ROW_CHAIN_MAX; i++)
		n += chain[i].n;
	if (n && !(copy = email__alloc(n)))
		return EMAIL_E_MEMORY;
	for (i = 0; used < n; used += chain[i++].n)
		memcpy(copy + used, chain[i].p, chain[i].n);
	if (email__span_equal(email__span_of(copy, n), email__span_of(row->chain, row->chain_len))) {
		email__free(copy);
		return EMAIL_OK;
	}
	email__free(row->chain);
	row->chain = copy;
	row->chain_len = n;
	row->changed = true;
	row->saved = 0;
	return EMAIL_OK;
}

bool
email__hosts_mark(email__hosts *hosts, const char *host, int port, bool redundant)
{
	bool changed = false;
	size_t i;

	for (i = 0; i < hosts->count; i++)
		if (of_host(&hosts->list[i], host, port) && hosts->list[i].redundant != redundant) {
			hosts->list[i].redundant = redundant;
			hosts->list[i].changed = true;
			changed = true;
		}
	return changed;
}

#define COUNTED_AT_ONCE 16

bool
email__row_due(const email__row *row)
{
	int64_t every = row->approval == EMAIL_APPROVAL_YES ? 3600 : 60;

	return row->changed && (row->count <= COUNTED_AT_ONCE || row->last_seen - row->saved >= every ||
	                        row->last_seen < row->saved);
}

/* --- what a person does --- */

/* A fingerprint as people write it, to 64 lower-case hex digits. */
static bool
read_fingerprint(const char *text, char hex[65])
{
	size_t n = 0;

	for (; *text; text++) {
		char c = email__lower(*text);

		if (c == ':' || c == ' ')
			continue;
		if (n == 64 || (!email__is_digit(c) && (c < 'a' || c > 'f')))
			return false;
		hex[n++] = c;
	}
	hex[n] = '\0';
	return n == 64;
}

email_code
email__hosts_pick(email__hosts *hosts, const char *host, int port, const char *sha256, email__row **row)
{
	char hex[65];
	size_t i, rows = 0;
	email__row *found = NULL;

	*row = NULL;
	if (sha256 && !read_fingerprint(sha256, hex))
		return EMAIL_E_VALUE;
	for (i = 0; i < hosts->count; i++) {
		email__row *r = &hosts->list[i];

		if (!of_host(r, host, port))
			continue;
		rows++;
		if (!sha256 || strcmp(r->sha256, hex) == 0 || strcmp(r->key_sha256, hex) == 0)
			found = r;
	}
	if (rows == 0)
		return EMAIL_E_UNKNOWN;
	if (!found || (!sha256 && rows > 1))
		return EMAIL_E_VALUE;
	*row = found;
	return EMAIL_OK;
}

void
email__hosts_approve(email__row *row, int64_t now, int64_t until)
{
	row->approval = EMAIL_APPROVAL_YES;
	row->approved = now;
	row->until = until;
	row->changed = true;
}

/* Without an approval at the host there is nothing that its key could have changed from. */
static void
settle(email__hosts *hosts, const char *host, int port)
{
	size_t i;

	if (has_approved(hosts, host, port))
		return;
	for (i = 0; i < hosts->count; i++)
		if (of_host(&hosts->list[i], host, port) &&
		    hosts->list[i].approval == EMAIL_APPROVAL_KEY_CHANGED) {
			hosts->list[i].approval = EMAIL_APPROVAL_NO;
			hosts->list[i].changed = true;
		}
}

void
email__hosts_refuse(email__hosts *hosts, email__row *row, email_approval approval)
{
	row->approval = approval;
	row->approved = row->until = 0;
	row->changed = true;
	settle(hosts, row->host, row->port);
}

email_code
email__hosts_accept(email__hosts *hosts, email__row *row, int64_t now)
{
	char host[EMAIL__HOST_MAX];
	int port = row->port;
	size_t i;

	if (row->approval != EMAIL_APPROVAL_KEY_CHANGED)
		return EMAIL_E_VALUE;
	snprintf(host, sizeof host, "%s", row->host);
	email__hosts_approve(row, now, 0);
	for (i = hosts->count; i-- > 0;) {
		email__row *other = &hosts->list[i];

		if (other != row && of_host(other, host, port) && other->approval == EMAIL_APPROVAL_YES) {
			email__hosts_remove(hosts, other);
			row -= other < row;
		}
	}
	return EMAIL_OK;
}

void
email__hosts_delete(email__hosts *hosts, email__row *row)
{
	char host[EMAIL__HOST_MAX];
	int port = row->port;

	snprintf(host, sizeof host, "%s", row->host);
	email__hosts_remove(hosts, row);
	settle(hosts, host, port);
}

size_t
email__hosts_prune(email__hosts *hosts)
{
	size_t i, removed = 0;

	for (i = hosts->count; i-- > 0;)
		if (hosts->list[i].redundant) {
			email__hosts_delete(hosts, &hosts->list[i]);
			removed++;
		}
	return removed;
}
