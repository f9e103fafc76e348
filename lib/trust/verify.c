/* SPDX-License-Identifier: MIT */
/* The verdict on a chain in a file. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/clock.h"
#include "trust/explain.h"
#include "trust/judge.h"
#include "trust/pem.h"

/* Certificates of a file, copied. */
struct list {
	email__span der[EMAIL__POOL_MAX];
	size_t count;
};

static email_code
take(void *context, email__pem_kind kind, email__span der)
{
	struct list *l = context;
	unsigned char *copy;

	if (kind != EMAIL__PEM_CERTIFICATE)
		return EMAIL_OK;
	if (l->count == EMAIL__POOL_MAX)
		return EMAIL_OK; /* more than any path needs; the search is bounded all the same */
	if (!(copy = email__alloc(der.n ? der.n : 1)))
		return EMAIL_E_MEMORY;
	if (der.n)
		memcpy(copy, der.p, der.n);
	l->der[l->count++] = email__span_of(copy, der.n);
	return EMAIL_OK;
}

static void
dispose(struct list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		email__free((void *)(uintptr_t)l->der[i].p);
}

static email_code
read_list(const void *bytes, size_t n, struct list *l, const char *what, email_error *e)
{
	size_t skipped;
	email_code rc = email__pem_read(bytes, n, take, l, &skipped);

	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	if (rc || l->count == 0)
		return email__error_set(e, EMAIL_E_CERTIFICATE, EMAIL_STAGE_TRUST,
		                        "the %s hold no certificate, or one that is cut off", what);
	return EMAIL_OK;
}

/* As decide() in verdict.c, without what follows rule 4. */
static email_code
answer(email__judgement *j, email_reasons *reasons, email_error *e)
{
	email__verdict verdict = {0};

	*reasons = verdict.reasons = j->reasons;
	if (j->reasons == 0)
		return EMAIL_OK;
	if (j->store.code && !(j->reasons & email__reasons_hard())) {
		*e = j->store;
		return j->store.code;
	}
	return email__explain(j->reference.name, 0, &verdict, &j->when, e);
}

static email_code
verify(email_trust *trust, const email_verify *q, struct list *chain, struct list *roots, email__judgement *j,
       email_reasons *reasons, email_error *e)
{
	size_t i;
	email_code rc;

	if ((rc = read_list(q->chain, q->chain_size, chain, "chain", e)) ||
	    (q->roots && (rc = read_list(q->roots, q->roots_size, roots, "roots", e))) ||
	    (rc = email__trust_refresh(trust, e)))
		return rc;
	if (email__judgement_take(j, q->host, chain->der, chain->count))
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TRUST,
		                        "the host is no host name and no address");
	for (i = 0; i < roots->count; i++)
		email__judgement_root(j, roots->der[i]);
	j->when = q->time ? email__when_make(q->time, 0, true, false)
	                  : email__trust_when(trust, email__clock_wall());
	j->when.inside = q->time && q->nanoseconds > 0;
	if ((rc = email__judge(j, q->roots ? NULL : trust, e)))
		return rc;
	return answer(j, reasons, e);
}

email_code
email_trust_verify(email_trust *trust, const email_verify *question, email_reasons *reasons,
                   email_error *error)
{
	email_error own = {0};
	email_reasons unused = 0;
	email_trust *transient = NULL;
	email__judgement *j = email__judgement_new();
	struct list *lists = email__calloc(2, sizeof *lists);
	email_code rc = EMAIL_E_MEMORY;

	error = error ? error : &own;
	reasons = reasons ? reasons : &unused;
	*reasons = 0;
	if (!trust)
		trust = transient = email_trust_new();
	if (j && lists && trust) {
		email__mutex_lock(&trust->mutex);
		rc = verify(trust, question, &lists[0], &lists[1], j, reasons, error);
		email__mutex_unlock(&trust->mutex);
		dispose(&lists[0]);
		dispose(&lists[1]);
	} else {
		email__error_memory(error, EMAIL_STAGE_TRUST);
	}
	email__judgement_free(j);
	email__free(lists);
	email_trust_free(transient);
	return rc;
}
