/* SPDX-License-Identifier: MIT */
/* RFC 9525, and what others were found to let pass. */
#include "trust/names.h"

#include "support/chains.h"
#include "support/cm.h"

#define N EMAIL_REASON(NAME)
#define CN EMAIL_REASON(NAME_CN_ONLY)

static void
test_pairs(void **state)
{
	static const struct {
		const char *host, *subject, *names;
		email_reasons reasons;
	} rows[] = {
		{"mail.example.com", "CN=x", "DNS:mail.example.com", 0},
		{"mail.example.com", "CN=x", "DNS:MAIL.example.COM", 0},
		{"MAIL.EXAMPLE.COM.", "CN=x", "DNS:mail.example.com", 0},
		{"mail.example.com", "CN=x", "DNS:a.example, DNS:mail.example.com", 0},
		{"cellar", "CN=x", "DNS:cellar", 0},
		{"b\xC3\xBC"
	         "cher.example",
	         "CN=x", "DNS:xn--bcher-kva.example", 0},
		/* wildcards: one whole label on the left, two behind it */
		{"mail.example.com", "CN=x", "DNS:*.example.com", 0},
		{"a.b.example.com", "CN=x", "DNS:*.example.com", N},
		{"example.com", "CN=x", "DNS:*.example.com", N},
		{"example.com", "CN=x", "DNS:*.com", N},
		{"cellar", "CN=x", "DNS:*", N},
		{"mail.example.com", "CN=x", "DNS:*", N},
		{"mail.example.com", "CN=x", "DNS:m*.example.com", N},
		{"mail.example.com", "CN=x", "DNS:*l.example.com", N},
		{"mail.example.com", "CN=x", "DNS:*.*.com", N},
		{"mail.example.com", "CN=x", "DNS:mail.*.com", N},
		{"mail.example.com", "CN=x", "DNS:*mail.example.com", N},
		{"mail.example.com", "CN=x", "DNS:.example.com", N},
		{"mail.example.com", "CN=x", "DNS:mail.example.com.", N},
		{"mail.example.com", "CN=x", "DNS:mail.example.co", N},
		{"mail.example.com", "CN=x", "DNS:mail.example.comm", N},
		/* addresses: bytes, and nothing that only looks like one */
		{"192.0.2.1", "CN=x", "IP:192.0.2.1", 0},
		{"::1", "CN=x", "IP:::1", 0},
		{"[0:0:0:0:0:0:0:1]", "CN=x", "IP:::1", 0},
		{"127.0.0.1", "CN=x", "DNS:127.0.0.1", N},
		{"127.0.0.1", "CN=x", "DNS:*.0.0.1", N},
		{"127.0.0.1", "CN=127.0.0.1", NULL, CN},
		{"192.0.2.1", "CN=x", "IP:192.0.2.2", N},
		{"::ffff:192.0.2.1", "CN=x", "IP:192.0.2.1", N},
		{"mail.example.com", "CN=x", "IP:192.0.2.1", N},
		/* no other kind of name */
		{"mail.example.com", "CN=mail.example.com", NULL, CN},
		{"mail.example.com", "CN=*.example.com", NULL, CN},
		{"mail.example.com", "CN=other.example.com", NULL, N},
		{"mail.example.com", "CN=mail.example.com", "DNS:other.example.com", N},
		{"mail.example.com", "CN=mail.example.com", "EMAIL:a@mail.example.com", CN},
		{"mail.example.com", "CN=x", "EMAIL:mail.example.com", N},
		{"mail.example.com", "CN=x", "URI:mail.example.com", N},
		{"mail.example.com", "CN=x", "URI:https://mail.example.com", N},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		pki_spec spec = pki_server(rows[i].subject, rows[i].names);
		email__reference reference;
		email__cert cert;
		pki_cert c;
		email_reasons r;

		chain_issue(&c, &spec, chain_key_of(KEY_LEAF), NULL, NULL);
		assert_true(email__cert_parse(email__span_of(c.der, c.len), &cert));
		assert_true(email__reference_parse(rows[i].host, &reference));
		if ((r = email__names_judge(&cert, &reference)) != rows[i].reasons)
			fail_msg("%s, %s, %s: %x", rows[i].host, rows[i].subject,
			         rows[i].names ? rows[i].names : "-", r);
	}
}

/* A NUL in a name ends it for nobody (CVE-2009-3942), and the empty host is no host. */
static void
test_bytes(void **state)
{
	email__reference reference;
	email__cert cert = {.has_names = true};

	(void)state;
	assert_false(
		email__name_matches("mail.example.com", email__span_of("mail.example.com\0.evil.org", 26)));
	assert_false(email__name_matches("mail.example.com", email__span_of("mail.example.com\0", 17)));
	assert_false(email__name_matches("mail.example.com", email__span_of("*.example.com\0", 14)));
	assert_false(email__name_matches("mail.example.com", email__span_of("", 0)));
	assert_false(email__name_matches("mail.example.com", email__span_of("*.", 2)));
	assert_true(email__name_matches("mail.example.com", email__span_of("*.example.com", 13)));
	/* four bytes that are the address, in a name of another kind */
	cert.names = email__span_of("\x82\x04\xC0\x00\x02\x01", 6);
	assert_true(email__reference_parse("192.0.2.1", &reference));
	assert_int_equal(email__names_judge(&cert, &reference), N);
	cert.names = email__span_of("\x87\x04\xC0\x00\x02\x01", 6);
	assert_int_equal(email__names_judge(&cert, &reference), 0);
	assert_false(email__reference_parse("", &reference));
	assert_false(email__reference_parse(NULL, &reference));
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs), cmocka_unit_test(test_bytes)};

	return cmocka_run_group_tests(tests, NULL, end);
}
