/* SPDX-License-Identifier: MIT */
/* The stores as a person sees them: System Trust Store to look at, User Trust Store to change. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/clock.h"
#include "trust/again.h"
#include "trust/judge.h"
#include "trust/pem.h"
#include "trust/store.h"

/* --- the System Trust Store --- */

struct listing {
	email_certificate_fn visit; /* NULL: only count */
	void *context;
	int64_t now;
	char (*seen)[65]; /* a folder holds each root under several names */
	size_t count;
	bool stopped;
};

static bool
seen_already(const struct listing *l, const char *sha256)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->seen[i], sha256) == 0)
			return true;
	return false;
}

static email_code
list_root(void *context, const email__cert *cert)
{
	struct listing *l = context;
	email_certificate c;
	char(*seen)[65];
	email_code rc;

	if ((rc = email__fingerprint(cert->der, c.sha256)) || l->stopped || seen_already(l, c.sha256))
		return rc;
	if (l->count % 64 == 0) {
		if (!(seen = email__realloc(l->seen, (l->count + 64) * sizeof *seen)))
			return EMAIL_E_MEMORY;
		l->seen = seen;
	}
	memcpy(l->seen[l->count++], c.sha256, sizeof c.sha256);
	if (!l->visit)
		return EMAIL_OK;
	if ((rc = email__cert_describe(cert, l->now, &c)))
		return rc;
	snprintf(c.alias, sizeof c.alias, "%.64s", c.sha256);
	l->stopped = !l->visit(l->context, &c);
	return EMAIL_OK;
}

static email_code
read_system(email_trust *trust, struct listing *l, email_store_report *report)
{
	char *beside = NULL;
	const char *path = email__store_path(NULL);
	email__store_count count = {0};
	email_code rc = EMAIL_OK;

	memset(report, 0, sizeof *report);
	if (trust->record.system_store &&
	    !(path = beside = email__trust_beside(trust, trust->record.system_store)))
		return email__error_memory(&trust->error, EMAIL_STAGE_TRUST);
	if (path) {
		rc = email__store_visit(path, list_root, l, &count, &trust->error);
		snprintf(report->path, sizeof report->path, "%s", path);
	}
	report->loaded = l->count;
	report->skipped = count.skipped;
	snprintf(report->why, sizeof report->why, "%s", count.why);
	email__free(l->seen);
	email__free(beside);
	return rc;
}

email_code
email_trust_list_system(email_trust *trust, email_certificate_fn visit, void *context)
{
	struct listing l = {.visit = visit, .context = context, .now = email__clock_wall()};
	email_store_report report;
	email_code rc = email__trust_begin(trust);

	if (rc == EMAIL_OK)
		rc = read_system(trust, &l, &report);
	email__mutex_unlock(&trust->mutex);
	return rc;
}

email_code
email_trust_report_system(email_trust *trust, email_store_report *report)
{
	struct listing l = {0};
	email_code rc = email__trust_begin(trust);

	memset(report, 0, sizeof *report);
	if (rc == EMAIL_OK)
		rc = read_system(trust, &l, report);
	email__mutex_unlock(&trust->mutex);
	return rc;
}

/* --- revocation lists --- */

email_code
email_trust_crl_outdated(email_trust *trust, bool *outdated)
{
	email__crls crls = {0};
	email_code rc = email__trust_begin(trust);

	if (rc == EMAIL_OK)
		rc = email__trust_load_crls(trust, &crls, &trust->error);
	*outdated = rc == EMAIL_OK && email__crls_outdated(&crls, email__clock_wall());
	email__crls_dispose(&crls);
	email__mutex_unlock(&trust->mutex);
	return rc;
}

/* --- the User Trust Store --- */

static email_code
describe_root(const email__root *root, email_certificate *out)
{
	email__cert cert;
	email_code rc;

	if (!email__cert_parse(email__span_of(root->der, root->len), &cert))
		return EMAIL_E_CERTIFICATE;
	if ((rc = email__cert_describe(&cert, email__clock_wall(), out)) == EMAIL_OK)
		snprintf(out->alias, sizeof out->alias, "%s", root->alias);
	return rc;
}

email_code
email_trust_list_user(email_trust *trust, email_certificate_fn visit, void *context)
{
	email_certificate c;
	size_t i;
	email_code rc = email__trust_begin(trust);

	for (i = 0; rc == EMAIL_OK && i < trust->record.root_count; i++) {
		if ((rc = describe_root(&trust->record.roots[i], &c)))
			email__error_set(&trust->error, rc, EMAIL_STAGE_TRUST, "%s", email_code_text(rc));
		else if (!visit(context, &c))
			break;
	}
	email__mutex_unlock(&trust->mutex);
	return rc;
}

/* What a file to be imported holds: all of it is looked at before anything is changed. */
struct import {
	const char *alias;
	email__record fresh; /* only its roots */
	bool private_key;
	size_t added;
};

static email_code
take_certificate(void *context, email__pem_kind kind, email__span der)
{
	struct import *im = context;
	email__cert cert;

	if (kind == EMAIL__PEM_PRIVATE_KEY)
		im->private_key = true;
	if (kind != EMAIL__PEM_CERTIFICATE)
		return kind == EMAIL__PEM_OTHER ? EMAIL_OK : EMAIL_E_CERTIFICATE;
	if (!email__cert_parse(der, &cert) || im->fresh.root_count == EMAIL__USER_STORE_MAX)
		return EMAIL_E_CERTIFICATE;
	return email__record_add_root(&im->fresh, "", der);
}

static bool
alias_taken(const email__record *record, const char *alias)
{
	size_t i;

	for (i = 0; i < record->root_count; i++)
		if (strcmp(record->roots[i].alias, alias) == 0)
			return true;
	return false;
}

/* Letters, digits, dots and hyphens, other characters as one hyphen: what can be typed again. */
static void
alias_from(const char *text, size_t n, char out[65])
{
	size_t i, used = 0;

	for (i = 0; i < n && used < 48; i++) {
		char c = email__lower(text[i]);

		if (email__is_alpha(c) || email__is_digit(c) || c == '.')
			out[used++] = c;
		else if (used && out[used - 1] != '-')
			out[used++] = '-';
	}
	while (used && (out[used - 1] == '-' || out[used - 1] == '.'))
		used--;
	while (used && out[0] == '.')
		memmove(out, out + 1, used--);
	if (!used) {
		memcpy(out, "root", 4);
		used = 4;
	}
	out[used] = '\0';
}

/* The alias that was asked for or one made from the subject, with a number where there are several. */
static void
make_alias(const struct import *im, const email__record *record, email__span der, char out[65])
{
	char stem[65], text[257];
	email__cert cert;
	email__span common;
	unsigned n;

	if (im->alias) {
		snprintf(stem, sizeof stem, "%s", im->alias);
	} else if (email__cert_parse(der, &cert) && email__name_common(cert.subject, &common)) {
		alias_from((const char *)common.p, common.n, stem);
	} else {
		email__name_text(cert.subject, text, sizeof text);
		alias_from(text, strlen(text), stem);
	}
	snprintf(out, 65, "%s", stem);
	for (n = 2; alias_taken(record, out); n++)
		snprintf(out, 65, "%.58s-%u", stem, n);
}

static bool
is_there(const email__record *record, email__span der)
{
	size_t i;

	for (i = 0; i < record->root_count; i++)
		if (email__span_equal(email__span_of(record->roots[i].der, record->roots[i].len), der))
			return true;
	return false;
}

static email_code
add_roots(email_trust *trust, void *context)
{
	struct import *im = context;
	size_t i, before = trust->record.root_count;
	char alias[65];
	email_code rc = EMAIL_OK;

	if (im->alias && alias_taken(&trust->record, im->alias))
		return EMAIL_E_VALUE;
	for (i = 0; i < im->fresh.root_count && rc == EMAIL_OK; i++) {
		email__span der = email__span_of(im->fresh.roots[i].der, im->fresh.roots[i].len);

		if (is_there(&trust->record, der))
			continue;
		if (trust->record.root_count == EMAIL__USER_STORE_MAX) {
			rc = EMAIL_E_LIMIT;
			break;
		}
		make_alias(im, &trust->record, der, alias);
		rc = email__record_add_root(&trust->record, alias, der);
	}
	im->added = trust->record.root_count - before;
	if (rc == EMAIL_OK)
		rc = email__hosts_judge_again(trust, email__clock_wall(), false);
	while (rc && trust->record.root_count > before) /* all or nothing */
		email__record_remove_root(&trust->record, trust->record.root_count - 1);
	return rc;
}

static bool
alias_valid(const char *alias)
{
	size_t n = strlen(alias), i;

	for (i = 0; i < n; i++)
		if ((unsigned char)alias[i] <= 0x20 || alias[i] == '/' || alias[i] == 0x7F)
			return false;
	return n > 0 && n <= 64 && alias[0] != '.' && alias[0] != '-';
}

static email_code
explain_import(email_trust *trust, const struct import *im, email_code rc)
{
	email_error *e = &trust->error;

	if (rc == EMAIL_E_CERTIFICATE) {
		if (im->private_key)
			email__error_set(e, rc, EMAIL_STAGE_TRUST,
			                 "the file holds a private key: nothing was imported");
		else
			email__error_set(e, rc, EMAIL_STAGE_TRUST,
			                 "the file holds no certificate, or one that is cut off or not well "
			                 "formed: nothing was imported");
		email__error_remedy(
			e, im->private_key ? "keep keys out of it; client keys go to emailctl keys import"
					   : "give a PEM file of certificates, or one certificate in DER");
	} else if (rc == EMAIL_E_VALUE) {
		email__error_clear(e);
		email__error_set(e, rc, EMAIL_STAGE_TRUST,
		                 "the alias is taken, or is not 1 to 64 bytes without spaces, slashes, "
		                 "leading '.' and '-'");
	} else if (rc) {
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "%s", email_code_text(rc));
	}
	return rc;
}

email_code
email_trust_import(email_trust *trust, const void *bytes, size_t size, const char *alias, size_t *imported)
{
	struct import im = {.alias = alias};
	size_t skipped = 0;
	email_code rc = EMAIL_OK;

	if (imported)
		*imported = 0;
	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	if (alias && !alias_valid(alias))
		rc = EMAIL_E_VALUE;
	if (rc == EMAIL_OK)
		rc = email__pem_read(bytes, size, take_certificate, &im, &skipped);
	if (rc == EMAIL_OK && (skipped || im.fresh.root_count == 0))
		rc = EMAIL_E_CERTIFICATE;
	if (rc == EMAIL_OK)
		rc = email__trust_change(trust, add_roots, &im, &trust->error);
	rc = explain_import(trust, &im, rc);
	email__mutex_unlock(&trust->mutex);
	email__record_dispose(&im.fresh);
	if (imported && rc == EMAIL_OK)
		*imported = im.added;
	return rc;
}

static email_code
no_such_alias(email_trust *trust, const char *alias)
{
	char printable[65];

	email__error_clear(&trust->error);
	email__printable(printable, sizeof printable, alias, strlen(alias));
	return email__error_set(&trust->error, EMAIL_E_UNKNOWN, EMAIL_STAGE_TRUST,
	                        "the User Trust Store has no %s", printable);
}

email_code
email_trust_export(email_trust *trust, const char *alias, char *pem, size_t size)
{
	size_t i;
	email_code rc = email__trust_begin(trust);

	for (i = 0; rc == EMAIL_OK && i < trust->record.root_count; i++)
		if (strcmp(trust->record.roots[i].alias, alias) == 0)
			break;
	if (rc == EMAIL_OK && i == trust->record.root_count)
		rc = no_such_alias(trust, alias);
	else if (rc == EMAIL_OK &&
	         (rc = email__pem_write(
			  email__span_of(trust->record.roots[i].der, trust->record.roots[i].len), pem, size)))
		email__error_set(&trust->error, rc, EMAIL_STAGE_TRUST, "the buffer is too small");
	email__mutex_unlock(&trust->mutex);
	return rc;
}

static email_code
delete_root(email_trust *trust, void *context)
{
	size_t i;

	for (i = 0; i < trust->record.root_count; i++)
		if (strcmp(trust->record.roots[i].alias, context) == 0) {
			email__record_remove_root(&trust->record, i);
			return email__hosts_judge_again(trust, email__clock_wall(), true);
		}
	return EMAIL_E_UNKNOWN;
}

email_code
email_trust_delete(email_trust *trust, const char *alias)
{
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	rc = email__trust_change(trust, delete_root, (void *)(uintptr_t)alias, &trust->error);
	if (rc == EMAIL_E_UNKNOWN)
		no_such_alias(trust, alias);
	email__mutex_unlock(&trust->mutex);
	return rc;
}
