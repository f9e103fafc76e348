/* SPDX-License-Identifier: MIT */
#include "token/url.h"

#include "support/cm.h"

static void
is(const char *text, const char *host, int port, const char *path)
{
	email__url url;
	const char *why = "";

	assert_int_equal(email__url_parse(text, &url, &why), EMAIL_OK);
	assert_string_equal(url.host, host);
	assert_int_equal(url.port, port);
	assert_string_equal(url.path, path);
}

static void
refused(const char *text, const char *words)
{
	email__url url;
	const char *why = NULL;

	if (email__url_parse(text, &url, &why) != EMAIL_E_VALUE)
		fprintf(stderr, "taken: %s\n", text);
	assert_int_equal(email__url_parse(text, &url, &why), EMAIL_E_VALUE);
	assert_non_null(why);
	if (!strstr(why, words))
		fprintf(stderr, "%s: %s\n", text, why);
	assert_non_null(strstr(why, words));
}

static void
taken(void **state)
{
	(void)state;
	is("https://login.microsoftonline.com/common/oauth2/v2.0/token", "login.microsoftonline.com", 443,
	   "/common/oauth2/v2.0/token");
	is("HTTPS://Login.Example.COM:8443", "login.example.com", 8443, "/");
	is("https://example.com?x=1", "example.com", 443, "/?x=1");
	is("https://example.com/a%20b?c=d/e&f", "example.com", 443, "/a%20b?c=d/e&f");
	is("https://192.0.2.1:1/", "192.0.2.1", 1, "/");
	is("https://[2001:DB8::1]/t", "2001:db8::1", 443, "/t");
	is("https://[2001:db8::1]:65535", "2001:db8::1", 65535, "/");
	is("https://b\xC3\xBC"
	   "cher.example/",
	   "xn--bcher-kva.example", 443, "/");
}

static void
not_taken(void **state)
{
	char text[EMAIL__URL_MAX + 8];

	(void)state;
	refused("http://example.com/", "https");
	refused("smtp://example.com/", "https");
	refused("example.com", "https");
	refused("https:/example.com", "https");
	refused("https://", "");
	refused("", "https");
	refused("https:///token", "");
	refused("https://user@example.com/", "user name");
	refused("https://example.com@evil.example/", "user name");
	refused("https://user:secret@example.com/", "user name");
	refused("https://example.com/#x", "fragment");
	refused("https://example.com#x", "fragment");
	refused("https://example.com:/", "port");
	refused("https://example.com:0/", "port");
	refused("https://example.com:65536/", "port");
	refused("https://example.com:0000443/", "port");
	refused("https://example.com:-1/", "port");
	refused("https://example.com:80:80/", "port");
	refused("https://[::1]x/", "port");
	refused("https://[::1/", "brackets");
	refused("https://[]/", "brackets");
	refused("https://[example.com]/", "brackets");
	refused("https://a..b/", "");
	refused("https://a b/", "");
	refused("https://a\\b/", "");
	refused("https://a\r\nb/", "");
	refused("https://a/b c", "%XX");
	refused("https://a/b\r\nX: y", "%XX");
	refused("https://a/%zz", "%XX");
	refused("https://a/%4", "%XX");
	refused("https://a/\xC3\xBC", "%XX");
	refused("https://a/<b>", "%XX");
	refused("https://a/{tenantid}", "%XX");
	refused("https://a\\/b", "");
	memset(text, 'a', sizeof text);
	memcpy(text, "https://a/", 10);
	text[EMAIL__URL_MAX] = '\0';
	is(text, "a", 443, text + 9);
	text[EMAIL__URL_MAX] = 'a';
	text[EMAIL__URL_MAX + 1] = '\0';
	refused(text, "too long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(taken), cmocka_unit_test(not_taken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
