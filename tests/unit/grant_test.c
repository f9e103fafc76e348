/* SPDX-License-Identifier: MIT */
#include "token/grant.h"

#include <stdlib.h>

#include "base/limits.h"
#include "codec/base64.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/jose.h"
#include "token/json.h"

#define NOW 1790000000

static email__metadata somewhere, google, microsoft, known;
static email__signer *key;

static int
prepare(void **state)
{
	(void)state;
	if (email__metadata_explicit("https://server.example.com/token", &somewhere, NULL) ||
	    email__metadata_explicit("https://oauth2.googleapis.com/token", &google, NULL) ||
	    email__metadata_explicit("https://login.microsoftonline.com/common/oauth2/v2.0/token", &microsoft,
	                             NULL))
		return -1;
	snprintf(microsoft.issuer, sizeof microsoft.issuer,
	         "https://login.microsoftonline.com/{tenantid}/v2.0");
	known = somewhere;
	snprintf(known.issuer, sizeof known.issuer, "https://issuer.example.com");
	key = email__signer_new(jose_ec, strlen(jose_ec) + 1, NULL, EMAIL__SIGN_AUTO, EMAIL_STAGE_TOKEN,
	                        NULL);
	return key ? 0 : -1;
}

static int
tidy(void **state)
{
	(void)state;
	email__signer_free(key);
	return 0;
}

static void
writes(const email__grant_config *c, const email__metadata *m, const char *device_code, const char *body,
       const char *basic)
{
	email__form f;
	email_error e = {0};

	email__form_init(&f);
	if (email__grant_form(c, m, key, device_code, NOW, &f, &e))
		fprintf(stderr, "%s\n", e.text);
	assert_int_equal(e.code, EMAIL_OK);
	assert_string_equal(email__buf_text(&f.body), body);
	assert_string_equal(email__buf_text(&f.authorization), basic);
	email__form_dispose(&f);
}

static void
needs(const email__grant_config *c, const email__signer *signer, const char *property)
{
	email__form f;
	email_error e = {0};

	email__form_init(&f);
	assert_int_equal(email__grant_form(c, &somewhere, signer, NULL, NOW, &f, &e), EMAIL_E_VALUE);
	assert_string_equal(e.property, property);
	assert_int_equal(e.stage, EMAIL_STAGE_TOKEN);
	assert_int_equal(email__buf_len(&f.body), 0);
	email__form_dispose(&f);
}

/* RFC 6749 2.3.1, 4.4.2 and 6: the client of its examples. */
static void
rfc6749(void **state)
{
	email__grant_config c = {
		.client_id = "s6BhdRkqt3", .client_secret = "gX1fBat3bV", .auth = EMAIL__CLIENT_BASIC};

	(void)state;
	writes(&c, &somewhere, NULL, "grant_type=client_credentials", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
	c.grant = EMAIL__GRANT_REFRESH;
	c.refresh_token = "tGzv3JOkF0XG5Qx2TlKWIA";
	writes(&c, &somewhere, NULL, "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA",
	       "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
	c.client_secret = "7Fjfp0ZBr1KtDRbnfVdmIw";
	c.auth = EMAIL__CLIENT_POST;
	writes(&c, &somewhere, NULL,
	       "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&client_id=s6BhdRkqt3&client_"
	       "secret="
	       "7Fjfp0ZBr1KtDRbnfVdmIw",
	       "");
	c.auth = EMAIL__CLIENT_NONE;
	writes(&c, &somewhere, NULL,
	       "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&client_id=s6BhdRkqt3", "");
}

static void
encoding(void **state)
{
	email__grant_config c = {
		.client_id = "a b:c", .client_secret = "+%&=\xC3\xBC~.-_*", .scope = "https://x/.default y"};
	email__buf b;

	(void)state;
	writes(&c, &somewhere, NULL,
	       "grant_type=client_credentials&scope=https%3A%2F%2Fx%2F.default+y&client_id=a+b%3Ac&client_"
	       "secret="
	       "%2B%25%26%3D%C3%BC~.-_%2A",
	       "");
	/* "a+b%3Ac:%2B%25%26%3D%C3%BC~.-_%2A" */
	c.auth = EMAIL__CLIENT_BASIC;
	c.scope = "";
	writes(&c, &somewhere, NULL, "grant_type=client_credentials",
	       "Basic YStiJTNBYzolMkIlMjUlMjYlM0QlQzMlQkN+Li1fJTJB");
	/* RFC 6749 B */
	email__buf_init(&b, 100);
	assert_int_equal(email__form_encode(&b, " %&+\xC2\xA3\xE2\x82\xAC"), EMAIL_OK);
	assert_string_equal(email__buf_text(&b), "+%25%26%2B%C2%A3%E2%82%AC");
	email__buf_dispose(&b);
}

/* What the client does where it is not told. */
static void
automatic(void **state)
{
	email__grant_config c = {.client_id = "i", .client_secret = "s"};
	email__metadata m = somewhere;

	(void)state;
	assert_false(email__grant_signs(&c));
	writes(&c, &m, NULL, "grant_type=client_credentials&client_id=i&client_secret=s", "");
	m.basic_only = true;
	writes(&c, &m, NULL, "grant_type=client_credentials", "Basic aTpz");
	c.grant = EMAIL__GRANT_REFRESH;
	c.refresh_token = "r";
	c.client_secret = "";
	c.scope = "s";
	writes(&c, &m, NULL, "grant_type=refresh_token&refresh_token=r&scope=s&client_id=i", "");
	c.key = jose_ec;
	assert_true(email__grant_signs(&c));
	c.auth = EMAIL__CLIENT_POST;
	assert_false(email__grant_signs(&c));
	c.auth = EMAIL__CLIENT_JWT;
	c.key = NULL;
	assert_true(email__grant_signs(&c));
	c = (email__grant_config){.grant = EMAIL__GRANT_JWT};
	assert_true(email__grant_signs(&c));
}

/* RFC 8628 3.1 and 3.4 */
static void
rfc8628(void **state)
{
	email__grant_config c = {
		.grant = EMAIL__GRANT_DEVICE, .client_id = "1406020730", .scope = "example_scope"};

	(void)state;
	writes(&c, &somewhere, NULL, "scope=example_scope&client_id=1406020730", "");
	writes(&c, &somewhere, "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
	       "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code="
	       "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=1406020730",
	       "");
}

/* The claims of the assertion behind `prefix`, which is all that stands before it. */
static email__json *
assertion(const email__grant_config *c, const email__metadata *m, const char *prefix, char *text)
{
	email__form f;
	email__json *j;
	const char *p, *dot, *why;
	unsigned char signature[EMAIL__SIGNATURE_MAX];
	size_t n;

	email__form_init(&f);
	assert_int_equal(email__grant_form(c, m, key, NULL, NOW, &f, NULL), EMAIL_OK);
	p = email__buf_text(&f.body);
	if (strncmp(p, prefix, strlen(prefix)) != 0)
		fprintf(stderr, "%s\n", p);
	assert_int_equal(strncmp(p, prefix, strlen(prefix)), 0);
	assert_int_equal(email__buf_len(&f.authorization), 0);
	p += strlen(prefix);
	dot = strrchr(p, '.');
	assert_null(strchr(p, '&'));
	n = jose_decode(dot + 1, strlen(dot + 1), signature);
	assert_true(jose_verifies(jose_ec, EMAIL__ES256, p, (size_t)(dot - p), signature, n));
	p = strchr(p, '.') + 1;
	n = jose_decode(p, (size_t)(dot - p), (unsigned char *)text);
	assert_int_equal(email__json_read(text, n, &j, &why), EMAIL_OK);
	email__form_dispose(&f);
	return j;
}

static void
claim(const email__json *j, const char *name, const char *want)
{
	char text[512] = "-";

	(void)email__json_text(j, name, text, sizeof text);
	assert_string_equal(text, want);
}

/* RFC 7523 2.2 */
static void
private_key_jwt(void **state)
{
	static const char prefix[] =
		"grant_type=client_credentials&client_id=s6BhdRkqt3&client_assertion_type="
		"urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";
	email__grant_config c = {.client_id = "s6BhdRkqt3", .key = jose_ec, .key_n = strlen(jose_ec) + 1};
	char text[2048];
	email__json *j = assertion(&c, &somewhere, prefix, text);

	(void)state;
	claim(j, "iss", "s6BhdRkqt3");
	claim(j, "sub", "s6BhdRkqt3");
	claim(j, "aud", "https://server.example.com/token");
	claim(j, "scope", "-");
	email__json_free(j);
	j = assertion(&c, &known, prefix, text);
	claim(j, "aud", "https://issuer.example.com");
	email__json_free(j);
	j = assertion(&c, &microsoft, prefix, text);
	claim(j, "aud", "https://login.microsoftonline.com/common/oauth2/v2.0/token");
	email__json_free(j);
	c.audience = "urn:other";
	j = assertion(&c, &known, prefix, text);
	claim(j, "aud", "urn:other");
	email__json_free(j);
}

/* RFC 7523 2.1, as Google's service accounts have it. */
static void
jwt_bearer(void **state)
{
	email__grant_config c = {.grant = EMAIL__GRANT_JWT,
	                         .client_id = "sa@project.iam.gserviceaccount.com",
	                         .account = "plant@example.com",
	                         .scope = "https://mail.google.com/",
	                         .key = jose_ec,
	                         .key_n = strlen(jose_ec) + 1};
	char text[2048];
	email__json *j = assertion(
		&c, &google,
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=", text);

	(void)state;
	claim(j, "iss", "sa@project.iam.gserviceaccount.com");
	claim(j, "sub", "plant@example.com");
	claim(j, "aud", "https://oauth2.googleapis.com/token");
	claim(j, "scope", "https://mail.google.com/");
	email__json_free(j);
	j = assertion(&c, &known,
	              "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&scope=https%3A%2F%"
	              "2Fmail.google.com%2F"
	              "&assertion=",
	              text);
	claim(j, "aud", "https://server.example.com/token");
	email__json_free(j);
	c.scope = "";
	c.audience = "urn:x";
	j = assertion(&c, &known,
	              "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=", text);
	claim(j, "aud", "urn:x");
	claim(j, "scope", "-");
	email__json_free(j);
}

static void
missing(void **state)
{
	email__grant_config c = {.client_secret = "s"};

	(void)state;
	needs(&c, NULL, "emailAuthenticator.clientId");
	c.client_id = "i";
	c.client_secret = NULL;
	needs(&c, NULL, "emailAuthenticator.clientSecret");
	c.auth = EMAIL__CLIENT_BASIC;
	needs(&c, NULL, "emailAuthenticator.clientSecret");
	c.auth = EMAIL__CLIENT_JWT;
	needs(&c, NULL, "emailAuthenticator.clientCertificate");
	c = (email__grant_config){.grant = EMAIL__GRANT_REFRESH, .client_id = "i"};
	needs(&c, NULL, "emailAuthenticator.refreshToken");
	c = (email__grant_config){.grant = EMAIL__GRANT_DEVICE};
	needs(&c, NULL, "emailAuthenticator.clientId");
	c = (email__grant_config){.grant = EMAIL__GRANT_JWT, .client_id = "i"};
	needs(&c, NULL, "emailAuthenticator.clientCertificate");
	needs(&c, key, "emailAuthenticator.account");
	c.client_id = "";
	needs(&c, key, "emailAuthenticator.clientId");
}

static void
too_long(void **state)
{
	char *big = calloc(1, EMAIL__HTTP_REQUEST_MAX + 1);
	email__grant_config c = {.client_id = "i", .client_secret = big};
	email_error e = {0};
	email__form f;

	(void)state;
	memset(big, 'x', EMAIL__HTTP_REQUEST_MAX);
	email__form_init(&f);
	assert_int_equal(email__grant_form(&c, &somewhere, NULL, NULL, NOW, &f, &e), EMAIL_E_LIMIT);
	assert_null(strstr(e.text, "xxx"));
	c.auth = EMAIL__CLIENT_BASIC;
	assert_int_equal(email__grant_form(&c, &somewhere, NULL, NULL, NOW, &f, NULL), EMAIL_E_LIMIT);
	big[EMAIL__HTTP_REQUEST_MAX - 8] = '\0';
	assert_int_equal(email__grant_form(&c, &somewhere, NULL, NULL, NOW, &f, NULL), EMAIL_E_LIMIT);
	assert_int_equal(email__buf_len(&f.authorization), 0);
	email__form_dispose(&f);
	free(big);
}

static void
no_memory(void **state)
{
	static const char *const code[] = {NULL, "x"};
	email__grant_config c[] = {{.client_id = "i", .client_secret = "s", .auth = EMAIL__CLIENT_BASIC},
	                           {.client_id = "i", .key = jose_ec, .key_n = strlen(jose_ec) + 1},
	                           {.grant = EMAIL__GRANT_JWT,
	                            .client_id = "i",
	                            .account = "a",
	                            .key = jose_ec,
	                            .key_n = strlen(jose_ec) + 1},
	                           {.grant = EMAIL__GRANT_REFRESH, .client_id = "i", .refresh_token = "r"},
	                           {.grant = EMAIL__GRANT_DEVICE, .client_id = "i", .scope = "s"}};
	size_t i, n, all;
	email__form f;

	(void)state;
	for (i = 0; i < 2 * sizeof c / sizeof *c; i++) {
		email__form_init(&f);
		email_test_fail_alloc_from(0);
		assert_int_equal(email__grant_form(&c[i / 2], &somewhere, key, code[i % 2], NOW, &f, NULL),
		                 EMAIL_OK);
		all = email_test_allocs();
		email__form_dispose(&f);
		for (n = 1; n <= all; n++) {
			email__form_init(&f);
			email_test_fail_alloc(n);
			assert_int_equal(
				email__grant_form(&c[i / 2], &somewhere, key, code[i % 2], NOW, &f, NULL),
				EMAIL_E_MEMORY);
			email__form_dispose(&f);
			assert_int_equal(email_test_blocks(), 0);
		}
		email_test_fail_alloc_off();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc6749), cmocka_unit_test(encoding),        cmocka_unit_test(automatic),
		cmocka_unit_test(rfc8628), cmocka_unit_test(private_key_jwt), cmocka_unit_test(jwt_bearer),
		cmocka_unit_test(missing), cmocka_unit_test(too_long),        cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, prepare, tidy);
}
