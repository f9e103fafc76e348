/* SPDX-License-Identifier: MIT */
#include "trust/crl.h"

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>
#include <stdlib.h>

#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "trust/pem.h"
#include "trust/verdict.h"

/* 3.6 wants a random generator where 4.x takes PSA's by itself. */
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#define CRL_RNG , mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE
#else
#define CRL_RNG
#endif

static pki_cert root, leaf;
static email__cert root_cert, leaf_cert;

/* A value in DER behind the others. */
static size_t
put(unsigned char *out, unsigned tag, const void *p, size_t n)
{
	size_t head = n < 128 ? 2 : n < 256 ? 3 : 4;

	if (n)
		memmove(out + head, p, n);
	out[0] = (unsigned char)tag;
	if (head == 2) {
		out[1] = (unsigned char)n;
	} else {
		out[1] = (unsigned char)(0x80 | (head - 2));
		if (head == 4)
			out[2] = (unsigned char)(n >> 8);
		out[head - 1] = (unsigned char)n;
	}
	return head + n;
}

struct crl {
	unsigned char der[2048];
	size_t n;
};

/* A list by `key` in the root's name. */
static struct crl
make(pki_key *key, email__span serial, const char *next)
{
	static const unsigned char alg[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
	                                    0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
	unsigned char tbs[1024], entry[128], hash[32], sig[256];
	struct crl c;
	size_t n = 0, m, len;

	n += put(tbs + n, 0x02, "\x01", 1);
	memcpy(tbs + n, alg, sizeof alg);
	n += sizeof alg;
	memcpy(tbs + n, root_cert.subject.p, root_cert.subject.n);
	n += root_cert.subject.n;
	n += put(tbs + n, 0x17, "260101000000Z", 13);
	if (next)
		n += put(tbs + n, 0x17, next, 13);
	if (serial.n) {
		m = put(entry, 0x02, serial.p, serial.n);
		m += put(entry + m, 0x17, "260102000000Z", 13);
		m = put(entry, 0x30, entry, m);
		n += put(tbs + n, 0x30, entry, m);
	}
	n = put(tbs, 0x30, tbs, n);
	memcpy(c.der, tbs, n);
	c.n = n;
	memcpy(c.der + c.n, alg, sizeof alg);
	c.n += sizeof alg;
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, tbs, n, hash, sizeof hash, &len), PSA_SUCCESS);
	assert_int_equal(mbedtls_pk_sign(pki_key_context(key), MBEDTLS_MD_SHA256, hash, sizeof hash, sig + 1,
	                                 sizeof sig - 1, &len CRL_RNG),
	                 0);
	sig[0] = 0;
	c.n += put(c.der + c.n, 0x03, sig, len + 1);
	c.n = put(c.der, 0x30, c.der, c.n);
	return c;
}

static int
setup(void **state)
{
	pki_spec spec = pki_ca("CN=Root");

	(void)state;
	spec.key_usage |= PKI_USE_CRL_SIGN;
	chain_issue(&root, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	spec = pki_server("CN=Server", "DNS:mail.example.com");
	spec.serial = 0x1234;
	chain_issue(&leaf, &spec, chain_key_of(KEY_LEAF), &root, chain_key_of(KEY_ROOT));
	assert_true(email__cert_parse(email__span_of(root.der, root.len), &root_cert));
	assert_true(email__cert_parse(email__span_of(leaf.der, leaf.len), &leaf_cert));
	return 0;
}

static email_reasons
judge(const struct crl *c, int64_t now, bool *outdated)
{
	email__crls crls = {0};
	email_code rc = EMAIL_OK;
	email_reasons r;
	int checks = 5;

	assert_int_equal(email__crls_load(&crls, c->der, c->n), EMAIL_OK);
	r = email__crls_judge(&crls, &leaf_cert, &root_cert, &checks, &rc);
	*outdated = email__crls_outdated(&crls, now);
	assert_int_equal(rc, EMAIL_OK);
	email__crls_dispose(&crls);
	return r;
}

static void
test_judge(void **state)
{
	struct crl listed = make(chain_key_of(KEY_ROOT), leaf_cert.serial, "270101000000Z");
	struct crl other = make(chain_key_of(KEY_ROOT), email__span_of("\x12", 1), "270101000000Z");
	struct crl empty = make(chain_key_of(KEY_ROOT), email__span_of("", 0), NULL);
	struct crl forged = make(chain_key_of(KEY_OTHER), leaf_cert.serial, "270101000000Z");
	const int64_t in_2026 = INT64_C(1780000000), in_2030 = INT64_C(1893456000);
	bool outdated;

	(void)state;
	assert_int_equal(judge(&listed, in_2026, &outdated), EMAIL_REASON(REVOKED));
	assert_false(outdated);
	assert_int_equal(judge(&other, in_2026, &outdated), 0);
	assert_int_equal(judge(&empty, in_2030, &outdated), 0);
	assert_false(outdated);
	/* past its day it still says who is revoked, and is a finding */
	assert_int_equal(judge(&listed, in_2030, &outdated), EMAIL_REASON(REVOKED));
	assert_true(outdated);
	assert_int_equal(judge(&other, in_2030, &outdated), 0);
	assert_true(outdated);
	/* signed by somebody else */
	assert_int_equal(judge(&forged, in_2026, &outdated), 0);
	/* a CA that may not sign lists */
	root_cert.usage &= ~(unsigned)EMAIL__USAGE_CRL_SIGN;
	assert_int_equal(judge(&listed, in_2026, &outdated), 0);
	root_cert.usage |= EMAIL__USAGE_CRL_SIGN;
}

/* Along a path: a revoked server is refused for good. */
static void
test_path(void **state)
{
	struct crl listed = make(chain_key_of(KEY_ROOT), leaf_cert.serial, "270101000000Z");
	email__judgement *j = email__judgement_new();
	email__span sent = leaf_cert.der;

	(void)state;
	assert_non_null(j);
	assert_int_equal(email__judgement_take(j, "mail.example.com", &sent, 1), EMAIL_OK);
	email__judgement_root(j, root_cert.der);
	j->when = email__when_make(leaf_cert.not_before + 1, 0, true, false);
	assert_int_equal(email__judge(j, NULL, NULL), EMAIL_OK);
	assert_int_equal(j->reasons, 0);
	assert_int_equal(email__crls_load(&j->crls, listed.der, listed.n), EMAIL_OK);
	assert_int_equal(email__judge(j, NULL, NULL), EMAIL_OK);
	assert_int_equal(j->reasons, EMAIL_REASON(REVOKED));
	assert_true(j->reasons & email__reasons_hard());
	email__judgement_free(j);
}

static void
test_load(void **state)
{
	struct crl c = make(chain_key_of(KEY_ROOT), leaf_cert.serial, NULL);
	unsigned char *copy;
	email__crls crls = {0};
	email__crl crl;
	size_t i;

	(void)state;
	assert_int_equal(email__crls_load(&crls, "", 0), EMAIL_E_CERTIFICATE);
	assert_int_equal(email__crls_load(&crls, root.der, root.len), EMAIL_E_CERTIFICATE);
	for (i = 0; i < c.n; i++) {
		copy = malloc(i ? i : 1);
		assert_non_null(copy);
		memcpy(copy, c.der, i);
		assert_false(email__crl_parse(email__span_of(copy, i), &crl));
		free(copy);
	}
	for (i = 1;; i++) {
		email_code rc;
		bool failed;

		email_test_fail_alloc(i);
		rc = email__crls_load(&crls, c.der, c.n);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		email__crls_dispose(&crls);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		if (!failed)
			break;
	}
}

static void
write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* crlFile of a sheet: revoked is refused, approved or not; a file that cannot be read lets nobody in. */
static void
test_sheet(void **state)
{
	struct crl listed = make(chain_key_of(KEY_ROOT), leaf_cert.serial, "260201000000Z");
	char folder[] = "/tmp/emailcrlXXXXXX", path[64], command[64];
	email__chain chain = {1, {{leaf.der, leaf.len}}};
	email__verdict v;
	email_trust *trust = email_trust_new();
	email_error e = {0};
	bool outdated;

	(void)state;
	assert_non_null(trust);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/revoked.crl", folder);
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	assert_int_equal(email__trust_judge(trust, "mail.example.com", 465, &chain, &v, &e), EMAIL_E_TRUST);
	assert_int_equal(email_trust_approve(trust, "mail.example.com", 465, v.certificate.sha256, 0),
	                 EMAIL_OK);
	assert_int_equal(email_trust_import(trust, root.der, root.len, NULL, NULL), EMAIL_OK);
	assert_int_equal(email__trust_judge(trust, "mail.example.com", 465, &chain, &v, &e), EMAIL_OK);
	assert_int_equal(email_trust_crl_outdated(trust, &outdated), EMAIL_OK);
	assert_false(outdated);
	write_file(path, listed.der, listed.n);
	assert_int_equal(email_trust_set(trust, "crlFile", "revoked.crl"), EMAIL_OK);
	assert_int_equal(email__trust_judge(trust, "mail.example.com", 465, &chain, &v, &e), EMAIL_E_TRUST);
	assert_int_equal(v.reasons, EMAIL_REASON(REVOKED));
	assert_int_equal(email_trust_crl_outdated(trust, &outdated), EMAIL_OK);
	assert_true(outdated);
	write_file(path, listed.der, listed.n - 1);
	assert_int_equal(email__trust_judge(trust, "mail.example.com", 465, &chain, &v, &e),
	                 EMAIL_E_CERTIFICATE);
	assert_int_equal(v.kind, EMAIL__REFUSED);
	assert_int_equal(email_trust_crl_outdated(trust, &outdated), EMAIL_E_CERTIFICATE);
	remove(path);
	memset(&e, 0, sizeof e);
	assert_int_equal(email__trust_judge(trust, "mail.example.com", 465, &chain, &v, &e), EMAIL_E_FILE);
	email_trust_free(trust);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_judge), cmocka_unit_test(test_path),
	                                   cmocka_unit_test(test_load), cmocka_unit_test(test_sheet)};

	return cmocka_run_group_tests(tests, setup, end);
}
