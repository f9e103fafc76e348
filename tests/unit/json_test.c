/* SPDX-License-Identifier: MIT */
#include "token/json.h"

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email__json *
read_n(const char *text, size_t n)
{
	email__json *j;
	const char *why = "";

	if (email__json_read(text, n, &j, &why))
		fprintf(stderr, "%s: %s\n", text, why);
	assert_non_null(j);
	return j;
}

static void
refused_n(const char *text, size_t n, email_code code, const char *words)
{
	email__json *j = (email__json *)1;
	const char *why = "";

	if (email__json_read(text, n, &j, &why) == EMAIL_OK)
		fprintf(stderr, "taken: %.*s\n", (int)n, text);
	assert_null(j);
	assert_int_equal(email__json_read(text, n, &j, &why), code);
	if (!strstr(why, words))
		fprintf(stderr, "%s: %s\n", text, why);
	assert_non_null(strstr(why, words));
}

static void
refused(const char *text, const char *words)
{
	refused_n(text, strlen(text), EMAIL_E_PROTOCOL, words);
}

static void
strict(void **state)
{
	char deep[64], text[256];
	const char *many;
	size_t i;

	(void)state;
	refused("", "");
	refused("{", "");
	refused("{}x", "valid");
	refused("{} {}", "valid");
	refused("[]", "object");
	refused("\"x\"", "valid");
	refused("1", "valid");
	refused("<!DOCTYPE html><html>", "valid");
	refused("{\"a\":1,\"a\":2}", "twice");
	refused("{\"access_token\":\"x\",\"access_token\":\"y\"}", "twice");
	refused("{\"b\":{\"a\":1,\"a\":2}}", "twice");
	refused("{\"a\":1,}", "valid");
	refused("{\"a\":01}", "valid");
	refused("{\"a\":truee}", "valid");
	refused("{'a':1}", "valid");
	refused("{\"a\":\"x\ny\"}", "valid");
	refused("{\"a\":\"\xC3\"}", "valid");
	refused("{\"a\":\"\xED\xA0\x80\"}", "valid");
	refused("{\"a\":1e999}", "valid");
	refused("{\"a\":99999999999999999999}", "valid");
	refused("{\"a\":\"\\u0000\"}", "NUL");
	refused("{\"a\":\"x", "cut");
	refused("{\"a\":\"x\\\"", "cut");
	refused("{\"access\\u005ftoken\":\"x\"}", "escapes");
	refused("\xEF\xBB\xBF{}", "valid");
	refused_n("{\"a\":\"x\0y\"}", 11, EMAIL_E_PROTOCOL, "");
	refused_n("{}\0", 3, EMAIL_E_PROTOCOL, "");
	memset(deep, ' ', sizeof deep);
	deep[0] = '{';
	deep[1] = deep[3] = '"';
	deep[2] = 'a';
	deep[4] = ':';
	for (i = 0; i < EMAIL__JSON_DEPTH_MAX - 1; i++) {
		deep[5 + i] = '[';
		deep[40 + i] = ']';
	}
	deep[60] = '}';
	email__json_free(read_n(deep, sizeof deep));
	deep[5 + i] = '[';
	deep[40 + i] = ']';
	refused_n(deep, sizeof deep, EMAIL_E_LIMIT, "deep");
	/* brackets in texts are none */
	email__json_free(read_n("{\"a\":\"[[[[[[[[[[[[[[[[\"}", 24));
	many = "[{\"id_token\":\"1\"},{\"id_token\":\"1\"},{\"id_token\":\"1\"}]";
	snprintf(text, sizeof text, "{\"a\":%s,\"b\":%s,\"c\":%s}", many, many, many);
	refused_n(text, strlen(text), EMAIL_E_LIMIT, "many");
}

static void
texts(void **state)
{
	static const char doc[] =
		"{\"a\":\"b\\u00fc\\nc\",\"n\":1,\"z\":null,\"e\":\"\",\"l\":[\"x\",1,\"y\"]}";
	email__json *j = read_n(doc, sizeof doc - 1);
	char out[6] = "?";

	(void)state;
	assert_int_equal(email__json_text(j, "a", out, sizeof out), EMAIL_OK);
	assert_string_equal(out, "b\xC3\xBC\nc");
	assert_int_equal(email__json_text(j, "a", out, 5), EMAIL_E_LIMIT);
	assert_int_equal(email__json_words(j, "a", out, sizeof out), EMAIL_OK);
	assert_string_equal(out, "b\xC3\xBC?c");
	assert_int_equal(email__json_words(j, "a", out, 3), EMAIL_OK);
	assert_string_equal(out, "b");
	assert_int_equal(email__json_text(j, "n", out, sizeof out), EMAIL_E_PROTOCOL);
	assert_int_equal(email__json_text(j, "z", out, sizeof out), EMAIL_E_UNKNOWN);
	assert_int_equal(email__json_text(j, "y", out, sizeof out), EMAIL_E_UNKNOWN);
	assert_int_equal(email__json_text(j, "A", out, sizeof out), EMAIL_E_UNKNOWN);
	assert_int_equal(email__json_text(j, "e", out, sizeof out), EMAIL_OK);
	assert_string_equal(out, "");
	assert_int_equal(email__json_has(j, "l", "y"), EMAIL_OK);
	assert_int_equal(email__json_has(j, "l", "z"), EMAIL_E_UNKNOWN);
	assert_int_equal(email__json_has(j, "a", "z"), EMAIL_E_PROTOCOL);
	assert_int_equal(email__json_has(j, "q", "z"), EMAIL_E_UNKNOWN);
	email__json_free(j);
}

static email_code
secret(const char *text, const char *want)
{
	email__json *j = read_n(text, strlen(text));
	email__buf b;
	email_code rc;

	email__buf_init(&b, 16);
	b.secret = true;
	rc = email__json_secret(j, "access_token", &b);
	if (rc == EMAIL_OK) {
		assert_int_equal(email__buf_len(&b), strlen(want));
		assert_memory_equal(email__buf_head(&b), want, strlen(want));
	} else {
		assert_int_equal(email__buf_len(&b), 0);
	}
	email__buf_dispose(&b);
	email__json_free(j);
	return rc;
}

static void
secrets(void **state)
{
	(void)state;
	assert_int_equal(secret("{\"access_token\":\"2YotnFZFEjr1z\"}", "2YotnFZFEjr1z"), EMAIL_OK);
	assert_int_equal(secret("{\"access_token\" :\n\"a\\/b\\\"\\\\\\u002B\"}", "a/b\"\\+"), EMAIL_OK);
	assert_int_equal(
		secret("{\"refresh_token\":\"xyz\",\"x\":{\"access_token\":\"c\"},\"access_token\":\"0\"}",
	               "0"),
		EMAIL_OK);
	assert_int_equal(secret("{\"id_token\":[\"a\",\"b\"],\"access_token\":\"01\"}", "01"), EMAIL_OK);
	assert_int_equal(secret("{\"access_token\":\"0123456789abcdef\"}", "0123456789abcdef"), EMAIL_OK);
	assert_int_equal(secret("{\"access_token\":\"0123456789abcdefg\"}", ""), EMAIL_E_LIMIT);
	assert_int_equal(secret("{\"access_token\":\"\\/123456789abcdefg\"}", ""), EMAIL_E_LIMIT);
	assert_int_equal(secret("{\"access_token\":\"\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":5}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":[\"a\"]}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":{\"a\":\"b\"}}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":null}", ""), EMAIL_E_UNKNOWN);
	assert_int_equal(secret("{\"x\":\"access_token\"}", ""), EMAIL_E_UNKNOWN);
	assert_int_equal(secret("{\"access_token\":\"a b\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"a\\r\\nb\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"a\\u0000b\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"a\\u000ab\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"a\x7F"
	                        "b\"}",
	                        ""),
	                 EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"a\nb\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"\xC3\xBC\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"\\u00fc\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"\\u12\"}", ""), EMAIL_E_PROTOCOL);
	assert_int_equal(secret("{\"access_token\":\"\\q\"}", ""), EMAIL_E_PROTOCOL);
}

static void
seconds(void **state)
{
	static const char doc[] = "{\"i\":3600,\"s\":\"3599\",\"r\":12.7,\"h\":1e99,\"m\":-1,\"n\":-1e99,"
				  "\"w\":\"soon\",\"b\":true,"
				  "\"e\":\"\",\"z\":0,\"l\":9223372036854775807}";
	email__json *j = read_n(doc, sizeof doc - 1);
	int64_t v = 7;

	(void)state;
#define IS(name, value) \
	assert_int_equal(email__json_seconds(j, name, 86400, &v), EMAIL_OK); \
	assert_int_equal(v, value)
	IS("i", 3600);
	IS("s", 3599);
	IS("r", 12);
	IS("h", 86400);
	IS("m", 0);
	IS("n", 0);
	IS("z", 0);
	IS("l", 86400);
#undef IS
	assert_int_equal(email__json_seconds(j, "w", 86400, &v), EMAIL_E_PROTOCOL);
	assert_int_equal(email__json_seconds(j, "b", 86400, &v), EMAIL_E_PROTOCOL);
	assert_int_equal(email__json_seconds(j, "e", 86400, &v), EMAIL_E_PROTOCOL);
	assert_int_equal(email__json_seconds(j, "q", 86400, &v), EMAIL_E_UNKNOWN);
	email__json_free(j);
}

static void
no_memory(void **state)
{
	static const char doc[] = "{\"access_token\":\"abc\"}";
	email__json *j;
	const char *why;
	size_t n;

	(void)state;
	for (n = 1; n <= 2; n++) {
		email_test_fail_alloc(n);
		assert_int_equal(email__json_read(doc, sizeof doc - 1, &j, &why), EMAIL_E_MEMORY);
		assert_null(j);
		assert_int_equal(email_test_blocks(), 0);
	}
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(strict), cmocka_unit_test(texts),
	                                   cmocka_unit_test(secrets), cmocka_unit_test(seconds),
	                                   cmocka_unit_test(no_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
