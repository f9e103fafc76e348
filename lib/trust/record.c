/* SPDX-License-Identifier: MIT */
#include "trust/record.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

const char EMAIL__TRUST_NS[] = "urn:emailservice:trust:1";

void
email__record_dispose(email__record *record)
{
	size_t i;

	email__free(record->system_store);
	email__free(record->crl_file);
	for (i = 0; i < record->root_count; i++)
		email__free(record->roots[i].der);
	email__free(record->roots);
	email__hosts_dispose(&record->hosts);
	memset(record, 0, sizeof *record);
}

email_code
email__record_add_root(email__record *record, const char *alias, email__span der)
{
	email__root *list = email__realloc(record->roots, (record->root_count + 1) * sizeof *list), *root;

	if (!list)
		return EMAIL_E_MEMORY;
	record->roots = list;
	root = &list[record->root_count];
	memset(root, 0, sizeof *root);
	if (!(root->der = email__alloc(der.n)))
		return EMAIL_E_MEMORY;
	memcpy(root->der, der.p, der.n);
	root->len = der.n;
	snprintf(root->alias, sizeof root->alias, "%s", alias);
	record->root_count++;
	return EMAIL_OK;
}

void
email__record_remove_root(email__record *record, size_t at)
{
	email__free(record->roots[at].der);
	memmove(record->roots + at, record->roots + at + 1,
	        (record->root_count - at - 1) * sizeof *record->roots);
	record->root_count--;
}

void
email__record_settled(email__record *record)
{
	size_t i;

	record->hosts.gone_count = 0;
	for (i = 0; i < record->hosts.count; i++) {
		email__row *row = &record->hosts.list[i];

		row->node = NULL;
		row->changed = false;
		row->unsaved = 0;
		row->saved = row->last_seen;
	}
}

/* --- the digest: FNV-1a, for telling apart, not for security --- */

static void
mix(uint64_t *h, const void *p, size_t n)
{
	const unsigned char *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		*h = (*h ^ b[i]) * UINT64_C(0x100000001B3);
	*h = (*h ^ 0xFF) * UINT64_C(0x100000001B3); /* where one piece ends */
}

static void
mix_text(uint64_t *h, const char *s)
{
	mix(h, s ? s : "", s ? strlen(s) : 0);
}

uint64_t
email__record_digest(const email__record *record)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);
	size_t i;

	mix_text(&h, record->system_store);
	mix_text(&h, record->crl_file);
	mix(&h, &record->floor_policy, sizeof record->floor_policy);
	for (i = 0; i < record->root_count; i++)
		mix(&h, record->roots[i].der, record->roots[i].len);
	for (i = 0; i < record->hosts.count; i++) {
		const email__row *row = &record->hosts.list[i];

		if (row->approval != EMAIL_APPROVAL_YES)
			continue;
		mix_text(&h, row->host);
		mix(&h, &row->port, sizeof row->port);
		mix_text(&h, row->key_sha256);
		mix(&h, &row->until, sizeof row->until);
	}
	return h;
}

/* --- reasons --- */

void
email__reasons_write(email_reasons reasons, char *out, size_t size)
{
	size_t used = 0;
	unsigned i;

	out[0] = '\0';
	for (i = 0; i < EMAIL_REASON_COUNT && used < size; i++)
		if (reasons >> i & 1)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "",
			                         email_reason_name(i));
}

bool
email__reasons_read(const char *text, email_reasons *reasons)
{
	size_t n;
	unsigned i;

	*reasons = 0;
	for (; *text; text += n + strspn(text + n, " ")) {
		n = strcspn(text, " ");
		for (i = 0; i < EMAIL_REASON_COUNT; i++)
			if (strlen(email_reason_name(i)) == n && strncmp(text, email_reason_name(i), n) == 0)
				break;
		if (i == EMAIL_REASON_COUNT)
			return false;
		*reasons |= (email_reasons)1 << i;
	}
	return true;
}
