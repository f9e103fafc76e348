/* SPDX-License-Identifier: MIT */
#include "token/metadata.h"

#include "support/cm.h"
#include "support/failalloc.h"

static void
document(const char *endpoint, const char *host, const char *path)
{
	email__url url;

	assert_int_equal(email__metadata_url(endpoint, &url, NULL), EMAIL_OK);
	assert_string_equal(url.host, host);
	assert_string_equal(url.path, path);
}

static void
urls(void **state)
{
	email__url url;
	email_error e = {0};

	(void)state;
	document("https://login.microsoftonline.com/contoso.com/v2.0", "login.microsoftonline.com",
	         "/contoso.com/v2.0/.well-known/openid-configuration");
	document("https://accounts.google.com", "accounts.google.com", "/.well-known/openid-configuration");
	document("https://accounts.google.com/", "accounts.google.com", "/.well-known/openid-configuration");
	document("https://a.example/x/.well-known/openid-configuration", "a.example",
	         "/x/.well-known/openid-configuration");
	document("https://a.example/.well-known/oauth-authorization-server/x", "a.example",
	         "/.well-known/oauth-authorization-server/x");
	document("https://a.example/.well-known/openid-configurations", "a.example",
	         "/.well-known/openid-configurations/.well-known/openid-configuration");
	assert_int_equal(email__metadata_url("http://a.example", &url, &e), EMAIL_E_VALUE);
	assert_string_equal(e.property, "authServerMetadataEndpoint");
	assert_non_null(strstr(e.text, "https"));
	assert_int_equal(email__metadata_url("https://a.example/?x", &url, NULL), EMAIL_E_VALUE);
	assert_int_equal(email__metadata_url("", &url, NULL), EMAIL_E_VALUE);
}

static email_code
reads(const char *endpoint, const char *body, email__metadata *m, email_error *e)
{
	email__web_response r = {.status = 200, .body = body, .n = strlen(body), .retry_after = -1};

	memset(e, 0, sizeof *e);
	return email__metadata_read(endpoint, &r, m, e);
}

static void
is(const char *endpoint, const char *issuer, email_code code)
{
	char body[1024];
	email__metadata m;
	email_error e;

	snprintf(body, sizeof body, "{\"issuer\":\"%s\",\"token_endpoint\":\"https://%.*s/token\"}", issuer,
	         (int)strcspn(endpoint + 8, "/"), endpoint + 8);
	if (reads(endpoint, body, &m, &e) != code)
		fprintf(stderr, "%s, %s: %s\n", endpoint, issuer, e.text);
	assert_int_equal(reads(endpoint, body, &m, &e), code);
	assert_int_equal(e.code, code);
}

static void
issuers(void **state)
{
	static const char guid[] =
		"https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0";

	(void)state;
	is("https://a.example", "https://a.example", EMAIL_OK);
	is("https://a.example/", "https://a.example", EMAIL_OK);
	is("https://a.example", "https://a.example/", EMAIL_OK);
	is("https://a.example/x", "https://a.example/x", EMAIL_OK);
	is("https://a.example/x/.well-known/openid-configuration", "https://a.example/x", EMAIL_OK);
	is("https://a.example/.well-known/oauth-authorization-server/x", "https://a.example/x", EMAIL_OK);
	is("https://a.example", "https://b.example", EMAIL_E_TRUST);
	is("https://a.example", "http://a.example", EMAIL_E_TRUST);
	is("https://a.example/x", "https://a.example/y", EMAIL_E_TRUST);
	is("https://a.example/x", "https://a.example", EMAIL_E_TRUST);
	is("https://a.example/x", "https://a.example/x//", EMAIL_E_TRUST);
	is("https://a.example", "https://a.example.evil.example", EMAIL_E_TRUST);
	is("https://a.example/t/v2.0", "https://a.example/u/v2.0", EMAIL_E_TRUST);
	is("https://a.example", "", EMAIL_E_TRUST);
	is("https://a.example", "/", EMAIL_E_TRUST);
	/* Microsoft: a tenant by its domain, "common", GUID */
	is("https://login.microsoftonline.com/contoso.com/v2.0", guid, EMAIL_OK);
	is("https://login.microsoftonline.com/common/v2.0",
	   "https://login.microsoftonline.com/{tenantid}/v2.0", EMAIL_OK);
	is(guid, guid, EMAIL_OK);
	is("https://login.microsoftonline.com/contoso.com",
	   "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", EMAIL_OK);
	is("https://login.microsoftonline.com/contoso.com/v2.0", "https://sts.windows.net/72f988bf/",
	   EMAIL_E_TRUST);
	is("https://login.microsoftonline.com/contoso.com/v2.0",
	   "https://login.microsoftonline.com/72f988bf/v1.0", EMAIL_E_TRUST);
	is("https://login.microsoftonline.com/contoso.com/v2.0", "https://login.evil.example/72f988bf/v2.0",
	   EMAIL_E_TRUST);
	is("https://login.microsoftonline.com", "https://login.microsoftonline.com/x", EMAIL_E_TRUST);
	is("https://login.microsoftonline.com.evil.example/a/v2.0",
	   "https://login.microsoftonline.com.evil.example/b/v2.0", EMAIL_E_TRUST);
}

/* Documents as they are published; shortened. */
static void
providers(void **state)
{
	static const char microsoft[] =
		"{\"token_endpoint\":\"https://login.microsoftonline.com/common/oauth2/v2.0/token\","
		"\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"private_key_jwt\","
		"\"client_secret_basic\"],"
		"\"issuer\":\"https://login.microsoftonline.com/{tenantid}/"
		"v2.0\",\"device_authorization_endpoint\":"
		"\"https://login.microsoftonline.com/common/oauth2/v2.0/"
		"devicecode\",\"tenant_region_scope\":null}";
	static const char google[] =
		"{\"issuer\":\"https://accounts.google.com\",\"authorization_endpoint\":"
		"\"https://accounts.google.com/o/oauth2/v2/auth\",\"device_authorization_endpoint\":"
		"\"https://oauth2.googleapis.com/device/code\",\"token_endpoint\":\"https://"
		"oauth2.googleapis.com/token\","
		"\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"client_secret_basic\"]}";
	email__metadata m;
	email_error e;

	(void)state;
	assert_int_equal(reads("https://login.microsoftonline.com/common/v2.0", microsoft, &m, &e), EMAIL_OK);
	assert_string_equal(m.token, "https://login.microsoftonline.com/common/oauth2/v2.0/token");
	assert_string_equal(m.token_url.path, "/common/oauth2/v2.0/token");
	assert_string_equal(m.device_url.path, "/common/oauth2/v2.0/devicecode");
	assert_false(m.basic_only);
	assert_int_equal(reads("https://accounts.google.com", google, &m, &e), EMAIL_OK);
	assert_string_equal(m.token_url.host, "oauth2.googleapis.com");
	assert_string_equal(m.device_url.path, "/device/code");
	assert_string_equal(m.issuer, "https://accounts.google.com");
}

static void
bad(const char *body, email_code code, const char *words)
{
	email__metadata m;
	email_error e;

	assert_int_equal(reads("https://a.example", body, &m, &e), code);
	if (!strstr(e.text, words))
		fprintf(stderr, "%s: %s\n", body, e.text);
	assert_non_null(strstr(e.text, words));
	assert_int_equal(e.stage, EMAIL_STAGE_TOKEN);
}

#define ISSUER "{\"issuer\":\"https://a.example\""
static void
documents(void **state)
{
	email__metadata m;
	email_error e;
	email__web_response r = {.status = 404, .body = "", .retry_after = -1};

	(void)state;
	assert_int_equal(reads("https://a.example",
	                       ISSUER ",\"token_endpoint\":\"https://b.example:8/t?x=1\","
	                              "\"token_endpoint_auth_methods_supported\":[\"client_secret_basic\"]}",
	                       &m, &e),
	                 EMAIL_OK);
	assert_string_equal(m.token_url.host, "b.example");
	assert_int_equal(m.token_url.port, 8);
	assert_string_equal(m.device_url.path, "");
	assert_true(m.basic_only);
	bad("{}", EMAIL_E_PROTOCOL, "no issuer");
	bad("{\"issuer\":5}", EMAIL_E_PROTOCOL, "no issuer");
	bad(ISSUER "}", EMAIL_E_PROTOCOL, "no token_endpoint");
	bad(ISSUER ",\"token_endpoint\":null}", EMAIL_E_PROTOCOL, "no token_endpoint");
	bad(ISSUER ",\"token_endpoint\":5}", EMAIL_E_PROTOCOL, "no URL");
	bad(ISSUER ",\"token_endpoint\":\"http://a.example/t\"}", EMAIL_E_PROTOCOL,
	    "token_endpoint in the metadata document "
	    "cannot be used: it does not begin with https");
	bad(ISSUER ",\"token_endpoint\":\"https://u@a.example/t\"}", EMAIL_E_PROTOCOL, "user name");
	bad(ISSUER
	    ",\"token_endpoint\":\"https://a.example/t\",\"device_authorization_endpoint\":\"ftp://x\"}",
	    EMAIL_E_PROTOCOL, "device_authorization_endpoint");
	bad(ISSUER ",\"issuer\":\"https://a.example\"}", EMAIL_E_PROTOCOL, "twice");
	bad("<html>", EMAIL_E_PROTOCOL, "a page for people");
	bad("{\"issuer\":\"https://b.example/\\u001b[2J\",\"token_endpoint\":\"https://a.example/t\"}",
	    EMAIL_E_TRUST, "another issuer: https://b.example/?[2J");
	/* Microsoft's exception is tied to Microsoft's host */
	assert_int_equal(reads("https://login.microsoftonline.com/a/v2.0",
	                       "{\"issuer\":\"https://login.microsoftonline.com/b/"
	                       "v2.0\",\"token_endpoint\":\"https://evil.example/t\"}",
	                       &m, &e),
	                 EMAIL_E_TRUST);
	assert_non_null(strstr(e.text, "another host: evil.example"));
	memset(&e, 0, sizeof e);
	assert_int_equal(email__metadata_read("https://a.example", &r, &m, &e), EMAIL_E_REFUSED);
	assert_non_null(strstr(e.text, "HTTP 404"));
	assert_int_equal(email__metadata_read("http://a.example", &r, &m, NULL), EMAIL_E_VALUE);
}

static void explicit(void **state)
{
	email__metadata m;
	email_error e = {0};

	(void)state;
	assert_int_equal(email__metadata_explicit("https://a.example/t", &m, &e), EMAIL_OK);
	assert_string_equal(m.token, "https://a.example/t");
	assert_string_equal(m.token_url.path, "/t");
	assert_string_equal(m.issuer, "");
	assert_string_equal(m.device_url.path, "");
	assert_int_equal(email__metadata_explicit("http://a.example/t", &m, &e), EMAIL_E_VALUE);
	assert_string_equal(e.property, "tokenEndpoint");
}

static void
no_memory(void **state)
{
	email__metadata m;
	email_error e;
	size_t n;

	(void)state;
	for (n = 1; n <= 2; n++) {
		email_test_fail_alloc(n);
		assert_int_equal(reads("https://a.example",
		                       ISSUER ",\"token_endpoint\":\"https://a.example/t\"}", &m, &e),
		                 EMAIL_E_MEMORY);
		assert_int_equal(email_test_blocks(), 0);
	}
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(urls),      cmocka_unit_test(issuers),
	                                   cmocka_unit_test(providers), cmocka_unit_test(documents),
	                                   cmocka_unit_test(explicit),  cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
