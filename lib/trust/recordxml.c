/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/base64.h"
#include "trust/host.h"
#include "trust/record.h"
#include "trust/verdict.h"

#define TEXT_ROOM (EMAIL__BASE64_LEN(EMAIL__CERTIFICATE_MAX) + 4096)

static const char *const approvals[] = {"no", "yes", "keyChanged", "rejected"};

/* --- reading --- */

struct reader {
	email__record *record;
	const char *name;
	email_error *e;
	email__buf text, der;
	unsigned seen; /* single elements that came already */
};

static email_code
complain(struct reader *r, const email__node *node, const char *what)
{
	email_code rc = email__error_set(r->e, EMAIL_E_SHEET, EMAIL_STAGE_SHEET, "%s: %s",
	                                 email__node_name(node), what);

	email__error_place(r->e, r->name, email__node_line(node));
	return rc;
}

/* The element's text, NUL-ended, in r->text. */
static email_code
read_text(struct reader *r, const email__node *node, const char **text)
{
	email_code rc = email__node_text(node, &r->text);

	*text = "";
	if (rc == EMAIL_E_MEMORY || (rc == EMAIL_OK && !(*text = email__buf_text(&r->text))))
		return email__error_memory(r->e, EMAIL_STAGE_SHEET);
	return rc ? complain(r, node, "it is no text, or too much") : EMAIL_OK;
}

/* Base64 with any white space in it, to r->der. */
static email_code
read_bytes(struct reader *r, const email__node *node)
{
	const char *text;
	char *p;
	unsigned char *out;
	size_t i, n = 0, len;
	email_code rc = read_text(r, node, &text);

	if (rc)
		return rc;
	p = (char *)email__buf_head(&r->text);
	for (i = 0; text[i]; i++)
		if (!strchr(" \t\r\n", text[i]))
			p[n++] = text[i];
	email__buf_clear(&r->der);
	if (!(out = email__buf_room(&r->der, n / 4 * 3 + 1)))
		return email__error_memory(r->e, EMAIL_STAGE_SHEET);
	if (n == 0 || email__base64_decode(out, &len, p, n))
		return complain(r, node, "it is not base64");
	email__buf_added(&r->der, len);
	return EMAIL_OK;
}

static email_code
read_string(struct reader *r, const email__node *node, char **out)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc || !*text)
		return rc;
	if (strlen(text) > EMAIL__TEXT_MAX)
		return complain(r, node, "it is too long");
	*out = email__strdup(text);
	return *out ? EMAIL_OK : email__error_memory(r->e, EMAIL_STAGE_SHEET);
}

static email_code
read_time(struct reader *r, const email__node *node, int64_t *out)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc == EMAIL_OK && !email__time_read(text, out))
		rc = complain(r, node, "a time is written like 2026-11-24T08:30:00Z");
	return rc;
}

static email_code
read_number(struct reader *r, const email__node *node, int64_t least, int64_t most, int64_t *out)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc == EMAIL_OK && !email__str_number(text, least, most, out))
		rc = complain(r, node, "it is no number, or out of range");
	return rc;
}

static email_code
read_boolean(struct reader *r, const email__node *node, bool *out)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc)
		return rc;
	*out = strcmp(text, "true") == 0;
	return *out || strcmp(text, "false") == 0 ? EMAIL_OK : complain(r, node, "it is true or false");
}

static email_code
read_policy(struct reader *r, const email__node *node)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc)
		return rc;
	r->record->floor_policy = strcmp(text, "Floor") == 0;
	return r->record->floor_policy || strcmp(text, "Refuse") == 0
	               ? EMAIL_OK
	               : complain(r, node, "it is Refuse or Floor");
}

/* --- the User Trust Store --- */

static email_code
read_root(struct reader *r, email__node *node)
{
	const char *alias = email__node_attribute(node, "alias");
	email__span der;
	email__cert cert;
	size_t i;
	email_code rc;

	if (strcmp(email__node_name(node), "certificate") != 0 || !alias || !*alias || strlen(alias) > 64)
		return complain(r, node, "a certificate with an alias of 1 to 64 bytes stands here");
	if (r->record->root_count == EMAIL__USER_STORE_MAX)
		return complain(r, node, "there are too many certificates");
	for (i = 0; i < r->record->root_count; i++)
		if (strcmp(r->record->roots[i].alias, alias) == 0)
			return complain(r, node, "the alias is there twice");
	if ((rc = read_bytes(r, node)))
		return rc;
	der = email__span_of(email__buf_head(&r->der), email__buf_len(&r->der));
	if (!email__cert_parse(der, &cert))
		return complain(r, node, "it is not a certificate");
	rc = email__record_add_root(r->record, alias, der);
	return rc ? email__error_memory(r->e, EMAIL_STAGE_SHEET) : EMAIL_OK;
}

static email_code
read_roots(struct reader *r, email__node *node)
{
	email__node *child;
	email_code rc = EMAIL_OK;

	for (child = email__node_first(node); child && rc == EMAIL_OK; child = email__node_next(child))
		rc = read_root(r, child);
	return rc;
}

/* --- Allowed Hosts --- */

static email_code
read_approval(struct reader *r, const email__node *node, email__row *row)
{
	const char *text;
	size_t i;
	email_code rc = read_text(r, node, &text);

	for (i = 0; rc == EMAIL_OK && i < sizeof approvals / sizeof *approvals; i++)
		if (strcmp(text, approvals[i]) == 0) {
			row->approval = (email_approval)i;
			return EMAIL_OK;
		}
	return rc ? rc : complain(r, node, "it is yes, no, rejected or keyChanged");
}

static email_code
read_reasons(struct reader *r, const email__node *node, email__row *row)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc == EMAIL_OK && !email__reasons_read(text, &row->reasons))
		rc = complain(r, node, "it names a reason that is not known");
	return rc;
}

enum field {
	F_NAME,
	F_PORT,
	F_APPROVAL,
	F_REASONS,
	F_CREATED,
	F_APPROVED,
	F_UNTIL,
	F_SEEN,
	F_COUNT,
	F_REDUNDANT,
	F_CERTIFICATE,
	F_CHAIN,
	FIELD_COUNT
};

static const char *const fields[FIELD_COUNT] = {"name",    "port",      "approval",    "reasons",
                                                "created", "approved",  "until",       "lastSeen",
                                                "count",   "redundant", "certificate", "chain"};

/* What a row is made of, before it is one. */
struct raw_row {
	email__row row;
	char host[EMAIL__HOST_MAX];
	email__node *certificate, *chain; /* read last, each into the one buffer that there is for bytes */
};

static email_code
read_host_name(struct reader *r, const email__node *node, struct raw_row *raw)
{
	const char *text;
	email_code rc = read_text(r, node, &text);

	if (rc == EMAIL_OK && (email__host_canonical(text, raw->host, NULL) || strcmp(text, raw->host) != 0))
		rc = complain(r, node, "it is not a host in its canonical form");
	return rc;
}

static email_code
read_field(struct reader *r, email__node *node, enum field field, struct raw_row *raw)
{
	int64_t n = 0;
	email_code rc = EMAIL_OK;

	switch (field) {
	case F_NAME: return read_host_name(r, node, raw);
	case F_PORT:
		rc = read_number(r, node, 1, 65535, &n);
		raw->row.port = (int)n;
		return rc;
	case F_APPROVAL: return read_approval(r, node, &raw->row);
	case F_REASONS: return read_reasons(r, node, &raw->row);
	case F_CREATED: return read_time(r, node, &raw->row.created);
	case F_APPROVED: return read_time(r, node, &raw->row.approved);
	case F_UNTIL: return read_time(r, node, &raw->row.until);
	case F_SEEN: return read_time(r, node, &raw->row.last_seen);
	case F_COUNT:
		rc = read_number(r, node, 0, 2147483647, &n);
		raw->row.count = (long)n;
		return rc;
	case F_REDUNDANT: return read_boolean(r, node, &raw->row.redundant);
	case F_CERTIFICATE: raw->certificate = node; return EMAIL_OK;
	case F_CHAIN: raw->chain = node; return EMAIL_OK;
	case FIELD_COUNT: break;
	}
	return rc;
}

/* One certificate after the other. That they are certificates is for the judge to see. */
static email_code
read_chain(struct reader *r, const email__node *node, email__row *row)
{
	email__span rest, one;
	email_code rc = read_bytes(r, node);

	if (rc)
		return rc;
	rest = email__span_of(email__buf_head(&r->der), email__buf_len(&r->der));
	if (rest.n > EMAIL__ROW_CHAIN_MAX)
		return complain(r, node, "it is too long");
	one = rest;
	if (email__row_keep_chain(row, &one, 1))
		return email__error_memory(r->e, EMAIL_STAGE_SHEET);
	row->changed = false;
	row->saved = row->last_seen;
	while (rest.n)
		if (!email__der_take_whole(&rest, EMAIL__DER_SEQUENCE, &one))
			return complain(r, node, "it is no row of certificates");
	return EMAIL_OK;
}

static email_code
keep_row(struct reader *r, email__node *node, struct raw_row *raw)
{
	email__hosts *hosts = &r->record->hosts;
	email__row *row;
	size_t i;
	email_code rc;

	if (!raw->host[0] || !raw->row.port || !raw->certificate)
		return complain(r, node, "it lacks name, port or certificate");
	if (hosts->count == EMAIL__HOSTS_MAX)
		return complain(r, node, "there are too many hosts");
	if ((rc = read_bytes(r, raw->certificate)))
		return rc;
	row = email__hosts_add(hosts, raw->host, raw->row.port,
	                       email__span_of(email__buf_head(&r->der), email__buf_len(&r->der)), &rc);
	if (!row)
		return rc == EMAIL_E_MEMORY ? email__error_memory(r->e, EMAIL_STAGE_SHEET)
		                            : complain(r, node, "its certificate is none");
	for (i = 0; i + 1 < hosts->count; i++)
		if (hosts->list[i].port == row->port && strcmp(hosts->list[i].host, row->host) == 0 &&
		    strcmp(hosts->list[i].key_sha256, row->key_sha256) == 0)
			return complain(r, node, "host, port and key are there twice");
	row->approval = raw->row.approval;
	row->reasons = raw->row.reasons;
	row->created = raw->row.created;
	row->approved = raw->row.approved;
	row->until = raw->row.until;
	row->last_seen = row->saved = raw->row.last_seen;
	row->count = raw->row.count;
	row->redundant = raw->row.redundant;
	row->node = node;
	return raw->chain ? read_chain(r, raw->chain, row) : EMAIL_OK;
}

static email_code
read_host(struct reader *r, email__node *node)
{
	struct raw_row raw;
	email__node *child;
	unsigned seen = 0, i;
	email_code rc = EMAIL_OK;

	memset(&raw, 0, sizeof raw);
	if (strcmp(email__node_name(node), "host") != 0)
		return complain(r, node, "only host stands here");
	for (child = email__node_first(node); child && rc == EMAIL_OK; child = email__node_next(child)) {
		for (i = 0; i < FIELD_COUNT && strcmp(email__node_name(child), fields[i]) != 0; i++)
			;
		if (i == FIELD_COUNT || seen >> i & 1)
			return complain(r, child,
			                i == FIELD_COUNT ? "it is not known here" : "it is there twice");
		seen |= 1u << i;
		rc = read_field(r, child, (enum field)i, &raw);
	}
	return rc ? rc : keep_row(r, node, &raw);
}

static email_code
read_hosts(struct reader *r, email__node *node)
{
	email__node *child;
	email_code rc = EMAIL_OK;

	for (child = email__node_first(node); child && rc == EMAIL_OK; child = email__node_next(child))
		rc = read_host(r, child);
	return rc;
}

/* --- the whole --- */

static const char *const parts[] = {"systemTrustStore", "clockPolicy",    "crlFile",
                                    "clockFloor",       "userTrustStore", "allowedHosts"};
enum { PART_COUNT = sizeof parts / sizeof *parts };

static email_code
read_part(struct reader *r, email__node *node, unsigned part)
{
	switch (part) {
	case 0: return read_string(r, node, &r->record->system_store);
	case 1: return read_policy(r, node);
	case 2: return read_string(r, node, &r->record->crl_file);
	case 3: return read_time(r, node, &r->record->clock_floor);
	case 4: return read_roots(r, node);
	default: return read_hosts(r, node);
	}
}

email_code
email__record_read(email__record *record, email__sheet *sheet, const char *name, email_error *e)
{
	struct reader r = {.record = record, .name = name, .e = e};
	email__node *node;
	unsigned i;
	email_code rc = EMAIL_OK;

	email__buf_init(&r.text, TEXT_ROOM);
	email__buf_init(&r.der, TEXT_ROOM);
	for (node = email__node_first(email__sheet_root(sheet)); node && rc == EMAIL_OK;
	     node = email__node_next(node)) {
		for (i = 0; i < PART_COUNT && strcmp(email__node_name(node), parts[i]) != 0; i++)
			;
		if (i == PART_COUNT || r.seen >> i & 1) {
			rc = complain(&r, node,
			              i == PART_COUNT ? "it is not known here" : "it is there twice");
			break;
		}
		r.seen |= 1u << i;
		rc = read_part(&r, node, i);
	}
	email__buf_dispose(&r.text);
	email__buf_dispose(&r.der);
	if (rc)
		email__record_dispose(record);
	return rc;
}

/* --- writing --- */

static email__node *
child_named(email__node *parent, const char *name)
{
	email__node *node;

	for (node = email__node_first(parent); node; node = email__node_next(node))
		if (strcmp(email__node_name(node), name) == 0)
			return node;
	return NULL;
}

/* The element of that name, made where it belongs: `order` is the list of names that come behind it. */
static email__node *
need_child(email__node *parent, const char *name, const char *const *order, size_t n)
{
	email__node *node = child_named(parent, name), *before = NULL;
	size_t i;

	if (node)
		return node;
	for (i = 0; i < n && strcmp(order[i], name) != 0; i++)
		;
	for (i++; i < n && !before; i++)
		before = child_named(parent, order[i]);
	return email__node_add(parent, before, name);
}

/* NULL or "" removes the element. */
static email_code
write_text(email__node *parent, const char *name, const char *text, const char *const *order, size_t n)
{
	email__node *node = child_named(parent, name);

	if (!text || !*text) {
		if (node)
			email__node_remove(node);
		return EMAIL_OK;
	}
	if (!node && !(node = need_child(parent, name, order, n)))
		return EMAIL_E_MEMORY;
	return email__node_set_text(node, text);
}

static email_code
write_bytes(email__node *node, const unsigned char *der, size_t n)
{
	char *text = email__alloc(EMAIL__BASE64_LEN(n) + 1);
	email_code rc;

	if (!text)
		return EMAIL_E_MEMORY;
	text[email__base64_encode(text, der, n)] = '\0';
	rc = email__node_set_text(node, text);
	email__free(text);
	return rc;
}

static email_code
write_row(email__node *node, const email__row *row)
{
	char port[8], count[24], reasons[640], times[4][24];
	const int64_t at[4] = {row->created, row->approved, row->until, row->last_seen};
	const char *text[FIELD_COUNT] = {0};
	email__node *der;
	email_code rc = EMAIL_OK;
	int i;

	for (i = 0; i < 4; i++) {
		times[i][0] = '\0';
		if (at[i])
			email__time_write(at[i], times[i]);
	}
	snprintf(port, sizeof port, "%d", row->port);
	snprintf(count, sizeof count, "%ld", row->count);
	email__reasons_write(row->reasons, reasons, sizeof reasons);
	text[F_NAME] = row->host;
	text[F_PORT] = port;
	text[F_APPROVAL] = approvals[row->approval];
	text[F_REASONS] = reasons;
	text[F_CREATED] = times[0];
	text[F_APPROVED] = times[1];
	text[F_UNTIL] = times[2];
	text[F_SEEN] = times[3];
	text[F_COUNT] = count;
	text[F_REDUNDANT] = row->redundant ? "true" : "";
	for (i = 0; i < F_CERTIFICATE && rc == EMAIL_OK; i++)
		rc = write_text(node, fields[i], text[i], fields, FIELD_COUNT);
	if (rc)
		return rc;
	if (!(der = need_child(node, fields[F_CERTIFICATE], fields, FIELD_COUNT)) ||
	    write_bytes(der, row->der, row->der_len))
		return EMAIL_E_MEMORY;
	if (row->chain_len == 0)
		return write_text(node, fields[F_CHAIN], NULL, fields, FIELD_COUNT);
	der = need_child(node, fields[F_CHAIN], fields, FIELD_COUNT);
	return der ? write_bytes(der, row->chain, row->chain_len) : EMAIL_E_MEMORY;
}

static email_code
write_hosts(email__record *record, email__node *root)
{
	email__node *list;
	size_t i;
	email_code rc = EMAIL_OK;

	for (i = 0; i < record->hosts.gone_count; i++)
		email__node_remove(record->hosts.gone[i]);
	record->hosts.gone_count = 0;
	list = child_named(root, "allowedHosts");
	if (record->hosts.count && !list && !(list = need_child(root, "allowedHosts", parts, PART_COUNT)))
		return EMAIL_E_MEMORY;
	for (i = 0; i < record->hosts.count && rc == EMAIL_OK; i++) {
		email__row *row = &record->hosts.list[i];

		if (row->node && !row->changed)
			continue;
		if (!row->node && !(row->node = email__node_add(list, NULL, "host")))
			return EMAIL_E_MEMORY;
		rc = write_row(row->node, row);
	}
	return rc;
}

static bool
has_root(const email__record *record, const char *alias)
{
	size_t i;

	for (i = 0; i < record->root_count; i++)
		if (alias && strcmp(record->roots[i].alias, alias) == 0)
			return true;
	return false;
}

/* Roots are never changed, only added and removed: an alias stands for the same bytes as long as it is there. */
static email_code
write_roots(const email__record *record, email__node *root)
{
	email__node *list = child_named(root, "userTrustStore"), *node, *next;
	size_t i;
	email_code rc = EMAIL_OK;

	for (node = list ? email__node_first(list) : NULL; node; node = next) {
		next = email__node_next(node);
		if (!has_root(record, email__node_attribute(node, "alias")))
			email__node_remove(node);
	}
	for (i = 0; i < record->root_count && rc == EMAIL_OK; i++) {
		const email__root *r = &record->roots[i];

		if (!list && !(list = need_child(root, "userTrustStore", parts, PART_COUNT)))
			return EMAIL_E_MEMORY;
		for (node = email__node_first(list); node; node = email__node_next(node))
			if (strcmp(email__node_attribute(node, "alias"), r->alias) == 0)
				break;
		if (node)
			continue;
		if (!(node = email__node_add(list, NULL, "certificate")))
			return EMAIL_E_MEMORY;
		if ((rc = email__node_set_attribute(node, "alias", r->alias)) == EMAIL_OK)
			rc = write_bytes(node, r->der, r->len);
	}
	return rc;
}

email_code
email__record_write(email__record *record, email__sheet *sheet)
{
	email__node *root = email__sheet_root(sheet);
	char floor[24] = "";
	email_code rc;

	if (record->clock_floor)
		email__time_write(record->clock_floor, floor);
	if ((rc = write_text(root, "systemTrustStore", record->system_store, parts, PART_COUNT)) ||
	    (rc = write_text(root, "clockPolicy", record->floor_policy ? "Floor" : "", parts, PART_COUNT)) ||
	    (rc = write_text(root, "crlFile", record->crl_file, parts, PART_COUNT)) ||
	    (rc = write_text(root, "clockFloor", floor, parts, PART_COUNT)) ||
	    (rc = write_roots(record, root)))
		return rc;
	return write_hosts(record, root);
}
