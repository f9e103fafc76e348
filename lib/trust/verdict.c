/* SPDX-License-Identifier: MIT */
/*
 * The verdict (model: trust, rules 1 to 6). decide() is the only place that says yes.
 */
#include "trust/verdict.h"

#include <string.h>

#include "base/error.h"
#include "os/clock.h"
#include "trust/explain.h"
#include "trust/judge.h"
#include "trust/verdict_at.h"

/* One connection's case, in the hands of all below. */
struct question {
	email_trust *trust;
	int port;
	int64_t now;
	email__judgement *j;
	email__verdict *verdict;
	email_error *e;
};

/* --- what is written down --- */

struct seen {
	const struct question *q;
	email_code rc;
	bool first;
};

/* So that the row can be judged again when a store changes: a root alone may not reach down to it. */
static email_code
keep_chain(const email__judgement *j, email__row *row)
{
	email__span chain[EMAIL__CHAIN_MAX];
	size_t count = 0, i;

	for (i = 0; i < j->sent && count < EMAIL__CHAIN_MAX; i++)
		if (!email__span_equal(j->pool.entry[i].cert.der, j->leaf.der))
			chain[count++] = j->pool.entry[i].cert.der;
	return email__row_keep_chain(row, chain, count);
}

static email_code
record_seen(email_trust *trust, void *context)
{
	struct seen *s = context;
	const struct question *q = s->q;
	email__row *row = email__hosts_record(&trust->record.hosts, q->j->reference.name, q->port,
	                                      &q->j->leaf, q->j->reasons, q->now, &s->first, &s->rc);

	if (row && (s->rc = keep_chain(q->j, row)) == EMAIL_OK)
		q->verdict->approval = row->approval;
	return s->rc;
}

/*
 * A row that is there is counted in memory, and saved when it is due; a new one is saved at once. That
 * saving failed takes nothing from a verdict.
 */
static void
remember(const struct question *q)
{
	struct seen s = {q, EMAIL_OK, false};
	email__hosts *hosts = &q->trust->record.hosts;
	email__row *row;

	if (q->trust->transient)
		return;
	row = email__hosts_find(hosts, q->j->reference.name, q->port,
	                        q->verdict->certificate.public_key_sha256);
	if (row) {
		email__row before = *row;

		before.count++;
		before.last_seen = q->now;
		before.changed = true;
		if (before.reasons == q->j->reasons && !before.redundant &&
		    email__span_equal(q->j->leaf.der, email__span_of(row->der, row->der_len)) &&
		    !email__row_due(&before)) {
			q->verdict->recorded = record_seen(q->trust, &s) == EMAIL_OK;
			return;
		}
	}
	q->verdict->recorded = email__trust_change(q->trust, record_seen, &s, NULL) == EMAIL_OK;
	q->verdict->first_seen = q->verdict->recorded && s.first;
}

static email_code
mark_redundant(email_trust *trust, void *context)
{
	const struct question *q = context;

	email__hosts_mark(&trust->record.hosts, q->j->reference.name, q->port, true);
	return EMAIL_OK;
}

static email_code
raise_floor(email_trust *trust, void *context)
{
	const struct question *q = context;

	if (q->j->path.newest_not_before > trust->record.clock_floor)
		trust->record.clock_floor = q->j->path.newest_not_before;
	return EMAIL_OK;
}

#define DAY 86400

/* After a chain was accepted: exemptions here are needed no more, and the clock's floor may rise; by a day
 * at least, and never by a clock that is not set. */
static void
learn(struct question *q)
{
	email_trust *trust = q->trust;
	bool stale = false;
	size_t i;

	if (trust->transient || trust->fault.code)
		return;
	for (i = 0; i < trust->record.hosts.count; i++) {
		const email__row *row = &trust->record.hosts.list[i];

		stale = stale || (row->port == q->port && !row->redundant &&
		                  strcmp(row->host, q->j->reference.name) == 0);
	}
	if (stale)
		(void)email__trust_change(trust, mark_redundant, q, NULL);
	if (!q->j->when.unset && q->j->path.newest_not_before > q->j->when.floor + DAY)
		(void)email__trust_change(trust, raise_floor, q, NULL);
}

/* --- the rules --- */

static email_code
refuse(struct question *q)
{
	q->verdict->kind = EMAIL__REFUSED;
	return email__explain(q->j->reference.name, q->port, q->verdict, &q->j->when, q->e);
}

/* An error that stands for a refusal: nothing is recorded. */
static email_code
refuse_with(struct question *q, const email_error *why)
{
	q->verdict->kind = EMAIL__REFUSED;
	if (q->e && q->e->code == EMAIL_OK)
		*q->e = *why;
	return why->code;
}

/* Model 6, rules 1 to 6, each line after the one that it yields to. */
static email_code
decide(struct question *q)
{
	email_trust *trust = q->trust;
	const char *host = q->j->reference.name;
	email_reasons reasons = q->j->reasons;
	email__row *row;

	if (reasons == 0) { /* rules 1 to 4 hold */
		q->verdict->kind = EMAIL__CHAIN_ACCEPTED;
		q->verdict->good_until = q->j->path.first_not_after;
		learn(q);
		return EMAIL_OK;
	}
	if (reasons & email__reasons_hard()) /* rule 1: no exemption waives it, none is offered */
		return refuse(q);
	row = email__hosts_find(&trust->record.hosts, host, q->port,
	                        q->verdict->certificate.public_key_sha256);
	if (row && email__row_allows(row, q->now, q->j->when.unset)) { /* rule 5 */
		q->verdict->kind = EMAIL__EXEMPTION_ACCEPTED;
		remember(q);
		q->verdict->approval = EMAIL_APPROVAL_YES;
		return EMAIL_OK;
	}
	if (reasons & EMAIL_REASON(CLOCK)) /* rule 4: temporary, and no entry */
		return refuse(q);
	if (q->j->store.code) /* rule 2: a store that cannot be read is no smaller store */
		return refuse_with(q, &q->j->store);
	if (trust->fault.code) /* an unreadable sheet: no exemptions, and nothing is written */
		return refuse_with(q, &trust->fault);
	remember(q); /* rule 6 */
	return refuse(q);
}

static email_code
ask(struct question *q, const char *host, const email__chain *chain)
{
	email__span sent[EMAIL__CHAIN_MAX];
	email_code rc;
	size_t i;

	for (i = 0; i < chain->count && i < EMAIL__CHAIN_MAX; i++)
		sent[i] = email__span_of(chain->certificate[i].der, chain->certificate[i].len);
	if ((rc = email__trust_refresh(q->trust, q->e)))
		return rc;
	if ((rc = email__judgement_take(q->j, host, sent, i)))
		return email__error_set(q->e, rc, EMAIL_STAGE_TRUST,
		                        "the hostname is no host name and no address");
	q->j->when = email__trust_when(q->trust, q->now);
	if ((rc = email__judge(q->j, q->trust, q->e)))
		return rc;
	q->verdict->reasons = q->j->reasons;
	if (q->j->parsed && email__cert_describe(&q->j->leaf, q->now, &q->verdict->certificate))
		return email__error_memory(q->e, EMAIL_STAGE_TRUST);
	return decide(q);
}

email_code
email__trust_judge_at(email_trust *trust, const char *host, int port, const email__chain *chain, int64_t now,
                      email__verdict *verdict, email_error *error)
{
	email_error own = {0};
	struct question q = {trust, port, now, NULL, verdict, error ? error : &own};
	email_trust *transient = NULL;
	email_code rc = EMAIL_E_MEMORY;

	memset(verdict, 0, sizeof *verdict);
	if (!trust && (q.trust = transient = email_trust_new()) != NULL)
		transient->transient = true;
	if (q.trust && (q.j = email__judgement_new()) != NULL) {
		email__mutex_lock(&q.trust->mutex);
		rc = ask(&q, host, chain);
		email__mutex_unlock(&q.trust->mutex);
	} else {
		email__error_memory(q.e, EMAIL_STAGE_TRUST);
	}
	email__judgement_free(q.j);
	email_trust_free(transient);
	if (rc)
		verdict->kind = EMAIL__REFUSED;
	return rc;
}

email_code
email__trust_judge(email_trust *trust, const char *host, int port, const email__chain *chain,
                   email__verdict *verdict, email_error *error)
{
	return email__trust_judge_at(trust, host, port, chain, email__clock_wall(), verdict, error);
}

/* --- the challenge --- */

static bool
describe_row(email_trust *trust, const char *host, int port, const char *key, email_allowed_host *entry)
{
	email__row *row;
	bool found;

	email__mutex_lock(&trust->mutex);
	row = email__hosts_find(&trust->record.hosts, host, port, key);
	found = row && row->approval != EMAIL_APPROVAL_REJECTED &&
	        email__row_describe(row, email__clock_wall(), entry) == EMAIL_OK;
	email__mutex_unlock(&trust->mutex);
	return found;
}

bool
email__trust_challenge(email_trust *trust, const char *host, int port, const email__verdict *verdict)
{
	email_allowed_host entry;
	email_challenge_fn challenge;
	char name[EMAIL__HOST_MAX];
	void *context;

	if (!trust || verdict->kind != EMAIL__REFUSED || !verdict->recorded ||
	    email__host_canonical(host, name, NULL))
		return false;
	email__mutex_lock(&trust->mutex);
	challenge = trust->challenge;
	context = trust->challenge_context;
	email__mutex_unlock(&trust->mutex);
	if (!challenge || !describe_row(trust, name, port, verdict->certificate.public_key_sha256, &entry))
		return false;
	/* the answer is about the certificate that was shown, and goes the way that an answer from outside goes */
	switch (challenge(context, &entry)) {
	case EMAIL_ANSWER_APPROVE:
		if (entry.approval == EMAIL_APPROVAL_KEY_CHANGED)
			return email_trust_accept_key(trust, name, port, entry.certificate.sha256) ==
			       EMAIL_OK;
		return email_trust_approve(trust, name, port, entry.certificate.sha256, 0) == EMAIL_OK;
	case EMAIL_ANSWER_REJECT:
		(void)email_trust_reject(trust, name, port, entry.certificate.sha256);
		return false;
	case EMAIL_ANSWER_LATER: break;
	}
	return false;
}
