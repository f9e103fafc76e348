/* SPDX-License-Identifier: MIT */
#include "account/resumable.h"

#include <string.h>

#include "base/limits.h"

void
email__resumable_drop(email__resumable *r)
{
	email__tls_session_free(r->session);
	memset(r, 0, sizeof *r);
}

static bool
same(const email__resume_key *a, const email__resume_key *b)
{
	return strcmp(a->host, b->host) == 0 && a->port == b->port && a->min == b->min &&
	       a->changes == b->changes && a->generation == b->generation && a->client == b->client;
}

/* A clock that went back makes it unknown how much time passed. */
static bool
in_time(const email__resumable *r, int64_t now)
{
	return now >= r->judged && now - r->judged < EMAIL__TLS_SESSION_SECONDS && now <= r->good_until;
}

const email__tls_session *
email__resumable_lend(email__resumable *r, const email__resume_key *key, int64_t now, bool unset)
{
	if (r->session && (unset || !same(&r->key, key) || !in_time(r, now)))
		email__resumable_drop(r);
	return r->session;
}

void
email__resumable_keep(email__resumable *r, const email__resume_key *key, email__tls_session *session,
                      int64_t judged, int64_t good_until)
{
	email__resumable_drop(r);
	r->session = session;
	r->key = *key;
	r->judged = judged;
	r->good_until = good_until;
}
