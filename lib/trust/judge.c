/* SPDX-License-Identifier: MIT */
#include "trust/judge.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "trust/verdict.h"

email__judgement *
email__judgement_new(void)
{
	return email__new(email__judgement);
}

void
email__judgement_free(email__judgement *j)
{
	if (!j)
		return;
	email__anchors_dispose(&j->anchors);
	email__crls_dispose(&j->crls);
	email__free(j);
}

email_code
email__judgement_take(email__judgement *j, const char *host, const email__span *sent, size_t count)
{
	size_t i;

	if (!email__reference_parse(host, &j->reference))
		return EMAIL_E_VALUE;
	j->parsed = count > 0 && email__cert_parse(sent[0], &j->leaf);
	/* what does not parse behind the leaf is superfluous, or missed when a path is built */
	for (i = 0; i < count; i++)
		email__pool_add(&j->pool, sent[i], false);
	j->sent = j->pool.count;
	return EMAIL_OK;
}

void
email__judgement_root(email__judgement *j, email__span der)
{
	if (email__pool_add(&j->pool, der, true))
		j->roots++;
}

/* Rule 2 on the leaf: version 3, no CA, fit for serverAuth. */
static email_reasons
judge_leaf(const email__cert *leaf)
{
	const unsigned handshake =
		EMAIL__USAGE_DIGITAL_SIGNATURE | EMAIL__USAGE_KEY_ENCIPHERMENT | EMAIL__USAGE_KEY_AGREEMENT;
	email_reasons reasons = 0;

	if (leaf->version != 3)
		reasons |= EMAIL_REASON(VERSION);
	if (leaf->ca || (leaf->has_usage && leaf->usage & EMAIL__USAGE_CERT_SIGN))
		reasons |= EMAIL_REASON(CA_AS_LEAF);
	if ((leaf->has_purpose && !leaf->server_auth) || (leaf->has_usage && !(leaf->usage & handshake)))
		reasons |= EMAIL_REASON(PURPOSE);
	/* RFC 5280 4.2.1.10: only CAs have it */
	if (leaf->has_constraints)
		reasons |= EMAIL_REASON(UNSUPPORTED_CONSTRAINT);
	return reasons;
}

email_code
email__trust_load_crls(const email_trust *trust, email__crls *crls, email_error *e)
{
	email__buf bytes;
	char *path;
	email_code rc;

	if (!trust->record.crl_file)
		return EMAIL_OK;
	if (!(path = email__trust_beside(trust, trust->record.crl_file)))
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	email__buf_init(&bytes, EMAIL__CRL_MAX);
	if ((rc = email__file_read(path, &bytes, e)) == EMAIL_OK &&
	    (rc = email__crls_load(crls, email__buf_head(&bytes), email__buf_len(&bytes))))
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "%s holds no revocation list that can be read",
		                 path);
	if (rc)
		email__error_remedy(e, "renew the file that crlFile names, or unset crlFile");
	email__buf_dispose(&bytes);
	email__free(path);
	return rc;
}

email_code
email__trust_crl_state(email_trust *trust, bool *outdated, email_error *e)
{
	email__crls crls = {0};
	int64_t now = email__clock_wall();
	email_code rc;
	size_t i;

	*outdated = false;
	email__mutex_lock(&trust->mutex);
	if ((rc = email__trust_refresh(trust, e)) == EMAIL_OK &&
	    (rc = email__trust_load_crls(trust, &crls, e)) == EMAIL_OK)
		for (i = 0; i < crls.count; i++)
			*outdated = *outdated || (crls.list[i].next_update && crls.list[i].next_update < now);
	email__mutex_unlock(&trust->mutex);
	email__crls_dispose(&crls);
	return rc;
}

static email_code
judge_path(email__judgement *j)
{
	return email__path_judge(&j->leaf, &j->pool, &j->when, j->crls.count ? &j->crls : NULL, &j->path);
}

/* The User Trust Store: in memory, and often enough. True where a root of it may matter. */
static bool
add_user_roots(email__judgement *j, email_trust *trust)
{
	bool any = false;
	email__cert root;
	size_t i;

	for (i = 0; i < trust->record.root_count; i++) {
		email__span der = email__span_of(trust->record.roots[i].der, trust->record.roots[i].len);

		j->roots++;
		if (email__cert_parse(der, &root) && email__pool_wants(&j->pool, &root))
			any = email__pool_add(&j->pool, der, true) || any;
	}
	return any;
}

/* Only the roots that the chain needs come into memory. What cannot be read is kept in j->store. */
static email_code
add_system_roots(email__judgement *j, email_trust *trust)
{
	char *beside = NULL;
	const char *path = email__store_path(NULL);
	email__store_count count;
	email_code rc;

	if (trust->record.system_store) {
		if (!(path = beside = email__trust_beside(trust, trust->record.system_store)))
			return EMAIL_E_MEMORY;
	}
	rc = path ? email__store_lookup(path, &j->pool, &j->anchors, &count, &j->store) : EMAIL_OK;
	if (path && rc == EMAIL_OK)
		j->roots += count.loaded;
	email__free(beside);
	return rc == EMAIL_E_MEMORY ? rc : EMAIL_OK;
}

/* Rule 1 on all the path, rule 2, and rule 4: which path is best depends on all of them. */
static email_code
judge_stores(email__judgement *j, email_trust *trust, email_error *e)
{
	email_code rc;

	if (!trust)
		return judge_path(j);
	if ((rc = email__trust_load_crls(trust, &j->crls, e)))
		return rc;
	if (add_user_roots(j, trust)) {
		if ((rc = judge_path(j)) || j->path.reasons == 0)
			return rc;
	}
	if ((rc = add_system_roots(j, trust)))
		return rc;
	return judge_path(j);
}

email_code
email__judge(email__judgement *j, email_trust *trust, email_error *e)
{
	email_code rc;

	j->reasons = 0;
	if (!j->parsed) { /* rule 1: there is nothing to judge */
		j->reasons = EMAIL_REASON(MALFORMED);
		return EMAIL_OK;
	}
	if ((rc = judge_stores(j, trust, e))) /* rules 1, 2 and 4 along the path */
		return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_TRUST) : rc;
	j->reasons |= j->path.reasons;
	j->reasons |= judge_leaf(&j->leaf);                        /* rule 2 */
	j->reasons |= email__names_judge(&j->leaf, &j->reference); /* rule 3 */
	if (j->path.reasons & (EMAIL_REASON(UNKNOWN_ISSUER) | EMAIL_REASON(SELF_SIGNED)) && j->roots == 0)
		j->reasons |= EMAIL_REASON(NO_ROOTS);
	return EMAIL_OK;
}
