/* SPDX-License-Identifier: MIT */
/* The tests' own certificate authority makes what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/x509_crt.h>

#include "support/pki.h"

static void
chain_verifies(void **state)
{
	pki_key *ca_key = pki_key_new(PKI_EC_P256), *mid_key = pki_key_new(PKI_EC_P384),
		*key = pki_key_new(PKI_EC_P256);
	static pki_cert ca, mid, leaf;
	static char bundle[8192], pem[8192];
	pki_spec spec = pki_ca("CN=Test Root");
	mbedtls_x509_crt chain, roots;
	uint32_t flags = 0;

	(void)state;
	assert_non_null(ca_key);
	assert_non_null(mid_key);
	assert_non_null(key);
	assert_int_equal(pki_issue(&ca, &spec, ca_key, NULL, NULL), 0);
	spec = pki_ca("CN=Test Intermediate");
	spec.path_len = 0;
	assert_int_equal(pki_issue(&mid, &spec, mid_key, &ca, ca_key), 0);
	spec = pki_server("CN=mail.example.com", "DNS:mail.example.com, IP:192.0.2.1, IP:::1");
	assert_int_equal(pki_issue(&leaf, &spec, key, &mid, mid_key), 0);
	assert_int_equal(pki_pem_add(bundle, sizeof bundle, &ca), 0);
	assert_int_equal(pki_pem_add(pem, sizeof pem, &leaf), 0);
	assert_int_equal(pki_pem_add(pem, sizeof pem, &mid), 0);

	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crt_init(&roots);
	assert_int_equal(mbedtls_x509_crt_parse(&chain, (unsigned char *)pem, strlen(pem) + 1), 0);
	assert_int_equal(mbedtls_x509_crt_parse(&roots, (unsigned char *)bundle, strlen(bundle) + 1), 0);
	assert_int_equal(
		mbedtls_x509_crt_verify(&chain, &roots, NULL, "mail.example.com", &flags, NULL, NULL), 0);
	assert_int_equal(mbedtls_x509_crt_verify(&chain, &roots, NULL, "192.0.2.1", &flags, NULL, NULL), 0);
	assert_int_equal(mbedtls_x509_crt_verify(&chain, &roots, NULL, "::1", &flags, NULL, NULL), 0);
	assert_int_not_equal(
		mbedtls_x509_crt_verify(&chain, &roots, NULL, "other.example", &flags, NULL, NULL), 0);
	mbedtls_x509_crt_free(&chain);

	spec.bad_signature = true;
	assert_int_equal(pki_issue(&leaf, &spec, key, &ca, ca_key), 0);
	mbedtls_x509_crt_init(&chain);
	assert_int_equal(mbedtls_x509_crt_parse_der(&chain, leaf.der, leaf.len), 0);
	assert_int_not_equal(mbedtls_x509_crt_verify(&chain, &roots, NULL, NULL, &flags, NULL, NULL), 0);
	mbedtls_x509_crt_free(&chain);
	mbedtls_x509_crt_free(&roots);
	pki_key_free(ca_key);
	pki_key_free(mid_key);
	pki_key_free(key);
}

static void
odd_ones_can_be_made(void **state)
{
	pki_key *weak = pki_key_new(PKI_RSA_1024), *small = pki_key_new(PKI_EC_P192), *copy;
	static pki_cert cert;
	static char pem[4096];
	pki_extension unknown = {"\x2A\x03\x04", 3, true, "\x05\x00", 2};
	pki_spec spec = pki_server("CN=weak", "DNS:weak");
	mbedtls_x509_crt crt;

	(void)state;
	assert_non_null(weak);
	assert_non_null(small);
	spec.hash = PKI_SHA1;
	spec.not_before = "20200101000000";
	spec.not_after = "20210101000000";
	assert_int_equal(pki_issue(&cert, &spec, weak, NULL, NULL), 0);
	assert_int_equal(pki_issue(&cert, &spec, small, NULL, NULL), 0);
	mbedtls_x509_crt_init(&crt);
	assert_int_equal(mbedtls_x509_crt_parse_der(&crt, cert.der, cert.len), 0);
	assert_true(mbedtls_x509_time_is_past(&crt.valid_to));
	mbedtls_x509_crt_free(&crt);

	spec.extensions = &unknown;
	spec.extension_count = 1;
	assert_int_equal(pki_issue(&cert, &spec, small, NULL, NULL), 0);
	mbedtls_x509_crt_init(&crt);
	assert_int_not_equal(mbedtls_x509_crt_parse_der(&crt, cert.der, cert.len), 0);
	mbedtls_x509_crt_free(&crt);

	spec.version = 1;
	assert_int_equal(pki_issue(&cert, &spec, small, NULL, NULL), 0);
	mbedtls_x509_crt_init(&crt);
	assert_int_equal(mbedtls_x509_crt_parse_der(&crt, cert.der, cert.len), 0);
	assert_int_equal(crt.version, 1);
	mbedtls_x509_crt_free(&crt);

	assert_int_equal(pki_key_pem(small, pem, sizeof pem), 0);
	copy = pki_key_parse(pem, strlen(pem) + 1);
	assert_non_null(copy);
	pki_key_free(copy);
	pki_key_free(weak);
	pki_key_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_verifies),
		cmocka_unit_test(odd_ones_can_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
