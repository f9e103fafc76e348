/* SPDX-License-Identifier: MIT */
#include "trust/path.h"

#include <string.h>

#include "trust/constraints.h"

struct search {
	const email__pool *pool;
	const email__when *when;
	const email__crls *crls;
	const email__cert *path[EMAIL__PATH_MAX]; /* [0] is the leaf */
	size_t n;
	int checks; /* public-key operations left */
	long constraint_checks;
	bool anchored; /* the last one is an anchor */
	bool too_long; /* some way went on past the longest path */
	bool found;
	email_code rc;
	email__path_result best;
	bool any, best_anchored;
};

email_reasons
email__reasons_hard(void)
{
	return 0
#define X(name, text, waivable) | ((waivable) ? 0 : EMAIL_REASON(name))
		EMAIL_REASONS(X)
#undef X
			;
}

static bool
find(email__pool *pool, email__span der, bool anchor)
{
	size_t i;

	for (i = 0; i < pool->count; i++)
		if (email__span_equal(pool->entry[i].cert.der, der)) {
			pool->entry[i].anchor = pool->entry[i].anchor || anchor;
			return true;
		}
	return false;
}

bool
email__pool_anchor(email__pool *pool, email__span der)
{
	return find(pool, der, true);
}

bool
email__pool_add(email__pool *pool, email__span der, bool anchor)
{
	if (find(pool, der, anchor))
		return true;
	if (pool->count == EMAIL__POOL_MAX || !email__cert_parse(der, &pool->entry[pool->count].cert))
		return false;
	pool->entry[pool->count++].anchor = anchor;
	return true;
}

bool
email__pool_wants(const email__pool *pool, const email__cert *root)
{
	size_t i;

	for (i = 0; i < pool->count; i++)
		if (email__span_equal(pool->entry[i].cert.issuer, root->subject) ||
		    email__span_equal(pool->entry[i].cert.der, root->der))
			return true;
	return false;
}

/* --- one certificate of a path --- */

/* RFC 5280 6.1.4 (k) to (n): may it issue certificates for servers? A root of version 1 has no way to
 * say so; that it is in a store says it. */
static email_reasons
judge_issuer(const email__cert *ca, bool anchor)
{
	email_reasons reasons = 0;

	if (anchor && ca->version == 1 && email__cert_self_issued(ca))
		return 0;
	if (ca->version != 3)
		reasons |= EMAIL_REASON(VERSION);
	if (!ca->ca || (ca->has_usage && !(ca->usage & EMAIL__USAGE_CERT_SIGN)) ||
	    (ca->has_purpose && !ca->server_auth))
		reasons |= EMAIL_REASON(PURPOSE);
	return reasons;
}

/* 6.1.4 (l), (m): CAs between this one and the leaf, those that only renew themselves not counted. */
static email_reasons
judge_path_length(const struct search *s, size_t at)
{
	int below = 0;
	size_t i;

	for (i = 1; i < at; i++)
		below += !email__cert_self_issued(s->path[i]);
	return s->path[at]->path_length >= 0 && below > s->path[at]->path_length ? EMAIL_REASON(PATH_LENGTH)
	                                                                         : 0;
}

/* 6.1.3 (b), (c): every name below, but for CAs that renew themselves. */
static email_reasons
judge_constraints(struct search *s, size_t at)
{
	email_reasons reasons = 0;
	size_t i;

	if (!s->path[at]->has_constraints)
		return 0;
	for (i = 0; i < at; i++)
		if (i == 0 || !email__cert_self_issued(s->path[i]))
			reasons |= email__constraints_judge(s->path[at], s->path[i], &s->constraint_checks);
	return reasons;
}

/* Rule 1 on one certificate; `trusted`: an anchor, whose own signature says nothing. */
static email_reasons
judge_strength(const email__cert *cert, bool trusted)
{
	email_reasons reasons = 0;

	if (cert->key.weak)
		reasons |= EMAIL_REASON(WEAK_KEY);
	if (cert->sigalg.weak && !trusted)
		reasons |= EMAIL_REASON(WEAK_SIGNATURE);
	if (cert->unknown_critical)
		reasons |= EMAIL_REASON(CRITICAL_EXTENSION);
	return reasons;
}

/* --- one path --- */

static email_reasons
judge_path(struct search *s)
{
	email_reasons reasons = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const email__cert *cert = s->path[i];
		bool last = i + 1 == s->n, anchor = last && s->anchored;
		/* a root that nobody trusts has a signature of its own all the same; below the last one every
		 * signature counts, since issued() leaves weak ones to this judgement */
		bool root = anchor || (last && i > 0 && email__cert_self_issued(cert));

		reasons |= judge_strength(cert, root);
		reasons |= email__when_judge(s->when, cert->not_before, cert->not_after);
		if (cert->explicit_policy || cert->loose_constraint)
			reasons |= EMAIL_REASON(UNSUPPORTED_CONSTRAINT);
		if (i > 0)
			reasons |= judge_issuer(cert, anchor) | judge_path_length(s, i) |
			           judge_constraints(s, i);
		if (s->crls && !last)
			reasons |= email__crls_judge(s->crls, cert, s->path[i + 1], &s->checks, &s->rc);
	}
	return reasons;
}

static unsigned
count_bits(email_reasons reasons)
{
	unsigned n = 0;

	for (; reasons; reasons &= reasons - 1)
		n++;
	return n;
}

/* Less to hold against it: nothing hard, then an anchor, then fewer reasons. */
static bool
better(const struct search *s, email_reasons reasons)
{
	bool hard = reasons & email__reasons_hard(), best_hard = s->best.reasons & email__reasons_hard();

	if (!s->any || hard != best_hard)
		return !s->any || best_hard;
	if (s->anchored != s->best_anchored)
		return s->anchored;
	return count_bits(reasons) < count_bits(s->best.reasons);
}

static void
finish(struct search *s)
{
	email_reasons reasons = judge_path(s);
	size_t i;

	if (!s->anchored) {
		bool self = s->n == 1 && email__cert_self_signed(s->path[0]);

		reasons |= self ? EMAIL_REASON(SELF_SIGNED) : EMAIL_REASON(UNKNOWN_ISSUER);
	}
	if (better(s, reasons)) {
		s->best.reasons = reasons;
		s->best_anchored = s->anchored;
		s->any = true;
		s->best.newest_not_before = s->path[0]->not_before;
		s->best.first_not_after = s->path[0]->not_after;
		for (i = 1; i < s->n; i++) {
			if (s->path[i]->not_before > s->best.newest_not_before)
				s->best.newest_not_before = s->path[i]->not_before;
			if (s->path[i]->not_after < s->best.first_not_after)
				s->best.first_not_after = s->path[i]->not_after;
		}
	}
	s->found = reasons == 0;
}

/* --- the search --- */

/* The same name and key stand in the path already: going on would go in a circle. */
static bool
in_path(const struct search *s, const email__cert *cert)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (email__span_equal(s->path[i]->subject, cert->subject) &&
		    email__span_equal(s->path[i]->spki, cert->spki))
			return true;
	return false;
}

/* Did the candidate issue the last one? A signature that policy refuses is not checked: the path is
 * refused for it, and by its name rather than as an unknown issuer. */
static bool
issued(struct search *s, const email__cert *candidate)
{
	const email__cert *last = s->path[s->n - 1];
	email_code rc;

	if (!email__span_equal(candidate->subject, last->issuer) || in_path(s, candidate))
		return false;
	if (s->checks <= 0) {
		s->best.limit = true;
		return false;
	}
	s->checks--;
	if (last->sigalg.weak || candidate->key.weak)
		return true;
	rc = email__cert_signed_by(last, candidate);
	if (rc == EMAIL_E_MEMORY)
		s->rc = rc;
	return rc == EMAIL_OK;
}

static void extend(struct search *s);

/* Tries all issuers of one kind; true where there was one. */
static bool
try_issuers(struct search *s, bool anchors)
{
	bool any = false;
	size_t i;

	for (i = 0; i < s->pool->count && !s->found && s->rc == EMAIL_OK; i++) {
		if (s->pool->entry[i].anchor != anchors || !issued(s, &s->pool->entry[i].cert))
			continue;
		if (!anchors && s->n + 1 == EMAIL__PATH_MAX) { /* the last place is the anchor's */
			s->too_long = true;
			continue;
		}
		any = true;
		s->path[s->n++] = &s->pool->entry[i].cert;
		s->anchored = anchors;
		if (anchors)
			finish(s);
		else
			extend(s);
		s->anchored = false;
		s->n--;
	}
	return any;
}

static void
extend(struct search *s)
{
	bool anchors = try_issuers(s, true), others = !s->found && s->rc == EMAIL_OK && try_issuers(s, false);

	if (!anchors && !others && !s->found && s->rc == EMAIL_OK)
		finish(s);
}

static bool
leaf_is_anchor(const struct search *s)
{
	size_t i;

	for (i = 0; i < s->pool->count; i++)
		if (s->pool->entry[i].anchor &&
		    email__span_equal(s->pool->entry[i].cert.der, s->path[0]->der))
			return true;
	return false;
}

email_code
email__path_judge(const email__cert *leaf, const email__pool *pool, const email__when *when,
                  const email__crls *crls, email__path_result *result)
{
	struct search s;

	memset(&s, 0, sizeof s);
	s.pool = pool;
	s.when = when;
	s.crls = crls;
	s.checks = EMAIL__SIGNATURE_CHECKS_MAX;
	s.constraint_checks = EMAIL__CONSTRAINT_CHECKS_MAX;
	s.path[s.n++] = leaf;
	/* a server's own certificate in a store is an anchor for itself */
	s.anchored = leaf_is_anchor(&s);
	if (s.anchored)
		finish(&s);
	s.anchored = false;
	if (!s.found)
		extend(&s);
	if (!s.found && (s.best.limit || s.too_long) && !s.best_anchored)
		s.best.reasons |= EMAIL_REASON(CHAIN_TOO_LONG);
	*result = s.best;
	return s.rc;
}
