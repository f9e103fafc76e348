/* SPDX-License-Identifier: MIT */
#include "token/response.h"

#include <stdlib.h>

#include "support/cm.h"
#include "support/failalloc.h"

static const char *const nothing[] = {NULL};

static email__web_response
answer(int status, const char *body)
{
	return (email__web_response){.status = status, .body = body, .n = strlen(body), .retry_after = -1};
}

static void
good(const char *body, const char *access, const char *refresh, long seconds)
{
	email__web_response r = answer(200, body);
	email__token t;
	email_error e = {0};

	email__token_init(&t);
	if (email__token_read(&r, nothing, &t, &e) != EMAIL__TOKEN_GOOD)
		fprintf(stderr, "%s: %s\n", body, e.text);
	assert_int_equal(e.code, EMAIL_OK);
	assert_string_equal(email__buf_text(&t.access), access);
	assert_string_equal(email__buf_text(&t.refresh), refresh);
	assert_int_equal(t.seconds, seconds);
	email__token_dispose(&t);
}

static void
bad_with(int status, const char *body, const char *const *secrets, email_code code, const char *words,
         bool remedy)
{
	email__web_response r = answer(status, body);
	email__token t;
	email_error e = {0};

	email__token_init(&t);
	assert_int_equal(email__token_read(&r, secrets, &t, &e), EMAIL__TOKEN_FAILED);
	if (e.code != code || !strstr(e.text, words) || (remedy != !!e.remedy[0]))
		fprintf(stderr, "%.100s: %s, %s\n", body, e.text, e.remedy);
	assert_int_equal(e.code, code);
	assert_int_equal(e.stage, EMAIL_STAGE_TOKEN);
	assert_non_null(strstr(e.text, words));
	assert_int_equal(remedy, e.remedy[0] != 0);
	assert_int_equal(email__buf_len(&t.access), 0);
	assert_int_equal(email__buf_len(&t.refresh), 0);
	email__token_dispose(&t);
}

static void
bad(int status, const char *body, email_code code, const char *words)
{
	bad_with(status, body, nothing, code, words,
	         status == 200 ? false : code == EMAIL_E_LOGIN || code == EMAIL_E_REFUSED);
}

static void
tokens(void **state)
{
	(void)state;
	/* RFC 6749 5.1 */
	good("{\"access_token\":\"2YotnFZFEjr1zCsicMWpAA\",\"token_type\":\"Bearer\",\"expires_in\":3600,"
	     "\"refresh_token\":\"tGzv3JOkF0XG5Qx2TlKWIA\",\"example_parameter\":\"example_value\"}",
	     "2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA", 3600);
	good("{\"token_type\":\"bearer\",\"access_token\":\"ya29.a0Af_B-~+/==\"}", "ya29.a0Af_B-~+/==", "",
	     -1);
	good("{\"token_type\":\"BEARER\",\"expires_in\":\"3599\",\"ext_expires_in\":3599,\"access_token\":"
	     "\"eyJ0.eyJh.c2ln\"}",
	     "eyJ0.eyJh.c2ln", "", 3599);
	good("{\"token_type\":\"Bearer\",\"expires_in\":-1,\"access_token\":\"a\",\"refresh_token\":null}",
	     "a", "", 0);
	good("{\"token_type\":\"Bearer\",\"expires_in\":1e99,\"access_token\":\"a\"}", "a", "",
	     EMAIL__TOKEN_LIFE_MAX);
	good("{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"refresh_token\":\"M.C1!*$\"}", "a",
	     "M.C1!*$", -1);
}

static void
no_tokens(void **state)
{
	char *big = malloc(EMAIL__SECRET_MAX + 200);
	size_t n;

	(void)state;
	bad(200, "{\"access_token\":\"a\"}", EMAIL_E_PROTOCOL, "token_type is missing");
	bad(200, "{\"token_type\":\"mac\",\"access_token\":\"a\"}", EMAIL_E_PROTOCOL,
	    "token_type is not valid");
	bad(200, "{\"token_type\":5,\"access_token\":\"a\"}", EMAIL_E_PROTOCOL, "token_type is not valid");
	bad(200, "{\"token_type\":\"Bearer\"}", EMAIL_E_PROTOCOL, "access_token is missing");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":null}", EMAIL_E_PROTOCOL,
	    "access_token is missing");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":5}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"==\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a=b\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a b\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\\r\\nb\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\\u0001b\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\\u0000b\"}", EMAIL_E_PROTOCOL,
	    "access_token is not valid");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"access_token\":\"b\"}",
	    EMAIL_E_PROTOCOL, "twice");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"refresh_token\":[]}", EMAIL_E_PROTOCOL,
	    "refresh_token");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"expires_in\":\"soon\"}",
	    EMAIL_E_PROTOCOL, "expires_in");
	bad(200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"expires_in\":[]}", EMAIL_E_PROTOCOL,
	    "expires_in");
	bad(200, "", EMAIL_E_PROTOCOL, "cut off");
	bad(200, "access_token=a&token_type=bearer", EMAIL_E_PROTOCOL, "no valid JSON");
	bad(200, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", EMAIL_E_LIMIT, "nested");
	bad_with(200, " \r\n<!DOCTYPE html><title>Hotel WiFi</title>", nothing, EMAIL_E_PROTOCOL,
	         "a page for people", true);
	/* 16 kB pass, one more does not */
	n = (size_t)snprintf(big, 100, "{\"token_type\":\"Bearer\",\"access_token\":\"");
	memset(big + n, 'a', EMAIL__SECRET_MAX + 1);
	memcpy(big + n + EMAIL__SECRET_MAX + 1, "\"}", 3);
	bad(200, big, EMAIL_E_LIMIT, "access_token is too long");
	memcpy(big + n + EMAIL__SECRET_MAX, "\"}", 3);
	{
		email__web_response r = answer(200, big);
		email__token t;

		email__token_init(&t);
		assert_int_equal(email__token_read(&r, nothing, &t, NULL), EMAIL__TOKEN_GOOD);
		assert_int_equal(email__buf_len(&t.access), EMAIL__SECRET_MAX);
		email__token_dispose(&t);
	}
	free(big);
}

static void
errors(void **state)
{
	static const char microsoft[] =
		"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret "
		"provided. Ensure "
		"the secret being sent in the request is the client secret value, not the client secret ID, "
		"for a secret added "
		"to app '00000000-0000-0000-0000-000000000000'. Trace ID: 1 Correlation ID: 2 Timestamp: "
		"2026-01-01\",\"error_codes\":[7000215],\"timestamp\":\"x\",\"trace_id\":\"1\",\"correlation_"
		"id\":\"2\","
		"\"error_uri\":\"https://login.microsoftonline.com/error?code=7000215\"}";

	(void)state;
	bad(401, microsoft, EMAIL_E_LOGIN, "says invalid_client: AADSTS7000215: Invalid client secret");
	bad(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}",
	    EMAIL_E_LOGIN, "says invalid_grant: Token has been expired or revoked.");
	bad(400, "{\"error\":\"invalid_grant\"}", EMAIL_E_LOGIN, "says invalid_grant");
	bad_with(200, "{\"error\":\"invalid_grant\"}", nothing, EMAIL_E_LOGIN, "says invalid_grant", true);
	bad_with(400, "{\"error\":\"new_kind\",\"error_description\":\"a\\u001b[2J\\r\\nb\"}", nothing,
	         EMAIL_E_LOGIN, "new_kind: a?[2J??b", false);
	bad(503, "{\"error\":\"temporarily_unavailable\"}", EMAIL_E_TEMPORARY, "temporarily_unavailable");
	bad(400, "{\"error\":\"temporarily_unavailable\"}", EMAIL_E_TEMPORARY, "temporarily_unavailable");
	bad(500, "{\"error\":\"server_error\"}", EMAIL_E_TEMPORARY, "server_error");
	bad(429, "{\"error\":\"slow_down\"}", EMAIL_E_TEMPORARY, "slow_down");
	bad(500, "<html>", EMAIL_E_TEMPORARY, "HTTP 500");
	bad(502, "", EMAIL_E_TEMPORARY, "HTTP 502");
	bad(429, "", EMAIL_E_TEMPORARY, "HTTP 429");
	bad(404, "<html>", EMAIL_E_REFUSED, "HTTP 404");
	bad(404, "{}", EMAIL_E_REFUSED, "HTTP 404");
	bad(400, "{\"error\":{\"code\":400,\"message\":\"x\"}}", EMAIL_E_REFUSED, "HTTP 400");
	bad(204, "", EMAIL_E_REFUSED, "HTTP 204");
	bad(304, "", EMAIL_E_REFUSED, "HTTP 304");
}

/* A server that repeats what it was sent. */
static void
echoes(void **state)
{
	static const char *const secrets[] = {"p4ssw0rd-p4ssw0rd", "abc", NULL};
	email__web_response r = answer(
		400, "{\"error\":\"p4ssw0rd-p4ssw0rd\",\"error_description\":\"secret 'p4ssw0rd-p4ssw0rd' "
		     "is p4ssw0rd-p4ss, abc\"}");
	email__token t;
	email_error e = {0};

	(void)state;
	email__token_init(&t);
	assert_int_equal(email__token_read(&r, secrets, &t, &e), EMAIL__TOKEN_FAILED);
	assert_null(strstr(e.text, "p4ss"));
	assert_non_null(strstr(e.text, "secret '*"));
	assert_non_null(strstr(e.text, "* abc"));
	email__token_dispose(&t);
}

static void
polls(void **state)
{
	email__web_response r = answer(400, "{\"error\":\"authorization_pending\"}");
	email__token t;
	email_error e = {0};

	(void)state;
	email__token_init(&t);
	assert_int_equal(email__token_read(&r, nothing, &t, &e), EMAIL__TOKEN_PENDING);
	r = answer(428, "{\"error\":\"authorization_pending\",\"error_description\":\"Precondition "
	                "Required\"}"); /* Google */
	assert_int_equal(email__token_read(&r, nothing, &t, &e), EMAIL__TOKEN_PENDING);
	r = answer(400, "{\"error\":\"slow_down\"}");
	assert_int_equal(email__token_read(&r, nothing, &t, &e), EMAIL__TOKEN_SLOW_DOWN);
	r = answer(403, "{\"error\":\"slow_down\"}");
	assert_int_equal(email__token_read(&r, nothing, &t, &e), EMAIL__TOKEN_SLOW_DOWN);
	assert_int_equal(e.code, EMAIL_OK);
	email__token_dispose(&t);
	bad(400, "{\"error\":\"access_denied\"}", EMAIL_E_LOGIN, "access_denied");
	bad(400, "{\"error\":\"expired_token\"}", EMAIL_E_LOGIN, "expired_token");
}

/* RFC 8628 3.2 */
#define CODE "\"device_code\":\"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS\""
#define USER "\"user_code\":\"WDJB-MJHT\""
#define URI "\"verification_uri\":\"https://example.com/device\""

static email__token_outcome
device(const char *body, email__device *d, email_error *e)
{
	email__web_response r = answer(200, body);

	memset(e, 0, sizeof *e);
	email__device_init(d);
	return email__device_read(&r, nothing, d, e);
}

static void
bad_device(const char *body, const char *words)
{
	email__device d;
	email_error e;

	assert_int_equal(device(body, &d, &e), EMAIL__TOKEN_FAILED);
	if (!strstr(e.text, words))
		fprintf(stderr, "%s: %s\n", body, e.text);
	assert_non_null(strstr(e.text, words));
	email__device_dispose(&d);
}

static void
devices(void **state)
{
	email__device d;
	email_error e;
	email__web_response r = answer(400, "{\"error\":\"invalid_scope\"}");

	(void)state;
	assert_int_equal(device("{" CODE "," USER "," URI ",\"verification_uri_complete\":"
	                        "\"https://example.com/"
	                        "device?user_code=WDJB-MJHT\",\"expires_in\":1800,\"interval\":7}",
	                        &d, &e),
	                 EMAIL__TOKEN_GOOD);
	assert_string_equal(email__buf_text(&d.code), "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS");
	assert_string_equal(d.user_code, "WDJB-MJHT");
	assert_string_equal(d.uri, "https://example.com/device");
	assert_string_equal(d.direct, "https://example.com/device?user_code=WDJB-MJHT");
	assert_int_equal(d.seconds, 1800);
	assert_int_equal(d.interval, 7);
	email__device_dispose(&d);
	/* 5 where nothing is said; Google's spelling; an odd direct address is left out */
	assert_int_equal(device("{" CODE "," USER
	                        ",\"verification_url\":\"https://www.google.com/device\",\"expires_in\":1800,"
	                        "\"verification_uri_complete\":\"javascript:x\"}",
	                        &d, &e),
	                 EMAIL__TOKEN_GOOD);
	assert_int_equal(d.interval, 5);
	assert_string_equal(d.uri, "https://www.google.com/device");
	assert_string_equal(d.direct, "");
	email__device_dispose(&d);
	assert_int_equal(device("{" CODE "," USER "," URI ",\"expires_in\":9e9,\"interval\":0}", &d, &e),
	                 EMAIL__TOKEN_GOOD);
	assert_int_equal(d.interval, 1);
	assert_int_equal(d.seconds, EMAIL__DEVICE_LIFE_MAX);
	email__device_dispose(&d);
	bad_device("{" USER "," URI ",\"expires_in\":1}", "device_code is missing");
	bad_device("{" CODE "," URI ",\"expires_in\":1}", "user_code is missing");
	bad_device("{" CODE "," USER ",\"expires_in\":1}", "verification_uri is missing");
	bad_device("{" CODE "," USER "," URI "}", "expires_in is missing");
	bad_device("{" CODE "," USER "," URI ",\"expires_in\":1,\"interval\":{}}", "interval is not valid");
	bad_device("{" CODE ",\"user_code\":\"\"," URI ",\"expires_in\":1}", "user_code is not valid");
	bad_device("{" CODE ",\"user_code\":\"\\u001b[2J\"," URI ",\"expires_in\":1}",
	           "user_code is not valid");
	bad_device("{" CODE "," USER ",\"verification_uri\":\"http://example.com\",\"expires_in\":1}",
	           "verification_uri is not");
	email__device_init(&d);
	assert_int_equal(email__device_read(&r, nothing, &d, &e), EMAIL__TOKEN_FAILED);
	email__device_dispose(&d);
}

static void
documents(void **state)
{
	email__web_response r = answer(200, "{\"a\":1}");
	email_error e = {0};
	email__json *j = email__token_document(&r, "the metadata document", &e);

	(void)state;
	assert_non_null(j);
	email__json_free(j);
	r = answer(404, "{}");
	assert_null(email__token_document(&r, "the metadata document", &e));
	assert_int_equal(e.code, EMAIL_E_REFUSED);
	assert_non_null(strstr(e.text, "the metadata document is not to be had (HTTP 404)"));
	memset(&e, 0, sizeof e);
	r = answer(503, "");
	assert_null(email__token_document(&r, "x", &e));
	assert_true(e.temporary);
	memset(&e, 0, sizeof e);
	r = answer(200, "<html>");
	assert_null(email__token_document(&r, "x", &e));
	assert_int_equal(e.code, EMAIL_E_PROTOCOL);
}

static void
no_memory(void **state)
{
	email__web_response r =
		answer(200, "{\"token_type\":\"Bearer\",\"access_token\":\"abc\",\"refresh_token\":\"d\"}");
	email__web_response no = answer(400, "{\"error\":\"invalid_grant\"}");
	email__token t;
	email_error e;
	size_t n, all;

	(void)state;
	email__token_init(&t);
	email_test_fail_alloc_from(0);
	assert_int_equal(email__token_read(&r, nothing, &t, NULL), EMAIL__TOKEN_GOOD);
	all = email_test_allocs();
	email__token_dispose(&t);
	for (n = 1; n <= all; n++) {
		memset(&e, 0, sizeof e);
		email__token_init(&t);
		email_test_fail_alloc(n);
		assert_int_equal(email__token_read(&r, nothing, &t, &e), EMAIL__TOKEN_FAILED);
		assert_int_equal(e.code, EMAIL_E_MEMORY);
		email__token_dispose(&t);
		assert_int_equal(email_test_blocks(), 0);
	}
	memset(&e, 0, sizeof e);
	email_test_fail_alloc(1);
	email__token_init(&t);
	assert_int_equal(email__token_read(&no, nothing, &t, &e), EMAIL__TOKEN_FAILED);
	assert_int_equal(e.code, EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),    cmocka_unit_test(no_tokens), cmocka_unit_test(errors),
		cmocka_unit_test(echoes),    cmocka_unit_test(polls),     cmocka_unit_test(devices),
		cmocka_unit_test(documents), cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
