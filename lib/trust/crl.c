/* SPDX-License-Identifier: MIT */
#include "trust/crl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "trust/pem.h"

/* CertificateList and TBSCertList (5.1). Extensions are not looked at: a list that covers less than all
 * (a delta, a partition) still names only what is revoked. */
bool
email__crl_parse(email__span der, email__crl *crl)
{
	email__span in = der, seq, tbs, inner, outer, bits, rest, skip;

	memset(crl, 0, sizeof *crl);
	crl->der = der;
	if (!email__der_take(&in, EMAIL__DER_SEQUENCE, &seq) || in.n ||
	    !email__der_take_whole(&seq, EMAIL__DER_SEQUENCE, &crl->tbs) ||
	    !email__der_take_whole(&seq, EMAIL__DER_SEQUENCE, &outer) ||
	    !email__der_take(&seq, EMAIL__DER_BIT_STRING, &bits) || seq.n || bits.n < 1 || bits.p[0] != 0)
		return false;
	crl->signature = email__span_of(bits.p + 1, bits.n - 1);
	rest = crl->tbs;
	if (!email__der_take(&rest, EMAIL__DER_SEQUENCE, &tbs))
		return false;
	email__der_take(&tbs, EMAIL__DER_INTEGER, &skip);
	if (!email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, &inner) || !email__span_equal(inner, outer) ||
	    !email__sigalg_parse(outer, &crl->sigalg) ||
	    !email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, &crl->issuer) ||
	    !email__der_time(&tbs, &crl->this_update))
		return false;
	if ((email__der_at(&tbs, EMAIL__DER_UTC_TIME) || email__der_at(&tbs, EMAIL__DER_GENERALIZED_TIME)) &&
	    !email__der_time(&tbs, &crl->next_update))
		return false;
	email__der_take(&tbs, EMAIL__DER_SEQUENCE, &crl->revoked);
	email__der_take(&tbs, EMAIL__DER_CONTEXT_HOLDS(0), &skip);
	return tbs.n == 0;
}

bool
email__crl_lists(const email__crl *crl, email__span serial)
{
	email__span rest = crl->revoked, entry, number;

	while (email__der_take(&rest, EMAIL__DER_SEQUENCE, &entry))
		if (email__der_take(&entry, EMAIL__DER_INTEGER, &number) && email__span_equal(number, serial))
			return true;
	return false;
}

email_reasons
email__crls_judge(const email__crls *crls, const email__cert *cert, const email__cert *issuer, int *checks,
                  email_code *rc)
{
	size_t i;

	for (i = 0; i < crls->count; i++) {
		const email__crl *crl = &crls->list[i];
		email_code signed_by;

		if (!email__span_equal(crl->issuer, issuer->subject) ||
		    (issuer->has_usage && !(issuer->usage & EMAIL__USAGE_CRL_SIGN)))
			continue;
		if (--*checks < 0)
			return EMAIL_REASON(REVOKED);
		signed_by = email__signature_verify(&issuer->key, &crl->sigalg, crl->tbs, crl->signature);
		if (signed_by == EMAIL_E_MEMORY)
			*rc = signed_by;
		if (signed_by)
			continue;
		if (email__crl_lists(crl, cert->serial))
			return EMAIL_REASON(REVOKED);
	}
	return 0;
}

static email_code
add_list(void *context, email__pem_kind kind, email__span der)
{
	email__crls *crls = context;
	email__crl crl, *list;
	unsigned char *copy;

	if (kind != EMAIL__PEM_CRL)
		return EMAIL_OK;
	if (!email__crl_parse(der, &crl))
		return EMAIL_E_CERTIFICATE;
	list = email__realloc(crls->list, (crls->count + 1) * sizeof *list);
	if (!list)
		return EMAIL_E_MEMORY;
	crls->list = list;
	if (!(copy = email__alloc(der.n)))
		return EMAIL_E_MEMORY;
	memcpy(copy, der.p, der.n);
	email__crl_parse(email__span_of(copy, der.n), &list[crls->count++]);
	return EMAIL_OK;
}

email_code
email__crls_load(email__crls *crls, const void *bytes, size_t n)
{
	size_t skipped;
	email_code rc = email__pem_read(bytes, n, add_list, crls, &skipped);

	if (rc == EMAIL_OK && (skipped || crls->count == 0))
		rc = EMAIL_E_CERTIFICATE;
	if (rc)
		email__crls_dispose(crls);
	return rc;
}

bool
email__crls_outdated(const email__crls *crls, int64_t now)
{
	size_t i;

	for (i = 0; i < crls->count; i++)
		if (crls->list[i].next_update && crls->list[i].next_update < now)
			return true;
	return false;
}

void
email__crls_dispose(email__crls *crls)
{
	size_t i;

	for (i = 0; i < crls->count; i++)
		email__free((void *)(uintptr_t)crls->list[i].der.p);
	email__free(crls->list);
	memset(crls, 0, sizeof *crls);
}
