/* SPDX-License-Identifier: MIT */
/* Rules 1 to 4 (model: trust) put together, and rule 2 on the leaf. */
#include "trust/judge.h"

#include "os/clock.h"
#include "support/chains.h"
#include "support/cm.h"

#define R(name) EMAIL_REASON(name)

static void
test_good(void **state)
{
	(void)state;
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle), CHAIN(&made.root)), 0);
	assert_int_equal(
		chain_judge("192.0.2.1", 0, CHAIN(&made.leaf, &made.middle), 2, CHAIN(&made.root), 1), 0);
	/* the root sent along, the order turned round, strangers in between */
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.root, &made.middle), CHAIN(&made.root)), 0);
}

static void
test_no_path(void **state)
{
	pki_cert other, own;
	pki_spec spec = pki_ca("CN=Other");

	(void)state;
	chain_issue(&other, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	assert_int_equal(chain_reasons(CHAIN(&made.leaf), CHAIN(&made.root)), R(UNKNOWN_ISSUER));
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle), CHAIN(&other)), R(UNKNOWN_ISSUER));
	assert_int_equal(chain_judge("mail.example.com", 0, CHAIN(&made.leaf, &made.middle), 2, NULL, 0),
	                 R(UNKNOWN_ISSUER) | R(NO_ROOTS));
	spec = chain_server();
	chain_issue(&own, &spec, chain_key_of(KEY_LEAF), NULL, NULL);
	assert_int_equal(chain_reasons(CHAIN(&own), CHAIN(&made.root)), R(SELF_SIGNED));
	/* in a store it vouches for itself */
	assert_int_equal(chain_reasons(CHAIN(&own), CHAIN(&own)), 0);
	/* a root of the same name and another key */
	spec = pki_ca("CN=Root");
	chain_issue(&other, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle), CHAIN(&other)), R(UNKNOWN_ISSUER));
	/* both: the right one is found */
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &made.middle), CHAIN(&other, &made.root)), 0);
}

static void
test_versions(void **state)
{
	pki_spec spec = chain_server();

	(void)state;
	spec.version = 1;
	assert_int_equal(chain_of_server(&spec), R(VERSION) | R(NAME));
	spec = pki_ca("CN=Middle");
	spec.version = 1;
	assert_int_equal(chain_of_middle(&spec), R(VERSION) | R(PURPOSE));
	spec = pki_ca("CN=Root");
	spec.version = 1;
	assert_int_equal(chain_of_root(&spec), 0);
}

static void
test_leaf_is_no_ca(void **state)
{
	pki_spec spec = chain_server();

	(void)state;
	spec.ca = 1;
	assert_int_equal(chain_of_server(&spec), R(CA_AS_LEAF));
	spec = chain_server();
	spec.key_usage = PKI_USE_SIGNATURE | PKI_USE_CERT_SIGN;
	assert_int_equal(chain_of_server(&spec), R(CA_AS_LEAF));
	spec = chain_server();
	spec.key_usage = PKI_USE_CRL_SIGN;
	assert_int_equal(chain_of_server(&spec), R(PURPOSE));
	spec.key_usage = 0;
	assert_int_equal(chain_of_server(&spec), 0);
	spec.ca = -1;
	assert_int_equal(chain_of_server(&spec), 0);
}

static void
test_purpose(void **state)
{
	pki_extension any = {"\x55\x1D\x25", 3, false, "\x30\x06\x06\x04\x55\x1D\x25\x00", 8};
	pki_spec spec = chain_server();

	(void)state;
	spec.usages = "clientAuth";
	assert_int_equal(chain_of_server(&spec), R(PURPOSE));
	spec.usages = "clientAuth, serverAuth";
	assert_int_equal(chain_of_server(&spec), 0);
	spec.usages = NULL;
	assert_int_equal(chain_of_server(&spec), 0);
	spec.extensions = &any;
	spec.extension_count = 1;
	assert_int_equal(chain_of_server(&spec), 0);
	spec = pki_ca("CN=Middle");
	spec.usages = "clientAuth";
	assert_int_equal(chain_of_middle(&spec), R(PURPOSE));
	spec.usages = "serverAuth";
	assert_int_equal(chain_of_middle(&spec), 0);
	spec = pki_ca("CN=Root");
	spec.usages = "clientAuth";
	assert_int_equal(chain_of_root(&spec), R(PURPOSE));
}

static void
test_names(void **state)
{
	pki_spec spec = pki_server("CN=mail.example.com", NULL);

	(void)state;
	assert_int_equal(chain_of_server(&spec), R(NAME_CN_ONLY));
	spec.names = "DNS:other.example.com";
	assert_int_equal(chain_of_server(&spec), R(NAME));
	assert_int_equal(
		chain_judge("other.example.com", 0, CHAIN(&made.leaf, &made.middle), 2, CHAIN(&made.root), 1),
		R(NAME));
	assert_int_equal(
		chain_judge("192.0.2.2", 0, CHAIN(&made.leaf, &made.middle), 2, CHAIN(&made.root), 1),
		R(NAME));
}

/* Constraints reach all names below, and are for CAs only. */
static void
test_constraints(void **state)
{
	static const char for_example[] = "\x30\x11\xA0\x0F\x30\x0D\x82\x0B"
					  "example.com";
	static const char for_other[] = "\x30\x0F\xA0\x0D\x30\x0B\x82\x09"
					"other.com";
	pki_extension nc = {"\x55\x1D\x1E", 3, true, for_example, sizeof for_example - 1};
	pki_spec spec = pki_ca("CN=Middle");

	(void)state;
	spec.extensions = &nc;
	spec.extension_count = 1;
	assert_int_equal(chain_of_middle(&spec), 0);
	nc.der = for_other;
	nc.len = sizeof for_other - 1;
	assert_int_equal(chain_of_middle(&spec), R(NAME_CONSTRAINTS));
	/* a constraint that its CA lets others overlook is none that we could count on */
	nc.critical = false;
	assert_int_equal(chain_of_middle(&spec), R(NAME_CONSTRAINTS) | R(UNSUPPORTED_CONSTRAINT));
	nc.der = for_example;
	nc.len = sizeof for_example - 1;
	assert_int_equal(chain_of_middle(&spec), R(UNSUPPORTED_CONSTRAINT));
	nc.der = for_other;
	nc.len = sizeof for_other - 1;
	nc.critical = true;
	spec = pki_ca("CN=Root");
	spec.extensions = &nc;
	spec.extension_count = 1;
	assert_int_equal(chain_of_root(&spec), R(NAME_CONSTRAINTS));
	spec = chain_server();
	spec.extensions = &nc;
	spec.extension_count = 1;
	assert_int_equal(chain_of_server(&spec), R(UNSUPPORTED_CONSTRAINT));
}

static void
test_malformed(void **state)
{
	pki_cert cut = made.leaf;

	(void)state;
	cut.len--;
	assert_int_equal(chain_reasons(CHAIN(&cut, &made.middle), CHAIN(&made.root)), R(MALFORMED));
	/* behind the leaf it is only superfluous */
	assert_int_equal(chain_reasons(CHAIN(&made.leaf, &cut, &made.middle), CHAIN(&made.root)), 0);
	assert_int_equal(chain_judge("mail.example.com", 0, NULL, 0, CHAIN(&made.root), 1), R(MALFORMED));
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
		T(test_good),    T(test_no_path), T(test_versions),    T(test_leaf_is_no_ca),
		T(test_purpose), T(test_names),   T(test_constraints), T(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
