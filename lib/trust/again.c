/* SPDX-License-Identifier: MIT */
#include "trust/again.h"

#include "trust/judge.h"

/* The row's certificate, and what was sent behind it. */
static size_t
split(const email__row *row, email__span sent[EMAIL__CHAIN_MAX])
{
	email__span rest = email__span_of(row->chain, row->chain_len);
	size_t n = 0;

	sent[n++] = email__span_of(row->der, row->der_len);
	while (n < EMAIL__CHAIN_MAX && email__der_take_whole(&rest, EMAIL__DER_SEQUENCE, &sent[n]))
		n++;
	return n;
}

static email_code
judge_row(email_trust *trust, email__judgement *j, email__row *row)
{
	email__span sent[EMAIL__CHAIN_MAX];
	email_code rc = email__judgement_take(j, row->host, sent, split(row, sent));

	if (rc == EMAIL_OK)
		rc = email__judge(j, trust, NULL);
	if (rc || j->store.code)
		return rc == EMAIL_E_MEMORY ? rc : EMAIL_OK;
	if (row->redundant != (j->reasons == 0)) {
		row->redundant = !row->redundant;
		row->changed = true;
	}
	return EMAIL_OK;
}

email_code
email__hosts_judge_again(email_trust *trust, int64_t now, bool smaller)
{
	email__when when = email__trust_when(trust, now);
	email__hosts *hosts = &trust->record.hosts;
	email_code rc = EMAIL_OK;
	size_t i;

	if (when.unset)
		return EMAIL_OK;
	for (i = 0; i < hosts->count && rc == EMAIL_OK; i++) {
		email__judgement *j;

		if (hosts->list[i].redundant && !smaller)
			continue;
		if (!(j = email__judgement_new()))
			return EMAIL_E_MEMORY;
		j->when = when;
		rc = judge_row(trust, j, &hosts->list[i]);
		email__judgement_free(j);
	}
	return rc;
}
