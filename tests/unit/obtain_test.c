/* SPDX-License-Identifier: MIT */
#include "token/obtain.h"

#include "support/cm.h"
#include "support/failalloc.h"
#include "support/jose.h"

#define WALL 1790000000
#define SECOND INT64_C(1000)

#define METADATA \
	"{\"issuer\":\"https://a.example/t\",\"token_endpoint\":\"https://b.example/token\"," \
	"\"device_authorization_endpoint\":\"https://c.example:8/device\"}"
#define TOKEN "{\"token_type\":\"Bearer\",\"access_token\":\"t0ken\",\"expires_in\":3600}"

static const char *
body_of(const email__web_request *r)
{
	static char text[4096];

	snprintf(text, sizeof text, "%.*s", (int)r->n, r->n ? (const char *)r->body : "");
	return text;
}

static void
answer(email__obtain *o, int status, const char *body, int64_t now)
{
	email__web_response r = {.status = status, .body = body, .n = strlen(body), .retry_after = -1};

	email__obtain_answer(o, &r, now);
}

static const email__web_request *
asks(email__obtain *o, const char *host, int port, const char *path, bool post, int64_t now)
{
	static const email__web_request none = {.host = "none", .path = "", .type = ""};
	const email__web_request *r;

	assert_int_equal(email__obtain_step(o, now), EMAIL__OBTAIN_SEND);
	assert_int_equal(email__obtain_wait(o, now), 0);
	r = email__obtain_request(o, WALL);
	if (!r) {
		fprintf(stderr, "%s\n", email__obtain_error(o)->text);
		r = &none;
	}
	assert_string_equal(r->host, host);
	assert_int_equal(r->port, port);
	assert_string_equal(r->path, path);
	assert_int_equal(r->post, post);
	if (post)
		assert_string_equal(r->type, "application/x-www-form-urlencoded");
	return r;
}

static void
failed(email__obtain *o, email_code code, const char *words, int64_t now)
{
	assert_int_equal(email__obtain_step(o, now), EMAIL__OBTAIN_FAILED);
	assert_int_equal(email__obtain_error(o)->code, code);
	if (!strstr(email__obtain_error(o)->text, words))
		fprintf(stderr, "%s\n", email__obtain_error(o)->text);
	assert_non_null(strstr(email__obtain_error(o)->text, words));
	assert_null(email__obtain_token(o));
	assert_null(email__obtain_request(o, WALL));
	assert_int_equal(email__obtain_wait(o, now), 0);
	email__obtain_free(o);
}

static const email__obtain_config with_secret = {
	.metadata_endpoint = "https://a.example/t",
	.grant = {.client_id = "i", .client_secret = "s3cret", .scope = "mail"}};

static void
client_credentials(void **state)
{
	email__obtain_config c = with_secret;
	email__obtain *o = email__obtain_new(&c, NULL);
	email__metadata known;

	(void)state;
	assert_null(email__obtain_metadata(o));
	assert_null(email__obtain_token(o));
	assert_null(email__obtain_device(o));
	asks(o, "a.example", 443, "/t/.well-known/openid-configuration", false, 0);
	answer(o, 200, METADATA, 0);
	assert_non_null(email__obtain_metadata(o));
	known = *email__obtain_metadata(o);
	assert_string_equal(body_of(asks(o, "b.example", 443, "/token", true, 0)),
	                    "grant_type=client_credentials&scope=mail&client_id=i&client_secret=s3cret");
	answer(o, 200, TOKEN, 0);
	assert_int_equal(email__obtain_step(o, 0), EMAIL__OBTAIN_DONE);
	assert_string_equal(email__buf_text(&email__obtain_token(o)->access), "t0ken");
	assert_int_equal(email__obtain_token(o)->seconds, 3600);
	assert_null(email__obtain_request(o, WALL));
	email__obtain_free(o);
	/* what was found is not asked for again; an explicit endpoint wins over it */
	c.known = &known;
	o = email__obtain_new(&c, NULL);
	asks(o, "b.example", 443, "/token", true, 0);
	email__obtain_free(o);
	c.token_endpoint = "https://d.example/x";
	c.grant.auth = EMAIL__CLIENT_BASIC;
	o = email__obtain_new(&c, NULL);
	assert_string_equal(asks(o, "d.example", 443, "/x", true, 0)->authorization, "Basic aTpzM2NyZXQ=");
	email__obtain_free(o);
}

static void
refresh(void **state)
{
	email__obtain_config c = {
		.token_endpoint = "https://a.example/t",
		.grant = {.grant = EMAIL__GRANT_REFRESH, .client_id = "i", .refresh_token = "old-one"}};
	email__obtain *o = email__obtain_new(&c, NULL);

	(void)state;
	assert_string_equal(body_of(asks(o, "a.example", 443, "/t", true, 0)),
	                    "grant_type=refresh_token&refresh_token=old-one&client_id=i");
	answer(o, 200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"refresh_token\":\"new-one\"}", 0);
	assert_int_equal(email__obtain_step(o, 0), EMAIL__OBTAIN_DONE);
	assert_string_equal(email__buf_text(&email__obtain_token(o)->refresh), "new-one");
	email__obtain_free(o);
	o = email__obtain_new(&c, NULL);
	asks(o, "a.example", 443, "/t", true, 0);
	answer(o, 200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"refresh_token\":\"old-one\"}", 0);
	assert_int_equal(email__buf_len(&email__obtain_token(o)->refresh), 0);
	email__obtain_free(o);
	o = email__obtain_new(&c, NULL);
	asks(o, "a.example", 443, "/t", true, 0);
	answer(o, 400, "{\"error\":\"invalid_grant\",\"error_description\":\"old-one has expired\"}", 0);
	failed(o, EMAIL_E_LOGIN, "invalid_grant: ******* has expired", 0);
}

static void
signs(void **state)
{
	email__obtain_config c = {.token_endpoint = "https://a.example/t",
	                          .grant = {.client_id = "i",
	                                    .key = jose_ec_encrypted,
	                                    .key_n = strlen(jose_ec_encrypted) + 1,
	                                    .key_password = "open sesame"}};
	email__obtain *o = email__obtain_new(&c, NULL);
	email_error e = {0};

	(void)state;
	assert_non_null(strstr(body_of(asks(o, "a.example", 443, "/t", true, 0)), "&client_assertion=eyJ"));
	email__obtain_free(o);
	c.grant.key_password = "x";
	assert_null(email__obtain_new(&c, &e));
	assert_int_equal(e.code, EMAIL_E_CERTIFICATE);
}

static void
configuration(void **state)
{
	email__obtain_config c = {.grant = {.client_id = "i"}};
	email_error e = {0};
	email__obtain *o;

	(void)state;
	assert_null(email__obtain_new(&c, &e));
	assert_int_equal(e.code, EMAIL_E_VALUE);
	assert_true(e.remedy[0]);
	memset(&e, 0, sizeof e);
	c.metadata_endpoint = "http://a.example";
	assert_null(email__obtain_new(&c, &e));
	assert_string_equal(e.property, "authServerMetadataEndpoint");
	memset(&e, 0, sizeof e);
	c.token_endpoint = "https://u@a.example";
	assert_null(email__obtain_new(&c, &e));
	assert_string_equal(e.property, "tokenEndpoint");
	memset(&e, 0, sizeof e);
	c.token_endpoint = "https://a.example";
	c.device_endpoint = "x";
	assert_null(email__obtain_new(&c, &e));
	assert_int_equal(e.code, EMAIL_E_VALUE);
	c.device_endpoint = NULL;
	o = email__obtain_new(&c, NULL);
	assert_int_equal(email__obtain_step(o, 0), EMAIL__OBTAIN_SEND);
	assert_null(email__obtain_request(o, WALL));
	failed(o, EMAIL_E_VALUE, "clientSecret", 0);
	c.grant.grant = EMAIL__GRANT_DEVICE;
	c.metadata_endpoint = NULL;
	o = email__obtain_new(&c, NULL);
	assert_null(email__obtain_request(o, WALL));
	failed(o, EMAIL_E_REFUSED, "no login by a code", 0);
}

static void
failures(void **state)
{
	static const email_error silence = {.code = EMAIL_E_TIMEOUT, .temporary = true, .text = "no answer"};
	email__obtain *o = email__obtain_new(&with_secret, NULL);

	(void)state;
	asks(o, "a.example", 443, "/t/.well-known/openid-configuration", false, 0);
	email__obtain_broken(o, &silence, 0);
	failed(o, EMAIL_E_TIMEOUT, "no answer", 0);
	o = email__obtain_new(&with_secret, NULL);
	answer(o, 200, "{}", 0);
	failed(o, EMAIL_E_PROTOCOL, "issuer", 0);
	o = email__obtain_new(&with_secret, NULL);
	answer(o, 200, METADATA, 0);
	answer(o, 401, "{\"error\":\"invalid_client\",\"error_description\":\"s3cret\"}", 0);
	failed(o, EMAIL_E_LOGIN, "invalid_client: ******", 0);
	o = email__obtain_new(&with_secret, NULL);
	answer(o, 200, METADATA, 0);
	answer(o, 400, "{\"error\":\"authorization_pending\"}", 0);
	failed(o, EMAIL_E_TEMPORARY, "time", 0);
	o = email__obtain_new(&with_secret, NULL);
	answer(o, 200, METADATA, 0);
	answer(o, 503, "", 0);
	failed(o, EMAIL_E_TEMPORARY, "HTTP 503", 0);
	email__obtain_free(NULL);
}

/* --- device authorization --- */

static email__obtain *
device(const char *rest)
{
	static const email__obtain_config c = {
		.metadata_endpoint = "https://a.example/t",
		.grant = {.grant = EMAIL__GRANT_DEVICE, .client_id = "i", .scope = "mail"}};
	email__obtain *o = email__obtain_new(&c, NULL);
	char body[300];

	asks(o, "a.example", 443, "/t/.well-known/openid-configuration", false, 0);
	answer(o, 200, METADATA, 0);
	assert_string_equal(body_of(asks(o, "c.example", 8, "/device", true, 0)), "scope=mail&client_id=i");
	snprintf(body, sizeof body,
	         "{\"device_code\":\"d3vice\",\"user_code\":\"WDJB-MJHT\",\"verification_uri\":\"https://"
	         "a.example/d\"%s}",
	         rest);
	answer(o, 200, body, 0);
	return o;
}

static void
waits(email__obtain *o, int64_t now, long seconds)
{
	assert_int_equal(email__obtain_step(o, now), EMAIL__OBTAIN_WAIT);
	assert_int_equal(email__obtain_wait(o, now), seconds * SECOND);
	assert_int_equal(email__obtain_step(o, now + seconds * SECOND - 1), EMAIL__OBTAIN_WAIT);
	assert_int_equal(email__obtain_wait(o, now + seconds * SECOND - 1), 1);
}

static void
poll(email__obtain *o, int64_t now)
{
	assert_string_equal(body_of(asks(o, "b.example", 443, "/token", true, now)),
	                    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code="
	                    "d3vice&client_id=i");
}

static void
device_grant(void **state)
{
	static const email_error silence = {.code = EMAIL_E_TIMEOUT, .temporary = true, .text = "no answer"};
	email__obtain *o = device(",\"expires_in\":900");
	int64_t now = 0;

	(void)state;
	assert_string_equal(email__obtain_device(o)->user_code, "WDJB-MJHT");
	assert_string_equal(email__obtain_device(o)->uri, "https://a.example/d");
	waits(o, now, 5);
	poll(o, now += 5 * SECOND);
	answer(o, 400, "{\"error\":\"authorization_pending\"}", now);
	waits(o, now, 5);
	poll(o, now += 5 * SECOND);
	/* RFC 8628 3.5: 5 seconds more, for good */
	answer(o, 400, "{\"error\":\"slow_down\"}", now);
	waits(o, now, 10);
	poll(o, now += 10 * SECOND);
	answer(o, 400, "{\"error\":\"authorization_pending\"}", now);
	waits(o, now, 10);
	/* and twice as long where the server does not get through */
	poll(o, now += 10 * SECOND);
	email__obtain_broken(o, &silence, now);
	waits(o, now, 20);
	poll(o, now += 20 * SECOND);
	answer(o, 503, "<html>", now);
	waits(o, now, 40);
	poll(o, now += 40 * SECOND);
	answer(o, 200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"refresh_token\":\"r\"}", now);
	assert_int_equal(email__obtain_step(o, now), EMAIL__OBTAIN_DONE);
	assert_string_equal(email__buf_text(&email__obtain_token(o)->refresh), "r");
	assert_int_equal(email__obtain_error(o)->code, EMAIL_OK);
	email__obtain_free(o);
}

/* As preset=google has it: the token endpoint is set, and wins, but where codes come from is in the document. */
static void
device_beside_a_token_endpoint(void **state)
{
	static const email__obtain_config c = {
		.metadata_endpoint = "https://a.example/t",
		.token_endpoint = "https://d.example/own",
		.grant = {.grant = EMAIL__GRANT_DEVICE, .client_id = "i", .scope = "mail"}};
	email__obtain *o = email__obtain_new(&c, NULL);

	(void)state;
	asks(o, "a.example", 443, "/t/.well-known/openid-configuration", false, 0);
	answer(o, 200, METADATA, 0);
	asks(o, "c.example", 8, "/device", true, 0);
	answer(o, 200,
	       "{\"device_code\":\"d3vice\",\"user_code\":\"WDJB-MJHT\",\"verification_uri\":\"https://"
	       "a.example/d\","
	       "\"expires_in\":900}",
	       0);
	waits(o, 0, 5);
	asks(o, "d.example", 443, "/own", true, 5 * SECOND);
	email__obtain_free(o);
}

static void
device_ends(void **state)
{
	static const email_error stop = {.code = EMAIL_E_CANCELLED, .temporary = true, .text = "cancelled"};
	static const email_error untrusted = {.code = EMAIL_E_TRUST, .text = "not trusted"};
	email__obtain *o = device(",\"expires_in\":7,\"interval\":5");

	(void)state;
	/* nobody came */
	poll(o, 5 * SECOND);
	answer(o, 400, "{\"error\":\"authorization_pending\"}", 5 * SECOND);
	assert_int_equal(email__obtain_wait(o, 5 * SECOND), 2 * SECOND);
	failed(o, EMAIL_E_LOGIN, "not entered in time", 7 * SECOND);
	o = device(",\"expires_in\":900");
	poll(o, 5 * SECOND);
	answer(o, 400, "{\"error\":\"access_denied\"}", 5 * SECOND);
	failed(o, EMAIL_E_LOGIN, "access_denied", 5 * SECOND);
	o = device(",\"expires_in\":900");
	poll(o, 5 * SECOND);
	answer(o, 400, "{\"error\":\"expired_token\",\"error_description\":\"d3vice is gone\"}", 5 * SECOND);
	failed(o, EMAIL_E_LOGIN, "expired_token: ****** is gone", 5 * SECOND);
	o = device(",\"expires_in\":900");
	poll(o, 5 * SECOND);
	email__obtain_broken(o, &stop, 5 * SECOND);
	failed(o, EMAIL_E_CANCELLED, "cancelled", 5 * SECOND);
	o = device(",\"expires_in\":900");
	poll(o, 5 * SECOND);
	email__obtain_broken(o, &untrusted, 5 * SECOND);
	email__obtain_broken(o, &stop, 5 * SECOND);
	failed(o, EMAIL_E_TRUST, "not trusted", 5 * SECOND);
	o = device("");
	failed(o, EMAIL_E_PROTOCOL, "expires_in", 0);
	/* slower and slower, up to a bound */
	o = device(",\"expires_in\":3600,\"interval\":300");
	poll(o, 300 * SECOND);
	answer(o, 400, "{\"error\":\"slow_down\"}", 300 * SECOND);
	waits(o, 300 * SECOND, 300);
	email__obtain_free(o);
}

static void
no_memory(void **state)
{
	email__obtain_config c = with_secret;
	email_error e;
	size_t n, all;
	int round;

	(void)state;
	c.grant.auth = EMAIL__CLIENT_BASIC;
	email_test_fail_alloc_from(0);
	for (n = 0, all = 1, round = 0; n <= all; n++, round++) {
		email__obtain *o;
		int steps = 0;

		if (round)
			email_test_fail_alloc(n);
		memset(&e, 0, sizeof e);
		o = email__obtain_new(&c, &e);
		while (o && email__obtain_step(o, 0) == EMAIL__OBTAIN_SEND && steps++ < 5) {
			const email__web_request *r = email__obtain_request(o, WALL);

			if (r)
				answer(o, 200, r->post ? TOKEN : METADATA, 0);
		}
		if (!round) {
			assert_int_equal(email__obtain_step(o, 0), EMAIL__OBTAIN_DONE);
			all = email_test_allocs();
		} else {
			assert_int_equal(o ? email__obtain_error(o)->code : e.code, EMAIL_E_MEMORY);
		}
		email__obtain_free(o);
		assert_int_equal(email_test_blocks(), 0);
	}
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_credentials),
		cmocka_unit_test(refresh),
		cmocka_unit_test(signs),
		cmocka_unit_test(configuration),
		cmocka_unit_test(failures),
		cmocka_unit_test(device_grant),
		cmocka_unit_test(device_beside_a_token_endpoint),
		cmocka_unit_test(device_ends),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
