/* SPDX-License-Identifier: MIT */
/* Rules 1, 2 and 4 along a path (RFC 5280 6.1), and which of several paths is found. */
#include "trust/path.h"

#include "os/clock.h"
#include "support/chains.h"
#include "support/cm.h"

#define R(name) EMAIL_REASON(name)

static void
test_signatures(void **state)
{
	pki_cert rsa, s;
	pki_spec spec = chain_server(), ca;

	(void)state;
	spec.bad_signature = true;
	assert_int_equal(chain_of_server(&spec), R(UNKNOWN_ISSUER));
	spec = pki_ca("CN=Middle");
	spec.bad_signature = true;
	assert_int_equal(chain_of_middle(&spec), R(UNKNOWN_ISSUER));
	spec = chain_server();
	spec.hash = PKI_SHA1;
	assert_int_equal(chain_of_server(&spec), R(WEAK_SIGNATURE));
	spec.hash = PKI_SHA384;
	assert_int_equal(chain_of_server(&spec), 0);
	/* MD5 goes with RSA only */
	ca = pki_ca("CN=Root");
	chain_issue(&rsa, &ca, chain_key_kind(PKI_RSA_2048), NULL, NULL);
	spec.hash = PKI_MD5;
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &rsa, chain_key_kind(PKI_RSA_2048));
	assert_int_equal(chain_reasons(CHAIN(&s), CHAIN(&rsa)), R(WEAK_SIGNATURE));
	spec.hash = PKI_SHA256;
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &rsa, chain_key_kind(PKI_RSA_2048));
	assert_int_equal(chain_reasons(CHAIN(&s), CHAIN(&rsa)), 0);
	spec.bad_signature = true;
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &rsa, chain_key_kind(PKI_RSA_2048));
	assert_int_equal(chain_reasons(CHAIN(&s), CHAIN(&rsa)), R(UNKNOWN_ISSUER));
	spec = pki_ca("CN=Middle");
	spec.hash = PKI_SHA1;
	assert_int_equal(chain_of_middle(&spec), R(WEAK_SIGNATURE));
	/* a root's own is not judged */
	spec = pki_ca("CN=Root");
	spec.hash = PKI_SHA1;
	assert_int_equal(chain_of_root(&spec), 0);
}

/* A weak signature is not checked but refused. Nobody may get past that by bearing the root's own name. */
static void
test_forged_renewal(void **state)
{
	pki_cert forged, s;
	pki_spec spec = pki_ca("CN=Root");

	(void)state;
	spec.hash = PKI_SHA1;
	chain_issue(&forged, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &forged, chain_key_of(KEY_OTHER));
	assert_true(chain_reasons(CHAIN(&s, &forged), CHAIN(&made.root)) != 0);
}

static void
test_keys(void **state)
{
	static const struct {
		pki_kind kind;
		email_reasons reasons;
	} rows[] = {
		{PKI_RSA_1024, R(WEAK_KEY)}, {PKI_EC_P192, R(WEAK_KEY)}, {PKI_RSA_2048, 0}, {PKI_EC_P384, 0}};
	pki_cert c, s, m;
	pki_spec spec;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		pki_key *key = chain_key_kind(rows[i].kind);

		spec = chain_server();
		chain_issue(&c, &spec, key, &made.middle, chain_key_of(KEY_MIDDLE));
		assert_int_equal(chain_reasons(CHAIN(&c, &made.middle), CHAIN(&made.root)), rows[i].reasons);
		spec = pki_ca("CN=Middle");
		chain_issue(&m, &spec, key, &made.root, chain_key_of(KEY_ROOT));
		spec = chain_server();
		chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &m, key);
		assert_int_equal(chain_reasons(CHAIN(&s, &m), CHAIN(&made.root)), rows[i].reasons);
		spec = pki_ca("CN=Root");
		chain_issue(&m, &spec, key, NULL, NULL);
		spec = chain_server();
		chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &m, key);
		assert_int_equal(chain_reasons(CHAIN(&s), CHAIN(&m)), rows[i].reasons);
	}
}

static void
test_critical(void **state)
{
	pki_extension odd = {"\x2A\x03\x04", 3, true, "\x05\x00", 2};
	pki_spec spec = chain_server();

	(void)state;
	spec.extensions = &odd;
	spec.extension_count = 1;
	assert_int_equal(chain_of_server(&spec), R(CRITICAL_EXTENSION));
	odd.critical = false;
	assert_int_equal(chain_of_server(&spec), 0);
	odd.critical = true;
	spec = pki_ca("CN=Middle");
	spec.extensions = &odd;
	spec.extension_count = 1;
	assert_int_equal(chain_of_middle(&spec), R(CRITICAL_EXTENSION));
	spec = pki_ca("CN=Root");
	spec.extensions = &odd;
	spec.extension_count = 1;
	assert_int_equal(chain_of_root(&spec), R(CRITICAL_EXTENSION));
}

static void
test_issuers(void **state)
{
	pki_spec spec = pki_ca("CN=Middle");

	(void)state;
	spec.ca = 0;
	assert_int_equal(chain_of_middle(&spec), R(PURPOSE));
	spec.ca = -1;
	assert_int_equal(chain_of_middle(&spec), R(PURPOSE));
	spec = pki_ca("CN=Middle");
	spec.key_usage = PKI_USE_SIGNATURE;
	assert_int_equal(chain_of_middle(&spec), R(PURPOSE));
	spec.key_usage = 0;
	assert_int_equal(chain_of_middle(&spec), 0);
	spec = pki_ca("CN=Root");
	spec.ca = 0;
	assert_int_equal(chain_of_root(&spec), R(PURPOSE));
}

/* root (path length n) -> Middle -> [Middle renewed] -> Middle 2 -> server */
static void
test_path_length(void **state)
{
	pki_cert top, one, renewed, two, s;
	pki_spec spec = pki_ca("CN=Root");

	(void)state;
	spec.path_len = 1;
	chain_issue(&top, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	spec = pki_ca("CN=Middle");
	chain_issue(&one, &spec, chain_key_of(KEY_MIDDLE), &top, chain_key_of(KEY_ROOT));
	spec = pki_ca("CN=Middle 2");
	chain_issue(&two, &spec, chain_key_of(KEY_MIDDLE_2), &one, chain_key_of(KEY_MIDDLE));
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &two, chain_key_of(KEY_MIDDLE_2));
	assert_int_equal(chain_reasons(CHAIN(&s, &two, &one), CHAIN(&top)), R(PATH_LENGTH));
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &one, chain_key_of(KEY_MIDDLE));
	assert_int_equal(chain_reasons(CHAIN(&s, &one), CHAIN(&top)), 0);
	/* a CA that renews itself does not count */
	spec = pki_ca("CN=Middle");
	chain_issue(&renewed, &spec, chain_key_of(KEY_OTHER), &one, chain_key_of(KEY_MIDDLE));
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &renewed, chain_key_of(KEY_OTHER));
	assert_int_equal(chain_reasons(CHAIN(&s, &renewed, &one), CHAIN(&top)), 0);
}

static void
test_dates(void **state)
{
	pki_spec spec = chain_server();
	int64_t now = email__clock_wall(), year = 366 * INT64_C(86400);

	(void)state;
	assert_int_equal(chain_judge("mail.example.com", now + 2 * year, CHAIN(&made.leaf, &made.middle), 2,
	                             CHAIN(&made.root), 1),
	                 R(EXPIRED));
	assert_int_equal(chain_judge("mail.example.com", now - year, CHAIN(&made.leaf, &made.middle), 2,
	                             CHAIN(&made.root), 1),
	                 R(NOT_YET_VALID));
	spec.not_before = "20240101000000";
	spec.not_after = "20250101000000";
	assert_int_equal(chain_of_server(&spec), R(EXPIRED));
	spec = pki_ca("CN=Middle");
	spec.not_before = "20240101000000";
	spec.not_after = "20250101000000";
	assert_int_equal(chain_of_middle(&spec), R(EXPIRED));
	spec = pki_ca("CN=Root");
	spec.not_before = "20240101000000";
	spec.not_after = "20250101000000";
	assert_int_equal(chain_of_root(&spec), R(EXPIRED));
	spec = chain_server();
	spec.not_before = "20900101000000";
	spec.not_after = "20910101000000";
	assert_int_equal(chain_of_server(&spec), R(NOT_YET_VALID));
}

/* A directoryName "CN=…" as the only subtree. */
static pki_extension
directory(const char *common, bool permitted, unsigned char der[64])
{
	size_t n = strlen(common), i = 0;
	const unsigned char wrap[] = {
		0x30, 0, (unsigned char)(permitted ? 0xA0 : 0xA1), 0, 0x30, 0, 0xA4, 0, 0x30, 0, 0x31, 0,
		0x30, 0};

	for (i = 0; i < sizeof wrap; i += 2) {
		der[i] = wrap[i];
		der[i + 1] = (unsigned char)(n + 7 + sizeof wrap - i - 2);
	}
	memcpy(der + sizeof wrap, "\x06\x03\x55\x04\x03\x0C", 6);
	der[sizeof wrap + 6] = (unsigned char)n;
	memcpy(der + sizeof wrap + 7, common, n);
	return (pki_extension){"\x55\x1D\x1E", 3, true, der, sizeof wrap + 7 + n};
}

/* Constraints reach the names of CAs too, save those that renew themselves; and any leaf (6.1.3 (b), (c)). */
static void
test_constraints(void **state)
{
	unsigned char der[64];
	pki_extension nc = directory("Server", true, der);
	pki_cert top, one, renewed, s;
	pki_spec spec = pki_ca("CN=Root");

	(void)state;
	spec.extensions = &nc;
	spec.extension_count = 1;
	chain_issue(&top, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &top, chain_key_of(KEY_ROOT));
	assert_int_equal(chain_reasons(CHAIN(&s), CHAIN(&top)), 0);
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle), CHAIN(&top)), R(NAME_CONSTRAINTS));
	spec.subject = "CN=Other";
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &top, chain_key_of(KEY_ROOT));
	assert_int_equal(chain_reasons(CHAIN(&s), CHAIN(&top)), R(NAME_CONSTRAINTS));
	/* excluded is the CA's own name, which it keeps when it renews itself */
	nc = directory("Middle", false, der);
	spec = pki_ca("CN=Middle");
	spec.extensions = &nc;
	spec.extension_count = 1;
	chain_issue(&one, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	spec = pki_ca("CN=Middle");
	chain_issue(&renewed, &spec, chain_key_of(KEY_OTHER), &one, chain_key_of(KEY_MIDDLE));
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &renewed, chain_key_of(KEY_OTHER));
	assert_int_equal(chain_reasons(CHAIN(&s, &renewed, &one), CHAIN(&made.root)), 0);
	spec.subject = "CN=Middle"; /* a leaf of that name is no renewal */
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &one, chain_key_of(KEY_MIDDLE));
	assert_int_equal(chain_reasons(CHAIN(&s, &one), CHAIN(&made.root)), R(NAME_CONSTRAINTS));
}

/* Where every way fails, the reasons are those of the best: nothing hard, then a root, then the fewest. */
static void
test_best(void **state)
{
	pki_cert weak, odd, strange, expired;
	pki_spec spec = pki_ca("CN=Middle");

	(void)state;
	spec.hash = PKI_SHA1;
	chain_issue(&weak, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	spec.hash = PKI_SHA256;
	spec.not_before = "20240101000000";
	spec.not_after = "20250101000000";
	chain_issue(&expired, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	spec.ca = 0;
	chain_issue(&odd, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	spec = pki_ca("CN=Middle");
	spec.issuer = "CN=Nobody";
	chain_issue(&strange, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &weak, &odd), CHAIN(&made.root)),
	                 R(EXPIRED) | R(PURPOSE));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &odd, &weak), CHAIN(&made.root)),
	                 R(EXPIRED) | R(PURPOSE));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &strange, &odd), CHAIN(&made.root)),
	                 R(EXPIRED) | R(PURPOSE));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &odd, &strange), CHAIN(&made.root)),
	                 R(EXPIRED) | R(PURPOSE));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &odd, &expired), CHAIN(&made.root)), R(EXPIRED));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &expired, &odd), CHAIN(&made.root)), R(EXPIRED));
}

/* Three CAs of each name and key, six names deep, and nothing at the end: 729 ways, which nobody walks. */
static void
test_many_ways(void **state)
{
	static pki_cert cas[18];
	const pki_cert *sent[20] = {NULL};
	pki_cert s, nobody;
	pki_spec spec = pki_ca("CN=Nobody");
	char name[32];
	size_t i;

	(void)state;
	chain_issue(&nobody, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	for (i = 0; i < 18; i++) {
		snprintf(name, sizeof name, "CN=CA %u", (unsigned)i / 3);
		spec = pki_ca(name);
		spec.serial = (unsigned)i + 1;
		chain_issue(&cas[i], &spec, chain_key_of(i / 3 % 2 ? KEY_MIDDLE : KEY_MIDDLE_2),
		            i < 3 ? &nobody : &cas[i - 3],
		            chain_key_of(i < 3       ? KEY_OTHER
		                         : i / 3 % 2 ? KEY_MIDDLE_2
		                                     : KEY_MIDDLE));
		sent[i + 1] = &cas[i];
	}
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &cas[17], chain_key_of(KEY_MIDDLE));
	sent[0] = &s;
	assert_int_equal(chain_reasons(sent, CHAIN(&made.root)), R(UNKNOWN_ISSUER) | R(CHAIN_TOO_LONG));
}

/* What moves the clock's floor is the newest of the path, whichever it is. */
static void
test_newest(void **state)
{
	static email__pool pool;
	pki_spec spec = pki_ca("CN=Middle");
	email__when when = email__when_make(email__clock_wall(), 0, true, false);
	email__path_result result;
	email__cert cert;
	pki_cert newer;

	(void)state;
	spec.not_before = "20261002000000";
	chain_issue(&newer, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	spec = chain_server();
	spec.not_before = "20261001000000";
	chain_issue(&made.leaf, &spec, chain_key_of(KEY_LEAF), &newer, chain_key_of(KEY_MIDDLE));
	spec = pki_ca("CN=Root");
	spec.not_before = "20260101000000";
	chain_issue(&made.root, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	memset(&pool, 0, sizeof pool);
	assert_true(email__cert_parse(email__span_of(made.leaf.der, made.leaf.len), &cert));
	assert_true(email__pool_add(&pool, email__span_of(newer.der, newer.len), false));
	assert_true(email__pool_add(&pool, email__span_of(made.root.der, made.root.len), true));
	when.now = INT64_C(1793491200);
	assert_int_equal(email__path_judge(&cert, &pool, &when, NULL, &result), EMAIL_OK);
	assert_int_equal(result.reasons, 0);
	assert_int_equal(result.newest_not_before, 1790899200);
}

/* The first way found is not the only one: an expired, a weak, a wrongly made twin of a good CA. */
static void
test_branches(void **state)
{
	pki_cert bad, other_root, cross;
	pki_spec spec = pki_ca("CN=Middle");

	(void)state;
	spec.not_before = "20240101000000";
	spec.not_after = "20250101000000";
	chain_issue(&bad, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &bad, &made.middle), CHAIN(&made.root)), 0);
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle, &bad), CHAIN(&made.root)), 0);
	spec = pki_ca("CN=Middle");
	spec.hash = PKI_SHA1;
	chain_issue(&bad, &spec, chain_key_of(KEY_MIDDLE), &made.root, chain_key_of(KEY_ROOT));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &bad, &made.middle), CHAIN(&made.root)), 0);
	/* a root signed across by one that is not trusted, sent along */
	spec = pki_ca("CN=Other Root");
	chain_issue(&other_root, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	spec = pki_ca("CN=Root");
	chain_issue(&cross, &spec, chain_key_of(KEY_ROOT), &other_root, chain_key_of(KEY_OTHER));
	assert_int_equal(
		chain_reasons(CHAIN(&made.leaf, &made.middle, &cross, &other_root), CHAIN(&made.root)), 0);
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle, &cross), CHAIN(&other_root)), 0);
	/* an intermediate that a person put into a store is an anchor */
	assert_int_equal(chain_reasons(CHAIN(&made.leaf), CHAIN(&made.middle)), 0);
	/* what can be waived is told rather than what cannot, where both ways fail */
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &bad, &made.middle), CHAIN(&other_root)),
	                 R(UNKNOWN_ISSUER));
}

/* Two CAs that vouch for each other, and lead nowhere. */
static void
test_circle(void **state)
{
	pki_cert a, b, s;
	pki_spec spec = pki_ca("CN=B");

	(void)state;
	chain_issue(&b, &spec, chain_key_of(KEY_MIDDLE_2), NULL, NULL);
	spec = pki_ca("CN=A");
	chain_issue(&a, &spec, chain_key_of(KEY_MIDDLE), &b, chain_key_of(KEY_MIDDLE_2));
	spec = pki_ca("CN=B");
	chain_issue(&b, &spec, chain_key_of(KEY_MIDDLE_2), &a, chain_key_of(KEY_MIDDLE));
	spec = chain_server();
	chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &a, chain_key_of(KEY_MIDDLE));
	assert_int_equal(chain_reasons(CHAIN(&s, &a, &b), CHAIN(&made.root)), R(UNKNOWN_ISSUER));
}

/* Eight intermediates are allowed, nine are not. */
static void
test_depth(void **state)
{
	static pki_cert cas[9];
	const pki_cert *sent[10];
	pki_cert s;
	pki_spec spec;
	char name[32];
	size_t n, i;

	(void)state;
	for (n = 8; n <= 9; n++) {
		for (i = 0; i < n; i++) {
			snprintf(name, sizeof name, "CN=CA %u", (unsigned)i);
			spec = pki_ca(name);
			chain_issue(&cas[i], &spec, chain_key_of(i % 2 ? KEY_MIDDLE : KEY_MIDDLE_2),
			            i ? &cas[i - 1] : &made.root,
			            chain_key_of(i == 0  ? KEY_ROOT
			                         : i % 2 ? KEY_MIDDLE_2
			                                 : KEY_MIDDLE));
			sent[n - i] = &cas[i];
		}
		spec = chain_server();
		chain_issue(&s, &spec, chain_key_of(KEY_LEAF), &cas[n - 1],
		            chain_key_of((n - 1) % 2 ? KEY_MIDDLE : KEY_MIDDLE_2));
		sent[0] = &s;
		assert_int_equal(chain_judge("mail.example.com", 0, sent, n + 1, CHAIN(&made.root), 1),
		                 n == 8 ? 0 : R(UNKNOWN_ISSUER) | R(CHAIN_TOO_LONG));
	}
}

/* Many CAs of one name and different keys: the search ends, and soon. */
static void
test_same_names(void **state)
{
	static pki_cert twins[40];
	const pki_cert *sent[41] = {&made.leaf};
	pki_spec spec = pki_ca("CN=Middle");
	size_t i;

	(void)state;
	spec.issuer = "CN=Middle";
	for (i = 0; i < 40; i++) {
		spec.hash = i % 2 ? PKI_SHA1 : PKI_SHA256;
		spec.serial = (unsigned)i + 1000;
		chain_issue(&twins[i], &spec, chain_key_of(i % 3 == 0 ? KEY_MIDDLE : KEY_OTHER), &made.root,
		            chain_key_of(KEY_ROOT));
		sent[i + 1] = &twins[i];
	}
	assert_true(chain_judge("mail.example.com", 0, sent, 41, CHAIN(&made.root), 1) &
	            (R(UNKNOWN_ISSUER) | R(WEAK_SIGNATURE)));
}

/* requireExplicitPolicy is not supported; the rest of policies refuses nobody. */
static void
test_policies(void **state)
{
	pki_extension explicit_policy = {"\x55\x1D\x24", 3, true, "\x30\x03\x80\x01\x00", 5};
	pki_extension mapping = {"\x55\x1D\x24", 3, true, "\x30\x03\x81\x01\x00", 5};
	pki_extension policies = {"\x55\x1D\x20", 3, true, "\x30\x06\x30\x04\x06\x02\x2A\x03", 8};
	pki_spec spec = pki_ca("CN=Middle");

	(void)state;
	spec.extension_count = 1;
	spec.extensions = &explicit_policy;
	assert_int_equal(chain_of_middle(&spec), R(UNSUPPORTED_CONSTRAINT));
	spec.extensions = &mapping;
	assert_int_equal(chain_of_middle(&spec), 0);
	mapping.critical = false;
	assert_int_equal(chain_of_middle(&spec), R(UNSUPPORTED_CONSTRAINT));
	spec.extensions = &policies;
	assert_int_equal(chain_of_middle(&spec), 0);
	spec = chain_server();
	spec.extensions = &policies;
	spec.extension_count = 1;
	assert_int_equal(chain_of_server(&spec), 0);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

#define T(f) cmocka_unit_test_setup(f, chain_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_signatures),  T(test_forged_renewal), T(test_keys),       T(test_critical),
		T(test_issuers),     T(test_path_length),    T(test_dates),      T(test_branches),
		T(test_circle),      T(test_depth),          T(test_same_names), T(test_policies),
		T(test_constraints), T(test_best),           T(test_many_ways),  T(test_newest),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
