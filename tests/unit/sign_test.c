/* SPDX-License-Identifier: MIT */
#include "crypto/sign.h"

#include "support/cm.h"
#include "support/failalloc.h"
#include "support/jose.h"

/* RFC 7515 A.2.1 and A.3.1: header and payload are the same but for the name of the algorithm. */
#define PAYLOAD \
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
static const char rs256[] = "eyJhbGciOiJSUzI1NiJ9" PAYLOAD, es256[] = "eyJhbGciOiJFUzI1NiJ9" PAYLOAD;

static email__signer *
signer(const char *pem, const char *password, email__signature algorithm)
{
	email_error e = {0};
	email__signer *s =
		email__signer_new(pem, strlen(pem) + 1, password, algorithm, EMAIL_STAGE_TOKEN, &e);

	if (!s)
		fprintf(stderr, "%s\n", e.text);
	assert_non_null(s);
	return s;
}

/* RFC 7515 A.2.1: this signature and no other. */
static void
rsa(void **state)
{
	static const char want[] =
		"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
		"O8W2Fp5jujGbds9uJdbF9CUAr7t1dn"
		"ZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
		"eSN9383LcOLn6_dO--xi12jzDwusC"
		"-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0"
		"igcN_IoypGlUPQGe77Rw";
	unsigned char out[EMAIL__SIGNATURE_MAX], expected[sizeof want];
	email__signer *s = signer(jose_rsa, NULL, EMAIL__SIGN_AUTO);
	size_t n;

	(void)state;
	assert_int_equal(email__signer_algorithm(s), EMAIL__RS256);
	assert_string_equal(email__signature_name(EMAIL__RS256), "RS256");
	assert_int_equal(email__signer_sign(s, rs256, sizeof rs256 - 1, out, &n), EMAIL_OK);
	assert_int_equal(n, 256);
	assert_int_equal(jose_decode(want, sizeof want - 1, expected), 256);
	assert_memory_equal(out, expected, 256);
	email__signer_free(s);
}

static void
pss(void **state)
{
	unsigned char out[EMAIL__SIGNATURE_MAX];
	email__signer *s = signer(jose_rsa, "", EMAIL__PS256);
	size_t n;

	(void)state;
	assert_int_equal(email__signer_algorithm(s), EMAIL__PS256);
	assert_string_equal(email__signature_name(EMAIL__PS256), "PS256");
	assert_int_equal(email__signer_sign(s, rs256, sizeof rs256 - 1, out, &n), EMAIL_OK);
	assert_true(jose_verifies(jose_rsa, EMAIL__PS256, rs256, sizeof rs256 - 1, out, n));
	assert_false(jose_verifies(jose_rsa, EMAIL__RS256, rs256, sizeof rs256 - 1, out, n));
	out[7] ^= 1;
	assert_false(jose_verifies(jose_rsa, EMAIL__PS256, rs256, sizeof rs256 - 1, out, n));
	email__signer_free(s);
}

/* RFC 7515 A.3.1: its own signature verifies, and so does ours, in the same form. */
static void
ecdsa(void **state)
{
	static const char theirs[] =
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
	unsigned char out[EMAIL__SIGNATURE_MAX];
	email__signer *s = signer(jose_ec, NULL, EMAIL__SIGN_AUTO);
	size_t n;

	(void)state;
	assert_int_equal(email__signer_algorithm(s), EMAIL__ES256);
	assert_string_equal(email__signature_name(EMAIL__ES256), "ES256");
	assert_int_equal(jose_decode(theirs, sizeof theirs - 1, out), 64);
	assert_true(jose_verifies(jose_ec, EMAIL__ES256, es256, sizeof es256 - 1, out, 64));
	assert_int_equal(email__signer_sign(s, es256, sizeof es256 - 1, out, &n), EMAIL_OK);
	assert_int_equal(n, 64);
	assert_true(jose_verifies(jose_ec, EMAIL__ES256, es256, sizeof es256 - 1, out, n));
	email__signer_free(s);
}

static void
refused(const char *pem, const char *password, email__signature algorithm, const char *words)
{
	email_error e = {0};

	assert_null(email__signer_new(pem, strlen(pem) + 1, password, algorithm, EMAIL_STAGE_TOKEN, &e));
	assert_int_equal(e.code, EMAIL_E_CERTIFICATE);
	assert_int_equal(e.stage, EMAIL_STAGE_TOKEN);
	assert_non_null(strstr(e.text, words));
}

static void
keys(void **state)
{
	char both[8192];

	(void)state;
	email__signer_free(signer(jose_ec_encrypted, "open sesame", EMAIL__SIGN_AUTO));
	email__signer_free(signer(jose_ec_old, "open sesame", EMAIL__SIGN_AUTO));
	/* as in the User Key Store: certificates, then the key */
	snprintf(both, sizeof both, "%s%s", jose_ec_certificate, jose_ec);
	email__signer_free(signer(both, NULL, EMAIL__ES256));
	refused(jose_ec_encrypted, NULL, EMAIL__SIGN_AUTO, "there is no password");
	refused(jose_ec_encrypted, "", EMAIL__SIGN_AUTO, "there is no password");
	refused(jose_ec_encrypted, "close sesame", EMAIL__SIGN_AUTO, "does not open it");
	refused(jose_ec_old, "close sesame", EMAIL__SIGN_AUTO, "does not open it");
	refused(jose_ec_certificate, NULL, EMAIL__SIGN_AUTO, "cannot be read");
	refused("", NULL, EMAIL__SIGN_AUTO, "cannot be read");
	refused("-----BEGIN PRIVATE KEY-----\nMIIB\n", NULL, EMAIL__SIGN_AUTO, "cannot be read");
	refused(jose_rsa_1024, NULL, EMAIL__SIGN_AUTO, "of no kind");
	refused(jose_ec_384, NULL, EMAIL__SIGN_AUTO, "of no kind");
	refused(jose_ec, NULL, EMAIL__RS256, "of no kind");
	refused(jose_ec, NULL, EMAIL__PS256, "of no kind");
	refused(jose_rsa, NULL, EMAIL__ES256, "of no kind");
}

static void
thumbprints(void **state)
{
	unsigned char out[EMAIL__MAC_MAX], want[EMAIL__MAC_MAX];
	char both[8192];

	(void)state;
	snprintf(both, sizeof both, "%s%s", jose_ec, jose_ec_certificate);
	assert_int_equal(email__certificate_thumbprint(both, strlen(both) + 1, EMAIL__SHA1, out), EMAIL_OK);
	assert_int_equal(jose_decode(JOSE_EC_X5T, strlen(JOSE_EC_X5T), want), 20);
	assert_memory_equal(out, want, 20);
	assert_int_equal(email__certificate_thumbprint(both, strlen(both) + 1, EMAIL__SHA256, out), EMAIL_OK);
	assert_int_equal(jose_decode(JOSE_EC_X5T_S256, strlen(JOSE_EC_X5T_S256), want), 32);
	assert_memory_equal(out, want, 32);
	assert_int_equal(email__certificate_thumbprint(jose_ec, strlen(jose_ec) + 1, EMAIL__SHA1, out),
	                 EMAIL_E_CERTIFICATE);
	assert_int_equal(email__certificate_thumbprint(both, strlen(both), EMAIL__SHA1, out),
	                 EMAIL_E_CERTIFICATE);
	assert_int_equal(email__certificate_thumbprint("", 0, EMAIL__SHA1, out), EMAIL_E_CERTIFICATE);
}

static void
no_memory(void **state)
{
	email_error e = {0};

	(void)state;
	email_test_fail_alloc(1);
	assert_null(email__signer_new(jose_ec, strlen(jose_ec) + 1, NULL, EMAIL__SIGN_AUTO, EMAIL_STAGE_TOKEN,
	                              &e));
	assert_int_equal(e.code, EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	email__signer_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rsa),         cmocka_unit_test(pss),
	                                   cmocka_unit_test(ecdsa),       cmocka_unit_test(keys),
	                                   cmocka_unit_test(thumbprints), cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
