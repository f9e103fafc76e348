/* SPDX-License-Identifier: MIT */
#include "token/jwt.h"

#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/jose.h"
#include "token/json.h"

#define NOW 1300819080

static email__signer *
signer(const char *pem, email__signature algorithm)
{
	email__signer *s = email__signer_new(pem, strlen(pem) + 1, NULL, algorithm, EMAIL_STAGE_TOKEN, NULL);

	assert_non_null(s);
	return s;
}

/* RFC 7515 A.2.1, character by character: payload with its line ends. */
static void
rfc7515(void **state)
{
	static const char header[] = "{\"alg\":\"RS256\"}";
	static const char payload[] =
		"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
	static const char want[] =
		"eyJhbGciOiJSUzI1NiJ9"
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"
		"lfQ"
		".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
		"O8W2Fp5jujGbds9uJdbF9CUAr7t1"
		"dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
		"eSN9383LcOLn6_dO--xi12jzD"
		"wusC-"
		"eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0i"
		"gcN_IoypGlUPQGe77"
		"Rw";
	email__signer *s = signer(jose_rsa, EMAIL__RS256);
	email__buf out;

	(void)state;
	email__buf_init(&out, 4096);
	assert_int_equal(email__jws_make(header, sizeof header - 1, payload, sizeof payload - 1, s, &out),
	                 EMAIL_OK);
	assert_string_equal(email__buf_text(&out), want);
	email__buf_dispose(&out);
	email__buf_init(&out, 100);
	assert_int_equal(email__jws_make(header, sizeof header - 1, payload, sizeof payload - 1, s, &out),
	                 EMAIL_E_LIMIT);
	email__buf_dispose(&out);
	email__signer_free(s);
}

/* The part of a token between dots, decoded and read. */
static email__json *
part(const char *token, int which, char *text)
{
	const char *end;
	email__json *j;
	const char *why;
	size_t n;

	for (; which > 0; which--)
		token = strchr(token, '.') + 1;
	end = token + strcspn(token, ".");
	n = jose_decode(token, (size_t)(end - token), (unsigned char *)text);
	assert_int_equal(email__json_read(text, n, &j, &why), EMAIL_OK);
	return j;
}

static void
is(const email__json *j, const char *name, const char *want)
{
	char text[512];

	if (!want) {
		assert_int_equal(email__json_text(j, name, text, sizeof text), EMAIL_E_UNKNOWN);
		return;
	}
	assert_int_equal(email__json_text(j, name, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, want);
}

static void
is_time(const email__json *j, const char *name, int64_t want)
{
	int64_t value;

	assert_int_equal(email__json_seconds(j, name, INT64_MAX, &value), EMAIL_OK);
	assert_int_equal(value, want);
}

static void
check(email__jwt jwt, const char *key, email__signature algorithm, const char *name, const char *x5t,
      const char *x5t_256)
{
	email__signer *s = signer(key, algorithm);
	unsigned char signature[EMAIL__SIGNATURE_MAX];
	email__buf out;
	email__json *j;
	char header[2048], claims[2048];
	const char *text, *dot;

	email__buf_init(&out, 8192);
	assert_int_equal(email__jwt_make(&jwt, s, &out, NULL), EMAIL_OK);
	text = email__buf_text(&out);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
	                 strlen(text));
	j = part(text, 0, header);
	is(j, "alg", name);
	is(j, "typ", "JWT");
	is(j, "kid", jwt.kid && jwt.kid[0] ? jwt.kid : NULL);
	is(j, "x5t", x5t);
	is(j, "x5t#S256", x5t_256);
	email__json_free(j);
	j = part(text, 1, claims);
	is(j, "iss", jwt.issuer);
	is(j, "sub", jwt.subject);
	is(j, "aud", jwt.audience);
	is(j, "scope", jwt.scope);
	is_time(j, "iat", NOW - 60);
	is_time(j, "nbf", NOW - 60);
	is_time(j, "exp", NOW + 300);
	email__json_free(j);
	dot = strrchr(text, '.');
	assert_true(jose_verifies(key, email__signer_algorithm(s), text, (size_t)(dot - text), signature,
	                          jose_decode(dot + 1, strlen(dot + 1), signature)));
	email__buf_dispose(&out);
	email__signer_free(s);
}

static void
claims(void **state)
{
	email__jwt jwt = {.issuer = "s6BhdRkqt3",
	                  .subject = "s6BhdRkqt3",
	                  .audience = "https://authz.example.net/token.oauth2",
	                  .now = NOW};
	char both[8192];

	(void)state;
	check(jwt, jose_rsa, EMAIL__RS256, "RS256", NULL, NULL);
	check(jwt, jose_rsa, EMAIL__PS256, "PS256", NULL, NULL);
	check(jwt, jose_ec, EMAIL__SIGN_AUTO, "ES256", NULL, NULL);
	jwt.kid = "16";
	jwt.scope = "https://mail.google.com/";
	jwt.subject = "b\xC3\xBCro\"\\@example.com";
	check(jwt, jose_rsa, EMAIL__RS256, "RS256", NULL, NULL);
	jwt.kid = "";
	snprintf(both, sizeof both, "%s%s", jose_ec_certificate, jose_ec);
	jwt.pem = both;
	jwt.pem_n = strlen(both) + 1;
	check(jwt, jose_ec, EMAIL__ES256, "ES256", JOSE_EC_X5T, JOSE_EC_X5T_S256);
	jwt.pem = jose_ec;
	jwt.pem_n = strlen(jose_ec) + 1;
	check(jwt, jose_ec, EMAIL__ES256, "ES256", NULL, NULL);
}

/* Two tokens of the same second differ. */
static void
unique(void **state)
{
	email__jwt jwt = {.issuer = "i", .subject = "s", .audience = "a", .now = NOW};
	email__signer *s = signer(jose_rsa, EMAIL__RS256);
	char text[2][2048], jti[2][64];
	email__buf out;
	email__json *j;
	int i;

	(void)state;
	email__buf_init(&out, 8192);
	for (i = 0; i < 2; i++) {
		assert_int_equal(email__jwt_make(&jwt, s, &out, NULL), EMAIL_OK);
		j = part(email__buf_text(&out), 1, text[i]);
		assert_int_equal(email__json_text(j, "jti", jti[i], sizeof jti[i]), EMAIL_OK);
		assert_int_equal(strlen(jti[i]), 22);
		email__json_free(j);
		email__buf_clear(&out);
	}
	assert_string_not_equal(jti[0], jti[1]);
	email__buf_dispose(&out);
	email__signer_free(s);
}

static void
not_made(void **state)
{
	email__jwt jwt = {.issuer = "\xFF", .subject = "s", .audience = "a", .now = NOW};
	email__signer *s = signer(jose_ec, EMAIL__ES256);
	char *big = calloc(1, EMAIL__JWT_CLAIMS_MAX + 1);
	email_error e = {0};
	email__buf out;

	(void)state;
	email__buf_init(&out, 8192);
	assert_int_equal(email__jwt_make(&jwt, s, &out, &e), EMAIL_E_VALUE);
	assert_int_equal(e.stage, EMAIL_STAGE_TOKEN);
	memset(big, 'x', EMAIL__JWT_CLAIMS_MAX);
	jwt.issuer = big;
	assert_int_equal(email__jwt_make(&jwt, s, &out, NULL), EMAIL_E_LIMIT);
	jwt.issuer = "i";
	jwt.kid = big;
	assert_int_equal(email__jwt_make(&jwt, s, &out, NULL), EMAIL_E_LIMIT);
	jwt.kid = NULL;
	assert_int_equal(email__buf_len(&out), 0);
	email_test_fail_alloc_from(1);
	assert_int_equal(email__jwt_make(&jwt, s, &out, NULL), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	free(big);
	email__buf_dispose(&out);
	email__signer_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rfc7515), cmocka_unit_test(claims),
	                                   cmocka_unit_test(unique), cmocka_unit_test(not_made)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
