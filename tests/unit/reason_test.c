/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include <mbedtls/asn1.h>
#include <mbedtls/x509.h>

#include "tls/reason.h"

static void
alerts(void **state)
{
	(void)state;
	assert_string_equal(email__tls_alert_text(70), "no TLS version in common");
	assert_string_equal(email__tls_alert_text(200), "an alert");
	assert_string_equal(email__tls_alert_text(-1), "an alert");
	assert_non_null(strstr(email__tls_alert_remedy(116), "clientCertificate"));
	assert_null(email__tls_alert_remedy(10));
	assert_null(email__tls_alert_remedy(200));
}

static void
codes(void **state)
{
	(void)state;
	assert_string_equal(email__tls_code_text(MBEDTLS_ERR_SSL_CONN_EOF), "the connection ended");
	assert_string_equal(email__tls_code_text(-1), "internal failure");
	assert_true(email__tls_code_is_memory(MBEDTLS_ERR_SSL_ALLOC_FAILED));
	assert_true(email__tls_code_is_memory(MBEDTLS_ERR_X509_ALLOC_FAILED));
	assert_false(email__tls_code_is_memory(MBEDTLS_ERR_SSL_CONN_EOF));
	assert_true(email__tls_code_is_certificate(MBEDTLS_ERR_X509_INVALID_EXTENSIONS +
	                                           MBEDTLS_ERR_ASN1_UNEXPECTED_TAG));
	assert_true(email__tls_code_is_certificate(MBEDTLS_ERR_ASN1_UNEXPECTED_TAG));
	assert_true(email__tls_code_is_certificate(MBEDTLS_ERR_SSL_BAD_CERTIFICATE));
	assert_false(email__tls_code_is_certificate(MBEDTLS_ERR_SSL_CONN_EOF));
	assert_false(email__tls_code_is_certificate(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts),
		cmocka_unit_test(codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
