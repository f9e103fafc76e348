/* SPDX-License-Identifier: MIT */
#include "support/chains.h"

#include "os/clock.h"
#include "support/cm.h"

static pki_key *keys[KEY_COUNT], *kinds[PKI_RSA_4096 + 1];

pki_key *
chain_key_of(chain_key which)
{
	if (!keys[which])
		assert_non_null(keys[which] = pki_key_new(PKI_EC_P256));
	return keys[which];
}

pki_key *
chain_key_kind(pki_kind kind)
{
	if (!kinds[kind])
		assert_non_null(kinds[kind] = pki_key_new(kind));
	return kinds[kind];
}

void
chain_keys_free(void)
{
	size_t i;

	for (i = 0; i < KEY_COUNT; i++)
		pki_key_free(keys[i]);
	for (i = 0; i <= PKI_RSA_4096; i++)
		pki_key_free(kinds[i]);
}

void
chain_issue(pki_cert *cert, const pki_spec *spec, pki_key *key, const pki_cert *issuer, pki_key *issuer_key)
{
	assert_int_equal(pki_issue(cert, spec, key, issuer, issuer_key), 0);
}

void
chain_good(pki_cert *root, pki_cert *middle, pki_cert *leaf)
{
	pki_spec spec = pki_ca("CN=Root");

	chain_issue(root, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	spec = pki_ca("CN=Middle");
	chain_issue(middle, &spec, chain_key_of(KEY_MIDDLE), root, chain_key_of(KEY_ROOT));
	spec = pki_server("CN=Server", "DNS:mail.example.com, IP:192.0.2.1");
	chain_issue(leaf, &spec, chain_key_of(KEY_LEAF), middle, chain_key_of(KEY_MIDDLE));
}

email_reasons
chain_judge(const char *host, int64_t now, const pki_cert *const *sent, size_t count,
            const pki_cert *const *roots, size_t root_count)
{
	email__span spans[EMAIL__POOL_MAX];
	email__judgement *j = email__judgement_new();
	email_reasons reasons;
	size_t i;

	assert_non_null(j);
	for (i = 0; i < count; i++)
		spans[i] = email__span_of(sent[i]->der, sent[i]->len);
	assert_int_equal(email__judgement_take(j, host, spans, count), EMAIL_OK);
	for (i = 0; i < root_count; i++)
		email__judgement_root(j, email__span_of(roots[i]->der, roots[i]->len));
	j->when = email__when_make(now ? now : email__clock_wall(), 0, true, false);
	assert_int_equal(email__judge(j, NULL, NULL), EMAIL_OK);
	reasons = j->reasons;
	email__judgement_free(j);
	return reasons;
}

email_reasons
chain_reasons(const pki_cert *const *sent, const pki_cert *const *roots)
{
	size_t n = 0, m = 0;

	while (sent[n])
		n++;
	while (roots[m])
		m++;
	return chain_judge("mail.example.com", 0, sent, n, roots, m);
}

chain_set made;

int
chain_setup(void **state)
{
	(void)state;
	chain_good(&made.root, &made.middle, &made.leaf);
	return 0;
}

pki_spec
chain_server(void)
{
	return pki_server("CN=Server", "DNS:mail.example.com");
}

/* The reasons for a server that differs from a good one by its description. */
email_reasons
chain_of_server(const pki_spec *spec)
{
	pki_cert c;

	chain_issue(&c, spec, chain_key_of(KEY_LEAF), &made.middle, chain_key_of(KEY_MIDDLE));
	return chain_reasons(CHAIN(&c, &made.middle), CHAIN(&made.root));
}

/* And for an intermediate. */
email_reasons
chain_of_middle(const pki_spec *spec)
{
	pki_cert c, s;
	pki_spec good = chain_server();

	chain_issue(&c, spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	chain_issue(&s, &good, chain_key_of(KEY_LEAF), &c, chain_key_of(KEY_MIDDLE));
	return chain_reasons(CHAIN(&s, &c), CHAIN(&made.root));
}

/* And for a root. */
email_reasons
chain_of_root(const pki_spec *spec)
{
	pki_cert c, s;
	pki_spec good = chain_server();

	chain_issue(&c, spec, chain_key_of(KEY_ROOT), NULL, NULL);
	chain_issue(&s, &good, chain_key_of(KEY_LEAF), &c, chain_key_of(KEY_ROOT));
	return chain_reasons(CHAIN(&s), CHAIN(&c));
}
