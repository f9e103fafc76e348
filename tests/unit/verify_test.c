/* SPDX-License-Identifier: MIT */
/* email_trust_verify(): what is asked as text, and what of it is no question at all. */
#include <emailservice/trust.h>
#include <stdlib.h>

#include "base/limits.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char sent[65536], roots[65536];
static email_verify q;
static email_reasons reasons;
static email_error e;

static int
setup(void **state)
{
	chain_setup(state);
	sent[0] = roots[0] = '\0';
	assert_int_equal(pki_pem_add(sent, sizeof sent, &made.leaf), 0);
	assert_int_equal(pki_pem_add(sent, sizeof sent, &made.middle), 0);
	assert_int_equal(pki_pem_add(roots, sizeof roots, &made.root), 0);
	q = (email_verify){.host = "mail.example.com",
	                   .chain = sent,
	                   .chain_size = strlen(sent),
	                   .roots = roots,
	                   .roots_size = strlen(roots)};
	return 0;
}

static email_code
verify(void)
{
	memset(&e, 0, sizeof e);
	reasons = 99;
	return email_trust_verify(NULL, &q, &reasons, &e);
}

static void
test_answers(void **state)
{
	(void)state;
	assert_int_equal(verify(), EMAIL_OK);
	assert_int_equal(reasons, 0);
	assert_int_equal(email_trust_verify(NULL, &q, NULL, NULL), EMAIL_OK);
	q.host = "other.example.com";
	assert_int_equal(verify(), EMAIL_E_TRUST);
	assert_int_equal(reasons, EMAIL_REASON(NAME));
	assert_non_null(strstr(e.text, "other.example.com"));
	/* one DER; an anchor for itself */
	q = (email_verify){.host = "192.0.2.1",
	                   .chain = made.leaf.der,
	                   .chain_size = made.leaf.len,
	                   .roots = made.leaf.der,
	                   .roots_size = made.leaf.len};
	assert_int_equal(verify(), EMAIL_OK);
	q.roots = made.root.der;
	q.roots_size = made.root.len;
	assert_int_equal(verify(), EMAIL_E_TRUST);
	assert_int_equal(reasons, EMAIL_REASON(UNKNOWN_ISSUER));
}

static void
test_time(void **state)
{
	(void)state;
	q.time = 946684800; /* a good clock in the year 2000 */
	assert_int_equal(verify(), EMAIL_E_TRUST);
	assert_int_equal(reasons, EMAIL_REASON(NOT_YET_VALID));
	q.time = INT64_C(4102444800);
	assert_int_equal(verify(), EMAIL_E_TRUST);
	assert_int_equal(reasons, EMAIL_REASON(EXPIRED));
}

/* Only what is given as roots counts, and the machine's own do not; nor does a root that was sent. */
static void
test_roots(void **state)
{
	email_trust *trust = email_trust_new();

	(void)state;
	assert_int_equal(email_trust_import(trust, made.root.der, made.root.len, NULL, NULL), EMAIL_OK);
	q.roots = NULL;
	assert_int_equal(email_trust_verify(trust, &q, &reasons, &e), EMAIL_OK);
	assert_int_equal(verify(), EMAIL_E_TRUST);
	q.roots = made.middle.der; /* an intermediate as an anchor */
	q.roots_size = made.middle.len;
	assert_int_equal(verify(), EMAIL_OK);
	q.roots = made.leaf.der;
	q.roots_size = made.leaf.len;
	q.chain = made.middle.der;
	q.chain_size = made.middle.len;
	assert_int_equal(verify(), EMAIL_E_TRUST);
	assert_true(reasons & EMAIL_REASON(UNKNOWN_ISSUER));
	email_trust_free(trust);
	assert_int_equal(pki_pem_add(sent, sizeof sent, &made.root), 0);
	q = (email_verify){.host = "mail.example.com",
	                   .chain = sent,
	                   .chain_size = strlen(sent),
	                   .roots = made.leaf.der,
	                   .roots_size = made.leaf.len,
	                   .time = 0};
	assert_int_equal(verify(), EMAIL_OK); /* the leaf itself is the anchor here */
}

static void
test_no_question(void **state)
{
	static const char *const hosts[] = {"", "a b", "a..b", "*.example.com", NULL};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		q.host = hosts[i];
		assert_int_equal(verify(), EMAIL_E_VALUE);
		assert_int_equal(reasons, 0);
	}
	q.host = "mail.example.com";
	q.chain_size -= 40; /* the last certificate is cut off */
	assert_int_equal(verify(), EMAIL_E_CERTIFICATE);
	assert_non_null(strstr(e.text, "chain"));
	q.chain_size = 0;
	assert_int_equal(verify(), EMAIL_E_CERTIFICATE);
	q.chain_size = strlen(sent);
	q.roots_size = 30;
	assert_int_equal(verify(), EMAIL_E_CERTIFICATE);
	assert_non_null(strstr(e.text, "roots"));
	q.roots = "";
	q.roots_size = 0; /* no root is not the system's roots */
	assert_int_equal(verify(), EMAIL_E_CERTIFICATE);
}

/* More certificates than any path needs: the first count, and the rest costs nothing. */
static void
test_many(void **state)
{
	static char many[EMAIL__POOL_MAX * 2048];
	size_t i;

	(void)state;
	memcpy(many, sent, strlen(sent) + 1);
	for (i = 0; i < EMAIL__POOL_MAX + 5; i++)
		assert_int_equal(pki_pem_add(many, sizeof many, &made.middle), 0);
	q.chain = many;
	q.chain_size = strlen(many);
	assert_int_equal(verify(), EMAIL_OK);
}

static void
test_memory(void **state)
{
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		email_code rc;
		bool failed;

		email_test_fail_alloc(n);
		rc = verify();
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		if (!failed)
			break;
	}
	assert_true(n > 5);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

#define T(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_answers),     T(test_time), T(test_roots),
	                                   T(test_no_question), T(test_many), T(test_memory)};

	return cmocka_run_group_tests(tests, NULL, end);
}
